//! What the commands do and refuse, without a serving process.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests stop at what they do not expect, and use the real clock and disk"
)]

mod federation;

use std::os::unix::fs::PermissionsExt as _;

use federation::{Authority, application, config, corporate_number, key, now, signing_request};
use ssmax_authority::{
    AuthorityConfig, AuthorityError, DomainProof, MAX_ENCRYPTION_KEYS, MAX_REASON_BYTES, Refusal,
    admit, expel, init, members, publish, reinstate, suspend, watch,
};
use ssmax_federation::admission::{Admission, Application};
use ssmax_federation::checkpoint::Checkpoint;
use ssmax_federation::{
    Directory, FreshForm, Kind, ListFault, StandingState, organisation_certificates_match, signed,
};
use ssmax_hsm::{HsmError, KeyPurpose, KeyStore, UnlockSecret};
use ssmax_pki::path::{self, PathInput, Purpose, Revocation};
use ssmax_pki::{Certificate, PkiError};
use ssmax_primitives::SoftwareKey;
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use time::Duration;

type Change = fn(&mut Application);

/// The refusal of a sound application after `change`.
async fn refusal(authority: &Authority, change: impl FnOnce(&mut Application)) -> Refusal {
    let mut application = application(9, "nine.example");
    change(&mut application);
    match admit(&authority.config, &application, now()).await {
        Err(AuthorityError::Refused(refusal)) => refusal,
        other => panic!("not refused but {other:?}"),
    }
}

#[tokio::test]
async fn an_authority_is_made_once() {
    let authority = Authority::new().await;
    let root = authority.root();
    assert_eq!(authority.made.root_sha256, hex::encode(root.sha256()));
    assert!(authority.made.unlock_file_made);
    let again = init(&authority.config, now()).await;
    assert_eq!(again, Err(AuthorityError::AlreadyInitialised));
    assert_eq!(authority.root(), root);
    let left: Vec<_> = std::fs::read_dir(&authority.config.state_dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["authority"]);
}

#[tokio::test]
async fn the_authoritys_state_is_its_owners_only() {
    let authority = Authority::new().await;
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let home = authority.config.home();
    assert_eq!(mode(&home), 0o700);
    if authority.config.state.url.is_none() {
        assert_eq!(mode(&home.join("authority.sqlite")), 0o600);
    }
    assert_eq!(mode(&authority.config.unlock_file), 0o600);
}

#[tokio::test]
async fn an_unlock_file_that_is_there_is_used() {
    let (config, _dir) = config();
    UnlockSecret::generate_file(&config.unlock_file, &ssmax_primitives::SystemRandom).unwrap();
    let before = std::fs::read(&config.unlock_file).unwrap();
    let made = init(&config, now()).await.unwrap();
    assert!(!made.unlock_file_made);
    assert_eq!(std::fs::read(&config.unlock_file).unwrap(), before);
}

#[tokio::test]
async fn a_url_that_members_could_not_use_makes_no_authority() {
    let (mut config, _dir) = config();
    config.url = "http://ssmax.example".into();
    assert_eq!(init(&config, now()).await, Err(AuthorityError::BadUrl));
    assert!(!config.home().exists());
}

#[tokio::test]
async fn without_an_authority_every_command_says_so() {
    let (config, _dir) = config();
    let none = AuthorityError::NotInitialised;
    assert_eq!(members(&config).await, Err(none.clone()));
    assert_eq!(suspend(&config, "x", "r", now()).await, Err(none.clone()));
    assert_eq!(admit(&config, &application(1, "a.example"), now()).await, Err(none.clone()));
    assert_eq!(publish(&config, &config.run_dir, now()).await, Err(none));
    assert!(!config.home().exists());
}

#[tokio::test]
async fn the_keys_stay_locked_without_the_secret() {
    let authority = Authority::new().await;
    std::fs::remove_file(&authority.config.unlock_file).unwrap();
    UnlockSecret::generate_file(&authority.config.unlock_file, &ssmax_primitives::SystemRandom)
        .unwrap();
    let refused = admit(&authority.config, &application(1, "a.example"), now()).await;
    assert_eq!(refused, Err(AuthorityError::Keys(HsmError::WrongUnlockSecret)));
}

