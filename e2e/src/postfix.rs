//! A Postfix with the gateway as its after-queue content filter.

use crate::place::Place;
use crate::process::{Running, Said, run, wait_for};
use crate::ssmax::Site;
use rustix::process::geteuid;
use serde_json::Value;
use std::fs;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long it may take to start.
const READY: Duration = Duration::from_secs(15);

/// How long it may take to say what became of a mail.
const FATE: Duration = Duration::from_secs(30);

/// What one instance is told.
#[derive(Debug)]
pub struct Settings<'a> {
    /// "a" or "b".
    pub name: &'a str,
    /// The own mail domain.
    pub domain: &'a str,
    /// Where mail arrives from other organisations.
    pub mx: SocketAddr,
    /// Where the gateway hands in mail, arriving and leaving.
    pub reinjection: SocketAddr,
    /// The gateway's LMTP listener.
    pub filter: SocketAddr,
    /// Where machines of the site and Sieve hand in, without a login.
    pub machines: SocketAddr,
    /// The gateway's LMTP listener for automatic mail.
    pub automatic: SocketAddr,
    /// Aliases, which are expanded behind the gateway.
    pub aliases: &'a [(&'a str, &'a str)],
    /// Who says whether a recipient may be served already, by Postfix's policy protocol.
    pub policy: Option<SocketAddr>,
    /// Where people submit at this Postfix, if they do.
    pub submission: Option<Submission<'a>>,
    /// Dovecot's LMTP listener.
    pub mailboxes: SocketAddr,
    /// The other organisation's domain and MX: there is no DNS here.
    pub other: (&'a str, SocketAddr),
    /// Where `ssmax setup postfix` is run to tell Postfix of the gateway, if that is not in
    /// the files from the beginning.
    pub set_up_at: Option<&'a Site>,
}

/// The submission service: logins by Dovecot, statements by the milter.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// Where people's mailers connect to.
    pub address: SocketAddr,
    /// Where Dovecot says whether a login is right.
    pub logins: &'a Path,
    /// The milter's socket.
    pub milter: &'a Path,
    /// The gateway's LMTP listener for what was submitted here.
    pub filter: SocketAddr,
}

/// A running instance.
#[derive(Debug)]
pub struct Postfix {
    config: PathBuf,
    log: PathBuf,
    /// What it understood of its files before `ssmax setup postfix`.
    before: Option<String>,
    _running: Running,
}

impl Postfix {
    /// Writes its configuration, and starts it.
    #[track_caller]
    pub fn start(place: &Place, settings: &Settings<'_>) -> Self {
        let dir = place.path().join(format!("postfix-{}", settings.name));
        let config = dir.join("etc");
        for name in ["etc", "spool", "data"] {
            fs::create_dir_all(dir.join(name)).unwrap();
        }
        chown(dir.join("data"), Some(postfix_user()), None).unwrap();
        fs::write(config.join("main.cf"), main_cf(&dir, settings)).unwrap();
        fs::write(config.join("master.cf"), master_cf(settings)).unwrap();
        let before = settings.set_up_at.map(|site| set_up(site, &config, settings));
        // Makes the folders of the queue, and looks for mistakes.
        let _ = run(Command::new("postfix").arg("-c").arg(&config).arg("check")).ends(0);
        let daemons =
            run(Command::new("postconf").arg("-c").arg(&config).args(["-h", "daemon_directory"]))
                .ends(0)
                .text();
        let master = Path::new(daemons.trim()).join("master");
        let config_text = config.to_str().unwrap();
        // -s: in the foreground.
        let running = Running::start(&master, &["-c", config_text, "-s"], &dir.join("master.log"));
        for address in [settings.mx, settings.reinjection, settings.machines] {
            wait_for("Postfix", READY, || TcpStream::connect(address).ok());
        }
        Self { log: dir.join("mail.log"), config, before, _running: running }
    }

