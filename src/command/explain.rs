//! `ssmax explain`: what the number of a refusal means, and who can do what about it.

use super::Context;
use crate::complaint::{Complaint, Exit};
use serde_json::{Value, json};
use ssmax_chain::Reason;
use std::process::ExitCode;

/// What stands before the number in a reply.
const MARK: &str = "SSMAX-";

/// Arguments of `ssmax explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The number, as SSMAX-1302 or 1302, or the whole reply in quotation marks. Default: all.
    #[arg(value_name = "SSMAX-NNNN")]
    number: Option<String>,
}

/// Tells it.
pub(crate) fn run(args: &Args, context: &Context) -> ExitCode {
    context.end(explain(args, context))
}

fn explain(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let reasons = match &args.number {
        None => Reason::ALL.to_vec(),
        Some(said) => vec![named(said).ok_or_else(|| {
            Complaint::new(Exit::WrongUse, "explain-unknown").with("number", said)
        })?],
    };
    let facts: Vec<Value> = reasons.iter().map(|reason| facts(*reason, context)).collect();
    context.print(&json!({ "reasons": facts }), || {
        let told: Vec<String> = reasons.iter().map(|reason| told(*reason, context)).collect();
        told.join("\n\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// The reason whose number stands in what a mail server has said.
pub(crate) fn in_reply(reply: &str) -> Option<Reason> {
    let (_, behind) = reply.split_once(MARK)?;
    let digits = behind.split(|other: char| !other.is_ascii_digit()).next()?;
    by_number(digits)
}

/// The id of the text that says who can do what.
pub(crate) fn advice(reason: Reason) -> String {
    format!("rec-{}", reason.code())
}

fn named(said: &str) -> Option<Reason> {
    let said = said.trim();
    let by_code = || Reason::ALL.iter().copied().find(|reason| reason.code() == said);
    in_reply(&said.to_ascii_uppercase()).or_else(|| by_number(said)).or_else(by_code)
}

fn by_number(digits: &str) -> Option<Reason> {
    let number: u16 = digits.parse().ok()?;
    Reason::ALL.iter().copied().find(|reason| reason.number() == number)
}

fn reply(reason: Reason) -> String {
    format!("{} {}", reason.reply_code(), reason.enhanced())
}

fn facts(reason: Reason, context: &Context) -> Value {
    json!({
        "number": reason.number(),
        "code": reason.code(),
        "stage": reason.stage().as_str(),
        "reply": reply(reason),
        "temporary": reason.is_temporary(),
        "outside": reason.outside().number(),
        "meaning": context.text(&format!("err-{}", reason.code()), &[]),
        "to_do": context.text(&advice(reason), &[]),
    })
}

fn told(reason: Reason, context: &Context) -> String {
    let say = |id: &str, arguments: &[(&str, &str)]| context.text(id, arguments);
    let answer = if reason.is_temporary() { "explain-put-off" } else { "explain-refused" };
    let mut lines = vec![
        format!("{MARK}{} ({})", reason.number(), reason.code()),
        say("explain-meaning", &[("meaning", &say(&format!("err-{}", reason.code()), &[]))]),
        say(answer, &[("reply", &reply(reason))]),
    ];
    if reason == Reason::ContentUninspectable {
        lines.push(say("explain-held", &[]));
    }
    if reason.outside() != reason {
        let outside = reason.outside().number().to_string();
        lines.push(say("explain-outside", &[("number", &outside)]));
    }
    lines.push(say("explain-to-do", &[("advice", &say(&advice(reason), &[]))]));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_texts::Language;
    use std::collections::BTreeSet;

    #[test]
    fn what_may_be_held_says_so() {
        for language in Language::ALL {
            let context = Context { language, json: false };
            assert!(told(Reason::ContentUninspectable, &context).contains("250"));
            assert!(!told(Reason::MalwareFound, &context).contains("250"));
        }
    }

    #[test]
    fn a_number_is_found_in_every_form_in_which_people_have_it() {
        let expected = Some(Reason::RecipientWithoutCertificate);
        for said in [
            "SSMAX-1302",
            "ssmax-1302",
            " 1302 ",
            "recipient-without-certificate",
            "550 5.1.1 SSMAX-1302: The recipient here has no encryption certificate",
            "host 10.0.0.1 said: 550 5.1.1 SSMAX-1302: (in reply to end of DATA command)",
        ] {
            assert_eq!(named(said), expected, "{said}");
        }
        for said in ["", "SSMAX-", "SSMAX-0", "1", "SSMAX-13020", "99999999", "550 5.1.1 no"] {
            assert_eq!(named(said), None, "{said}");
        }
        assert_eq!(in_reply("550 5.7.1 refused 1302 times"), None);
    }

    /// Who can do something stands first, for several with a colon each: advice without
    /// somebody to follow it is none.
    #[test]
    fn every_row_of_the_published_table_has_its_meaning_and_advice_in_both_languages() {
        let table = include_str!("../../spec/reasons.tsv");
        let mut numbers = BTreeSet::new();
        for row in table.lines().skip(1) {
            let fields: Vec<&str> = row.split('\t').collect();
            let [number, code, _, _, _, japanese, english] = fields[..] else { panic!("{row}") };
            let reason = named(&format!("SSMAX-{number}")).unwrap_or_else(|| panic!("{row}"));
            numbers.insert(reason.number());
            for (language, meaning) in [(Language::Ja, japanese), (Language::En, english)] {
                let context = Context { language, json: false };
                assert_eq!(context.text(&format!("err-{code}"), &[]), meaning);
                let id = advice(reason);
                assert!(ssmax_texts::has(&id), "{id}");
                let advice = context.text(&id, &[]);
                let who = advice.split(": ").next().unwrap();
                assert!(who.len() < advice.len() && who.chars().count() < 60, "{advice}");
                let told = told(reason, &context);
                assert!(told.contains(meaning) && told.contains(&advice), "{told}");
            }
        }
        assert_eq!(numbers.len(), Reason::ALL.len());
    }

    #[test]
    fn a_temporary_failure_is_not_told_as_a_refusal() {
        let context = Context { language: Language::En, json: false };
        let put_off = told(Reason::KeyserverUnavailable, &context);
        let refused = told(Reason::FromNotSubmitter, &context);
        assert!(put_off.contains("tried again") && !refused.contains("tried again"));
        assert!(told(Reason::LeakInside, &context).contains("SSMAX-1900"));
    }
}
