//! What an attacker may do with encrypted messages, and what is answered.

use ssmax_cms::{
    CmsError, Limits,
    enveloped::{
        ContentCipher, Enveloped, KeyName, MAX_RECIPIENTS_BYTES, RecipientId, RecipientInfo,
        RsaTransport, UnwrapPolicy, encrypt, recipient_info, recipient_info_for_key,
    },
};
use ssmax_primitives::{ContentKey, SystemRandom, cipher::aes_gcm_seal};
use ssmax_token::{DecryptionKey, KeyAlgorithm, KeyPair, OaepHash, TokenError};
use zeroize::Zeroizing;

use crate::{
    identities::{OTHER_P256, P256, RSA},
    surgery::Node,
};

const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nA secret.\r\n";
const PKCS1: UnwrapPolicy = UnwrapPolicy { allow_pkcs1: true };

/// Where parts stand in a message without originatorInfo.
const RECIPIENTS: [usize; 3] = [1, 0, 1];
const ENCRYPTED: [usize; 3] = [1, 0, 2];

fn key() -> ContentKey {
    ContentKey::new((0..32).collect())
}

fn message(cipher: ContentCipher, infos: &[Vec<u8>]) -> Vec<u8> {
    let key = ContentKey::new((0..cipher.key_len() as u8).collect());
    encrypt(CONTENT, cipher, &key, &SystemRandom).unwrap().with_recipients(infos)
}

fn for_p256() -> Vec<u8> {
    recipient_info(&P256.certificate, &key(), None, RsaTransport::Pkcs1).unwrap()
}

fn for_rsa(transport: RsaTransport) -> Vec<u8> {
    recipient_info(&RSA.certificate, &key(), None, transport).unwrap()
}

fn changed(cipher: ContentCipher, change: impl FnOnce(&mut Node)) -> Vec<u8> {
    let mut tree = Node::parse(&message(cipher, &[for_p256()]));
    change(&mut tree);
    tree.encode()
}

fn parse(message: &[u8]) -> Result<Enveloped, CmsError> {
    Enveloped::parse(message, &Limits::default())
}

fn info(der: &[u8]) -> RecipientInfo {
    RecipientInfo::parse(der).unwrap()
}

#[test]
fn two_recipients_for_one_key_stand_in_their_order_and_each_gives_its_own_key() {
    let other_key = ContentKey::new(vec![7; 32]);
    let second = recipient_info(&P256.certificate, &other_key, None, RsaTransport::Pkcs1).unwrap();
    let enveloped =
        parse(&message(ContentCipher::Aes256Gcm, &[for_p256(), second.clone()])).unwrap();
    let found: Vec<_> = enveloped
        .recipients()
        .iter()
        .filter(|info| info.names(&P256.certificate))
        .map(|info| info.unwrap(&P256.certificate, P256.key(), &PKCS1, 32).unwrap())
        .collect();
    assert_eq!(found[0].as_bytes(), key().as_bytes());
    assert_eq!(found[1].as_bytes(), other_key.as_bytes());
    assert!(enveloped.decrypt(&found[0]).is_ok());
    assert_eq!(enveloped.decrypt(&found[1]).unwrap_err(), CmsError::Decryption);

    let swapped = parse(&enveloped.with_recipients(&[second, for_p256()])).unwrap();
    assert_eq!(swapped.tail(), enveloped.tail());
    let first = &swapped.recipients()[0];
    let found = first.unwrap(&P256.certificate, P256.key(), &PKCS1, 32).unwrap();
    assert_eq!(found.as_bytes(), other_key.as_bytes());
}

/// A key agreement that wraps for several: the wrapped keys of `others` are added to
/// what stands in the first.
fn agreement_with(first: &[u8], others: &[&[u8]]) -> Vec<u8> {
    let mut tree = Node::parse(first);
    for other in others {
        let added = Node::parse(other).at(&[3, 0]).clone();
        tree.at(&[3]).inside().insert(0, added);
    }
    tree.encode()
}

