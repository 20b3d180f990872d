//! Which archive copies two officers get opened: EC and RSA, of the mailbox that they
//! named, for the archive's own keys, old ones too.

use crate::archive::{Asked, Cast, set};
use crate::asking::Site;
use crate::own_mail::{asked, assert_not, part_of, received};
use serde_bytes::ByteBuf;
use ssmax_agent::archive::{ArchiveCopy, archive_copy};
use ssmax_api::archive::ArchivedPart;
use ssmax_api::ca::{ExportedUser, NewUser, OfficerRequest, RenewUser};
use ssmax_api::person::PersonProblem;
use ssmax_chain::Digest;
use ssmax_chain::binding::archive_ukm;
use ssmax_chain::person_request::{OwnTarget, RewrapOwn};
use ssmax_cms::enveloped::{
    ContentCipher, KeyName, RecipientId, RecipientInfo, RsaTransport, UnwrapPolicy, kcv,
    recipient_info_for_key, recipient_info_for_key_by,
};
use ssmax_hsm::{KeyPurpose, KeyStore, UnlockSecret};
use ssmax_mail::address::Address;
use ssmax_pki::{Certificate, key_identifier};
use ssmax_primitives::{ContentKey, SoftwareKey};
use ssmax_smime::decrypt::{OpenPolicy, decrypt_with};
use ssmax_smime::rewrap::Apart;
use ssmax_support::mails::Mail;
use ssmax_support::member::Role;
use ssmax_support::person::{Person, officer};
use ssmax_token::KeyPair as _;

/// A mail in somebody's mailbox, with its archive copy.
pub(crate) struct Archived {
    pub(crate) mail: Mail,
    pub(crate) copy: ArchiveCopy,
}

impl Archived {
    pub(crate) fn part(&self) -> ArchivedPart {
        ArchivedPart {
            archive: ByteBuf::from(self.copy.archive.clone()),
            owner: self.copy.owner.clone().map(ByteBuf::from),
        }
    }
}

/// As the keyserver makes one for this person's mailbox.
pub(crate) async fn archived(site: &Site, person: &Person) -> Archived {
    let mail = received(site, person);
    let request = asked(person, vec![part_of(&mail)]);
    let new = site.own_by(person, &request).await.unwrap().remove(0);
    let infos: Vec<Vec<u8>> = new.recipients.iter().map(|info| info.to_vec()).collect();
    let octets = Apart::of(&mail.octets).unwrap().with_recipients(&infos);
    let copy = archive_copy(Apart::of(&octets).unwrap().enveloped()).unwrap();
    Archived { mail: Mail { octets, ..mail }, copy }
}

pub(crate) async fn run(site: &Site, cast: &Cast) {
    two_officers_open_mail_for_somebody_else(site, cast).await;
    another_mailboxs_mail_is_not_opened(site, cast).await;
    an_rsa_copy_is_opened_with_its_owners_own_part_only(site, cast).await;
    what_names_no_archive_key_is_not_opened(site, cast).await;
    what_the_archive_never_got_is_not_opened(site, cast).await;
    every_failure_after_the_key_was_used_is_one(site, cast).await;
}

/// What needs the keyserver to start anew.
pub(crate) async fn run_with_restarts(site: &mut Site, cast: &Cast) {
    old_keys_open_after_a_change(site, cast).await;
}

fn open(octets: &[u8], (key, certificate): &(SoftwareKey, Certificate)) -> Option<Vec<u8>> {
    let content = decrypt_with(octets, key, Some(certificate), &OpenPolicy::default());
    content.ok().map(|content| content.to_vec())
}

/// Has one mail opened, and gives it as its reader has it.
async fn opened(site: &Site, cast: &Cast, mail: &Archived, asked: &Asked) -> Vec<u8> {
    let parts = site.archive(asked.by(&cast.officers())).await.unwrap();
    let [part] = parts.as_slice() else { panic!("{parts:?}") };
    let infos: Vec<Vec<u8>> = part.recipients.iter().map(|info| info.to_vec()).collect();
    assert_eq!(infos.len(), 2, "the reader and the archive");
    let apart = Apart::of(&mail.mail.octets).unwrap();
    let tail = apart.enveloped().tail();
    let octets = apart.with_recipients(&infos);
    assert_eq!(Apart::of(&octets).unwrap().enveloped().tail(), tail);
    octets
}

