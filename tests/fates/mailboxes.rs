//! A mailbox server that speaks LMTP and does to each recipient of a mail what is planned.

use ssmax_daemon::Stop;
use ssmax_gateway::listen::{self, Dialect, Envelope, Journey, ListenerConfig, Login};
use ssmax_gateway::wire::{Reply, Route};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// What becomes of a mail for one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Pass,
    Defer,
    Refuse,
}

impl Fate {
    pub(crate) const ALL: [Self; 3] = [Self::Pass, Self::Defer, Self::Refuse];

    /// The first digit of the reply.
    pub(crate) fn reply(self) -> char {
        match self {
            Self::Pass => '2',
            Self::Defer => '4',
            Self::Refuse => '5',
        }
    }
}

/// Mails by name: what is planned for whom, and who got what.
#[derive(Default)]
struct Planned {
    fates: HashMap<String, Fate>,
    taken: Vec<(String, Vec<u8>)>,
}

/// The server.
pub(crate) struct Mailboxes {
    address: SocketAddr,
    mails: Mutex<HashMap<String, Planned>>,
}

impl Mailboxes {
    pub(crate) async fn start(stop: &Stop) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mailboxes = Arc::new(Self { address, mails: Mutex::default() });
        let config = ListenerConfig::new(Dialect::Lmtp, "mailboxes.example");
        tokio::spawn(listen::serve(listener, config, Arc::clone(&mailboxes), stop.clone()));
        mailboxes
    }

    pub(crate) fn route(&self) -> Route {
        format!("lmtp://{}", self.address).parse().unwrap()
    }

    /// Plans the fates of a mail's recipients.
    pub(crate) fn expect(&self, message_id: &str, plan: &[(String, Fate)]) {
        let planned = Planned { fates: plan.iter().cloned().collect(), taken: vec![] };
        self.mails.lock().unwrap().insert(message_id.to_owned(), planned);
    }

    /// From now on nobody is put off.
    pub(crate) fn take_all(&self, message_id: &str) {
        let mut mails = self.mails.lock().unwrap();
        for fate in mails.get_mut(message_id).unwrap().fates.values_mut() {
            if *fate == Fate::Defer {
                *fate = Fate::Pass;
            }
        }
    }

    /// What a recipient has got of a mail.
    pub(crate) fn copies(&self, message_id: &str, address: &str) -> Vec<Vec<u8>> {
        let mails = self.mails.lock().unwrap();
        let taken = mails[message_id].taken.iter().filter(|(to, _)| to == address);
        taken.map(|(_, octets)| octets.clone()).collect()
    }
}

impl Journey for Mailboxes {
    async fn authenticate(&self, _: &str, _: &[u8], _: &str) -> Result<Option<Login>, ()> {
        Ok(None)
    }

    async fn recipient(&self, _: &Envelope, _: &str) -> Result<(), Reply> {
        Ok(())
    }

    async fn mail(&self, envelope: Envelope, octets: Vec<u8>) -> Vec<Reply> {
        let mut mails = self.mails.lock().unwrap();
        let text = String::from_utf8_lossy(&octets).into_owned();
        let (_, planned) = mails.iter_mut().find(|(name, _)| text.contains(*name)).unwrap();
        let mut replies = Vec::new();
        for recipient in envelope.recipients {
            replies.push(match planned.fates[&recipient] {
                Fate::Pass => {
                    let reply = Reply::new(250, "2.0.0", format!("<{recipient}> saved"));
                    planned.taken.push((recipient, octets.clone()));
                    reply
                }
                Fate::Defer => Reply::new(452, "4.2.2", format!("<{recipient}> is over quota")),
                Fate::Refuse => Reply::new(550, "5.2.1", format!("<{recipient}> is closed")),
            });
        }
        replies
    }
}
