use super::*;
use crate::choice::RsaPadding;
use crate::decrypt::decrypt;
use crate::fixture::{
    ENTITY, Extra, FROM_ALICE, Holder, WORLD, clear_signed, encrypted, encryption_holder, mail,
    signature,
};
use ssmax_cms::enveloped::{Enveloped, RsaTransport};
use ssmax_cms::{CmsError, Limits};
use ssmax_mail::MailFault;
use ssmax_token::KeyAlgorithm;
use std::sync::LazyLock;

static RSA: LazyLock<Holder> = LazyLock::new(|| encryption_holder(KeyAlgorithm::Rsa2048));
static OTHER_RSA: LazyLock<Holder> = LazyLock::new(|| encryption_holder(KeyAlgorithm::Rsa2048));

fn to_bob() -> Vec<u8> {
    mail(FROM_ALICE, &encrypted(ENTITY, &[&WORLD.bob_encryption]))
}

fn rewrapped(file: &[u8], from: &Holder, to: &[&Holder]) -> Result<Rewrapped, RewrapFault> {
    with(file, from, to, Some(&from.certificate))
}

fn with(
    file: &[u8],
    from: &Holder,
    to: &[&Holder],
    certificate: Option<&Certificate>,
) -> Result<Rewrapped, RewrapFault> {
    let to: Vec<_> = to.iter().map(|holder| Recipient::from(&holder.certificate)).collect();
    rewrap(
        file,
        &Request {
            key: &from.key,
            certificate,
            open: OpenPolicy::default(),
            to: &to,
            choice: choice::Policy::default(),
        },
    )
}

fn object(message: &[u8]) -> Vec<u8> {
    ssmax_mail::parse(message, &ssmax_mail::Limits::default()).unwrap().decoded_body().unwrap()
}

#[test]
fn the_new_recipient_reads_it_and_the_old_one_no_more() {
    let before = to_bob();
    let after = rewrapped(&before, &WORLD.bob_encryption, &[&RSA]).unwrap();
    let content = decrypt(&after.octets, &RSA.key, Some(&RSA.certificate)).unwrap();
    assert_eq!(content.as_slice(), ENTITY);
    let old = decrypt(&after.octets, &WORLD.bob_encryption.key, None).map(drop);
    assert_eq!(old, Err(DecryptFault::NotARecipient));
    let parsed = Enveloped::parse(&object(&before), &Limits::default()).unwrap();
    assert_eq!((after.tail, after.cipher), (parsed.tail(), parsed.cipher()));
}

#[test]
fn all_header_fields_stay_octet_for_octet() {
    let before = to_bob();
    let after = rewrapped(&before, &WORLD.bob_encryption, &[&WORLD.bob_encryption]).unwrap();
    let header = |mail: &[u8]| {
        let end = mail.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        mail[..end].to_vec()
    };
    assert_eq!(header(&after.octets), header(&before));
}

#[test]
fn another_transfer_encoding_becomes_base64_in_its_place() {
    // Quoted-printable of the object, every octet escaped.
    let object = object(&to_bob());
    let mut message = b"From: a@a.example\r\nContent-Transfer-Encoding: quoted-printable\r\n\
        Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nX-Last: 1\r\n\r\n"
        .to_vec();
    for line in object.chunks(20) {
        line.iter().for_each(|octet| message.extend(format!("={octet:02X}").into_bytes()));
        message.extend(b"=\r\n");
    }
    let after = rewrapped(&message, &WORLD.bob_encryption, &[&RSA]).unwrap();
    let text = String::from_utf8(after.octets.clone()).unwrap();
    assert!(text.starts_with(
        "From: a@a.example\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nX-Last: 1\r\n\r\nM"
    ));
    assert_eq!(decrypt(&after.octets, &RSA.key, None).unwrap().as_slice(), ENTITY);
}

