//! Mail to somebody outside the federation, by each setting of `[gateway] outside`.

use crate::{HELD, MALLORY, run_dir};
use ssmax_api::gateway::HeldState;
use ssmax_chain::Reason;
use ssmax_gateway::Outside;
use ssmax_pki::{Certificate, issue, lint, profile};
use ssmax_primitives::SoftwareKey;
use ssmax_store::files;
use ssmax_support::federation::Federation;
use ssmax_support::forgery::{basis, generate};
use ssmax_support::mails::{Mail, mail, my_number, parsed, text};
use ssmax_support::member::Role;
use ssmax_support::officer;
use ssmax_support::person::look_up;
use ssmax_support::published::told;
use ssmax_support::smtp;
use ssmax_support::stage::submit;
use ssmax_support::stated::stated;

pub(crate) async fn run(federation: &mut Federation) {
    in_clear_a_mail_leaves_as_its_mailer_made_it(federation).await;
    encrypted_it_leaves_for_a_certificate_that_is_known(federation).await;
    held_it_leaves_when_an_officer_releases_it(federation).await;
    held_it_leaves_by_the_statement_that_it_came_with(federation).await;
}

async fn set(federation: &mut Federation, outside: Outside) {
    federation.a.gateway.gateway.outside = outside;
    federation.a.stop(Role::Gateway).await;
    federation.a.start(Role::Gateway).await;
    federation.wait_for_list(federation.c.admission.list_version).await;
}

/// What somebody outside has got of a mail.
fn arrived(federation: &Federation, address: &str, mail: &Mail) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(federation.a.maildir(address)) else { return vec![] };
    entries
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .filter(|octets| String::from_utf8_lossy(octets).contains(&mail.message_id))
        .collect()
}

async fn in_clear_a_mail_leaves_as_its_mailer_made_it(federation: &mut Federation) {
    set(federation, Outside::Clear).await;
    let Federation { a, alice, .. } = &*federation;
    let mut signed = mail(&alice.address, MALLORY, &text()).signed_by(alice);
    signed.octets.splice(0..0, *b"Bcc: hidden@x.example\r\nSSMAX-Result: forged\r\n");
    let reply = submit(a, alice, MALLORY, &signed).await;
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
    let [left] = <[_; 1]>::try_from(arrived(federation, MALLORY, &signed)).unwrap();
    let (sent, got) = (parsed(&signed.octets), parsed(&left));
    assert_eq!(got.body(), sent.body(), "octet for octet");
    for name in ["Bcc", "SSMAX-Result"] {
        assert_eq!(got.header().all(name).count(), 0, "{name}");
    }
    assert!(ssmax_smime::content::signed_content(&got).is_ok());
    // It is inspected like any other.
    let leak = mail(&alice.address, MALLORY, &my_number()).signed_by(alice);
    assert_eq!(submit(a, alice, MALLORY, &leak).await, told(Reason::LeakFound));
    let relay = look_up(a, MALLORY).await;
    let closed = mail(&alice.address, MALLORY, &text()).signed_by(alice).encrypted_for(&relay);
    assert_eq!(submit(a, alice, MALLORY, &closed).await, told(Reason::EncryptedForOutside));
    assert!(arrived(federation, MALLORY, &closed).is_empty());
}

/// A certificate of somebody outside, which an administrator puts into the folder.
fn certify(federation: &Federation, address: &str, days: i64) -> (SoftwareKey, Certificate) {
    let (ca_key, key) = (generate(), generate());
    let ca = profile::root(basis(&ca_key, 3000), "Elsewhere", "Elsewhere CA");
    let ca = issue::self_signed(lint::lint(ca).unwrap(), &ca_key).unwrap();
    let leaf = profile::relay_encryption(basis(&key, days), address, address);
    let leaf = issue::issue(lint::lint(leaf).unwrap(), &ca, &ca_key).unwrap();
    let folder = federation.a.home.join("outside");
    std::fs::create_dir_all(&folder).unwrap();
    files::write_private(&folder.join(format!("{address}.pem")), leaf.to_pem().as_bytes()).unwrap();
    // What does not end like a certificate stands in nobody's way.
    files::write_private(&folder.join("notes.txt"), b"no certificate").unwrap();
    (key, leaf)
}