#[test]
fn among_several_keys_of_an_agreement_ours_is_found_by_its_name() {
    let other = recipient_info(&OTHER_P256.certificate, &key(), None, RsaTransport::Pkcs1).unwrap();
    let by_id = recipient_info_for_key(P256.certificate.spki(), b"id", &key(), None).unwrap();
    let info = info(&agreement_with(&for_p256(), &[&other, &by_id]));
    assert_eq!(
        info.identifiers(),
        [
            RecipientId::KeyId(b"id".to_vec()),
            RecipientId::of(&OTHER_P256.certificate),
            RecipientId::of(&P256.certificate),
        ]
    );
    let found = info.unwrap(&P256.certificate, P256.key(), &PKCS1, 32).unwrap();
    assert_eq!(found.as_bytes(), key().as_bytes());
    // The other wrapped keys were made with other ephemeral keys, so they do not open.
    let found = info.unwrap(&OTHER_P256.certificate, OTHER_P256.key(), &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::Decryption);
    let found = info.unwrap(KeyName::KeyId(b"id"), P256.key(), &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::Decryption);
    let found = info.unwrap(KeyName::KeyId(b"nobody"), P256.key(), &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::NotNamed);
}

#[test]
fn of_two_keys_for_one_name_in_an_agreement_the_first_counts() {
    let info = info(&agreement_with(&for_p256(), &[&for_p256()]));
    let found = info.unwrap(&P256.certificate, P256.key(), &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::Decryption, "the one put in front");
}

#[test]
fn a_recipient_for_somebody_else_is_not_tried() {
    let found = info(&for_p256()).unwrap(&OTHER_P256.certificate, OTHER_P256.key(), &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::NotNamed);
    let found = info(&for_p256()).unwrap(&P256.certificate, OTHER_P256.key(), &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::KeyMismatch);
    let rsa = RecipientId::of(&RSA.certificate);
    let found = info(&for_rsa(RsaTransport::OaepSha256)).unwrap(&rsa, P256.key(), &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::KeyKind);
    let p256 = RecipientId::of(&P256.certificate);
    let found = info(&for_p256()).unwrap(&p256, RSA.key(), &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::KeyKind);
}

#[test]
fn another_ukm_does_not_open() {
    let with_ukm =
        recipient_info(&P256.certificate, &key(), Some(b"to a.example"), RsaTransport::Pkcs1);
    let with_ukm = with_ukm.unwrap();
    let mut other = Node::parse(&with_ukm);
    *other.at(&[2, 0]).content() = b"to b.example".to_vec();
    let mut none = Node::parse(&with_ukm);
    none.inside().remove(2);
    for stolen in [other, none] {
        let found = info(&stolen.encode()).unwrap(&P256.certificate, P256.key(), &PKCS1, 32);
        assert_eq!(found.unwrap_err(), CmsError::Decryption);
    }
}

