//! Mail of one's own mailbox wrapped anew: by its owner alone, with keys of theirs.

use crate::asking::Site;
use crate::submitted::offered;
use serde_bytes::ByteBuf;
use ssmax_agent::rekey::{part, sign_request};
use ssmax_api::Problem;
use ssmax_api::ca::{ExportedUser, OfficerRequest, RenewUser};
use ssmax_api::keyserver::{
    AdmitOutbound, CaRequest, Form, GatewayRequest, OutboundTicket, UserRecord,
};
use ssmax_api::person::{PersonAnswer, PersonProblem, PersonRequest, RewrappedPart, SignedRequest};
use ssmax_chain::person_request::{Base64, OwnPart, OwnTarget, RewrapOwn};
use ssmax_chain::statement::Statement;
use ssmax_chain::{Digest, Reason};
use ssmax_cms::enveloped::{ContentCipher, KeyName, RecipientInfo, UnwrapPolicy, kcv};
use ssmax_hsm::{KeyPurpose, KeyStore, UnlockSecret};
use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
use ssmax_smime::decrypt::{OpenPolicy, decrypt_with};
use ssmax_smime::rewrap::Apart;
use ssmax_support::mails::{Mail, mail, parsed, random, text};
use ssmax_support::person::Person;
use ssmax_token::KeyAlgorithm;
use time::{Duration, OffsetDateTime};

pub(crate) async fn run(site: &Site) {
    after_a_lost_card_old_mail_opens_with_the_new_key(site).await;
    the_command_writes_what_openssl_opens(site).await;
    only_the_persons_own_signature_counts(site).await;
    a_request_serves_once_and_within_ten_minutes(site).await;
    what_is_not_the_persons_is_not_wrapped(site).await;
    what_cannot_be_read_or_opened_is_not_wrapped(site).await;
    nobody_gets_more_than_the_days_share(site).await;
    who_could_read_a_mail_may_forward_it_and_nobody_else(site).await;
    an_encryption_key_stays_one_persons(site).await;
    // The last one: it changes what this member is.
    an_esp_keeps_nobodys_keys(site).await;
}

/// A request of a person that is in order, to be changed.
pub(crate) fn asked(person: &Person, parts: Vec<OwnPart>) -> RewrapOwn {
    let (user, _) = person.address.split_once('@').unwrap();
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    RewrapOwn::new(user, &person.address, parts, OwnTarget::Own, now, random())
}

fn signed(request: &RewrapOwn, key: &SoftwareKey, certificate: &Certificate) -> SignedRequest {
    let json = request.to_json();
    let signature = ByteBuf::from(sign_request(&json, key, certificate).unwrap());
    SignedRequest { json, signature }
}

impl Site {
    pub(crate) async fn own(
        &self,
        request: SignedRequest,
    ) -> Result<Vec<RewrappedPart>, PersonProblem> {
        let socket = ssmax_keyserver::Settings::socket(&self.a().keyserver.run_dir, "person");
        let request = PersonRequest::RewrapOwn(request);
        let answer: PersonAnswer =
            ssmax_daemon::call::call(&socket, &request, std::time::Duration::from_secs(30))
                .await
                .unwrap();
        ssmax_api::person::decode(answer)
    }

    pub(crate) async fn own_by(
        &self,
        person: &Person,
        request: &RewrapOwn,
    ) -> Result<Vec<RewrappedPart>, PersonProblem> {
        self.own(signed(request, &person.signing.0, &person.signing.1)).await
    }

    pub(crate) async fn officer<T: serde::de::DeserializeOwned>(
        &self,
        request: &OfficerRequest,
    ) -> T {
        let socket = ssmax_ca::Settings::socket(&self.a().ca.run_dir, "officer");
        let timeout = std::time::Duration::from_secs(30);
        let answer: ssmax_api::Answer =
            ssmax_daemon::call::call(&socket, request, timeout).await.unwrap();
        ssmax_api::decode(answer).unwrap()
    }
}

/// A mail in this person's mailbox.
pub(crate) fn received(site: &Site, person: &Person) -> Mail {
    let certificate = &person.encryption.1;
    mail(&site.federation.bob.address, &person.address, &text()).encrypted_for(certificate)
}

pub(crate) fn part_of(mail: &Mail) -> OwnPart {
    part(Apart::of(&mail.octets).unwrap().enveloped()).unwrap()
}

pub(crate) fn assert_not<T: std::fmt::Debug>(
    answer: Result<T, PersonProblem>,
    problem: PersonProblem,
) {
    assert_eq!(answer.map(|_| "wrapped"), Err(problem));
}

