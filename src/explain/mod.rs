//! What went wrong in a crate or role, as a [`Complaint`].

mod objects;
mod roles;
mod transport;

pub(crate) use roles::entry_fault;

use crate::complaint::{Complaint, Exit};
use ssmax_daemon::config::ConfigError;
use ssmax_daemon::config::address::AddressFault;
use ssmax_federation::ijson::JsonFault;
use ssmax_federation_client::FetchError;
use ssmax_hsm::HsmError;
use ssmax_store::{ServerFault, SqlFault, StoreError};
use std::io::ErrorKind;
use std::path::Path;

impl Complaint {
    /// What the operating system said about a file.
    pub(crate) fn from_io(path: &Path, kind: ErrorKind, exit: Exit) -> Self {
        let name = match kind {
            ErrorKind::NotFound => "file-missing",
            ErrorKind::PermissionDenied => "file-forbidden",
            ErrorKind::AlreadyExists => "file-exists",
            ErrorKind::IsADirectory => "file-is-directory",
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "disk-full",
            _ => "file-failed",
        };
        let exit = match kind {
            ErrorKind::AlreadyExists | ErrorKind::IsADirectory => Exit::WrongUse,
            _ => exit,
        };
        Self::new(exit, name).with("path", path.display()).because(kind)
    }

    /// What was made cannot be written there. A folder that is not there is wrong use.
    pub(crate) fn from_write(path: &Path, kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::NotFound => {
                Self::new(Exit::WrongUse, "folder-missing").with("path", path.display())
            }
            kind => Self::from_io(path, kind, Exit::Unavailable),
        }
    }

    /// What stands in a document is not what it should be.
    pub(crate) fn from_json(path: &Path, fault: JsonFault) -> Self {
        Self::new(Exit::WrongUse, "document-unreadable")
            .with("path", path.display())
            .with("reason", fault)
    }
}

impl From<ConfigError> for Complaint {
    fn from(error: ConfigError) -> Self {
        let of = |name| Self::new(Exit::WrongUse, name);
        match error {
            ConfigError::Unreadable { path, kind: ErrorKind::NotFound } => {
                of("config-file-missing").with("path", path.display())
            }
            ConfigError::Unreadable { path, kind } => Self::from_io(&path, kind, Exit::WrongUse),
            ConfigError::TooLarge { path } => of("file-too-large")
                .with("path", path.display())
                .with("max", ssmax_daemon::config::MAX_CONFIG_BYTES),
            ConfigError::NotUtf8 { path, line } => {
                of("config-encoding").with("path", path.display()).with("line", line)
            }
            ConfigError::UnknownField { path, line, field, nearest, known } => {
                let (name, variable, value) = match nearest {
                    Some(nearest) => ("config-unknown-field", "nearest", nearest),
                    None => ("config-unknown-field-here", "known", known.join(", ")),
                };
                of(name)
                    .with("path", path.display())
                    .with("line", line)
                    .with("field", field)
                    .with(variable, value)
            }
            ConfigError::UnknownValue { path, line, value, known, .. } => {
                of("config-unknown-value")
                    .with("path", path.display())
                    .with("line", line)
                    .with("value", value)
                    .with("known", known.join(", "))
            }
            ConfigError::Address { path, line, address, fault } => of("config-address")
                .with("path", path.display())
                .with("line", line)
                .with("address", address)
                .with_text("reason", address_text(fault)),
            ConfigError::MissingField { path, line, field } => of("config-missing-field")
                .with("path", path.display())
                .with("line", line)
                .with("field", field),
            ConfigError::Invalid { path, line, column, message } => of("config-invalid")
                .with("path", path.display())
                .with("line", line)
                .with("column", column)
                .with("reason", message),
            other => of("failed").with("reason", other),
        }
    }
}

fn address_text(fault: AddressFault) -> &'static str {
    match fault {
        AddressFault::NoPort => "config-address-no-port",
        AddressFault::PortNotNumber => "config-address-port-not-number",
        AddressFault::PortOutOfRange => "config-address-port-out-of-range",
        AddressFault::PortZero => "config-address-port-zero",
        AddressFault::NotIp => "config-address-not-ip",
        AddressFault::NotLoopback => "config-address-not-loopback",
    }
}

