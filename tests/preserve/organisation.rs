//! An organisation that preserves: inspected as ever, then given on as it came.

use crate::delivered::{Delivered, delivered, object};
use ssmax_cms::signed::SignedData;
use ssmax_pki::oid;
use ssmax_support::federation::Federation;
use ssmax_support::mails::{Mail, eicar, mail, parsed, text};
use ssmax_support::member::Member;
use ssmax_support::person::{Person, look_up};
use ssmax_support::stage::submit;

pub(crate) async fn run(federation: &Federation) {
    what_the_sender_encrypted_arrives_as_it_left(federation).await;
    what_came_in_clear_arrives_with_the_senders_signature(federation).await;
    colleagues_get_each_others_own_encryption(federation).await;
    what_mailers_may_not_show_is_sealed_instead(federation).await;
    malware_does_not_arrive_preserved(federation).await;
}

/// Sends, which must succeed.
pub(crate) async fn sent(member: &Member, sender: &Person, recipient: &Person, mail: &Mail) {
    let reply = submit(member, sender, &recipient.address, mail).await;
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
}

/// The mail inside is the sender's own: entity, signature and certificate.
#[track_caller]
pub(crate) fn is_own_signature(
    mail: &Delivered,
    to: (&Member, &Person),
    sender: &Person,
    signed: &Mail,
) {
    let content = mail.opened_by(to.1);
    let (entity, signature) = signed.signature();
    let message = parsed(&content);
    let [found, by] = message.children() else { panic!("no signature inside") };
    assert_eq!(found.raw(), entity);
    let limits = ssmax_cms::Limits::default();
    let by = SignedData::parse(&by.decoded_body().unwrap(), &limits).unwrap();
    let own = SignedData::parse(&signature, &limits).unwrap();
    assert_eq!(by.signers()[0].hash(), own.signers()[0].hash());
    if let Some((signer, content)) = mail.read_by_openssl(to.0, to.1) {
        assert_eq!(signer, sender.signing.1.sha256());
        assert_eq!(content, entity);
    }
}

async fn what_the_sender_encrypted_arrives_as_it_left(federation: &Federation) {
    let Federation { a, b, alice, bob, .. } = federation;
    let relay = look_up(a, &bob.address).await;
    let signed = mail(&alice.address, &bob.address, &text()).signed_by(alice);
    let encrypted = signed.encrypted_for(&relay);
    sent(a, alice, bob, &encrypted).await;
    let arrived = delivered(b, bob, &encrypted);
    assert_eq!(object(&arrived.octets).tail(), object(&encrypted.octets).tail());
    is_own_signature(&arrived, (b, bob), alice, &signed);
    // For bob, and for the archive by its key.
    let infos = arrived.infos();
    assert_eq!(infos.len(), 2);
    assert!(infos[0].names(&bob.encryption.1) && !infos[1].names(&bob.encryption.1));
    assert_eq!(arrived.field("Subject"), "Offer");
    let result = arrived.field("SSMAX-Result");
    assert!(result.contains("class=verified") && result.contains("signed-by=file"), "{result}");
    assert!(arrived.field("Authentication-Results").contains("smime=pass"));
}

async fn what_came_in_clear_arrives_with_the_senders_signature(federation: &Federation) {
    let Federation { a, b, alice, bob, .. } = federation;
    let signed = mail(&alice.address, &bob.address, &text()).signed_by(alice);
    sent(a, alice, bob, &signed).await;
    is_own_signature(&delivered(b, bob, &signed), (b, bob), alice, &signed);
    by_its_hop_the_mail_is_found_at_both_ends(federation, &signed.message_id).await;
}