async fn after_a_lost_card_old_mail_opens_with_the_new_key(site: &Site) {
    let person = Person::enrol(site.a(), "grace", false).await;
    let old = received(site, &person);
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let csr = ssmax_pki::request::create(&key, "grace", Some(&person.address)).unwrap();
    let renewal = RenewUser {
        user: person.address.clone(),
        file_key_request: Some(ByteBuf::from(csr)),
        lost: true,
        ..RenewUser::default()
    };
    let new: ssmax_api::ca::NewUser = site.officer(&OfficerRequest::RenewUser(renewal)).await;
    let signing = Certificate::from_der(&new.signing[0].1).unwrap();
    // Who found the card asks for nothing any more.
    let request = asked(&person, vec![part_of(&old)]);
    assert_not(site.own_by(&person, &request).await, PersonProblem::NotSigned);

    let parts = site.own(signed(&request, &key, &signing)).await.unwrap();
    let [rewrapped] = parts.as_slice() else { panic!("{parts:?}") };
    let infos: Vec<Vec<u8>> = rewrapped.recipients.iter().map(|one| one.to_vec()).collect();
    assert_eq!(infos.len(), 2, "the owner and the archive");
    let apart = Apart::of(&old.octets).unwrap();
    let tail = apart.enveloped().tail();
    let rewritten = apart.with_recipients(&infos);
    assert_eq!(Apart::of(&rewritten).unwrap().enveloped().tail(), tail);

    let exported: ExportedUser =
        site.officer(&OfficerRequest::ExportUser { user: "grace".to_owned() }).await;
    let (new_key, certificate) = (
        SoftwareKey::from_pkcs8(&exported.pkcs8).unwrap(),
        Certificate::from_der(&exported.certificate).unwrap(),
    );
    assert_eq!(certificate.der(), new.encryption);
    let open = |octets: &[u8], key: &SoftwareKey, certificate: &Certificate| {
        decrypt_with(octets, key, Some(certificate), &OpenPolicy::default())
    };
    let content = open(&rewritten, &new_key, &certificate).unwrap();
    let (old_key, old_certificate) = &person.encryption;
    assert_eq!(content, open(&old.octets, old_key, old_certificate).unwrap());
    assert!(open(&rewritten, old_key, old_certificate).is_err());
    // The old key is not lost either.
    let [(certificate, key)] = exported.earlier.as_slice() else { panic!("one earlier key") };
    assert_eq!(certificate.as_slice(), old_certificate.der());
    let key = SoftwareKey::from_pkcs8(&key.0).unwrap();
    assert_eq!(open(&old.octets, &key, old_certificate).unwrap(), content);
}

/// The command, and what OpenSSL makes of its result.
async fn the_command_writes_what_openssl_opens(site: &Site) {
    let person = Person::enrol(site.a(), "judy", false).await;
    let old = received(site, &person);
    let renewal = RenewUser { user: "judy".to_owned(), ..RenewUser::default() };
    let _: ssmax_api::ca::NewUser = site.officer(&OfficerRequest::RenewUser(renewal)).await;
    let exported: ExportedUser =
        site.officer(&OfficerRequest::ExportUser { user: "judy".to_owned() }).await;
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let key = SoftwareKey::from_pkcs8(&exported.pkcs8).unwrap().to_pem();
    let certificate = Certificate::from_der(&exported.certificate).unwrap().to_pem();
    for (name, octets) in [
        ("old.eml", old.octets.as_slice()),
        ("signing.key", person.signing.0.to_pem().as_bytes()),
        ("signing.pem", person.signing.1.to_pem().as_bytes()),
        ("new.key", key.as_bytes()),
        ("new.pem", certificate.as_bytes()),
    ] {
        std::fs::write(path(name), octets).unwrap();
    }
    let socket = ssmax_keyserver::Settings::socket(&site.a().keyserver.run_dir, "person");
    let said = std::process::Command::new(env!("CARGO_BIN_EXE_ssmax"))
        .args(["--json", "mail", "rekey", &path("old.eml"), "--key", &path("signing.key")])
        .args(["--cert", &path("signing.pem"), "--user", "judy", "--socket"])
        .arg(&socket)
        .args(["--out", &path("new.eml")])
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let facts: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    let tail = Apart::of(&old.octets).unwrap().enveloped().tail();
    assert_eq!(facts["tail"], hex::encode(tail));
    assert_eq!(facts["mailbox"], person.address);
    let new = std::fs::read(path("new.eml")).unwrap();
    assert_eq!(Apart::of(&new).unwrap().enveloped().tail(), tail);
    if may_skip("openssl") {
        return;
    }
    let opened = std::process::Command::new("openssl")
        .args(["cms", "-decrypt", "-in", &path("new.eml"), "-inkey", &path("new.key")])
        .args(["-recip", &path("new.pem")])
        .output()
        .unwrap();
    assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
    let (key, certificate) = &person.encryption;
    let content =
        decrypt_with(&old.octets, key, Some(certificate), &OpenPolicy::default()).unwrap();
    assert_eq!(opened.stdout, *content);
}

