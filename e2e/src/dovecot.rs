//! A Dovecot with the mailboxes of one organisation.

use crate::place::Place;
use crate::process::{Running, run, wait_for};
use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// How long it may take to start.
const READY: Duration = Duration::from_secs(15);

/// Who owns the mailboxes: nobody else on a Debian, and there need be no such user.
const MAIL_USER: u32 = 5000;

/// The password of every mailbox.
pub const PASSWORD: &str = "mailbox password";

/// A running instance.
#[derive(Debug)]
pub struct Dovecot {
    /// Where mailers fetch mail.
    pub imap: SocketAddr,
    _running: Running,
}

impl Dovecot {
    /// Writes its configuration with these mailboxes, and starts it.
    #[track_caller]
    pub fn start(
        place: &Place,
        name: &str,
        imap: SocketAddr,
        lmtp: SocketAddr,
        mailboxes: &[&str],
    ) -> Self {
        let dir = place.path().join(format!("dovecot-{name}"));
        for name in ["run", "mail"] {
            fs::create_dir_all(dir.join(name)).unwrap();
        }
        chown(dir.join("mail"), Some(MAIL_USER), Some(MAIL_USER)).unwrap();
        let mut users = String::new();
        for mailbox in mailboxes {
            writeln!(users, "{mailbox}:{{PLAIN}}{PASSWORD}::::::").unwrap();
        }
        fs::write(dir.join("users"), users).unwrap();
        let config = dir.join("dovecot.conf");
        fs::write(&config, dovecot_conf(&dir, name, imap, lmtp)).unwrap();
        let program = run(Command::new("sh").args(["-c", "command -v dovecot"])).ends(0).text();
        let arguments = ["-F", "-c", config.to_str().unwrap()];
        let log = dir.join("output.log");
        let running = Running::start(Path::new(program.trim()), &arguments, &log);
        for address in [imap, lmtp] {
            wait_for("Dovecot", READY, || TcpStream::connect(address).ok());
        }
        Self { imap, _running: running }
    }
}

fn dovecot_conf(dir: &Path, name: &str, imap: SocketAddr, lmtp: SocketAddr) -> String {
    let dir = dir.display();
    let (ip, imap, lmtp) = (imap.ip(), imap.port(), lmtp.port());
    format!(
        "base_dir = {dir}/run
state_dir = {dir}/run
instance_name = {name}
listen = {ip}
protocols = imap lmtp
log_path = {dir}/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = maildir:{dir}/mail/%d/%n
mail_uid = {MAIL_USER}
mail_gid = {MAIL_USER}
first_valid_uid = {MAIL_USER}
passdb {{
  driver = passwd-file
  args = username_format=%u {dir}/users
}}
userdb {{
  driver = static
  args = uid={MAIL_USER} gid={MAIL_USER} home={dir}/mail/%d/%n/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = {ip}
    port = {lmtp}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
protocol lmtp {{
  postmaster_address = postmaster@{name}.example
}}
"
    )
}
