//! The member list: the authority's word alone, and never an older one.

use crate::asking::{Site, assert_refused};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::keyserver::{
    Form, GatewayRequest, InboundAnswer, KeptList, ListInstalled, OutboundTicket,
};
use ssmax_chain::seal_record::MailClass;
use ssmax_chain::{Digest, Reason};
use ssmax_cms::Limits;
use ssmax_cms::signed::{SignRequest, SignedData, sign};
use ssmax_federation::checkpoint::Checkpoint;
use ssmax_federation::signed::{sign_checkpoint, sign_delta};
use ssmax_federation::{Delta, Directory, Kept, MemberList, StandingState};
use ssmax_hsm::{KeyPurpose, KeyStore, StoredKey, UnlockSecret};
use ssmax_pki::{Certificate, issue, lint, profile};
use ssmax_primitives::SoftwareKey;
use ssmax_store::sqlx::{self, SqlitePool};
use ssmax_support::forgery::{basis, generate};
use ssmax_support::mails::{mail, text};
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

pub(crate) async fn run(site: &Site) {
    garbage_is_not_installed(site).await;
    a_list_of_a_stranger_is_not_installed(site).await;
    a_list_signed_by_a_member_is_not_installed(site).await;
    a_certificate_that_the_list_does_not_name_is_not_kept(site).await;
    an_older_list_is_not_installed(site).await;
    who_is_not_in_the_list_yet_is_put_off_and_not_refused(site).await;
    a_list_is_brought_forward_by_what_its_signer_signed_alone(site).await;
    a_list_of_yesterday_lowers_the_class(site).await;
}

async fn install(
    site: &Site,
    list: Vec<u8>,
    certificates: &[&Certificate],
) -> Result<ListInstalled, Problem> {
    let bodies = certificates.iter().map(|one| ByteBuf::from(one.der().to_vec()));
    let certificates = bodies.collect();
    site.gateway(&GatewayRequest::InstallList { list, certificates }).await
}

/// What the keyserver keeps.
async fn kept(site: &Site) -> SqlitePool {
    let path = site.a().keyserver.dir().join("keyserver.sqlite");
    SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap()
}

/// The list in force, whole, as the authority would issue it now.
async fn in_force(site: &Site) -> Vec<u8> {
    let (mut list, chain) = opened_in_force(site).await;
    let now = OffsetDateTime::now_utc();
    list.issued = now.replace_nanosecond(0).unwrap();
    list.expires = list.issued + Duration::hours(24);
    let key = list_key(site, &chain);
    ssmax_federation::signed::sign(&list, &chain, key.as_ref(), now).unwrap()
}

fn root(site: &Site) -> Certificate {
    Certificate::from_pem(&site.a().admission.root).unwrap()
}

fn open(site: &Site, signed: &[u8]) -> MemberList {
    ssmax_federation::signed::open(signed, &[root(site)], OffsetDateTime::now_utc()).unwrap()
}

/// The authority's own key for lists.
fn list_key(site: &Site, chain: &[Certificate]) -> Arc<StoredKey> {
    let authority = &site.federation.authority;
    let unlock = UnlockSecret::from_file(&authority.unlock_file).unwrap();
    let keys = KeyStore::open(&authority.keys_dir(), &unlock).unwrap();
    let key = ssmax_hsm::key_id(chain[0].spki());
    keys.key(KeyPurpose::ListSigner, &key).unwrap()
}

/// Installs the list in force one version later without a member; gives the version.
async fn install_without(site: &Site, id: &str, all: &MemberList) -> u64 {
    let (mut list, chain) = opened_in_force(site).await;
    let version = list.version.max(all.version) + 1;
    let key = list_key(site, &chain);
    let now = OffsetDateTime::now_utc();
    list.members = all.members.iter().filter(|one| one.id != id).cloned().collect();
    list.version = version;
    list.issued = now.replace_nanosecond(0).unwrap();
    list.expires = list.issued + Duration::hours(24);
    let signed = ssmax_federation::signed::sign(&list, &chain, key.as_ref(), now).unwrap();
    assert_eq!(install(site, signed, &[]).await.unwrap().version, version);
    version
}

