//! Held mail: what an officer's word changes, and what it does not.

use crate::asking::{Site, assert_refused};
use crate::submitted::Admitted;
use serde_bytes::ByteBuf;
use serde_json::json;
use ssmax_api::Problem;
use ssmax_api::keyserver::{
    AdmitInbound, CaRequest, Decided, Form, GatewayRequest, HeldObject, InboundAnswer,
    InboundTicket, OpenHeld, ReleaseForReview, Reviewed, UserRecord, VerdictBody,
};
use ssmax_api::person::PersonProblem;
use ssmax_chain::binding::held_ukm;
use ssmax_chain::held_decision::{HeldDecision, HeldDeed};
use ssmax_chain::{Digest, HopId, HopRecord, Reason};
use ssmax_cms::Limits;
use ssmax_cms::enveloped::{
    ContentCipher, KeyName, RecipientInfo, UnwrapPolicy, recipient_info_for_key,
};
use ssmax_cms::signed::SignedData;
use ssmax_inspection::Outcome;
use ssmax_pki::{Certificate, key_identifier};
use ssmax_primitives::{ContentKey, SoftwareKey, SystemRandom};
use ssmax_store::sqlx::{self, SqlitePool};
use ssmax_support::officer;
use ssmax_support::person::Person;
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use time::{Duration, OffsetDateTime};

