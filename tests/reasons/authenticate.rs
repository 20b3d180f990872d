//! Who sent this? Reasons of an own person's mail before any key is used.

use crate::between::{Between, Meddling};
use ssmax_chain::Reason;
use ssmax_pki::profile::{self, Generation, Identity, User};
use ssmax_pki::{Certificate, issue, lint};
use ssmax_primitives::SoftwareKey;
use ssmax_support::forgery::{basis, generate};
use ssmax_support::mails::{Mail, forwarded, mail, mail_from, multipart_signed, parsed, text};
use ssmax_support::published::told;
use ssmax_support::smtp;
use ssmax_support::stage::{Side, Stage, submit_at};
use ssmax_surgery::without_certificates;
use ssmax_token::SigningKey;
use time::OffsetDateTime;

pub(crate) async fn run(stage: &mut Stage<'_>) {
    not_one_address_in_from(stage).await;
    from_of_a_colleague(stage).await;
    a_colleagues_signature(stage).await;
    a_changed_content(stage).await;
    a_certificate_of_somebody_else_for_the_address(stage).await;
    not_one_signature(stage).await;
    unsigned_by_who_has_no_key_here(stage).await;
    encrypted_for_the_recipient_alone(stage).await;
    a_statement_changed_on_its_way(stage).await;
    a_statement_used_again(stage).await;
    to_more_than_is_set(stage).await;
    a_sealed_mail_passed_on(stage).await;
    below_what_a_recipient_asks_for(stage).await;
    automatic_mail_of_nobody_known(stage).await;
    mail_from_outside_for_a_list(stage).await;
}

/// No card: nothing is opened to find that out.
async fn below_what_a_recipient_asks_for(stage: &mut Stage<'_>) {
    for side in stage.sides() {
        let (_, domain) = side.other.address.split_once('@').unwrap();
        let mayor = format!("Mayor@{domain}");
        let plain = mail(&side.sender.address, &mayor, &text());
        let signed = plain.signed_by(side.sender);
        for mail in [&plain, &signed, &signed.encrypted_for(&side.relay)] {
            let reason = Reason::SenderLevelTooLow;
            stage.submitted(side.member, side.sender, &mayor, mail, reason).await;
        }
    }
}

/// A list writes in its own name for those whom it knows.
async fn mail_from_outside_for_a_list(stage: &mut Stage<'_>) {
    for side in stage.sides() {
        let list = format!("Team@{}", side.member.domain);
        let mail = mail("x@x.example", &list, &text());
        stage.arrived(side.member, "x@x.example", &list, &mail, Reason::ListClosed).await;
    }
}

/// Without a login nobody writes but the machines that are registered: not a person's
/// mail, not a reply from elsewhere, not one in the name of a role that there is none.
async fn automatic_mail_of_nobody_known(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let (alice, bob) = (&a.sender.address, &a.other.address);
    let automatic = ("Auto-Submitted", "auto-replied");
    for fields in [
        &[("From", alice.as_str())][..],
        &[("From", "m@x.example"), automatic],
        &[("From", alice), automatic],
    ] {
        let mail = mail_from(fields, bob, &text());
        let at = a.member.at("system_smtp").await;
        let reply = smtp::send(at, None, "", bob, &mail.octets).await;
        stage.found.handed_in(a.member, &mail, &reply, Reason::SourceUnknown).await;
    }
}

async fn submitted(stage: &mut Stage<'_>, side: &Side<'_>, mail: &Mail, reason: Reason) {
    stage.submitted(side.member, side.sender, &side.other.address, mail, reason).await;
}

async fn not_one_address_in_from(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let (alice, carol, bob) = (&a.sender.address, &a.colleague.address, &a.other.address);
    let both = format!("{alice}, {carol}");
    for from in [
        &[("From", both.as_str())][..],
        &[("From", alice), ("From", carol)],
        &[("Sender", alice)],
        &[("From", "Alice")],
    ] {
        let mail = mail_from(from, bob, &text());
        submitted(stage, &a, &mail, Reason::FromNotOne).await;
        stage.arrived(a.member, "x@x.example", carol, &mail, Reason::FromNotOne).await;
    }
}