#[test]
fn after_the_use_of_a_key_every_failure_is_the_same() {
    let open = |der: &[u8], certificate, key| {
        info(der).unwrap(KeyName::from(certificate), key, &PKCS1, 32).unwrap_err()
    };
    let mut failures = Vec::new();
    for transport in [RsaTransport::OaepSha1, RsaTransport::OaepSha256] {
        let mut damaged = Node::parse(&for_rsa(transport));
        damaged.at(&[3]).content()[100] ^= 1;
        failures.push(open(&damaged.encode(), &RSA.certificate, RSA.key()));
        damaged.at(&[3]).content().pop();
        failures.push(open(&damaged.encode(), &RSA.certificate, RSA.key()));
        *damaged.at(&[3]).content() = vec![0xff; 256];
        failures.push(open(&damaged.encode(), &RSA.certificate, RSA.key()));
    }
    let mut damaged = Node::parse(&for_rsa(RsaTransport::Pkcs1));
    damaged.at(&[3]).content().pop();
    failures.push(open(&damaged.encode(), &RSA.certificate, RSA.key()));

    let agreement: [fn(&mut Node); 4] = [
        |info| info.at(&[1, 0, 1]).content()[10] ^= 1, // a point off the curve
        |info| info.at(&[3, 0, 1]).content()[0] ^= 1,
        |info| info.at(&[3, 0, 1]).content().truncate(20),
        |info| info.at(&[3, 0, 1]).content().clear(),
    ];
    for change in agreement {
        let mut damaged = Node::parse(&for_p256());
        change(&mut damaged);
        failures.push(open(&damaged.encode(), &P256.certificate, P256.key()));
    }
    // A content key of another length than the cipher's.
    let short = ContentKey::new(vec![1; 16]);
    let for_short = recipient_info(&P256.certificate, &short, None, RsaTransport::Pkcs1).unwrap();
    failures.push(open(&for_short, &P256.certificate, P256.key()));
    let for_short =
        recipient_info(&RSA.certificate, &short, None, RsaTransport::OaepSha256).unwrap();
    failures.push(open(&for_short, &RSA.certificate, RSA.key()));

    for cipher in [ContentCipher::Aes256Cbc, ContentCipher::Aes256Gcm] {
        let enveloped = parse(&message(cipher, &[for_p256()])).unwrap();
        failures.push(enveloped.decrypt(&short).unwrap_err());
    }
    let gcm: [fn(&mut Node); 3] = [
        |tree| tree.at(&ENCRYPTED).at(&[2]).content()[0] ^= 1,
        |tree| tree.at(&[1, 0, 3]).content()[0] ^= 1,
        |tree| tree.at(&ENCRYPTED).at(&[1, 1, 0]).content()[0] ^= 1,
    ];
    for change in gcm {
        let enveloped = parse(&changed(ContentCipher::Aes256Gcm, change)).unwrap();
        failures.push(enveloped.decrypt(&key()).unwrap_err());
    }
    let cbc: [fn(&mut Node); 3] = [
        |tree| tree.at(&ENCRYPTED).at(&[2]).content().truncate(47),
        |tree| tree.at(&ENCRYPTED).at(&[2]).content().clear(),
        // The block before the last, so that the padding's last octet is 0x80 or so.
        |tree| {
            let ciphertext = tree.at(&ENCRYPTED).at(&[2]).content();
            let position = ciphertext.len() - 17;
            ciphertext[position] ^= 0x80;
        },
    ];
    for change in cbc {
        let enveloped = parse(&changed(ContentCipher::Aes256Cbc, change)).unwrap();
        failures.push(enveloped.decrypt(&key()).unwrap_err());
    }
    assert!(failures.iter().all(|fault| *fault == CmsError::Decryption), "{failures:?}");
}

#[test]
fn damaged_pkcs1_gives_a_key_that_opens_nothing() {
    let mut damaged = Node::parse(&for_rsa(RsaTransport::Pkcs1));
    damaged.at(&[3]).content()[100] ^= 1;
    let info = info(&damaged.encode());
    let found = info.unwrap(&RSA.certificate, RSA.key(), &PKCS1, 32).unwrap();
    assert_ne!(found.as_bytes(), key().as_bytes());
    let again = info.unwrap(&RSA.certificate, RSA.key(), &PKCS1, 32).unwrap();
    assert_eq!(found.as_bytes(), again.as_bytes(), "repeating tells nothing");
    let enveloped = parse(&message(ContentCipher::Aes256Gcm, &[for_p256()])).unwrap();
    assert_eq!(enveloped.decrypt(&found).unwrap_err(), CmsError::Decryption);
}

#[test]
fn relabelled_ciphers_are_refused_before_a_key_is_used() {
    let oid = |tree: &mut Node, last| {
        *tree.at(&ENCRYPTED).at(&[1, 0]).content().last_mut().unwrap() = last;
    };
    let found = parse(&changed(ContentCipher::Aes256Gcm, |tree| oid(tree, 0x2a)));
    assert_eq!(found.unwrap_err(), CmsError::GcmRequired);
    let found = parse(&changed(ContentCipher::Aes256Cbc, |tree| oid(tree, 0x2e)));
    assert_eq!(found.unwrap_err(), CmsError::CbcRequired);
    // Another length of key: found when the key comes.
    let relabelled = parse(&changed(ContentCipher::Aes256Gcm, |tree| oid(tree, 0x1a))).unwrap();
    assert_eq!(relabelled.cipher(), ContentCipher::Aes192Gcm);
    assert_eq!(relabelled.decrypt(&key()).unwrap_err(), CmsError::Decryption);
    // ECB, and a cipher that is not AES.
    let found = parse(&changed(ContentCipher::Aes256Cbc, |tree| oid(tree, 0x29)));
    assert_eq!(found.unwrap_err(), CmsError::CipherRefused);
}

