//! What is wrong with certificates for TLS between roles.

use crate::complaint::{Complaint, Exit};
use ssmax_transport::{EnrolError, IdentityError};

impl From<IdentityError> for Complaint {
    fn from(error: IdentityError) -> Self {
        use IdentityError as E;
        let of = |name, path: std::path::PathBuf| {
            Self::new(Exit::Unavailable, name).with("path", path.display())
        };
        match error {
            E::Missing { path } => of("transport-missing", path),
            E::Expired { path } => of("transport-expired", path),
            E::NoFingerprint { path, line } => of("transport-denied-line", path).with("line", line),
            E::WrongRole { path, role } => of("transport-wrong-role", path).with("role", role),
            E::Unreadable { path } => of("transport-unreadable", path),
            E::NotAccepted { path, reason } => {
                of("transport-not-accepted", path).with("reason", reason)
            }
            E::File(error) => error.into(),
            other => Self::new(Exit::Unavailable, "failed").with("reason", other),
        }
    }
}

impl From<EnrolError> for Complaint {
    fn from(error: EnrolError) -> Self {
        use EnrolError as E;
        match error {
            E::File(error) => error.into(),
            E::Certificate(error) => error.into(),
            E::UnknownRole { role } => {
                Self::new(Exit::WrongUse, "transport-role").with("role", role)
            }
            E::Unreadable { path } => {
                Self::new(Exit::Unavailable, "transport-unreadable").with("path", path.display())
            }
            E::Denied { role, host } => {
                Self::new(Exit::Bad, "transport-denied").with("role", role).with("host", host)
            }
            E::Foreign => Self::new(Exit::Bad, "transport-foreign"),
            E::OtherCa { found } => Self::new(Exit::Bad, "transport-other-ca").with("found", found),
            E::NotAccepted(reason) => {
                Self::new(Exit::Bad, "transport-refused").with("reason", reason)
            }
            other => Self::new(Exit::Unavailable, "failed").with("reason", other),
        }
    }
}
