//! Starting and answering: one socket for each kind of caller.

use crate::config::Settings;
use crate::directory::Kept;
use crate::revocation::Published;
use crate::schema::MIGRATIONS;
use crate::setup::{SetupError, load_ca};
use ssmax_api::ca::{GatewayRequest, InspectorRequest, KeyserverRequest, Login, OfficerRequest};
use ssmax_api::{Answer, Problem};
use ssmax_daemon::call::Client;
use ssmax_daemon::listen::{Listener, Peer};
use ssmax_daemon::ready::Addresses;
use ssmax_daemon::stop::Stop;
use ssmax_daemon::watch::Watched;
use ssmax_hsm::KeyStore;
use ssmax_metrics::list as metrics;
use ssmax_pki::Certificate;
use ssmax_primitives::SystemRandom;
use ssmax_store::{Database, Looked, Place, StoreError};
use ssmax_transport::Meeting;
use std::sync::Arc;
use std::time::Duration;

/// How long the keyserver may take for one answer: an RSA key pair may be in it.
const KEYSERVER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the CA waits before it tries again to end what a failure has left.
const RESUME_EVERY: Duration = Duration::from_secs(5);

/// The running CA.
pub struct Ca {
    pub(crate) settings: Settings,
    pub(crate) keys: KeyStore,
    pub(crate) database: Database,
    pub(crate) member_ca: Certificate,
    pub(crate) issuing_ca: Certificate,
    pub(crate) root: Certificate,
    pub(crate) seal_ca: Certificate,
    pub(crate) keyserver: Client,
    pub(crate) random: SystemRandom,
    pub(crate) directory: Kept,
    /// Held by whoever changes something about people: what one has judged another must not
    /// change before it is stored.
    pub(crate) changing: tokio::sync::Mutex<()>,
    /// Held by whoever renews a certificate for TLS.
    pub(crate) renewing: tokio::sync::Mutex<()>,
    /// What is told about certificates at the moment.
    pub(crate) published: Published,
}

/// Runs the CA until `stop`.
///
/// # Errors
/// [`SetupError`] when its state cannot be opened or a socket not be bound.
pub async fn serve(settings: Settings, stop: Stop) -> Result<(), SetupError> {
    let run_dir = settings.run_dir.clone();
    let meeting = Meeting::of("ca", &settings.transport, &run_dir, settings.ca.listen)?;
    let ca = Arc::new(Ca::open(settings, meeting.client("keyserver")).await?);
    let alone = ca.database.serve_alone().await?;
    let mut port = meeting.port()?;
    let bind = |caller| Listener::between(&run_dir, "ca", caller);
    // An officer sits at this host: what is asked there is not asked over a network.
    let officer = bind("officer")?;
    let gateway = bind("gateway")?.also(port.as_mut(), "gateway");
    let keyserver = bind("keyserver")?.also(port.as_mut(), "keyserver");
    let inspector = bind("inspector")?.also(port.as_mut(), "inspector");
    let directory = bind("directory")?.also(port.as_mut(), "directory");
    let enrol = bind("enrol")?.also(port.as_mut(), "enrol");
    let scim = bind("scim")?.also(port.as_mut(), "scim");
    let watched = Watched::bind(&run_dir, "ca")?;
    let mut addresses = Addresses::new();
    if let Some(port) = &port {
        addresses.insert("listen".to_owned(), port.local_addr()?.to_string());
    }
    let publishing = ca.publish_port().await?;
    if let Some(port) = &publishing {
        addresses.insert("publish".to_owned(), port.local_addr()?.to_string());
    }
    let _announced = ssmax_daemon::ready::announce(&run_dir, "ca", &addresses)?;
    let limits = meeting.limits();
    let renewing = |request: Vec<u8>| {
        let ca = Arc::clone(&ca);
        async move {
            let place = ca.settings.transport.place("ca");
            let own = ssmax_transport::certificate(&place, "ca").ok()?;
            ca.renew_transport("ca", Some(own.der()), &request).await.ok()
        }
    };
    let serving = async {
        tokio::join!(
            Meeting::serve(port, stop.clone()),
            ca.publish(publishing, stop.clone()),
            meeting.keep_renewed(renewing, stop.clone()),
            ca.resume(&stop),
            ca.erase_old(&stop),
            watched.serve(stop.clone(), {
                let ca = Arc::clone(&ca);
                move || {
                    let ca = Arc::clone(&ca);
                    async move { ca.how_it_is().await }
                }
            }),
            inspector.serve_peers(limits, stop.clone(), {
                let ca = Arc::clone(&ca);
                move |request, peer| {
                    let ca = Arc::clone(&ca);
                    async move { ca.answer_inspector(request, &peer).await }
                }
            }),
            gateway.serve_peers(limits, stop.clone(), {
                let ca = Arc::clone(&ca);
                move |request, peer| {
                    let ca = Arc::clone(&ca);
                    async move { ca.answer_gateway(request, &peer).await }
                }
            }),
            enrol.serve_peers(limits, stop.clone(), {
                let ca = Arc::clone(&ca);
                move |request, peer| {
                    let ca = Arc::clone(&ca);
                    async move { ca.answer_enrol(request, &peer).await }
                }
            }),
            directory.serve_peers(limits, stop.clone(), {
                let ca = Arc::clone(&ca);
                move |request, peer| {
                    let ca = Arc::clone(&ca);
                    async move { ca.answer_directory(request, &peer).await }
                }
            }),
            scim.serve_peers(limits, stop.clone(), {
                let ca = Arc::clone(&ca);
                move |request, peer| {
                    let ca = Arc::clone(&ca);
                    async move { ca.answer_scim(request, &peer).await }
                }
            }),
            keyserver.serve_peers(limits, stop.clone(), {
                let ca = Arc::clone(&ca);
                move |request, peer| {
                    let ca = Arc::clone(&ca);
                    async move { ca.answer_keyserver(request, &peer).await }
                }
            }),
            officer.serve(limits, stop.clone(), {
                let ca = Arc::clone(&ca);
                move |request| {
                    let ca = Arc::clone(&ca);
                    async move { ca.answer_officer(request).await }
                }
            }),
        );
    };
    tokio::select! {
        () = serving => Ok(()),
        lost = alone.lost() => Err(lost.into()),
    }
}