/// Between the admission and the list that tells of it: of ourselves and of others.
async fn who_is_not_in_the_list_yet_is_put_off_and_not_refused(site: &Site) {
    let (all, _) = opened_in_force(site).await;
    let outdated = Problem::Refused(Reason::MemberListOutdated);
    install_without(site, &site.a().id, &all).await;
    let (alice, bob) = (&site.federation.alice, site.federation.bob.address.as_str());
    let signed = mail(&alice.address, bob, &text()).signed_by(alice);
    let request = site.admission(&signed, Form::Signed, &[bob], vec![]);
    assert_refused(site.gateway::<OutboundTicket>(&request).await, outdated);
    let version = install_without(site, &site.federation.c.id, &all).await;
    let arriving = |list: u64| async move {
        let (request, _) = site.by_erin(move |record| record.list = list);
        site.gateway::<InboundAnswer>(&GatewayRequest::AdmitInbound(Box::new(request))).await
    };
    assert_refused(arriving(version + 1).await, outdated);
    let refused = Problem::Refused(Reason::OrganisationNotMember);
    assert_refused(arriving(version).await, refused);
    install_without(site, "nobody", &all).await;
    site.passed(Form::Signed, &[bob]).await;
}

/// A checkpoint of this list, issued now.
fn checkpoint(list: &MemberList) -> Checkpoint {
    let issued = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    let expires = issued + Duration::hours(24);
    Checkpoint::of(&Directory::new(MemberList { issued, expires, ..list.clone() }).unwrap(), b"")
}

async fn advance(
    site: &Site,
    checkpoint: Vec<u8>,
    deltas: &[&[u8]],
) -> Result<ListInstalled, Problem> {
    let deltas = deltas.iter().map(|signed| ByteBuf::from(signed.to_vec())).collect();
    site.gateway(&GatewayRequest::AdvanceList { checkpoint, deltas, certificates: vec![] }).await
}

async fn a_list_is_brought_forward_by_what_its_signer_signed_alone(site: &Site) {
    let old = in_force(site).await;
    let (before, chain) = opened_in_force(site).await;
    let key = list_key(site, &chain);
    let now = OffsetDateTime::now_utc();
    let point =
        |checkpoint: &Checkpoint| sign_checkpoint(checkpoint, &chain, key.as_ref(), now).unwrap();
    let step = |delta: &Delta| sign_delta(delta, &chain, key.as_ref(), now).unwrap();
    let mut after = before.clone();
    after.version += 1;
    let changed = after.members.iter_mut().find(|one| one.id == site.federation.c.id).unwrap();
    changed.incident_contact = "abuse2@c.example".into();
    let delta =
        Delta { from: before.version, version: after.version, changed: vec![changed.clone()] };
    let (signed, good) = (step(&delta), point(&checkpoint(&after)));
    let refused = |answer| assert_refused::<ListInstalled>(answer, Problem::NotAllowed);

    // Signed by a stranger; garbage.
    let (signer, _, foreign) = stranger(site);
    let other = std::slice::from_ref(&signer);
    let forged = sign_checkpoint(&checkpoint(&after), other, &foreign, now).unwrap();
    refused(advance(site, forged, &[&signed]).await);
    let forged = sign_delta(&delta, other, &foreign, now).unwrap();
    refused(advance(site, good.clone(), &[&forged]).await);
    refused(advance(site, b"no checkpoint".to_vec(), &[&signed]).await);
    // No way there, and a way to somewhere else.
    refused(advance(site, good.clone(), &[]).await);
    let other = step(&Delta { changed: vec![], ..delta.clone() });
    refused(advance(site, good.clone(), &[&other]).await);
    // Another federation under the version in force.
    let forked = MemberList { version: before.version, ..after.clone() };
    refused(advance(site, point(&checkpoint(&forked)), &[]).await);
    // Past its time.
    let mut late = checkpoint(&after);
    late.issued = now - Duration::hours(2);
    late.expires = now - Duration::hours(1);
    refused(advance(site, point(&late), &[&signed]).await);

    let installed = advance(site, good.clone(), &[&signed]).await.unwrap();
    assert_eq!(installed.version, after.version);
    assert_eq!(advance(site, good, &[]).await.unwrap().version, after.version);
    refused(advance(site, point(&checkpoint(&before)), &[]).await);
    refused(install(site, old, &[]).await);
    // What is kept leads to the same list.
    let kept = kept_list(site).await;
    assert!(!kept.deltas.is_empty() && kept.checkpoint.is_some());
    let opened = kept.open(&[root(site)], now).unwrap();
    assert_eq!(opened.list().version, after.version);
    assert_eq!(opened.state(), checkpoint(&after).state);
    // A whole list takes the place of all that.
    install_without(site, "nobody", &MemberList { version: after.version, ..before }).await;
    let kept = kept_list(site).await;
    assert_eq!((kept.deltas.len(), kept.checkpoint), (0, None));
}