#[test]
fn an_object_alone_comes_back_in_the_form_it_had() {
    let object = object(&to_bob());
    let pem = form::to_pem("CMS", &object);
    let (bob, rsa) = (&WORLD.bob_encryption, &*RSA);
    let ber = rewrapped(&object, bob, &[rsa]).unwrap();
    assert_eq!(Form::of(&ber.octets), Form::Ber);
    assert_eq!(decrypt(&ber.octets, &rsa.key, None).unwrap().as_slice(), ENTITY);
    let after = rewrapped(&pem, bob, &[rsa]).unwrap();
    assert!(matches!(Form::of(&after.octets), Form::Pem("CMS", _)));
    assert_eq!(decrypt(&after.octets, &rsa.key, None).unwrap().as_slice(), ENTITY);
    assert_eq!(after.tail, ber.tail);
}

#[test]
fn recipients_that_were_not_named_are_gone_and_the_order_is_the_callers() {
    let message = mail(FROM_ALICE, &encrypted(ENTITY, &[&WORLD.alice, &WORLD.bob_encryption]));
    let after = rewrapped(&message, &WORLD.bob_encryption, &[&OTHER_RSA, &RSA]).unwrap();
    let parsed = Enveloped::parse(&object(&after.octets), &Limits::default()).unwrap();
    let [first, second] = parsed.recipients() else { panic!("{parsed:?}") };
    assert!(first.names(&OTHER_RSA.certificate) && second.names(&RSA.certificate));
    assert_eq!(after.group.members.len(), 2);
}

#[test]
fn rsa_and_ec_recipients_together_are_refused_before_the_key_is_used() {
    // Not even the message is looked at.
    let found = rewrapped(b"nonsense", &WORLD.alice, &[&RSA, &WORLD.bob_encryption]);
    assert_eq!(found, Err(RewrapFault::Mixed));
    let found = rewrapped(b"nonsense", &WORLD.alice, &[]);
    assert_eq!(found, Err(RewrapFault::Choice(ChoiceFault::NoRecipient)));
}

#[test]
fn the_most_recipients_are_taken_and_one_more_is_not() {
    let to = [Recipient::from(&RSA.certificate); 3];
    let count = |count: usize| {
        let choice = choice::Policy { max_recipients: 2, ..choice::Policy::default() };
        let request = Request {
            key: &WORLD.bob_encryption.key,
            certificate: None,
            open: OpenPolicy::default(),
            to: &to[..count],
            choice,
        };
        rewrap(&to_bob(), &request).map(|found| found.group.members.len())
    };
    assert_eq!(count(2), Ok(2));
    assert_eq!(count(3), Err(RewrapFault::Choice(ChoiceFault::TooManyRecipients)));
}

/// DER of an element.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    match length {
        [0, short @ 0..0x80] => [&[tag, short][..], content].concat(),
        [0, long] => [&[tag, 0x81, long][..], content].concat(),
        _ => [&[tag, 0x82][..], &length, content].concat(),
    }
}

/// An AuthEnvelopedData for Bob with authenticated attributes, and with what nothing
/// protects: originatorInfo and an unauthenticated attribute.
fn with_attributes() -> Vec<u8> {
    let key = ssmax_primitives::ContentKey::new(vec![7; 32]);
    let to = &WORLD.bob_encryption.certificate;
    let info = ssmax_cms::enveloped::recipient_info(to, &key, None, RsaTransport::Pkcs1).unwrap();
    let oid = |text: &str| hex::decode(text).unwrap();
    // An attribute of a type of its own with one INTEGER; contentType as RFC 5083 2.1
    // demands is not needed for id-data.
    let attribute = element(0x30, &[oid("06032a0304"), element(0x31, &[2, 1, 5])].concat());
    let (nonce, additional) = ([3; 12], element(0x31, &attribute));
    let (ciphertext, mac) =
        ssmax_primitives::cipher::aes_gcm_seal(&[7; 32], &nonce, &additional, ENTITY).unwrap();
    let parameters = element(0x30, &[element(4, &nonce), vec![2, 1, 16]].concat());
    let algorithm = element(0x30, &[oid("060960864801650304012e"), parameters].concat());
    let encrypted = [oid("06092a864886f70d010701"), algorithm, element(0x80, &ciphertext)];
    let inside = [
        vec![2, 1, 0],
        element(0xa0, &[]),
        element(0x31, &info),
        element(0x30, &encrypted.concat()),
        element(0xa1, &attribute),
        element(4, &mac),
        element(0xa2, &attribute),
    ];
    let content = element(0xa0, &element(0x30, &inside.concat()));
    element(0x30, &[oid("060b2a864886f70d0109100117"), content].concat())
}

