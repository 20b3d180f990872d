//! A Dovecot with the mailboxes of one organisation.

use crate::place::Place;
use crate::process::{Running, run, wait_for};
use crate::tls::Identity;
use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long it may take to start.
const READY: Duration = Duration::from_secs(15);

/// Who owns the mailboxes: nobody else on a Debian, and there need be no such user.
const MAIL_USER: u32 = 5000;

/// The password of every mailbox.
pub const PASSWORD: &str = "mailbox password";

/// What one instance is told.
#[derive(Debug)]
pub struct Settings<'a> {
    /// "a" or "b".
    pub name: &'a str,
    /// Where mailers fetch mail.
    pub imap: SocketAddr,
    /// Where they do so by TLS, and with what.
    pub imaps: Option<(SocketAddr, &'a Identity)>,
    /// Where Postfix delivers.
    pub lmtp: SocketAddr,
    /// Where what Sieve sends is handed in.
    pub submission: SocketAddr,
    /// The addresses of all mailboxes.
    pub mailboxes: &'a [String],
    /// The mailboxes that are full from the beginning.
    pub full: &'a [String],
}

/// A running instance.
#[derive(Debug)]
pub struct Dovecot {
    /// Where mailers fetch mail.
    pub imap: SocketAddr,
    /// Where they do so by TLS.
    pub imaps: Option<SocketAddr>,
    dir: PathBuf,
    _running: Running,
}

impl Dovecot {
    /// Writes its configuration with these mailboxes, and starts it.
    #[track_caller]
    pub fn start(place: &Place, settings: &Settings<'_>) -> Self {
        let Settings { name, imap, lmtp, .. } = *settings;
        let dir = place.path().join(format!("dovecot-{name}"));
        fs::create_dir_all(dir.join("run")).unwrap();
        for name in ["mail", "sieve"] {
            fs::create_dir_all(dir.join(name)).unwrap();
            chown(dir.join(name), Some(MAIL_USER), Some(MAIL_USER)).unwrap();
        }
        let mut users = String::new();
        for mailbox in settings.mailboxes {
            let (local, domain) = mailbox.split_once('@').unwrap();
            let home = dir.join("mail").join(domain).join(local).join("home");
            fs::create_dir_all(&home).unwrap();
            for dir in [home.as_path(), home.parent().unwrap(), &dir.join("mail").join(domain)] {
                chown(dir, Some(MAIL_USER), Some(MAIL_USER)).unwrap();
            }
            let bytes = if settings.full.contains(mailbox) { 1 } else { 1_000_000_000 };
            writeln!(
                users,
                "{mailbox}:{{PLAIN}}{PASSWORD}:{MAIL_USER}:{MAIL_USER}::{}::\
                 userdb_quota_rule=*:bytes={bytes}",
                home.display()
            )
            .unwrap();
        }
        fs::write(dir.join("users"), users).unwrap();
        let config = dir.join("dovecot.conf");
        fs::write(&config, dovecot_conf(&dir, settings)).unwrap();
        let program = run(Command::new("sh").args(["-c", "command -v dovecot"])).ends(0).text();
        let arguments = ["-F", "-c", config.to_str().unwrap()];
        let log = dir.join("output.log");
        let running = Running::start(Path::new(program.trim()), &arguments, &log);
        let imaps = settings.imaps.map(|(address, _)| address);
        for address in [imap, lmtp].into_iter().chain(imaps) {
            wait_for("Dovecot", READY, || TcpStream::connect(address).ok());
        }
        Self { imap, imaps, dir, _running: running }
    }

    /// What it wrote about logins.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.join("dovecot.log")).unwrap_or_default()
    }

    /// Where a mail server asks whether a login is right.
    pub fn logins(&self) -> PathBuf {
        self.dir.join("run/postfix-auth")
    }

    /// Gives a mailbox a Sieve script.
    #[track_caller]
    pub fn filter(&self, mailbox: &str, script: &str) {
        let file = self.dir.join("sieve").join(format!("{mailbox}.sieve"));
        fs::write(file, script).unwrap();
    }
}

fn dovecot_conf(dir: &Path, settings: &Settings<'_>) -> String {
    let Settings { name, imap, lmtp, submission, .. } = settings;
    let (tls, imaps) = settings.imaps.map_or_else(
        || ("ssl = no".to_owned(), 0),
        |(address, identity)| {
            let (certificate, key) = (identity.certificate.display(), identity.key.display());
            (format!("ssl = yes\nssl_cert = <{certificate}\nssl_key = <{key}"), address.port())
        },
    );
    let dir = dir.display();
    let (ip, imap, lmtp) = (imap.ip(), imap.port(), lmtp.port());
    format!(
        "base_dir = {dir}/run
state_dir = {dir}/run
instance_name = {name}
listen = {ip}
protocols = imap lmtp
log_path = {dir}/dovecot.log
{tls}
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{dir}/mail/%d/%n
mail_uid = {MAIL_USER}
mail_gid = {MAIL_USER}
first_valid_uid = {MAIL_USER}
passdb {{
  driver = passwd-file
  args = username_format=%u {dir}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {dir}/users
}}
submission_host = {submission}
mail_plugins = quota
plugin {{
  quota = maildir:mailbox
  sieve = file:{dir}/sieve/%u.sieve
  sieve_user_log = {dir}/sieve/%u.log
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = {ip}
    port = {lmtp}
  }}
}}
# For Postfix's submission service, which runs as another user.
service auth {{
  unix_listener {dir}/run/postfix-auth {{
    mode = 0666
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
  mail_plugins = quota sieve
}}
"
    )
}