/// Looks at the CA's database on its server, if it has one, without changing it.
///
/// # Errors
/// [`StoreError`], by what is in the way.
pub async fn look_at_state(place: &Place) -> Result<Vec<Looked>, StoreError> {
    Ok(Database::look(place, "ca", MIGRATIONS).await?.into_iter().collect())
}

impl Ca {
    /// Opens state and keys.
    ///
    /// # Errors
    /// [`SetupError`] when something is missing or cannot be unlocked.
    pub async fn open(settings: Settings, keyserver: Client) -> Result<Self, SetupError> {
        let keys = settings.open_keys()?;
        let database = Database::open(settings.place(), "ca", MIGRATIONS).await?;
        Ok(Self {
            keys,
            member_ca: load_ca(&database, "member-ca").await?,
            issuing_ca: load_ca(&database, "issuing-ca").await?,
            root: load_ca(&database, "root").await?,
            seal_ca: load_ca(&database, "seal-ca").await?,
            database,
            settings,
            keyserver,
            random: SystemRandom,
            directory: Kept::default(),
            changing: tokio::sync::Mutex::new(()),
            renewing: tokio::sync::Mutex::new(()),
            published: Published::default(),
        })
    }

    async fn answer_gateway(&self, request: GatewayRequest, peer: &Peer) -> Answer {
        match request {
            GatewayRequest::CheckCredential { user, secret } => {
                self.answer_login(&user, secret).await
            }
            GatewayRequest::CheckCertificate { certificate, named } => {
                counted(self.check_certificate(&certificate, &named).await)
            }
            GatewayRequest::RenewTransport { request } => gave(
                "transport",
                self.renew_transport("gateway", peer.certificate(), &request).await,
            ),
        }
    }

    /// Whether a secret is somebody's, counted.
    pub(crate) async fn answer_login(&self, user: &str, secret: Vec<u8>) -> Answer {
        counted(self.check_credential(user, secret).await)
    }

    async fn answer_inspector(&self, request: InspectorRequest, peer: &Peer) -> Answer {
        let InspectorRequest::RenewTransport { request } = request;
        gave("transport", self.renew_transport("inspector", peer.certificate(), &request).await)
    }