async fn from_of_a_colleague(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let mail = mail(&a.colleague.address, &a.other.address, &text());
    submitted(stage, &a, &mail, Reason::FromNotSubmitter).await;
    submitted(stage, &a, &mail.signed_by(a.colleague), Reason::FromNotSubmitter).await;
    // What bounces would reach the colleague.
    let own = ssmax_support::mails::mail(&a.sender.address, &a.other.address, &text());
    let login = Some((a.sender.address.as_str(), a.sender.secret.as_str()));
    let (from, to) = (&a.colleague.address, &a.other.address);
    let reply = smtp::send(a.member.submission, login, from, to, &own.octets).await;
    let (place, fate) = (a.member.gateway.place(), ("outbound", "refused"));
    let (reason, expected) = (Reason::FromNotSubmitter, told(Reason::FromNotSubmitter));
    stage.found.compare(&place, fate, &own, &reply, &expected, reason).await;
}

/// A mail by `signer` that says it is by `sender`.
pub(crate) fn in_anothers_name(side: &Side<'_>) -> Mail {
    let (colleague, sender) = (side.colleague, side.sender);
    mail(&colleague.address, &side.other.address, &text())
        .signed_by(colleague)
        .replacing(&colleague.address, &sender.address)
}

async fn a_colleagues_signature(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    submitted(stage, &a, &in_anothers_name(&a), Reason::SignerNotFrom).await;
}

async fn a_changed_content(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let signed = mail(&a.sender.address, &a.other.address, &text()).signed_by(a.sender);
    let changed = signed.replacing("our offer", "my offer");
    submitted(stage, &a, &changed, Reason::SignatureBad).await;
    // A detached signature with a content of its own: which one is shown?
    let (entity, _) = signed.signature();
    let opaque = signed.opaque(&entity, a.sender);
    let with_content = parsed(&opaque.octets).decoded_body().unwrap();
    let two = mail(&a.sender.address, &a.other.address, &text())
        .around(&multipart_signed(&entity, &with_content));
    submitted(stage, &a, &two, Reason::SignatureBad).await;
}

/// A certificate for somebody's address by a CA of nobody, with its key and its chain.
fn home_made(address: &str) -> (SoftwareKey, Certificate, Certificate) {
    let (root_key, key) = (generate(), generate());
    let root = profile::root(basis(&root_key, 3000), "Stranger", "Stranger Root");
    let root = issue::self_signed(lint::lint(root).unwrap(), &root_key).unwrap();
    let user = User {
        address,
        identity: Identity::Mailbox,
        generation: Generation::Strict,
        server_held: false,
        identity_proof: None,
    };
    let leaf = profile::user_signing(basis(&key, 300), &user);
    let certificate = issue::issue(lint::lint(leaf).unwrap(), &root, &root_key).unwrap();
    (key, certificate, root)
}

/// The same mail signed with any key.
fn signed_with(
    mail: &Mail,
    key: &dyn SigningKey,
    certificate: &Certificate,
    chain: &[Certificate],
) -> Mail {
    let signer = ssmax_agent::sign::Signer { key, certificate, chain, encryption: None };
    let random = &ssmax_primitives::SystemRandom;
    let now = OffsetDateTime::now_utc();
    let octets = ssmax_agent::sign::sign(&mail.octets, &signer, now, random).unwrap();
    Mail { octets, message_id: mail.message_id.clone() }
}

async fn a_certificate_of_somebody_else_for_the_address(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let (key, certificate, root) = home_made(&a.sender.address);
    let plain = mail(&a.sender.address, &a.other.address, &text());
    let foreign = signed_with(&plain, &key, &certificate, &[root]);
    submitted(stage, &a, &foreign, Reason::SignerNotOurs).await;
    // And with the chain of a real one, which it does not lead to.
    let plain = mail(&a.sender.address, &a.other.address, &text());
    let foreign = signed_with(&plain, &key, &certificate, &a.sender.chain);
    submitted(stage, &a, &foreign, Reason::SignerNotOurs).await;
}

