//! The header fields a gateway adds on top, and those it takes away on arrival.
//! Specification: `spec/chain.md`, "Trace fields".

use crate::seal_record::{MailClass, ShownAssertion};
use crate::sealed_record::SignedBy;
use ssmax_mail::address::parse_from;
use ssmax_mail::{Field, Header};

pub use ssmax_mail::canonical::with_short_lines;

/// The field that carries our result.
pub const RESULT_FIELD: &str = "SSMAX-Result";

/// What the recipient's side found, for [`RESULT_FIELD`].
#[derive(Debug, Clone)]
pub struct ResultField<'a> {
    /// The host that says so.
    pub authserv_id: &'a str,
    /// The verdict.
    pub class: MailClass,
    /// The sending member, if there is one.
    pub from_org: Option<&'a str>,
    /// Its standing.
    pub standing: Option<&'a str>,
    /// How the sender is known.
    pub sender: Option<&'a ShownAssertion>,
    /// Whether that is less than is expected here.
    pub below: bool,
}

impl ResultField<'_> {
    /// The field with its CRLF: a class and `name=value` pairs.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text =
            format!("{RESULT_FIELD}: {}; class={}", self.authserv_id, self.class.as_str());
        if let Some(org) = self.from_org {
            text.push_str(&format!(";\r\n org={org}"));
        }
        if let Some(standing) = self.standing {
            text.push_str(&format!("; standing={standing}"));
        }
        if let Some(sender) = self.sender {
            let signed_by = match sender.signed_by {
                SignedBy::Token => "token",
                SignedBy::File => "file",
                SignedBy::Server => "server",
                SignedBy::System => "system",
            };
            text.push_str(&format!(
                ";\r\n signed-by={signed_by}; auth={}; aal={}; proof={}; ial={}",
                word(&sender.auth),
                sender.aal,
                word(&sender.proof),
                sender.ial
            ));
            if sender.signed_by == SignedBy::System {
                text.push_str("; automatic=yes");
            }
            if let Some(actor) = &sender.on_behalf {
                text.push_str(&format!(";\r\n on-behalf-by={}", word(actor)));
            }
        }
        if self.below {
            text.push_str(";\r\n level=below");
        }
        text.push_str("\r\n");
        text
    }
}

/// The `Authentication-Results` field (RFC 8601) with its CRLF.
///
/// `smime` is RFC 7281's method: "pass" for a mail that came over the chain.
#[must_use]
pub fn authentication_results(authserv_id: &str, smime: &str, from: &str) -> String {
    let from = word(from);
    format!(
        "Authentication-Results: {authserv_id};\r\n smime={smime} body.smime-identifier={from}\r\n"
    )
}

/// Somebody else's word within a field of ours: nothing in it may end the field or begin
/// another result.
fn word(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_graphic() && !matches!(c, ';' | '(' | ')' | '"'))
        .take(100)
        .collect()
}

/// How many `Received` fields a mail may have before it counts as going in circles
/// (RFC 5321 6.3 asks for at least 100).
pub const MAX_RECEIVED: usize = 100;

/// The `Received` field (RFC 5321 4.4) with its CRLF. It names no client: the address of
/// a person's computer is nobody's business behind the own gateway.
#[must_use]
pub fn received(host_name: &str, protocol: &str, at: &str) -> String {
    format!("Received: by {host_name} (SSMAX) with {protocol};\r\n {at}\r\n")
}

/// Whether the mail has gone through so many hosts that it must be going in circles.
#[must_use]
pub fn is_looping(header: &Header<'_>) -> bool {
    header.all("Received").count() > MAX_RECEIVED
}

/// The header fields that travel on, with their octets unchanged but for lines that are
/// too long for transport ([`with_short_lines`]): all but those that
/// describe the body (it is replaced), those that tell hidden recipients, those that
/// only a receiving gateway may write, and those that act for a sender unsigned.
#[must_use]
pub fn carried_fields(header: &Header<'_>, authserv_id: Option<&str>) -> Vec<u8> {
    header
        .fields()
        .iter()
        .filter(|field| !is_dropped(field.name()) || asks_for_a_receipt_of_from(field, header))
        .filter(|field| {
            !(field.name().eq_ignore_ascii_case("Authentication-Results")
                && authserv_id.is_none_or(|own| names_authserv(&field.unfolded(), own)))
        })
        .flat_map(|field| with_short_lines(field.raw()))
        .collect()
}