    async fn answer_keyserver(&self, request: KeyserverRequest, peer: &Peer) -> Answer {
        match request {
            KeyserverRequest::Relay { address, name, rsa } => {
                gave("relay", self.relay(&address, &name, rsa).await)
            }
            KeyserverRequest::Identify { wanted, request } => {
                ssmax_api::encode(self.identify(&wanted, &request).await)
            }
            KeyserverRequest::RenewTransport { request } => gave(
                "transport",
                self.renew_transport("keyserver", peer.certificate(), &request).await,
            ),
        }
    }

    async fn answer_officer(&self, request: OfficerRequest) -> Answer {
        match request {
            OfficerRequest::Invite(request) => ssmax_api::encode(self.invite(&request).await),
            OfficerRequest::ListUsers => ssmax_api::encode(self.list_users().await),
            OfficerRequest::ExportUser { user } => ssmax_api::encode(self.export_user(&user).await),
            OfficerRequest::Relay { address } => {
                // Nothing is verified about the person yet, so the address is the name.
                gave("relay", self.relay(&address, &address, false).await)
            }
            OfficerRequest::Delegate { owner, actor, until } => {
                ssmax_api::encode(self.delegate(&owner, &actor, until).await)
            }
            OfficerRequest::EndDelegation { owner, actor } => {
                ssmax_api::encode(self.end_delegation(&owner, &actor).await)
            }
            OfficerRequest::ListDelegations => ssmax_api::encode(self.list_delegations().await),
            OfficerRequest::ListPeople => ssmax_api::encode(self.list_people().await),
            OfficerRequest::Published { after } => {
                ssmax_api::encode(self.published_certificates(&after).await)
            }
            OfficerRequest::AddUser(_)
            | OfficerRequest::RenewUser(_)
            | OfficerRequest::RenewSecret(_)
            | OfficerRequest::RenewCode(_)
            | OfficerRequest::ApplyChanges(_)
            | OfficerRequest::RevokeUser { .. } => {
                let _changing = self.changing.lock().await;
                self.resume_changes().await?;
                self.change_people(request).await
            }
        }
    }

    /// Does what changes people, one after the other.
    async fn change_people(&self, request: OfficerRequest) -> Answer {
        match request {
            OfficerRequest::AddUser(user) => gave("user", self.add_user(*user).await),
            OfficerRequest::RenewUser(renewal) => gave("user", self.renew_user(&renewal).await),
            OfficerRequest::RenewSecret(request) => {
                ssmax_api::encode(self.renew_secret(&request).await)
            }
            OfficerRequest::ApplyChanges(request) => {
                ssmax_api::encode(self.apply_changes(&request).await)
            }
            OfficerRequest::RenewCode(request) => {
                ssmax_api::encode(self.renew_code(&request).await)
            }
            OfficerRequest::RevokeUser { user } => ssmax_api::encode(self.revoke_user(&user).await),
            _ => Err(Problem::Malformed),
        }
    }

    /// Ends what a failure has left half done, as soon as the key server answers.
    pub(crate) async fn resume(&self, stop: &Stop) {
        loop {
            let resumed = {
                let _changing = self.changing.lock().await;
                self.resume_changes().await
            };
            if resumed.is_ok() {
                return;
            }
            tokio::select! {
                () = stop.stopped() => return,
                () = tokio::time::sleep(RESUME_EVERY) => {}
            }
        }
    }

    /// Asks the keyserver.
    pub(crate) async fn ask_keyserver<T: serde::de::DeserializeOwned>(
        &self,
        request: &ssmax_api::keyserver::CaRequest,
    ) -> Result<T, Problem> {
        let answer: Answer =
            self.keyserver.call(request, KEYSERVER_TIMEOUT).await.map_err(failed)?;
        ssmax_api::decode(answer)
    }
}

/// The answer about a login, counted.
fn counted(login: Result<Option<Login>, Problem>) -> Answer {
    let result = match &login {
        Ok(Some(_)) => "ok",
        Ok(None) => "refused",
        Err(_) => "failed",
    };
    metrics::LOGINS.count([result.into()]);
    ssmax_api::encode(login)
}

/// The answer that gives a certificate, counted.
pub(crate) fn gave<T: serde::Serialize>(kind: &'static str, answer: Result<T, Problem>) -> Answer {
    if answer.is_ok() {
        metrics::ISSUED.count([kind.into()]);
    }
    ssmax_api::encode(answer)
}

/// Logs a failure of something the CA needs; outside it is just a failure.
pub(crate) fn failed(error: impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "something the CA needs has failed");
    Problem::Failed
}
