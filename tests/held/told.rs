//! What people are told of held mail, and what becomes of it when nobody decides.

use crate::{HELD, MALLORY, mailbox, run_dir};
use ssmax_api::ca::{self, AccountKind, AddUser, NewUser};
use ssmax_api::gateway::{HeldMail, HeldState, OfficerRequest};
use ssmax_smime::decrypt::decrypt;
use ssmax_store::sqlx::{self, SqlitePool};
use ssmax_support::federation::Federation;
use ssmax_support::mails::{locked_zip, mail, parsed};
use ssmax_support::person::Person;
use ssmax_support::stage::submit;
use ssmax_support::{officer, person, smtp};
use std::time::{Duration, Instant};

/// How long a notice may take, on a busy machine.
const NOTICE: Duration = Duration::from_secs(30);

pub(crate) async fn run(federation: &Federation) {
    the_recipient_is_told_and_not_who_the_sender_claims_to_be(federation).await;
    the_sender_is_told_in_both_languages(federation).await;
    what_nobody_decides_about_expires_with_notice(federation).await;
    with_a_role_for_reports_a_notice_is_signed_and_for_its_reader_alone(federation).await;
}

/// The text of the newest notice that names this held mail.
async fn notice(federation: &Federation, person: &Person, id: &str, word: &str) -> String {
    let start = Instant::now();
    loop {
        for octets in mailbox(&federation.a, person) {
            let mail = parsed(&octets);
            let text =
                String::from_utf8_lossy(&mail.decoded_body().unwrap_or_default()).into_owned();
            if text.contains(id) && text.contains(word) {
                let header = String::from_utf8_lossy(&octets).into_owned();
                assert!(header.contains("Auto-Submitted: auto-generated\r\n"), "{header}");
                assert!(!text.contains("Offer"), "{text}");
                return text;
            }
        }
        assert!(start.elapsed() < NOTICE, "no notice of {id}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn the_recipient_is_told_and_not_who_the_sender_claims_to_be(federation: &Federation) {
    let Federation { a, carol, .. } = federation;
    let mail = mail(MALLORY, &carol.address, &locked_zip());
    let reply = smtp::send(a.inbound, None, MALLORY, &carol.address, &mail.octets).await;
    assert_eq!(reply, HELD);
    let held = officer::find(&run_dir(a), &mail.message_id).await;
    let text = notice(federation, carol, &held.id, "is kept for review").await;
    assert!(text.contains("保留しています") && !text.contains(MALLORY), "{text}");
}

async fn the_sender_is_told_in_both_languages(federation: &Federation) {
    let Federation { a, alice, bob, carol, .. } = federation;
    let mail = mail(&carol.address, &bob.address, &locked_zip()).signed_by(carol);
    assert_eq!(submit(a, carol, &bob.address, &mail).await, HELD);
    let held = officer::find(&run_dir(a), &mail.message_id).await;
    let text = notice(federation, carol, &held.id, "has not left yet").await;
    assert!(text.contains("まだ送信されていません") && text.contains(&bob.address), "{text}");
    assert!(mailbox(a, alice).iter().all(|mail| !String::from_utf8_lossy(mail).contains(&held.id)));
}

async fn what_nobody_decides_about_expires_with_notice(federation: &Federation) {
    let Federation { a, carol, .. } = federation;
    let dir = run_dir(a);
    let path = a.state_dir().join("gateway/hold.sqlite");
    let pool = SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    let send = async || {
        let mail = mail(MALLORY, &carol.address, &locked_zip());
        smtp::send(a.inbound, None, MALLORY, &carol.address, &mail.octets).await;
        officer::find(&dir, &mail.message_id).await
    };
    let expire = async |id: &str, seconds: i64| {
        sqlx::query("UPDATE held SET expires = unixepoch() + ? WHERE id = ?")
            .bind(seconds)
            .bind(id)
            .execute(&pool)
            .await
            .unwrap();
    };
    let held = send().await;
    expire(&held.id, 3600).await;
    // Whatever is put in makes the gateway look through its store.
    send().await;
    notice(federation, carol, &held.id, "will be deleted soon").await;
    expire(&held.id, -1).await;
    send().await;
    let start = Instant::now();
    let last = async || {
        let fates = ssmax_gateway::fates_of(a.gateway.place(), &held.message_id).await.unwrap();
        fates.last().unwrap().fate.clone()
    };
    while last().await != "expired" {
        assert!(start.elapsed() < NOTICE, "{held:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let ended: HeldMail =
        officer::ask(&dir, OfficerRequest::Show { id: held.id.clone() }).await.unwrap();
    assert_eq!(ended.state, HeldState::Expired);
    assert!(!a.state_dir().join("gateway/held").join(&held.id).exists());
    pool.close().await;
}

async fn with_a_role_for_reports_a_notice_is_signed_and_for_its_reader_alone(
    federation: &Federation,
) {
    let Federation { a, carol, .. } = federation;
    let role = AddUser {
        user: "reports".to_owned(),
        kind: AccountKind::System,
        name: "Mail system".to_owned(),
        addresses: vec!["mailer-daemon@a.example".to_owned()],
        proof: "organisation".to_owned(),
        server_key: true,
        ..AddUser::default()
    };
    let _: NewUser = person::officer(a, &ca::OfficerRequest::AddUser(Box::new(role))).await;
    let mail = mail(MALLORY, &carol.address, &locked_zip());
    smtp::send(a.inbound, None, MALLORY, &carol.address, &mail.octets).await;
    let held = officer::find(&run_dir(a), &mail.message_id).await;
    let (key, certificate) = &carol.encryption;
    let start = Instant::now();
    let notice = loop {
        let opened = mailbox(a, carol).into_iter().find_map(|octets| {
            assert!(!String::from_utf8_lossy(&octets).contains(&held.id), "it came in clear");
            let content = decrypt(&octets, key, Some(certificate)).ok()?.to_vec();
            let signed = parsed(&content);
            let entity = signed.children().first()?.decoded_body().ok()?;
            let text = String::from_utf8_lossy(&entity).into_owned();
            text.contains(&held.id).then(|| (octets, content.clone(), text))
        });
        if let Some(found) = opened {
            break found;
        }
        assert!(start.elapsed() < NOTICE, "no notice of {}", held.id);
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let (delivered, content, text) = notice;
    assert!(text.contains("is kept for review") && text.contains("保留しています"), "{text}");
    assert!(parsed(&content).content_type().is("multipart", "signed"));
    let from = parsed(&delivered).header().one("From").unwrap().map(|field| field.unfolded());
    assert!(from.unwrap_or_default().contains("mailer-daemon@a.example"));
}
