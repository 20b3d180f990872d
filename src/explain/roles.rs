//! What the roles say when they cannot start or do not do what they are asked.

use crate::complaint::{Complaint, Exit};
use ssmax_api::Problem;
use ssmax_authority::{AuthorityError, Refusal};
use ssmax_daemon::call::CallError;
use ssmax_daemon::statement_key::StatementKeyError;
use ssmax_federation::ListFault;
use ssmax_pki::PkiError;
use ssmax_store::StoreError;
use std::io::ErrorKind;

impl From<PkiError> for Complaint {
    fn from(error: PkiError) -> Self {
        Self::new(Exit::Unavailable, "certificate").with("reason", error)
    }
}

impl From<ssmax_keyserver::SetupError> for Complaint {
    fn from(error: ssmax_keyserver::SetupError) -> Self {
        use ssmax_keyserver::SetupError as E;
        match error {
            E::Keys(error) => error.into(),
            E::Store(error) => error.into(),
            E::Certificate(error) => error.into(),
            E::NotAdmitted => Self::new(Exit::Unavailable, "not-admitted"),
            E::ForeignAdmission => Self::new(Exit::Bad, "admission-foreign"),
            E::ForeignKey => Self::new(Exit::Bad, "statement-key-foreign"),
            E::Io(error) => socket(error.kind()),
            E::Transport(error) => error.into(),
            other => Self::new(Exit::Unavailable, "failed").with("reason", other),
        }
    }
}

impl From<ssmax_ca::SetupError> for Complaint {
    fn from(error: ssmax_ca::SetupError) -> Self {
        use ssmax_ca::SetupError as E;
        match error {
            E::Keys(error) => error.into(),
            E::Store(error) => error.into(),
            E::Certificate(error) => error.into(),
            E::Lint(findings) => {
                Self::new(Exit::WrongUse, "certificate-profile").with("reason", findings)
            }
            E::Transport(error) => error.into(),
            E::Enrol(error) => error.into(),
            E::NotAdmitted => Self::new(Exit::Unavailable, "not-admitted"),
            E::ForeignAdmission => Self::new(Exit::Bad, "admission-foreign"),
            E::Io(error) => socket(error.kind()),
            other => Self::new(Exit::Unavailable, "failed").with("reason", other),
        }
    }
}

impl From<ssmax_inspector::ServeError> for Complaint {
    fn from(error: ssmax_inspector::ServeError) -> Self {
        match error {
            ssmax_inspector::ServeError::Io(error) => socket(error.kind()),
            ssmax_inspector::ServeError::Transport(error) => error.into(),
            other => Self::new(Exit::Unavailable, "failed").with("reason", other),
        }
    }
}

impl From<ssmax_watch::ServeError> for Complaint {
    fn from(error: ssmax_watch::ServeError) -> Self {
        match error {
            ssmax_watch::ServeError::Io(error) => {
                Self::new(Exit::Unavailable, "watch-io").because(error.kind())
            }
            other => Self::new(Exit::Unavailable, "failed").with("reason", other),
        }
    }
}

impl From<StatementKeyError> for Complaint {
    fn from(error: StatementKeyError) -> Self {
        match error {
            StatementKeyError::Store(StoreError::File {
                path, kind: ErrorKind::NotFound, ..
            }) => {
                Self::new(Exit::Unavailable, "statement-key-missing").with("path", path.display())
            }
            StatementKeyError::Store(error) => error.into(),
            other => Self::new(Exit::Unavailable, "statement-key").with("reason", other),
        }
    }
}

impl From<ssmax_submission::ServeError> for Complaint {
    fn from(error: ssmax_submission::ServeError) -> Self {
        use ssmax_submission::ServeError as E;
        match error {
            E::Io(error) => Self::new(Exit::Unavailable, "milter-io").with("reason", error),
            E::StatementKey(error) => error.into(),
            E::NoUser(user) => Self::new(Exit::WrongUse, "milter-peer").with("user", user),
            other => Self::new(Exit::Unavailable, "failed").with("reason", other),
        }
    }
}

