//! An authority and three members, all in this process.

use crate::member::{Member, Outline};
use crate::person::Person;
use crate::wire::Wire;
use ssmax_api::inspector::AttachmentDelivery;
use ssmax_authority::{AuthorityConfig, Server};
use ssmax_daemon::Stop;
use ssmax_gateway::wire::Route;
use ssmax_gateway::{AfterOpening, Ambiguous};
use ssmax_inspection::Outcome;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use time::OffsetDateTime;

/// How long a new member list may take to reach every gateway; they ask each second.
const LIST: Duration = Duration::from_secs(20);

/// Nobody listens there.
pub(crate) const DEAD: &str = "smtp://127.0.0.1:1";

/// Of the members, A refuses its own people's mail after opening and holds that of
/// others; B does it the other way round. C is hostile, but for its list entry: it keeps
/// to no rule where others cannot see it.
pub(crate) struct Federation {
    pub(crate) authority: AuthorityConfig,
    pub(crate) a: Member,
    pub(crate) b: Member,
    pub(crate) c: Member,
    pub(crate) alice: Person,
    pub(crate) carol: Person,
    pub(crate) bob: Person,
    pub(crate) dave: Person,
    pub(crate) erin: Person,
    pub(crate) dir: TempDir,
    stop: Stop,
}

impl Federation {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let stop = Stop::new();
        let authority = authority_config(&dir);
        ssmax_authority::init(&authority, OffsetDateTime::now_utc()).await.unwrap();
        let server = Server::bind(authority.clone()).await.unwrap();
        let at = server.address();
        tokio::spawn(server.run(stop.clone()));

        let wires = [Wire::start(&stop).await, Wire::start(&stop).await, Wire::start(&stop).await];
        let domains = ["a.example", "b.example"].map(str::to_owned);
        let mut routes: BTreeMap<String, Route> =
            domains.into_iter().zip(wires.iter().map(|wire| wire.route())).collect();
        // C is a member that nobody reaches.
        routes.insert("c.example".to_owned(), DEAD.parse().unwrap());
        let mut members = Vec::new();
        for (outline, wire) in outlines().iter().zip(wires) {
            let authority = (&authority, at);
            members.push(Member::join(dir.path(), outline, authority, &routes, wire).await);
        }
        let [mut a, mut b, mut c] = <[Member; 3]>::try_from(members).ok().unwrap();
        for member in [&mut a, &mut b, &mut c] {
            member.serve().await;
        }
        let federation = Self {
            alice: Person::enrol(&a, "alice", true).await,
            carol: Person::enrol(&a, "carol", false).await,
            bob: Person::enrol(&b, "bob", true).await,
            dave: Person::enrol(&b, "dave", false).await,
            erin: Person::enrol(&c, "erin", true).await,
            authority,
            a,
            b,
            c,
            dir,
            stop,
        };
        federation.wait_for_list(federation.c.admission.list_version).await;
        federation
    }

    /// Waits until every gateway judges by this version of the list, or a later one.
    pub(crate) async fn wait_for_list(&self, version: u64) {
        let deadline = Instant::now() + LIST;
        for member in [&self.a, &self.b, &self.c] {
            while ssmax_gateway::list_version(member.state_dir())
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
        state_dir: dir.path().join("authority/state"),
        run_dir: dir.path().join("authority/run"),
    }
}

fn outlines() -> [Outline; 3] {
    [
        Outline {
            name: "a",
            number: "000012050002",
            outbound_after_opening: AfterOpening::Refuse,
            inbound_after_opening: AfterOpening::Hold,
            max_private_operations: 4,
            attachments: AttachmentDelivery::Keep,
            rewrap_own_per_day: 20,
            ambiguous: Ambiguous::Rebuild,
            locked_archive: Outcome::Hold,
        },
        Outline {
            name: "b",
            number: "000020131008",
            outbound_after_opening: AfterOpening::Hold,
            inbound_after_opening: AfterOpening::Refuse,
            max_private_operations: 4,
            attachments: AttachmentDelivery::Whole,
            rewrap_own_per_day: 20,
            ambiguous: Ambiguous::Refuse,
            locked_archive: Outcome::Block,
        },
        Outline {
            name: "c",
            number: "000012990003",
            outbound_after_opening: AfterOpening::Refuse,
            inbound_after_opening: AfterOpening::Refuse,
            max_private_operations: 0,
            attachments: AttachmentDelivery::Whole,
            rewrap_own_per_day: 0,
            ambiguous: Ambiguous::Rebuild,
            locked_archive: Outcome::Hold,
        },
    ]
}
