//! Mail of others, by the word of two officers: who may, when, how much, and who is told.
//! Which copies are opened is the matter of [`crate::archive_parts`].

use crate::archive_parts::{self, Archived, archived};
use crate::asking::{Site, assert_refused};
use crate::own_mail::{assert_not, server_held};
use serde_bytes::ByteBuf;
use ssmax_agent::circulated::{Circulated, Officer};
use ssmax_api::Problem;
use ssmax_api::archive::{Approval, ArchiveNotice, ArchivedPart, RewrapArchive};
use ssmax_api::ca::{AccountKind, NewUser, OfficerRequest, RenewUser};
use ssmax_api::keyserver::{CaRequest, GatewayRequest, UserRecord};
use ssmax_api::person::{PersonAnswer, PersonProblem, PersonRequest, RewrappedPart, SignedRequest};
use ssmax_chain::Digest;
use ssmax_chain::archive_request::ArchiveRequest;
use ssmax_keyserver::ArchiveConfig;
use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
use ssmax_store::sqlx::{self, SqlitePool};
use ssmax_support::member::Role;
use ssmax_support::person::Person;
use ssmax_token::KeyAlgorithm;
use time::{Duration, OffsetDateTime};

/// Who plays in these tests.
pub(crate) struct Cast {
    pub(crate) olga: Person,
    pub(crate) oscar: Person,
    /// Whose mail it is.
    pub(crate) ruth: Person,
    /// Who will read it.
    pub(crate) rita: Person,
}

/// What is handed in, to be changed.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) request: ArchiveRequest,
    pub(crate) parts: Vec<ArchivedPart>,
}

const SETTINGS: [&str; 5] = ["olga", "oscar", "alice", "ruth", "rita"];

pub(crate) async fn run(site: &mut Site) {
    // Nobody fetches notices but the tests.
    site.federation.a.stop(Role::Gateway).await;
    // How the mails are made that are opened here.
    site.federation.a.keyserver.keyserver.rewrap_own_per_day = 2000;
    set(site, |archive| archive.officers.clear()).await;
    let cast = Cast {
        olga: Person::enrol(site.a(), "olga", false).await,
        oscar: Person::enrol(site.a(), "oscar", false).await,
        ruth: Person::enrol(site.a(), "ruth", false).await,
        rita: Person::enrol(site.a(), "rita", false).await,
    };
    without_officers_nobody_opens_anything(site, &cast).await;
    set(site, |_| {}).await;
    archive_parts::run(site, &cast).await;
    one_officer_alone_opens_nothing(site, &cast).await;
    who_is_no_officer_opens_nothing(site, &cast).await;
    an_officer_whom_the_mail_concerns_opens_nothing(site, &cast).await;
    a_key_that_the_keyserver_holds_approves_nothing(site, &cast).await;
    what_was_approved_is_what_is_carried_out(site, &cast).await;
    an_approval_is_for_its_time_and_serves_once(site, &cast).await;
    the_reader_has_a_certificate_that_the_keyserver_knows(site, &cast).await;
    nothing_is_given_when_nobody_can_be_told(site, &cast).await;
    the_notice_waits_until_it_was_sent(site, &cast).await;
    a_mailbox_that_nobody_reads_needs_somebody_to_be_told(site, &cast).await;
    nobody_opens_more_than_a_request_and_a_day_may_have(site, &cast).await;
    archive_parts::run_with_restarts(site, &cast).await;
    // These change who people and what this member are.
    an_approval_ends_with_the_card(site, &cast).await;
    mail_of_who_has_left_needs_somebody_to_be_told(site, &cast).await;
    an_esp_opens_nothing(site, &cast).await;
}

/// Starts the keyserver of A with other settings.
pub(crate) async fn set(site: &mut Site, change: impl FnOnce(&mut ArchiveConfig)) {
    let a = &mut site.federation.a;
    a.stop(Role::Keyserver).await;
    let mut archive =
        ArchiveConfig { officers: SETTINGS.map(str::to_owned).into(), ..ArchiveConfig::default() };
    change(&mut archive);
    a.keyserver.keyserver.archive = archive;
    a.start(Role::Keyserver).await;
}

