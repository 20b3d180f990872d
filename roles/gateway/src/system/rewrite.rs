//! Automatic mail in the name of a role: nobody has logged in, so it is no person's.

use crate::outbound::parse;
use crate::report;
use ssmax_chain::{Reason, Refusal};
use ssmax_mail::address::{Address, Mailbox, parse_from};
use ssmax_mail::{Entity, compose};

/// The mail as the role sends it: From is the role, what was From gets the answers, it
/// says that it is automatic, and of mails that it returns only the header is left.
///
/// # Errors
/// [`Reason::SourceUnknown`] for a mail in somebody else's name.
pub(super) fn in_the_name_of(
    role: &Address,
    octets: &[u8],
    is_own: impl Fn(&Address) -> bool,
    boundary: &str,
) -> Result<Vec<u8>, Refusal> {
    let shortened = report::without_originals(octets, boundary)?;
    let octets = shortened.as_deref().unwrap_or(octets);
    let mail = parse(octets)?;
    let from = from_of(&mail)?;
    let mut out = Vec::with_capacity(octets.len() + 200);
    let is_role = from.address.matches(role);
    out.extend(compose::header_field("From", &shown(role, &from, is_role)));
    if !is_role && is_own(&from.address) {
        out.extend(compose::header_field("Reply-To", &from.address.to_string()));
    }
    let mut says_automatic = false;
    for field in mail.header().fields() {
        let is = |name: &str| field.name().eq_ignore_ascii_case(name);
        if ["From", "Sender", "Reply-To", "Return-Path"].into_iter().any(is) {
            continue;
        }
        if is("Auto-Submitted") {
            // RFC 3834 5: whatever is not "no" is never answered automatically.
            if says_automatic || field.unfolded().trim().to_ascii_lowercase().starts_with("no") {
                continue;
            }
            says_automatic = true;
        }
        out.extend_from_slice(field.raw());
    }
    if !says_automatic {
        out.extend_from_slice(b"Auto-Submitted: auto-generated\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(mail.body());
    Ok(out)
}

fn from_of(mail: &Entity<'_>) -> Result<Mailbox, Refusal> {
    let field = mail.header().one("From").ok().flatten().ok_or(Reason::FromNotOne)?;
    match parse_from(&field.unfolded()) {
        Ok(mut one) if one.len() == 1 => one.pop().ok_or_else(|| Reason::FromNotOne.into()),
        _ => Err(Reason::FromNotOne.into()),
    }
}

/// What mailers show: the mailbox's local part, which is not its owner's claim, and that
/// it is a machine that writes.
fn shown(role: &Address, from: &Mailbox, is_role: bool) -> String {
    let name = if is_role { role.local() } else { from.address.local() };
    let plain: String = name
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+'))
        .take(64)
        .collect();
    compose::mailbox(&format!("{plain} (automatic)"), role)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(octets: &str) -> String {
        let role = Address::parse("auto-reply@b.example").unwrap();
        let is_own = |address: &Address| address.domain() == "b.example";
        let octets = octets.replace('\n', "\r\n");
        let out = in_the_name_of(&role, octets.as_bytes(), is_own, "=_new").unwrap();
        String::from_utf8(out).unwrap().replace("\r\n", "\n")
    }

    #[test]
    fn a_reply_is_the_roles_and_answers_go_to_the_mailbox() {
        assert_eq!(
            rewritten(
                "From: Bob <bob@b.example>\nSender: x@x.example\nTo: a@a.example\n\
                 Reply-To: x@x.example\nAuto-Submitted: auto-replied (vacation)\n\nAway.\n"
            ),
            "From: \"bob (automatic)\" <auto-reply@b.example>\nReply-To: bob@b.example\n\
             To: a@a.example\nAuto-Submitted: auto-replied (vacation)\n\nAway.\n"
        );
    }

    #[test]
    fn it_says_that_it_is_automatic_whatever_it_said() {
        let said = "From: auto-reply@b.example\nAuto-Submitted: no\n\nx\n";
        assert_eq!(
            rewritten(said),
            "From: \"auto-reply (automatic)\" <auto-reply@b.example>\n\
             Auto-Submitted: auto-generated\n\nx\n"
        );
    }

    #[test]
    fn nothing_is_answered_to_an_address_of_others() {
        let report = rewritten("From: MAILER-DAEMON@mx.example (Mail)\n\nx\n");
        assert!(!report.contains("Reply-To"), "{report}");
        assert!(report.starts_with("From: \"MAILER-DAEMON (automatic)\" <auto-reply@"), "{report}");
    }
}
