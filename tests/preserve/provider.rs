//! An ESP: its people's keys are their own, and nobody there opens a mail.

use crate::delivered::{delivered, object};
use crate::organisation::{is_own_signature, sent};
use ssmax_support::federation::Federation;
use ssmax_support::mails::{eicar, mail, text};
use ssmax_support::person::look_up;
use ssmax_support::stage::submit;

pub(crate) async fn run(federation: &Federation) {
    certificates_say_who_proved_what(federation);
    an_organisations_mail_reaches_a_providers_user(federation).await;
    a_providers_user_writes_to_organisations(federation).await;
    users_of_one_provider_write_to_each_other(federation).await;
    a_signature_of_somebody_else_is_refused(federation).await;
    nobody_there_looks_for_malware(federation).await;
    what_mailers_may_show_blank_is_refused_with_its_reason(federation).await;
}

/// Individual-validated (S/MIME BR, 2.23.140.1.5.4.3), without the provider's name.
fn certificates_say_who_proved_what(federation: &Federation) {
    for certificate in [&federation.frank.signing.1, &federation.frank.encryption.1] {
        assert!(certificate.has_policy("2.23.140.1.5.4.3"));
        assert_eq!(certificate.organization_identifier(), None);
    }
}

async fn an_organisations_mail_reaches_a_providers_user(federation: &Federation) {
    let Federation { a, b, d, alice, bob, frank, .. } = federation;
    for (member, sender) in [(a, alice), (b, bob)] {
        let signed = mail(&sender.address, &frank.address, &text()).signed_by(sender);
        let encrypted = signed.encrypted_for(&look_up(member, &frank.address).await);
        sent(member, sender, frank, &encrypted).await;
        let arrived = delivered(d, frank, &encrypted);
        assert_eq!(object(&arrived.octets).tail(), object(&encrypted.octets).tail());
        is_own_signature(&arrived, (d, frank), sender, &signed);
        // For frank alone: no archive.
        let infos = arrived.infos();
        assert!(infos.len() == 1 && infos[0].names(&frank.encryption.1));
        // The provider has not seen the signature, and does not say it has.
        assert!(!arrived.has("Authentication-Results"));
        assert!(arrived.field("SSMAX-Result").contains("class=verified"));
        let in_clear = mail(&sender.address, &frank.address, &text()).signed_by(sender);
        sent(member, sender, frank, &in_clear).await;
        is_own_signature(&delivered(d, frank, &in_clear), (d, frank), sender, &in_clear);
    }
}

async fn a_providers_user_writes_to_organisations(federation: &Federation) {
    let Federation { a, b, d, alice, bob, frank, .. } = federation;
    for (member, recipient) in [(a, alice), (b, bob)] {
        let relay = look_up(d, &recipient.address).await;
        let in_clear = mail(&frank.address, &recipient.address, &text()).signed_by(frank);
        let signed = mail(&frank.address, &recipient.address, &text()).signed_by(frank);
        let encrypted = signed.encrypted_for(&relay);
        for mail in [&in_clear, &encrypted] {
            sent(d, frank, recipient, mail).await;
        }
        let arrived = delivered(member, recipient, &encrypted);
        if member.id == b.id {
            assert_eq!(object(&arrived.octets).tail(), object(&encrypted.octets).tail());
            is_own_signature(&arrived, (b, bob), frank, &signed);
            is_own_signature(&delivered(b, bob, &in_clear), (b, bob), frank, &in_clear);
        } else {
            // A seals, and its seal is over frank's entity.
            assert_ne!(object(&arrived.octets).tail(), object(&encrypted.octets).tail());
            let entity = signed.signature().0;
            let content = arrived.opened_by(alice);
            assert!(content.windows(entity.len()).any(|window| window == entity));
        }
    }
}

async fn users_of_one_provider_write_to_each_other(federation: &Federation) {
    let Federation { d, frank, grace, .. } = federation;
    let signed = mail(&frank.address, &grace.address, &text()).signed_by(frank);
    let encrypted = signed.encrypted_for(&look_up(d, &grace.address).await);
    let in_clear = mail(&frank.address, &grace.address, &text()).signed_by(frank);
    sent(d, frank, grace, &encrypted).await;
    sent(d, frank, grace, &in_clear).await;
    let arrived = delivered(d, grace, &encrypted);
    assert_eq!(object(&arrived.octets).tail(), object(&encrypted.octets).tail());
    is_own_signature(&arrived, (d, grace), frank, &signed);
    let arrived = delivered(d, grace, &in_clear);
    is_own_signature(&arrived, (d, grace), frank, &in_clear);
    assert_eq!(arrived.infos().len(), 1);
}

/// Verified without being inspected: unsigned, changed, and somebody else's signature all
/// end alike.
async fn a_signature_of_somebody_else_is_refused(federation: &Federation) {
    let Federation { a, d, alice, frank, grace, .. } = federation;
    let relay = look_up(d, &alice.address).await;
    let plain = || mail(&frank.address, &alice.address, &text());
    let changed = plain().signed_by(frank).replacing("our offer", "my offer");
    let others = mail(&grace.address, &alice.address, &text())
        .signed_by(grace)
        .replacing(&grace.address, &frank.address);
    let mut replies = Vec::new();
    for bad in [plain(), changed, others] {
        let bad = bad.encrypted_for(&relay);
        replies.push(submit(d, frank, &alice.address, &bad).await);
        let rows = ssmax_gateway::fates_of(a.gateway.place(), &bad.message_id).await.unwrap();
        assert_eq!(rows.len(), 0);
    }
    replies.dedup();
    assert_eq!(replies.len(), 1, "{replies:?}");
    assert!(replies[0].starts_with("550 5.7.1 ") && replies[0].contains("1900"), "{replies:?}");
}

/// An organisation would have stopped it; to a provider a mail is its users' own.
async fn nobody_there_looks_for_malware(federation: &Federation) {
    let Federation { a, d, alice, frank, grace, .. } = federation;
    let signed = mail(&frank.address, &grace.address, &eicar()).signed_by(frank);
    sent(d, frank, grace, &signed).await;
    is_own_signature(&delivered(d, grace, &signed), (d, grace), frank, &signed);
    // Malware passes a sending organisation (spec/inspection.md 4), and the provider too.
    let signed = mail(&alice.address, &frank.address, &eicar()).signed_by(alice);
    sent(a, alice, frank, &signed).await;
    is_own_signature(&delivered(d, frank, &signed), (d, frank), alice, &signed);
}

async fn what_mailers_may_show_blank_is_refused_with_its_reason(federation: &Federation) {
    let Federation { a, d, alice, frank, grace, .. } = federation;
    let to_frank = mail(&alice.address, &frank.address, &text()).signed_by(alice);
    let to_frank = to_frank.encrypted_with_gcm(&look_up(a, &frank.address).await);
    let reply = submit(a, alice, &frank.address, &to_frank).await;
    assert!(reply.starts_with("550 ") && reply.contains("1310"), "{reply}");
    let to_grace = mail(&frank.address, &grace.address, &text()).signed_by(frank);
    let to_grace = to_grace.encrypted_with_gcm(&look_up(d, &grace.address).await);
    let reply = submit(d, frank, &grace.address, &to_grace).await;
    assert!(reply.starts_with("550 5.6.3 ") && reply.contains("1310"), "{reply}");
}
