//! Fields that are signed inside and others shown outside (RFC 9788, RFC 8551 3.1).

use super::{ALICE, Attack, entity_signed, fields};
use ssmax_mail::compose;

use crate::fixture::{WORLD, encrypted, mail};

const INNER: &str = "From: Alice <alice@a.example>\r\nTo: bob@b.example\r\n\
    Subject: s\r\nDate: Mon, 1 Jun 2026 12:00:00 +0000\r\n";

/// A mail of Alice's with these fields inside and, but for one, the same outside.
fn with(inner: &str, mode: &str, from: &str, to: &str) -> Vec<u8> {
    let entity = format!(
        "{inner}Content-Type: text/plain; charset=us-ascii; hp=\"{mode}\"\r\n\r\nPay Carol.\r\n"
    );
    let shown = fields(ALICE);
    let subject = "Subject: s\r\n";
    let mail = mail(&shown, &entity_signed(&WORLD.alice, entity.as_bytes()));
    assert!(shown.contains(from) || subject.contains(from), "{from}");
    super::changed(&mail, from, to)
}

fn wrapped(fields_inside: &str) -> Vec<u8> {
    let entity = format!(
        "Content-Type: message/rfc822; forwarded=no\r\n\r\n{fields_inside}\
         Content-Type: text/plain\r\n\r\nPay Carol.\r\n"
    );
    mail(&fields(ALICE), &entity_signed(&WORLD.alice, entity.as_bytes()))
}

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = fields_that_differ();
    attacks.extend(fields_put_outside());
    attacks.extend(wrappings());
    attacks
}

fn fields_that_differ() -> Vec<Attack> {
    const DIFFERS: &str = "bad whole-message outer-field-differs";
    const FROM: &str = "bad binding inner-from-differs";
    let differs = |name, note, from: &str, to: &str| {
        Attack::new(name, note, DIFFERS, with(INNER, "clear", from, to))
    };
    let boss = INNER.replace("Alice <alice@", "Boss <boss@");
    vec![
        differs(
            "header-subject-changed",
            "another subject outside",
            "Subject: s",
            "Subject: URGENT",
        ),
        differs(
            "header-second-subject",
            "a second subject outside",
            "Subject: s\r\n",
            "Subject: s\r\nSubject: URGENT\r\n",
        ),
        differs("header-subject-removed", "no subject outside", "Subject: s\r\n", ""),
        differs(
            "header-name-changed",
            "another display name outside",
            "From: Alice <",
            "From: The Boss <",
        ),
        differs(
            "header-recipient-changed",
            "Alice's mail to Bob, passed on to Carol as if to her",
            "To: bob@b.example",
            "To: carol@c.example",
        ),
        differs(
            "header-date-changed",
            "a Date outside that is 30 minutes later",
            "12:00:00 +0000",
            "12:30:00 +0000",
        ),
        Attack::new(
            "header-from-differs",
            "another author inside than outside",
            FROM,
            with(&boss, "clear", "Subject: s", "Subject: s"),
        ),
        Attack::new(
            "header-from-differs-unmarked",
            "another author inside, without the mark of protection",
            FROM,
            mail(
                &fields(ALICE),
                &entity_signed(
                    &WORLD.alice,
                    format!("{boss}Content-Type: text/plain\r\n\r\nPay Carol.\r\n").as_bytes(),
                ),
            ),
        ),
        Attack::new(
            "header-subject-twice-inside",
            "two signed subjects",
            "bad structure protected-field-twice",
            with(&format!("{INNER}Subject: t\r\n"), "clear", "Subject: s", "Subject: s"),
        ),
        Attack::new(
            "header-unknown-mode",
            "a way of protection that nobody knows",
            "bad structure header-protection-mode",
            with(INNER, "clearish", "Subject: s", "Subject: s"),
        ),
        Attack::new(
            "header-record-malformed",
            "a record of the outer field that cannot be read",
            "bad structure hp-outer-malformed",
            with(&format!("{INNER}HP-Outer: Subject\r\n"), "cipher", "Subject: s", "Subject: s"),
        ),
        Attack::new(
            "header-wrapped-from-differs",
            "a message wrapped whole, by somebody else",
            FROM,
            wrapped(&boss),
        ),
        Attack::new(
            "header-wrapped-and-protected",
            "both forms of protection at once, the one with another author",
            "bad structure protected-field-twice",
            mail(
                &fields(ALICE),
                &entity_signed(
                    &WORLD.alice,
                    format!(
                        "{boss}Content-Type: message/rfc822; forwarded=no; hp=clear\r\n\r\n\
                         {INNER}Content-Type: text/plain\r\n\r\nPay Carol.\r\n"
                    )
                    .as_bytes(),
                ),
            ),
        ),
        Attack::new(
            "header-wrapped-subject-differs",
            "a message wrapped whole, with another subject",
            DIFFERS,
            wrapped(&INNER.replace("Subject: s", "Subject: other")),
        ),
    ]
}