    /// Takes back what `ssmax setup postfix` wrote: its files mean what they meant before.
    #[track_caller]
    pub fn take_back(&self, site: &Site) {
        assert_ne!(Some(understood(&self.config)), self.before);
        let dir = self.config.to_str().unwrap();
        let _ = site.run(&["setup", "postfix", "--undo", "--config-dir", dir]).ends(0);
        assert_eq!(Some(understood(&self.config)), self.before);
    }

    /// What it wrote about mail since it was started.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// A mail in its queue, as anybody sees it who can read the disk.
    #[track_caller]
    pub fn queued(&self, id: &str) -> Vec<u8> {
        run(Command::new("postcat").arg("-c").arg(&self.config).args(["-q", id])).ends(0).out
    }

    /// The mails in its queue with this Message-ID.
    #[track_caller]
    pub fn waiting(&self, message_id: &str) -> Vec<Queued> {
        let mut found = Vec::new();
        for queued in self.queue() {
            let content = ["-bhq", queued["queue_id"].as_str().unwrap()];
            let said = run(Command::new("postcat").arg("-c").arg(&self.config).args(content));
            // One that has left since is not in the queue.
            if said.exit == 0 && crate::pair::has(&said.out, message_id) {
                let recipients = queued["recipients"].as_array().unwrap();
                let to = recipients.iter().map(|to| to["address"].as_str().unwrap().to_owned());
                let octets = crate::parts::with_crlf(&said.out);
                found.push(Queued { recipients: to.collect(), octets });
            }
        }
        found
    }

    /// Lets mail for other servers wait in its queue, as if the line were down.
    #[track_caller]
    pub fn hold_back(&self) -> HeldBack<'_> {
        assert_eq!(self.set("defer_transports=smtp"), 0);
        HeldBack(self)
    }

    /// Writes a setting, and has it read. The exit code of the first command that fails.
    fn set(&self, setting: &str) -> i32 {
        let write = run(Command::new("postconf").arg("-c").arg(&self.config).args(["-e", setting]));
        let read = run(Command::new("postfix").arg("-c").arg(&self.config).arg("reload"));
        if write.exit == 0 { read.exit } else { write.exit }
    }

    /// What became of a mail that swaks has just handed in, by the log: the line that says
    /// its fate for a recipient.
    #[track_caller]
    pub fn fate(&self, handed_in: &Said, recipient: &str) -> String {
        let text = handed_in.text();
        let (_, id) = text.rsplit_once("queued as ").unwrap_or_else(|| panic!("{text}"));
        let id = id.split_whitespace().next().unwrap();
        let of_it = format!(": {id}: to=<{recipient}>");
        let said = |line: &&str| line.contains(&of_it) && line.contains("status=");
        wait_for(&of_it, FATE, || self.log().lines().rfind(said).map(str::to_owned))
    }

    /// The mails in its queue, as `postqueue -j` tells them.
    #[track_caller]
    pub fn queue(&self) -> Vec<Value> {
        let said = run(Command::new("postqueue").arg("-c").arg(&self.config).arg("-j"));
        said.ends(0).text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A mail in the queue.
#[derive(Debug)]
pub struct Queued {
    /// For whom.
    pub recipients: Vec<String>,
    /// As it would be sent.
    pub octets: Vec<u8>,
}

/// Mail for other servers waits until this is dropped.
#[derive(Debug)]
pub struct HeldBack<'a>(&'a Postfix);

impl Drop for HeldBack<'_> {
    fn drop(&mut self) {
        self.0.set("defer_transports=");
        let mut flush = Command::new("postqueue");
        let _ = run(flush.arg("-c").arg(&self.0.config).arg("-f"));
    }
}

/// Has the files written, twice. What they meant before.
#[track_caller]
fn set_up(site: &Site, config: &Path, settings: &Settings<'_>) -> String {
    let before = understood(config);
    let (dir, mx) = (config.to_str().unwrap(), settings.mx.to_string());
    let submission = settings.submission.map(|one| one.address.to_string()).unwrap_or_default();
    let line = ["setup", "postfix", "--write", "--config-dir", dir, "--mx", &mx];
    for said in ["Written in", "has all of it"] {
        let run = site.run(&[&line[..], &["--submission", &submission]].concat()).ends(0);
        assert!(run.text().contains(said), "{}", run.text());
    }
    before
}

