//! Starting and answering: one socket for each kind of caller.

use crate::audit::{Entry, Writer};
use crate::config::Settings;
use crate::limits::Counters;
use crate::member_list::ListState;
use crate::schema::MIGRATIONS;
use crate::setup::{SetupError, load_own_certificates};
pub use crate::state::Keyserver;
use crate::ticket::Tickets;
use ssmax_api::keyserver::{GatewayRequest, InspectorRequest, WorkerAsk};
use ssmax_api::{Answer, TicketId, ticket_name};
use ssmax_daemon::listen::Listener;
use ssmax_daemon::ready::Addresses;
use ssmax_daemon::stop::Stop;
use ssmax_daemon::watch::Watched;
use ssmax_hsm::{KeyPurpose, KeyStore};
use ssmax_primitives::SystemRandom;
use ssmax_store::{Database, Looked, Place, StoreError, query};
use ssmax_token::{KeyAlgorithm, Random as _};
use ssmax_transport::Meeting;
use std::sync::{Arc, Mutex};
use tracing::Instrument as _;

/// The file with the key that addresses in the audit log are hashed with. It stays here
/// when the log is given to others.
const ADDRESS_KEY: &str = "audit-address.key";

/// Octets of that key.
const ADDRESS_KEY_OCTETS: usize = 32;

/// How long the CA may take for a new certificate.
const CA_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// How often old statements are forgotten.
const FORGET_EVERY: std::time::Duration = std::time::Duration::from_secs(3600);

/// Runs the keyserver until `stop`.
///
/// # Errors
/// [`SetupError`] when its state cannot be opened or a socket not be bound.
pub async fn serve(settings: Settings, stop: Stop) -> Result<(), SetupError> {
    let run_dir = settings.run_dir.clone();
    let listen = settings.keyserver.listen;
    let meeting = Meeting::of("keyserver", &settings.transport, &run_dir, listen)?;
    let keyserver = Arc::new(Keyserver::open(settings, meeting.client("ca")).await?);
    let mut port = meeting.port()?;
    let bind = |caller| Listener::between(&run_dir, "keyserver", caller);
    let gateway = bind("gateway")?.also(port.as_mut(), "gateway");
    let inspector = bind("inspector")?.also(port.as_mut(), "inspector");
    let ca = bind("ca")?.also(port.as_mut(), "ca");
    // On this host only: there is no role that hands these in over a network.
    let person = bind("person")?;
    let watched = Watched::bind(&run_dir, "keyserver")?;
    let mut addresses = Addresses::new();
    if let Some(port) = &port {
        addresses.insert("listen".to_owned(), port.local_addr()?.to_string());
    }
    let _announced = ssmax_daemon::ready::announce(&run_dir, "keyserver", &addresses)?;
    let limits = meeting.limits();
    keyserver.start_recorded().await?;
    let renewing = |request: Vec<u8>| {
        let keyserver = Arc::clone(&keyserver);
        async move {
            let request = ssmax_api::ca::KeyserverRequest::RenewTransport { request };
            ssmax_api::ca::renewed(keyserver.ca.call(&request, CA_TIMEOUT).await)
        }
    };
    let serving = async {
        tokio::join!(
            Meeting::serve(port, stop.clone()),
            meeting.keep_renewed(renewing, stop.clone()),
            keyserver.forget_old(stop.clone()),
            watched.serve(stop.clone(), {
                let keyserver = Arc::clone(&keyserver);
                move || {
                    let keyserver = Arc::clone(&keyserver);
                    async move { keyserver.how_it_is().await }
                }
            }),
            gateway.serve(limits, stop.clone(), {
                let keyserver = Arc::clone(&keyserver);
                move |request: GatewayRequest| {
                    let keyserver = Arc::clone(&keyserver);
                    async move { keyserver.answer_gateway(request).await }
                }
            }),
            inspector.serve(limits, stop.clone(), {
                let keyserver = Arc::clone(&keyserver);
                move |request: InspectorRequest| {
                    let keyserver = Arc::clone(&keyserver);
                    async move { keyserver.answer_inspector(request).await }
                }
            }),
            person.serve(limits, stop.clone(), {
                let keyserver = Arc::clone(&keyserver);
                move |request| {
                    let keyserver = Arc::clone(&keyserver);
                    async move { keyserver.answer_person(request).await }
                }
            }),
            ca.serve(limits, stop, {
                let keyserver = Arc::clone(&keyserver);
                move |request| {
                    let keyserver = Arc::clone(&keyserver);
                    async move { keyserver.answer_ca(request).await }
                }
            }),
        );
    };
    tokio::select! {
        () = serving => Ok(()),
        lost = keyserver.alone.lost() => Err(lost.into()),
    }
}