#[test]
fn gcm_ciphertext_turned_into_cbc_has_another_tail() {
    let before = parse(&message(ContentCipher::Aes256Gcm, &[for_p256()])).unwrap();
    let turned = changed(ContentCipher::Aes256Gcm, |tree| {
        *tree.at(&[0]).content() = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03".to_vec();
        let algorithm = tree.at(&ENCRYPTED).at(&[1]).inside();
        *algorithm[0].content().last_mut().unwrap() = 0x2a;
        algorithm[1] = Node::Leaf(4, vec![0; 16]);
        tree.at(&[1, 0]).inside().truncate(3);
    });
    assert_ne!(parse(&turned).unwrap().tail(), before.tail());
}

#[test]
fn a_changed_cbc_block_changes_the_tail() {
    let whole = message(ContentCipher::Aes256Cbc, &[for_p256()]);
    let before = parse(&whole).unwrap();
    for path in [&[2][..], &[1, 1]] {
        let mut tree = Node::parse(&whole);
        tree.at(&ENCRYPTED).at(path).content()[0] ^= 1;
        let after = parse(&tree.encode()).unwrap();
        // CBC does not notice, which is why content under it needs a signature.
        assert!(after.decrypt(&key()).is_ok());
        assert_ne!(after.tail(), before.tail());
    }
}

#[test]
fn parameters_of_another_length_are_refused_by_name() {
    let vector = |len| {
        parse(&changed(ContentCipher::Aes256Cbc, |tree| {
            *tree.at(&ENCRYPTED).at(&[1, 1]).content() = vec![0; len];
        }))
    };
    assert!(vector(16).is_ok());
    for len in [0, 12, 15, 17] {
        assert_eq!(vector(len).unwrap_err(), CmsError::CipherParameters);
    }
    let nonce = |len| {
        parse(&changed(ContentCipher::Aes256Gcm, |tree| {
            *tree.at(&ENCRYPTED).at(&[1, 1, 0]).content() = vec![0; len];
        }))
    };
    assert!(nonce(12).is_ok());
    for len in [0, 11, 13, 16] {
        assert_eq!(nonce(len).unwrap_err(), CmsError::CipherParameters);
    }
    let absent = changed(ContentCipher::Aes256Cbc, |tree| {
        tree.at(&ENCRYPTED).at(&[1]).inside().pop();
    });
    assert_eq!(parse(&absent).unwrap_err(), CmsError::CipherParameters);
}

#[test]
fn only_tags_of_sixteen_octets_are_read() {
    let announced = |len| {
        parse(&changed(ContentCipher::Aes256Gcm, |tree| {
            *tree.at(&ENCRYPTED).at(&[1, 1, 1]).content() = vec![len];
        }))
    };
    assert!(announced(16).is_ok());
    for len in [0, 12, 15, 17] {
        assert_eq!(announced(len).unwrap_err(), CmsError::TagLength);
    }
    let default = changed(ContentCipher::Aes256Gcm, |tree| {
        tree.at(&ENCRYPTED).at(&[1, 1]).inside().pop();
    });
    assert_eq!(parse(&default).unwrap_err(), CmsError::TagLength);
    for len in [0, 12, 15, 17] {
        let present = changed(ContentCipher::Aes256Gcm, |tree| {
            tree.at(&[1, 0, 3]).content().resize(len, 0);
        });
        assert_eq!(parse(&present).unwrap_err(), CmsError::TagLength);
    }
}

#[test]
fn other_structures_are_refused_by_name() {
    let cbc = ContentCipher::Aes256Cbc;
    let no_ciphertext = changed(cbc, |tree| drop(tree.at(&ENCRYPTED).inside().pop()));
    assert_eq!(parse(&no_ciphertext).unwrap_err(), CmsError::NoCiphertext);
    let inner = changed(cbc, |tree| {
        *tree.at(&ENCRYPTED).at(&[0]).content().last_mut().unwrap() = 2;
    });
    assert_eq!(parse(&inner).unwrap_err(), CmsError::InnerContentType);
    let nobody = changed(cbc, |tree| tree.at(&RECIPIENTS).inside().clear());
    assert_eq!(parse(&nobody).unwrap_err(), CmsError::NoRecipients);
    let unknown = changed(cbc, |tree| tree.at(&RECIPIENTS).inside()[0] = Node::Leaf(5, vec![]));
    assert_eq!(parse(&unknown).unwrap_err(), CmsError::Malformed);
    let more = changed(cbc, |tree| tree.at(&[1, 0]).inside().push(Node::Leaf(5, vec![])));
    assert_eq!(parse(&more).unwrap_err(), CmsError::Malformed);
    let no_tag = changed(ContentCipher::Aes256Gcm, |tree| drop(tree.at(&[1, 0]).inside().pop()));
    assert_eq!(parse(&no_tag).unwrap_err(), CmsError::Malformed);
    let mut trailing = message(cbc, &[for_p256()]);
    trailing.push(0);
    assert_eq!(parse(&trailing).unwrap_err(), CmsError::TrailingOctets);
    let signed = changed(cbc, |tree| *tree.at(&[0]).content().last_mut().unwrap() = 2);
    assert_eq!(parse(&signed).unwrap_err(), CmsError::WrongContentType);
    assert_eq!(parse(&b"\x24\x80".repeat(100_000)).unwrap_err(), CmsError::TooDeep);
}

