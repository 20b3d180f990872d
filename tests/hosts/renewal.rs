//! Who gets a new certificate over TLS, and who does not.

use crate::{Spread, WAIT};
use ssmax_api::ca::GatewayRequest;
use ssmax_api::{Answer, Problem};
use ssmax_daemon::call::{CallError, Client};
use ssmax_hsm::{KeyPurpose, KeyStore, UnlockSecret};
use ssmax_pki::profile::{self, Basis, Organisation, Validity};
use ssmax_pki::{Certificate, issue, lint};
use ssmax_primitives::SoftwareKey;
use ssmax_store::{files, sqlx};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use ssmax_transport::{EnrolError, Transport};
use std::fs;
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

impl Spread {
    fn certificate(&self) -> Certificate {
        let place = self.transport("gate").place("gateway");
        ssmax_transport::certificate(&place, "gateway").unwrap()
    }

    /// Makes the gateway's certificate one that was issued 80 days ago for 90 days, at the
    /// CA as well.
    async fn age(&self) {
        let old = self.certificate();
        let unlock = UnlockSecret::from_file(&self.site.path("people/unlock-ca")).unwrap();
        let keys = KeyStore::open(&self.site.path("people/state/ca/keys"), &unlock).unwrap();
        let ca = fs::read_to_string(self.transport("gate").place("gateway").ca_file()).unwrap();
        let ca = Certificate::from_pem(&ca).unwrap();
        let key = keys.key(KeyPurpose::TransportCa, &ssmax_hsm::key_id(ca.spki())).unwrap();
        let database = self.site.path("people/state/ca/ca.sqlite").display().to_string();
        let pool = sqlx::SqlitePool::connect(&format!("sqlite:{database}")).await.unwrap();
        let (serial,): (Vec<u8>,) = sqlx::query_as("SELECT serial FROM certificate WHERE der = ?")
            .bind(old.der())
            .fetch_one(&pool)
            .await
            .unwrap();
        let not_before = OffsetDateTime::now_utc() - Duration::days(80);
        let validity = Validity { not_before, not_after: not_before + Duration::days(90) };
        let basis = Basis::new(old.spki(), serial.clone(), validity);
        let owner = Organisation { name: "Organisation A", identifier: crate::A };
        let name = ssmax_transport::role_name("gateway", crate::A);
        let draft = profile::tls_role(basis, &owner, &name, &old.common_name().unwrap());
        let aged = issue::issue(lint::lint(draft).unwrap(), &ca, key.as_ref()).unwrap();
        sqlx::query("UPDATE certificate SET der = ? WHERE serial = ?")
            .bind(aged.der())
            .bind(&serial)
            .execute(&pool)
            .await
            .unwrap();
        pool.close().await;
        let path = self.transport("gate").place("gateway").role_file("gateway");
        let pem = fs::read_to_string(&path).unwrap();
        let (key, _) = pem.split_once("-----BEGIN CERTIFICATE-----").unwrap();
        files::write_private(&path, format!("{key}{}", aged.to_pem()).as_bytes()).unwrap();
    }

    /// Renews the gateway's certificate as the gateway does.
    async fn renew(&self) -> Result<(), EnrolError> {
        let transport = self.transport("gate");
        let client = self.client("gate", "gateway", "ca");
        let ask = async |request| over(&client, request).await.ok();
        ssmax_transport::renew(&transport, "gateway", ask).await
    }

    fn deny(&self, host: &str, denied: &str) {
        self.site.write(&format!("{host}/denied"), denied);
    }
}

async fn over(client: &Client, request: Vec<u8>) -> Result<ssmax_transport::Renewed, Problem> {
    let request = GatewayRequest::RenewTransport { request };
    ssmax_api::decode(client.call::<_, Answer>(&request, WAIT).await.unwrap())
}

fn request_for(key: &SoftwareKey) -> Vec<u8> {
    ssmax_pki::request::create(key, "gate", None).unwrap()
}

fn key() -> SoftwareKey {
    SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap()
}

fn no_answer<T>(outcome: Result<T, EnrolError>) -> bool {
    matches!(outcome, Err(EnrolError::NotAccepted(_)))
}

