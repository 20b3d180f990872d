//! Reasons of another member's mail after a key was used: B refuses with one answer for
//! all, A holds with one answer for all.

use crate::of_member::arrived;
use ssmax_chain::{HopId, Reason};
use ssmax_support::mails::{Mail, ambiguous, eicar, forwarded, locked_zip, mail, text};
use ssmax_support::stage::{Side, Stage};
use ssmax_surgery::last_octet_changed;
use time::OffsetDateTime;

pub(crate) async fn run(stage: &mut Stage<'_>) {
    for side in stage.sides() {
        a_key_that_does_not_come_out(stage, &side).await;
        no_signature_inside(stage, &side).await;
        a_signature_inside_that_does_not_hold(stage, &side).await;
        a_signature_of_somebody_else_inside(stage, &side).await;
        a_content_with_two_readings(stage, &side).await;
        malware_inside(stage, &side).await;
        a_locked_archive_inside(stage, &side).await;
        a_sealed_record_that_cannot_be_read(stage, &side).await;
        a_recipient_whom_the_sender_did_not_name(stage, &side).await;
        another_key_than_announced(stage, &side).await;
        another_content_or_signer_than_announced(stage, &side).await;
        another_header_inside(stage, &side).await;
        our_own_seal_inside(stage, &side).await;
        less_well_known_than_expected(stage, &side).await;
    }
}

async fn a_key_that_does_not_come_out(stage: &mut Stage<'_>, side: &Side<'_>) {
    let by_c = || stage.federation.by_c(side);
    let broken = |infos: &mut Vec<Vec<u8>>| {
        let info = infos.remove(0);
        infos.push(last_octet_changed(info));
    };
    let forgeries = [by_c().mail_infos(broken), by_c().sealed_infos(broken), by_c().other_key()];
    for forgery in forgeries {
        arrived(stage, side, &forgery.compose(), Reason::UnwrapFailed).await;
    }
}

async fn no_signature_inside(stage: &mut Stage<'_>, side: &Side<'_>) {
    let erin = &stage.federation.erin;
    let unsigned = mail(&erin.address, &side.sender.address, &text());
    let mail = stage.federation.by_c(side).inner(unsigned).compose();
    arrived(stage, side, &mail, Reason::InnerSignatureMissing).await;
}

async fn a_signature_inside_that_does_not_hold(stage: &mut Stage<'_>, side: &Side<'_>) {
    let erin = &stage.federation.erin;
    let signed = || mail(&erin.address, &side.sender.address, &text()).signed_by(erin);
    let changed = signed().replacing("our offer", "my offer");
    let none = signed().with_signers(Vec::clear);
    let two = signed().with_signers(|signers| signers.push(signers[0].clone()));
    for inner in [changed, none, two] {
        let mail = stage.federation.by_c(side).inner(inner).compose();
        arrived(stage, side, &mail, Reason::InnerSignatureBad).await;
    }
}

async fn a_signature_of_somebody_else_inside(stage: &mut Stage<'_>, side: &Side<'_>) {
    let (erin, other) = (&stage.federation.erin, side.other);
    let inner = mail(&other.address, &side.sender.address, &text())
        .signed_by(other)
        .replacing(&other.address, &erin.address);
    let mail = stage.federation.by_c(side).inner(inner).compose();
    arrived(stage, side, &mail, Reason::InnerSignerNotFrom).await;
}

async fn a_content_with_two_readings(stage: &mut Stage<'_>, side: &Side<'_>) {
    let erin = &stage.federation.erin;
    let signed = mail(&erin.address, &side.sender.address, &text()).signed_by(erin);
    let from = format!("From: {}\r\n", side.other.address);
    for plaintext in [
        ambiguous(),
        b"no colon\r\n\r\nx\r\n".to_vec(),
        [b"Content-Type: message/rfc822\r\n\r\n", &*ambiguous()].concat(),
        // A content that says whom it is from: the outer From is the one that counts.
        [from.as_bytes(), &signed.content()].concat(),
    ] {
        let mail = stage.federation.by_c(side).plaintext(plaintext).compose();
        arrived(stage, side, &mail, Reason::ContentAmbiguous).await;
    }
}

async fn malware_inside(stage: &mut Stage<'_>, side: &Side<'_>) {
    let mail = stage.federation.by_c_around(side, &eicar()).compose();
    arrived(stage, side, &mail, Reason::MalwareInside).await;
}