async fn encrypted_it_leaves_for_a_certificate_that_is_known(federation: &mut Federation) {
    set(federation, Outside::EncryptIfKnown).await;
    let (key, certificate) = certify(federation, "known@x.example", 300);
    let Federation { a, alice, .. } = &*federation;
    let relay = look_up(a, "known@x.example").await;
    let clear = mail(&alice.address, "known@x.example", &text()).signed_by(alice);
    let closed = mail(&alice.address, "known@x.example", &text()).signed_by(alice);
    let closed = closed.encrypted_for(&relay);
    for mail in [&clear, &closed] {
        let reply = submit(a, alice, "known@x.example", mail).await;
        assert!(reply.starts_with("250 2.0.0 "), "{reply}");
        let [left] = <[_; 1]>::try_from(arrived(federation, "known@x.example", mail)).unwrap();
        let content = ssmax_smime::decrypt::decrypt(&left, &key, Some(&certificate)).unwrap();
        let content = parsed(&content);
        assert_eq!(content.children()[0].raw(), text());
        assert!(ssmax_smime::content::signed_content(&content).is_ok());
    }
    let unknown = mail(&alice.address, MALLORY, &text()).signed_by(alice);
    let reply = submit(a, alice, MALLORY, &unknown).await;
    assert_eq!(reply, told(Reason::OutsideCertificateUnknown));

    // A file that nobody can read might be MALLORY's: that mail waits, and no other.
    let bad = a.home.join("outside/bad.pem");
    files::write_private(&bad, b"no certificate").unwrap();
    let known = mail(&alice.address, "known@x.example", &text()).signed_by(alice);
    let reply = submit(a, alice, "known@x.example", &known).await;
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
    assert_eq!(arrived(federation, "known@x.example", &known).len(), 1);
    let unknown = mail(&alice.address, MALLORY, &text()).signed_by(alice);
    let reply = submit(a, alice, MALLORY, &unknown).await;
    assert_eq!(reply, told(Reason::OutsideCertificateUnreadable));
    std::fs::remove_file(&bad).unwrap();
    let reply = submit(a, alice, MALLORY, &unknown).await;
    assert_eq!(reply, told(Reason::OutsideCertificateUnknown));
}

async fn held_it_leaves_when_an_officer_releases_it(federation: &mut Federation) {
    set(federation, Outside::Hold).await;
    let Federation { a, alice, wanda, .. } = &*federation;
    let dir = run_dir(a);
    let signed = mail(&alice.address, MALLORY, &text()).signed_by(alice);
    assert_eq!(submit(a, alice, MALLORY, &signed).await, HELD);
    let held = officer::find(&dir, &signed.message_id).await;
    assert_eq!((held.reason, held.findings.len()), (Reason::RecipientOutside, 0));
    assert!(arrived(federation, MALLORY, &signed).is_empty());
    let released = officer::release(&dir, &held, wanda, None).await.unwrap();
    assert_eq!(released.state, HeldState::Released, "{released:?}");
    assert_eq!(arrived(federation, MALLORY, &signed).len(), 1);
    // What was encrypted for somebody unknown stays.
    let relay = look_up(a, MALLORY).await;
    let closed = mail(&alice.address, MALLORY, &text()).signed_by(alice).encrypted_for(&relay);
    assert_eq!(submit(a, alice, MALLORY, &closed).await, HELD);
    let held = officer::find(&dir, &closed.message_id).await;
    let refused = officer::release(&dir, &held, wanda, None).await.unwrap();
    assert_eq!(refused.state, HeldState::Held);
    assert_eq!(refused.fates[0].reason, Some(Reason::EncryptedForOutside));
    set(federation, Outside::Reject).await;
}

/// The word on its login is the milter's, which the gateway keeps with the mail: its own
/// would not be believed.
async fn held_it_leaves_by_the_statement_that_it_came_with(federation: &mut Federation) {
    set(federation, Outside::Hold).await;
    let a = &mut federation.a;
    a.stop(Role::Keyserver).await;
    a.keyserver.keyserver.gateway_logins = Some(false);
    a.start(Role::Keyserver).await;
    federation.wait_for_list(federation.c.admission.list_version).await;
    let Federation { a, alice, wanda, .. } = &*federation;
    let dir = run_dir(a);
    let plain = mail(&alice.address, MALLORY, &text()).signed_by(alice);
    assert_eq!(submit(a, alice, MALLORY, &plain).await, told(Reason::StatementInvalid));
    let octets = stated(a, "alice", &alice.address, &[MALLORY], &plain.octets);
    let at = a.at("submission_lmtp").await;
    let replies = smtp::hand_in(at, &alice.address, &[MALLORY], &octets).await;
    assert_eq!(replies, [HELD]);
    assert!(arrived(federation, MALLORY, &plain).is_empty());
    let held = officer::find(&dir, &plain.message_id).await;
    let released = officer::release(&dir, &held, wanda, None).await.unwrap();
    assert_eq!(released.state, HeldState::Released, "{released:?}");
    let [left] = <[_; 1]>::try_from(arrived(federation, MALLORY, &plain)).unwrap();
    assert!(!String::from_utf8_lossy(&left).contains("SSMAX-Statement"));
}