impl Asked {
    /// ruth's mail for rita, in order.
    pub(crate) fn of(mails: &[Archived]) -> Self {
        let objects: Vec<_> = mails.iter().map(|mail| mail.copy.object.clone()).collect();
        let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
        let words = ("ruth@a.example", "rita", "she is ill");
        let count = u32::try_from(objects.len()).unwrap();
        let times = (now, now + Duration::hours(72));
        let request =
            ArchiveRequest::new(words, count, objects, times, ssmax_support::mails::random());
        Self { request, parts: mails.iter().map(Archived::part).collect() }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut ArchiveRequest)) -> Self {
        change(&mut self.request);
        self
    }

    /// Approved by these, and asked for by the last.
    pub(crate) fn by(&self, officers: &[(&str, &Person)]) -> RewrapArchive {
        let keys: Vec<Officer<'_>> = officers
            .iter()
            .map(|(user, person)| Officer {
                user,
                key: &person.signing.0,
                certificate: &person.signing.1,
            })
            .collect();
        self.signed(&keys, keys.last().unwrap(), OffsetDateTime::now_utc())
    }

    pub(crate) fn signed(
        &self,
        officers: &[Officer<'_>],
        asker: &Officer<'_>,
        at: OffsetDateTime,
    ) -> RewrapArchive {
        let approval = |officer: &Officer<'_>| {
            // Each on a file of its own: no rule of the command is in the way here.
            let mut circulated = Circulated::new(&self.request);
            circulated.approve(officer).unwrap();
            let signed = circulated.approvals.remove(0);
            Approval { officer: signed.officer, signature: ByteBuf::from(signed.signature.0) }
        };
        let asking = Circulated::new(&self.request).ask(asker, at).unwrap();
        RewrapArchive {
            request: self.request.to_json(),
            approvals: officers.iter().map(approval).collect(),
            asking: SignedRequest { json: asking.json, signature: ByteBuf::from(asking.signature) },
            parts: self.parts.clone(),
        }
    }
}

impl Cast {
    /// The two who may.
    pub(crate) fn officers(&self) -> [(&str, &Person); 2] {
        [("olga", &self.olga), ("oscar@a.example", &self.oscar)]
    }
}

impl Site {
    pub(crate) async fn archive(
        &self,
        asked: RewrapArchive,
    ) -> Result<Vec<RewrappedPart>, PersonProblem> {
        let socket = ssmax_keyserver::Settings::socket(&self.a().keyserver.run_dir, "person");
        let request = PersonRequest::RewrapArchive(Box::new(asked));
        let timeout = std::time::Duration::from_secs(30);
        let answer: PersonAnswer =
            ssmax_daemon::call::call(&socket, &request, timeout).await.unwrap();
        ssmax_api::person::decode(answer)
    }

    pub(crate) async fn notices(&self) -> Vec<ArchiveNotice> {
        let mut notices: Vec<ArchiveNotice> =
            self.gateway(&GatewayRequest::ArchiveNotices).await.unwrap();
        // They come in no order.
        notices.sort_by_key(|notice| notice.id);
        notices
    }
}

async fn without_officers_nobody_opens_anything(site: &Site, cast: &Cast) {
    let asked = Asked::of(&[archived(site, &cast.ruth).await]);
    let answer = site.archive(asked.by(&cast.officers())).await;
    assert_not(answer, PersonProblem::NotAnOfficer);
}

async fn one_officer_alone_opens_nothing(site: &Site, cast: &Cast) {
    let asked = Asked::of(&[archived(site, &cast.ruth).await]);
    let (olga, same) = (("olga", &cast.olga), ("olga@a.example", &cast.olga));
    let alone = PersonProblem::TwoOfficers;
    assert_not(site.archive(asked.by(&[olga])).await, alone);
    assert_not(site.archive(asked.by(&[olga, olga])).await, alone);
    assert_not(site.archive(asked.by(&[olga, same])).await, alone);
    let [one, other] = cast.officers();
    assert_not(site.archive(asked.by(&[one, other, one])).await, alone);
    // With the other's name over her own signature.
    let borrowed = ("oscar", &cast.olga);
    assert_not(site.archive(asked.by(&[olga, borrowed])).await, PersonProblem::NotSigned);
    // Nothing of all that has used the request up.
    assert!(site.archive(asked.by(&cast.officers())).await.is_ok());
}

