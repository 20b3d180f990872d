//! People, enrolled by an officer, with what lies on their own computers.

use crate::member::Member;
use serde::de::DeserializeOwned;
use serde_bytes::ByteBuf;
use ssmax_api::ca::{AddUser, ExportedUser, KeyHolder, NewUser, OfficerRequest, RelayCertificates};
use ssmax_api::{Answer, Problem};
use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
use ssmax_token::KeyAlgorithm;
use std::time::Duration;

/// How long the CA may take.
const OFFICER_TIMEOUT: Duration = Duration::from_secs(30);

/// A person with a key file and a mailer.
pub struct Person {
    pub address: String,
    pub secret: String,
    /// Signing key and certificate.
    pub signing: (SoftwareKey, Certificate),
    /// Encryption key and certificate.
    pub encryption: (SoftwareKey, Certificate),
    /// The issuers of both, nearest first.
    pub chain: Vec<Certificate>,
}

impl Person {
    /// Enrols a person; `server_key` lets the keyserver sign for them as well.
    pub async fn enrol(member: &Member, user: &str, server_key: bool) -> Self {
        let address = format!("{user}@{}", member.domain);
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        let asked = ssmax_pki::request::create(&key, user, Some(&address)).unwrap();
        let is_esp = member.keyserver.organisation.is_esp();
        let own_key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        let brought = ssmax_pki::request::create(&own_key, user, Some(&address)).unwrap();
        let request = AddUser {
            encryption_key_request: is_esp.then(|| ByteBuf::from(brought)),
            user: user.to_owned(),
            name: user.to_owned(),
            addresses: vec![address.clone()],
            proof: "in-person".to_owned(),
            device_secret: true,
            file_key_request: Some(ByteBuf::from(asked)),
            server_key,
            ..AddUser::default()
        };
        let new: NewUser = officer(member, &OfficerRequest::AddUser(Box::new(request))).await;
        let (_, signing) =
            new.signing.iter().find(|(holder, _)| *holder == KeyHolder::File).unwrap();
        if is_esp {
            let mut chain: Vec<_> =
                new.chain.iter().map(|der| Certificate::from_der(der).unwrap()).collect();
            chain.push(Certificate::from_pem(&member.admission.root).unwrap());
            return Self {
                secret: new.device_secret.unwrap(),
                signing: (key, Certificate::from_der(signing).unwrap()),
                encryption: (own_key, Certificate::from_der(&new.encryption).unwrap()),
                chain,
                address,
            };
        }
        let exported: ExportedUser =
            officer(member, &OfficerRequest::ExportUser { user: user.to_owned() }).await;
        Self {
            secret: new.device_secret.unwrap(),
            signing: (key, Certificate::from_der(signing).unwrap()),
            encryption: (
                SoftwareKey::from_pkcs8(&exported.pkcs8).unwrap(),
                Certificate::from_der(&exported.certificate).unwrap(),
            ),
            chain: exported.chain.iter().map(|der| Certificate::from_der(der).unwrap()).collect(),
            address,
        }
    }
}

/// What a mailer's look-up in the own organisation's directory gives for an address.
pub async fn look_up(member: &Member, address: &str) -> Certificate {
    let request = OfficerRequest::Relay { address: address.to_owned() };
    let relay: RelayCertificates = officer(member, &request).await;
    Certificate::from_der(&relay.encryption).unwrap()
}

/// Asks as an officer.
pub async fn officer<T: DeserializeOwned>(member: &Member, request: &OfficerRequest) -> T {
    ask_officer(member, request).await.unwrap()
}

/// Asks as an officer what may be refused.
pub async fn ask_officer<T: DeserializeOwned>(
    member: &Member,
    request: &OfficerRequest,
) -> Result<T, Problem> {
    let socket = ssmax_ca::Settings::socket(&member.ca.run_dir, "officer");
    let answer: Answer = ssmax_daemon::call::call(&socket, request, OFFICER_TIMEOUT).await.unwrap();
    ssmax_api::decode(answer)
}