/// Whether a program may be missing: never in CI.
fn may_skip(program: &str) -> bool {
    let found =
        std::process::Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return false;
    }
    assert!(std::env::var("CI").is_err(), "{program} is missing in CI");
    println!("skipped: {program} is not installed");
    true
}

async fn only_the_persons_own_signature_counts(site: &Site) {
    let (alice, carol) = (&site.federation.alice, &site.federation.carol);
    let request = asked(carol, vec![part_of(&received(site, carol))]);
    let not_signed = PersonProblem::NotSigned;
    assert_not(site.own_by(alice, &request).await, not_signed);
    assert_not(site.own_by(&site.federation.bob, &request).await, not_signed);
    for user in ["nobody", "", "alice", "nobody@a.example"] {
        let request = RewrapOwn { user: user.to_owned(), ..request.clone() };
        assert_not(site.own_by(carol, &request).await, not_signed);
    }
    let mut changed = signed(&request, &carol.signing.0, &carol.signing.1);
    changed.json = changed.json.replacen("\"own\"", "\"submission\"", 1);
    assert_not(site.own(changed).await, not_signed);
    // A signature over a mail with the same octets is none over a request.
    let json = request.to_json();
    let as_mail = ssmax_cms::signed::sign(
        &ssmax_cms::signed::SignRequest {
            content_digest: Digest::of(json.as_bytes()).0,
            content: None,
            signing_time: None,
            extra_signed: vec![],
            unsigned: vec![],
            certificates: &[],
            signer: &carol.signing.1,
        },
        &carol.signing.0,
    );
    let as_mail = SignedRequest { json, signature: ByteBuf::from(as_mail.unwrap()) };
    assert_not(site.own(as_mail).await, not_signed);
    for signature in [vec![], b"none".to_vec()] {
        let signature = ByteBuf::from(signature);
        let unsigned = SignedRequest { json: request.to_json(), signature };
        assert_not(site.own(unsigned).await, not_signed);
    }
    // The key that the keyserver holds for alice signs for whoever logs in as her.
    let (key, certificate) = server_held(site).await;
    let request = asked(alice, vec![part_of(&received(site, alice))]);
    assert_not(site.own(signed(&request, &key, &certificate)).await, not_signed);
    assert!(site.own_by(alice, &request).await.is_ok());
}

/// The signing key that the keyserver holds for alice.
pub(crate) async fn server_held(site: &Site) -> (SoftwareKey, Certificate) {
    let alice = CaRequest::Person { user: "alice".to_owned() };
    let alice: Option<UserRecord> = site.ca(&alice).await.unwrap();
    let signing = alice.unwrap().signing;
    let (_, der) =
        signing.iter().find(|(holder, _)| *holder == ssmax_api::ca::KeyHolder::Server).unwrap();
    let certificate = Certificate::from_der(der).unwrap();
    let settings = &site.a().keyserver;
    let unlock = UnlockSecret::from_file(&settings.keyserver.unlock_file).unwrap();
    let store = KeyStore::open(&settings.key_dir(), &unlock).unwrap();
    let id = ssmax_hsm::key_id(certificate.spki());
    let pkcs8 = store.export(KeyPurpose::UserSigning, &id).unwrap();
    (SoftwareKey::from_pkcs8(&pkcs8).unwrap(), certificate)
}

async fn a_request_serves_once_and_within_ten_minutes(site: &Site) {
    let carol = &site.federation.carol;
    let request = asked(carol, vec![part_of(&received(site, carol))]);
    assert!(site.own_by(carol, &request).await.is_ok());
    assert_not(site.own_by(carol, &request).await, PersonProblem::Replayed);
    let at = |minutes: i64, seconds: i64| RewrapOwn {
        at: request.at + Duration::minutes(minutes) + Duration::seconds(seconds),
        nonce: hex::encode(random::<16>()),
        ..request.clone()
    };
    for outside in [at(-10, -2), at(11, 0), at(60 * 24, 0)] {
        assert_not(site.own_by(carol, &outside).await, PersonProblem::TimeOutside);
    }
    for inside in [at(-9, 0), at(10, 0)] {
        assert!(site.own_by(carol, &inside).await.is_ok());
    }
}

