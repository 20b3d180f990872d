//! Somebody between a member's gateway and the roles behind it: a second gateway of the
//! member whose keyserver and inspector are reached through here.

use serde::Serialize;
use serde::de::DeserializeOwned;
use ssmax_api::ca::GatewayRequest as CaRequest;
use ssmax_api::inspector::{Inspect, Inspected};
use ssmax_api::keyserver::GatewayRequest;
use ssmax_api::{Answer, Problem};
use ssmax_daemon::Stop;
use ssmax_daemon::call::{call, call_laden};
use ssmax_daemon::listen::{Limits, Listener};
use ssmax_store::{Place, files};
use ssmax_support::member::{Member, addresses};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinSet;

const TIMEOUT: Duration = Duration::from_secs(30);

/// What is done to what goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meddling {
    /// The submission statement names another user.
    ChangeStatement,
    /// Each admission is asked for twice; the second answer is passed on.
    AdmitTwice,
    /// Nobody may send to anybody.
    AllowNobody,
    /// The inspector made no fresh encryption, though it passed the mail.
    ForgetFresh,
    /// The inspector sealed for nobody, though it passed the mail.
    ForgetSealed,
}

/// The second gateway.
pub(crate) struct Between {
    pub(crate) submission: SocketAddr,
    pub(crate) inbound: SocketAddr,
    pub(crate) state_dir: PathBuf,
    stop: Stop,
    tasks: JoinSet<()>,
}

impl Between {
    pub(crate) async fn start(member: &Member, dir: &TempDir, meddling: Meddling) -> Self {
        let home = dir.path().join(format!("{meddling:?}"));
        let mut settings = member.gateway.clone();
        if meddling == Meddling::AllowNobody {
            settings.gateway.volume.recipients_per_hour = 0;
        }
        let mut between = Self::at(member, settings, &home).await;
        let real = member.gateway.run_dir.clone();
        between.carry("keyserver.gateway.sock", &real, move |request: GatewayRequest| {
            (meddling == Meddling::AdmitTwice && is_admission(&request), change(meddling, request))
        });
        between.carry("ca.gateway.sock", &real, |request: CaRequest| (false, request));
        between.carry_inspections(&real, meddling);
        between
    }

    /// A second gateway with nobody behind it, that has never seen a member list.
    pub(crate) async fn alone(member: &Member, dir: &TempDir) -> Self {
        Self::at(member, member.gateway.clone(), &dir.path().join("alone")).await
    }

    /// The gateway, with the member's own statement key but a journal of its own.
    async fn at(member: &Member, mut settings: ssmax_gateway::Settings, home: &Path) -> Self {
        settings.state_dir = home.join("state");
        settings.run_dir = home.join("run");
        settings.federation.authority_url = "https://localhost:1".to_owned();
        for private in [home, &settings.state_dir, &settings.run_dir, &settings.dir()] {
            files::create_private_dir(private).unwrap();
        }
        let key = files::read_private(&member.gateway.dir().join("statement.pem")).unwrap();
        files::write_private(&settings.dir().join("statement.pem"), &key).unwrap();
        let (stop, run_dir) = (Stop::new(), settings.run_dir.clone());
        let state_dir = settings.state_dir.clone();
        let mut tasks = JoinSet::new();
        let serving = ssmax_gateway::serve(settings, stop.clone());
        tasks.spawn(async { serving.await.unwrap() });
        let (submission, inbound) = addresses(&run_dir).await;
        Self { submission, inbound, state_dir, stop, tasks }
    }

    /// Carries requests to the real socket of the same name: twice if so decided.
    fn carry<Q: Serialize + DeserializeOwned + Send + Sync + 'static>(
        &mut self,
        socket: &str,
        real: &Path,
        decide: impl Fn(Q) -> (bool, Q) + Copy + Send + Sync + 'static,
    ) {
        let (here, real) = (self.socket(socket), real.join(socket));
        let stop = self.stop.clone();
        let handler = move |request: Q| {
            let real = real.clone();
            async move {
                let (twice, request) = decide(request);
                if twice {
                    let first: Answer = call(&real, &request, TIMEOUT).await.unwrap();
                    assert!(first.is_ok(), "{first:?}");
                }
                call::<_, Answer>(&real, &request, TIMEOUT).await.unwrap()
            }
        };
        // Bound before anybody is told of the gateway, or the first request meets nobody.
        let listener = Listener::bind(&here).unwrap();
        self.tasks.spawn(listener.serve(Limits::default(), stop, handler));
    }

    fn carry_inspections(&mut self, real: &Path, meddling: Meddling) {
        let socket = "inspector.gateway.sock";
        let (here, real) = (self.socket(socket), real.join(socket));
        let stop = self.stop.clone();
        let handler = move |request: Inspect| {
            let real = real.clone();
            async move {
                let answer: Result<Inspected, Problem> =
                    call_laden(&real, request, TIMEOUT).await.unwrap();
                let mut inspected = answer?;
                if let Inspected::Passed { fresh, sealed, .. } = &mut inspected {
                    match meddling {
                        Meddling::ForgetFresh => fresh.clear(),
                        Meddling::ForgetSealed => sealed.clear(),
                        _ => {}
                    }
                }
                Ok::<_, Problem>(inspected)
            }
        };
        // Bound before anybody is told of the gateway, or the first request meets nobody.
        let listener = Listener::bind(&here).unwrap();
        self.tasks.spawn(listener.serve_laden(Limits::default(), stop, handler));
    }

    pub(crate) fn place(&self) -> Place {
        Place::in_directory(&self.state_dir.join("gateway"))
    }

    fn socket(&self, name: &str) -> PathBuf {
        self.state_dir.with_file_name("run").join(name)
    }

    pub(crate) async fn stop(mut self) {
        self.stop.trigger();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
    }
}

fn is_admission(request: &GatewayRequest) -> bool {
    matches!(request, GatewayRequest::AdmitOutbound(_))
}

fn change(meddling: Meddling, mut request: GatewayRequest) -> GatewayRequest {
    if meddling == Meddling::ChangeStatement
        && let GatewayRequest::AdmitOutbound(mail) = &mut request
    {
        mail.statement.json = mail.statement.json.replacen("alice", "carol", 1);
    }
    request
}
