//! A signature that holds, and a From that it does not speak for.

use super::{ALICE, Attack, ENTITY, changed, entity_signed, fields, good, signed};
use crate::fixture::{WORLD, mail};

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = fields_that_lie();
    attacks.extend(names_that_lie());
    attacks.extend(names_that_seem());
    attacks.extend(replays());
    attacks
}

fn fields_that_lie() -> Vec<Attack> {
    let by_mallory = |from: &str| signed(&WORLD.mallory, from);
    let by_alice = |from: &str| signed(&WORLD.alice, from);
    let with = |from: &str| mail(from, &entity_signed(&WORLD.mallory, ENTITY));
    vec![
        Attack::new(
            "sender-other-signer",
            "valid signature by a colleague under Alice's From",
            "bad binding other-address",
            by_mallory(ALICE),
        ),
        Attack::new(
            "sender-field-names-the-signer",
            "the signer stands in Sender, somebody else in From",
            "bad binding other-address",
            with("From: Boss <boss@a.example>\r\nSender: mallory@a.example\r\n"),
        ),
        Attack::new(
            "sender-reply-to-names-the-signer",
            "the signer stands in Reply-To, somebody else in From",
            "bad binding other-address",
            with("From: Boss <boss@a.example>\r\nReply-To: mallory@a.example\r\n"),
        ),
        Attack::new(
            "sender-resent-from-names-the-signer",
            "the signer stands in Resent-From, somebody else in From",
            "bad binding other-address",
            with("Resent-From: mallory@a.example\r\nFrom: Boss <boss@a.example>\r\n"),
        ),
        Attack::new(
            "sender-two-from-signer-first",
            "two From fields, the first is the signer's",
            "bad one-from several-from-fields",
            with("From: mallory@a.example\r\nFrom: boss@a.example\r\n"),
        ),
        Attack::new(
            "sender-two-from-signer-last",
            "two From fields of different case, the last is the signer's",
            "bad one-from several-from-fields",
            with("From: boss@a.example\r\nFROM: mallory@a.example\r\n"),
        ),
        Attack::new(
            "sender-two-addresses",
            "one From with two addresses (RFC 5322 3.6.2 allows it)",
            "bad one-from several-from-addresses",
            by_mallory("boss@a.example, mallory@a.example"),
        ),
        Attack::new(
            "sender-group",
            "a group in From (RFC 6854)",
            "bad one-from group-in-from",
            by_mallory("Board: mallory@a.example;"),
        ),
        Attack::new(
            "sender-no-from",
            "no From, only Sender",
            "bad one-from no-from",
            with("Sender: mallory@a.example\r\n"),
        ),
        Attack::new(
            "sender-empty-from",
            "a From without an address",
            "bad one-from no-address",
            by_mallory(""),
        ),
        Attack::new(
            "sender-two-angle-addresses",
            "two addresses in angle brackets",
            "bad one-from address-malformed",
            by_mallory("<boss@a.example> <mallory@a.example>"),
        ),
        Attack::new(
            "sender-source-route",
            "a source route, of which some readers take the first host",
            "bad one-from source-route",
            by_mallory("<@boss.a.example:mallory@a.example>"),
        ),
        Attack::new(
            "sender-local-part-of-other-case",
            "the local part in another case is another mailbox (RFC 5321 2.4)",
            "bad binding other-address",
            by_alice("ALICE@a.example"),
        ),
        Attack::new(
            "sender-subdomain",
            "the same local part in a domain below",
            "bad binding other-address",
            by_alice("alice@mail.a.example"),
        ),
        Attack::new(
            "sender-domain-goes-on",
            "a domain that begins like the signer's",
            "bad binding other-address",
            by_alice("alice@a.example.evil.example"),
        ),
        Attack::new(
            "sender-quoted-local-part",
            "a quoted local part that holds the signer's address",
            "bad binding other-address",
            by_alice("\"alice@a.example\"@evil.example"),
        ),
        Attack::new(
            "sender-space-in-address",
            "white space inside the address",
            "bad one-from space-in-address",
            by_alice("<alice @a.example>"),
        ),
        Attack::new(
            "sender-homograph-domain",
            "a Cyrillic letter in the domain",
            "bad binding other-address",
            by_alice("alice@\u{430}.example"),
        ),
        Attack::new(
            "sender-homograph-local-part",
            "a Cyrillic letter in the local part",
            "bad binding other-address",
            by_alice("\u{430}lice@a.example"),
        ),
    ]
}