async fn two_officers_open_mail_for_somebody_else(site: &Site, cast: &Cast) {
    let mail = archived(site, &cast.ruth).await;
    let content = open(&mail.mail.octets, &cast.ruth.encryption).unwrap();
    let asked = Asked::of(std::slice::from_ref(&mail));
    let octets = opened(site, cast, &mail, &asked).await;
    assert_eq!(open(&octets, &cast.rita.encryption), Some(content.clone()));
    for other in [&cast.ruth, &cast.olga, &cast.oscar] {
        assert_eq!(open(&octets, &other.encryption), None);
    }
    // It is still ruth's in the archive, and can be opened again, for herself too.
    let copy = archive_copy(Apart::of(&octets).unwrap().enveloped()).unwrap();
    let again = Archived { mail: Mail { octets, ..mail.mail }, copy };
    let asked = Asked::of(std::slice::from_ref(&again));
    let asked = asked.with(|request| request.target = "ruth@a.example".to_owned());
    let octets = opened(site, cast, &again, &asked).await;
    assert_eq!(open(&octets, &cast.ruth.encryption), Some(content));
}

async fn another_mailboxs_mail_is_not_opened(site: &Site, cast: &Cast) {
    let of_carol = archived(site, &site.federation.carol).await;
    let other = PersonProblem::OtherMailbox;
    let asked = Asked::of(std::slice::from_ref(&of_carol));
    assert_not(site.archive(asked.by(&cast.officers())).await, other);
    // Among hers, and with carol's part for proof.
    let asked = Asked::of(&[archived(site, &cast.ruth).await, of_carol]);
    assert_not(site.archive(asked.by(&cast.officers())).await, other);
    // Under the tail of another one of hers.
    let (one, two) = (archived(site, &cast.ruth).await, archived(site, &cast.ruth).await);
    let asked = Asked::of(&[one]).with(|request| request.objects[0].tail = two.copy.object.tail);
    assert_not(site.archive(asked.by(&cast.officers())).await, other);
}

/// A person whose mailer wants RSA.
async fn with_rsa(site: &Site, user: &str) -> Person {
    let mut person = Person::enrol(site.a(), user, false).await;
    let renewal = RenewUser { user: user.to_owned(), rsa_encryption: true, ..RenewUser::default() };
    let _: NewUser = officer(site.a(), &OfficerRequest::RenewUser(renewal)).await;
    let exported: ExportedUser =
        officer(site.a(), &OfficerRequest::ExportUser { user: user.to_owned() }).await;
    person.encryption = (
        SoftwareKey::from_pkcs8(&exported.pkcs8).unwrap(),
        Certificate::from_der(&exported.certificate).unwrap(),
    );
    assert!(person.encryption.0.algorithm().is_rsa());
    person
}

/// RSA has no ukm: what binds the copy to its mailbox is that the owner's own part holds
/// the same key.
async fn an_rsa_copy_is_opened_with_its_owners_own_part_only(site: &Site, cast: &Cast) {
    let (rosa, rolf) = (with_rsa(site, "rosa").await, with_rsa(site, "rolf").await);
    let mail = archived(site, &rosa).await;
    let info = RecipientInfo::parse(&mail.copy.archive).unwrap();
    assert!(info.ukm().is_none());
    let of = |mailbox: &str, owner: Option<&ByteBuf>| {
        let mut asked = Asked::of(std::slice::from_ref(&mail));
        asked.request.mailbox = mailbox.to_owned();
        asked.parts[0].owner = owner.cloned();
        asked.by(&cast.officers())
    };
    let own = mail.part().owner.unwrap();
    let (another, of_rolf) = (archived(site, &rosa).await, archived(site, &rolf).await);
    let (another, of_rolf) = (another.part().owner.unwrap(), of_rolf.part().owner.unwrap());
    let other = PersonProblem::OtherMailbox;
    assert_not(site.archive(of(&rosa.address, None)).await, other);
    assert_not(site.archive(of(&rosa.address, Some(&of_rolf))).await, other);
    // As rolf's mail, whose part is there: not of this mail.
    assert_not(site.archive(of(&rolf.address, Some(&own))).await, other);
    let not_opened = PersonProblem::NotOpened;
    assert_not(site.archive(of(&rolf.address, Some(&of_rolf))).await, not_opened);
    assert_not(site.archive(of(&rosa.address, Some(&another))).await, not_opened);
    let content = open(&mail.mail.octets, &rosa.encryption).unwrap();
    let asked = Asked::of(std::slice::from_ref(&mail));
    let asked = asked.with(|request| request.mailbox.clone_from(&rosa.address));
    let octets = opened(site, cast, &mail, &asked).await;
    assert_eq!(open(&octets, &cast.rita.encryption), Some(content.clone()));
    // For an EC key it is bound to rosa's mailbox from now on. For an RSA reader:
    let asked = Asked::of(std::slice::from_ref(&mail)).with(|request| {
        request.mailbox.clone_from(&rosa.address);
        request.target.clone_from(&rolf.address);
    });
    let octets = opened(site, cast, &mail, &asked).await;
    assert_eq!(open(&octets, &rolf.encryption), Some(content));
}

