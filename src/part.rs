//! What is done in the name of one role.
//!
//! Each role of a host may run as a user of its own ([`ssmax_daemon::place`]); who
//! administers the host is root. What touches a role's keys or state is then done by a
//! process of that role's user: root neither reads nor writes where another user could
//! have laid a link, and no file is left behind that its role may not open.

use crate::command::org::transport;
use crate::command::{backup, check, store, verify};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use crate::member;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ssmax_backup::Access;
use ssmax_daemon::{place, statement_key};
use ssmax_federation::admission::Admission;
use ssmax_pki::Certificate;
use ssmax_texts::Language;
use ssmax_transport::{Answer, Fingerprint, Request};
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use time::OffsetDateTime;

/// The hidden command of such a process.
pub(crate) const ROLE_PART: &str = "role-part";

/// The largest part and the largest answer, in octets: an answer has at most the tickets
/// of a month.
const MAX_OCTETS: u64 = 1 << 30;

/// The most that such a process says to people.
const MAX_SAID_OCTETS: u64 = 64 * 1024;

/// A part.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Part {
    /// Makes the keyserver's keys if there are none. Answered by [`Made`].
    KeyserverKeys,
    /// Makes the CA's keys if there are none. Answered by [`Made`].
    CaKeys,
    /// The gateway's statement key, made if there is none. Answered by its SPKI.
    StatementKey,
    /// The milter's statement key, made if there is none. Answered by [`Made`] with its SPKI.
    SubmissionKey,
    /// Has the keyserver believe the milter's statements by this key, SPKI.
    TrustSubmissionKey(Vec<u8>),
    /// Installs what the authority answered at the CA.
    InstallCa(Box<Admission>),
    /// The certificate of the seal CA, DER.
    SealCa,
    /// Installs what the authority answered at the keyserver.
    InstallKeyserver {
        /// The answer.
        admission: Box<Admission>,
        /// Certificate of the seal CA and statement key, if their roles are on this host.
        made_here: Option<(Vec<u8>, Vec<u8>)>,
    },
    /// Makes new keys beside the old ones. Answered by [`Rotated`].
    Rotate {
        /// The organisation signing certificate in use, DER.
        current: Vec<u8>,
    },
    /// The newest head of the audit log. Answered by an `Option` of head and signature.
    AuditHead,
    /// Verifies the audit log, against a head that was kept elsewhere. Answered by
    /// [`ssmax_keyserver::AuditReport`].
    VerifyAudit(Option<(String, Vec<u8>)>),
    /// What `ssmax check` looks at for a role, and the code of the language. Answered by
    /// [`check::Found`]s.
    Check(Role, String),
    /// Makes a key for TLS with roles of other hosts, and the request for its certificate,
    /// for a role on the host of this name. Answered by [`Request`].
    RequestTransport(Role, String),
    /// Issues what was asked for. Answered by [`Answer`] and the certificate, DER.
    IssueTransport(Box<Request>),
    /// Installs the answer at a role, if it is of the CA with this SHA-256. Answered by the
    /// certificate, DER.
    InstallTransport(Role, Box<Answer>, Fingerprint),
    /// A role's certificate for TLS, DER; `None` if it has none.
    Transport(Role),
    /// The transport CA, and what it has issued, DER.
    IssuedTransport,
    /// What became of the mails with tickets. Answered by [`ssmax_gateway::TicketFate`]s.
    TicketFates,
    /// The story of a mail, by one of its names. Answered by [`ssmax_gateway::JourneyRow`]s.
    Journey(String),
    /// What the audit log has under tickets. Answered by [`ssmax_keyserver::TicketRow`]s.
    TicketRows(Vec<String>),
    /// Writes a role's state as an archive to the file that is handed over.
    Backup(Role),
    /// Puts a role's state back from the archive that is handed over. Answered by its
    /// [`ssmax_backup::Manifest`].
    Restore(Role),
    /// Carries a role's tables elsewhere. Answered by [`store::Moved`].
    Move(Box<store::Wanted>),
}

/// Public keys, and whether they were there already.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Made<K> {
    pub(crate) keys: K,
    pub(crate) again: bool,
}

