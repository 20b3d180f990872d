//! A second gateway of a member.

use crate::mails::Mail;
use crate::member::{Member, addresses};
use crate::person::Person;
use ssmax_daemon::Stop;
use ssmax_store::files;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::task::JoinHandle;

/// The other gateway of a member, on another host as far as it knows: a folder of its own,
/// and the other roles over their sockets.
pub struct Second {
    /// Where its people submit.
    pub submission: SocketAddr,
    /// Where mail comes in.
    pub inbound: SocketAddr,
    /// Where its sockets are.
    pub run_dir: PathBuf,
    stop: Stop,
    task: JoinHandle<()>,
}

impl Second {
    /// Starts it, in a folder of this name below the member's.
    pub async fn start(member: &Member, name: &str) -> Self {
        let home = member.home.join(name);
        let mut settings = member.gateway.clone();
        settings.state_dir = home.join("state");
        settings.run_dir = home.join("run");
        for private in [&home, &settings.state_dir, &settings.run_dir, &settings.dir()] {
            files::create_private_dir(private).unwrap();
        }
        let (own, state_dir) = (member.gateway.run_dir.clone(), &member.gateway.state_dir);
        for role in ["keyserver", "ca", "inspector"] {
            let socket = format!("{role}.gateway.sock");
            std::os::unix::fs::symlink(own.join(&socket), settings.run_dir.join(&socket)).unwrap();
        }
        settings.federation.tls_ca = state_dir.join("tls-ca.pem");
        let key = files::read_private(&member.gateway.dir().join("statement.pem")).unwrap();
        files::write_private(&settings.dir().join("statement.pem"), &key).unwrap();
        let (stop, run_dir) = (Stop::new(), settings.run_dir.clone());
        let serving = ssmax_gateway::serve(settings, stop.clone());
        let task = tokio::spawn(async { serving.await.unwrap() });
        let (submission, inbound) = addresses(&run_dir).await;
        Self { submission, inbound, run_dir, stop, task }
    }

    /// Stops it.
    pub async fn stop(self) {
        self.stop.trigger();
        self.task.await.unwrap();
    }
}

/// How many copies of a mail are in a mailbox.
#[must_use]
pub fn copies(member: &Member, person: &Person, mail: &Mail) -> usize {
    let Ok(entries) = std::fs::read_dir(member.maildir(&person.address)) else { return 0 };
    let octets = entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    octets.filter(|octets| String::from_utf8_lossy(octets).contains(&mail.message_id)).count()
}
