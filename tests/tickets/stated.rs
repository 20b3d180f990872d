//! Statements of the MTA's submission service: what its key may say, of which mail, how
//! often and for how long.

use crate::asking::{Site, assert_refused};
use crate::held::decided;
use ssmax_api::Problem;
use ssmax_api::keyserver::{
    AdmitOutbound, Form, GatewayRequest, OutboundTicket, Received, RecipientRoute,
};
use ssmax_chain::held_decision::HeldDeed;
use ssmax_chain::statement::{MAX_AGE, Statement, mail_digest};
use ssmax_chain::{Digest, Reason};
use ssmax_store::sqlx::{self, SqlitePool};
use ssmax_support::member::Role;
use ssmax_support::stated::milter_key;
use ssmax_token::SigningKey;
use time::{Duration, OffsetDateTime};

pub(crate) async fn run(site: &mut Site) {
    each_key_says_only_what_is_its_services_to_say(site).await;
    a_statement_is_about_one_mail(site).await;
    a_statement_serves_again_for_its_recipients_and_for_nobody_else(site).await;
    a_login_names_a_person_by_user_id_or_address(site).await;
    a_row_names_who_submitted_and_whom_the_mail_was_admitted_for(site).await;
    what_was_not_seen_is_not_signed(site).await;
    an_old_statement_serves_a_mail_that_came_in_time_by_an_officers_word(site).await;
    the_gateways_word_on_a_login_ends_with_a_milters_key(site).await;
}

const INVALID: Problem = Problem::Refused(Reason::StatementInvalid);
const FOREIGN: Problem = Problem::Refused(Reason::StatementOfAnotherMail);

const HEADERS: Digest = Digest([1; 32]);
const ENTITY: Digest = Digest([2; 32]);

fn statement() -> Statement {
    Statement {
        v: ssmax_chain::hop_record::RECORD_VERSION,
        user: "alice".to_owned(),
        aal: 2,
        method: "sasl-plain".to_owned(),
        from: "alice@a.example".to_owned(),
        mail_from: "alice@a.example".to_owned(),
        recipients: vec!["bob@b.example".to_owned(), "carol@a.example".to_owned()],
        body: mail_digest(&HEADERS, &ENTITY),
        at: OffsetDateTime::now_utc(),
        nonce: hex::encode(ssmax_support::mails::random::<16>()),
        source: None,
    }
}

fn received() -> Received {
    Received {
        mail_from: "alice@A.example".to_owned(),
        recipients: vec!["bob@b.example".to_owned()],
        from: "alice@a.example".to_owned(),
        headers: HEADERS,
        entity: ENTITY,
        decision: None,
    }
}

async fn admit(
    site: &Site,
    statement: &Statement,
    key: &dyn SigningKey,
    received: Option<Received>,
) -> Result<OutboundTicket, Problem> {
    let statement = statement.sign(key).unwrap();
    let request = AdmitOutbound { statement, form: Form::Unsigned, parts: vec![], received };
    site.gateway(&GatewayRequest::AdmitOutbound(Box::new(request))).await
}

/// As the gateway does with what came through the MTA.
async fn through_mta(
    site: &Site,
    statement: &Statement,
    received: Received,
) -> Result<OutboundTicket, Problem> {
    admit(site, statement, &milter_key(site.a()), Some(received)).await
}

async fn each_key_says_only_what_is_its_services_to_say(site: &Site) {
    assert!(through_mta(site, &statement(), received()).await.is_ok());
    let milter = milter_key(site.a());
    // A gateway that was taken over has its own key, and the word of the other one.
    assert_refused(admit(site, &statement(), &milter, None).await, INVALID);
    let by_gateway = admit(site, &statement(), &site.statement_key, Some(received())).await;
    assert_refused(by_gateway, INVALID);
    // Nobody logs in for what machines write, so the milter has nothing to say of it.
    let automatic = Statement { source: Some("192.0.2.7".to_owned()), ..statement() };
    assert_refused(through_mta(site, &automatic, received()).await, INVALID);
    let of_b = milter_key(site.b());
    assert_refused(admit(site, &statement(), &of_b, Some(received())).await, INVALID);
}