async fn what_is_not_the_persons_is_not_wrapped(site: &Site) {
    let (alice, carol) = (&site.federation.alice, &site.federation.carol);
    let of_carol = part_of(&received(site, carol));
    // Neither as her own mail, nor among her own.
    let of_alice = part_of(&received(site, alice));
    for parts in [vec![of_carol.clone()], vec![of_alice.clone(), of_carol.clone()]] {
        let request = asked(alice, parts);
        assert_not(site.own_by(alice, &request).await, PersonProblem::NotForYou);
    }
    let submitted = mail(&alice.address, &site.federation.bob.address, &text());
    let request = asked(alice, vec![part_of(&submitted.encrypted_for(&site.relay))]);
    assert_not(site.own_by(alice, &request).await, PersonProblem::NotForYou);
    for mailbox in [carol.address.as_str(), "nobody@a.example", "alice@b.example"] {
        let request =
            RewrapOwn { mailbox: mailbox.to_owned(), ..asked(alice, vec![of_alice.clone()]) };
        assert_not(site.own_by(alice, &request).await, PersonProblem::NotYourMailbox);
    }
}

async fn what_cannot_be_read_or_opened_is_not_wrapped(site: &Site) {
    let carol = &site.federation.carol;
    let good = part_of(&received(site, carol));
    let with = |part: OwnPart| asked(carol, vec![part]);
    for cipher in ["des-ede3-cbc", "rc2", ""] {
        let request = with(OwnPart { cipher: cipher.to_owned(), ..good.clone() });
        assert_not(site.own_by(carol, &request).await, PersonProblem::EncryptionRefused);
    }
    let request = with(OwnPart { ri: vec![Base64(b"none".to_vec())], ..good.clone() });
    assert_not(site.own_by(carol, &request).await, PersonProblem::EncryptionRefused);
    // The last octets of a key agreement are the wrapped key, which proves itself.
    let mut damaged = good.clone();
    *damaged.ri[0].0.last_mut().unwrap() ^= 1;
    assert_not(site.own_by(carol, &with(damaged)).await, PersonProblem::NotOpened);
    for json in [String::new(), "{}".to_owned(), with(good).to_json() + "{}"] {
        let signature =
            ByteBuf::from(sign_request(&json, &carol.signing.0, &carol.signing.1).unwrap());
        let request = SignedRequest { json, signature };
        assert_not(site.own(request).await, PersonProblem::Malformed);
    }
}

async fn nobody_gets_more_than_the_days_share(site: &Site) {
    let heidi = Person::enrol(site.a(), "heidi", false).await;
    let part = part_of(&received(site, &heidi));
    let limit = site.a().keyserver.keyserver.rewrap_own_per_day as usize;
    let ask = async |count: usize| {
        let request = asked(&heidi, vec![part.clone(); count]);
        site.own_by(&heidi, &request).await.map(|parts| parts.len())
    };
    let reached = Err(PersonProblem::LimitReached);
    assert_eq!(ask(limit + 1).await, reached);
    assert_eq!(ask(limit - 1).await, Ok(limit - 1));
    assert_eq!(ask(2).await, reached);
    assert_eq!(ask(1).await, Ok(1));
    assert_eq!(ask(1).await, reached);
}