#[tokio::test]
async fn a_candidate_is_admitted_with_certificates_that_lead_to_the_root() {
    let authority = Authority::new().await;
    let mut application = application(1, "a.example");
    application.federation_encryption_keys.push(key().spki().to_vec());
    let admission = admit(&authority.config, &application, now()).await.unwrap().admission;
    assert_eq!(Admission::from_json(admission.to_json().as_bytes()).as_ref(), Ok(&admission));

    let read = |pem: &str| Certificate::from_pem(pem).unwrap();
    assert_eq!(read(&admission.root), authority.root());
    assert_eq!(admission.authority_url, "https://ssmax.example:8443");
    assert_eq!(admission.tls_ca.as_bytes(), authority.tls_ca());
    assert_eq!(admission.list_version, 2);

    let rows = members(&authority.config).await.unwrap();
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(row.domain_proof, DomainProof::None);
    assert_eq!(row.member.domains, ["a.example"]);
    assert_eq!(row.member.standing.state, StandingState::Good);
    assert_eq!(row.member.certificates.len(), 4);

    let signing = read(&admission.organisation_signing);
    let encryption: Vec<_> =
        admission.organisation_encryption.iter().map(|pem| read(pem)).collect();
    assert_eq!(encryption.len(), 2);
    let intermediates = [read(&admission.issuing_ca)];
    let path = |leaf: &Certificate, purpose: Purpose| {
        path::validate(&PathInput {
            leaf,
            intermediates: &intermediates,
            anchors: &[authority.root()],
            crls: &[],
            ocsp: &[],
            at: now(),
            purpose,
            limits: path::Limits::default(),
            revocation: Revocation::Skip,
        })
    };
    assert!(path(&signing, Purpose::OrganisationSigning).is_ok());
    assert_eq!(organisation_certificates_match(&row.member, &signing, "a.example"), Ok(()));
    for (certificate, spki) in encryption.iter().zip(&application.federation_encryption_keys) {
        assert_eq!(certificate.spki(), spki);
        assert!(path(certificate, Purpose::OrganisationEncryption).is_ok());
        assert_eq!(organisation_certificates_match(&row.member, certificate, "a.example"), Ok(()));
    }
    assert!(read(&admission.member_ca).is_ca());
}

#[tokio::test]
async fn no_certificate_outlives_the_ca_that_issues_it() {
    let authority = Authority::new().await;
    let late = now() + Duration::days(3600);
    let admission =
        admit(&authority.config, &application(1, "a.example"), late).await.unwrap().admission;
    let issuing_ca = Certificate::from_pem(&admission.issuing_ca).unwrap();
    for pem in [&admission.organisation_signing, &admission.member_ca] {
        let certificate = Certificate::from_pem(pem).unwrap();
        assert_eq!(certificate.not_after(), issuing_ca.not_after());
    }
}

#[tokio::test]
async fn admission_survives_an_rsa_key_and_a_japanese_name() {
    let authority = Authority::new().await;
    let mut application = application(1, "a.example");
    application.names.en = String::new();
    let rsa = SoftwareKey::generate(KeyAlgorithm::Rsa2048).unwrap();
    application.organisation_signing_request = signing_request(&rsa);
    application.domains.push("xn--wgv71a119e.jp".into());
    let admission = admit(&authority.config, &application, now()).await.unwrap().admission;
    let signing = Certificate::from_pem(&admission.organisation_signing).unwrap();
    assert_eq!(signing.organization().as_deref(), Some("例"));
    let rows = members(&authority.config).await.unwrap();
    assert_eq!(organisation_certificates_match(&rows[0].member, &signing, "日本語.jp"), Ok(()));
}

