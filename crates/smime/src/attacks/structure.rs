//! MIME that shows something else than what is signed, or that two readers cut
//! differently.

use ssmax_mail::compose;

use super::{ALICE, Attack, ENTITY, changed, entity_signed, fields, good};
use crate::fixture::{Extra, WORLD, clear_signed, encrypted, mail, opaque, signature};

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = parts_around();
    attacks.extend(shapes());
    attacks.extend(nested());
    attacks.extend(ambiguous());
    attacks
}

const BELOW: &str = "bad whole-message signed-part-below";

fn multipart(subtype: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    mail(&fields(ALICE), &compose::multipart(subtype, &[], "=_around", parts))
}

fn html(text: &str) -> Vec<u8> {
    format!("Content-Type: text/html; charset=us-ascii\r\n\r\n{text}\r\n").into_bytes()
}

fn opaque_part() -> Vec<u8> {
    opaque(&signature(&WORLD.alice, ENTITY, Extra { opaque: true, ..Extra::default() }))
}

fn parts_around() -> Vec<Attack> {
    let inner = || entity_signed(&WORLD.alice, ENTITY);
    let lie = || html("<p>Please pay 900 yen to Mallory.</p>");
    let of_alice = |entity: &[u8]| mail(&fields(ALICE), &entity_signed(&WORLD.alice, entity));
    let closed = compose::multipart(
        "mixed",
        &[],
        "=_inside",
        &[ENTITY.to_vec(), encrypted(ENTITY, &[&WORLD.bob_encryption])],
    );
    vec![
        Attack::new(
            "below-mixed-behind-a-lie",
            "the signed part below another one",
            BELOW,
            multipart("mixed", &[lie(), inner()]),
        ),
        Attack::new(
            "below-mixed-before-a-footer",
            "a footer behind the signed part",
            BELOW,
            multipart("mixed", &[inner(), lie()]),
        ),
        Attack::new(
            "below-mixed-alone",
            "the signed part as the only one of a multipart",
            BELOW,
            multipart("mixed", &[inner()]),
        ),
        Attack::new(
            "below-related",
            "the signed part as a picture that HTML never shows",
            BELOW,
            multipart("related", &[html("<p>Pay Mallory.</p><img src=\"cid:x\">"), inner()]),
        ),
        Attack::new(
            "below-alternative",
            "the signed part as the alternative that is not shown",
            BELOW,
            multipart("alternative", &[inner(), lie()]),
        ),
        Attack::new(
            "below-mixed-opaque",
            "an opaque signature beside a text",
            BELOW,
            multipart("mixed", &[lie(), opaque_part()]),
        ),
        Attack::new(
            "below-forwarded",
            "Alice's signed mail, forwarded by who takes her name",
            "none - not-signed",
            mail(&fields(ALICE), &[b"Content-Type: message/rfc822\r\n\r\n", &good()[..]].concat()),
        ),
        Attack::new(
            "text-behind-the-end",
            "text behind the closing delimiter",
            "bad whole-message text-behind",
            [&good()[..], b"Please pay Mallory instead.\r\n"].concat(),
        ),
        Attack::new(
            "body-elsewhere",
            "what is signed points to a server",
            "bad whole-message body-elsewhere",
            of_alice(
                b"Content-Type: message/external-body; access-type=URL;\r\n \
                  URL=\"http://evil.example/\"\r\n\r\nContent-Type: text/plain\r\n\r\n",
            ),
        ),
        Attack::new(
            "body-in-pieces",
            "what is signed is a piece of a mail",
            "bad whole-message body-elsewhere",
            of_alice(b"Content-Type: message/partial; id=x; number=1; total=2\r\n\r\nPlease\r\n"),
        ),
        Attack::new(
            "encrypted-part-below-the-signature",
            "an encrypted part beside text under one signature",
            "bad whole-message encrypted-part-below",
            of_alice(&closed),
        )
        .decrypted("not-encrypted", ""),
    ]
}