async fn not_one_signature(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let signed = || mail(&a.sender.address, &a.other.address, &text()).signed_by(a.sender);
    let two = signed().with_signers(|signers| signers.push(signers[0].clone()));
    submitted(stage, &a, &two, Reason::SignaturesNotOne).await;
    let none = signed().with_signers(Vec::clear);
    submitted(stage, &a, &none, Reason::SignaturesNotOne).await;
}

async fn unsigned_by_who_has_no_key_here(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let (carol, bob) = (a.colleague, &a.other.address);
    let plain = mail(&carol.address, bob, &text());
    stage.submitted(a.member, carol, bob, &plain, Reason::UnsignedNotAllowed).await;
}

async fn encrypted_for_the_recipient_alone(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let mail = mail(&a.sender.address, &a.other.address, &text())
        .signed_by(a.sender)
        .encrypted_for(&a.other.encryption.1);
    submitted(stage, &a, &mail, Reason::EncryptedForNobodyHere).await;
    // A federation key opens what members send each other, never a submission.
    let federation_key = &a.member.admission.organisation_encryption[0];
    let federation_key = Certificate::from_pem(federation_key).unwrap();
    let mail = ssmax_support::mails::mail(&a.sender.address, &a.other.address, &text())
        .signed_by(a.sender)
        .encrypted_for(&federation_key);
    submitted(stage, &a, &mail, Reason::EncryptedForNobodyHere).await;
}

async fn a_statement_changed_on_its_way(stage: &mut Stage<'_>) {
    meddled(stage, Meddling::ChangeStatement, Reason::StatementInvalid).await;
}

async fn a_statement_used_again(stage: &mut Stage<'_>) {
    meddled(stage, Meddling::AdmitTwice, Reason::StatementReplayed).await;
}

/// A good mail of somebody who may not send so many: it waits.
async fn to_more_than_is_set(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let dir = &stage.federation.dir;
    let between = Between::start(a.member, dir, Meddling::AllowNobody).await;
    let good = mail(&a.sender.address, &a.other.address, &text()).signed_by(a.sender);
    let reply = submit_at(between.submission, a.sender, &a.other.address, &good).await;
    let (fate, reason) = (("outbound", "held"), Reason::SenderVolume);
    let expected = "250 2.0.0 Ok, kept for review";
    stage.found.compare(&between.place(), fate, &good, &reply, expected, reason).await;
    between.stop().await;
}

/// A good mail, with somebody between gateway and keyserver.
async fn meddled(stage: &mut Stage<'_>, meddling: Meddling, reason: Reason) {
    let [a, _] = stage.sides();
    let between = Between::start(a.member, &stage.federation.dir, meddling).await;
    let good = mail(&a.sender.address, &a.other.address, &text()).signed_by(a.sender);
    let reply = submit_at(between.submission, a.sender, &a.other.address, &good).await;
    let fate = ("outbound", "refused");
    let expected = told(reason);
    stage.found.compare(&between.place(), fate, &good, &reply, &expected, reason).await;
    between.stop().await;
}

async fn a_sealed_mail_passed_on(stage: &mut Stage<'_>) {
    let [a, _] = stage.sides();
    let reason = Reason::OwnSealLeaving;
    // Sealed for somebody outside, for a colleague, and with its certificates left out.
    let inside = stage.sealed_for_a_colleague(&a).await;
    let (entity, signed_data) = mail("x@a.example", "x@a.example", &a.sealed).signature();
    let bare = multipart_signed(&entity, &without_certificates(&signed_data));
    for sealed in [&a.sealed, &inside, &bare] {
        let entity = forwarded(sealed);
        let plain = mail(&a.sender.address, &a.other.address, &entity);
        submitted(stage, &a, &plain, reason).await;
        submitted(stage, &a, &plain.signed_by(a.sender), reason).await;
        submitted(stage, &a, &plain.opaque(&entity, a.sender), reason).await;
    }
}