#[test]
fn a_thousand_recipients_are_read_and_one_more_is_not() {
    let one = for_p256();
    let with = |count| parse(&message(ContentCipher::Aes256Cbc, &vec![one.clone(); count]));
    assert_eq!(with(1_000).unwrap().recipients().len(), 1_000);
    assert_eq!(with(1_001).unwrap_err(), CmsError::TooManyRecipients);
    // Keys of one agreement count each.
    let many = |count: usize| {
        let mut tree = Node::parse(&one);
        let key = tree.at(&[3, 0]).clone();
        *tree.at(&[3]).inside() = vec![key; count];
        tree.encode()
    };
    let with = |infos: &[Vec<u8>]| parse(&message(ContentCipher::Aes256Cbc, infos)).map(drop);
    assert_eq!(with(&[many(999), one.clone()]), Ok(()));
    assert_eq!(with(&[many(1_000), one.clone()]), Err(CmsError::TooManyRecipients));
    assert_eq!(with(&[many(1_001)]), Err(CmsError::TooManyRecipients));
    let empty = b"\xa2\x00".to_vec();
    assert_eq!(with(&vec![empty.clone(); 1_000]), Ok(()));
    assert_eq!(with(&vec![empty; 1_001]), Err(CmsError::TooManyRecipients));
}

#[test]
fn four_mebibytes_of_recipients_are_read_and_one_octet_more_is_not() {
    let with = |len: usize| {
        // An OtherRecipientInfo of as many octets.
        let filler = Node::Leaf(4, vec![0; len - 10]);
        let info = Node::Branch(0xa4, vec![filler]).encode();
        assert_eq!(info.len(), len);
        parse(&message(ContentCipher::Aes256Cbc, &[info])).map(drop)
    };
    assert_eq!(with(MAX_RECIPIENTS_BYTES), Ok(()));
    assert_eq!(with(MAX_RECIPIENTS_BYTES + 1), Err(CmsError::TooLarge));
}

#[test]
fn agreements_for_nobody_open_for_nobody() {
    let mut none = Node::parse(&for_p256());
    none.at(&[3]).inside().clear();
    let found = info(&none.encode()).unwrap(&P256.certificate, P256.key(), &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::NotNamed);
}

#[test]
fn ciphers_are_found_by_their_names() {
    for cipher in ContentCipher::ALL {
        assert_eq!(ContentCipher::from_name(cipher.name()), Some(cipher));
    }
    assert_eq!(ContentCipher::Aes256Cbc.name(), "aes256-cbc");
    assert_eq!(ContentCipher::from_name("AES256-CBC"), None);
}

#[test]
fn keys_of_the_sender_that_are_not_ephemeral_are_refused_by_name() {
    let with = |originator: Node| {
        let mut tree = Node::parse(&for_p256());
        *tree.at(&[1, 0]) = originator;
        let info = info(&tree.encode());
        info.unwrap(&P256.certificate, P256.key(), &PKCS1, 32).unwrap_err()
    };
    let by_certificate = vec![Node::parse(P256.certificate.issuer()), Node::Leaf(2, vec![1])];
    assert_eq!(with(Node::Branch(0x30, by_certificate)), CmsError::StaticOriginator);
    assert_eq!(with(Node::Leaf(0x80, vec![1; 20])), CmsError::StaticOriginator);
    assert_eq!(with(Node::Leaf(5, vec![])), CmsError::OriginatorKey);
}

