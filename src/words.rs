//! Words of the program, as logs, records and JSON have them, in the reader's language.

use crate::command::Context;
use ssmax_chain::Reason;

/// The text `word-KIND-NAME`; a name of another version, as it came.
pub(crate) fn word(context: &Context, kind: &str, name: &str) -> String {
    let id = format!("word-{kind}-{name}");
    if ssmax_texts::has(&id) { context.text(&id, &[]) } else { name.to_owned() }
}

/// A reason by its number and what it means.
pub(crate) fn reason(context: &Context, reason: Reason) -> String {
    let meaning = context.text(&format!("err-{}", reason.code()), &[]);
    format!("SSMAX-{}: {meaning}", reason.number())
}

/// The same for the code that a record has.
pub(crate) fn reason_of(context: &Context, code: &str) -> String {
    let known = Reason::ALL.iter().find(|one| one.code() == code);
    known.map_or_else(|| code.to_owned(), |one| reason(context, *one))
}

/// What an inspection said, as a journal has it: the outcome and the rules.
pub(crate) fn verdict(context: &Context, recorded: &str) -> String {
    let mut words = recorded.split(' ').filter(|word| !word.is_empty());
    let outcome = words.next().map(|one| word(context, "outcome", one)).unwrap_or_default();
    let meanings: Vec<String> =
        words.map(|rule| crate::command::scan::meaning(rule, context)).collect();
    if meanings.is_empty() { outcome } else { format!("{outcome} ({})", meanings.join(", ")) }
}

/// The result of an operation with a key, as the audit log has it.
pub(crate) fn result(context: &Context, recorded: &str) -> String {
    match recorded.split_once(' ') {
        Some((outcome, number)) => {
            let numbered = Reason::ALL.iter().find(|one| one.number().to_string() == number);
            let why = numbered.map_or_else(|| number.to_owned(), |one| reason(context, *one));
            format!("{} ({why})", word(context, "result", outcome))
        }
        None => word(context, "result", recorded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_texts::{Language, has};

    fn japanese() -> Context {
        Context { language: Language::Ja, json: false }
    }

    #[test]
    fn every_word_of_the_program_that_is_told_has_its_text() {
        for (kind, names) in [
            ("direction", &["inbound", "outbound"][..]),
            ("outcome", &["pass", "hold", "block"]),
            ("standing", &["good", "watched", "suspended", "expelled"]),
            (
                "result",
                &["ok", "again", "refused", "no-ticket", "not-allowed", "malformed", "not-found"],
            ),
        ] {
            for name in names {
                assert!(has(&format!("word-{kind}-{name}")), "{kind} {name}");
            }
        }
        for reason in Reason::ALL {
            let stage = reason.stage().as_str();
            assert!(has(&format!("word-stage-{stage}")), "{stage}");
        }
    }

    /// The sources themselves name the operations and the certificates.
    #[test]
    fn every_operation_and_certificate_that_the_sources_name_has_its_text() {
        let record = include_str!("../roles/keyserver/src/audit/record.rs");
        let names = ["Self::new(\"", "Self::on(\""]
            .into_iter()
            .flat_map(|opening| record.split(opening).skip(1))
            .filter_map(|rest| rest.split('"').next());
        let mut count = 0;
        for name in names {
            count += 1;
            assert!(has(&format!("word-operation-{name}")), "{name}");
        }
        assert!(count > 20, "{count}");
        let watch = include_str!("../roles/keyserver/src/watch.rs");
        for name in ["organisation-signing", "federation-encryption", "issuing-ca", "root"] {
            assert!(watch.contains(&format!("\"{name}\"")), "{name}");
            assert!(has(&format!("word-certificate-{name}")), "{name}");
        }
        for name in ["member-ca", "seal-ca", "tls"] {
            assert!(has(&format!("word-certificate-{name}")), "{name}");
        }
    }

    #[test]
    fn what_a_record_has_is_told_in_words_and_what_is_unknown_as_it_is() {
        let context = japanese();
        assert_eq!(verdict(&context, "pass"), "通過");
        assert_eq!(verdict(&context, "block malware.eicar"), "遮断 (EICARテストファイル)");
        assert_eq!(result(&context, "ok"), "成功");
        assert!(result(&context, "refused 1302").starts_with("拒否 (SSMAX-1302: 宛先の人の"));
        assert_eq!(word(&context, "operation", "of-another-version"), "of-another-version");
        assert_eq!(reason_of(&context, "of-another-version"), "of-another-version");
    }
}
