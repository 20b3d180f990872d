//! What is wrong with an object store, for people.

use crate::complaint::{Complaint, Exit};
use ssmax_store::objects::{AddressFault, ObjectFault, Refusal};

impl From<ObjectFault> for Complaint {
    fn from(fault: ObjectFault) -> Self {
        let of = |name| Self::new(Exit::Unavailable, name);
        match fault {
            ObjectFault::Address(fault) => Self::new(Exit::WrongUse, settings(fault)),
            ObjectFault::Unreachable(kind) => of("objects-unreachable").because(kind),
            ObjectFault::Silent => of("objects-silent"),
            ObjectFault::Untrusted => of("objects-untrusted"),
            ObjectFault::Busy(status) => of("objects-busy").with("status", status),
            ObjectFault::Refused(refusal) => refused(refusal),
            ObjectFault::Garbage => of("objects-garbage"),
            ObjectFault::Missing | ObjectFault::Changed => of("objects-changed"),
            other => of("failed").with("reason", other),
        }
    }
}

fn settings(fault: AddressFault) -> &'static str {
    match fault {
        AddressFault::Endpoint => "objects-endpoint",
        AddressFault::Secret => "objects-secret",
        AddressFault::Unverified => "objects-unverified",
        AddressFault::Region => "objects-region",
        AddressFault::NoCredentials => "objects-no-credentials",
        AddressFault::Credentials => "objects-credentials",
        AddressFault::Ca => "objects-ca",
        _ => "objects-url",
    }
}

fn refused(refusal: Refusal) -> Complaint {
    let of = |name| Complaint::new(Exit::Unavailable, name);
    match refusal {
        Refusal::Credentials => of("objects-key-refused"),
        Refusal::Rights => of("objects-rights"),
        Refusal::NoBucket => of("objects-no-bucket"),
        Refusal::Region => of("objects-other-region"),
        Refusal::Clock => of("objects-clock"),
        Refusal::Full => of("objects-full"),
        other => of("objects-refused").with("reason", other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AddressFault as A;
    use ObjectFault as F;

    #[test]
    fn every_fault_of_an_object_store_has_its_text() {
        let settings = [A::Url, A::Endpoint, A::Secret, A::Unverified, A::Region, A::NoCredentials]
            .into_iter()
            .chain([A::Credentials, A::Ca])
            .map(F::Address);
        let refusals = [
            Refusal::Credentials,
            Refusal::Rights,
            Refusal::NoBucket,
            Refusal::Region,
            Refusal::Clock,
            Refusal::Full,
            Refusal::Transfer,
        ]
        .map(F::Refused);
        let others = [
            F::Unreachable(std::io::ErrorKind::ConnectionRefused),
            F::Silent,
            F::Untrusted,
            F::Busy(503),
            F::Garbage,
            F::Missing,
            F::Changed,
        ];
        for fault in settings.chain(refusals).chain(others) {
            let complaint = Complaint::from(fault);
            for kind in ["err", "rec"] {
                let id = format!("{kind}-{}", complaint.name);
                assert!(ssmax_texts::has(&id), "{id}");
            }
        }
    }
}