/// New keys, by purpose and id, and what the authority is to be given.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Rotated {
    pub(crate) made: Vec<(String, String)>,
    pub(crate) renewal: ssmax_federation::renewal::Renewal,
}

impl Part {
    /// In whose name it is done.
    fn role(&self) -> Role {
        match self {
            Self::KeyserverKeys
            | Self::TrustSubmissionKey(_)
            | Self::InstallKeyserver { .. }
            | Self::Rotate { .. }
            | Self::AuditHead
            | Self::TicketRows(_)
            | Self::VerifyAudit(_) => Role::Keyserver,
            Self::CaKeys
            | Self::InstallCa(_)
            | Self::SealCa
            | Self::IssueTransport(_)
            | Self::IssuedTransport => Role::Ca,
            Self::SubmissionKey => Role::Submission,
            Self::StatementKey | Self::TicketFates | Self::Journey(_) => Role::Gateway,
            Self::Move(wanted) => wanted.role(),
            Self::Check(role, _)
            | Self::Backup(role)
            | Self::Restore(role)
            | Self::RequestTransport(role, _)
            | Self::InstallTransport(role, ..)
            | Self::Transport(role) => *role,
        }
    }

    async fn carry_out(self, config: &Config) -> Result<Value, Complaint> {
        match self {
            Self::KeyserverKeys => value(&member::keyserver_keys(config)?),
            Self::CaKeys => value(&member::ca_keys(config).await?),
            Self::StatementKey => value(&statement_key::initialise(&config.gateway()?.dir())?),
            Self::SubmissionKey => {
                let dir = config.submission()?.dir();
                let again = statement_key::exists(&dir);
                value(&Made { keys: statement_key::initialise(&dir)?, again })
            }
            Self::TrustSubmissionKey(key) => {
                let service = ssmax_keyserver::StatementService::Submission;
                let keyserver = config.keyserver()?;
                value(&ssmax_keyserver::trust_statement_key(&keyserver, &key, service).await?)
            }
            Self::InstallCa(admission) => {
                value(&ssmax_ca::install_admission(&config.ca()?, &admission).await?)
            }
            Self::SealCa => value(&ssmax_ca::seal_ca(&config.ca()?).await?.der()),
            Self::InstallKeyserver { admission, made_here } => {
                let keyserver = config.keyserver()?;
                value(&match made_here {
                    Some((seal_ca, statement_key)) => {
                        let seal_ca = Certificate::from_der(&seal_ca)?;
                        ssmax_keyserver::install_admission(
                            &keyserver,
                            &admission,
                            &seal_ca,
                            &statement_key,
                        )
                        .await?
                    }
                    None => ssmax_keyserver::install_renewal(&keyserver, &admission).await?,
                })
            }
            Self::Rotate { current } => {
                let current = Certificate::from_der(&current)?;
                let now = OffsetDateTime::now_utc();
                let rotation = ssmax_keyserver::rotate(&config.keyserver()?, &current, now)?;
                let made = rotation.made.into_iter();
                let made = made.map(|(purpose, id)| (purpose.as_str().to_owned(), id.to_string()));
                value(&Rotated { made: made.collect(), renewal: rotation.renewal })
            }
            Self::AuditHead => value(&ssmax_keyserver::newest_head(&config.keyserver()?).await?),
            Self::VerifyAudit(head) => {
                let head = head.as_ref().map(|(head, signature)| (head.as_str(), &**signature));
                value(&ssmax_keyserver::verify_audit(&config.keyserver()?, head).await?)
            }
            Self::Check(role, language) => {
                let language = Language::parse(&language).unwrap_or(Language::En);
                value(&check::role(config, role, language).await)
            }
            Self::Journey(name) => {
                value(&ssmax_gateway::journey(config.gateway()?.place(), &name).await?)
            }
            Self::TicketRows(tickets) => {
                value(&ssmax_keyserver::ticket_rows(&config.keyserver()?, &tickets).await?)
            }
            Self::RequestTransport(role, host) => value(&transport::request(config, role, &host)?),
            Self::IssueTransport(request) => {
                let (answer, certificate) =
                    ssmax_ca::issue_transport(&config.ca()?, &request).await?;
                value(&(answer, certificate.der()))
            }
            Self::InstallTransport(role, answer, ca) => {
                value(&transport::install(config, role, &answer, &ca)?.der())
            }
            Self::Transport(role) => {
                value(&transport::here(config, role)?.map(|found| found.der().to_vec()))
            }
            Self::IssuedTransport => {
                let ca = ssmax_ca::transport_ca(&config.ca()?).await?;
                let issued = ssmax_ca::issued_transport(&config.ca()?).await?;
                value(&(ca.der(), issued.iter().map(Certificate::der).collect::<Vec<_>>()))
            }
            Self::TicketFates => {
                value(&ssmax_gateway::ticket_fates(config.gateway()?.place()).await?)
            }
            Self::Move(wanted) => value(&store::perform(config, &wanted).await?),
            // They are handed a file, which this way has not.
            Self::Backup(_) | Self::Restore(_) => Err(failed("no archive")),
        }
    }
}

