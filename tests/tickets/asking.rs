//! The keyserver of A at its three sockets.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ssmax_api::keyserver::{CaRequest, GatewayRequest, InspectorRequest, WorkerAsk};
use ssmax_api::{Answer, Problem};
use ssmax_chain::Digest;
use ssmax_daemon::call::{CallError, call};
use ssmax_pki::Certificate;
use ssmax_primitives::{SoftwareKey, hmac_sha256};
use ssmax_store::files;
use ssmax_store::sqlx::{self, SqlitePool};
use ssmax_support::federation::Federation;
use ssmax_support::member::Member;
use ssmax_support::person::look_up;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(30);

/// The federation, seen from A.
pub(crate) struct Site {
    pub(crate) federation: Federation,
    /// What A's people find for bob.
    pub(crate) relay: Certificate,
    /// The key of A's submission service.
    pub(crate) statement_key: SoftwareKey,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let federation = Federation::start().await;
        let relay = look_up(&federation.a, &federation.bob.address).await;
        let file = federation.a.gateway.dir().join("statement.pem");
        let pem = String::from_utf8(files::read_private(&file).unwrap().to_vec()).unwrap();
        let statement_key = SoftwareKey::from_pem(&pem).unwrap();
        Self { federation, relay, statement_key }
    }

    pub(crate) fn a(&self) -> &Member {
        &self.federation.a
    }

    pub(crate) fn b(&self) -> &Member {
        &self.federation.b
    }

    /// Asks as the gateway.
    pub(crate) async fn gateway<T: DeserializeOwned>(
        &self,
        request: &GatewayRequest,
    ) -> Result<T, Problem> {
        ssmax_api::decode(self.at("gateway", request).await.unwrap())
    }

    /// Asks as the supervisor, for a worker.
    pub(crate) async fn inspector<T: DeserializeOwned>(
        &self,
        ticket: &str,
        ask: WorkerAsk,
    ) -> Result<T, Problem> {
        let request = InspectorRequest { ticket: ticket.to_owned(), ask };
        ssmax_api::decode(self.at("inspector", &request).await.unwrap())
    }

    /// Asks as the CA.
    pub(crate) async fn ca<T: DeserializeOwned>(&self, request: &CaRequest) -> Result<T, Problem> {
        ssmax_api::decode(self.at("ca", request).await.unwrap())
    }

    /// Asks at one socket, whatever is understood there.
    pub(crate) async fn at<Q: Serialize>(
        &self,
        caller: &str,
        request: &Q,
    ) -> Result<Answer, CallError> {
        let socket = ssmax_keyserver::Settings::socket(&self.a().keyserver.run_dir, caller);
        call(&socket, request, TIMEOUT).await
    }

    /// The newest row of the audit log about this operation.
    pub(crate) async fn newest_row(&self, op: &str) -> Value {
        let path = self.a().keyserver.dir().join("audit.sqlite");
        let pool = SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
        let (row,): (String,) = sqlx::query_as(
            "SELECT row FROM audit WHERE json_extract(row, '$.op') = ? ORDER BY seq DESC LIMIT 1",
        )
        .bind(op)
        .fetch_one(&pool)
        .await
        .unwrap();
        pool.close().await;
        serde_json::from_str(&row).unwrap()
    }

    /// How rows name these people.
    pub(crate) fn in_rows(&self, people: &[&str]) -> Vec<String> {
        let path = self.a().keyserver.dir().join("audit-address.key");
        let key = files::read_private(&path).unwrap();
        let named = |one: &&str| hex::encode(&hmac_sha256(&key, &[one.as_bytes()])[..16]);
        people.iter().map(named).collect()
    }

    /// Asks for a copy.
    pub(crate) async fn rewrap(
        &self,
        ticket: &str,
        to_org: &str,
        recipients: &[&str],
        tail: Digest,
    ) -> Result<ssmax_api::keyserver::MemberCopy, Problem> {
        let recipients = recipients.iter().map(|&text| text.to_owned()).collect();
        let (ticket, to_org) = (ticket.to_owned(), to_org.to_owned());
        self.gateway(&GatewayRequest::Rewrap { ticket, to_org, recipients, tail }).await
    }

    /// Asks for the signature over a copy.
    pub(crate) async fn sign_hop(
        &self,
        ticket: &str,
        id: ssmax_chain::HopId,
    ) -> Result<serde_bytes::ByteBuf, Problem> {
        self.gateway(&GatewayRequest::SignHop {
            ticket: ticket.to_owned(),
            id,
            content: Digest::of(b"content"),
            headers: Digest::of(b"headers"),
            message_id: "<one@mailer.example>".to_owned(),
        })
        .await
    }

    /// Asks for a signature in the person's name.
    pub(crate) async fn sign_user(
        &self,
        ticket: &str,
        entity: Digest,
    ) -> Result<serde_bytes::ByteBuf, Problem> {
        self.gateway(&GatewayRequest::SignUser { ticket: ticket.to_owned(), entity }).await
    }

    /// Asks for a seal.
    pub(crate) async fn seal(
        &self,
        ticket: &str,
        recipient: &str,
        entity: Digest,
    ) -> Result<ssmax_api::keyserver::Seal, Problem> {
        let (recipient, headers) = (recipient.to_owned(), Digest::of(b"headers"));
        self.inspector(ticket, WorkerAsk::Seal { recipient, entity, headers }).await
    }

    /// Ends a ticket.
    pub(crate) async fn close(&self, ticket: &str) {
        let request = GatewayRequest::Close { ticket: ticket.to_owned() };
        assert_eq!(self.gateway(&request).await, Ok(()));
    }
}

/// What an operation must answer that the ticket does not allow.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(answer: Result<T, Problem>, problem: Problem) {
    assert_eq!(answer.map(|_| "allowed"), Err(problem));
}
