//! What only SMTP does: one reply for all recipients of a mail.

use crate::listen::Reply;

/// How much of the reply's line the list of refused recipients may take, in octets.
const MAX_LISTED_BYTES: usize = 200;

/// Combines the replies for all recipients into the one that SMTP can give.
///
/// Nothing may be lost, so nobody is told 2xx while a recipient has not got the mail:
/// - any 4xx: the first of them. The client sends the mail again for all, and the
///   journey knows who has it by then (unless the mail has no Message-ID of its own).
/// - else any 5xx: the first of them. If some recipients have the mail, the text names
///   those who have not. A client that reports a failure for all of them reports too
///   much, which a person can read; 2xx would report nothing to anybody.
/// - else all are 2xx: the first.
pub(super) fn combine(replies: &[Reply], recipients: &[String]) -> Reply {
    if let Some(temporary) = replies.iter().find(|reply| reply.is_temporary()) {
        return temporary.clone();
    }
    let Some(refused) = replies.iter().find(|reply| !reply.is_positive()) else {
        let none = || Reply::new(451, "4.3.0", "no result for this mail");
        return replies.first().cloned().unwrap_or_else(none);
    };
    let have_it = replies.iter().filter(|reply| reply.is_positive()).count();
    if have_it == 0 {
        return refused.clone();
    }
    let mut names = String::new();
    for (reply, recipient) in replies.iter().zip(recipients) {
        if reply.is_positive() {
            continue;
        }
        if names.len() + recipient.len() > MAX_LISTED_BYTES {
            names.push_str(" ...");
            break;
        }
        if !names.is_empty() {
            names.push(' ');
        }
        names.push_str(recipient);
    }
    let text = format!(
        "NOT delivered to {names}, delivered to the {have_it} others, do not send again to these: {}",
        refused.text
    );
    Reply { code: refused.code, enhanced: refused.enhanced.clone(), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: (u16, &str, &str) = (250, "2.0.0", "taken");
    const LATER: (u16, &str, &str) = (451, "4.3.0", "later");
    const NEVER: (u16, &str, &str) = (550, "5.7.1", "a leak");

    fn combined(fates: &[(u16, &str, &str)]) -> Reply {
        let replies: Vec<_> =
            fates.iter().map(|(code, e, text)| Reply::new(*code, e, *text)).collect();
        let recipients: Vec<_> = (0..fates.len()).map(|n| format!("r{n}@b.example")).collect();
        combine(&replies, &recipients)
    }

    #[test]
    fn all_taken_is_the_first_positive_reply() {
        assert_eq!(combined(&[OK, (250, "2.1.5", "held")]), Reply::new(250, "2.0.0", "taken"));
    }

    #[test]
    fn one_temporary_failure_makes_the_client_try_again_whatever_the_others_are() {
        for fates in [[OK, LATER, OK], [NEVER, OK, LATER], [LATER, NEVER, NEVER]] {
            assert_eq!(combined(&fates), Reply::new(451, "4.3.0", "later"), "{fates:?}");
        }
    }

    #[test]
    fn all_refused_is_the_first_refusal_as_it_is() {
        assert_eq!(combined(&[NEVER, (552, "5.2.2", "full")]), Reply::new(550, "5.7.1", "a leak"));
    }

    #[test]
    fn a_refused_recipient_among_others_is_reported_by_name_and_never_passed_over() {
        let reply = combined(&[OK, NEVER, OK]);
        assert_eq!((reply.code, &*reply.enhanced), (550, "5.7.1"));
        let expected = "NOT delivered to r1@b.example, delivered to the 2 others, \
                        do not send again to these: a leak";
        assert_eq!(reply.text, expected);
    }

    #[test]
    fn a_long_list_of_refused_recipients_leaves_room_for_the_reason() {
        let mut fates = vec![NEVER; 500];
        fates.push(OK);
        let line = combined(&fates).render(false);
        assert!(line.contains(" ...,") && line.ends_with("a leak\r\n"), "{line}");
    }

    #[test]
    fn no_reply_at_all_is_a_temporary_failure() {
        assert_eq!(combined(&[]).code, 451);
    }
}
