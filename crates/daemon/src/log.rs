//! The log: one line per event to standard error, for people and for `grep` alike.
//!
//! `2026-01-02T03:04:05Z INFO gateway a sentence key=value other="two words"`
//!
//! or, for programs that gather logs, as one JSON object a line ([`Format::Json`]).
//!
//! Much of what is logged was sent by strangers. Control characters, line breaks and
//! characters that turn the reading direction are escaped, so that one event is one
//! line and reads as what it is.

mod json;

use std::fmt::{self, Write};
use std::io::{self, IsTerminal};

use ssmax_mail::is_unseen;
use ssmax_metrics::list;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormattedFields, MakeWriter};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// The levels that a configuration may name; each includes those before it.
pub const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// As people read them.
    #[default]
    Text,
    /// `{"time":..,"level":..,"role":..,"message":..,"fields":{..},"spans":[..]}`: what an
    /// event belongs to stands in `spans`, the innermost first.
    Json,
}

/// Longest text of one field or sentence, in characters; what is longer is cut and
/// ends in `…`.
pub const MAX_TEXT_CHARACTERS: usize = 2000;

/// Starts logging for this process. `level` is one of [`LEVELS`]; for any other the
/// level is `info`, and a warning says so. It holds for SSMAX's own events; libraries
/// are heard from `warn` on. A second call changes nothing.
///
/// Levels are coloured on a terminal, unless `NO_COLOR` is set or lines are JSON.
pub fn init(role: &str, level: &str, format: Format) {
    let known = parse_level(level);
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let color = io::stderr().is_terminal() && !no_color;
    let level_filter = known.unwrap_or(LevelFilter::INFO);
    let first = match format {
        Format::Text => subscriber(role, level_filter, io::stderr, color).try_init(),
        Format::Json => json::subscriber(role, level_filter, io::stderr).try_init(),
    };
    let first = first.is_ok();
    if first && known.is_none() {
        tracing::warn!(level, "unknown log level, using info");
    }
}

fn parse_level(level: &str) -> Option<LevelFilter> {
    Some(match level {
        "off" => LevelFilter::OFF,
        "error" => LevelFilter::ERROR,
        "warn" => LevelFilter::WARN,
        "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        _ => return None,
    })
}

fn subscriber<W>(
    role: &str,
    level: LevelFilter,
    writer: W,
    color: bool,
) -> impl Subscriber + Send + Sync + use<W>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let line = tracing_subscriber::fmt::layer()
        .with_ansi(color)
        .fmt_fields(Fields)
        .event_format(Line { role: role.to_owned() })
        .with_writer(writer);
    tracing_subscriber::registry().with(filter(level)).with(Counting).with(line)
}

fn filter(level: LevelFilter) -> Targets {
    let of_libraries = level.min(LevelFilter::WARN);
    Targets::new()
        .with_default(of_libraries)
        .with_target("ssmax", level)
        // Calls each mechanism of a token that it has no name for an error.
        .with_target("cryptoki", LevelFilter::OFF)
}

/// Counts warnings and errors.
struct Counting;

impl<S: Subscriber> Layer<S> for Counting {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        match *event.metadata().level() {
            Level::ERROR => list::LOG_EVENTS.count(["error".into()]),
            Level::WARN => list::LOG_EVENTS.count(["warn".into()]),
            _ => {}
        }
    }
}

/// The form of one line.
struct Line {
    role: String,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let now = now()?;
        let level = *event.metadata().level();
        match color_of(level).filter(|_| writer.has_ansi_escapes()) {
            Some(color) => write!(writer, "{now} \x1b[{color}m{level}\x1b[0m {}", self.role)?,
            None => write!(writer, "{now} {level} {}", self.role)?,
        }
        let mut sentence = Sentence::default();
        event.record(&mut sentence);
        if !sentence.0.is_empty() {
            write!(writer, " {}", sentence.0)?;
        }
        context.format_fields(writer.by_ref(), event)?;
        // What an event belongs to (a mail, a connection) stands in its spans.
        for span in context.event_scope().into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                writer.write_str(fields)?;
            }
        }
        writeln!(writer)
    }
}

/// Now, in whole seconds.
fn now() -> Result<String, fmt::Error> {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).map_err(|_| fmt::Error)?;
    now.format(&Rfc3339).map_err(|_| fmt::Error)
}

fn color_of(level: Level) -> Option<u8> {
    match level {
        Level::ERROR => Some(31),
        Level::WARN => Some(33),
        _ => None,
    }
}

/// Writes every field but the sentence, each with a space before it.
struct Fields;

impl<'writer> FormatFields<'writer> for Fields {
    fn format_fields<R: tracing_subscriber::field::RecordFields>(
        &self,
        writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut pairs = Pairs { writer, outcome: Ok(()) };
        fields.record(&mut pairs);
        pairs.outcome
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        self.format_fields(current.as_writer(), fields)
    }
}

const SENTENCE: &str = "message";

#[derive(Default)]
struct Sentence(String);

impl Visit for Sentence {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == SENTENCE {
            self.0 = escaped(&format!("{value:?}"));
        }
    }
}

struct Pairs<'writer> {
    writer: Writer<'writer>,
    outcome: fmt::Result,
}

impl Pairs<'_> {
    fn write(&mut self, field: &Field, value: &str) {
        if field.name() != SENTENCE && self.outcome.is_ok() {
            self.outcome = write!(self.writer, " {}={}", field.name(), quoted(value));
        }
    }
}

impl Visit for Pairs<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.write(field, &format!("{value:?}"));
    }
}

/// A value as it stands when it is one word, else in quotation marks with `\` before
/// a quotation mark or backslash.
fn quoted(value: &str) -> String {
    let is_word = |character: char| {
        !character.is_whitespace()
            && !matches!(character, '"' | '\\' | '=')
            && !is_unseen(character)
    };
    if !value.is_empty() && value.chars().all(is_word) {
        return escaped(value);
    }
    format!("\"{}\"", escaped(&value.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// The text with every character that could forge a line written as `\u{…}`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (count, character) in text.chars().enumerate() {
        if count == MAX_TEXT_CHARACTERS {
            escaped.push('…');
            break;
        }
        match character {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            harmless if !is_unseen(harmless) => escaped.push(harmless),
            // Writing to a String cannot fail.
            other => drop(write!(escaped, "\\u{{{:x}}}", u32::from(other))),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