/// What the keyserver keeps of the list.
async fn kept_list(site: &Site) -> Kept {
    let kept: Option<KeptList> = site.gateway(&GatewayRequest::KeptList).await.unwrap();
    let kept = kept.unwrap();
    Kept {
        list: kept.list,
        deltas: kept.deltas.into_iter().map(ByteBuf::into_vec).collect(),
        checkpoint: kept.checkpoint.map(ByteBuf::into_vec),
    }
}

/// The list in force, with the certificates of its signer.
pub(crate) async fn opened_in_force(site: &Site) -> (MemberList, Vec<Certificate>) {
    let kept = kept_list(site).await;
    let signed = SignedData::parse(&kept.list, &Limits::default()).unwrap();
    let opened = kept.open(&[root(site)], OffsetDateTime::now_utc()).unwrap();
    (opened.list().clone(), signed.certificates().to_vec())
}

/// The list in force one version later, signed by somebody else.
async fn newer(site: &Site, chain: &[Certificate], key: &SoftwareKey) -> Vec<u8> {
    let (mut list, _) = opened_in_force(site).await;
    let now = OffsetDateTime::now_utc();
    list.version += 1;
    list.issued = now.replace_nanosecond(0).unwrap();
    list.expires = list.issued + Duration::hours(24);
    ssmax_federation::signed::sign(&list, chain, key, now).unwrap()
}

/// Past a day a suspension may have been missed.
async fn a_list_of_yesterday_lowers_the_class(site: &Site) {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    for (age, expected) in [
        (Duration::hours(25), MailClass::Authenticated),
        (Duration::hours(23), MailClass::Verified),
    ] {
        let (mut list, chain) = opened_in_force(site).await;
        list.version += 1;
        list.issued = now - age;
        list.expires = now + Duration::hours(24);
        for member in &mut list.members {
            member.standing.state = StandingState::Good;
        }
        let key = list_key(site, &chain);
        let signed = ssmax_federation::signed::sign(&list, &chain, key.as_ref(), now).unwrap();
        install(site, signed, &[]).await.unwrap();
        let version = list.version;
        let (request, _) = site.by_erin(move |record| record.list = version);
        let request = GatewayRequest::AdmitInbound(Box::new(request));
        match site.gateway::<InboundAnswer>(&request).await.unwrap() {
            InboundAnswer::Admitted(ticket) => {
                assert_eq!((ticket.class, ticket.list), (expected, version));
            }
            InboundAnswer::Repeat(_) => panic!("nothing was delivered"),
        }
    }
}

