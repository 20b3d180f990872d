//! What a person asks the keyserver for, or officers: JSON that they signed, and the
//! file in which theirs travels.
//!
//! Property: what is read is written as text that is read as the same.

use ssmax_agent::circulated::Circulated;
use ssmax_chain::archive_request::ArchiveRequest;
use ssmax_chain::held_decision::HeldDecision;
use ssmax_chain::officers::{Approvable, Asking};
use ssmax_chain::person_request::RewrapOwn;
use ssmax_chain::trace_request::TraceRequest;

use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1000;

pub(crate) fn made() -> Vec<Vec<u8>> {
    let text = format!(
        "{{\"v\":1,\"op\":\"rewrap-own\",\"user\":\"alice\",\"mailbox\":\"alice@a.example\",\
         \"parts\":[{{\"ri\":[\"MAA=\"],\"tail\":\"{}\",\"cipher\":\"aes256-cbc\"}}],\
         \"target\":\"own\",\"at\":\"2026-06-01T12:00:00Z\",\"nonce\":\"{}\"}}",
        "00".repeat(32),
        "01".repeat(16)
    );
    let archive = format!(
        "{{\"v\":1,\"op\":\"rewrap-archive\",\"mailbox\":\"bob@a.example\",\"target\":\"carol\",\
         \"reason\":\"he has left\",\"mails\":1,\"objects\":[{{\"tail\":\"{0}\",\
         \"cipher\":\"aes256-cbc\",\"archive\":\"{0}\"}}],\"at\":\"2026-06-01T12:00:00Z\",\
         \"until\":\"2026-06-04T12:00:00Z\",\"nonce\":\"{1}\"}}",
        "00".repeat(32),
        "01".repeat(16)
    );
    let asking = format!(
        "{{\"v\":1,\"request\":\"{}\",\"officer\":\"olga\",\"at\":\"2026-06-01T12:00:00Z\"}}",
        "00".repeat(32)
    );
    let decision = format!(
        "{{\"v\":1,\"op\":\"hold-release\",\"held\":\"4f2a90c1d3e5b867\",\"mail\":\"{}\",\
         \"officer\":\"olga\",\"reason\":\"seen\",\"at\":\"2026-06-01T12:00:00Z\",\"nonce\":\"{}\"}}",
        "00".repeat(32),
        "01".repeat(16)
    );
    let trace = format!(
        "{{\"v\":1,\"op\":\"trace\",\"traced\":{{\"hop\":\"0190a6e0-0000-7000-8000-000000000001\"}},\
         \"case\":\"2026-17\",\"reason\":\"malware\",\"proposer\":\"olga\",\
         \"at\":\"2026-06-01T12:00:00Z\",\"until\":\"2026-06-04T12:00:00Z\",\"nonce\":\"{}\"}}",
        "01".repeat(16)
    );
    let circulated = ArchiveRequest::parse(&archive).map(|request| Circulated::new(&request));
    let circulated = circulated.map(|file| file.to_json()).unwrap_or_default();
    [text, archive, asking, circulated, decision, trace].map(String::into_bytes).into()
}

/// Reads the octets as a request.
pub fn run(octets: &[u8]) {
    circulated::<ArchiveRequest>(octets);
    circulated::<TraceRequest>(octets);
    let Ok(json) = std::str::from_utf8(octets) else { return };
    if let Ok(request) = RewrapOwn::parse(json) {
        assert_eq!(RewrapOwn::parse(&request.to_json()).as_ref(), Ok(&request));
    }
    if let Ok(request) = ArchiveRequest::parse(json) {
        assert_eq!(ArchiveRequest::parse(&request.to_json()).as_ref(), Ok(&request));
    }
    if let Ok(asking) = Asking::parse(json) {
        assert_eq!(Asking::parse(&asking.to_json()).as_ref(), Ok(&asking));
    }
    if let Ok(decision) = HeldDecision::parse(json) {
        assert_eq!(HeldDecision::parse(&decision.to_json()).as_ref(), Ok(&decision));
    }
    if let Ok(request) = TraceRequest::parse(json) {
        assert_eq!(TraceRequest::parse(&request.to_json()).as_ref(), Ok(&request));
    }
}

/// Reads the octets as the file in which a request of this kind travels.
fn circulated<R: Approvable + PartialEq + std::fmt::Debug>(octets: &[u8]) {
    if let Ok((file, request)) = Circulated::read::<R>(octets) {
        assert_eq!(Circulated::read::<R>(file.to_json().as_bytes()), Ok((file, request)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_are_read() {
        let texts = made().into_iter().map(|octets| String::from_utf8(octets).unwrap());
        let [own, archive, asking, file, decision, trace] =
            texts.collect::<Vec<_>>().try_into().unwrap();
        assert!(RewrapOwn::parse(&own).is_ok());
        assert!(ArchiveRequest::parse(&archive).is_ok());
        assert!(Asking::parse(&asking).is_ok());
        assert!(Circulated::read::<ArchiveRequest>(file.as_bytes()).is_ok());
        assert!(HeldDecision::parse(&decision).is_ok());
        assert!(TraceRequest::parse(&trace).is_ok());
    }
}