#[test]
fn authenticated_attributes_stay_and_what_nothing_protects_goes() {
    let object = with_attributes();
    let before = Enveloped::parse(&object, &Limits::default()).unwrap();
    assert!(before.has_originator_info() && before.has_unprotected_attributes());
    let after = rewrapped(&object, &WORLD.bob_encryption, &[&RSA]).unwrap();
    let parsed = Enveloped::parse(&after.octets, &Limits::default()).unwrap();
    assert!(!parsed.has_originator_info() && !parsed.has_unprotected_attributes());
    assert_eq!((after.kind, parsed.tail()), (Kind::AuthEnveloped, before.tail()));
    // The tag covers the attributes: without them nothing would open.
    assert_eq!(decrypt(&after.octets, &RSA.key, None).unwrap().as_slice(), ENTITY);
    let again = rewrapped(&after.octets, &RSA, &[&WORLD.bob_encryption]).unwrap();
    assert_eq!(again.tail, before.tail());
    assert_eq!(decrypt(&again.octets, &WORLD.bob_encryption.key, None).unwrap().as_slice(), ENTITY);
}

#[test]
fn what_is_signed_around_is_refused_by_name() {
    let ciphertext = encrypted(ENTITY, &[&WORLD.bob_encryption]);
    let around = signature(&WORLD.alice, &ciphertext, Extra::default());
    let message = mail(FROM_ALICE, &clear_signed(&ciphertext, &around));
    let found = rewrapped(&message, &WORLD.bob_encryption, &[&RSA]);
    assert_eq!(found, Err(RewrapFault::SignedAround));
}

#[test]
fn what_is_not_encrypted_as_a_whole_is_refused() {
    let bob = &WORLD.bob_encryption;
    let below = compose::multipart("mixed", &[], "=_x", &[encrypted(ENTITY, &[bob])]);
    for message in [mail(FROM_ALICE, ENTITY), mail(FROM_ALICE, &below)] {
        let found = rewrapped(&message, bob, &[&RSA]);
        assert_eq!(found, Err(RewrapFault::Open(DecryptFault::NotEncrypted)));
    }
    let found = rewrapped(b"From: a@a.example\rX", bob, &[&RSA]);
    assert!(matches!(found, Err(RewrapFault::Open(DecryptFault::Mail(MailFault::BareCr { .. })))));
    let found = rewrapped(&[0x30, 0x80, 0, 0], bob, &[&RSA]);
    assert!(matches!(found, Err(RewrapFault::Open(DecryptFault::Object(_)))), "{found:?}");
}

/// A mail for an RSA key whose encrypted key is damaged: implicit rejection gives a random
/// content key for a recipient that is named beyond doubt.
#[test]
fn a_damaged_pkcs1_key_has_the_one_answer_and_wraps_nothing() {
    let before = object(&mail(FROM_ALICE, &encrypted(ENTITY, &[&RSA])));
    let parsed = Enveloped::parse(&before, &Limits::default()).unwrap();
    let info = parsed.recipients()[0].der();
    let at = before.windows(info.len()).position(|window| window == info).unwrap();
    for octet in 1..20 {
        let mut changed = before.clone();
        changed[at + info.len() - octet] ^= 1;
        let failed = Err(RewrapFault::Open(DecryptFault::Failed));
        for certificate in [Some(&RSA.certificate), None] {
            let part = ssmax_chain::hop_mail::pkcs7_part(
                ssmax_chain::hop_mail::SmimeType::Enveloped,
                "smime.p7m",
                &changed,
            );
            assert_eq!(with(&mail(FROM_ALICE, &part), &RSA, &[&OTHER_RSA], certificate), failed);
        }
    }
}

