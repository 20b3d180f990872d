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

/// The next hop's own word where it refused.
pub(crate) fn not_taken(outcome: &Outcome) -> Reply {
    let next = outcome.reply();
    let reason = match outcome {
        Outcome::Temporary(_) => Reason::NextHopUnavailable,
        Outcome::Permanent(_) => Reason::NextHopRefused,
    };
    Reply::new(next.code, &next.enhanced, format!("SSMAX-{}: {}", reason.number(), next.text))
}
