//! The network between organisations: passes mail on and remembers what it saw, as
//! anybody on the way could. It can also keep mail from arriving.

use super::place::Place;
use super::unavailable;
use crate::complaint::Complaint;
use ssmax_daemon::stop::Stop;
use ssmax_gateway::listen::{self, Dialect, Journey, ListenerConfig, Login};
use ssmax_gateway::wire::{self, ClientSettings, Outcome, OutgoingEnvelope, Reply, Route};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;

/// A mail seen on the way.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) octets: Vec<u8>,
    /// The receiver's reply; none when it was kept from arriving.
    pub(crate) reply: Option<String>,
}

/// One direction of the network.
pub(crate) struct Wire {
    to: Route,
    seen: Mutex<Vec<Seen>>,
    cut: AtomicBool,
}

impl Wire {
    /// The newest mail seen.
    pub(crate) fn last(&self) -> Option<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    /// Forgets what was seen, so that the next [`Wire::last`] is of what comes now.
    pub(crate) fn forget(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Keeps mail from arriving, or no longer.
    pub(crate) fn set_cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }
}

impl Journey for Wire {
    async fn authenticate(&self, _: &str, _: &[u8], _: &str) -> Result<Option<Login>, ()> {
        Ok(None)
    }

    async fn recipient(&self, _: &listen::Envelope, _: &str) -> Result<(), Reply> {
        Ok(())
    }

    async fn mail(&self, envelope: listen::Envelope, octets: Vec<u8>) -> Vec<Reply> {
        let outgoing = OutgoingEnvelope {
            mail_from: envelope.mail_from,
            recipients: envelope.recipients,
            smtputf8: envelope.smtputf8,
            body_8bit: envelope.body_8bit,
            ..OutgoingEnvelope::default()
        };
        let mut replies = Vec::new();
        if self.cut.load(Ordering::SeqCst) {
            let cut = Reply::new(451, "4.4.1", "the line is cut");
            replies.resize(outgoing.recipients.len(), cut);
            self.remember(octets, None);
            return replies;
        }
        let settings = ClientSettings::new("wire.example");
        for (_, result) in wire::deliver(&self.to, &outgoing, &octets, &settings).await {
            replies.push(match result {
                Ok(reply) => reply,
                Err(Outcome::Temporary(reply) | Outcome::Permanent(reply)) => reply,
            });
        }
        let reply = replies.first().map(ToString::to_string);
        self.remember(octets, reply);
        replies
    }
}

impl Wire {
    fn remember(&self, octets: Vec<u8>, reply: Option<String>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(Seen { octets, reply });
    }
}

/// Both directions.
pub(crate) struct Wires {
    pub(crate) to_a: Arc<Wire>,
    pub(crate) to_b: Arc<Wire>,
    stop: Stop,
}

impl Wires {
    pub(crate) async fn start(place: &Place) -> Result<Self, Complaint> {
        let stop = Stop::new();
        let to_a = start(place.wire_a, place.a.inbound, &stop).await?;
        let to_b = start(place.wire_b, place.b.inbound, &stop).await?;
        Ok(Self { to_a, to_b, stop })
    }

    pub(crate) fn stop(&self) {
        self.stop.trigger();
    }
}

async fn start(at: SocketAddr, to: SocketAddr, stop: &Stop) -> Result<Arc<Wire>, Complaint> {
    let listener = TcpListener::bind(at).await.map_err(unavailable)?;
    let route = format!("smtp://{to}").parse::<Route>().map_err(unavailable)?;
    let wire = Arc::new(Wire { to: route, seen: Mutex::default(), cut: AtomicBool::new(false) });
    let config = ListenerConfig::new(Dialect::Smtp, "wire.example");
    tokio::spawn(listen::serve(listener, config, Arc::clone(&wire), stop.clone()));
    Ok(wire)
}