async fn by_its_hop_the_mail_is_found_at_both_ends(federation: &Federation, message_id: &str) {
    let Federation { a, b, bob, .. } = federation;
    let left = ssmax_gateway::journey(a.gateway.place(), message_id).await.unwrap();
    let [left] = left.as_slice() else { panic!("{left:?}") };
    let hop = left.hop.as_deref().unwrap();
    assert_eq!(left.to_org.as_deref(), Some(b.id.as_str()));
    assert_eq!((left.direction.as_str(), left.fate.as_str()), ("outbound", "passed"));
    let stages: Vec<_> = left.stages.split(' ').step_by(2).collect();
    let all = ["accept", "authenticate", "inspect", "reencrypt", "sign", "transmit"];
    assert_eq!(stages, all);
    let came = ssmax_gateway::journey(b.gateway.place(), hop).await.unwrap();
    let [came] = came.as_slice() else { panic!("{came:?}") };
    assert_eq!(
        (came.direction.as_str(), came.listener.as_deref()),
        ("inbound", Some("inbound_smtp"))
    );
    assert_eq!((&came.recipient, came.to_org.as_deref()), (&bob.address, None));
    let stages: Vec<_> = came.stages.split(' ').step_by(2).collect();
    assert_eq!(stages, ["accept", "authenticate", "inspect", "transmit"]);
    // The ticket at each end is its own, and the key server there knows it.
    assert!(left.ticket.is_some() && came.ticket.is_some() && left.ticket != came.ticket);
}

async fn colleagues_get_each_others_own_encryption(federation: &Federation) {
    let Federation { b, bob, dave, .. } = federation;
    let signed = mail(&dave.address, &bob.address, &text()).signed_by(dave);
    let encrypted = signed.encrypted_for(&look_up(b, &bob.address).await);
    sent(b, dave, bob, &encrypted).await;
    let arrived = delivered(b, bob, &encrypted);
    assert_eq!(object(&arrived.octets).tail(), object(&encrypted.octets).tail());
    is_own_signature(&arrived, (b, bob), dave, &signed);
    let in_clear = mail(&dave.address, &bob.address, &text()).signed_by(dave);
    sent(b, dave, bob, &in_clear).await;
    let arrived = delivered(b, bob, &in_clear);
    is_own_signature(&arrived, (b, bob), dave, &in_clear);
    assert_eq!(arrived.infos().len(), 2);
}

/// AES-GCM, a mail within the encryption, fields beside the signature, text around it:
/// bob sees a seal, and content that was looked at.
async fn what_mailers_may_not_show_is_sealed_instead(federation: &Federation) {
    let Federation { a, b, alice, bob, .. } = federation;
    let relay = look_up(a, &bob.address).await;
    let signed = || mail(&alice.address, &bob.address, &text()).signed_by(alice);
    let gcm = signed().encrypted_with_gcm(&relay);
    let (first, second, third) = (signed(), signed(), signed());
    let wrapped = [b"Content-Type: message/rfc822\r\n\r\n", &*first.octets].concat();
    let wrapped = first.encrypted_around(&wrapped, &relay, |info| info);
    let field = [b"X-Comment: unseen\r\n", &*second.content()].concat();
    let field = second.encrypted_around(&field, &relay, |info| info);
    let mut around = third.content();
    around.extend_from_slice("見えない文".repeat(20).as_bytes());
    let around = third.encrypted_around(&around, &relay, |info| info);
    for mail in [gcm, wrapped, field, around] {
        sent(a, alice, bob, &mail).await;
        let arrived = delivered(b, bob, &mail);
        assert_ne!(object(&arrived.octets).tail(), object(&mail.octets).tail());
        let content = arrived.opened_by(bob);
        let message = parsed(&content);
        let seal = message.children()[1].decoded_body().unwrap();
        let seal = SignedData::parse(&seal, &ssmax_cms::Limits::default()).unwrap();
        let signer = seal.signers()[0].certificate(seal.certificates()).unwrap();
        assert!(signer.has_policy(oid::POLICY_RELAY));
        assert_eq!(message.children()[0].raw(), text());
    }
}

/// Preserved or not: nothing arrives that the inspection stops.
async fn malware_does_not_arrive_preserved(federation: &Federation) {
    let Federation { a, b, alice, bob, .. } = federation;
    let relay = look_up(a, &bob.address).await;
    let signed = mail(&alice.address, &bob.address, &eicar()).signed_by(alice);
    let bad = signed.encrypted_for(&relay);
    let reply = submit(a, alice, &bob.address, &bad).await;
    assert!(reply.starts_with("550 "), "{reply}");
    let rows = ssmax_gateway::fates_of(b.gateway.place(), &bad.message_id).await.unwrap();
    assert_eq!(rows[0].reason.as_deref(), Some("malware-inside"));
}