/// Looks at the keyserver's databases on its server, if it has one, without changing them.
///
/// # Errors
/// [`StoreError`], by what is in the way.
pub async fn look_at_state(place: &Place) -> Result<Vec<Looked>, StoreError> {
    let mut looked = Vec::new();
    for (name, migrations) in
        [("keyserver", MIGRATIONS), (crate::audit::DATABASE, crate::audit::MIGRATIONS)]
    {
        looked.extend(Database::look(place, name, migrations).await?);
    }
    Ok(looked)
}

impl Keyserver {
    /// Opens state and keys.
    ///
    /// # Errors
    /// [`SetupError`] when something is missing or cannot be unlocked.
    pub async fn open(
        settings: Settings,
        ca: ssmax_daemon::call::Client,
    ) -> Result<Self, SetupError> {
        let keys = settings.open_keys()?;
        let database = Database::open(settings.place(), "keyserver", MIGRATIONS).await?;
        // Tickets are in this process's memory, and the audit log is gone on with where it
        // ends now.
        let alone = database.serve_alone().await?;
        crate::person::fill(&database).await?;
        let own = load_own_certificates(&database).await?;
        let statement_keys = crate::admit::statement_keys(&database).await?;
        let list = ListState::load(&database, &own.root, &settings.organisation.id)
            .await
            .map_err(SetupError::State)?;
        let audit = open_audit(&settings, &keys).await?;
        Ok(Self {
            settings,
            keys: Arc::new(keys),
            database,
            own,
            statement_keys,
            list: Mutex::new(list),
            tickets: Tickets::default(),
            decisions: crate::decision::Decisions::default(),
            random: SystemRandom,
            ca,
            audit,
            alone,
            counters: Counters::default(),
            outside: Arc::default(),
        })
    }

    /// The first row of each start.
    async fn start_recorded(&self) -> Result<(), SetupError> {
        let entry = Entry { result: "ok".to_owned(), ..Entry::new("start") };
        self.audit.append(entry).await.map_err(|_| SetupError::Audit)
    }