/// Has a part done: here, or by a process of its role's user.
///
/// # Errors
/// Those of the part; [`Exit::WrongUse`] if neither root nor that user asks.
pub(crate) async fn perform<A: DeserializeOwned>(
    config: &Config,
    part: Part,
) -> Result<A, Complaint> {
    let answer = match other_user(config, part.role())? {
        None => part.carry_out(config).await?,
        Some(user) => read(&by_another(config, &part, user, Handed::Nothing)?)?,
    };
    serde_json::from_value(answer).map_err(failed)
}

/// Has a part done that writes into `file`.
///
/// # Errors
/// As [`perform`].
pub(crate) async fn write_to(config: &Config, part: Part, file: File) -> Result<(), Complaint> {
    match other_user(config, part.role())? {
        None => backup::pack(config, part.role().as_str(), file).await,
        Some(user) => by_another(config, &part, user, Handed::Output(file)).map(drop),
    }
}

/// Has a part done that reads from `file`.
///
/// # Errors
/// As [`perform`].
pub(crate) async fn read_from<A: DeserializeOwned>(
    config: &Config,
    part: Part,
    file: File,
) -> Result<A, Complaint> {
    let answer = match other_user(config, part.role())? {
        None => value(&backup::unpack(config, part.role().as_str(), file, Access::Private)?)?,
        Some(user) => read(&by_another(config, &part, user, Handed::Input(file))?)?,
    };
    serde_json::from_value(answer).map_err(failed)
}

/// The user and group of a role, if it is not who runs this.
pub(crate) fn other_user(config: &Config, role: Role) -> Result<Option<(u32, u32)>, Complaint> {
    let own = rustix::process::geteuid();
    match place::owner(config.run_dir(), role.as_str()) {
        Some((uid, gid)) if uid != own.as_raw() => {
            if own.is_root() {
                Ok(Some((uid, gid)))
            } else {
                Err(Complaint::new(Exit::WrongUse, "not-root").with("role", role.as_str()))
            }
        }
        _ => Ok(None),
    }
}

/// Makes this process, which is root's, a user's for good. Before any thread is started.
///
/// It has been root and starts no other program since, so the kernel lets no other process
/// of that user look into it (prctl(2), `PR_SET_DUMPABLE`); and without a session in
/// common it has no way to root's terminal.
pub(crate) fn become_user(uid: u32, gid: u32) -> Result<(), Complaint> {
    use rustix::thread::{Gid, Uid, set_thread_gid, set_thread_groups, set_thread_uid};
    // Who leads a process group has no terminal either: a supervisor has started it.
    let _ = rustix::process::setsid();
    set_thread_groups(&[]).map_err(failed)?;
    set_thread_gid(Gid::from_raw(gid)).map_err(failed)?;
    set_thread_uid(Uid::from_raw(uid)).map_err(failed)?;
    if rustix::process::geteuid().as_raw() != uid || set_thread_uid(Uid::ROOT).is_ok() {
        return Err(failed("root's rights are still there"));
    }
    Ok(())
}

/// What such a process is handed beside its part.
enum Handed {
    Nothing,
    /// A file that it reads.
    Input(File),
    /// A file that it writes, in place of an answer.
    Output(File),
}