/// What Postfix understands of its files.
#[track_caller]
fn understood(config: &Path) -> String {
    ["-n", "-M", "-P"]
        .map(|what| run(Command::new("postconf").arg("-c").arg(config).arg(what)).ends(0).text())
        .concat()
}

/// The user id that the daemons run as: who owns what the package has installed for it.
fn postfix_user() -> u32 {
    let said = run(Command::new("id").args(["-u", "postfix"])).ends(0);
    let user = said.text().trim().parse().unwrap();
    assert_ne!(user, geteuid().as_raw());
    user
}

/// Makes the folder of the milter's socket as an administrator does: the role's own, and
/// open for Postfix's group, which the socket gets from it.
#[track_caller]
pub fn make_milter_dir(dir: &Path) {
    let _ =
        run(Command::new("install").args(["-d", "-g", "postfix", "-m", "2750"]).arg(dir)).ends(0);
}

fn main_cf(dir: &Path, settings: &Settings<'_>) -> String {
    let Settings { name, domain, mailboxes, aliases, other: (other, mx), .. } = settings;
    let aliases: String = aliases.iter().map(|(from, to)| format!(" {{{from} = {to}}}")).collect();
    let dir = dir.display();
    let on = |address: &SocketAddr| format!("[{}]:{}", address.ip(), address.port());
    let (mailboxes, mx, ip) = (on(mailboxes), on(mx), settings.mx.ip());
    let told = if settings.set_up_at.is_some() {
        ""
    } else {
        "smtputf8_enable = yes
# SMTP smuggling: off by default in Debian 12.
smtpd_forbid_bare_newline = yes
# A signed body must leave as it came.
disable_mime_output_conversion = yes
# Each layer of base64 adds 37 %.
message_size_limit = 52428800
mailbox_size_limit = 0
"
    };
    format!(
        "compatibility_level = 3.6
config_directory = {dir}/etc
queue_directory = {dir}/spool
data_directory = {dir}/data
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
syslog_name = postfix-{name}
# The addresses stand in master.cf.
inet_interfaces = loopback-only
inet_protocols = ipv4
smtp_bind_address = {ip}
myhostname = mx.{domain}
# Not the mail domain, as Debian writes into /etc/mailname: a report in its name that
# no gateway has signed is taken for forged.
myorigin = $myhostname
mydestination =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
virtual_mailbox_domains = {domain}
virtual_alias_maps = inline:{{{aliases} {{postmaster@nowhere.{domain} = postmaster@{domain}}}}}
virtual_transport = lmtp:inet:{mailboxes}
# Whatever goes to the world outside is counted as sent.
transport_maps = inline:{{{{{other} = smtp:{mx}}} {{outside.example = discard:}}}}
default_transport = error:no way out of here
alias_maps =
alias_database =
local_recipient_maps =
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = none
smtpd_tls_security_level = none
smtpd_peername_lookup = no
{told}# A test waits for the next try. Tried again as early as the queue is looked through, a
# mail may be skipped, since who tried last still holds it, and then wait for long.
minimal_backoff_time = 2s
maximal_backoff_time = 3s
queue_run_delay = 1s
"
    )
}

