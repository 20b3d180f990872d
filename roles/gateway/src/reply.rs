//! The only file with SMTP reply codes of the journey: reasons become replies here.

use crate::wire::{Outcome, Reply};
use ssmax_chain::{Reason, Refusal};
use ssmax_texts::{Language, text};

/// The answer to a refusal: the public reason with its number, never more.
pub(crate) fn refused(refusal: Refusal) -> Reply {
    let outside = refusal.reason.outside();
    let words = text(Language::En, &format!("err-{}", outside.code()), &[]);
    let (code, enhanced) = match outside {
        // Bad faith cannot be told from a passing fault: the client may try again.
        Reason::Internal => (451, "4.3.0"),
        other => (other.reply_code(), other.enhanced()),
    };
    Reply::new(code, enhanced, format!("SSMAX-{}: {words}", outside.number()))
}

/// The answer for a recipient whose mail is with the next hop.
pub(crate) fn passed(next: &Reply) -> Reply {
    Reply::new(250, "2.0.0", format!("Ok, {}", next.text))
}

/// The answer for a list that has sent the mail on to its members.
pub(crate) fn sent_on() -> Reply {
    Reply::new(250, "2.0.0", "Ok, sent on")
}

/// The answer for a recipient who has this mail already.
pub(crate) fn delivered_before() -> Reply {
    Reply::new(250, "2.0.0", "Ok, delivered before")
}

/// The answer for a mail that waits for an officer. It is the same for every cause.
pub(crate) fn held() -> Reply {
    Reply::new(250, "2.0.0", "Ok, kept for review")
}

/// The next hop's own word where it refused. Where that is a gateway whose own next hop
/// refused, it has said our number already.
pub(crate) fn not_taken(outcome: &Outcome) -> Reply {
    let next = outcome.reply();
    let reason = match outcome {
        Outcome::Temporary(_) => Reason::NextHopUnavailable,
        Outcome::Permanent(_) => Reason::NextHopRefused,
    };
    let number = format!("SSMAX-{}: ", reason.number());
    let mut text = next.text.as_str();
    while let Some(rest) = text.strip_prefix(number.as_str()) {
        text = rest;
    }
    Reply::new(next.code, &next.enhanced, format!("{number}{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_said_once_however_many_gateways_pass_it_on() {
        let theirs = Reply::new(550, "5.1.1", "no such user");
        let once = not_taken(&Outcome::Permanent(theirs));
        assert_eq!(once.text, "SSMAX-9004: no such user");
        let twice = not_taken(&Outcome::Permanent(once));
        assert_eq!(twice.text, "SSMAX-9004: no such user");
        // Another number is another reason, and stays.
        let later = not_taken(&Outcome::Temporary(twice));
        assert_eq!(later.text, "SSMAX-9003: SSMAX-9004: no such user");
    }
}
