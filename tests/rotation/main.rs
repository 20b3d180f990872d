//! Keys change while mail is on its way: real roles, real mails, none lost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

use std::time::Duration;

use ssmax_chain::hop_mail::{self, HopBody};
use ssmax_cms::Limits;
use ssmax_cms::enveloped::Enveloped;
use ssmax_cms::signed::SignedData;
use ssmax_federation::admission::Admission;
use ssmax_hsm::{KeyPurpose, KeyStore, UnlockSecret};
use ssmax_pki::Certificate;
use ssmax_pki::profile::{self, Organisation};
use ssmax_pki::{issue, lint};
use ssmax_support::federation::Federation;
use ssmax_support::forgery::{Forgery, Signer, generate};
use ssmax_support::mails::{Mail, mail, parsed, text};
use ssmax_support::member::{Member, Role};
use ssmax_support::person::look_up;
use ssmax_support::smtp;
use ssmax_support::stage::{delivered, submit};
use ssmax_token::KeyPair as _;
use time::OffsetDateTime;

/// New keys for a member, certified; the answer is not installed yet.
async fn rotate(federation: &Federation, member: &Member) -> Admission {
    let current = Certificate::from_pem(&member.admission.organisation_signing).unwrap();
    let now = OffsetDateTime::now_utc();
    let rotation = ssmax_keyserver::rotate(&member.keyserver, &current, now).unwrap();
    assert_eq!(rotation.made.len(), 7);
    ssmax_authority::renew(&federation.authority, &rotation.renewal, now).await.unwrap().admission
}

/// A mail by erin of C for alice of A, on its way: nobody touches it any more.
fn on_its_way(federation: &Federation, signer: Signer) -> Mail {
    let (alice, erin) = (&federation.alice, &federation.erin);
    let inner = mail(&erin.address, &alice.address, &text()).signed_by(erin);
    Forgery::new(signer, &federation.a, &alice.address, inner).compose()
}