async fn who_is_no_officer_opens_nothing(site: &Site, cast: &Cast) {
    let asked = Asked::of(&[archived(site, &cast.ruth).await]);
    let carol = ("carol", &site.federation.carol);
    let [olga, oscar] = cast.officers();
    let none = PersonProblem::NotAnOfficer;
    assert_not(site.archive(asked.by(&[carol, olga])).await, none);
    assert_not(site.archive(asked.by(&[olga, carol])).await, none);
    // Who asks is one of the two who approved: neither the reader nor a third officer.
    for asker in [carol, ("rita", &cast.rita)] {
        let approved = [officer(olga), officer(oscar)];
        let asked = asked.signed(&approved, &officer(asker), OffsetDateTime::now_utc());
        assert_not(site.archive(asked).await, none);
    }
    let bob = ("bob@b.example", &site.federation.bob);
    assert_not(site.archive(asked.by(&[olga, bob])).await, PersonProblem::NotSigned);
}

fn officer<'a>((user, person): (&'a str, &'a Person)) -> Officer<'a> {
    Officer { user, key: &person.signing.0, certificate: &person.signing.1 }
}

async fn an_officer_whom_the_mail_concerns_opens_nothing(site: &Site, cast: &Cast) {
    let asked = Asked::of(&[archived(site, &cast.ruth).await]);
    let [olga, _] = cast.officers();
    let concerned = PersonProblem::OfficerConcerned;
    for own in [("rita", &cast.rita), ("ruth", &cast.ruth)] {
        assert_not(site.archive(asked.by(&[olga, own])).await, concerned);
        assert_not(site.archive(asked.by(&[own, olga])).await, concerned);
    }
    let for_olga = asked.clone().with(|request| request.target = "OLGA@a.example".to_owned());
    assert_not(site.archive(for_olga.by(&cast.officers())).await, concerned);
}

async fn a_key_that_the_keyserver_holds_approves_nothing(site: &Site, cast: &Cast) {
    let asked = Asked::of(&[archived(site, &cast.ruth).await]);
    let (key, certificate) = server_held(site).await;
    let held = Officer { user: "alice", key: &key, certificate: &certificate };
    let [olga, oscar] = cast.officers();
    let now = OffsetDateTime::now_utc();
    let answer = site.archive(asked.signed(&[officer(olga), held], &officer(olga), now)).await;
    assert_not(answer, PersonProblem::NotSigned);
    let approved = [officer(olga), officer(oscar)];
    assert_not(site.archive(asked.signed(&approved, &held, now)).await, PersonProblem::NotSigned);
    // The key file of the same person does.
    let alice = ("alice", &site.federation.alice);
    assert!(site.archive(asked.by(&[olga, alice])).await.is_ok());
}

/// What a signature for one thing is not: one for another.
async fn what_was_approved_is_what_is_carried_out(site: &Site, cast: &Cast) {
    let (mail, other) = (archived(site, &cast.ruth).await, archived(site, &cast.ruth).await);
    let asked = Asked::of(std::slice::from_ref(&mail));
    let good = asked.by(&cast.officers());
    for (this, by) in
        [("\"rita\"", "\"carol\""), ("ruth@", "carol@"), ("she is ill", "she is well")]
    {
        let request = good.request.replacen(this, by, 1);
        assert_ne!(request, good.request, "{this}");
        let changed = RewrapArchive { request, ..good.clone() };
        assert_not(site.archive(changed).await, PersonProblem::NotAsApproved);
    }
    // The asking is for this request, the approvals are for another.
    let another = Asked::of(std::slice::from_ref(&mail)).by(&cast.officers());
    let mixed = RewrapArchive { approvals: another.approvals, ..good.clone() };
    assert_not(site.archive(mixed).await, PersonProblem::NotSigned);
    for parts in [vec![], vec![other.part()], vec![mail.part(), other.part()]] {
        let changed = RewrapArchive { parts, ..good.clone() };
        assert_not(site.archive(changed).await, PersonProblem::NotAsApproved);
    }
    for request in [String::new(), "{}".to_owned(), good.request.clone() + "{}"] {
        let changed = RewrapArchive { request, ..good.clone() };
        assert_not(site.archive(changed).await, PersonProblem::Malformed);
    }
    // An approval is no asking, and neither is what a person asks for on their own.
    let signature = good.approvals[1].signature.clone();
    let as_asking = SignedRequest { signature, ..good.asking.clone() };
    let mixed = RewrapArchive { asking: as_asking, ..good.clone() };
    assert_not(site.archive(mixed).await, PersonProblem::NotSigned);
    let (key, certificate) = (&cast.oscar.signing.0, &cast.oscar.signing.1);
    let own = ssmax_agent::rekey::sign_request(&good.request, key, certificate).unwrap();
    let mut mixed = good.clone();
    mixed.approvals[1].signature = ByteBuf::from(own);
    assert_not(site.archive(mixed).await, PersonProblem::NotSigned);
    assert!(site.archive(good).await.is_ok());
}