#[test]
fn ephemeral_keys_on_no_curve_of_ours_are_refused_by_name() {
    let changes: [fn(&mut Node); 8] = [
        |key| key.at(&[1]).content().truncate(34),
        |key| key.at(&[1]).content()[0] = 1,
        |key| key.at(&[1]).content()[1] = 6,
        // secp256k1
        |key| key.at(&[0]).inside().push(Node::Leaf(6, b"\x2b\x81\x04\x00\x0a".to_vec())),
        |key| key.at(&[1]).content().clear(),
        |key| key.at(&[0, 0]).content()[0] ^= 1,
        |key| key.at(&[0]).inside().push(Node::Leaf(6, b"\x2b\x81\x04\x00\x22".to_vec())),
        |key| key.inside().push(Node::Leaf(5, vec![])),
    ];
    for change in changes {
        let mut tree = Node::parse(&for_p256());
        change(tree.at(&[1, 0]));
        let info = info(&tree.encode());
        let found = info.unwrap(&P256.certificate, P256.key(), &PKCS1, 32);
        assert_eq!(found.unwrap_err(), CmsError::OriginatorKey);
    }
    for parameters in
        [Node::Leaf(5, vec![]), Node::Leaf(6, b"\x2a\x86\x48\xce\x3d\x03\x01\x07".to_vec())]
    {
        let mut tree = Node::parse(&for_p256());
        tree.at(&[1, 0, 0]).inside().push(parameters);
        let info = info(&tree.encode());
        assert!(info.unwrap(&P256.certificate, P256.key(), &PKCS1, 32).is_ok());
    }
}

#[test]
fn other_algorithms_for_the_key_are_refused_by_name() {
    let mut tree = Node::parse(&for_p256());
    *tree.at(&[2, 1, 0]).content().last_mut().unwrap() = 0x2f;
    let found = info(&tree.encode()).unwrap(&P256.certificate, P256.key(), &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::WrapAlgorithm);
    let mut tree = Node::parse(&for_p256());
    tree.at(&[2]).inside().pop();
    let found = info(&tree.encode()).unwrap(&P256.certificate, P256.key(), &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::WrapAlgorithm);
    let mut tree = Node::parse(&for_rsa(RsaTransport::Pkcs1));
    *tree.at(&[2, 0]).content().last_mut().unwrap() = 0x0b;
    let found = info(&tree.encode()).unwrap(&RSA.certificate, RSA.key(), &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::TransportAlgorithm);
    let mut tree = Node::parse(&for_rsa(RsaTransport::OaepSha1));
    tree.at(&[2]).inside().pop();
    let found = info(&tree.encode()).unwrap(&RSA.certificate, RSA.key(), &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::OaepParameters);
}

#[test]
fn unprotected_parts_are_told_and_dropped_when_rewrapped() {
    for (cipher, tag) in [(ContentCipher::Aes256Cbc, 0xa1), (ContentCipher::Aes256Gcm, 0xa2)] {
        let whole = changed(cipher, |tree| {
            let inside = tree.at(&[1, 0]).inside();
            inside.push(Node::Branch(tag, vec![]));
            inside.insert(1, Node::Branch(0xa0, vec![]));
        });
        let enveloped = parse(&whole).unwrap();
        assert!(enveloped.has_originator_info());
        assert!(enveloped.has_unprotected_attributes());
        let again = parse(&enveloped.with_recipients(&[for_p256()])).unwrap();
        assert!(!again.has_originator_info());
        assert!(!again.has_unprotected_attributes());
        assert_eq!(again.tail(), enveloped.tail());
        assert_eq!(*again.decrypt(&key()).unwrap(), CONTENT);
    }
}

