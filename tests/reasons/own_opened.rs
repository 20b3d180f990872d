//! Reasons of an own person's mail after a key was used: A refuses with one answer for
//! all, B holds with one answer for all.

use crate::authenticate::in_anothers_name;
use serde_bytes::ByteBuf;
use ssmax_api::ca::{NewUser, OfficerRequest, RenewUser};
use ssmax_chain::Reason;
use ssmax_cms::enveloped::{ContentCipher, RsaTransport, encrypt, recipient_info};
use ssmax_mail::compose::{boundary, multipart};
use ssmax_primitives::{ContentKey, SoftwareKey, SystemRandom};
use ssmax_support::mails::{
    Mail, ambiguous, forwarded, locked_zip, mail, mail_from, my_number, parsed, text,
};
use ssmax_support::person::officer;
use ssmax_support::stage::{Side, Stage, submit};
use ssmax_surgery::last_octet_changed;
use ssmax_token::KeyAlgorithm;

pub(crate) async fn run(stage: &mut Stage<'_>) {
    for side in stage.sides() {
        a_content_key_that_does_not_come_out(stage, &side).await;
        a_second_recipient_info_is_never_tried(stage, &side).await;
        a_content_that_does_not_open(stage, &side).await;
        a_relabelled_cipher(stage, &side).await;
        a_colleagues_ciphertext(stage, &side).await;
        no_signature_inside(stage, &side).await;
        a_signature_inside_that_does_not_hold(stage, &side).await;
        a_colleagues_signature_inside(stage, &side).await;
        a_content_with_two_readings(stage, &side).await;
        a_content_with_a_from_of_its_own(stage, &side).await;
        a_leak_inside(stage, &side).await;
        a_locked_archive_inside(stage, &side).await;
        another_header_inside(stage, &side).await;
        a_sealed_mail_inside(stage, &side).await;
    }
    signed_by_file_where_a_card_is_asked_for(stage).await;
}

/// A card would do, and wanda has one: that she has not used it is seen after opening, or
/// at once in what comes in clear.
async fn signed_by_file_where_a_card_is_asked_for(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let wanda = &stage.federation.wanda;
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let asked = ssmax_pki::request::create(&key, "wanda", None).unwrap();
    let renewal = RenewUser {
        user: "wanda".to_owned(),
        token_key_request: Some(ByteBuf::from(asked)),
        ..RenewUser::default()
    };
    officer::<NewUser>(a.member, &OfficerRequest::RenewUser(renewal)).await;
    let mayor = "mayor@b.example";
    let signed = mail(&wanda.address, mayor, &text()).signed_by(wanda);
    let encrypted = signed.encrypted_for(&a.relay);
    stage.submitted(a.member, wanda, mayor, &signed, Reason::SenderLevelTooLow).await;
    stage.submitted(a.member, wanda, mayor, &encrypted, Reason::SignatureLevelTooLow).await;
}

/// A mail of the side's person, signed and not yet encrypted.
fn signed(side: &Side<'_>, entity: &[u8]) -> Mail {
    mail(&side.sender.address, &side.other.address, entity).signed_by(side.sender)
}

async fn submitted(stage: &mut Stage<'_>, side: &Side<'_>, mail: &Mail, reason: Reason) {
    stage.submitted(side.member, side.sender, &side.other.address, mail, reason).await;
}

/// The same, encrypted for the organisation as it is.
async fn encrypted(stage: &mut Stage<'_>, side: &Side<'_>, mail: &Mail, reason: Reason) {
    submitted(stage, side, &mail.encrypted_for(&side.relay), reason).await;
}

async fn a_content_key_that_does_not_come_out(stage: &mut Stage<'_>, side: &Side<'_>) {
    let good = signed(side, &text());
    let broken = good.encrypted_around(&good.content(), &side.relay, last_octet_changed);
    submitted(stage, side, &broken, Reason::UnwrapFailed).await;
}

/// The first RecipientInfo that names a key of ours counts, though the second would open.
async fn a_second_recipient_info_is_never_tried(stage: &mut Stage<'_>, side: &Side<'_>) {
    let cipher = ContentCipher::Aes256Cbc;
    let key = ContentKey::random(&SystemRandom, cipher.key_len());
    let good = signed(side, &text());
    let sealed = encrypt(&good.content(), cipher, &key, &SystemRandom).unwrap();
    let info = || recipient_info(&side.relay, &key, None, RsaTransport::Pkcs1).unwrap();
    let infos = [last_octet_changed(info()), info()];
    let two = good.around_object(&sealed.with_recipients(&infos));
    submitted(stage, side, &two, Reason::UnwrapFailed).await;
}

async fn a_content_that_does_not_open(stage: &mut Stage<'_>, side: &Side<'_>) {
    let cipher = ContentCipher::Aes256Gcm;
    let key = || ContentKey::random(&SystemRandom, cipher.key_len());
    let good = signed(side, &text());
    let sealed = encrypt(&good.content(), cipher, &key(), &SystemRandom).unwrap();
    let info = recipient_info(&side.relay, &key(), None, RsaTransport::Pkcs1).unwrap();
    let broken = good.around_object(&sealed.with_recipients(&[info]));
    submitted(stage, side, &broken, Reason::UnwrapFailed).await;
}

