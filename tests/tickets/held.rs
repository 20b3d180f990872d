//! Held mail: what an officer's word changes, and what it does not.

use crate::asking::{Site, assert_refused};
use crate::submitted::Admitted;
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::keyserver::{
    AdmitInbound, Form, GatewayRequest, HeldObject, InboundAnswer, InboundTicket, OpenHeld,
    ReleaseForReview, Reviewed, VerdictBody,
};
use ssmax_chain::binding::held_ukm;
use ssmax_chain::{Digest, HopId, HopRecord, Reason};
use ssmax_cms::Limits;
use ssmax_cms::enveloped::{
    ContentCipher, KeyName, RecipientInfo, UnwrapPolicy, recipient_info_for_key,
};
use ssmax_cms::signed::SignedData;
use ssmax_inspection::Outcome;
use ssmax_pki::key_identifier;
use ssmax_primitives::{ContentKey, SoftwareKey, SystemRandom};
use ssmax_store::sqlx::{self, SqlitePool};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use time::{Duration, OffsetDateTime};

pub(crate) async fn run(site: &Site) {
    the_hold_key_opens_what_was_made_for_it_under_its_name(site).await;
    only_own_people_review_and_only_what_was_stopped(site).await;
    a_mail_passes_with_findings_only_by_an_officers_word_before_its_keys_are_out(site).await;
    a_mail_that_was_stopped_in_time_is_admitted_after_ten_days(site).await;
}

pub(crate) async fn held(site: &Site, id: &str, key: &ContentKey) -> HeldObject {
    let spki: ByteBuf = site.gateway(&GatewayRequest::HoldKey).await.unwrap();
    let tail = Digest::of(b"tail");
    let ukm = held_ukm(id, &tail);
    let recipient = recipient_info_for_key(&spki, &key_identifier(&spki), key, Some(&ukm)).unwrap();
    HeldObject { id: id.to_owned(), tail, recipient }
}

async fn the_hold_key_opens_what_was_made_for_it_under_its_name(site: &Site) {
    let key = ContentKey::random(&SystemRandom, 32);
    let good = held(site, "one", &key).await;
    let own = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let open = |held: HeldObject| {
        let to = own.spki().to_vec();
        GatewayRequest::OpenHeld(Box::new(OpenHeld { held, officer: "hanako".to_owned(), to }))
    };
    let info: ByteBuf = site.gateway(&open(good.clone())).await.unwrap();
    let info = RecipientInfo::parse(&info).unwrap();
    let id = key_identifier(own.spki());
    let policy = UnwrapPolicy { allow_pkcs1: false };
    let cipher = ContentCipher::Aes256Gcm;
    let opened = info.unwrap(KeyName::KeyId(&id), &own, &policy, cipher.key_len()).unwrap();
    assert_eq!(opened.as_bytes(), key.as_bytes());

    for other in [
        HeldObject { id: "two".to_owned(), ..good.clone() },
        HeldObject { tail: Digest::of(b"other"), ..good.clone() },
    ] {
        assert_refused(site.gateway::<ByteBuf>(&open(other)).await, Problem::NotAllowed);
    }
    // What is for another of our keys is not for this one.
    let submission = site.relay.spki();
    let ukm = held_ukm("one", &good.tail);
    let recipient =
        recipient_info_for_key(submission, &key_identifier(submission), &key, Some(&ukm)).unwrap();
    let foreign = HeldObject { recipient, ..good };
    assert_refused(site.gateway::<ByteBuf>(&open(foreign)).await, Problem::NotFound);
}

pub(crate) fn review(what: Reviewed, certificate: &ssmax_pki::Certificate) -> GatewayRequest {
    GatewayRequest::ReleaseForReview(Box::new(ReleaseForReview {
        what,
        officer: "hanako".to_owned(),
        certificate: certificate.der().to_vec(),
    }))
}

async fn only_own_people_review_and_only_what_was_stopped(site: &Site) {
    let federation = &site.federation;
    let object = held(site, "one", &ContentKey::random(&SystemRandom, 32)).await;
    let alice = &federation.alice.encryption.1;
    let shown: Result<ByteBuf, _> =
        site.gateway(&review(Reviewed::Held(object.clone()), alice)).await;
    assert!(shown.is_ok());
    // Nobody of another member, and of the own people nobody who is not named.
    let strangers = [
        &federation.bob.encryption.1,
        &federation.alice.signing.1,
        &site.relay,
        &federation.carol.encryption.1,
    ];
    for stranger in strangers {
        let asked = review(Reviewed::Held(object.clone()), stranger);
        assert_refused(site.gateway::<ByteBuf>(&asked).await, Problem::NotAllowed);
    }
    // Mail that no inspection has stopped is nobody's to look at.
    let part = |mail: &Admitted| Reviewed::Part(mail.ticket.clone());
    let (request, mail) = site.by_erin(|_| {});
    let again = async || {
        let request = GatewayRequest::ReadmitInbound(Box::new(request.clone()));
        let InboundTicket { ticket, .. } = site.gateway(&request).await.unwrap();
        Admitted {
            ticket,
            parts: mail.parts.clone(),
            entity: mail.entity,
            signer: mail.signer.clone(),
        }
    };
    // What a gateway had stopped by what it told the worker is not stopped by an inspection.
    let whole = again().await;
    let worker = site.release(&whole).await;
    let found = VerdictBody { outcome: Outcome::Block, ..worker.finding(&whole) };
    let unopened = VerdictBody { parts: vec![], entity: None, signer: None, ..found.clone() };
    let unsigned = VerdictBody { signer: None, ..found.clone() };
    let other = VerdictBody { entity: Some(Digest::of(b"other")), ..found };
    assert_eq!(site.judge(&worker, &unopened).await, Ok(()));
    for changed in [unsigned, other] {
        let mail = again().await;
        let worker = site.release(&mail).await;
        let verdict = VerdictBody {
            ticket: mail.ticket.clone(),
            parts: worker.finding(&mail).parts,
            ..changed
        };
        assert_eq!(site.judge(&worker, &verdict).await, Ok(()));
    }
    let first = again().await;
    let answer = site.gateway::<ByteBuf>(&review(part(&first), alice)).await;
    assert_refused(answer, Problem::NotAllowed);
    let worker = site.release(&first).await;
    let blocked = VerdictBody { outcome: Outcome::Block, ..worker.finding(&first) };
    assert_eq!(site.judge(&worker, &blocked).await, Ok(()));
    // The ticket whose keys a worker has is for that worker; one opened anew is not.
    let answer = site.gateway::<ByteBuf>(&review(part(&first), alice)).await;
    assert_refused(answer, Problem::NotAllowed);
    let second = again().await;
    let shown: Result<ByteBuf, _> = site.gateway(&review(part(&second), alice)).await;
    assert!(shown.is_ok(), "{shown:?}");
    let stranger = &federation.bob.encryption.1;
    let answer = site.gateway::<ByteBuf>(&review(part(&second), stranger)).await;
    assert_refused(answer, Problem::NotAllowed);
}