fn master_cf(settings: &Settings<'_>) -> String {
    if settings.set_up_at.is_some() {
        return plain_master_cf(settings);
    }
    let Settings { name, mx, reinjection, filter, machines, automatic, .. } = settings;
    let IpAddr::V4(_) = mx.ip() else { panic!("{mx}") };
    let on = |address: &SocketAddr| format!("[{}]:{}", address.ip(), address.port());
    let (filter, automatic) = (on(filter), on(automatic));
    // Where people submit here, what goes out is put off; else what comes in.
    let greylist = settings.policy.map(|policy| format!("check_policy_service,inet:{policy},"));
    let (policy, put_off) = match (&greylist, &settings.submission) {
        (Some(greylist), None) => {
            (format!("\n  -o smtpd_recipient_restrictions={greylist}permit"), "")
        }
        (Some(greylist), Some(_)) => (String::new(), greylist.as_str()),
        (None, _) => (String::new(), ""),
    };
    let submission = settings.submission.as_ref().map_or_else(String::new, |submission| {
        let Submission { address, logins, milter, filter } = submission;
        let (logins, milter, filter) = (logins.display(), milter.display(), on(filter));
        format!(
            "{address} inet n - n - - smtpd
  -o syslog_name=postfix-{name}/submission
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_sasl_type=dovecot
  -o smtpd_sasl_path={logins}
  -o smtpd_client_restrictions=
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o smtpd_milters=unix:{milter}
  -o milter_default_action=tempfail
  -o content_filter=ssmax-submission:{filter}
  -o receive_override_options=no_address_mappings
  -o local_header_rewrite_clients=
ssmax-submission unix - - n - 10 lmtp
  -o syslog_name=postfix-{name}/ssmax-submission
  -o lmtp_data_done_timeout=1200
  -o disable_dns_lookups=yes
  -o lmtp_send_xforward_command=yes
  -o lmtp_line_length_limit=0
"
        )
    });
    format!(
        "{mx} inet n - n - - smtpd
  -o content_filter=ssmax:{filter}
  -o receive_override_options=no_address_mappings{policy}
{submission}{machines} inet n - n - - smtpd
  -o syslog_name=postfix-{name}/machines
  -o content_filter=ssmax-system:{automatic}
  -o receive_override_options=no_address_mappings
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o local_header_rewrite_clients=
ssmax-system unix - - n - 10 lmtp
  -o syslog_name=postfix-{name}/system
  -o lmtp_data_done_timeout=1200
  -o disable_dns_lookups=yes
  -o lmtp_send_xforward_command=yes
ssmax-cleanup unix n - n - 0 cleanup
  -o header_checks=static:{{FILTER ssmax-system:{automatic}}}
  -o virtual_alias_maps=
ssmax unix - - n - 10 lmtp
  -o syslog_name=postfix-{name}/ssmax
  -o lmtp_data_done_timeout=1200
  -o disable_dns_lookups=yes
  -o lmtp_send_xforward_command=yes
{reinjection} inet n - n - - smtpd
  -o syslog_name=postfix-{name}/reinject
  -o content_filter=
  -o smtpd_milters=
  -o receive_override_options=no_unknown_recipient_checks,no_header_body_checks,no_milters
  -o smtpd_recipient_restrictions={put_off}permit_mynetworks,reject
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8
  -o local_header_rewrite_clients=
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
  -o cleanup_service_name=ssmax-cleanup
  -o internal_mail_filter_classes=bounce
defer unix - - n - 0 bounce
  -o cleanup_service_name=ssmax-cleanup
  -o internal_mail_filter_classes=bounce
trace unix - - n - 0 bounce
  -o cleanup_service_name=ssmax-cleanup
  -o internal_mail_filter_classes=bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
discard unix - - n - - discard
retry unix - - n - - error
lmtp unix - - n - - lmtp
  -o syslog_name=postfix-{name}/mailboxes
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"
    )
}

/// Of the gateway it names only what is not written by a command: the listener of machines.
fn plain_master_cf(settings: &Settings<'_>) -> String {
    let Settings { name, mx, machines, automatic, .. } = settings;
    let automatic = format!("[{}]:{}", automatic.ip(), automatic.port());
    let submission = settings.submission.as_ref().map_or_else(String::new, |submission| {
        let Submission { address, logins, .. } = submission;
        let logins = logins.display();
        format!(
            "{address} inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_sasl_type=dovecot
  -o smtpd_sasl_path={logins}
  -o smtpd_client_restrictions=
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
"
        )
    });
    format!(
        "{mx} inet n - n - - smtpd
{submission}{machines} inet n - n - - smtpd
  -o content_filter=ssmax-system:{automatic}
  -o receive_override_options=no_address_mappings
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o local_header_rewrite_clients=
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
discard unix - - n - - discard
retry unix - - n - - error
lmtp unix - - n - - lmtp
  -o syslog_name=postfix-{name}/mailboxes
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"
    )
}