#[tokio::test]
async fn an_unsound_entry_is_refused_with_the_lists_own_fault() {
    let authority = Authority::new().await;
    let cases: [(Change, ListFault); 7] = [
        (
            |a| {
                a.corporate_number = "8000012050002".into();
                a.id = "NTRJP-8000012050002".into();
            },
            ListFault::CorporateNumber { member: 0 },
        ),
        (|a| a.id = format!("NTRJP-{}", corporate_number(8)), ListFault::IdMismatch { member: 0 }),
        (|a| a.domains.clear(), ListFault::DomainCount { member: 0 }),
        (|a| a.domains.push("Nine2.example".into()), ListFault::DomainForm { member: 0 }),
        (|a| a.domains.push("nine.example".into()), ListFault::DomainTwice { member: 0 }),
        (|a| a.names.en = "N\nine".into(), ListFault::TextControl { member: 0 }),
        (|a| a.kind = Kind::Esp, ListFault::EspForm { member: 0 }),
    ];
    for (change, fault) in cases {
        assert_eq!(refusal(&authority, change).await, Refusal::Entry(fault));
    }
    assert_eq!(members(&authority.config).await, Ok(Vec::new()));
}

#[tokio::test]
async fn an_esp_is_admitted_with_the_form_that_it_can_read() {
    let authority = Authority::new().await;
    let mut application = application(1, "a.example");
    application.kind = Kind::Esp;
    application.capabilities.fresh_form = FreshForm::MailCbc;
    admit(&authority.config, &application, now()).await.unwrap();
    assert_eq!(members(&authority.config).await.unwrap()[0].member.kind, Kind::Esp);
}

#[tokio::test]
async fn a_name_may_have_64_characters_and_not_one_more() {
    let authority = Authority::new().await;
    let long = refusal(&authority, |a| a.names.en = "例".repeat(65)).await;
    assert_eq!(long, Refusal::NameTooLong);
    let mut application = application(1, "a.example");
    application.names.en = "例".repeat(64);
    admit(&authority.config, &application, now()).await.unwrap();
}

#[tokio::test]
async fn keys_that_prove_nothing_or_do_not_fit_are_refused() {
    let authority = Authority::new().await;
    let mut broken = signing_request(&key());
    let last = broken.len() - 1;
    broken[last] ^= 1;
    let forged = broken.clone();
    assert_eq!(
        refusal(&authority, |a| a.organisation_signing_request = forged).await,
        Refusal::SigningRequest(PkiError::BadSignature)
    );
    assert_eq!(
        refusal(&authority, |a| a.member_ca_request = broken).await,
        Refusal::MemberCaRequest(PkiError::BadSignature)
    );
    assert!(matches!(
        refusal(&authority, |a| a.member_ca_request = vec![0x30, 0]).await,
        Refusal::MemberCaRequest(PkiError::Malformed)
    ));
    let rsa = SoftwareKey::generate(KeyAlgorithm::Rsa2048).unwrap().spki().to_vec();
    assert_eq!(
        refusal(&authority, |a| a.federation_encryption_keys.push(rsa)).await,
        Refusal::EncryptionKeyKind
    );
    assert_eq!(
        refusal(&authority, |a| a.federation_encryption_keys.push(vec![0x30, 0])).await,
        Refusal::EncryptionKeyKind
    );
}

#[tokio::test]
async fn the_number_of_encryption_keys_is_bounded() {
    let authority = Authority::new().await;
    let count = Refusal::EncryptionKeyCount;
    assert_eq!(refusal(&authority, |a| a.federation_encryption_keys.clear()).await, count);
    let keys = |number: usize| (0..number).map(|_| key().spki().to_vec()).collect();
    let many = keys(MAX_ENCRYPTION_KEYS + 1);
    assert_eq!(refusal(&authority, |a| a.federation_encryption_keys = many).await, count);
    let mut application = application(1, "a.example");
    application.federation_encryption_keys = keys(MAX_ENCRYPTION_KEYS);
    admit(&authority.config, &application, now()).await.unwrap();
}

#[tokio::test]
async fn one_key_serves_one_purpose_and_one_member() {
    let authority = Authority::new().await;
    let shared = key();
    let request = signing_request(&shared);
    let both = request.clone();
    assert_eq!(
        refusal(&authority, |a| {
            a.organisation_signing_request = both.clone();
            a.member_ca_request = both;
        })
        .await,
        Refusal::KeyTwice
    );
    let (spki, signing) = (shared.spki().to_vec(), request.clone());
    assert_eq!(
        refusal(&authority, |a| {
            a.organisation_signing_request = signing;
            a.federation_encryption_keys.push(spki);
        })
        .await,
        Refusal::KeyTwice
    );
    let mut first = application(1, "a.example");
    first.organisation_signing_request = request;
    admit(&authority.config, &first, now()).await.unwrap();
    let stolen = first.federation_encryption_keys[0].clone();
    assert_eq!(
        refusal(&authority, |a| a.federation_encryption_keys.push(stolen)).await,
        Refusal::KeyKnown
    );
}