async fn a_locked_archive_inside(stage: &mut Stage<'_>, side: &Side<'_>) {
    let mail = stage.federation.by_c_around(side, &locked_zip()).compose();
    arrived(stage, side, &mail, Reason::UninspectableInside).await;
}

async fn a_sealed_record_that_cannot_be_read(stage: &mut Stage<'_>, side: &Side<'_>) {
    let by_c = || stage.federation.by_c(side);
    let forgeries = [
        by_c().sealed_text(|text| text.insert(0, b'x')),
        by_c().sealed_text(|text| text.extend(b"{}")),
        by_c().sealed_text(|text| text.push(0xff)),
        by_c().sealed(|sealed| sealed.v = 2),
        // That of another hop.
        by_c().sealed(|sealed| sealed.id = HopId::new(OffsetDateTime::now_utc(), [7; 10])),
    ];
    for forgery in forgeries {
        arrived(stage, side, &forgery.compose(), Reason::SealedRecordMalformed).await;
    }
}

async fn a_recipient_whom_the_sender_did_not_name(stage: &mut Stage<'_>, side: &Side<'_>) {
    let reason = Reason::RecipientNotAnnounced;
    let federation = stage.federation;
    let (erin, other) = (&federation.erin.address, &side.colleague.address);
    let for_another = federation.by_c(side).compose();
    stage.arrived(side.member, erin, other, &for_another, reason).await;
    // Named in one of the two records only.
    let mut forgeries = vec![federation.by_c(side).record(|record| record.rcpt.clear())];
    forgeries.push(federation.by_c(side).sealed(|sealed| sealed.salts.clear()));
    for forgery in forgeries {
        arrived(stage, side, &forgery.compose(), reason).await;
    }
}

async fn another_key_than_announced(stage: &mut Stage<'_>, side: &Side<'_>) {
    let forgery = stage.federation.by_c(side);
    let mail = forgery.record(|record| record.parts[0].kcv.0[0] ^= 1).compose();
    arrived(stage, side, &mail, Reason::KeyCheckFailed).await;
}

async fn another_content_or_signer_than_announced(stage: &mut Stage<'_>, side: &Side<'_>) {
    let by_c = || stage.federation.by_c(side);
    let forgeries = [
        by_c().sealed(|sealed| sealed.entity.0[0] ^= 1),
        by_c().sealed(|sealed| sealed.sender.si.0[0] ^= 1),
        by_c().sealed(|sealed| sealed.sender.cert.0[0] ^= 1),
    ];
    for forgery in forgeries {
        arrived(stage, side, &forgery.compose(), Reason::EntityChanged).await;
    }
}

async fn another_header_inside(stage: &mut Stage<'_>, side: &Side<'_>) {
    let erin = &stage.federation.erin;
    let changes: [fn(&Mail) -> Mail; 4] = [
        |mail| mail.replacing("To: ", "To: x@x.example, "),
        |mail| mail.replacing("From: ", "From: x@x.example, "),
        |mail| mail.replacing("From: ", "From: x@x.example\r\nFrom: "),
        |mail| mail.replacing("Date: ", "Cc: x@x.example\r\nDate: "),
    ];
    for change in changes {
        let inner = mail(&erin.address, &side.sender.address, &text()).signed_by(erin);
        let inside = change(&inner).octets;
        let wrapped = [b"Content-Type: message/rfc822\r\n\r\n", &*inside].concat();
        let mail = stage.federation.by_c(side).inner(inner).plaintext(wrapped).compose();
        arrived(stage, side, &mail, Reason::HeadersDiffer).await;
    }
}

async fn our_own_seal_inside(stage: &mut Stage<'_>, side: &Side<'_>) {
    let entity = forwarded(&side.sealed);
    let mail = stage.federation.by_c_around(side, &entity).compose();
    arrived(stage, side, &mail, Reason::OwnSealInside).await;
    // In an opaque signature.
    let erin = &stage.federation.erin;
    let inner = ssmax_support::mails::mail(&erin.address, &side.sender.address, &text());
    let mail = stage.federation.by_c(side).inner(inner.opaque(&entity, erin)).compose();
    arrived(stage, side, &mail, Reason::OwnSealInside).await;
}

async fn less_well_known_than_expected(stage: &mut Stage<'_>, side: &Side<'_>) {
    let below = stage.federation.by_c(side).sealed(|record| record.sender.aal = 0);
    arrived(stage, side, &below.compose(), Reason::SenderLevelBelow).await;
}