async fn what_names_no_archive_key_is_not_opened(site: &Site, cast: &Cast) {
    let mail = archived(site, &cast.ruth).await;
    // The owner's own part, and one for the submission key, of the same content.
    let own = mail.copy.owner.clone().unwrap();
    let request =
        RewrapOwn { target: OwnTarget::Submission, ..asked(&cast.ruth, vec![part_of(&mail.mail)]) };
    let submission = site.own_by(&cast.ruth, &request).await.unwrap().remove(0);
    for info in [own, submission.recipients[0].to_vec()] {
        let asked = handed_in(&mail, info);
        assert_not(site.archive(asked.by(&cast.officers())).await, PersonProblem::NotArchived);
    }
}

/// The mail with another RecipientInfo where its archive copy was, approved like that.
fn handed_in(mail: &Archived, info: Vec<u8>) -> Asked {
    let mut asked = Asked::of(std::slice::from_ref(mail));
    asked.request.objects[0].archive = Digest::of(&info);
    asked.parts[0].archive = ByteBuf::from(info);
    asked
}

/// The public half of A's newest archive key.
fn archive_key(site: &Site, rsa: bool) -> Vec<u8> {
    let settings = &site.a().keyserver;
    let unlock = UnlockSecret::from_file(&settings.keyserver.unlock_file).unwrap();
    let store = KeyStore::open(&settings.key_dir(), &unlock).unwrap();
    let ids = store.keys(KeyPurpose::Archive).unwrap();
    let keys = ids.iter().map(|id| store.key(KeyPurpose::Archive, id).unwrap());
    let mut keys = keys.filter(|key| key.algorithm().is_rsa() == rsa);
    keys.next().unwrap().spki().to_vec()
}

fn content_key(mail: &Archived, person: &Person) -> ContentKey {
    let info = RecipientInfo::parse(mail.copy.owner.as_ref().unwrap()).unwrap();
    let (key, certificate) = &person.encryption;
    let policy = UnwrapPolicy { allow_pkcs1: true };
    let length = ContentCipher::Aes256Cbc.key_len();
    info.unwrap(KeyName::Certificate(certificate), key, &policy, length).unwrap()
}

async fn what_the_archive_never_got_is_not_opened(site: &Site, cast: &Cast) {
    let refused = PersonProblem::EncryptionRefused;
    let mail = archived(site, &cast.ruth).await;
    let key = content_key(&mail, &cast.ruth);
    let rsa = archive_key(site, true);
    let id = key_identifier(&rsa);
    let pkcs1 = recipient_info_for_key_by(&rsa, &id, &key, None, RsaTransport::Pkcs1).unwrap();
    assert_not(site.archive(handed_in(&mail, pkcs1).by(&cast.officers())).await, refused);
    assert_not(
        site.archive(handed_in(&mail, b"none".to_vec()).by(&cast.officers())).await,
        refused,
    );
    for cipher in ["des-ede3-cbc", "rc2", ""] {
        let asked = Asked::of(std::slice::from_ref(&mail));
        let asked = asked.with(|request| request.objects[0].cipher = cipher.to_owned());
        assert_not(site.archive(asked.by(&cast.officers())).await, refused);
    }
    // Without a ukm, as the archive's copies never are.
    let ec = archive_key(site, false);
    let bare = recipient_info_for_key(&ec, &key_identifier(&ec), &key, None).unwrap();
    let answer = site.archive(handed_in(&mail, bare).by(&cast.officers())).await;
    assert_not(answer, PersonProblem::OtherMailbox);
}