async fn an_approval_is_for_its_time_and_serves_once(site: &Site, cast: &Cast) {
    let mail = archived(site, &cast.ruth).await;
    let asked = || Asked::of(std::slice::from_ref(&mail));
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    let (hour, minute) = (Duration::HOUR, Duration::MINUTE);
    for (from, to) in [(-hour * 72, -minute), (minute * 11, hour), (Duration::ZERO, hour * 73)] {
        let asked = asked().with(|request| (request.at, request.until) = (now + from, now + to));
        assert_not(site.archive(asked.by(&cast.officers())).await, PersonProblem::Expired);
    }
    let approved = cast.officers().map(officer);
    for apart in [-minute * 11, minute * 11] {
        let old = asked().signed(&approved, &approved[0], now + apart);
        assert_not(site.archive(old).await, PersonProblem::TimeOutside);
    }
    // The second officer took his time.
    let slow = asked().with(|request| {
        (request.at, request.until) = (now - hour * 71, now + hour);
    });
    let carried_out = slow.by(&cast.officers());
    assert!(site.archive(carried_out.clone()).await.is_ok());
    assert_not(site.archive(carried_out).await, PersonProblem::Replayed);
    assert_not(site.archive(slow.by(&cast.officers())).await, PersonProblem::Replayed);
}

async fn the_reader_has_a_certificate_that_the_keyserver_knows(site: &Site, cast: &Cast) {
    let mail = archived(site, &cast.ruth).await;
    for nobody in ["nobody", "bob@b.example", "list@a.example"] {
        let asked = Asked::of(std::slice::from_ref(&mail));
        let asked = asked.with(|request| request.target = nobody.to_owned());
        let answer = site.archive(asked.by(&cast.officers())).await;
        assert_not(answer, PersonProblem::NoCertificate);
    }
    // With a good certificate, but gone, or nobody's own.
    let gone = Person::enrol(site.a(), "gone", false).await;
    let record: Option<UserRecord> =
        site.ca(&CaRequest::Person { user: "gone".to_owned() }).await.unwrap();
    let record = record.unwrap();
    for (active, kind, opened) in [
        (false, AccountKind::Person, false),
        (true, AccountKind::Shared, false),
        (true, AccountKind::Person, true),
    ] {
        let changed = UserRecord { active, kind, ..record.clone() };
        let _: () = site.ca(&CaRequest::InstallUser(Box::new(changed))).await.unwrap();
        let asked = Asked::of(std::slice::from_ref(&mail));
        let asked = asked.with(|request| request.target.clone_from(&gone.address));
        let answer = site.archive(asked.by(&cast.officers())).await.map(|parts| parts.len());
        let expected = if opened { Ok(1) } else { Err(PersonProblem::NoCertificate) };
        assert_eq!(answer, expected, "{kind:?}");
    }
}

