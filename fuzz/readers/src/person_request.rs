//! What a person asks the keyserver for: JSON that the person signed.
//!
//! Property: what is read is written as text that is read as the same.

use ssmax_chain::person_request::RewrapOwn;

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
    vec![text.into_bytes()]
}

/// Reads the octets as a request.
pub fn run(octets: &[u8]) {
    let Ok(json) = std::str::from_utf8(octets) else { return };
    if let Ok(request) = RewrapOwn::parse(json) {
        assert_eq!(RewrapOwn::parse(&request.to_json()).as_ref(), Ok(&request));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_is_read() {
        let text = String::from_utf8(made().swap_remove(0)).unwrap();
        assert!(RewrapOwn::parse(&text).is_ok());
    }
}