async fn a_statement_is_about_one_mail(site: &Site) {
    let one = statement();
    let other = Digest([3; 32]);
    for received in [
        Received { headers: other, ..received() },
        Received { entity: other, ..received() },
        Received { from: "carol@a.example".to_owned(), ..received() },
        Received { mail_from: "carol@a.example".to_owned(), ..received() },
        Received { mail_from: String::new(), ..received() },
        Received { recipients: vec!["dave@b.example".to_owned()], ..received() },
        Received { recipients: vec![], ..received() },
    ] {
        assert_refused(through_mta(site, &one, received).await, FOREIGN);
    }
    // None of that has used it up.
    assert!(through_mta(site, &one, received()).await.is_ok());
    let bounces = Statement { mail_from: String::new(), ..statement() };
    let nowhere = Received { mail_from: String::new(), ..received() };
    assert!(through_mta(site, &bounces, nowhere).await.is_ok());
}

async fn a_statement_serves_again_for_its_recipients_and_for_nobody_else(site: &Site) {
    let one = statement();
    let to = |recipients: &[&str]| Received {
        recipients: recipients.iter().map(|&text| text.to_owned()).collect(),
        ..received()
    };
    for recipients in [&["bob@b.example"][..], &["carol@a.example"], &["bob@B.example"]] {
        let ticket = through_mta(site, &one, to(recipients)).await.unwrap();
        assert_eq!(ticket.routes.len(), 1);
        assert!(!matches!(ticket.routes[0], RecipientRoute::Refused { .. }), "{ticket:?}");
    }
    let more = to(&["bob@b.example", "dave@b.example"]);
    let OutboundTicket { ticket, routes } = through_mta(site, &one, more).await.unwrap();
    let refused = RecipientRoute::Refused {
        recipient: "dave@b.example".to_owned(),
        reason: Reason::StatementOfAnotherMail,
    };
    assert_eq!(routes[1], refused);
    // What the gateway is told is what the ticket allows.
    let (b, digest) = (&site.federation.b.id, Digest([0; 32]));
    let copy = site.rewrap(&ticket, b, &["dave@b.example"], digest).await;
    assert_refused(copy, Problem::NotAllowed);
}

async fn a_login_names_a_person_by_user_id_or_address(site: &Site) {
    for login in ["alice", "alice@a.example", "Alice@A.example"] {
        let named = Statement { user: login.to_owned(), ..statement() };
        assert!(through_mta(site, &named, received()).await.is_ok(), "{login}");
    }
    let refused = Problem::Refused(Reason::FromNotSubmitter);
    for login in ["carol", "carol@a.example", "nobody", "nobody@a.example", "bob@b.example"] {
        let named = Statement { user: login.to_owned(), ..statement() };
        assert_refused(through_mta(site, &named, received()).await, refused);
    }
}

/// What a statement names and what a mail was admitted for are two things.
async fn a_row_names_who_submitted_and_whom_the_mail_was_admitted_for(site: &Site) {
    let by_address = Statement { user: "Alice@A.example".to_owned(), ..statement() };
    let some = Received {
        recipients: vec!["bob@b.example".to_owned(), "dave@b.example".to_owned()],
        ..received()
    };
    assert!(through_mta(site, &by_address, some).await.is_ok());
    let row = site.newest_row("admit-outbound").await;
    let admitted = site.in_rows(&["alice", "alice@a.example", "bob@b.example"]);
    assert_eq!(row["who"], serde_json::json!(admitted));
    // What was refused is named as it claimed to be.
    let stranger = Statement { user: "nobody".to_owned(), ..statement() };
    assert!(through_mta(site, &stranger, received()).await.is_err());
    let row = site.newest_row("admit-outbound").await;
    let claimed = site.in_rows(&["nobody", "alice@a.example", "bob@b.example"]);
    assert_eq!(
        (&row["who"], &row["result"]),
        (&serde_json::json!(claimed), &"refused 1102".into())
    );
}

/// Else a gateway that was taken over could have any text signed for who wrote another.
async fn what_was_not_seen_is_not_signed(site: &Site) {
    let OutboundTicket { ticket, .. } = through_mta(site, &statement(), received()).await.unwrap();
    assert_refused(site.sign_user(&ticket, Digest([3; 32])).await, FOREIGN);
    assert!(site.sign_user(&ticket, ENTITY).await.is_ok());
}

