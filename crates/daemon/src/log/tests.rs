use std::sync::{Arc, Mutex};

use tracing::subscriber::with_default;

use super::*;

#[derive(Clone, Default)]
pub(super) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Captured {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(level: LevelFilter, color: bool, events: impl FnOnce()) -> String {
    let captured = Captured::default();
    let writer = captured.clone();
    with_default(subscriber("gateway", level, move || writer.clone(), color), events);
    captured.text()
}

/// The line after its time, which is checked to be one.
fn after_time(line: &str) -> &str {
    let (time, rest) = line.split_once(' ').unwrap();
    assert!(time.ends_with('Z') && time.len() == "2026-01-02T03:04:05Z".len(), "{time}");
    let time = OffsetDateTime::parse(time, &Rfc3339).unwrap();
    assert!((OffsetDateTime::now_utc() - time).whole_seconds().abs() < 60);
    rest
}

#[test]
fn a_line_has_time_level_role_sentence_and_fields() {
    let line = logged(LevelFilter::INFO, false, || {
        tracing::info!(member.id = "NTRJP-1", duration_ms = 12, "mail was accepted");
    });
    assert_eq!(
        after_time(&line),
        "INFO gateway mail was accepted member.id=NTRJP-1 duration_ms=12\n"
    );
}

#[test]
fn values_that_are_not_one_word_are_quoted() {
    let line = logged(LevelFilter::INFO, false, || {
        tracing::info!(a = "two words", b = "", c = "say \"x\"", d = "k=v", e = r"\n", "s");
    });
    assert_eq!(
        after_time(&line),
        "INFO gateway s a=\"two words\" b=\"\" c=\"say \\\"x\\\"\" d=\"k=v\" e=\"\\\\n\"\n"
    );
}

#[test]
fn nothing_in_an_event_can_forge_a_line_or_colour_a_terminal() {
    let evil = "a\r\n2026-01-02T03:04:05Z ERROR \x1b[31m\u{9b}\u{2028}\u{202e}\u{2060}b\0";
    let line = logged(LevelFilter::INFO, false, || tracing::info!(evil, "{evil}"));
    assert_eq!(line.matches('\n').count(), 1, "{line}");
    assert!(line.ends_with('\n'));
    let shown = r"a\r\n2026-01-02T03:04:05Z ERROR \u{1b}[31m\u{9b}\u{2028}\u{202e}\u{2060}b\u{0}";
    assert_eq!(after_time(&line), format!("INFO gateway {shown} evil=\"{shown}\"\n"));
}

#[test]
fn japanese_is_written_as_it_is() {
    let line =
        logged(LevelFilter::INFO, false, || tracing::info!(name = "株式会社", "受け付けました"));
    assert_eq!(after_time(&line), "INFO gateway 受け付けました name=株式会社\n");
}

#[test]
fn a_text_of_the_largest_length_is_whole_and_a_longer_one_is_cut() {
    let whole = "x".repeat(MAX_TEXT_CHARACTERS);
    let line = logged(LevelFilter::INFO, false, || {
        tracing::info!(whole, longer = format!("{whole}y"), "s");
    });
    assert_eq!(after_time(&line), format!("INFO gateway s whole={whole} longer={whole}…\n"));
}

#[test]
fn what_an_event_belongs_to_stands_on_its_line() {
    let line = logged(LevelFilter::INFO, false, || {
        let _mail = tracing::info_span!("mail", id = "0190", size_bytes = 7).entered();
        tracing::info!(reply = 250, "delivered");
    });
    assert_eq!(after_time(&line), "INFO gateway delivered reply=250 id=0190 size_bytes=7\n");
}

#[test]
fn what_becomes_known_later_of_a_mail_stands_on_its_further_lines() {
    let lines = logged(LevelFilter::INFO, false, || {
        let mail = tracing::info_span!("mail", id = "0190", ticket = tracing::field::Empty);
        let _mail = mail.enter();
        tracing::info!("before");
        mail.record("ticket", "t7");
        tracing::info!("after");
    });
    let lines: Vec<_> = lines.lines().map(after_time).collect();
    assert_eq!(lines, ["INFO gateway before id=0190", "INFO gateway after id=0190 ticket=t7"]);
}

#[test]
fn warnings_and_errors_are_counted() {
    let counted = |level: &'static str| list::LOG_EVENTS.counted([level.into()]);
    let before = (counted("warn"), counted("error"));
    logged(LevelFilter::INFO, false, || {
        tracing::warn!("careful");
        tracing::error!("lost");
        tracing::error!("lost");
        tracing::info!("well");
    });
    // Other tests of this process may count as well.
    assert!(counted("warn") > before.0 && counted("error") >= before.1 + 2);
    assert_eq!(counted("info"), 0);
}

#[test]
fn the_level_holds_for_our_events_and_libraries_are_heard_from_warn_on() {
    let events = || {
        tracing::debug!("ours below");
        tracing::info!("ours");
        tracing::info!(target: "sqlx::query", "theirs below");
        tracing::warn!(target: "sqlx::query", "theirs");
        tracing::error!(target: "cryptoki::mechanism", "no news");
    };
    let lines = logged(LevelFilter::INFO, false, events);
    let sentences: Vec<_> = lines.lines().map(after_time).collect();
    assert_eq!(sentences, ["INFO gateway ours", "WARN gateway theirs"]);
    assert_eq!(logged(LevelFilter::OFF, false, events), "");
    assert_eq!(logged(LevelFilter::ERROR, false, events), "");
    assert_eq!(logged(LevelFilter::TRACE, false, events).lines().count(), 3);
}

#[test]
fn only_a_terminal_gets_colours() {
    let events = || tracing::warn!("careful");
    assert!(!logged(LevelFilter::INFO, false, events).contains('\x1b'));
    let colored = logged(LevelFilter::INFO, true, events);
    assert_eq!(after_time(&colored), "\x1b[33mWARN\x1b[0m gateway careful\n");
}

#[test]
fn every_level_has_its_word_and_no_other_word_is_one() {
    let parsed: Vec<_> = LEVELS.iter().map(|level| parse_level(level).unwrap()).collect();
    assert!(parsed.is_sorted());
    for unknown in ["", "INFO", "verbose", "3"] {
        assert_eq!(parse_level(unknown), None);
    }
}