impl From<ssmax_enrol::ServeError> for Complaint {
    fn from(error: ssmax_enrol::ServeError) -> Self {
        use ssmax_enrol::ServeError as E;
        match error {
            E::Io(error) => Self::new(Exit::Unavailable, "enrol-io").because(error.kind()),
            E::Store(error) => error.into(),
            E::Transport(error) => error.into(),
            E::Tls(fault) => Self::new(Exit::WrongUse, "listener-tls").with("reason", fault),
            other => Self::new(Exit::Unavailable, "failed").with("reason", other),
        }
    }
}

impl From<ssmax_directory::ServeError> for Complaint {
    fn from(error: ssmax_directory::ServeError) -> Self {
        use ssmax_directory::ServeError as E;
        match error {
            E::Io(error) => Self::new(Exit::Unavailable, "directory-io").because(error.kind()),
            E::Store(error) => error.into(),
            E::Transport(error) => error.into(),
            E::TlsHalf | E::NoTls => Self::new(Exit::WrongUse, "directory-tls"),
            E::Tls(fault) => Self::new(Exit::WrongUse, "listener-tls").with("reason", fault),
            E::NoListener => Self::new(Exit::WrongUse, "directory-nowhere"),
            other => Self::new(Exit::Unavailable, "failed").with("reason", other),
        }
    }
}

impl From<ssmax_scim::ServeError> for Complaint {
    fn from(error: ssmax_scim::ServeError) -> Self {
        use ssmax_scim::ServeError as E;
        match error {
            E::Io(error) => Self::new(Exit::Unavailable, "scim-io").because(error.kind()),
            E::Store(error) => error.into(),
            E::Transport(error) => error.into(),
            E::TlsHalf | E::Plaintext => Self::new(Exit::WrongUse, "scim-tls"),
            E::Tls(fault) => Self::new(Exit::WrongUse, "listener-tls").with("reason", fault),
            E::NoListener => Self::new(Exit::WrongUse, "scim-nowhere"),
            E::NoTokens => Self::new(Exit::WrongUse, "scim-nobody"),
            E::Proof => Self::new(Exit::WrongUse, "scim-proof"),
            other => Self::new(Exit::Unavailable, "failed").with("reason", other),
        }
    }
}

impl From<ssmax_gateway::ServeError> for Complaint {
    fn from(error: ssmax_gateway::ServeError) -> Self {
        use ssmax_gateway::ServeError as E;
        match error {
            E::Io(error) => Self::new(Exit::Unavailable, "gateway-io").because(error.kind()),
            E::Store(error) => error.into(),
            E::StatementKey(error) => error.into(),
            E::Transport(error) => error.into(),
            E::Route(fault) => Self::new(Exit::WrongUse, "route").with("reason", fault),
            E::Tls(fault) => Self::new(Exit::WrongUse, "route-trust").with("reason", fault),
            E::List(fault) => Self::new(Exit::WrongUse, "lists").with("reason", fault),
            E::PlaintextAuth(address) => {
                Self::new(Exit::WrongUse, "plaintext-auth").with("address", address)
            }
            other => Self::new(Exit::WrongUse, "listener-tls").with("reason", other),
        }
    }
}

/// A socket below `run_dir` that cannot be had.
fn socket(kind: ErrorKind) -> Complaint {
    let name = match kind {
        ErrorKind::AddrInUse => "socket-in-use",
        ErrorKind::InvalidInput => "socket-path",
        _ => "socket",
    };
    Complaint::new(Exit::Unavailable, name).because(kind)
}

impl From<AuthorityError> for Complaint {
    fn from(error: AuthorityError) -> Self {
        use AuthorityError as E;
        match error {
            E::Refused(refusal) => refusal.into(),
            E::AlreadyInitialised => Self::new(Exit::WrongUse, "authority-exists"),
            E::NotInitialised => Self::new(Exit::Unavailable, "authority-missing"),
            E::BadUrl => Self::new(Exit::WrongUse, "authority-url"),
            E::Store(error) => error.into(),
            E::Damaged => Self::new(Exit::Unavailable, "state-damaged").with("path", "state_dir"),
            E::Keys(error) => error.into(),
            E::Pki(error) => error.into(),
            E::Lint(findings) => {
                let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
                Self::new(Exit::WrongUse, "certificate-profile").with("reason", texts.join("; "))
            }
            E::Listen(ErrorKind::AddrInUse) => {
                Self::new(Exit::Unavailable, "address-in-use").with("address", "authority.listen")
            }
            E::Listen(kind) => Self::new(Exit::Unavailable, "listen")
                .with("address", "authority.listen")
                .because(kind),
            E::Write { path, kind } => Self::from_io(&path, kind, Exit::Unavailable),
            other => Self::new(Exit::Unavailable, "failed").with("reason", other),
        }
    }
}

