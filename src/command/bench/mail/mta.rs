//! The Postfix of this measurement: one instance with a service for each way. What the
//! gateway needs in it is written by `ssmax setup postfix`, as for everybody.

use super::failed;
use super::member::{Members, end};
use super::place::{Addresses, Place};
use crate::complaint::{Complaint, Exit};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often that is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A running instance.
#[derive(Debug)]
pub(super) struct Postfix {
    master: Child,
    log: PathBuf,
    /// As it calls itself.
    pub(super) version: String,
}

impl Postfix {
    /// Writes its files, has them completed, and starts it.
    pub(super) async fn start(place: &Place, members: &Members) -> Result<Self, Complaint> {
        let dir = place.dir.join("postfix");
        let config = dir.join("etc");
        for name in ["etc", "spool", "data"] {
            fs::create_dir_all(dir.join(name)).map_err(failed)?;
        }
        let addresses = &place.addresses;
        fs::write(config.join("main.cf"), main_cf(&dir, addresses)).map_err(failed)?;
        fs::write(config.join("master.cf"), master_cf(addresses)).map_err(failed)?;
        said(Command::new("chown").arg("postfix").arg(dir.join("data")))?;
        set_up(members.a.path(), &config, "--submission", addresses.submission)?;
        set_up(members.b.path(), &config, "--mx", addresses.mx)?;
        let postconf =
            |what: &str| said(postfix("postconf").arg("-c").arg(&config).args(["-h", what]));
        // Makes the folders of the queue, and looks for mistakes.
        said(postfix("postfix").arg("-c").arg(&config).arg("check"))?;
        let daemons = postconf("daemon_directory")?;
        let version = postconf("mail_version")?.trim().to_owned();
        let output = File::create(dir.join("master.log")).map_err(failed)?;
        let master = Command::new(Path::new(daemons.trim()).join("master"))
            .arg("-c")
            .arg(&config)
            // In the foreground.
            .arg("-s")
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(failed)?)
            .stderr(output)
            .spawn()
            .map_err(failed)?;
        let started = Self { master, log: dir.join("mail.log"), version };
        for address in [addresses.plain, addresses.mx, addresses.reinjection] {
            listens(address).await?;
        }
        Ok(started)
    }

    /// The process that has started all others.
    pub(super) fn pid(&self) -> u32 {
        self.master.id()
    }

    /// What it wrote about mails so far.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.master), Signal::TERM);
        end(&mut self.master, PATIENCE);
    }
}

/// Waits until somebody listens.
pub(super) async fn listens(address: SocketAddr) -> Result<(), Complaint> {
    let began = Instant::now();
    loop {
        match TcpStream::connect(address) {
            Ok(_) => return Ok(()),
            Err(error) if began.elapsed() > PATIENCE => return Err(failed(error)),
            Err(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

/// Has Postfix told of a gateway.
fn set_up(
    member: &Path,
    config: &Path,
    service: &str,
    address: SocketAddr,
) -> Result<(), Complaint> {
    let own = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(own);
    command.args(["setup", "postfix", "--write", "--config"]).arg(member);
    command.arg("--config-dir").arg(config).arg(service).arg(address.to_string());
    said(&mut command).map(drop)
}

fn postfix(program: &str) -> Command {
    Command::new(super::needs::find(program).unwrap_or_else(|| program.into()))
}

/// Runs a program to its end.
fn said(command: &mut Command) -> Result<String, Complaint> {
    let output = command.stdin(Stdio::null()).output().map_err(failed)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let program = command.get_program().to_string_lossy().into_owned();
    Err(Complaint::new(Exit::Unavailable, "failed").with("reason", format!("{program}: {told}")))
}

fn on(address: SocketAddr) -> String {
    format!("[{}]:{}", address.ip(), address.port())
}

fn main_cf(dir: &Path, addresses: &Addresses) -> String {
    let (dir, sink) = (dir.display(), on(addresses.sink));
    let [first, second] = addresses.stated.map(on);
    format!(
        "compatibility_level = 3.6
config_directory = {dir}/etc
queue_directory = {dir}/spool
data_directory = {dir}/data
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
# The addresses stand in master.cf.
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = mx.measured.example
myorigin = $myhostname
mydestination =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
relay_domains = b.example, collected.example
# A report is no mail that arrived.
default_transport = discard:
relay_transport = smtp:{sink}
alias_maps =
alias_database =
local_recipient_maps =
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = none
smtpd_tls_security_level = none
smtpd_peername_lookup = no
# Of two gateways each mail goes to one, by chance.
smtpd_restriction_classes = first_gateway, second_gateway
first_gateway = check_client_access static:{{FILTER ssmax-submission:{first}}}
second_gateway = check_client_access static:{{FILTER ssmax-submission:{second}}}
# Until the member list is there, mail waits.
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
"
    )
}

/// Nobody logs in at smtp-source's wish, so the milter is told of a login all the same: what
/// a login costs is in no line of the table.
fn master_cf(addresses: &Addresses) -> String {
    let Addresses { plain, pass_through, signed, submission, shared_submission, mx, .. } =
        addresses;
    let Addresses { copier, dkim, milter, .. } = addresses;
    let copier = on(*copier);
    format!(
        "{plain} inet n - n - - smtpd
{mx} inet n - n - - smtpd
{pass_through} inet n - n - - smtpd
  -o content_filter=copier:{copier}
  -o receive_override_options=no_address_mappings
# As the gateway's, with the same options; the listener behind it speaks SMTP.
copier unix - - n - 10 smtp
  -o smtp_data_done_timeout=1200
  -o disable_dns_lookups=yes
  -o smtp_send_xforward_command=yes
{signed} inet n - n - - smtpd
  -o smtpd_milters=inet:{dkim}
  -o milter_default_action=tempfail
{submission} inet n - n - - smtpd
  -o milter_macro_defaults=auth_authen=alice,auth_type=PLAIN
{shared_submission} inet n - n - - smtpd
  -o milter_macro_defaults=auth_authen=alice,auth_type=PLAIN
  -o smtpd_milters=inet:{milter}
  -o milter_default_action=tempfail
  -o receive_override_options=no_address_mappings
  -o local_header_rewrite_clients=
  -o {{smtpd_client_restrictions=check_client_access randmap:{{first_gateway, second_gateway}}}}
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
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"
    )
}