#[test]
fn among_rsa_recipients_without_names_the_fourth_is_found_and_the_fifth_is_not() {
    for (others, found) in [(3, true), (4, false)] {
        let mut to = vec![&*OTHER_RSA; others];
        to.push(&RSA);
        let message = mail(FROM_ALICE, &encrypted(ENTITY, &to));
        let content = decrypt(&message, &RSA.key, None).map(|content| content.to_vec());
        let after = with(&message, &RSA, &[&WORLD.bob_encryption], None).map(drop);
        if found {
            assert_eq!((content, after), (Ok(ENTITY.to_vec()), Ok(())));
        } else {
            let failed = DecryptFault::Failed;
            assert_eq!((content, after), (Err(failed), Err(RewrapFault::Open(failed))));
        }
    }
}

#[test]
fn a_file_is_rewrapped_whatever_is_inside_unless_it_may_be_another_recipients() {
    let inner = object(&to_bob());
    let of = |content: &[u8]| {
        let file = object(&mail(FROM_ALICE, &encrypted(content, &[&RSA])));
        rewrapped(&file, &RSA, &[&OTHER_RSA]).map(drop)
    };
    assert_eq!(of(&inner), Ok(()));
    assert_eq!(of(b"Some text"), Ok(()));
    assert_eq!(of(&[0, 1, 2, 0xff]), Ok(()));
    let binary = object(&mail(FROM_ALICE, &encrypted(&[0, 1, 2, 0xff], &[&RSA, &OTHER_RSA])));
    let failed = Err(RewrapFault::Open(DecryptFault::Failed));
    assert_eq!(with(&binary, &RSA, &[&OTHER_RSA], None), failed);
    // What proves its key is not looked at.
    let file = object(&mail(FROM_ALICE, &encrypted(&[0, 1, 2, 0xff], &[&WORLD.bob_encryption])));
    assert!(rewrapped(&file, &WORLD.bob_encryption, &[&RSA]).is_ok());
}

/// Without a certificate, the wrong RSA key gives a random content key (implicit
/// rejection), which must not end up with the new recipients.
#[test]
fn a_wrong_key_has_one_answer_and_wraps_nothing() {
    let failed = RewrapFault::Open(DecryptFault::Failed);
    let message = mail(FROM_ALICE, &encrypted(ENTITY, &[&RSA]));
    for _ in 0..3 {
        assert_eq!(with(&message, &OTHER_RSA, &[&RSA], None), Err(failed));
    }
    assert_eq!(with(&to_bob(), &WORLD.alice, &[&RSA], None), Err(failed));
    let mismatch = RewrapFault::Open(DecryptFault::KeyMismatch);
    assert_eq!(with(&to_bob(), &WORLD.alice, &[&RSA], Some(&RSA.certificate)), Err(mismatch));
    let kind = RewrapFault::Open(DecryptFault::NotARecipient);
    assert_eq!(with(&to_bob(), &RSA, &[&RSA], None), Err(kind));
}

#[test]
fn the_padding_for_new_rsa_recipients_and_from_old_ones_is_a_setting() {
    let to = [Recipient::from(&OTHER_RSA.certificate)];
    let message = mail(FROM_ALICE, &encrypted(ENTITY, &[&RSA]));
    let padded = |file: &[u8], allow_pkcs1, transport| {
        let rsa = RsaPadding::Always(transport);
        let choice = choice::Policy { rsa, ..choice::Policy::default() };
        let open = OpenPolicy { allow_pkcs1, ..OpenPolicy::default() };
        let request = Request { key: &RSA.key, certificate: None, open, to: &to, choice };
        rewrap(file, &request)
    };
    let refused = RewrapFault::Open(DecryptFault::Object(CmsError::Pkcs1NotAllowed));
    assert_eq!(padded(&message, false, RsaTransport::OaepSha256), Err(refused));
    let after = padded(&message, true, RsaTransport::OaepSha256).unwrap();
    let content = decrypt(&after.octets, &OTHER_RSA.key, None).unwrap();
    assert_eq!(content.as_slice(), ENTITY);
}
