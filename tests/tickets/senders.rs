//! Whose name a mail may carry: the person who logged in, somebody who lets them, or a
//! role that a named source writes as. Everything else gets no ticket.

use crate::asking::{Site, assert_refused};
use ssmax_api::Problem;
use ssmax_api::ca::{AccountKind, AddUser, NewUser, OfficerRequest};
use ssmax_api::keyserver::{AdmitOutbound, CaRequest, Delegation, Form};
use ssmax_api::keyserver::{GatewayRequest, OutboundTicket, UserRecord};
use ssmax_chain::statement::Statement;
use ssmax_chain::{Digest, Reason};
use ssmax_support::mails::random;
use ssmax_support::person::officer;
use time::OffsetDateTime;

const OFFICE: &str = "office@a.example";
const ROLE: &str = "mailer-daemon@a.example";

pub(crate) async fn run(site: &Site) {
    for (user, kind) in [("office", AccountKind::Shared), ("mailer-daemon", AccountKind::System)] {
        enrol(site, user, kind).await;
    }
    a_shared_mailbox_is_written_as_by_whom_it_is_lent_to_and_only_so_long(site).await;
    a_delegation_lends_neither_a_level_nor_a_further_right(site).await;
    a_role_is_written_as_by_a_named_source_alone(site).await;
    what_is_no_person_gets_no_secret_and_no_key_of_its_own(site).await;
}

async fn enrol(site: &Site, user: &str, kind: AccountKind) {
    let role = AddUser {
        user: user.to_owned(),
        kind,
        name: user.to_owned(),
        addresses: vec![format!("{user}@a.example")],
        proof: "organisation".to_owned(),
        server_key: true,
        ..AddUser::default()
    };
    let _: NewUser = officer(site.a(), &OfficerRequest::AddUser(Box::new(role))).await;
}

/// The statement of a mail that alice submits from another address.
fn as_alice(from: &str) -> Statement {
    Statement {
        v: ssmax_chain::hop_record::RECORD_VERSION,
        user: "alice".to_owned(),
        aal: 2,
        method: "device-secret".to_owned(),
        from: from.to_owned(),
        mail_from: from.to_owned(),
        recipients: vec!["bob@b.example".to_owned()],
        body: Digest::of(b"mail"),
        at: OffsetDateTime::now_utc(),
        nonce: hex::encode(random::<16>()),
        source: None,
    }
}

async fn admit(site: &Site, statement: Statement, form: Form) -> Result<(), Problem> {
    let statement = statement.sign(&site.statement_key).unwrap();
    let request = AdmitOutbound { statement, form, parts: vec![], received: None };
    let answer = site.gateway(&GatewayRequest::AdmitOutbound(Box::new(request))).await;
    answer.map(|OutboundTicket { .. }| ())
}

async fn lend(site: &Site, owner: &str, actor: &str, seconds: i64) {
    let until = OffsetDateTime::now_utc().unix_timestamp() + seconds;
    let (owner, actor) = (owner.to_owned(), actor.to_owned());
    let request = CaRequest::Delegate(Delegation { owner, actor, until });
    assert_eq!(site.ca::<()>(&request).await, Ok(()));
}

async fn a_shared_mailbox_is_written_as_by_whom_it_is_lent_to_and_only_so_long(site: &Site) {
    let refused = Problem::Refused(Reason::FromNotSubmitter);
    let unsigned = |from: &str| admit(site, as_alice(from), Form::Unsigned);
    assert_refused(unsigned(OFFICE).await, refused);
    lend(site, "office", "alice", -1).await;
    assert_refused(unsigned(OFFICE).await, refused);
    lend(site, "office", "carol", 3600).await;
    assert_refused(unsigned(OFFICE).await, refused);
    lend(site, "office", "alice", 3600).await;
    assert_eq!(unsigned(OFFICE).await, Ok(()));
    // Answers to bounces go to either.
    let own = Statement { mail_from: "alice@a.example".to_owned(), ..as_alice(OFFICE) };
    assert_eq!(admit(site, own, Form::Unsigned).await, Ok(()));
    let end = CaRequest::EndDelegation { owner: "office".to_owned(), actor: "alice".to_owned() };
    assert_eq!(site.ca::<()>(&end).await, Ok(()));
    assert_refused(unsigned(OFFICE).await, refused);
    assert_eq!(site.ca::<()>(&end).await, Err(Problem::NotFound));
    who_comes_back_has_no_delegation_of_before(site).await;
}