/// Somebody submits a ciphertext; what it was wrapped with decides who else may.
async fn who_could_read_a_mail_may_forward_it_and_nobody_else(site: &Site) {
    let (alice, carol) = (&site.federation.alice, &site.federation.carol);
    let received = received(site, carol);
    let request = |person: &Person| RewrapOwn {
        target: OwnTarget::Submission,
        ..asked(person, vec![part_of(&received)])
    };
    assert_not(site.own_by(alice, &request(alice)).await, PersonProblem::NotForYou);
    let rewrapped = site.own_by(carol, &request(carol)).await.unwrap().remove(0);
    let infos: Vec<Vec<u8>> = rewrapped.recipients.iter().map(|one| one.to_vec()).collect();
    assert_eq!(infos.len(), 1, "the organisation alone");
    let octets = Apart::of(&received.octets).unwrap().with_recipients(&infos);
    let forwarded = Mail { octets, message_id: received.message_id.clone() };
    // Alice has got hold of it, and is the first.
    assert!(admit(site, "alice", alice, &forwarded).await.is_ok());
    assert!(admit(site, "carol", carol, &forwarded).await.is_ok());
    let ivan = Person::enrol(site.a(), "ivan", false).await;
    let refused = Problem::Refused(Reason::CiphertextOfAnother);
    let answer = admit(site, "ivan", &ivan, &forwarded).await;
    assert_eq!(answer.map(|_| "admitted"), Err(refused));
    // What is forwarded is still the content that carol could read.
    let own = RecipientInfo::parse(&part_of(&received).ri[0].0).unwrap();
    let key = own
        .unwrap(
            KeyName::Certificate(&carol.encryption.1),
            &carol.encryption.0,
            &UnwrapPolicy { allow_pkcs1: false },
            ContentCipher::Aes256Cbc.key_len(),
        )
        .unwrap();
    assert_eq!(rewrapped.kcv, Digest(kcv(&key, &part_of(&received).tail.0)));
}

/// Asks for a ticket for a mail of this person.
pub(crate) async fn admit(
    site: &Site,
    user: &str,
    person: &Person,
    mail: &Mail,
) -> Result<OutboundTicket, Problem> {
    let statement = Statement {
        v: ssmax_chain::hop_record::RECORD_VERSION,
        user: user.to_owned(),
        aal: 2,
        method: "device-secret".to_owned(),
        from: person.address.clone(),
        mail_from: person.address.clone(),
        recipients: vec![site.federation.bob.address.clone()],
        body: Digest::of(&mail.octets),
        at: OffsetDateTime::now_utc(),
        nonce: hex::encode(random::<16>()),
        source: None,
    };
    let statement = statement.sign(&site.statement_key).unwrap();
    let object = parsed(&mail.octets).decoded_body().unwrap();
    let parts = vec![offered("", &object)];
    let form = Form::Enveloped;
    site.gateway(&GatewayRequest::AdmitOutbound(Box::new(AdmitOutbound {
        statement,
        form,
        parts,
        received: None,
    })))
    .await
}

/// A CA that was taken over would otherwise give carol's key to mallory, who asks then.
async fn an_encryption_key_stays_one_persons(site: &Site) {
    let carol = &site.federation.carol;
    let record = UserRecord {
        kind: ssmax_api::ca::AccountKind::Person,
        user: "mallory".to_owned(),
        addresses: vec!["mallory@a.example".to_owned()],
        active: true,
        proof: "in-person".to_owned(),
        ial: 2,
        signing: vec![],
        encryption: vec![ByteBuf::from(carol.encryption.1.der().to_vec())],
    };
    let answer = site.ca::<()>(&CaRequest::InstallUser(Box::new(record))).await;
    assert_eq!(answer, Err(Problem::NotAllowed));
    let asked = CaRequest::Person { user: "mallory".to_owned() };
    assert_eq!(site.ca::<Option<UserRecord>>(&asked).await, Ok(None));
}

async fn an_esp_keeps_nobodys_keys(site: &Site) {
    site.become_esp().await;
    let carol = &site.federation.carol;
    let request = asked(carol, vec![part_of(&received(site, carol))]);
    assert_not(site.own_by(carol, &request).await, PersonProblem::KeepsNoKeys);
}

impl Site {
    /// Installs a newer list, by the authority, in which A is an ESP.
    pub(crate) async fn become_esp(&self) {
        let (list, chain) = crate::list::opened_in_force(self).await;
        let mut list = list;
        let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
        list.version += 1000;
        list.issued = now;
        list.expires = now + Duration::hours(24);
        for member in &mut list.members {
            if member.id == self.a().id {
                member.kind = ssmax_federation::Kind::Esp;
                member.capabilities.fresh_form = ssmax_federation::FreshForm::MailCbc;
            }
        }
        let authority = &self.federation.authority;
        let unlock = UnlockSecret::from_file(&authority.unlock_file).unwrap();
        let store = KeyStore::open(&authority.keys_dir(), &unlock).unwrap();
        let id = store.keys(KeyPurpose::ListSigner).unwrap().remove(0);
        let key = store.key(KeyPurpose::ListSigner, &id).unwrap();
        let list = ssmax_federation::signed::sign(&list, &chain, key.as_ref(), now).unwrap();
        let request = GatewayRequest::InstallList { list, certificates: vec![] };
        let _: ssmax_api::keyserver::ListInstalled = self.gateway(&request).await.unwrap();
    }
}