async fn every_failure_after_the_key_was_used_is_one(site: &Site, cast: &Cast) {
    let mail = archived(site, &cast.ruth).await;
    let told = site.notices().await.len();
    let not_opened = PersonProblem::NotOpened;
    let mut damaged = mail.copy.archive.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let asked = handed_in(&mail, damaged).by(&cast.officers());
    assert_not(site.archive(asked.clone()).await, not_opened);
    // It was tried, and is not tried again.
    assert_not(site.archive(asked).await, PersonProblem::Replayed);
    // carol's copy with the ukm of ruth's mailbox written into it.
    let of_carol = archived(site, &site.federation.carol).await;
    let ukm = |address: &str| {
        let tail = of_carol.copy.object.tail;
        archive_ukm(&Address::parse(address).unwrap(), &tail)
    };
    let (from, to) = (ukm(&site.federation.carol.address), ukm(&cast.ruth.address));
    let info = of_carol.copy.archive.clone();
    let at = info.windows(32).position(|octets| octets == from).unwrap();
    let forged = [&info[..at], &to, &info[at + 32..]].concat();
    let asked = handed_in(&of_carol, forged).by(&cast.officers());
    assert_not(site.archive(asked).await, not_opened);
    // A key of another length than the cipher's.
    let asked = Asked::of(std::slice::from_ref(&mail));
    let asked = asked.with(|request| request.objects[0].cipher = "aes128-cbc".to_owned());
    assert_not(site.archive(asked.by(&cast.officers())).await, not_opened);
    // One of two: neither is given.
    let good = archived(site, &cast.ruth).await;
    let mut asked = Asked::of(&[good, mail]);
    *asked.parts[1].archive.last_mut().unwrap() ^= 1;
    asked.request.objects[1].archive = Digest::of(&asked.parts[1].archive);
    assert_not(site.archive(asked.by(&cast.officers())).await, not_opened);
    assert_eq!(site.notices().await.len(), told);
}

/// A change of keys leaves old copies as they were, and what is wrapped anew is for the new key.
async fn old_keys_open_after_a_change(site: &mut Site, cast: &Cast) {
    let rosa = with_rsa(site, "roberta").await;
    let (of_ruth, of_rosa) = (archived(site, &cast.ruth).await, archived(site, &rosa).await);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let old = [archive_key(site, false), archive_key(site, true)];
    let current = Certificate::from_pem(&site.a().admission.organisation_signing).unwrap();
    let now = time::OffsetDateTime::now_utc();
    ssmax_keyserver::rotate(&site.a().keyserver, &current, now).unwrap();
    site.federation.a.stop(Role::Keyserver).await;
    site.federation.a.start(Role::Keyserver).await;
    set(site, |_| {}).await;
    let new = [archive_key(site, false), archive_key(site, true)];
    assert!(old.iter().all(|key| !new.contains(key)));
    for (mail, owner) in [(&of_ruth, &cast.ruth), (&of_rosa, &rosa)] {
        let content = open(&mail.mail.octets, &owner.encryption).unwrap();
        let asked = Asked::of(std::slice::from_ref(mail));
        let asked = asked.with(|request| request.mailbox.clone_from(&owner.address));
        let octets = opened(site, cast, mail, &asked).await;
        assert_eq!(open(&octets, &cast.rita.encryption), Some(content));
        let apart = Apart::of(&octets).unwrap();
        let copy = archive_copy(apart.enveloped()).unwrap();
        let info = RecipientInfo::parse(&copy.archive).unwrap();
        let id = RecipientId::KeyId(key_identifier(&new[0]).to_vec());
        assert_eq!(info.identifiers(), [id]);
    }
    // kcv is the ticket's: the same key under the same tail.
    let key = content_key(&of_ruth, &cast.ruth);
    let tail = of_ruth.copy.object.tail;
    let parts = site.archive(Asked::of(&[of_ruth]).by(&cast.officers())).await.unwrap();
    assert_eq!(parts[0].kcv, Digest(kcv(&key, &tail.0)));
}