async fn tolerate(
    site: &Site,
    mail: &Admitted,
    officer: &str,
    reason: &str,
    outcome: Outcome,
) -> Result<(), Problem> {
    let (ticket, officer, reason) = (mail.ticket.clone(), officer.to_owned(), reason.to_owned());
    site.gateway(&GatewayRequest::Tolerate { ticket, officer, reason, outcome }).await
}

async fn a_mail_passes_with_findings_only_by_an_officers_word_before_its_keys_are_out(site: &Site) {
    let bob = &site.federation.bob.address;
    for (tolerated, found, passes) in [
        (Outcome::Hold, Outcome::Hold, true),
        (Outcome::Hold, Outcome::Block, false),
        (Outcome::Block, Outcome::Block, true),
    ] {
        let mail = site.submit(Form::Enveloped, &[bob]).await;
        assert_eq!(tolerate(site, &mail, "", "seen", tolerated).await, Err(Problem::NotAllowed));
        assert_eq!(tolerate(site, &mail, "hanako", "seen", tolerated).await, Ok(()));
        let worker = site.release(&mail).await;
        // What it is about is checked as with a pass.
        let nobody = VerdictBody { outcome: found, signer: None, ..worker.finding(&mail) };
        if passes {
            let reason = Reason::InnerSignerNotFrom;
            assert_eq!(site.judge(&worker, &nobody).await, Err(Problem::Refused(reason)));
        }
        let verdict = VerdictBody { outcome: found, ..worker.finding(&mail) };
        assert_eq!(site.judge(&worker, &verdict).await, Ok(()));
        let copy = site.rewrap(&mail.ticket, &site.b().id, &[bob], mail.tail()).await;
        assert_eq!(copy.is_ok(), passes, "{copy:?}");
    }
    let mail = site.submit(Form::Enveloped, &[bob]).await;
    let unexplained = tolerate(site, &mail, "hanako", "", Outcome::Block).await;
    assert_eq!(unexplained, Err(Problem::NotAllowed));
    site.release(&mail).await;
    let late = tolerate(site, &mail, "hanako", "seen", Outcome::Hold).await;
    assert_eq!(late, Err(Problem::NotAllowed));
}

async fn a_mail_that_was_stopped_in_time_is_admitted_after_ten_days(site: &Site) {
    let sent = OffsetDateTime::now_utc() - Duration::days(10);
    let path = site.a().keyserver.dir().join("keyserver.sqlite");
    let pool = SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    let stopped = async |id: HopId, days_ago: i64| {
        let at = OffsetDateTime::now_utc() - Duration::days(days_ago);
        sqlx::query("INSERT INTO stopped_hop (from_org, hop, first_seen) VALUES (?, ?, ?)")
            .bind(&site.federation.c.id)
            .bind(id.to_string())
            .bind(at.unix_timestamp())
            .execute(&pool)
            .await
            .unwrap();
    };
    for (stopped_days_ago, admitted) in [(None, false), (Some(9), true), (Some(2), false)] {
        let (request, _) = site.by_erin(move |record| record.at = sent);
        let hop = hop_of(&request);
        if let Some(days) = stopped_days_ago {
            stopped(hop, days).await;
        }
        let refused = Err(Problem::Refused(Reason::HopTimeOutside));
        let first = GatewayRequest::AdmitInbound(Box::new(request.clone()));
        let answer: Result<InboundAnswer, _> = site.gateway(&first).await;
        assert_eq!(answer.map(drop), refused, "a mail that arrives is as old as it is");
        let again = GatewayRequest::ReadmitInbound(Box::new(request));
        let answer: Result<InboundTicket, _> = site.gateway(&again).await;
        assert_eq!(answer.map(drop), if admitted { Ok(()) } else { refused });
    }
    pool.close().await;
}

/// The name of the hop, out of its record.
fn hop_of(request: &AdmitInbound) -> HopId {
    let signed = SignedData::parse(&request.signed_data, &Limits::default()).unwrap();
    let json = signed.signers()[0]
        .signed_attribute(ssmax_pki::oid::HOP_RECORD)
        .unwrap()
        .and_then(ssmax_cms::signed::utf8_value)
        .unwrap();
    HopRecord::parse(&json).unwrap().id
}