/// Whether a field says what only the gateway `authserv_id` may say: such a one,
/// brought from outside, is never trusted and never kept.
#[must_use]
pub fn is_reserved(field: &Field<'_>, authserv_id: &str) -> bool {
    let name = field.name().to_ascii_lowercase();
    name.starts_with("ssmax-")
        || (name == "authentication-results" && names_authserv(&field.unfolded(), authserv_id))
}

/// Fields that no mail keeps when a gateway sends it on.
fn is_dropped(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let describes_the_body = name.starts_with("content-") || name == "mime-version";
    let is_ours = name.starts_with("ssmax-");
    let is_of_the_envelope = matches!(name.as_str(), "bcc" | "return-path");
    describes_the_body || is_ours || is_of_the_envelope || is_open_to_forgery(&name)
}

/// Whether a field asks that the reading of the mail be told to From and nobody else.
/// Whoever adds that on the way only has the sender told what the sender may ask.
fn asks_for_a_receipt_of_from(field: &Field<'_>, header: &Header<'_>) -> bool {
    let addresses = |field: &Field<'_>| parse_from(&field.unfolded()).unwrap_or_default();
    let is_receipt = |name: &str| name.eq_ignore_ascii_case("Disposition-Notification-To");
    let stands_once = header.fields().iter().filter(|one| is_receipt(one.name())).count() == 1;
    if !is_receipt(field.name()) || !stands_once {
        return false;
    }
    let from = header.one("From").ok().flatten().map(addresses).unwrap_or_default();
    match (addresses(field).as_slice(), from.as_slice()) {
        ([asked], [from]) => asked.address.matches(&from.address),
        _ => false,
    }
}

/// Fields that look like a sender or make a mailer write to somebody, and that no
/// signature covers ([`crate::binding::COVERED_FIELDS`]): whoever stands on the way could
/// add them to a mail that is then shown as verified. `name` is in lower case.
fn is_open_to_forgery(name: &str) -> bool {
    name.starts_with("resent-")
        || matches!(
            name,
            "disposition-notification-to"
                | "return-receipt-to"
                | "x-confirm-reading-to"
                | "mail-followup-to"
                | "mail-reply-to"
        )
}