/// The keyserver's database with the table for notices out of reach.
async fn nothing_is_given_when_nobody_can_be_told(site: &Site, cast: &Cast) {
    let path = site.a().keyserver.dir().join("keyserver.sqlite");
    let pool = SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    let asked = Asked::of(&[archived(site, &cast.ruth).await]);
    let before = site.notices().await.len();
    sqlx::query("ALTER TABLE archive_notice RENAME TO away").execute(&pool).await.unwrap();
    assert_not(site.archive(asked.by(&cast.officers())).await, PersonProblem::Failed);
    sqlx::query("ALTER TABLE away RENAME TO archive_notice").execute(&pool).await.unwrap();
    assert_eq!(site.notices().await.len(), before);
    let grants = |digest: Digest| {
        let pool = pool.clone();
        async move {
            let (count,): (i64,) =
                sqlx::query_as("SELECT COUNT(*) FROM archive_grant WHERE request = ?")
                    .bind(digest.0.to_vec())
                    .fetch_one(&pool)
                    .await
                    .unwrap();
            count
        }
    };
    let digest = Digest::of(asked.request.to_json().as_bytes());
    assert_eq!(grants(digest).await, 0);
    // That was not the officers' fault: the same request serves when it can be stored.
    assert!(site.archive(asked.by(&cast.officers())).await.is_ok());
    assert_eq!(grants(digest).await, 1);
    assert_eq!(site.notices().await.len(), before + 1);
}

async fn the_notice_waits_until_it_was_sent(site: &mut Site, cast: &Cast) {
    for notice in site.notices().await {
        let ended = GatewayRequest::NoticeEnded { id: notice.id, delivered: true };
        let _: () = site.gateway(&ended).await.unwrap();
    }
    let mails = [archived(site, &cast.ruth).await, archived(site, &cast.ruth).await];
    let asked = Asked::of(&mails).with(|request| request.mails = 1);
    assert!(site.archive(asked.by(&cast.officers())).await.is_ok());
    set(site, |_| {}).await;
    let notices = site.notices().await;
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    let now = OffsetDateTime::now_utc().unix_timestamp();
    assert!((now - 60..=now).contains(&notice.at));
    let told = ArchiveNotice {
        id: notice.id,
        to: "ruth@a.example".to_owned(),
        mailbox: "ruth@a.example".to_owned(),
        reader: "rita <rita@a.example>".to_owned(),
        officers: vec!["olga <olga@a.example>".to_owned(), "oscar <oscar@a.example>".to_owned()],
        reason: "she is ill".to_owned(),
        mails: 1,
        parts: 2,
        at: notice.at,
        traced: None,
    };
    assert_eq!(*notice, told);
    let ended = GatewayRequest::NoticeEnded { id: notice.id, delivered: true };
    assert_eq!(site.gateway::<()>(&ended).await, Ok(()));
    assert_refused(site.gateway::<()>(&ended).await, Problem::NotFound);
    assert_eq!(site.notices().await, []);
}

async fn nobody_opens_more_than_a_request_and_a_day_may_have(site: &mut Site, cast: &Cast) {
    let mut mails = Vec::new();
    for _ in 0..3 {
        mails.push(archived(site, &cast.ruth).await);
    }
    set(site, |archive| archive.parts_per_request = 2).await;
    let answer = site.archive(Asked::of(&mails).by(&cast.officers())).await;
    assert_not(answer, PersonProblem::TooMany);
    let path = site.a().keyserver.dir().join("keyserver.sqlite");
    let pool = SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    sqlx::query("DELETE FROM archive_use").execute(&pool).await.unwrap();
    set(site, |archive| archive.parts_per_day = 4).await;
    let three = Asked::of(&mails);
    assert!(site.archive(three.by(&cast.officers())).await.is_ok());
    let two = Asked::of(&mails[..2]);
    assert_not(site.archive(two.by(&cast.officers())).await, PersonProblem::LimitReached);
    assert!(site.archive(Asked::of(&mails[..1]).by(&cast.officers())).await.is_ok());
    set(site, |_| {}).await;
    // It was not used up by having to wait.
    assert!(site.archive(two.by(&cast.officers())).await.is_ok());
}

async fn an_approval_ends_with_the_card(site: &Site, cast: &Cast) {
    let asked = Asked::of(&[archived(site, &cast.ruth).await]);
    let approved = asked.by(&cast.officers());
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let csr = ssmax_pki::request::create(&key, "oscar", Some(&cast.oscar.address)).unwrap();
    let renewal = RenewUser {
        user: "oscar".to_owned(),
        file_key_request: Some(ByteBuf::from(csr)),
        lost: true,
        ..RenewUser::default()
    };
    let new: NewUser = site.officer(&OfficerRequest::RenewUser(renewal)).await;
    assert_not(site.archive(approved).await, PersonProblem::NotSigned);
    let certificate = Certificate::from_der(&new.signing[0].1).unwrap();
    let oscar = Officer { user: "oscar", key: &key, certificate: &certificate };
    let approved = [officer(("olga", &cast.olga)), oscar];
    let now = OffsetDateTime::now_utc();
    assert!(site.archive(asked.signed(&approved, &oscar, now)).await.is_ok());
    // Who has left is an officer no more, whatever the settings say.
    let revoke = OfficerRequest::RevokeUser { user: "oscar".to_owned() };
    let _: () = site.officer(&revoke).await;
    let asked = Asked::of(&[archived(site, &cast.ruth).await]);
    assert_not(site.archive(asked.signed(&approved, &oscar, now)).await, PersonProblem::NotSigned);
}

