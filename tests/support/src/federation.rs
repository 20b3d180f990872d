//! An authority and four members, all in this process.

use crate::member::{Member, Outline};
use crate::person::Person;
use crate::wire::Wire;
use ssmax_api::inspector::AttachmentDelivery;
use ssmax_authority::{AuthorityConfig, Server};
use ssmax_daemon::Stop;
use ssmax_federation::Kind;
use ssmax_gateway::wire::Route;
use ssmax_gateway::{AfterOpening, Ambiguous, Delivery, Outside};
use ssmax_inspection::Outcome;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use time::OffsetDateTime;

/// How long a new member list may take to reach every gateway; they ask each second.
const LIST: Duration = Duration::from_secs(20);

/// Nobody listens there.
pub const DEAD: &str = "smtp://127.0.0.1:1";

/// Of the members, A refuses its own people's mail after opening and holds that of
/// others; B does it the other way round. C is hostile, but for its list entry: it keeps
/// to no rule where others cannot see it. D is an ESP.
pub struct Federation {
    pub authority: AuthorityConfig,
    pub a: Member,
    pub b: Member,
    pub c: Member,
    pub d: Member,
    pub alice: Person,
    pub carol: Person,
    /// Decides about held mail at A, as alice does, who cannot about her own.
    pub wanda: Person,
    pub bob: Person,
    pub dave: Person,
    pub erin: Person,
    pub frank: Person,
    pub grace: Person,
    pub dir: TempDir,
    stop: Stop,
}

impl Federation {
    pub async fn start() -> Self {
        Self::start_as(&outlines()).await
    }

    /// The same, where B gives its people what the sender encrypted.
    pub async fn start_preserving() -> Self {
        let mut outlines = outlines();
        outlines[1].delivery = Delivery::Preserve;
        Self::start_as(&outlines).await
    }

    async fn start_as(outlines: &[Outline; 4]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let stop = Stop::new();
        let authority = authority_config(&dir);
        ssmax_authority::init(&authority, OffsetDateTime::now_utc()).await.unwrap();
        let server = Server::bind(authority.clone()).await.unwrap();
        let at = server.address();
        tokio::spawn(server.run(stop.clone()));

        let mut wires = Vec::new();
        for _ in outlines {
            wires.push(Wire::start(&stop).await);
        }
        let domains = outlines.each_ref().map(|outline| format!("{}.example", outline.name));
        let mut routes: BTreeMap<String, Route> =
            domains.into_iter().zip(wires.iter().map(|wire| wire.route())).collect();
        // C is a member that nobody reaches.
        routes.insert("c.example".to_owned(), DEAD.parse().unwrap());
        let mut members = Vec::new();
        for (outline, wire) in outlines.iter().zip(wires) {
            let authority = (&authority, at);
            members.push(Member::join(dir.path(), outline, authority, &routes, wire).await);
        }
        let [mut a, mut b, mut c, mut d] = <[Member; 4]>::try_from(members).ok().unwrap();
        for member in [&mut a, &mut b, &mut c, &mut d] {
            member.serve().await;
        }
        let federation = Self {
            alice: Person::enrol(&a, "alice", true).await,
            carol: Person::enrol(&a, "carol", false).await,
            wanda: Person::enrol(&a, "wanda", false).await,
            bob: Person::enrol(&b, "bob", true).await,
            dave: Person::enrol(&b, "dave", false).await,
            erin: Person::enrol(&c, "erin", true).await,
            frank: Person::enrol(&d, "frank", true).await,
            grace: Person::enrol(&d, "grace", false).await,
            authority,
            a,
            b,
            c,
            d,
            dir,
            stop,
        };
        federation.wait_for_list(federation.d.admission.list_version).await;
        federation
    }

    /// Waits until every gateway judges by this version of the list, or a later one.
    pub async fn wait_for_list(&self, version: u64) {
        let deadline = Instant::now() + LIST;
        for member in [&self.a, &self.b, &self.c, &self.d] {
            while ssmax_gateway::list_version(member.gateway.place())
                .await
                .unwrap()
                .is_none_or(|here| here < version)
            {
                assert!(Instant::now() < deadline, "list {version} did not reach {}", member.name);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

impl Drop for Federation {
    fn drop(&mut self) {
        self.stop.trigger();
    }
}

fn authority_config(dir: &TempDir) -> AuthorityConfig {
    AuthorityConfig {
        name: "Test Federation".to_owned(),
        url: "https://localhost".to_owned(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        unlock_file: dir.path().join("unlock-authority"),
        reissue_seconds: 3600,
        list_hours: 24,
        max_connections: 64,
        request_seconds: 10,
        connection_seconds: 60,
        state: crate::member::on_server(),
        state_dir: dir.path().join("authority/state"),
        run_dir: dir.path().join("authority/run"),
    }
}

/// Of the keyserver: nobody runs into it unless a case wants to. The cases have many
/// mails stopped after opening.
fn limits() -> ssmax_keyserver::Limits {
    ssmax_keyserver::Limits { opened_refusals_per_hour: 1000, ..Default::default() }
}

fn outlines() -> [Outline; 4] {
    [
        Outline {
            name: "a",
            on_server: false,
            number: "000012050002",
            outbound_after_opening: AfterOpening::Refuse,
            inbound_after_opening: AfterOpening::Hold,
            max_private_operations: 4,
            attachments: AttachmentDelivery::Keep,
            rewrap_own_per_day: 20,
            limits: limits(),
            ambiguous: Ambiguous::Rebuild,
            outside: Outside::Reject,
            kind: Kind::Organisation,
            delivery: Delivery::Seal,
            locked_archive: Outcome::Hold,
        },
        Outline {
            name: "b",
            on_server: true,
            number: "000020131008",
            outbound_after_opening: AfterOpening::Hold,
            inbound_after_opening: AfterOpening::Refuse,
            max_private_operations: 4,
            attachments: AttachmentDelivery::Whole,
            rewrap_own_per_day: 20,
            limits: limits(),
            ambiguous: Ambiguous::Refuse,
            outside: Outside::Clear,
            kind: Kind::Organisation,
            delivery: Delivery::Seal,
            locked_archive: Outcome::Block,
        },
        Outline {
            name: "c",
            on_server: false,
            number: "000012990003",
            outbound_after_opening: AfterOpening::Refuse,
            inbound_after_opening: AfterOpening::Refuse,
            max_private_operations: 0,
            attachments: AttachmentDelivery::Whole,
            rewrap_own_per_day: 0,
            limits: limits(),
            ambiguous: Ambiguous::Rebuild,
            outside: Outside::EncryptIfKnown,
            kind: Kind::Organisation,
            delivery: Delivery::Seal,
            locked_archive: Outcome::Hold,
        },
        Outline {
            name: "d",
            on_server: false,
            number: "000012990004",
            outbound_after_opening: AfterOpening::Refuse,
            inbound_after_opening: AfterOpening::Refuse,
            max_private_operations: 4,
            ambiguous: Ambiguous::Rebuild,
            attachments: AttachmentDelivery::Whole,
            rewrap_own_per_day: 100,
            limits: limits(),
            locked_archive: Outcome::Hold,
            outside: Outside::Reject,
            kind: Kind::Esp,
            // An ESP preserves whatever stands here.
            delivery: Delivery::Seal,
        },
    ]
}
