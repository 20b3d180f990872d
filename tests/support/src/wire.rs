//! The network in front of a member: passes mail on and remembers it, as anybody on the
//! way could.

use ssmax_daemon::Stop;
use ssmax_gateway::listen::{self, Dialect, Envelope, Journey, ListenerConfig, Login};
use ssmax_gateway::wire::{self, ClientSettings, OutgoingEnvelope, Reply, Route};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// What other members reach instead of the gateway itself.
pub struct Wire {
    pub address: SocketAddr,
    dialect: Dialect,
    to: Mutex<Option<Route>>,
    seen: Mutex<Vec<Seen>>,
}

/// Whom a mail is for, and the mail.
type Seen = (Vec<String>, Vec<u8>);

impl Wire {
    pub async fn start(stop: &Stop) -> Arc<Self> {
        Self::start_as(Dialect::Smtp, stop).await
    }

    /// As [`Wire::start`]; with LMTP each recipient has a reply of their own.
    pub async fn start_as(dialect: Dialect, stop: &Stop) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let wire = Self { address, dialect, to: Mutex::default(), seen: Mutex::default() };
        let wire = Arc::new(wire);
        let config = ListenerConfig::new(dialect, "wire.example");
        tokio::spawn(listen::serve(listener, config, Arc::clone(&wire), stop.clone()));
        wire
    }

    pub fn lead_to(&self, gateway: SocketAddr) {
        *self.to.lock().unwrap() = Some(self.route_to(gateway));
    }

    pub fn route(&self) -> Route {
        self.route_to(self.address)
    }

    fn route_to(&self, address: SocketAddr) -> Route {
        let scheme = match self.dialect {
            Dialect::Smtp => "smtp",
            Dialect::Lmtp => "lmtp",
        };
        format!("{scheme}://{address}").parse().unwrap()
    }

    /// The newest mail that came by.
    pub fn newest(&self) -> Vec<u8> {
        self.seen.lock().unwrap().last().unwrap().1.clone()
    }

    /// What came by under this Message-ID.
    pub fn seen_of(&self, message_id: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        let is_it = |(_, octets): &&Seen| String::from_utf8_lossy(octets).contains(message_id);
        seen.iter().filter(is_it).cloned().collect()
    }
}

impl Journey for Wire {
    async fn authenticate(&self, _: &str, _: &[u8], _: &str) -> Result<Option<Login>, ()> {
        Ok(None)
    }

    async fn recipient(&self, _: &Envelope, _: &str) -> Result<(), Reply> {
        Ok(())
    }

    async fn mail(&self, envelope: Envelope, octets: Vec<u8>) -> Vec<Reply> {
        let outgoing = OutgoingEnvelope {
            mail_from: envelope.mail_from,
            recipients: envelope.recipients,
            smtputf8: envelope.smtputf8,
            body_8bit: envelope.body_8bit,
            ..OutgoingEnvelope::default()
        };
        self.seen.lock().unwrap().push((outgoing.recipients.clone(), octets.clone()));
        let settings = ClientSettings::new("wire.example");
        let to = self.to.lock().unwrap().clone().unwrap();
        let delivered = wire::deliver(&to, &outgoing, &octets, &settings).await;
        let reply = |result: Result<Reply, wire::Outcome>| match result {
            Ok(reply) => reply,
            Err(outcome) => outcome.reply().clone(),
        };
        delivered.into_iter().map(|(_, result)| reply(result)).collect()
    }
}