pub(crate) async fn run(site: &Site) {
    only_an_officers_own_word_decides_and_once(site).await;
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

/// Has a decision of wanda's taken, who may decide here; gives its nonce.
pub(crate) async fn decided(
    site: &Site,
    mail: (&str, Digest),
    op: HeldDeed,
    shown_for: Option<&Certificate>,
) -> String {
    let decision = decision(site, mail, op, shown_for);
    let decided = decide(site, &decision, &site.federation.wanda).await.unwrap();
    assert_eq!(decided.officer, "wanda <wanda@a.example>");
    decision.nonce
}

fn decision(
    site: &Site,
    mail: (&str, Digest),
    op: HeldDeed,
    shown_for: Option<&Certificate>,
) -> HeldDecision {
    let certificate = shown_for.map(|one| Digest::of(one.der()));
    let decision = officer::decision(mail, &site.federation.wanda, op, "seen");
    HeldDecision { certificate, ..decision }
}

async fn decide(site: &Site, decision: &HeldDecision, by: &Person) -> Result<Decided, Problem> {
    let signed = officer::signed(decision, by);
    site.gateway(&GatewayRequest::Decide(Box::new(signed))).await
}

async fn only_an_officers_own_word_decides_and_once(site: &Site) {
    let federation = &site.federation;
    let (wanda, carol) = (&federation.wanda, &federation.carol);
    let mail = ("one", Digest::of(b"mail"));
    let good = decision(site, mail, HeldDeed::HoldRelease, None);
    let believed = |problem| Problem::NotBelieved(problem);
    let now = OffsetDateTime::now_utc();
    for (changed, by, problem) in [
        // By another person, by nobody who decides, by somebody of another member.
        (good.clone(), carol, PersonProblem::NotSigned),
        (
            HeldDecision { officer: carol.address.clone(), ..good.clone() },
            carol,
            PersonProblem::NotAnOfficer,
        ),
        (
            HeldDecision { officer: federation.bob.address.clone(), ..good.clone() },
            &federation.bob,
            PersonProblem::NotSigned,
        ),
        (
            HeldDecision { at: now - Duration::minutes(11), ..good.clone() },
            wanda,
            PersonProblem::TimeOutside,
        ),
        (
            HeldDecision { at: now + Duration::minutes(11), ..good.clone() },
            wanda,
            PersonProblem::TimeOutside,
        ),
        (
            HeldDecision { op: HeldDeed::HoldOverride, reason: String::new(), ..good.clone() },
            wanda,
            PersonProblem::Malformed,
        ),
    ] {
        assert_refused(decide(site, &changed, by).await, believed(problem));
        let row = site.newest_row("decide").await;
        let claimed = site.in_rows(&[changed.officer.as_str()]);
        // What cannot be read names nobody.
        let named = if problem == PersonProblem::Malformed { json!(null) } else { json!(claimed) };
        assert_eq!((&row["who"], row["result"] == "ok"), (&named, false));
    }
    // Changed after it was signed.
    let mut signed = officer::signed(&good, wanda);
    signed.json = signed.json.replacen("\"held\":\"one\"", "\"held\":\"two\"", 1);
    let changed = GatewayRequest::Decide(Box::new(signed));
    assert_refused(site.gateway::<Decided>(&changed).await, believed(PersonProblem::NotSigned));
    // None of that has used it up.
    assert!(decide(site, &good, wanda).await.is_ok());
    let row = site.newest_row("decide").await;
    assert_eq!(row["who"], json!(site.in_rows(&["wanda"])), "the person, not what they wrote");
    assert_eq!((&row["about"], &row["result"]), (&"hold-release one".into(), &"ok".into()));
    assert_refused(decide(site, &good, wanda).await, believed(PersonProblem::Replayed));
}

async fn the_hold_key_opens_what_was_made_for_it_under_its_name(site: &Site) {
    let key = ContentKey::random(&SystemRandom, 32);
    let good = held(site, "one", &key).await;
    let mail = ("one", Digest::of(b"mail"));
    let decision = decided(site, mail, HeldDeed::HoldRelease, None).await;
    let own = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let open_by = |decision: &str, held: HeldObject| {
        let (to, decision) = (own.spki().to_vec(), decision.to_owned());
        GatewayRequest::OpenHeld(Box::new(OpenHeld { held, decision, to }))
    };
    let open = async |held: HeldObject| {
        let decision = decided(site, mail, HeldDeed::HoldRelease, None).await;
        site.gateway::<ByteBuf>(&open_by(&decision, held)).await
    };
    let asked = open_by(&decision, good.clone());
    an_officer_whose_card_has_ended_decides_nothing_more(site, &asked).await;
    let info: ByteBuf = site.gateway(&asked).await.unwrap();
    let row = site.newest_row("open-held").await;
    assert_eq!(row["who"], json!(site.in_rows(&["wanda"])));
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
        assert_refused(open(other).await, Problem::NotAllowed);
    }
    // One decision opens it once.
    assert!(open(good.clone()).await.is_ok());
    assert_refused(site.gateway::<ByteBuf>(&asked).await, Problem::NotAllowed);
    // Without a decision, with one about another mail, and to delete, nothing is opened.
    let of_another = decided(site, ("two", mail.1), HeldDeed::HoldRelease, None).await;
    let deleted = decided(site, mail, HeldDeed::HoldDelete, None).await;
    for decision in ["", "00112233445566778899aabbccddeeff", &of_another, &deleted] {
        let asked = open_by(decision, good.clone());
        assert_refused(site.gateway::<ByteBuf>(&asked).await, Problem::NotAllowed);
    }
    // What is for another of our keys is not for this one.
    let submission = site.relay.spki();
    let ukm = held_ukm("one", &good.tail);
    let recipient =
        recipient_info_for_key(submission, &key_identifier(submission), &key, Some(&ukm)).unwrap();
    let foreign = HeldObject { recipient, ..good };
    assert_refused(open(foreign).await, Problem::NotFound);
}

/// What was decided while the certificate was good is not carried out when it is not.
async fn an_officer_whose_card_has_ended_decides_nothing_more(site: &Site, asked: &GatewayRequest) {
    let person = CaRequest::Person { user: "wanda".to_owned() };
    let wanda: Option<UserRecord> = site.ca(&person).await.unwrap();
    let wanda = wanda.unwrap();
    let install = async |record: UserRecord| {
        site.ca::<()>(&CaRequest::InstallUser(Box::new(record))).await.unwrap();
    };
    install(UserRecord { signing: vec![], ..wanda.clone() }).await;
    assert_refused(site.gateway::<ByteBuf>(asked).await, Problem::NotAllowed);
    install(wanda).await;
}

/// Asks for a held mail's key for a certificate, after wanda's decision about this mail.
pub(crate) async fn review(
    site: &Site,
    what: Reviewed,
    mail: (&str, Digest),
    certificate: &Certificate,
) -> Result<ByteBuf, Problem> {
    let decision = decided(site, mail, HeldDeed::HoldShow, Some(certificate)).await;
    review_by(site, what, &decision, certificate).await
}