#[test]
fn authenticated_attributes_are_the_additional_data_in_der_order() {
    let attribute = |last, value: &str| {
        let values = Node::Branch(0x31, vec![Node::Leaf(0x0c, value.into())]);
        Node::Branch(0x30, vec![Node::Leaf(6, vec![0x2a, 3, last]), values])
    };
    let attributes = vec![attribute(1, "a"), attribute(2, "b")];
    let additional = Node::Branch(0x31, attributes.clone()).encode();
    let (ciphertext, tag) = aes_gcm_seal(key().as_bytes(), &[0; 12], &additional, CONTENT).unwrap();
    let with = |attributes: Vec<Node>| {
        let whole = changed(ContentCipher::Aes256Gcm, |tree| {
            *tree.at(&ENCRYPTED).at(&[1, 1, 0]).content() = vec![0; 12];
            *tree.at(&ENCRYPTED).at(&[2]).content() = ciphertext.clone();
            *tree.at(&[1, 0, 3]).content() = tag.to_vec();
            tree.at(&[1, 0]).inside().insert(3, Node::Branch(0xa1, attributes));
        });
        parse(&whole).unwrap()
    };
    let right = with(attributes.clone());
    assert_eq!(*right.decrypt(&key()).unwrap(), CONTENT);
    let rewrapped = parse(&right.with_recipients(&[for_p256()])).unwrap();
    assert_eq!(*rewrapped.decrypt(&key()).unwrap(), CONTENT);
    assert_eq!(rewrapped.tail(), right.tail());

    let reversed = with(attributes.iter().rev().cloned().collect());
    assert_eq!(*reversed.decrypt(&key()).unwrap(), CONTENT);
    // The same message to GCM, and so one tail: a reordered copy is no other mail.
    assert_eq!(reversed.tail(), right.tail());
    let again = parse(&reversed.with_recipients(&[for_p256()])).unwrap();
    assert_eq!((again.tail(), again.decrypt(&key()).unwrap().as_slice()), (right.tail(), CONTENT));
    let fewer = with(attributes[..1].to_vec());
    assert_eq!(fewer.decrypt(&key()).unwrap_err(), CmsError::Decryption);
    assert_ne!(fewer.tail(), right.tail());
}

/// A key whose home is away.
struct Away;

impl KeyPair for Away {
    fn algorithm(&self) -> KeyAlgorithm {
        P256.key().algorithm()
    }
    fn spki(&self) -> &[u8] {
        P256.key().spki()
    }
}

impl DecryptionKey for Away {
    fn agree(&self, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        Err(TokenError::Unavailable)
    }
    fn decrypt_oaep(&self, _: OaepHash, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        Err(TokenError::Unavailable)
    }
    fn decrypt_pkcs1(&self, _: &[u8], _: usize) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        Err(TokenError::Unavailable)
    }
}

#[test]
fn a_key_store_that_does_not_answer_is_not_the_messages_fault() {
    let found = info(&for_p256()).unwrap(&P256.certificate, &Away, &PKCS1, 32);
    assert_eq!(found.unwrap_err(), CmsError::KeyUnavailable);
}

/// A key in a device that gives wrong octets as if they were right, and whether it does so
/// still when it is asked to prove itself.
struct Broken {
    still: bool,
}

impl KeyPair for Broken {
    fn algorithm(&self) -> KeyAlgorithm {
        P256.key().algorithm()
    }
    fn spki(&self) -> &[u8] {
        P256.key().spki()
    }
}

impl DecryptionKey for Broken {
    fn agree(&self, point: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        let mut shared = P256.key().agree(point)?;
        shared[31] ^= 1;
        Ok(shared)
    }
    fn decrypt_oaep(&self, _: OaepHash, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        Err(TokenError::Failed)
    }
    fn decrypt_pkcs1(&self, _: &[u8], _: usize) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        Err(TokenError::Failed)
    }
    fn prove(&self) -> Result<(), TokenError> {
        if self.still { Err(TokenError::Unavailable) } else { Ok(()) }
    }
}

#[test]
fn a_device_that_gives_wrong_octets_is_not_the_messages_fault_as_long_as_it_does() {
    for (still, fault) in [(true, CmsError::KeyUnavailable), (false, CmsError::Decryption)] {
        let found = info(&for_p256()).unwrap(&P256.certificate, &Broken { still }, &PKCS1, 32);
        assert_eq!(found.unwrap_err(), fault);
    }
}

#[test]
fn nothing_secret_or_large_is_shown_for_debugging() {
    let sealed = encrypt(CONTENT, ContentCipher::Aes256Cbc, &key(), &SystemRandom).unwrap();
    let enveloped = parse(&sealed.with_recipients(&[for_p256()])).unwrap();
    assert!(format!("{sealed:?}").len() < 200);
    assert!(!format!("{enveloped:?}").contains("der:"));
}