/// AES-256-CBC said to be AES-128-CBC: another tail, so nobody has submitted it before, and
/// a key that does not fit.
async fn a_relabelled_cipher(stage: &mut Stage<'_>, side: &Side<'_>) {
    // 2.16.840.1.101.3.4.1.42 and .2
    let name = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01];
    let good = signed(side, &text()).encrypted_for(&side.relay);
    let mut object = parsed(&good.octets).decoded_body().unwrap();
    let cbc = [name.as_slice(), &[42]].concat();
    let at = object.windows(cbc.len()).rposition(|window| window == cbc).unwrap();
    object[at + name.len()] = 2;
    submitted(stage, side, &good.around_object(&object), Reason::UnwrapFailed).await;
}

async fn a_colleagues_ciphertext(stage: &mut Stage<'_>, side: &Side<'_>) {
    let first = signed(side, &text()).encrypted_for(&side.relay);
    let reply = submit(side.member, side.sender, &side.other.address, &first).await;
    stage.found.expect(reply.starts_with("250 2.0.0 "), &reply);
    let object = parsed(&first.octets).decoded_body().unwrap();
    let colleague = side.colleague;
    let taken = mail(&colleague.address, &side.other.address, &text()).around_object(&object);
    let reason = Reason::CiphertextOfAnother;
    stage.submitted(side.member, colleague, &side.other.address, &taken, reason).await;
    // Its owner may send it again: queues do.
    let reply = submit(side.member, side.sender, &side.other.address, &first).await;
    stage.found.expect(reply.starts_with("250 2.0.0 "), &reply);
}

async fn no_signature_inside(stage: &mut Stage<'_>, side: &Side<'_>) {
    let unsigned = mail(&side.sender.address, &side.other.address, &text());
    encrypted(stage, side, &unsigned, Reason::InnerSignatureMissing).await;
    // A signature somewhere below is none of the mail's.
    let below = text_with_signed_part(side);
    encrypted(stage, side, &below, Reason::InnerSignatureMissing).await;
}

/// An unsigned mail with a signed part in it.
fn text_with_signed_part(side: &Side<'_>) -> Mail {
    let part = signed(side, &text()).content();
    let entity = multipart("mixed", &[], &boundary([2; 16]), &[text(), part]);
    mail(&side.sender.address, &side.other.address, &entity)
}

async fn a_signature_inside_that_does_not_hold(stage: &mut Stage<'_>, side: &Side<'_>) {
    let changed = signed(side, &text()).replacing("our offer", "my offer");
    encrypted(stage, side, &changed, Reason::InnerSignatureBad).await;
    let two = signed(side, &text()).with_signers(|signers| signers.push(signers[0].clone()));
    encrypted(stage, side, &two, Reason::InnerSignatureBad).await;
}

async fn a_colleagues_signature_inside(stage: &mut Stage<'_>, side: &Side<'_>) {
    encrypted(stage, side, &in_anothers_name(side), Reason::InnerSignerNotFrom).await;
}

async fn a_content_with_two_readings(stage: &mut Stage<'_>, side: &Side<'_>) {
    for content in [ambiguous(), b"no colon\r\n\r\nx\r\n".to_vec(), b"\0".to_vec()] {
        let around = signed(side, &text());
        let mail = around.encrypted_around(&content, &side.relay, |info| info);
        submitted(stage, side, &mail, Reason::ContentAmbiguous).await;
    }
}

/// What is decrypted must not change who the mail is from, nor may the answer tell that
/// it was tried.
async fn a_content_with_a_from_of_its_own(stage: &mut Stage<'_>, side: &Side<'_>) {
    let good = signed(side, &text());
    let from = format!("From: {}\r\n", side.colleague.address);
    let content = [from.as_bytes(), &good.content()].concat();
    let mail = good.encrypted_around(&content, &side.relay, |info| info);
    submitted(stage, side, &mail, Reason::ContentAmbiguous).await;
}

async fn a_leak_inside(stage: &mut Stage<'_>, side: &Side<'_>) {
    encrypted(stage, side, &signed(side, &my_number()), Reason::LeakInside).await;
}

async fn a_locked_archive_inside(stage: &mut Stage<'_>, side: &Side<'_>) {
    encrypted(stage, side, &signed(side, &locked_zip()), Reason::UninspectableInside).await;
}

async fn another_header_inside(stage: &mut Stage<'_>, side: &Side<'_>) {
    for (name, other) in [("From", &side.colleague.address), ("Cc", &side.sender.address)] {
        let good = signed(side, &text());
        let first: &[(&str, &str)] = match name {
            "From" => &[("From", other)],
            _ => &[("From", &side.sender.address), (name, other)],
        };
        let inside = mail_from(first, &side.other.address, &text());
        let wrapped = [b"Content-Type: message/rfc822\r\n\r\n", &*inside.octets].concat();
        let mail = good.encrypted_around(&wrapped, &side.relay, |info| info);
        submitted(stage, side, &mail, Reason::HeadersDiffer).await;
    }
}

async fn a_sealed_mail_inside(stage: &mut Stage<'_>, side: &Side<'_>) {
    let passed_on = signed(side, &forwarded(&side.sealed));
    encrypted(stage, side, &passed_on, Reason::OwnSealInside).await;
}