async fn review_by(
    site: &Site,
    what: Reviewed,
    decision: &str,
    certificate: &Certificate,
) -> Result<ByteBuf, Problem> {
    let (decision, certificate) = (decision.to_owned(), certificate.der().to_vec());
    let request = ReleaseForReview { what, decision, certificate };
    site.gateway(&GatewayRequest::ReleaseForReview(Box::new(request))).await
}

async fn only_own_people_review_and_only_what_was_stopped(site: &Site) {
    let federation = &site.federation;
    let object = held(site, "one", &ContentKey::random(&SystemRandom, 32)).await;
    let one = ("one", Digest::of(b"mail"));
    let alice = &federation.alice.encryption.1;
    let what = || Reviewed::Held(object.clone());
    assert!(review(site, what(), one, alice).await.is_ok());
    // Nobody of another member, and of the own people nobody who is not named.
    let strangers = [
        &federation.bob.encryption.1,
        &federation.alice.signing.1,
        &site.relay,
        &federation.carol.encryption.1,
    ];
    for stranger in strangers {
        assert_refused(review(site, what(), one, stranger).await, Problem::NotAllowed);
    }
    // Decided for another certificate, about another mail, or something else.
    let others = [
        decided(site, one, HeldDeed::HoldShow, Some(&federation.carol.encryption.1)).await,
        decided(site, ("two", one.1), HeldDeed::HoldShow, Some(alice)).await,
        decided(site, one, HeldDeed::HoldRelease, None).await,
    ];
    for decision in others {
        let answer = review_by(site, what(), &decision, alice).await;
        assert_refused(answer, Problem::NotAllowed);
    }
    // Mail that no inspection has stopped is nobody's to look at.
    let part = |mail: &Admitted| Reviewed::Part(mail.ticket.clone());
    let (request, mail) = site.by_erin(|_| {});
    let two = ("two", mail.digest);
    let readmit = async |decision: Option<String>| {
        let request = AdmitInbound { decision, ..request.clone() };
        site.gateway::<InboundTicket>(&GatewayRequest::ReadmitInbound(Box::new(request))).await
    };
    let again = async || {
        let decision = decided(site, two, HeldDeed::HoldRelease, None).await;
        let InboundTicket { ticket, .. } = readmit(Some(decision)).await.unwrap();
        Admitted {
            ticket,
            parts: mail.parts.clone(),
            entity: mail.entity,
            signer: mail.signer.clone(),
            digest: mail.digest,
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
    let answer = review(site, part(&first), two, alice).await;
    assert_refused(answer, Problem::NotAllowed);
    let worker = site.release(&first).await;
    let blocked = VerdictBody { outcome: Outcome::Block, ..worker.finding(&first) };
    assert_eq!(site.judge(&worker, &blocked).await, Ok(()));
    // The ticket whose keys a worker has is for that worker; one opened anew is not.
    let answer = review(site, part(&first), two, alice).await;
    assert_refused(answer, Problem::NotAllowed);
    // No mail is admitted anew but by a decision about it, once.
    let of_other = decided(site, one, HeldDeed::HoldRelease, None).await;
    let deleted = decided(site, two, HeldDeed::HoldDelete, None).await;
    for decision in [None, Some(of_other), Some(deleted)] {
        assert_eq!(readmit(decision).await.map(drop), Err(Problem::NotAllowed));
    }
    // What is decided to be shown is shown, and nothing else is done with it.
    let look = decided(site, two, HeldDeed::HoldShow, Some(alice)).await;
    let InboundTicket { ticket, .. } = readmit(Some(look.clone())).await.unwrap();
    assert_eq!(readmit(Some(look.clone())).await.map(drop), Err(Problem::NotAllowed));
    site.assert_not_released(&ticket).await;
    let release = decided(site, two, HeldDeed::HoldRelease, None).await;
    let looked_at = Admitted { ticket: ticket.clone(), ..again().await };
    assert_eq!(tolerate_as(site, "two", &looked_at, &release).await, Err(Problem::NotAllowed));
    let part_looked_at = || Reviewed::Part(ticket.clone());
    assert!(review_by(site, part_looked_at(), &look, alice).await.is_ok());
    let answer = review_by(site, part_looked_at(), &look, alice).await;
    assert_refused(answer, Problem::NotAllowed);
    let second = again().await;
    let shown = review(site, part(&second), two, alice).await;
    assert!(shown.is_ok(), "{shown:?}");
    // Decided about another mail.
    let answer = review(site, part(&second), one, alice).await;
    assert_refused(answer, Problem::NotAllowed);
    let stranger = &federation.bob.encryption.1;
    let answer = review(site, part(&second), two, stranger).await;
    assert_refused(answer, Problem::NotAllowed);
}

async fn tolerate(site: &Site, mail: &Admitted, decision: &str) -> Result<(), Problem> {
    tolerate_as(site, "one", mail, decision).await
}

async fn tolerate_as(
    site: &Site,
    held: &str,
    mail: &Admitted,
    decision: &str,
) -> Result<(), Problem> {
    let (ticket, decision) = (mail.ticket.clone(), decision.to_owned());
    site.gateway(&GatewayRequest::Tolerate { ticket, held: held.to_owned(), decision }).await
}

async fn a_mail_passes_with_findings_only_by_an_officers_word_before_its_keys_are_out(site: &Site) {
    let bob = &site.federation.bob.address;
    let refused = Err(Problem::NotAllowed);
    for (op, found, passes) in [
        (HeldDeed::HoldRelease, Outcome::Hold, true),
        (HeldDeed::HoldRelease, Outcome::Block, false),
        (HeldDeed::HoldOverride, Outcome::Block, true),
    ] {
        let mail = site.submit(Form::Enveloped, &[bob]).await;
        let other = site.submit(Form::Enveloped, &[bob]).await;
        // Nobody's word, and one about another mail, even under the same name.
        let nobodys = "00112233445566778899aabbccddeeff";
        assert_eq!(tolerate(site, &mail, nobodys).await, refused);
        let decision = decided(site, ("one", mail.digest), op, None).await;
        assert_eq!(tolerate(site, &other, &decision).await, refused);
        assert_eq!(tolerate_as(site, "two", &mail, &decision).await, refused);
        assert_eq!(tolerate(site, &mail, &decision).await, Ok(()));
        assert_eq!(tolerate(site, &mail, &decision).await, refused, "once");
        let row = site.newest_row("tolerate").await;
        assert_eq!(row["who"], json!(site.in_rows(&["wanda"])));
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
    // Nobody releases a mail of their own.
    for op in [HeldDeed::HoldRelease, HeldDeed::HoldOverride] {
        let mail = site.submit(Form::Enveloped, &[bob]).await;
        let alice = &site.federation.alice;
        let decision = officer::decision(("one", mail.digest), alice, op, "seen");
        decide(site, &decision, alice).await.unwrap();
        let concerned = Err(Problem::NotBelieved(PersonProblem::OfficerConcerned));
        assert_eq!(tolerate(site, &mail, &decision.nonce).await, concerned);
        let worker = site.release(&mail).await;
        let verdict = VerdictBody { outcome: Outcome::Hold, ..worker.finding(&mail) };
        assert_eq!(site.judge(&worker, &verdict).await, Ok(()));
        let copy = site.rewrap(&mail.ticket, &site.b().id, &[bob], mail.tail()).await;
        assert!(copy.is_err());
    }
    // To look at a mail, or to give it up, is not to release it.
    let mail = site.submit(Form::Enveloped, &[bob]).await;
    let named = ("one", mail.digest);
    let certificate = &site.federation.alice.encryption.1;
    let shown = decided(site, named, HeldDeed::HoldShow, Some(certificate)).await;
    let deleted = decided(site, named, HeldDeed::HoldDelete, None).await;
    for decision in [shown, deleted] {
        assert_eq!(tolerate(site, &mail, &decision).await, refused);
    }
    let decision = decided(site, named, HeldDeed::HoldRelease, None).await;
    site.release(&mail).await;
    assert_eq!(tolerate(site, &mail, &decision).await, refused);
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
        let mail = ("one", request.content);
        let decision = Some(decided(site, mail, HeldDeed::HoldRelease, None).await);
        let again = GatewayRequest::ReadmitInbound(Box::new(AdmitInbound { decision, ..request }));
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