/// Fields outside of which the signed header has nothing.
fn fields_put_outside() -> Vec<Attack> {
    const UNSIGNED: &str = "bad whole-message outer-field-unsigned";
    let without = |line: &str| INNER.replace(line, "");
    vec![
        Attack::new(
            "header-subject-added",
            "a subject outside where the author wrote none",
            UNSIGNED,
            with(&without("Subject: s\r\n"), "clear", "Subject: s", "Subject: URGENT"),
        ),
        Attack::new(
            "header-date-added",
            "a Date outside where the author wrote none",
            UNSIGNED,
            with(
                &without("Date: Mon, 1 Jun 2026 12:00:00 +0000\r\n"),
                "clear",
                "12:00:00 +0000",
                "12:30:00 +0000",
            ),
        ),
        Attack::new(
            "header-wrapped-subject-added",
            "a subject outside where the wrapped message has none",
            UNSIGNED,
            wrapped(&without("Subject: s\r\n")),
        ),
    ]
}

/// What must not lie in a message that is wrapped whole, as it must not lie in what is
/// signed itself.
fn wrappings() -> Vec<Attack> {
    let around = |entity: &[u8]| {
        let message = [INNER.as_bytes(), entity].concat();
        let entity = [b"Content-Type: message/rfc822; forwarded=no\r\n\r\n", &message[..]].concat();
        mail(&fields(ALICE), &entity_signed(&WORLD.alice, &entity))
    };
    let signed = {
        let text = String::from_utf8(entity_signed(&WORLD.mallory, super::ENTITY)).unwrap();
        text.replace("=_outer", "=+inner").into_bytes()
    };
    let ciphertext = || encrypted(super::ENTITY, &[&WORLD.bob_encryption]);
    let mixed = || {
        let text = super::ENTITY.to_vec();
        compose::multipart("mixed", &[], "=_inner", &[text, ciphertext()])
    };
    let boss = INNER.replace("Alice <alice@", "Boss <boss@");
    vec![
        Attack::new(
            "wrapped-signature",
            "a mail signed by somebody else, wrapped whole: mailers differ in whose it is",
            "bad structure nested-signature",
            around(&signed),
        ),
        Attack::new(
            "wrapped-ciphertext",
            "an encrypted mail, wrapped whole and signed by who cannot know what it says",
            "none - encrypted",
            around(&ciphertext()),
        ),
        Attack::new(
            "wrapped-ciphertext-beside-text",
            "an encrypted part beside text in a wrapped message",
            "bad whole-message encrypted-part-below",
            around(&mixed()),
        ),
        Attack::new(
            "wrapped-body-elsewhere",
            "the wrapped message points to a server",
            "bad whole-message body-elsewhere",
            around(
                b"Content-Type: message/external-body; access-type=URL;\r\n URL=\"http://evil.example/x\"\
                  \r\n\r\nContent-Type: text/html\r\n\r\n",
            ),
        ),
        Attack::new(
            "wrapped-twice",
            "a wrapped message that wraps one by another author",
            "bad structure wrapped-twice",
            around(
                format!(
                    "Content-Type: message/rfc822; forwarded=no\r\n\r\n{boss}\
                     Content-Type: text/plain\r\n\r\nPay Carol.\r\n"
                )
                .as_bytes(),
            ),
        ),
    ]
}
