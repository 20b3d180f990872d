//! What the inspections find in mail that comes in clear, and where mail cannot go.

use ssmax_chain::Reason;
use ssmax_pki::Certificate;
use ssmax_support::forgery::{Forgery, Signer};
use ssmax_support::mails::{eicar, forwarded, locked_zip, mail, my_number, text, text_with};
use ssmax_support::stage::Stage;

/// Somebody outside the federation.
const MALLORY: &str = "mallory@x.example";

pub(crate) async fn run(stage: &mut Stage<'_>) {
    a_leak(stage).await;
    malware_from_outside(stage).await;
    a_locked_archive(stage).await;
    a_ciphertext_below_another_part(stage).await;
    a_ciphertext_from_outside(stage).await;
    a_recipient_outside_the_federation(stage).await;
    what_cannot_be_sent_outside_as_it_should_be(stage).await;
    a_recipient_whom_nobody_knows(stage).await;
    a_sealed_mail_from_outside(stage).await;
}

async fn a_leak(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let plain = mail(&a.sender.address, &a.other.address, &my_number());
    stage.submitted(a.member, a.sender, &a.other.address, &plain, Reason::LeakFound).await;
    let signed = mail(&a.sender.address, &a.other.address, &my_number()).signed_by(a.sender);
    stage.submitted(a.member, a.sender, &a.other.address, &signed, Reason::LeakFound).await;
}

async fn malware_from_outside(stage: &mut Stage<'_>) {
    for side in stage.sides() {
        let mail = mail(MALLORY, &side.sender.address, &eicar());
        let reason = Reason::MalwareFound;
        stage.arrived(side.member, MALLORY, &side.sender.address, &mail, reason).await;
    }
}

async fn a_locked_archive(stage: &mut Stage<'_>) {
    // What A holds, B refuses.
    for (side, held) in stage.sides().iter().zip([true, false]) {
        stage.found.held_in_clear = held;
        let reason = Reason::ContentUninspectable;
        let out = mail(&side.sender.address, &side.other.address, &locked_zip());
        stage.submitted(side.member, side.sender, &side.other.address, &out, reason).await;
        let arriving = mail(MALLORY, &side.sender.address, &locked_zip());
        stage.arrived(side.member, MALLORY, &side.sender.address, &arriving, reason).await;
    }
}

/// It is for our key and stays closed: opened, it would be merged into somebody's mail.
async fn a_ciphertext_below_another_part(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let (from, to) = (&a.sender.address, &a.other.address);
    let old = mail(from, to, &text()).signed_by(a.sender).encrypted_for(&a.relay);
    let around = mail(from, to, &text_with(old.content()));
    stage.found.held_in_clear = true;
    for mail in [around.clone(), around.signed_by(a.sender)] {
        let reason = Reason::ContentUninspectable;
        stage.submitted(a.member, a.sender, to, &mail, reason).await;
    }
    stage.found.held_in_clear = false;
}

async fn a_ciphertext_from_outside(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let submission_key = &a.relay;
    let federation_key = &a.member.admission.organisation_encryption[0];
    let federation_key = &Certificate::from_pem(federation_key).unwrap();
    for key in [submission_key, federation_key] {
        let mail = mail(MALLORY, &a.sender.address, &text()).encrypted_for(key);
        let reason = Reason::ContentUninspectable;
        stage.found.held_in_clear = true;
        stage.arrived(a.member, MALLORY, &a.sender.address, &mail, reason).await;
    }
    stage.found.held_in_clear = false;
}

async fn a_recipient_outside_the_federation(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    for outside in [MALLORY, "bob@sub.b.example"] {
        let mail = mail(&a.sender.address, outside, &text()).signed_by(a.sender);
        stage.submitted(a.member, a.sender, outside, &mail, Reason::RecipientOutside).await;
    }
}

/// B sends outside in clear, C encrypts for those it knows.
async fn what_cannot_be_sent_outside_as_it_should_be(stage: &mut Stage<'_>) {
    let [_, b] = stage.sides();
    let encrypted = mail(&b.sender.address, MALLORY, &text());
    let encrypted = encrypted.signed_by(b.sender).encrypted_for(&b.relay);
    let reason = Reason::EncryptedForOutside;
    stage.submitted(b.member, b.sender, MALLORY, &encrypted, reason).await;
    let (c, erin) = (&stage.federation.c, &stage.federation.erin);
    let unknown = mail(&erin.address, MALLORY, &text()).signed_by(erin);
    let reason = Reason::OutsideCertificateUnknown;
    stage.submitted(c, erin, MALLORY, &unknown, reason).await;
    // It might be in a file that cannot be read.
    let bad = c.home.join("outside/bad.pem");
    std::fs::write(&bad, "no certificate").unwrap();
    let unknown = mail(&erin.address, MALLORY, &text()).signed_by(erin);
    let reason = Reason::OutsideCertificateUnreadable;
    stage.submitted(c, erin, MALLORY, &unknown, reason).await;
    std::fs::remove_file(bad).unwrap();
}

async fn a_recipient_whom_nobody_knows(stage: &mut Stage<'_>) {
    let reason = Reason::RecipientWithoutCertificate;
    for side in stage.sides() {
        let nobody = format!("nobody@{}", side.member.domain);
        let inside = mail(&side.sender.address, &nobody, &text()).signed_by(side.sender);
        stage.submitted(side.member, side.sender, &nobody, &inside, reason).await;
        let federation = stage.federation;
        let erin = &federation.erin;
        let inner = mail(&erin.address, &nobody, &text()).signed_by(erin);
        let signer = Signer::member(&federation.c);
        // No key is used for a mail that nobody here could get, so that what is wrong with
        // it does not show either.
        for forgery in [
            Forgery::new(signer.clone(), side.member, &nobody, inner.clone()),
            Forgery::new(signer.clone(), side.member, &nobody, inner.clone()).other_key(),
            Forgery::new(signer, side.member, &nobody, inner)
                .record(|record| record.parts[0].kcv.0[0] ^= 1),
        ] {
            let mail = forgery.compose();
            stage.arrived(side.member, &erin.address, &nobody, &mail, reason).await;
        }
    }
}

async fn a_sealed_mail_from_outside(stage: &mut Stage<'_>) {
    for side in stage.sides() {
        let mail = mail(MALLORY, &side.sender.address, &forwarded(&side.sealed));
        let reason = Reason::OwnSealEntering;
        stage.arrived(side.member, MALLORY, &side.sender.address, &mail, reason).await;
    }
}