async fn arrive(federation: &Federation, mail: &Mail) -> String {
    let (alice, erin) = (&federation.alice, &federation.erin);
    let at = federation.a.inbound;
    smtp::send(at, None, &erin.address, &alice.address, &mail.octets).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn mail_from_before_and_after_a_change_of_all_keys_is_opened() {
    let mut federation = Federation::start().await;
    let Federation { a, b, alice, bob, .. } = &federation;

    // Before: what bob's mailer has learnt, a mail of his that waits in its outbox, and
    // one of C that waits in a queue, for the federation key of that day.
    let old_relay = look_up(b, &alice.address).await;
    let waiting = mail(&bob.address, &alice.address, &text()).signed_by(bob);
    let waiting = waiting.encrypted_for(&old_relay);
    let queued = on_its_way(&federation, Signer::member(&federation.c));
    // Certificates tell seconds apart.
    tokio::time::sleep(Duration::from_millis(1_100)).await;

    let of_a = rotate(&federation, a).await;
    let of_b = rotate(&federation, b).await;
    let of_c = rotate(&federation, &federation.c).await;
    federation.wait_for_list(of_c.list_version).await;

    // C's signing key and A's federation key are the old ones of an overlap.
    assert!(arrive(&federation, &queued).await.starts_with("250 2.0.0 "));
    // The old submission key opens what bob's mailer made with it, and hop 2 is of the
    // new keys already, although neither member has installed its answer.
    let reply = submit(b, bob, &alice.address, &waiting).await;
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
    delivered(a, alice, &waiting);
    assert_hop_uses(&a.wire.newest(), &of_b, &of_a);

    // Mailers are given a newer certificate for the new submission key.
    let new_relay = look_up(b, &alice.address).await;
    assert_ne!(new_relay.spki(), old_relay.spki());
    assert!(new_relay.not_before() > old_relay.not_before());
    let fresh = mail(&bob.address, &alice.address, &text()).signed_by(bob);
    let fresh = fresh.encrypted_for(&new_relay);
    let reply = submit(b, bob, &alice.address, &fresh).await;
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
    delivered(a, alice, &fresh);

    // Installed and started again, the same.
    for (member, answer) in [(&mut federation.a, of_a), (&mut federation.b, of_b)] {
        install(member, answer).await;
        member.stop(Role::Keyserver).await;
        member.start(Role::Keyserver).await;
    }
    let Federation { a, b, alice, bob, .. } = &federation;
    for relay in [&old_relay, &new_relay] {
        let again = mail(&bob.address, &alice.address, &text()).signed_by(bob);
        let again = again.encrypted_for(relay);
        let reply = submit(b, bob, &alice.address, &again).await;
        assert!(reply.starts_with("250 2.0.0 "), "{reply}");
        delivered(a, alice, &again);
    }
    assert_hop_uses(&a.wire.newest(), &b.admission, &a.admission);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_mail_that_is_quicker_than_the_list_that_names_its_signer_is_put_off() {
    let federation = Federation::start().await;
    let (key, certificate) = certified_but_unlisted(&federation);
    let signer = Signer::certified(&federation.c, key, certificate);
    let (alice, erin) = (&federation.alice, &federation.erin);
    let inner = mail(&erin.address, &alice.address, &text()).signed_by(erin);
    let known = Forgery::new(signer.clone(), &federation.a, &alice.address, inner.clone());
    let reply = arrive(&federation, &known.compose()).await;
    assert!(reply.starts_with("550 5.7.1 SSMAX-2103"), "{reply}");
    let newer = Forgery::new(signer, &federation.a, &alice.address, inner);
    let newer = newer.record(|record| record.list += 1_000).compose();
    let reply = arrive(&federation, &newer).await;
    assert!(reply.starts_with("451 4.7.0 SSMAX-2112"), "{reply}");
}

/// Who signed, and for whose key, the certificates say.
fn assert_hop_uses(octets: &[u8], signed: &Admission, encrypted: &Admission) {
    let message = parsed(octets);
    let hop = hop_mail::take_apart(&message).unwrap();
    let signed_data = SignedData::parse(&hop.signed_data, &Limits::default()).unwrap();
    let signer = signed_data.signers()[0].certificate(signed_data.certificates()).unwrap();
    assert_eq!(signer.to_pem(), signed.organisation_signing);
    let HopBody::Whole(object) = &hop.mail else { panic!("in attachment mode") };
    let enveloped = Enveloped::parse(object, &Limits::default()).unwrap();
    let receiver = Certificate::from_pem(&encrypted.organisation_encryption[0]).unwrap();
    assert!(enveloped.recipients()[0].names(&receiver));
}

async fn install(member: &mut Member, answer: Admission) {
    ssmax_ca::install_admission(&member.ca, &answer).await.unwrap();
    let seal_ca = ssmax_ca::seal_ca(&member.ca).await.unwrap();
    let statement_key = ssmax_daemon::statement_key::initialise(&member.gateway.dir()).unwrap();
    ssmax_keyserver::install_admission(&member.keyserver, &answer, &seal_ca, &statement_key)
        .await
        .unwrap();
    member.admission = answer;
}

/// A certificate of C by the federation's own CA, as one is before the list is out.
fn certified_but_unlisted(federation: &Federation) -> (ssmax_primitives::SoftwareKey, Certificate) {
    let authority = &federation.authority;
    let unlock = UnlockSecret::from_file(&authority.unlock_file).unwrap();
    let keys = KeyStore::open(&authority.keys_dir(), &unlock).unwrap();
    let issuer = Certificate::from_pem(&federation.c.admission.issuing_ca).unwrap();
    let issuing = keys.key(KeyPurpose::IssuingCa, &ssmax_hsm::key_id(issuer.spki())).unwrap();
    let key = generate();
    let named = Organisation { name: "Organisation C", identifier: &federation.c.id };
    let now = OffsetDateTime::now_utc() - time::Duration::MINUTE;
    let validity = profile::Validity::days(now, 300);
    let serial = issue::random_serial(&ssmax_primitives::SystemRandom);
    let basis = profile::Basis::new(key.spki(), serial, validity);
    let draft = profile::organisation_signing(basis, &named, &["c.example"]);
    let linted = lint::lint(draft).unwrap();
    (key, issue::issue(linted, &issuer, issuing.as_ref()).unwrap())
}