fn shapes() -> Vec<Attack> {
    let object = signature(&WORLD.alice, ENTITY, Extra::default());
    let part = || ssmax_chain::hop_mail::signature_part(&object);
    let build = |parts: &[Vec<u8>]| {
        let parameters = [("protocol", "application/pkcs7-signature"), ("micalg", "sha-256")];
        mail(&fields(ALICE), &compose::multipart("signed", &parameters, "=_outer", parts))
    };
    let lie = || b"Content-Type: text/plain\r\n\r\nPlease pay Mallory.\r\n".to_vec();
    let shape = |name, note, parts: &[Vec<u8>]| {
        Attack::new(name, note, "bad structure signed-multipart-shape", build(parts))
    };
    let opaque_object =
        || signature(&WORLD.alice, ENTITY, Extra { opaque: true, ..Extra::default() });
    const PROTOCOL: &str = "protocol=\"application/pkcs7-signature\"";
    vec![
        shape("shape-three-parts", "a third part first", &[lie(), ENTITY.to_vec(), part()]),
        shape(
            "shape-part-in-the-middle",
            "a third part between",
            &[ENTITY.to_vec(), lie(), part()],
        ),
        shape("shape-part-behind", "a third part last", &[ENTITY.to_vec(), part(), lie()]),
        shape("shape-two-signatures", "two signature parts", &[ENTITY.to_vec(), part(), part()]),
        shape("shape-signature-alone", "a signature of nothing", &[part()]),
        shape(
            "shape-signature-first",
            "the signature before the content",
            &[part(), ENTITY.to_vec()],
        ),
        Attack::new(
            "protocol-of-another-kind",
            "protocol says OpenPGP, the part says S/MIME",
            "bad structure protocol-differs",
            changed(&good(), PROTOCOL, "protocol=\"application/pgp-signature\""),
        ),
        Attack::new(
            "protocol-missing",
            "no protocol",
            "bad structure protocol-differs",
            changed(&good(), PROTOCOL, "x-protocol=none"),
        ),
        Attack::new(
            "two-contents-different",
            "a detached signature with a content of its own, another one shown",
            "bad structure two-contents",
            mail(&fields(ALICE), &clear_signed(&lie(), &opaque_object())),
        ),
        Attack::new(
            "two-contents-same",
            "a detached signature with the same content inside",
            "bad structure two-contents",
            mail(&fields(ALICE), &clear_signed(ENTITY, &opaque_object())),
        ),
        Attack::new(
            "detached-alone",
            "an opaque mail whose object has no content",
            "bad structure signature-unreadable",
            mail(&fields(ALICE), &opaque(&object)),
        ),
        Attack::new(
            "label-enveloped",
            "signed data that says to be encrypted",
            "bad structure label-differs",
            changed(&mail(&fields(ALICE), &opaque_part()), "signed-data", "enveloped-data"),
        ),
        Attack::new(
            "label-certificates",
            "signed data that says to be certificates",
            "bad structure label-differs",
            changed(&mail(&fields(ALICE), &opaque_part()), "signed-data", "certs-only"),
        ),
        Attack::new(
            "signature-part-with-junk",
            "base64 with foreign characters, which some readers skip",
            "bad structure signature-unreadable",
            changed(&good(), "\r\n\r\nMII", "\r\n\r\nMI*I"),
        ),
        Attack::new(
            "signature-part-cut",
            "a signature part whose object ends too early",
            "bad structure signature-unreadable",
            mail(&fields(ALICE), &clear_signed(ENTITY, &object[..object.len() - 3])),
        ),
        Attack::new(
            "signature-part-goes-on",
            "octets behind the object in the signature part",
            "bad structure signature-unreadable",
            mail(&fields(ALICE), &clear_signed(ENTITY, &[&object[..], b"\x04\x00"].concat())),
        ),
    ]
}

