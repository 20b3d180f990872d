//! The people of the demonstration, with what lies on their own computers.

use super::place::{Place, Site};
use super::unavailable;
use crate::complaint::{Complaint, Exit};
use serde_bytes::ByteBuf;
use ssmax_api::Answer;
use ssmax_api::ca::{AddUser, ExportedUser, KeyHolder, NewUser, OfficerRequest, RelayCertificates};
use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
use ssmax_store::files::{create_private_dir, read_private, write_private};
use ssmax_token::KeyAlgorithm;
use std::path::PathBuf;
use std::time::Duration;

/// How long an administrator's request may take: RSA keys are made on the way.
const OFFICER_TIMEOUT: Duration = Duration::from_secs(60);

/// A person with a key file and a mailer.
pub(crate) struct Person {
    pub(crate) address: String,
    pub(crate) secret: String,
    /// Signing key and certificate in a file.
    pub(crate) signing: Option<(SoftwareKey, Certificate)>,
    /// Encryption key and certificate, as exported for the mailer.
    pub(crate) encryption: (SoftwareKey, Certificate),
    /// The issuers of both, nearest first.
    pub(crate) chain: Vec<Certificate>,
    /// The folder with all that.
    pub(crate) dir: PathBuf,
}

/// Everybody.
pub(crate) struct People {
    pub(crate) alice: Person,
    pub(crate) carol: Person,
    pub(crate) bob: Person,
    pub(crate) dave: Person,
    pub(crate) erin: Person,
}

/// Who a person is, before enrolment.
struct Outline {
    user: &'static str,
    name: &'static str,
    /// Whether they sign with a key of their own.
    file_key: bool,
    /// Whether the keyserver signs for them.
    server_key: bool,
    rsa: bool,
}

/// Enrols everybody, or takes up who was enrolled by an earlier run.
pub(crate) async fn enrol(place: &Place) -> Result<People, Complaint> {
    let plain = |user, name| Outline { user, name, file_key: true, server_key: false, rsa: false };
    let alice = Outline { server_key: true, ..plain("alice", "山田 有紗") };
    let bob = Outline { rsa: true, ..plain("bob", "鈴木 望夢") };
    let erin = Outline { server_key: true, file_key: false, ..plain("erin", "Erin Chen") };
    Ok(People {
        alice: person(&place.a, &alice).await?,
        carol: person(&place.a, &plain("carol", "Carol Abe")).await?,
        bob: person(&place.b, &bob).await?,
        dave: person(&place.b, &plain("dave", "Dave Baba")).await?,
        erin: person(&place.c, &erin).await?,
    })
}

async fn person(site: &Site, outline: &Outline) -> Result<Person, Complaint> {
    let dir = site.dir.join("people").join(outline.user);
    let address = format!("{}@{}", outline.user, site.domain);
    if !dir.join("enrolled").exists() {
        create_private_dir(&site.dir.join("people"))?;
        create_private_dir(&dir)?;
        enrol_one(site, outline, &address, &dir).await?;
        write_private(&dir.join("enrolled"), b"")?;
    }
    let text = |name: &str| -> Result<String, Complaint> {
        let octets = read_private(&dir.join(name))?;
        String::from_utf8(octets.to_vec()).map_err(unavailable)
    };
    let signing = match outline.file_key {
        true => Some((
            SoftwareKey::from_pem(&text("signing.key.pem")?).map_err(unavailable)?,
            Certificate::from_pem(&text("signing.crt.pem")?)?,
        )),
        false => None,
    };
    let encryption = (
        SoftwareKey::from_pem(&text("encryption.key.pem")?).map_err(unavailable)?,
        Certificate::from_pem(&text("encryption.crt.pem")?)?,
    );
    let chain = Certificate::all_from_pem(&text("chain.pem")?)?;
    Ok(Person { address, secret: text("secret")?, signing, encryption, chain, dir })
}

async fn enrol_one(
    site: &Site,
    outline: &Outline,
    address: &str,
    dir: &std::path::Path,
) -> Result<(), Complaint> {
    let mut request = AddUser {
        user: outline.user.to_owned(),
        name: outline.name.to_owned(),
        addresses: vec![address.to_owned()],
        proof: "in-person".to_owned(),
        device_secret: true,
        server_key: outline.server_key,
        rsa_encryption: outline.rsa,
        ..AddUser::default()
    };
    if outline.file_key {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).map_err(unavailable)?;
        let asked = ssmax_pki::request::create(&key, outline.name, Some(address))?;
        request.file_key_request = Some(ByteBuf::from(asked));
        write_private(&dir.join("signing.key.pem"), key.to_pem().as_bytes())?;
    }
    let new: NewUser = officer(site, &OfficerRequest::AddUser(Box::new(request))).await?;
    for (holder, der) in &new.signing {
        if *holder == KeyHolder::File {
            let pem = Certificate::from_der(der)?.to_pem();
            write_private(&dir.join("signing.crt.pem"), pem.as_bytes())?;
        }
    }
    let secret = new.device_secret.unwrap_or_default();
    write_private(&dir.join("secret"), secret.as_bytes())?;
    let export = OfficerRequest::ExportUser { user: outline.user.to_owned() };
    let exported: ExportedUser = officer(site, &export).await?;
    let key = SoftwareKey::from_pkcs8(&exported.pkcs8).map_err(unavailable)?;
    write_private(&dir.join("encryption.key.pem"), key.to_pem().as_bytes())?;
    let pem = Certificate::from_der(&exported.certificate)?.to_pem();
    write_private(&dir.join("encryption.crt.pem"), pem.as_bytes())?;
    let mut chain = String::new();
    for der in &exported.chain {
        chain += &Certificate::from_der(der)?.to_pem();
    }
    write_private(&dir.join("chain.pem"), chain.as_bytes())?;
    let seal_ca = Certificate::from_der(&exported.seal_ca)?.to_pem();
    write_private(&dir.join("seal-ca.pem"), seal_ca.as_bytes())?;
    Ok(())
}

/// What a mailer's look-up in the own organisation's directory gives.
pub(crate) async fn look_up(site: &Site, address: &str) -> Result<Certificate, Complaint> {
    let request = OfficerRequest::Relay { address: address.to_owned() };
    let relay: RelayCertificates = officer(site, &request).await?;
    Ok(Certificate::from_der(&relay.encryption)?)
}

async fn officer<T: serde::de::DeserializeOwned>(
    site: &Site,
    request: &OfficerRequest,
) -> Result<T, Complaint> {
    let socket = ssmax_daemon::place::socket(site.config.run_dir(), "ca", "officer");
    let answer: Answer =
        ssmax_daemon::call::call(&socket, request, OFFICER_TIMEOUT).await.map_err(unavailable)?;
    ssmax_api::decode(answer).map_err(|problem| {
        Complaint::new(Exit::Unavailable, "failed").with("reason", format!("CA: {problem}"))
    })
}
