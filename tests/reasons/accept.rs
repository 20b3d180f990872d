//! Reasons found while the octets arrive and are read.

use ssmax_chain::Reason;
use ssmax_support::mails::{ambiguous, mail, mail_from, text, text_with};
use ssmax_support::person::look_up;
use ssmax_support::smtp;
use ssmax_support::stage::Stage;

pub(crate) async fn run(stage: &mut Stage<'_>) {
    a_header_that_cannot_be_read(stage).await;
    two_readings(stage).await;
    two_readings_of_an_opaque_content(stage).await;
    two_readings_by_two_programs(stage).await;
    a_mail_in_circles(stage).await;
    no_login(stage).await;
    a_stranger_wants_us_to_relay(stage).await;
    a_recipient_without_a_domain(stage).await;
    more_encrypted_parts_than_are_opened(stage).await;
    a_cipher_that_is_refused(stage).await;
}

async fn a_header_that_cannot_be_read(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let mut broken = mail(&a.sender.address, &a.other.address, &text());
    broken.octets.splice(0..0, b"this line has no colon\r\n".iter().copied());
    broken.message_id = String::new();
    let reason = Reason::MailMalformed;
    stage.submitted(a.member, a.sender, &a.other.address, &broken, reason).await;
    stage.arrived(a.member, "x@x.example", &a.sender.address, &broken, reason).await;
}

async fn two_readings(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let mut mail = mail(&a.sender.address, &a.other.address, &ambiguous());
    mail.message_id = String::new();
    let reason = Reason::MailAmbiguous;
    stage.submitted(a.member, a.sender, &a.other.address, &mail, reason).await;
    stage.arrived(a.member, "x@x.example", &a.sender.address, &mail, reason).await;

    // Which of two subjects is shown? Over the chain one of them would be covered.
    let federation = stage.federation;
    let twice =
        federation.by_c(&a).compose().replacing("Subject: ", "Subject: Refund\r\nSubject: ");
    let erin = &federation.erin.address;
    stage.arrived(a.member, erin, &a.sender.address, &twice, reason).await;
}

async fn two_readings_of_an_opaque_content(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let around = mail(&a.sender.address, &a.other.address, &text());
    let mail = around.opaque(&ambiguous(), a.sender);
    let reason = Reason::MailAmbiguous;
    stage.submitted(a.member, a.sender, &a.other.address, &mail, reason).await;
}

/// A file name on a line of its own, which one of two programs loses: rebuilt where the
/// setting says so and nobody signed it.
async fn two_readings_by_two_programs(stage: &mut Stage<'_>) {
    let [a, b] = stage.sides();
    let attached = b"Content-Type: application/octet-stream\r\n\
        Content-Disposition: attachment; filename=\r\n \"offer.dat\"\r\n\r\nx\r\n";
    let entity = text_with(attached.to_vec());
    let reason = Reason::MailAmbiguous;

    let refused = mail("x@x.example", &b.sender.address, &entity);
    stage.arrived(b.member, "x@x.example", &b.sender.address, &refused, reason).await;

    let rebuilt = mail("x@x.example", &a.sender.address, &entity);
    let reply =
        smtp::send(a.member.inbound, None, "x@x.example", &a.sender.address, &rebuilt.octets).await;
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
    let rows =
        ssmax_gateway::fates_of(a.member.gateway.place(), &rebuilt.message_id).await.unwrap();
    assert!(matches!(&rows[..], [row] if row.fate == "passed" && row.rebuilt), "{rows:?}");
    let delivered = std::fs::read_dir(a.member.maildir(&a.sender.address))
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .find(|octets| String::from_utf8_lossy(octets).contains(&rebuilt.message_id))
        .unwrap();
    let text = String::from_utf8_lossy(&delivered);
    assert!(text.contains("attachment;\r\n\tfilename=\"offer.dat\""), "{text}");

    let signed = mail(&a.sender.address, &a.other.address, &entity).signed_by(a.sender);
    stage.submitted(a.member, a.sender, &a.other.address, &signed, reason).await;
    let encrypted = signed.encrypted_for(&a.relay);
    let reason = Reason::UninspectableInside;
    stage.submitted(a.member, a.sender, &a.other.address, &encrypted, reason).await;
}

async fn a_mail_in_circles(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let mut mail = mail(&a.sender.address, &a.other.address, &text());
    mail.octets.splice(0..0, b"Received: by x.example; now\r\n".repeat(101));
    let reason = Reason::MailLooping;
    stage.submitted(a.member, a.sender, &a.other.address, &mail, reason).await;
    stage.arrived(a.member, "x@x.example", &a.sender.address, &mail, reason).await;
}

async fn no_login(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let good = mail(&a.sender.address, &a.other.address, &text());
    let (from, to) = (&a.sender.address, &a.other.address);
    let reply = smtp::send(a.member.submission, None, from, to, &good.octets).await;
    stage.found.refused_in_dialogue(&reply, Reason::LoginRequired);
}

async fn a_stranger_wants_us_to_relay(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    for elsewhere in [&a.other.address, "x@x.example", "x@sub.a.example"] {
        let reply = smtp::send(a.member.inbound, None, "x@x.example", elsewhere, b"").await;
        stage.found.refused_in_dialogue(&reply, Reason::RelayDenied);
    }
}

async fn a_recipient_without_a_domain(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let login = Some((a.sender.address.as_str(), a.sender.secret.as_str()));
    for (server, login) in [(a.member.submission, login), (a.member.inbound, None)] {
        let reply = smtp::send(server, login, &a.sender.address, "postmaster", b"").await;
        stage.found.refused_in_dialogue(&reply, Reason::RecipientMalformed);
    }
}

async fn more_encrypted_parts_than_are_opened(stage: &mut Stage<'_>) {
    // At C not even one is.
    let federation = stage.federation;
    let (erin, bob) = (&federation.erin, &federation.bob.address);
    let relay = look_up(&federation.c, bob).await;
    let mail = mail(&erin.address, bob, &text()).signed_by(erin).encrypted_for(&relay);
    stage.submitted(&federation.c, erin, bob, &mail, Reason::TooManyEncryptedParts).await;
}

async fn a_cipher_that_is_refused(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let plain = mail_from(&[("From", &a.sender.address)], &a.other.address, &text());
    let encrypted = plain.signed_by(a.sender).encrypted_for(&a.relay);
    let object = ssmax_support::mails::parsed(&encrypted.octets).decoded_body().unwrap();
    // AES-256 in OFB instead of CBC: malleable, and with the same parameters.
    let (cbc, ofb) =
        (b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a", b"\x60\x86\x48\x01\x65\x03\x04\x01\x2b");
    let at = object.windows(cbc.len()).position(|window| window == cbc).unwrap();
    let refused = [&object[..at], ofb, &object[at + cbc.len()..]].concat();
    for object in [refused, b"no CMS at all".to_vec()] {
        let mail = mail_from(&[("From", &a.sender.address)], &a.other.address, &text())
            .around_object(&object);
        let reason = Reason::EncryptionRefused;
        stage.submitted(a.member, a.sender, &a.other.address, &mail, reason).await;
    }
}