impl From<Refusal> for Complaint {
    fn from(refusal: Refusal) -> Self {
        use Refusal as R;
        let of = |name| Self::new(Exit::Bad, name);
        match refusal {
            R::Entry(fault) => {
                let name = entry_fault(&fault);
                of(name).with("reason", fault)
            }
            R::NameTooLong => of("name-too-long"),
            R::AlreadyMember => of("already-member"),
            R::DomainTaken => of("domain-taken"),
            R::SigningRequest(error) => {
                of("key-request").with("key", "organisation-signing").with("reason", error)
            }
            R::MemberCaRequest(error) => {
                of("key-request").with("key", "member-ca").with("reason", error)
            }
            R::SigningKeyKind => of("key-kind").with("key", "organisation-signing"),
            R::MemberCaKeyKind => of("key-kind").with("key", "member-ca"),
            R::EncryptionKeyKind => of("key-kind").with("key", "federation-encryption"),
            R::EncryptionKeyCount => {
                of("key-count").with("max", ssmax_authority::MAX_ENCRYPTION_KEYS)
            }
            R::KeyTwice => of("key-twice"),
            R::KeyKnown => of("key-known"),
            R::RenewalSigner => of("renewal-signer"),
            R::Renewal(fault) => of("renewal").with("reason", fault),
            R::CertificateCount => of("certificate-count"),
            R::NoSuchMember => of("no-such-member"),
            R::Expelled => of("member-expelled"),
            R::Reason => of("standing-reason").with("max", ssmax_authority::MAX_REASON_BYTES),
            other => of("failed").with("reason", other),
        }
    }
}

/// The text for what makes an entry of the member list unsound; `check` uses it on our
/// own entry before the authority does.
pub(crate) fn entry_fault(fault: &ListFault) -> &'static str {
    match fault {
        ListFault::CorporateNumber { .. } => "entry-number",
        ListFault::IdMismatch { .. } => "entry-id",
        ListFault::DomainCount { .. }
        | ListFault::DomainForm { .. }
        | ListFault::DomainTwice { .. } => "entry-domain",
        ListFault::Nameless { .. } => "entry-name",
        ListFault::TextTooLong { .. } | ListFault::TextControl { .. } => "entry-text",
        ListFault::IncidentContact { .. } => "entry-contact",
        ListFault::EspForm { .. } => "entry-esp-form",
        _ => "entry",
    }
}

impl Complaint {
    /// Why a role gave no answer. `role` is the text with its name, `cli-role-*`.
    pub(crate) fn from_call(error: CallError, role: &'static str) -> Self {
        let name = match error {
            CallError::Unavailable => "role-unavailable",
            CallError::Untrusted => "role-untrusted",
            CallError::TimedOut | CallError::Interrupted => "role-timed-out",
            _ => "role-answer",
        };
        Self::new(Exit::Unavailable, name).with_text("role", role)
    }

    /// Why a role did not do what was asked about a person.
    pub(crate) fn from_problem(problem: Problem, user: &str) -> Self {
        let (exit, name) = match problem {
            Problem::NotFound => (Exit::Bad, "user-unknown"),
            Problem::Exists => (Exit::Bad, "user-exists"),
            Problem::Ended => (Exit::Bad, "user-revoked"),
            Problem::AddressKept => (Exit::Bad, "user-address-kept"),
            Problem::ProofTooWeak => (Exit::Bad, "user-proof-too-weak"),
            Problem::NotAllowed => (Exit::Bad, "user-not-allowed"),
            Problem::Malformed => (Exit::Bad, "user-malformed"),
            _ => (Exit::Unavailable, "user-failed"),
        };
        Self::new(exit, name).with("user", user)
    }
}