fn nested() -> Vec<Attack> {
    let inner_clear = changed(
        &changed(&entity_signed(&WORLD.alice, ENTITY), "=_outer", "=+inner"),
        "--=_outer",
        "--=+inner",
    );
    let inner_clear =
        changed(&changed(&inner_clear, "--=_outer", "--=+inner"), "--=_outer", "--=+inner");
    let of_mallory = |entity: &[u8]| mail(&fields(ALICE), &entity_signed(&WORLD.mallory, entity));
    let around = |entity: &[u8]| {
        let extra = Extra { opaque: true, ..Extra::default() };
        mail(&fields(ALICE), &opaque(&signature(&WORLD.mallory, entity, extra)))
    };
    let pgp = compose::multipart(
        "signed",
        &[("protocol", "application/pgp-signature")],
        "=+pgp",
        &[ENTITY.to_vec(), b"Content-Type: application/pgp-signature\r\n\r\nx".to_vec()],
    );
    const NESTED: &str = "bad structure nested-signature";
    vec![
        Attack::new(
            "nested-clear-in-clear",
            "Alice's signature directly inside Mallory's",
            NESTED,
            of_mallory(&inner_clear),
        ),
        Attack::new(
            "nested-opaque-in-clear",
            "Alice's opaque signature directly inside Mallory's",
            NESTED,
            of_mallory(&opaque_part()),
        ),
        Attack::new(
            "nested-clear-in-opaque",
            "Alice's signature directly inside Mallory's opaque one",
            NESTED,
            around(&inner_clear),
        ),
        Attack::new(
            "nested-opaque-in-opaque",
            "Alice's opaque signature directly inside Mallory's",
            NESTED,
            around(&opaque_part()),
        ),
        Attack::new(
            "nested-openpgp",
            "an OpenPGP signature directly inside Mallory's",
            "bad binding other-address",
            of_mallory(&pgp),
        ),
        Attack::new(
            "nested-below-mixed",
            "Alice's signature inside Mallory's with a multipart between, of which mailers \
             look at Mallory's alone",
            "bad binding other-address",
            of_mallory(&compose::multipart(
                "mixed",
                &[],
                "=!mixed",
                std::slice::from_ref(&inner_clear),
            )),
        ),
    ]
}

fn ambiguous() -> Vec<Attack> {
    let structure = |name, note, expect, from: &str, to: &str| {
        Attack::new(name, note, expect, changed(&good(), from, to))
    };
    const VERSION: &str = "MIME-Version: 1.0\r\n";
    const BOUNDARY: &str = "boundary=\"=_outer\"";
    vec![
        structure(
            "mime-two-content-types",
            "a second Content-Type before the real one",
            "bad structure duplicate-content-type",
            VERSION,
            "MIME-Version: 1.0\r\nContent-Type: text/html\r\n",
        ),
        structure(
            "mime-two-boundaries",
            "boundary twice",
            "bad structure parameter-duplicate",
            BOUNDARY,
            "boundary=\"=_outer\"; boundary=\"=_other\"",
        ),
        structure(
            "mime-boundary-extended",
            "boundary in a form that old readers do not know",
            "bad structure parameter-extended-structural",
            BOUNDARY,
            "boundary*=us-ascii''%3D_outer",
        ),
        structure(
            "mime-boundary-with-comment",
            "a comment before the boundary",
            "bad structure content-comment",
            "multipart/signed;",
            "multipart/signed (\"; boundary=x);",
        ),
        structure(
            "mime-delimiter-look-alike",
            "a line that begins as a delimiter and goes on",
            "bad structure delimiter-lookalike",
            "100 yen",
            "100 yen\r\n--=_outerX\r\n",
        ),
        structure(
            "mime-delimiter-behind-the-end",
            "a part behind the closing delimiter",
            "bad structure delimiter-after-close",
            "--=_outer--\r\n",
            "--=_outer--\r\n\r\n--=_outer\r\n\r\nPay Mallory.\r\n--=_outer--\r\n",
        ),
        structure(
            "mime-encoded-multipart",
            "a multipart that says to be base64",
            "bad structure multipart-encoded",
            VERSION,
            "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n",
        ),
        structure(
            "mime-unknown-encoding",
            "an encoding that nobody knows",
            "bad structure transfer-encoding-unknown",
            VERSION,
            "MIME-Version: 1.0\r\nContent-Transfer-Encoding: x-uue\r\n",
        ),
        structure(
            "mime-bare-lf",
            "a line that ends in LF alone",
            "bad structure bare-lf",
            "Subject: s\r\n",
            "Subject: s\nFrom: boss@a.example\r\n",
        ),
        structure(
            "mime-bare-cr",
            "a CR within a line",
            "bad structure bare-cr",
            "Subject: s\r\n",
            "Subject: s\rFrom: boss@a.example\r\n",
        ),
        structure(
            "mime-nul",
            "a NUL in the subject",
            "bad structure nul",
            "Subject: s",
            "Subject: s\0",
        ),
        structure(
            "mime-blank-continuation",
            "a line of white space, which some readers take for the end of the header",
            "bad structure whitespace-only-line",
            "Subject: s\r\n",
            "Subject: s\r\n \r\n\tContent-Type: text/html\r\n",
        ),
        structure(
            "mime-space-before-colon",
            "a From with white space before its colon",
            "bad structure space-before-colon",
            "From: Alice",
            "From : Boss <boss@a.example>\r\nFrom: Alice",
        ),
    ]
}