#[tokio::test]
async fn what_belongs_to_a_member_is_taken_even_after_expulsion() {
    let authority = Authority::new().await;
    let first = application(1, "a.example");
    admit(&authority.config, &first, now()).await.unwrap();
    expel(&authority.config, &first.id, "fraud", now()).await.unwrap();
    assert_eq!(
        refusal(&authority, |a| a.domains.push("a.example".into())).await,
        Refusal::DomainTaken
    );
    let again = admit(&authority.config, &application(1, "b.example"), now()).await;
    assert_eq!(again, Err(AuthorityError::Refused(Refusal::AlreadyMember)));
    assert_eq!(members(&authority.config).await.unwrap().len(), 1);
}

#[tokio::test]
async fn of_two_admissions_at_the_same_moment_one_gets_the_domain() {
    let authority = Authority::new().await;
    let (first, second) = (application(1, "a.example"), application(2, "a.example"));
    let (first, second) = tokio::join!(
        admit(&authority.config, &first, now()),
        admit(&authority.config, &second, now())
    );
    let taken = Err(AuthorityError::Refused(Refusal::DomainTaken));
    assert!(first.is_ok() != second.is_ok());
    assert!(first == taken || second == taken);
    assert_eq!(members(&authority.config).await.unwrap().len(), 1);
}

#[tokio::test]
async fn standing_changes_raise_the_version_and_repeats_do_not() {
    let authority = Authority::new().await;
    let config = &authority.config;
    let id = application(1, "a.example").id;
    admit(config, &application(1, "a.example"), now()).await.unwrap();
    let at = now() + Duration::minutes(5);
    assert_eq!(suspend(config, &id, "malware", at).await, Ok(3));
    assert_eq!(suspend(config, &id, "malware", now()).await, Ok(3));
    let standing = members(config).await.unwrap()[0].member.standing.clone();
    assert_eq!(standing.state, StandingState::Suspended);
    assert_eq!(standing.reason, "malware");
    assert_eq!(standing.since, at.replace_nanosecond(0).unwrap());
    assert_eq!(suspend(config, &id, "more malware", now()).await, Ok(4));
    assert_eq!(reinstate(config, &id, "", now()).await, Ok(5));
    assert_eq!(watch(config, &id, "complaints", now()).await, Ok(6));
    assert_eq!(expel(config, &id, "fraud", now()).await, Ok(7));
    assert_eq!(members(config).await.unwrap()[0].member.standing.state, StandingState::Expelled);
}

#[tokio::test]
async fn expulsion_is_for_good() {
    let authority = Authority::new().await;
    let config = &authority.config;
    let id = application(1, "a.example").id;
    admit(config, &application(1, "a.example"), now()).await.unwrap();
    expel(config, &id, "fraud", now()).await.unwrap();
    let expelled = Err(AuthorityError::Refused(Refusal::Expelled));
    assert_eq!(reinstate(config, &id, "", now()).await, expelled);
    assert_eq!(suspend(config, &id, "x", now()).await, expelled);
    assert_eq!(watch(config, &id, "x", now()).await, expelled);
}

#[tokio::test]
async fn a_standing_needs_a_member_and_a_plain_reason() {
    let authority = Authority::new().await;
    let config = &authority.config;
    let id = application(1, "a.example").id;
    let nobody = suspend(config, &id, "x", now()).await;
    assert_eq!(nobody, Err(AuthorityError::Refused(Refusal::NoSuchMember)));
    admit(config, &application(1, "a.example"), now()).await.unwrap();
    let unfit = Err(AuthorityError::Refused(Refusal::Reason));
    for reason in ["", " ", "a\nb", "理由", &"x".repeat(MAX_REASON_BYTES + 1)] {
        assert_eq!(suspend(config, &id, reason, now()).await, unfit, "{reason:?}");
    }
    let longest = "x".repeat(MAX_REASON_BYTES);
    assert_eq!(suspend(config, &id, &longest, now()).await, Ok(3));
}