async fn who_comes_back_has_no_delegation_of_before(site: &Site) {
    lend(site, "office", "carol", 3600).await;
    let person = CaRequest::Person { user: "carol".to_owned() };
    let carol: UserRecord = site.ca(&person).await.unwrap();
    let left = UserRecord { active: false, ..carol.clone() };
    for record in [left, carol] {
        site.ca::<()>(&CaRequest::InstallUser(Box::new(record))).await.unwrap();
    }
    let all: Vec<Delegation> = site.ca(&CaRequest::ListDelegations).await.unwrap();
    assert!(all.iter().all(|one| one.actor != "carol"), "{all:?}");
}

async fn a_delegation_lends_neither_a_level_nor_a_further_right(site: &Site) {
    lend(site, "office", "alice", 3600).await;
    let weak = Statement { aal: 1, ..as_alice(OFFICE) };
    let refused = Problem::Refused(Reason::UnsignedNotAllowed);
    assert_refused(admit(site, weak, Form::Unsigned).await, refused);
    // Nobody logs in as a mailbox or a role, whatever a submission service may say.
    let refused = Problem::Refused(Reason::FromNotSubmitter);
    for user in ["office", "mailer-daemon"] {
        let statement =
            Statement { user: user.to_owned(), ..as_alice(&format!("{user}@a.example")) };
        assert_refused(admit(site, statement, Form::Unsigned).await, refused);
    }
    // What bounces must reach neither a third person nor the world.
    for other in ["carol@a.example", "bob@b.example"] {
        let statement = Statement { mail_from: other.to_owned(), ..as_alice(OFFICE) };
        assert_refused(admit(site, statement, Form::Unsigned).await, refused);
    }
    // A machine's name is lent to nobody.
    lend(site, "mailer-daemon", "alice", 3600).await;
    assert_refused(admit(site, as_alice(ROLE), Form::Unsigned).await, refused);
}

async fn a_role_is_written_as_by_a_named_source_alone(site: &Site) {
    let automatic = || Statement {
        user: ROLE.to_owned(),
        aal: 0,
        method: "system".to_owned(),
        mail_from: String::new(),
        source: Some("192.0.2.7".to_owned()),
        ..as_alice(ROLE)
    };
    assert_eq!(admit(site, automatic(), Form::System).await, Ok(()));
    let refused = Problem::Refused(Reason::SourceUnknown);
    let person = "alice@a.example".to_owned();
    for statement in [
        Statement { source: None, ..automatic() },
        Statement { aal: 1, ..automatic() },
        Statement { mail_from: ROLE.to_owned(), ..automatic() },
        Statement { user: "alice".to_owned(), ..automatic() },
        Statement { user: person.clone(), from: person, ..automatic() },
        Statement { user: OFFICE.to_owned(), from: OFFICE.to_owned(), ..automatic() },
    ] {
        assert_refused(admit(site, statement, Form::System).await, refused);
    }
    for form in [Form::Unsigned, Form::Signed] {
        assert_refused(admit(site, automatic(), form).await, refused);
    }
    let with_login = Statement { source: Some("192.0.2.7".to_owned()), ..as_alice(ROLE) };
    assert_refused(admit(site, with_login, Form::Unsigned).await, refused);
}

async fn what_is_no_person_gets_no_secret_and_no_key_of_its_own(site: &Site) {
    let bare = AddUser {
        user: "scanner".to_owned(),
        kind: AccountKind::System,
        name: "Scanner".to_owned(),
        addresses: vec!["scanner@a.example".to_owned()],
        proof: "organisation".to_owned(),
        server_key: true,
        ..AddUser::default()
    };
    for request in [
        AddUser { password: Some("secret".to_owned()), ..bare.clone() },
        AddUser { device_secret: true, ..bare.clone() },
        AddUser { server_key: false, ..bare.clone() },
        AddUser { proof: "in-person".to_owned(), ..bare.clone() },
        AddUser { kind: AccountKind::Person, ..bare },
    ] {
        let request = OfficerRequest::AddUser(Box::new(request));
        let answer = ssmax_support::person::ask_officer::<NewUser>(site.a(), &request).await;
        assert_eq!(answer.map(|new| new.user), Err(Problem::Malformed));
    }
}