fn names_that_lie() -> Vec<Attack> {
    let by_mallory = |name: &'static str, note: &'static str, expect: &'static str, from: &str| {
        Attack::new(name, note, expect, signed(&WORLD.mallory, from))
    };
    const SHOWN: &str = "bad one-from display-shows-other-address";
    vec![
        by_mallory(
            "display-quoted-address",
            "another address as the display name",
            SHOWN,
            "\"boss@a.example\" <mallory@a.example>",
        ),
        by_mallory(
            "display-address-in-angle-brackets",
            "a whole mailbox as the display name",
            SHOWN,
            "\"Boss <boss@a.example>\" <mallory@a.example>",
        ),
        by_mallory(
            "display-unquoted-address",
            "another address before the one in angle brackets",
            "bad one-from address-in-display",
            "boss@a.example <mallory@a.example>",
        ),
        by_mallory(
            "display-encoded-word",
            "another address in an encoded word",
            SHOWN,
            "=?utf-8?b?Ym9zc0BhLmV4YW1wbGU=?= <mallory@a.example>",
        ),
        by_mallory(
            "display-encoded-words-joined",
            "another address in two encoded words that are shown as one",
            SHOWN,
            "=?utf-8?q?boss?= =?utf-8?q?=40a.example?= <mallory@a.example>",
        ),
        by_mallory(
            "display-long-space",
            "another address, and the real one pushed out of the window",
            SHOWN,
            &format!("\"boss@a.example{}\" <mallory@a.example>", " ".repeat(200)),
        ),
        by_mallory(
            "display-spaces-around-the-sign",
            "another address with white space around its sign",
            SHOWN,
            "\"boss @ a.example\" <mallory@a.example>",
        ),
        by_mallory(
            "display-full-width-sign",
            "another address with a full-width sign",
            SHOWN,
            "=?utf-8?q?boss=EF=BC=A0a.example?= <mallory@a.example>",
        ),
        by_mallory(
            "display-small-sign",
            "another address with the small form of the sign",
            SHOWN,
            "=?utf-8?q?boss=EF=B9=ABa.example?= <mallory@a.example>",
        ),
        by_mallory(
            "display-right-to-left",
            "another address, written backwards and turned round",
            SHOWN,
            "=?utf-8?q?=E2=80=AEelpmaxe.a=40ssob?= <mallory@a.example>",
        ),
        by_mallory(
            "display-zero-width",
            "another address with an invisible character in it",
            SHOWN,
            "=?utf-8?q?boss=40a.exam=E2=80=8Bple?= <mallory@a.example>",
        ),
        by_mallory(
            "display-comment",
            "another address in a comment",
            "bad one-from address-in-comment",
            "mallory@a.example (boss@a.example)",
        ),
        by_mallory(
            "display-comment-brackets",
            "another address in angle brackets in a comment",
            "bad one-from address-in-comment",
            "Boss (<boss@a.example>) <mallory@a.example>",
        ),
    ]
}