#[tokio::test]
async fn the_published_files_are_the_list_its_checkpoint_and_every_certificate() {
    let authority = Authority::new().await;
    let admission =
        admit(&authority.config, &application(1, "a.example"), now()).await.unwrap().admission;
    let dir = authority.config.state_dir.join("mirror");
    let publication = publish(&authority.config, &dir, now()).await.unwrap();
    // root, issuing CA, list signer, TLS CA; signing, encryption, member CA.
    assert_eq!((publication.version, publication.certificates), (2, 7));

    let roots = [authority.root()];
    let bytes = std::fs::read(dir.join("v1/list")).unwrap();
    let list = signed::open(&bytes, &roots, now()).unwrap();
    let checkpoint = std::fs::read(dir.join("v1/checkpoint")).unwrap();
    let checkpoint = signed::open_checkpoint(&checkpoint, &roots, now()).unwrap();
    assert_eq!(checkpoint, Checkpoint::of(&Directory::new(list.clone()).unwrap(), &bytes));
    assert_eq!(checkpoint.list_sha256, publication.list_sha256);
    assert_eq!(list.version, admission.list_version);
    for name in &list.members[0].certificates {
        let der = std::fs::read(dir.join("v1/certificates").join(name)).unwrap();
        assert_eq!(&hex::encode(Certificate::from_der(&der).unwrap().sha256()), name);
    }
    let mode = std::fs::metadata(dir.join("v1/list")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode & 0o444, 0o444, "a web server must be able to read it");
    publish(&authority.config, &dir, now()).await.unwrap();
}

#[tokio::test]
async fn each_key_has_its_one_purpose_in_the_key_store() {
    let authority = Authority::new().await;
    let secret = UnlockSecret::from_file(&authority.config.unlock_file).unwrap();
    let store = KeyStore::open(&authority.config.keys_dir(), &secret).unwrap();
    for purpose in
        [KeyPurpose::Root, KeyPurpose::IssuingCa, KeyPurpose::ListSigner, KeyPurpose::TransportCa]
    {
        assert_eq!(store.keys(purpose).unwrap().len(), 1, "{purpose}");
    }
}

#[tokio::test]
async fn the_same_application_again_is_given_the_same_answer_and_changes_nothing() {
    let authority = Authority::new().await;
    let (key, ca_key) = (key(), key());
    let with_requests = || {
        let mut asked = application(1, "a.example");
        asked.organisation_signing_request = signing_request(&key);
        asked.member_ca_request = signing_request(&ca_key);
        asked
    };
    let first = with_requests();
    let mut second = with_requests();
    second.federation_encryption_keys.clone_from(&first.federation_encryption_keys);
    assert_ne!(first, second, "the requests are signed anew");
    let answered = admit(&authority.config, &first, now()).await.unwrap();
    assert!(!answered.is_repeat);
    let other_url =
        AuthorityConfig { url: "https://moved.example".into(), ..authority.config.clone() };
    for asked in [&first, &second] {
        let again = admit(&other_url, asked, now() + Duration::days(9)).await.unwrap();
        assert!(again.is_repeat);
        assert_eq!(again.admission.to_json(), answered.admission.to_json());
    }
    let listed = members(&authority.config).await.unwrap();
    assert_eq!(listed[0].member.certificates.len(), 3);
    assert_eq!(suspend(&authority.config, &first.id, "late", now()).await, Ok(3));
    let renamed = Application { incident_contact: "x@a.example".into(), ..first.clone() };
    let refused = admit(&authority.config, &renamed, now()).await;
    assert_eq!(refused, Err(AuthorityError::Refused(Refusal::AlreadyMember)));
    expel(&authority.config, &first.id, "fraud", now()).await.unwrap();
    let refused = admit(&authority.config, &first, now()).await;
    assert_eq!(refused, Err(AuthorityError::Refused(Refusal::Expelled)));
}