    /// Removes what of the audit log is older than it is to be kept.
    async fn retain_audit(&self) {
        let days = time::Duration::days(i64::from(self.settings.keyserver.audit_days));
        match self.audit.retain(Self::now() - days).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "old rows of the audit log are removed"),
            Err(error) => tracing::warn!(%error, "the audit log could not be shortened"),
        }
    }

    /// Forgets statements and requests that are too old to be believed again anyway.
    async fn forget_old(&self, stop: Stop) {
        loop {
            let oldest = Self::now() - ssmax_chain::statement::MAX_AGE - time::Duration::DAY;
            for forget in [
                "DELETE FROM statement_nonce WHERE used < ?1",
                "DELETE FROM person_nonce WHERE used < ?1",
                "DELETE FROM person_use WHERE day < ?1 / 86400",
            ] {
                let result =
                    query(forget).bind(oldest.unix_timestamp()).execute(&self.database).await;
                if let Err(error) = result {
                    tracing::warn!(%error, "old statements could not be forgotten");
                }
            }
            if let Err(problem) = self.forget_stopped().await {
                tracing::warn!(%problem, "stopped mail could not be forgotten");
            }
            if let Err(problem) = self.forget_archive().await {
                tracing::warn!(%problem, "old requests for archive copies could not be forgotten");
            }
            self.retain_audit().await;
            self.forget_hops().await;
            tokio::select! {
                () = stop.stopped() => return,
                () = tokio::time::sleep(FORGET_EVERY) => {}
            }
        }
    }

    /// Answers the gateway, and writes down what was asked and answered.
    pub async fn answer_gateway(&self, request: GatewayRequest) -> Answer {
        let span = request_span(request.ticket());
        self.answer_gateway_here(request).instrument(span).await
    }

    async fn answer_gateway_here(&self, request: GatewayRequest) -> Answer {
        use GatewayRequest as Q;
        let Some((entry, opened)) = Entry::of_gateway(&request) else {
            return self.carry_out(request).await;
        };
        match &request {
            Q::SignUser { ticket, .. }
            | Q::Rewrap { ticket, .. }
            | Q::RewrapFiles { ticket, .. }
            | Q::Preserve { ticket, .. }
            | Q::SignHop { ticket, .. } => {
                let (ticket, asked) = (ticket.clone(), request.clone());
                self.once(&ticket, &asked, entry, self.carry_out(request)).await
            }
            _ => {
                let decision = request.decision();
                let decides = matches!(request, Q::Decide(_));
                let answer = self.carry_out(request).await;
                // Who was believed, where somebody was; else who it claims to be.
                let proved = decision.filter(|_| !decides || answer.is_ok());
                let proved = proved.and_then(|nonce| self.decided_by(&nonce));
                let entry = proved.into_iter().fold(entry, |entry, officer| entry.who([officer]));
                self.recorded(Some(entry), opened, answer).await
            }
        }
    }

    async fn carry_out(&self, request: GatewayRequest) -> Answer {
        use GatewayRequest as Q;
        match request {
            Q::AdmitOutbound(mail) => ssmax_api::encode(self.admit_outbound(*mail).await),
            Q::AdmitInbound(mail) => ssmax_api::encode(self.admit_inbound(*mail).await),
            Q::ReadmitInbound(mail) => ssmax_api::encode(self.readmit_inbound(*mail).await),
            Q::AdmitOutside { recipients } => ssmax_api::encode(self.admit_outside(&recipients)),
            Q::SignUser { ticket, entity } => {
                ssmax_api::encode(self.sign_user(&ticket, entity).map(serde_bytes::ByteBuf::from))
            }
            Q::Rewrap { ticket, to_org, recipients, tail } => {
                ssmax_api::encode(self.rewrap(&ticket, &to_org, &recipients, tail))
            }
            Q::Preserve { ticket, recipient, tail } => {
                ssmax_api::encode(self.preserve(&ticket, &recipient, tail).await)
            }
            Q::RewrapFiles { ticket, to_org, recipients } => {
                ssmax_api::encode(self.rewrap_files(&ticket, &to_org, &recipients))
            }
            Q::SignHop { ticket, id, content, headers, message_id } => ssmax_api::encode(
                self.sign_hop(&ticket, id, content, headers, message_id)
                    .map(serde_bytes::ByteBuf::from),
            ),
            Q::Decide(signed) => ssmax_api::encode(self.decide(&signed).await),
            Q::Tolerate { ticket, held, decision } => {
                ssmax_api::encode(self.tolerate(&ticket, &held, &decision).await)
            }
            Q::HoldKey => ssmax_api::encode(self.hold_key().map(serde_bytes::ByteBuf::from)),
            Q::OpenHeld(request) => {
                ssmax_api::encode(self.open_held(&request).await.map(serde_bytes::ByteBuf::from))
            }
            Q::ReleaseForReview(request) => ssmax_api::encode(
                self.release_for_review(&request).await.map(serde_bytes::ByteBuf::from),
            ),
            Q::ArchiveNotices => ssmax_api::encode(self.archive_notices().await),
            Q::NoticeEnded { id, delivered } => {
                ssmax_api::encode(self.end_notice(id, delivered).await)
            }
            Q::Close { ticket } => {
                self.tickets.close(&ticket);
                ssmax_api::encode(Ok(()))
            }
            Q::InstallList { list, certificates } => {
                ssmax_api::encode(self.install_list(&list, &certificates).await)
            }
            Q::AdvanceList { checkpoint, deltas, certificates } => {
                ssmax_api::encode(self.advance_list(&checkpoint, &deltas, &certificates).await)
            }
            Q::KeptList => ssmax_api::encode(self.kept_list().await),
        }
    }

    /// Answers the inspector on behalf of a worker, and writes it down.
    pub async fn answer_inspector(&self, request: InspectorRequest) -> Answer {
        let span = request_span(Some(&request.ticket));
        self.answer_inspector_here(request).instrument(span).await
    }

    async fn answer_inspector_here(&self, request: InspectorRequest) -> Answer {
        let entry = Entry::of_inspector(&request);
        match &request.ask {
            WorkerAsk::Seal { .. } | WorkerAsk::RewrapTo { .. } | WorkerAsk::EncryptTo { .. } => {
                let asked = request.clone();
                self.once(&asked.ticket, &asked, entry, self.carry_out_for_worker(request)).await
            }
            _ => {
                let answer = self.carry_out_for_worker(request).await;
                self.recorded(Some(entry), None, answer).await
            }
        }
    }

    async fn carry_out_for_worker(&self, request: InspectorRequest) -> Answer {
        let ticket = request.ticket;
        match request.ask {
            WorkerAsk::Release { worker } => ssmax_api::encode(self.release(&ticket, worker)),
            WorkerAsk::VerifySubmission { worker } => {
                ssmax_api::encode(self.verify_submission(&ticket, worker))
            }
            WorkerAsk::Verified { answer, signature } => {
                ssmax_api::encode(self.verified(&ticket, &answer, &signature))
            }
            WorkerAsk::Verdict { body, signature } => {
                ssmax_api::encode(self.take_verdict(&ticket, &body, &signature).await)
            }
            WorkerAsk::EncryptFresh { form, tail, key } => {
                ssmax_api::encode(self.encrypt_fresh(&ticket, form, tail, &key))
            }
            WorkerAsk::Seal { recipient, entity, headers } => {
                ssmax_api::encode(self.seal(&ticket, &recipient, entity, headers).await)
            }
            WorkerAsk::RewrapTo { recipient } => {
                ssmax_api::encode(self.rewrap_to(&ticket, &recipient).await)
            }
            WorkerAsk::SignPost { list, entity } => {
                let signed = self.sign_post(&ticket, &list, entity).await;
                ssmax_api::encode(signed.map(serde_bytes::ByteBuf::from))
            }
            WorkerAsk::EncryptPost { list, tail, key } => {
                ssmax_api::encode(self.encrypt_post(&ticket, &list, tail, &key).await)
            }
            WorkerAsk::EncryptOutside { recipient, tail, key } => ssmax_api::encode(
                self.encrypt_outside(&ticket, &recipient, tail, &key)
                    .await
                    .map(serde_bytes::ByteBuf::from),
            ),
            WorkerAsk::EncryptTo { recipient, tail, key } => {
                ssmax_api::encode(self.encrypt_to(&ticket, &recipient, tail, &key).await)
            }
        }
    }
}

/// By the ticket's name in logs a mail's lines are found in all roles.
fn request_span(ticket: Option<&TicketId>) -> tracing::Span {
    tracing::info_span!("request", ticket = ticket.map(|ticket| ticket_name(ticket)))
}

/// Opens the audit log. Its keys are made when they are not there: an older store has none.
async fn open_audit(settings: &Settings, keys: &KeyStore) -> Result<Writer, SetupError> {
    let id = match keys.keys(KeyPurpose::Audit)?.into_iter().next() {
        Some(id) => id,
        None => keys.generate(KeyPurpose::Audit, KeyAlgorithm::EcP256)?,
    };
    let key = keys.key(KeyPurpose::Audit, &id)?;
    let path = settings.dir().join(ADDRESS_KEY);
    if !path.exists() {
        let mut octets = [0; ADDRESS_KEY_OCTETS];
        SystemRandom.fill(&mut octets);
        ssmax_store::files::create_private(&path, hex::encode(octets).as_bytes())?;
    }
    let address_key = ssmax_store::files::read_private(&path)?.to_vec();
    Ok(Writer::open(settings.place(), &settings.organisation.id, key, address_key).await?)
}
