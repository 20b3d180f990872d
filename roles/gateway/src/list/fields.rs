//! The header of a list's mail: "NAME via LIST".

use super::config::{ListConfig, ReplyTo};
use ssmax_chain::Digest;
use ssmax_mail::address::{Address, Mailbox};
use ssmax_mail::{Entity, compose};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// Names the lists that a mail went through. Organisations keep it, unlike `List-Id`,
/// which each list writes anew.
pub(super) const LOOP_FIELD: &str = "X-Loop";

/// The subject that stands outside while the real one is inside, and says nothing.
const NEUTRAL_SUBJECT: &str = "...";

/// The fields of the new mail, each with its CRLF, but for those of its body. What was
/// readable on the way stays so: the real subject of a wrapped mail is in the attached one.
pub(super) fn new_fields(
    list: &Address,
    config: &ListConfig,
    mail: &Entity<'_>,
    from: &Mailbox,
    body: &Digest,
    now: OffsetDateTime,
) -> Vec<u8> {
    let mut out = Vec::new();
    let mut add = |name: &str, value: &str| out.extend(compose::header_field(name, value));
    let name = name_via(list, from);
    add("From", &compose::mailbox(&name, list));
    add("To", &list.to_string());
    let answers = match config.reply_to {
        ReplyTo::Sender => &from.address,
        ReplyTo::List => list,
    };
    add("Reply-To", &answers.to_string());
    let one = |name: &str| mail.header().one(name).ok().flatten();
    let subject = one("Subject").map(|field| field.decoded()).unwrap_or_default();
    let is_known = !subject.trim().is_empty() && subject.trim() != NEUTRAL_SUBJECT;
    add("Subject", if is_known { subject.trim() } else { &name });
    add("Date", &now.format(&Rfc2822).unwrap_or_default());
    // The same mail for the same list has the same name, whenever it is made.
    let named = Digest::of(format!("{list} {body}").as_bytes()).to_string();
    let named = named.get(..40).unwrap_or(&named);
    add("Message-ID", &format!("<{named}@{}>", list.domain()));
    add("List-Id", &format!("<{}.{}>", list.local(), list.domain()));
    add("Precedence", "list");
    add(LOOP_FIELD, &list.to_string());
    for field in mail.header().fields() {
        let goes_on = ["In-Reply-To", "References", "Received", LOOP_FIELD];
        if goes_on.iter().any(|name| name.eq_ignore_ascii_case(field.name())) {
            out.extend_from_slice(field.raw());
        }
    }
    out
}

/// "NAME via LIST", in which nobody can read an address but the list's own: verifiers call
/// every other one bad, the sender's too (`spec/judging.md`, display names), since From is
/// the list's.
fn name_via(list: &Address, from: &Mailbox) -> String {
    let (local, domain) = (from.address.local(), from.address.domain());
    let said = from.display.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let names = said.map(str::to_owned).into_iter().chain([format!("{local} ({domain})")]);
    let mut written = names.map(|name| format!("{name} via {}", list.local()));
    let shows_none = |name: &String| {
        let display = Some(name.clone());
        let mailbox = Mailbox { display, address: list.clone(), comments: vec![] };
        !mailbox.shows_other_address()
    };
    // A local part may look like an address too: "bob@b.example"@a.example.
    written.find(shows_none).unwrap_or_else(|| list.local().to_owned())
}

/// Who wrote: the name that the sender goes by, unless it shows another address than the
/// verified one.
pub(super) fn shown(from: &Mailbox) -> String {
    match &from.display {
        Some(name) if !name.trim().is_empty() && !from.shows_other_address() => name.clone(),
        _ => from.address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_mail::address::parse_from;

    fn made(octets: &str, reply_to: ReplyTo) -> String {
        let octets = octets.replace('\n', "\r\n");
        let mail = ssmax_mail::parse(octets.as_bytes(), &ssmax_mail::Limits::default()).unwrap();
        let field = mail.header().one("From").unwrap().unwrap().unfolded();
        let from = parse_from(&field).unwrap().remove(0);
        let list = Address::parse("team@b.example").unwrap();
        let config = ListConfig { members: vec![], reply_to };
        let now = OffsetDateTime::UNIX_EPOCH;
        let fields = new_fields(&list, &config, &mail, &from, &Digest::of(b"x"), now);
        String::from_utf8(fields).unwrap().replace("\r\n", "\n")
    }

    #[test]
    fn a_list_writes_in_its_own_name_and_says_for_whom() {
        let mail = "Received: by x; now\nX-Loop: other@c.example\n\
            From: Alice <alice@a.example>\nSubject: Hello\nReferences: <1@a.example>\n\
            Reply-To: m@x.example\nDate: yesterday\n\nx\n";
        let fields = made(mail, ReplyTo::Sender);
        assert!(
            fields.starts_with(
                "From: Alice via team <team@b.example>\nTo: team@b.example\n\
             Reply-To: alice@a.example\nSubject: Hello\nDate: Thu, 01 Jan 1970"
            ),
            "{fields}"
        );
        for field in [
            "List-Id: <team.b.example>\n",
            "X-Loop: team@b.example\n",
            "X-Loop: other@c.example\n",
            "Received: by x; now\n",
            "References: <1@a.example>\n",
        ] {
            assert!(fields.contains(field), "{field}: {fields}");
        }
        assert!(!fields.contains("yesterday") && !fields.contains("m@x.example"), "{fields}");
        assert_eq!(made(mail, ReplyTo::Sender), fields);
        assert!(made(mail, ReplyTo::List).contains("\nReply-To: team@b.example\n"));
    }

    #[test]
    fn neither_a_hidden_subject_nor_a_foreign_address_is_shown() {
        let fields =
            made("From: \"boss@c.example\" <alice@a.example>\nSubject: ...\n\nx\n", ReplyTo::List);
        assert!(
            fields.contains("From: \"alice (a.example) via team\" <team@b.example>\n"),
            "{fields}"
        );
        assert!(fields.contains("\nSubject: alice (a.example) via team\n"), "{fields}");
    }

    #[test]
    fn in_what_a_list_is_called_nobody_reads_another_address_than_its_own() {
        for (from, shown) in [
            ("alice@a.example", "\"alice (a.example) via team\""),
            ("<alice@a.example>", "\"alice (a.example) via team\""),
            ("\"alice@a.example\" <alice@a.example>", "\"alice (a.example) via team\""),
            ("\"Alice, alice @ a.example\" <alice@a.example>", "\"alice (a.example) via team\""),
            ("Alice <alice@a.example>", "Alice via team"),
            ("\"carol@c.example\"@a.example", "team"),
        ] {
            let fields = made(&format!("From: {from}\nSubject: x\n\nx\n"), ReplyTo::Sender);
            let line = fields.lines().next().unwrap();
            assert_eq!(line, format!("From: {shown} <team@b.example>"), "{from}");
            let mailbox = parse_from(line.strip_prefix("From: ").unwrap()).unwrap().remove(0);
            assert!(!mailbox.shows_other_address(), "{line}");
        }
    }
}