/// Names that only a person, or only some mailers, read as another address.
fn names_that_seem() -> Vec<Attack> {
    let attack = |name: &'static str, note: &'static str, from: &str| {
        let expect = "bad one-from display-shows-other-address";
        Attack::new(name, note, expect, signed(&WORLD.mallory, from))
    };
    vec![
        attack(
            "display-ideographic-full-stop",
            "another address with the full stop of Chinese and Japanese",
            "\"boss @ b\u{3002}example\" <mallory@a.example>",
        ),
        attack(
            "display-full-width-sign-and-dot",
            "another address with white space, a full-width sign and a full-width dot",
            "\"boss \u{ff20} b\u{ff0e}example\" <mallory@a.example>",
        ),
        attack(
            "display-half-width-full-stop",
            "another address with the half-width full stop",
            "\"boss@b\u{ff61}example\" <mallory@a.example>",
        ),
        attack(
            "display-one-dot-leader",
            "another address with a one-dot leader for the dot",
            "\"boss @ b\u{2024}example\" <mallory@a.example>",
        ),
        attack(
            "display-space-behind-the-dot",
            "another address with white space behind its dot",
            "\"boss @ b. example\" <mallory@a.example>",
        ),
        attack(
            "display-space-before-the-dot",
            "another address with white space before its dot",
            "\"boss @ b .example\" <mallory@a.example>",
        ),
        attack(
            "display-digit-in-the-last-label",
            "another address whose last label has a digit for a letter",
            "\"boss@b.c0m\" <mallory@a.example>",
        ),
        attack(
            "display-first-comment",
            "another address in the first of two comments",
            "(boss\u{ff20}b.example) mallory@a.example (Mallory)",
        ),
        attack(
            "display-comment-beside-a-name",
            "another address in an encoded word in a comment before the name",
            "(=?utf-8?q?boss=40b.example?=) Mallory <mallory@a.example>",
        ),
        attack(
            "display-comment-behind-the-address",
            "another address in an encoded word in a comment behind the address",
            "Mallory <mallory@a.example> (=?utf-8?q?boss=40b.example?=)",
        ),
        attack(
            "display-encoded-word-with-space",
            "another address in an encoded word with white space in it, which some mailers decode",
            "=?utf-8?Q?boss=40b=2Eexample =3F=?= <mallory@a.example>",
        ),
        attack(
            "display-encoded-word-unknown-charset",
            "another address in an encoded word of an unknown charset, which some mailers decode",
            "=?unknown?q?boss=40b.example?= <mallory@a.example>",
        ),
        attack(
            "display-encoded-word-without-end",
            "another address in an encoded word without its end",
            "=?utf-8?q?boss=40b.example <mallory@a.example>",
        ),
    ]
}

fn replays() -> Vec<Attack> {
    let dated = |date: &str| changed(&good(), "Date: Mon, 1 Jun 2026 12:00:00 +0000", date);
    let of_two = || {
        let other = b"Content-Type: text/plain\r\n\r\nPlease pay 900 yen to Mallory.\r\n";
        mail(
            &fields(ALICE),
            &crate::fixture::clear_signed(
                other,
                &crate::fixture::signature(&WORLD.alice, ENTITY, crate::fixture::Extra::default()),
            ),
        )
    };
    vec![
        Attack::new(
            "replay-under-a-newer-date",
            "an old mail sent again as a new one",
            "bad time signed-before-date",
            dated("Date: Mon, 8 Jun 2026 12:00:00 +0000"),
        ),
        Attack::new(
            "replay-two-dates",
            "an old mail with a second, new Date",
            "bad time several-dates",
            dated("Date: Mon, 8 Jun 2026 12:00:00 +0000\r\nDate: Mon, 1 Jun 2026 12:00:00 +0000"),
        ),
        Attack::new(
            "replay-unreadable-date",
            "an old mail with a new Date in a form that only some readers take",
            "bad time date-unreadable",
            dated("Date: 2026-06-08 12:00"),
        ),
        Attack::new(
            "content-of-another-mail",
            "Alice's signature of another mail",
            "bad signature content-changed",
            of_two(),
        ),
        Attack::new(
            "content-changed",
            "one digit changed",
            "bad signature content-changed",
            changed(&good(), "100 yen", "900 yen"),
        ),
        Attack::new(
            "content-transfer-encoding-added",
            "the signed part is declared quoted-printable, so that it is shown changed",
            "bad signature content-changed",
            changed(
                &good(),
                "charset=us-ascii\r\n",
                "charset=us-ascii\r\nContent-Transfer-Encoding: quoted-printable\r\n",
            ),
        ),
        Attack::new(
            "content-charset-changed",
            "the signed part is declared to be in another charset",
            "bad signature content-changed",
            changed(&good(), "charset=us-ascii", "charset=utf-7"),
        ),
    ]
}
