//! One JSON object a line.
//!
//! What could forge a line or turn the reading direction is escaped as in lines of text;
//! here as JSON escapes it, so that a reader of JSON gets the text as it was.

use std::fmt::{self, Write};

use ssmax_mail::is_unseen;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormattedFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

use super::{Counting, MAX_TEXT_CHARACTERS, SENTENCE, filter, now};

pub(super) fn subscriber<W>(
    role: &str,
    level: LevelFilter,
    writer: W,
) -> impl Subscriber + Send + Sync + use<W>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let line = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .fmt_fields(Fields)
        .event_format(Line { role: role.to_owned() })
        .with_writer(writer);
    tracing_subscriber::registry().with(filter(level)).with(Counting).with(line)
}

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
        let mut pairs = Pairs::default();
        event.record(&mut pairs);
        let (level, role) = (event.metadata().level(), quoted(&self.role));
        write!(writer, "{{\"time\":\"{}\",\"level\":\"{level}\",\"role\":{role}", now()?)?;
        write!(writer, ",\"message\":{}", quoted(&pairs.sentence))?;
        write!(writer, ",\"fields\":{}", object(&pairs.pairs))?;
        writer.write_str(",\"spans\":[")?;
        let mut between = "";
        for span in context.event_scope().into_iter().flatten() {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>();
            let fields = fields.map_or("", |fields| fields.fields.as_str());
            write!(writer, "{between}{{\"name\":{}", quoted(span.name()))?;
            write!(writer, ",\"fields\":{}}}", object(fields))?;
            between = ",";
        }
        writeln!(writer, "]}}")
    }
}

/// Writes each field as `,"name":value`, so that more can be added behind.
struct Fields;

impl<'writer> FormatFields<'writer> for Fields {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut pairs = Pairs::default();
        fields.record(&mut pairs);
        writer.write_str(&pairs.pairs)
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        self.format_fields(current.as_writer(), fields)
    }
}

fn object(pairs: &str) -> String {
    format!("{{{}}}", pairs.strip_prefix(',').unwrap_or(pairs))
}

#[derive(Default)]
struct Pairs {
    sentence: String,
    pairs: String,
}

impl Pairs {
    fn write(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = write!(self.pairs, ",{}:{value}", quoted(field.name()));
    }
}

impl Visit for Pairs {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field, format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field, format_args!("{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == SENTENCE {
            value.clone_into(&mut self.sentence);
        } else {
            self.write(field, format_args!("{}", quoted(value)));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// A JSON string (RFC 8259 7).
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for (count, character) in text.chars().enumerate() {
        if count == MAX_TEXT_CHARACTERS {
            quoted.push('…');
            break;
        }
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            harmless if !is_unseen(harmless) => quoted.push(harmless),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    let _ = write!(quoted, "\\u{unit:04x}");
                }
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::super::tests::Captured;
    use super::*;
    use serde_json::{Value, json};
    use tracing::subscriber::with_default;

    fn logged(events: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let subscriber = subscriber("gateway", LevelFilter::INFO, move || writer.clone());
        with_default(subscriber, events);
        captured.text()
    }

    fn parsed(line: &str) -> Value {
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        let mut value: Value = serde_json::from_str(line).unwrap();
        let time = value.as_object_mut().unwrap().remove("time").unwrap();
        assert_eq!(time.as_str().unwrap().len(), "2026-01-02T03:04:05Z".len());
        value
    }

    #[test]
    fn a_line_is_an_object_with_everything_in_its_place() {
        let line = logged(|| {
            let mail = tracing::info_span!("mail", id = "0190", ticket = tracing::field::Empty);
            let _mail = mail.enter();
            mail.record("ticket", "t7");
            tracing::info!(member.id = "NTRJP-1", duration_ms = 12, done = true, "took it");
        });
        let expected = json!({
            "level": "INFO", "role": "gateway", "message": "took it",
            "fields": { "member.id": "NTRJP-1", "duration_ms": 12, "done": true },
            "spans": [{ "name": "mail", "fields": { "id": "0190", "ticket": "t7" } }],
        });
        assert_eq!(parsed(&line), expected);
    }

    #[test]
    fn nothing_in_an_event_can_forge_a_line_or_turn_its_direction() {
        let evil = "a\r\n{\"level\":\"ERROR\"} \x1b[31m\u{9b}\u{2028}\u{202e}b\0\\\"";
        let line = logged(|| tracing::info!(evil, "{evil}"));
        let harmless = |c: char| c == '\n' || !is_unseen(c);
        assert!(line.chars().all(harmless), "{line}");
        let value = parsed(&line);
        // A reader of JSON gets what was said.
        assert_eq!((&value["message"], &value["fields"]["evil"]), (&json!(evil), &json!(evil)));
        assert_eq!(value["level"], "INFO");
    }

    #[test]
    fn a_longer_text_than_the_largest_is_cut() {
        let whole = "x".repeat(MAX_TEXT_CHARACTERS);
        let line = logged(|| tracing::info!(whole, longer = format!("{whole}y"), "受け付けました"));
        let value = parsed(&line);
        assert_eq!(value["fields"]["whole"], json!(whole));
        assert_eq!(value["fields"]["longer"], json!(format!("{whole}…")));
        assert_eq!(value["message"], "受け付けました");
    }
}