/// A new key and certificate over the connection to the CA, taken up by the running role;
/// one for each certificate, near its end, and none any more for a line that is denied.
pub(crate) async fn renewal(spread: &Spread) {
    // Not before it is due.
    assert!(no_answer(spread.renew().await));
    spread.logged("people", "not in the last third").await;

    // Not to who has only reached a socket of the CA's host.
    spread.age().await;
    let local = Client::new(spread.site.path("people/run/ca.gateway.sock"));
    assert_eq!(over(&local, request_for(&key())).await, Err(Problem::NotAllowed));
    spread.logged("people", "not asked for over TLS").await;

    // Once, and the key that waited while there was no answer is the one that is certified.
    let waiting = spread.site.path("gate/state/gateway/transport/gateway.renewal.pem");
    let kept = SoftwareKey::from_pem(&fs::read_to_string(&waiting).unwrap()).unwrap();
    let stolen = steal(spread);
    let before = spread.certificate();
    spread.renew().await.unwrap();
    let after = spread.certificate();
    assert_eq!(after.spki(), kept.spki());
    assert_eq!(before.common_name(), after.common_name());
    assert!(!waiting.exists());
    let thief = {
        let identity = Arc::new(stolen.identity("gateway").unwrap());
        let servers = stolen.servers("ca").to_vec();
        Client::new(ssmax_daemon::endpoint::Remote::new(identity, "ca", servers))
    };
    let again = over(&thief, request_for(&kept)).await.unwrap();
    assert_eq!(again.certificate, after.der());
    assert_eq!(over(&thief, request_for(&key())).await, Err(Problem::NotAllowed));
    spread.logged("people", "renewed already").await;

    // What came of a denied one is not renewed either, and nobody starts anything anew.
    spread.age().await;
    spread.deny("people", &format!("{} # stolen\n", hex::encode(before.sha256())));
    assert!(no_answer(spread.renew().await));
    spread.logged("people", "of this role on this host, is denied").await;
    let transport = ["org", "transport"];
    let ask = ["request", "--role", "gateway", "--host", "gate", "--out", "again", "--json"];
    let said = spread.on("gate", &[&transport[..], &ask].concat()).ends(0).json();
    let key_sha256 = said["key_sha256"].as_str().unwrap();
    let issue = ["issue", "again", "--key-sha256", key_sha256, "--out", "none"];
    let said = spread.on("people", &[&transport[..], &issue].concat()).ends(1);
    assert!(said.err.contains("gateway on gate is denied"), "{}", said.err);
    // The thief's kept connection is of before; a new one is not made.
    let refused = {
        let identity = Arc::new(stolen.identity("gateway").unwrap());
        let servers = stolen.servers("ca").to_vec();
        let client = Client::new(ssmax_daemon::endpoint::Remote::new(identity, "ca", servers));
        let request = GatewayRequest::RenewTransport { request: request_for(&kept) };
        client.call::<_, Answer>(&request, WAIT).await.unwrap_err()
    };
    assert_eq!(refused, CallError::Untrusted);
    spread.deny("people", "");

    // Whatever is asked for over its connection, it is for that role.
    let inspector = spread.transport("look");
    let client = spread.client("gate", "gateway", "ca");
    let ask = async |request| over(&client, request).await.ok();
    let refused = ssmax_transport::renew(&inspector, "inspector", ask).await.unwrap_err();
    assert_eq!(refused, EnrolError::Foreign);

    let said = spread.on("people", &["org", "transport", "status", "--json"]).ends(0).json();
    let issued = said["issued"].as_array().unwrap();
    assert_eq!(issued.iter().filter(|one| one["role"] == "gateway").count(), 3);
}

/// The gateway's key and certificate, in another place.
fn steal(spread: &Spread) -> Transport {
    let mut stolen = spread.transport("gate");
    let from = stolen.place("gateway");
    stolen.state_dir = spread.site.path("stolen");
    let to = stolen.place("gateway");
    files::create_private_dir(&to.dir).unwrap();
    for (from, to) in
        [(from.role_file("gateway"), to.role_file("gateway")), (from.ca_file(), to.ca_file())]
    {
        fs::copy(from, to).unwrap();
    }
    stolen
}