async fn mail_of_who_has_left_needs_somebody_to_be_told(site: &mut Site, cast: &Cast) {
    let mails = [archived(site, &cast.ruth).await, archived(site, &cast.ruth).await];
    set_ended(site).await;
    set(site, |archive| archive.notice = Some("privacy@a.example".to_owned())).await;
    let officers = [("olga", &cast.olga), ("alice", &site.federation.alice)];
    let asked = Asked::of(&mails[..1]);
    assert!(site.archive(asked.by(&officers)).await.is_ok());
    let told: Vec<String> = site.notices().await.into_iter().map(|one| one.to).collect();
    assert_eq!(told, ["ruth@a.example", "privacy@a.example"]);
    set_ended(site).await;

    let revoke = OfficerRequest::RevokeUser { user: "ruth".to_owned() };
    let _: () = site.officer(&revoke).await;
    let asked = Asked::of(&mails[1..]);
    let officers = [("olga", &cast.olga), ("alice", &site.federation.alice)];
    assert!(site.archive(asked.by(&officers)).await.is_ok());
    let told: Vec<String> = site.notices().await.into_iter().map(|one| one.to).collect();
    assert_eq!(told, ["privacy@a.example"]);
    set(site, |_| {}).await;
    let officers = [("olga", &cast.olga), ("alice", &site.federation.alice)];
    let again = Asked::of(&mails);
    assert_not(site.archive(again.by(&officers)).await, PersonProblem::NobodyToTell);
}

/// A list and a role of machines are active, and read nothing.
async fn a_mailbox_that_nobody_reads_needs_somebody_to_be_told(site: &mut Site, cast: &Cast) {
    let record: Option<UserRecord> =
        site.ca(&CaRequest::Person { user: "ruth".to_owned() }).await.unwrap();
    let record = record.unwrap();
    let mails = [archived(site, &cast.ruth).await, archived(site, &cast.ruth).await];
    for (kind, mail) in [AccountKind::List, AccountKind::System].into_iter().zip(mails) {
        let changed = UserRecord { kind, ..record.clone() };
        let _: () = site.ca(&CaRequest::InstallUser(Box::new(changed))).await.unwrap();
        set_ended(site).await;
        let asked = Asked::of(&[mail]);
        let answer = site.archive(asked.by(&cast.officers())).await;
        assert_not(answer, PersonProblem::NobodyToTell);
        set(site, |archive| archive.notice = Some("privacy@a.example".to_owned())).await;
        assert!(site.archive(asked.by(&cast.officers())).await.is_ok(), "{kind:?}");
        let told: Vec<String> = site.notices().await.into_iter().map(|one| one.to).collect();
        assert_eq!(told, ["privacy@a.example"], "{kind:?}");
        set(site, |_| {}).await;
    }
    let _: () = site.ca(&CaRequest::InstallUser(Box::new(record))).await.unwrap();
    set_ended(site).await;
}

/// All notices so far were sent.
async fn set_ended(site: &Site) {
    for notice in site.notices().await {
        let ended = GatewayRequest::NoticeEnded { id: notice.id, delivered: false };
        let _: () = site.gateway(&ended).await.unwrap();
    }
}

async fn an_esp_opens_nothing(site: &Site, cast: &Cast) {
    let asked = Asked::of(&[archived(site, &site.federation.carol).await]);
    let asked = asked.with(|request| request.mailbox.clone_from(&site.federation.carol.address));
    let officers = [("olga", &cast.olga), ("alice", &site.federation.alice)];
    site.become_esp().await;
    assert_not(site.archive(asked.by(&officers)).await, PersonProblem::KeepsNoKeys);
}