async fn garbage_is_not_installed(site: &Site) {
    let signed = in_force(site).await;
    let half = signed[..signed.len() / 2].to_vec();
    let mut changed = signed.clone();
    let name = signed.windows(9).position(|octets| octets == b"b.example").unwrap();
    changed[name] = b'x';
    for garbage in [vec![], b"no list".to_vec(), half, changed] {
        assert_refused(install(site, garbage, &[]).await, Problem::NotAllowed);
    }
}

/// A list signer of the federation's names, under a root that is not the federation's.
fn stranger(site: &Site) -> (Certificate, Certificate, SoftwareKey) {
    let real = root(site);
    let (root_key, key) = (generate(), generate());
    let name = real.common_name().unwrap();
    let draft = profile::root(basis(&root_key, 3000), "Test Federation", &name);
    let own = issue::self_signed(lint::lint(draft).unwrap(), &root_key).unwrap();
    assert_eq!(own.subject(), real.subject());
    let signer = profile::list_signer(basis(&key, 300), "Test Federation", "List");
    let signer = issue::issue(lint::lint(signer).unwrap(), &own, &root_key).unwrap();
    (signer, own, key)
}

async fn a_list_of_a_stranger_is_not_installed(site: &Site) {
    let (signer, own, key) = stranger(site);
    for chain in [vec![signer.clone()], vec![signer, own]] {
        let list = newer(site, &chain, &key).await;
        assert_refused(install(site, list, &[]).await, Problem::NotAllowed);
    }
}

/// Word for word the list in force, under a key that the root vouches for, but not for
/// lists.
async fn a_list_signed_by_a_member_is_not_installed(site: &Site) {
    let alice = &site.federation.alice;
    let (key, certificate) = &alice.signing;
    let signed = in_force(site).await;
    let content = SignedData::parse(&signed, &Limits::default()).unwrap();
    let content = content.content().unwrap();
    let certificates = [std::slice::from_ref(certificate), &alice.chain].concat();
    let request = SignRequest {
        content_digest: Digest::of(content).0,
        content: Some(content),
        signing_time: Some(OffsetDateTime::now_utc()),
        extra_signed: vec![],
        unsigned: vec![],
        certificates: &certificates,
        signer: certificate,
    };
    let list = sign(&request, key).unwrap();
    assert_refused(install(site, list, &[]).await, Problem::NotAllowed);
}

async fn a_certificate_that_the_list_does_not_name_is_not_kept(site: &Site) {
    let signed = in_force(site).await;
    let version = open(site, &signed).version;
    let named = Certificate::from_pem(&site.b().admission.organisation_encryption[0]).unwrap();
    let foreign = &site.federation.bob.encryption.1;
    let installed = install(site, signed, &[foreign, &named]).await.unwrap();
    assert_eq!(installed.version, version);
    let pool = kept(site).await;
    for (certificate, expected) in [(&named, 1), (foreign, 0)] {
        let select = "SELECT count(*) FROM member_certificate WHERE sha256 = ?";
        let (count,): (i64,) = sqlx::query_as(select)
            .bind(certificate.sha256().as_slice())
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(count, expected);
    }
    pool.close().await;
}

/// It would bring a suspended member back: nothing is copied for one.
async fn an_older_list_is_not_installed(site: &Site) {
    let federation = &site.federation;
    let erin = &federation.erin.address;
    let old = in_force(site).await;
    let (mail, _) = site.passed(Form::Enveloped, &[erin]).await;
    let now = OffsetDateTime::now_utc();
    let suspended =
        ssmax_authority::suspend(&federation.authority, &federation.c.id, "unanswered", now);
    let version = suspended.await.unwrap();
    federation.wait_for_list(version).await;
    assert!(open(site, &old).version < version);
    assert_refused(install(site, old, &[]).await, Problem::NotAllowed);
    let copy = site.rewrap(&mail.ticket, &federation.c.id, &[erin], mail.tail()).await;
    assert_refused(copy, Problem::Refused(Reason::ReceiverStandingLost));
}