fn by_another(
    config: &Config,
    part: &Part,
    (uid, gid): (u32, u32),
    handed: Handed,
) -> Result<Vec<u8>, Complaint> {
    let asked = serde_json::to_string(part).map_err(failed)?;
    let mut command = Command::new("/proc/self/exe");
    command
        .arg(ROLE_PART)
        .arg(Language::choose(None, |name| std::env::var(name).ok()).code())
        .arg(config.path())
        .args([uid.to_string(), gid.to_string()])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // Not root's terminal.
        .stderr(Stdio::piped());
    match handed {
        Handed::Nothing => {}
        // The part stands in the command line then, where everybody sees it: it names a role.
        Handed::Input(file) => {
            command.arg(&asked).stdin(file);
        }
        Handed::Output(file) => {
            command.arg(&asked).stdin(Stdio::null()).stdout(file);
        }
    }
    let mut child = command.spawn().map_err(failed)?;
    let (mut answer, mut said) = (Vec::new(), Vec::new());
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let telling = scope
            .spawn(|| errors.map(|errors| errors.take(MAX_SAID_OCTETS).read_to_end(&mut said)));
        // It reads all before it says anything; one that ended at once has said why.
        if let Some(mut input) = input {
            let _ = input.write_all(asked.as_bytes());
        }
        let read = output.map(|output| output.take(MAX_OCTETS).read_to_end(&mut answer));
        let _ = telling.join();
        read.transpose()
    })
    .map_err(failed)?;
    eprint!("{}", verify::printable(&String::from_utf8_lossy(&said)));
    match child.wait().map_err(failed)?.code() {
        Some(0) => Ok(answer),
        Some(1) => Err(Complaint::told(Exit::Bad)),
        Some(2) => Err(Complaint::told(Exit::WrongUse)),
        _ => Err(Complaint::told(Exit::Unavailable)),
    }
}

/// What the process of a role's user does: a part from standard input, its answer to
/// standard output.
pub(crate) fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(2);
    let language = arguments.next().and_then(|word| Language::parse(word.to_str()?));
    let context =
        crate::command::Context { language: language.unwrap_or(Language::En), json: false };
    let config = arguments.next().unwrap_or_default();
    let mut number = || arguments.next().and_then(|word| word.to_str()?.parse().ok());
    let user = number().zip(number());
    let became = user.ok_or_else(|| failed("no user")).and_then(|(uid, gid)| become_user(uid, gid));
    let part = arguments.next();
    context.end(became.and_then(|()| answer(Path::new(&config), part)))
}

fn answer(config: &Path, handed: Option<OsString>) -> Result<ExitCode, Complaint> {
    let config = Config::load(config)?;
    let Some(part) = handed else {
        let mut asked = Vec::new();
        std::io::stdin().take(MAX_OCTETS).read_to_end(&mut asked).map_err(failed)?;
        let part: Part = serde_json::from_slice(&asked).map_err(failed)?;
        return say(&crate::command::block_on(part.carry_out(&config))?);
    };
    let part: Part = serde_json::from_slice(part.as_encoded_bytes()).map_err(failed)?;
    match part {
        Part::Backup(role) => {
            let out = File::from(std::io::stdout().as_fd().try_clone_to_owned().map_err(failed)?);
            crate::command::block_on(backup::pack(&config, role.as_str(), out))?;
            Ok(ExitCode::SUCCESS)
        }
        Part::Restore(role) => {
            let input = File::from(std::io::stdin().as_fd().try_clone_to_owned().map_err(failed)?);
            say(&value(&backup::unpack(&config, role.as_str(), input, Access::Private)?)?)
        }
        _ => Err(failed("nothing is handed over for this")),
    }
}

fn say(answer: &Value) -> Result<ExitCode, Complaint> {
    std::io::stdout().write_all(answer.to_string().as_bytes()).map_err(failed)?;
    Ok(ExitCode::SUCCESS)
}

fn read(answer: &[u8]) -> Result<Value, Complaint> {
    serde_json::from_slice(answer).map_err(failed)
}

fn value(answer: &impl Serialize) -> Result<Value, Complaint> {
    serde_json::to_value(answer).map_err(failed)
}

fn failed(error: impl ToString) -> Complaint {
    Complaint::new(Exit::Unavailable, "failed").with("reason", error)
}