/// Whether an `Authentication-Results` value may be read as written by `own`. Comments
/// may stand before the name, with semicolons in them, and the name may be a quoted
/// string (RFC 8601 2.2, RFC 5322 3.2.4), so any mention of it anywhere counts.
fn names_authserv(value: &str, own: &str) -> bool {
    let mut plain = value.to_ascii_lowercase();
    plain.retain(|c| !matches!(c, '\\' | '"') && !c.is_ascii_whitespace());
    plain.contains(&own.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(octets: &[u8], own: Option<&str>) -> String {
        let message = ssmax_mail::parse(octets, &ssmax_mail::Limits::default()).unwrap();
        String::from_utf8(carried_fields(message.header(), own)).unwrap()
    }

    #[test]
    fn hidden_recipients_and_foreign_results_do_not_travel() {
        let mail = b"From: a@a.example\r\nBcc: x@y.example\r\nbCC: z@y.example\r\n\
            SSMAX-Result: mx.a.example; class=verified\r\n\
            Authentication-Results: (c) mx.b.example; spf=pass\r\n\
            Authentication-Results: other.example; spf=pass\r\n\
            Subject: =?utf-8?B?44GC?=\r\n folded\r\nContent-Type: text/plain\r\n\r\nx\r\n";
        assert_eq!(
            carried(mail, Some("mx.b.example")),
            "From: a@a.example\r\nAuthentication-Results: other.example; spf=pass\r\n\
             Subject: =?utf-8?B?44GC?=\r\n folded\r\n"
        );
    }

    #[test]
    fn a_line_too_long_for_transport_is_folded_at_a_blank_it_has() {
        let word = "x".repeat(600);
        let mail = format!("Subject: {word} {word}\r\nX-Id:{word}{word}\r\n\r\n");
        assert_eq!(
            carried(mail.as_bytes(), None),
            format!("Subject: {word}\r\n {word}\r\nX-Id:{word}{word}\r\n")
        );
    }

    #[test]
    fn our_name_is_seen_behind_a_comment_and_in_a_quoted_string() {
        for value in [
            "(;) mx.b.example; spf=pass",
            "\"mx.b.exampl\\e\"; spf=pass",
            "\"MX.b.example\"; spf=pass",
            "(a\\); b) (;)\r\n mx.b.example; spf=pass",
        ] {
            let mail = format!("From: a@a.example\r\nAuthentication-Results: {value}\r\n\r\nx\r\n");
            assert_eq!(carried(mail.as_bytes(), Some("mx.b.example")), "From: a@a.example\r\n");
            let message =
                ssmax_mail::parse(mail.as_bytes(), &ssmax_mail::Limits::default()).unwrap();
            let field = &message.header().fields()[1];
            assert!(is_reserved(field, "mx.b.example"), "{value}");
            assert!(!is_reserved(field, "mx.c.example"), "{value}");
        }
    }

    #[test]
    fn uncovered_fields_that_act_for_or_look_like_a_sender_do_not_travel() {
        for name in [
            "Resent-From",
            "resent-sender",
            "Resent-Bcc",
            "Disposition-Notification-To",
            "Return-Receipt-To",
            "X-Confirm-Reading-To",
            "Mail-Followup-To",
            "Mail-Reply-To",
        ] {
            let mail =
                format!("From: a@a.example\r\n{name}: m@x.example\r\nX-Keep: y\r\n\r\nx\r\n");
            assert_eq!(
                carried(mail.as_bytes(), Some("mx.b.example")),
                "From: a@a.example\r\nX-Keep: y\r\n",
                "{name}"
            );
        }
        let covered = crate::binding::COVERED_FIELDS;
        assert!(!covered.iter().any(|name| is_open_to_forgery(&name.to_ascii_lowercase())));
    }

    #[test]
    fn a_receipt_is_asked_for_by_from_alone() {
        let with = |fields: &str| {
            carried(format!("From: Alice <a@a.example>\r\n{fields}\r\nx\r\n").as_bytes(), None)
        };
        let asked = "disposition-notification-to: \"Alice\" <a@A.example>\r\n";
        assert!(with(asked).ends_with(asked));
        for other in [
            "Disposition-Notification-To: m@x.example\r\n",
            "Disposition-Notification-To: a@a.example, m@x.example\r\n",
            "Disposition-Notification-To: a@a.example\r\nDisposition-Notification-To: m@x.example\r\n",
            "Disposition-Notification-To: \r\n",
            "Return-Receipt-To: a@a.example\r\n",
        ] {
            assert_eq!(with(other), "From: Alice <a@a.example>\r\n", "{other}");
        }
    }

    #[test]
    fn a_mail_that_goes_in_circles_is_noticed_past_the_bound() {
        let looping = |count: usize| {
            let mail = "Received: by x; now\r\n".repeat(count) + "From: a@a.example\r\n\r\nx\r\n";
            let message =
                ssmax_mail::parse(mail.as_bytes(), &ssmax_mail::Limits::default()).unwrap();
            is_looping(message.header())
        };
        assert!(!looping(MAX_RECEIVED));
        assert!(looping(MAX_RECEIVED + 1));
    }

    #[test]
    fn without_an_own_name_no_results_travel() {
        let mail =
            b"From: a@a.example\r\nAuthentication-Results: other.example; spf=pass\r\n\r\nx\r\n";
        assert_eq!(carried(mail, None), "From: a@a.example\r\n");
    }

    #[test]
    fn the_result_field_folds_into_short_lines() {
        let assertion = ShownAssertion {
            proof: "in-person".into(),
            ial: 2,
            auth: "device-secret".into(),
            aal: 2,
            signed_by: SignedBy::Server,
            on_behalf: None,
        };
        let field = ResultField {
            authserv_id: "mx.b.example",
            class: MailClass::Verified,
            from_org: Some("NTRJP-7000012050002"),
            standing: Some("good"),
            sender: Some(&assertion),
            below: false,
        }
        .render();
        assert!(field.lines().all(|line| line.len() <= 100), "{field}");
        assert!(field.contains("class=verified") && field.contains("signed-by=server"), "{field}");
        assert!(!field.contains("automatic"), "{field}");
    }

    #[test]
    fn the_result_of_automatic_mail_says_so() {
        let assertion = ShownAssertion {
            proof: "organisation".into(),
            ial: 0,
            auth: "system".into(),
            aal: 0,
            signed_by: SignedBy::System,
            on_behalf: None,
        };
        let field = ResultField {
            authserv_id: "mx.b.example",
            class: MailClass::Verified,
            from_org: Some("NTRJP-7000012050002"),
            standing: Some("good"),
            sender: Some(&assertion),
            below: false,
        }
        .render();
        assert!(field.contains("signed-by=system; auth=system; aal=0"), "{field}");
        assert!(field.contains("; automatic=yes\r\n"), "{field}");
    }
}