/// The queue of an MTA holds a mail for days, an officer for weeks.
async fn an_old_statement_serves_a_mail_that_came_in_time_by_an_officers_word(site: &Site) {
    let now = OffsetDateTime::now_utc();
    let path = site.a().keyserver.dir().join("keyserver.sqlite");
    let pool = SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    let used = async |statement: &Statement, at: OffsetDateTime| {
        sqlx::query("INSERT INTO submitted_statement (nonce, first_used) VALUES (?, ?)")
            .bind(&statement.nonce)
            .bind(at.unix_timestamp())
            .execute(&pool)
            .await
            .unwrap();
    };
    let young = Statement { at: now - MAX_AGE + Duration::MINUTE, ..statement() };
    assert!(through_mta(site, &young, received()).await.is_ok());
    let ahead = Statement { at: now + Duration::minutes(6), ..statement() };
    // Two clocks differ; refused for good, everything that people send would bounce.
    let waits = Problem::Refused(Reason::TimeAhead);
    assert_refused(through_mta(site, &ahead, received()).await, waits);
    let released = async |statement: &Statement, op: HeldDeed| {
        let decision = decided(site, ("one", statement.body), op, None).await;
        Received { decision: Some(decision), ..received() }
    };
    let release = HeldDeed::HoldRelease;
    let old = || Statement { at: now - Duration::days(20), ..statement() };
    // Never seen before, whatever the gateway says.
    let unseen = old();
    let claimed = released(&unseen, release).await;
    assert_refused(through_mta(site, &unseen, claimed).await, INVALID);
    let (in_time, late) = (old(), old());
    used(&in_time, now - Duration::days(16)).await;
    used(&late, now - Duration::days(14)).await;
    assert_refused(through_mta(site, &in_time, received()).await, INVALID);
    // The gateway's word is none, nor is an officer's about another mail, or to delete it.
    let nobodys = Some("00112233445566778899aabbccddeeff".to_owned());
    let claimed = Received { decision: nobodys, ..received() };
    assert_refused(through_mta(site, &in_time, claimed).await, INVALID);
    let other = Statement { body: Digest([9; 32]), ..old() };
    for claimed in [released(&other, release).await, released(&in_time, HeldDeed::HoldDelete).await]
    {
        assert_refused(through_mta(site, &in_time, claimed).await, INVALID);
    }
    let claimed = released(&in_time, release).await;
    assert!(through_mta(site, &in_time, claimed.clone()).await.is_ok());
    // One decision, one ticket.
    assert_refused(through_mta(site, &in_time, claimed).await, INVALID);
    // To have it shown opens a ticket that is good for nothing else.
    let alice = &site.federation.alice.encryption.1;
    let look = decided(site, ("one", in_time.body), HeldDeed::HoldShow, Some(alice)).await;
    let claimed = Received { decision: Some(look), ..received() };
    let OutboundTicket { ticket, .. } = through_mta(site, &in_time, claimed).await.unwrap();
    assert_refused(site.sign_user(&ticket, ENTITY).await, Problem::NotAllowed);
    site.assert_not_released(&ticket).await;
    let claimed = released(&late, release).await;
    assert_refused(through_mta(site, &late, claimed).await, INVALID);
    pool.close().await;
}

/// Where people submit at the MTA, the gateway's own key vouches for nobody, unless it is
/// said that it may.
async fn the_gateways_word_on_a_login_ends_with_a_milters_key(site: &mut Site) {
    let by_gateway = || Statement { method: "password".to_owned(), ..statement() };
    assert!(admit(site, &by_gateway(), &site.statement_key, None).await.is_ok());
    // Off, and with nothing said: the milter's key is registered.
    for gateway_logins in [Some(false), None] {
        let a = &mut site.federation.a;
        a.stop(Role::Keyserver).await;
        a.keyserver.keyserver.gateway_logins = gateway_logins;
        a.start(Role::Keyserver).await;
        assert_refused(admit(site, &by_gateway(), &site.statement_key, None).await, INVALID);
        assert!(through_mta(site, &statement(), received()).await.is_ok());
    }
    // Without a milter's key there is nobody but the gateway.
    let path = site.a().keyserver.dir().join("keyserver.sqlite");
    let pool = SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    site.federation.a.stop(Role::Keyserver).await;
    sqlx::query("DELETE FROM statement_key WHERE service = 'submission'")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    site.federation.a.start(Role::Keyserver).await;
    assert!(admit(site, &by_gateway(), &site.statement_key, None).await.is_ok());
}