impl From<StoreError> for Complaint {
    fn from(error: StoreError) -> Self {
        let of = |name| Self::new(Exit::Unavailable, name);
        match error {
            StoreError::File { path, kind, .. } => Self::from_io(&path, kind, Exit::Unavailable),
            StoreError::OpenToOthers { path, mode } => of("file-open-to-others")
                .with("path", path.display())
                .with("mode", format!("0{mode:o}")),
            StoreError::ForeignOwner { path, uid } => {
                of("file-foreign-owner").with("path", path.display()).with("uid", uid)
            }
            StoreError::WrongKind { path, .. } => {
                of("file-failed").with("path", path.display()).because(ErrorKind::NotADirectory)
            }
            StoreError::FileTooLarge { path, max } => {
                of("file-too-large").with("path", path.display()).with("max", max)
            }
            StoreError::DatabaseNewer { found, known } => of("state-newer")
                .with("path", "state_dir")
                .with("found", found)
                .with("known", known),
            StoreError::MigrationChanged { .. } => of("state-changed").with("path", "state_dir"),
            StoreError::Sql(fault) | StoreError::MigrationFailed { fault, .. } => fault.into(),
            StoreError::ServerAddress(fault) => fault.into(),
            StoreError::NotDurable { setting, value } => {
                of("server-not-durable").with("setting", setting).with("value", value)
            }
            StoreError::ServerUnfit { setting, value, needed } => of("server-unfit")
                .with("setting", setting)
                .with("value", value)
                .with("needed", needed),
            StoreError::Object(fault) => fault.into(),
            StoreError::InUse => of("state-served"),
            StoreError::Moved { server: true } => of("state-moved-server"),
            StoreError::Moved { server: false } => of("state-moved-default"),
            StoreError::SamePlace => Self::new(Exit::WrongUse, "store-same"),
            StoreError::NothingToMove { name } => {
                Self::new(Exit::WrongUse, "store-nothing").with("name", name)
            }
            StoreError::OtherVersion { found, known } => {
                Self::new(Exit::WrongUse, "store-other-version")
                    .with("found", found)
                    .with("known", known)
            }
            StoreError::TargetHoldsRows { table } => {
                Self::new(Exit::WrongUse, "store-target-rows").with("table", table)
            }
            StoreError::NotTheSame { table } => {
                Self::new(Exit::Bad, "store-not-the-same").with("table", table)
            }
            other => of("failed").with("reason", other),
        }
    }
}

impl From<ServerFault> for Complaint {
    fn from(fault: ServerFault) -> Self {
        let name = match fault {
            ServerFault::Password => "server-address-password",
            ServerFault::UnknownParameter => "server-address-parameter",
            ServerFault::Unverified => "server-unverified",
            ServerFault::PasswordFile => "server-password-file",
            _ => "server-address",
        };
        Self::new(Exit::WrongUse, name)
    }
}

impl From<SqlFault> for Complaint {
    fn from(fault: SqlFault) -> Self {
        let of = |name| Self::new(Exit::Unavailable, name).with("path", "state_dir");
        match fault {
            SqlFault::Busy => of("state-busy"),
            SqlFault::Full => of("disk-full"),
            SqlFault::Corrupt => of("state-damaged"),
            SqlFault::Unreachable => Self::new(Exit::Unavailable, "server-unreachable"),
            SqlFault::Untrusted => Self::new(Exit::Unavailable, "server-untrusted"),
            SqlFault::Refused { code } => {
                Self::new(Exit::Unavailable, "server-refused").with("reason", code)
            }
            other => Self::new(Exit::Unavailable, "failed").with("reason", other),
        }
    }
}

impl From<HsmError> for Complaint {
    fn from(error: HsmError) -> Self {
        let of = |name| Self::new(Exit::Unavailable, name);
        match error {
            HsmError::WrongUnlockSecret => of("unlock-wrong"),
            HsmError::UnlockSecretTooShort { octets } => of("unlock-short").with("octets", octets),
            HsmError::UnlockSecretNotText => of("unlock-not-text"),
            HsmError::NotAStore { dir } => of("keys-missing").with("path", dir.display()),
            HsmError::AlreadyAStore { dir } => {
                Self::new(Exit::WrongUse, "keys-exist").with("path", dir.display())
            }
            HsmError::DamagedStore { path } => of("keys-damaged").with("path", path.display()),
            HsmError::UnsupportedVersion { path } => of("state-newer").with("path", path.display()),
            HsmError::UnknownKey { purpose, id } | HsmError::DamagedKey { purpose, id } => {
                of("key-unusable").with("purpose", purpose).with("id", id)
            }
            HsmError::Files(error) => error.into(),
            HsmError::TokenNotNamed => Self::new(Exit::WrongUse, "token-not-named"),
            HsmError::WithoutToken { .. } => of("token-not-configured").with("reason", error),
            HsmError::Module { path } => of("token-module").with("path", path.display()),
            HsmError::TokenNotFound { label, found } => {
                of("token-missing").with("label", label).with("found", found)
            }
            HsmError::WrongPin => of("token-pin"),
            HsmError::PinLocked => of("token-pin-locked"),
            HsmError::PinNotText => of("token-pin-file"),
            HsmError::TokenUnavailable => of("token-silent"),
            HsmError::TokenLacks { operation } => of("token-lacks").with("operation", operation),
            HsmError::NotInToken { .. } | HsmError::ForeignObject { .. } => {
                of("token-object").with("reason", error)
            }
            other => of("failed").with("reason", other),
        }
    }
}

impl From<FetchError> for Complaint {
    fn from(error: FetchError) -> Self {
        let of = |name| Self::new(Exit::Unavailable, name).with("reason", &error);
        match error {
            FetchError::BadUrl => Self::new(Exit::WrongUse, "authority-url"),
            FetchError::BadTrust => Self::new(Exit::WrongUse, "authority-trust"),
            FetchError::Tls(_) => of("authority-tls"),
            FetchError::Unreachable(_) | FetchError::Timeout => of("authority-unreachable"),
            _ => of("authority-answer"),
        }
    }
}
