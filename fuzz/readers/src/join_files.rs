//! The files by which an organisation joins and renews its keys (application, admission,
//! renewal), and a host of it gets its certificate (request, answer).
//!
//! Property: what is read and written is read as the same.

use ssmax_federation::admission::{Admission, Application};
use ssmax_federation::renewal::Renewal;
use ssmax_transport::{Answer, Request};

use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1600;

pub(crate) fn made() -> Vec<Vec<u8>> {
    vec![
        br#"{"id":"NTRJP-7000012050002","kind":"organisation","names":{"ja":"a","kana":"b","en":"c"},"corporate_number":"7000012050002","domains":["a.example"],"incident_contact":"abuse@a.example","capabilities":{"fresh_form":"wrapped-gcm","enforce":"none","ciphers":["aes256-gcm"]},"organisation_signing_request":"MAA=","federation_encryption_keys":["MAA="],"member_ca_request":"MAA="}"#.to_vec(),
        br#"{"id":"NTRJP-7000012050002","list_version":3,"organisation_signing":"","organisation_encryption":[""],"member_ca":"","issuing_ca":"","root":"","authority_url":"https://authority.example:8443","tls_ca":""}"#.to_vec(),
        br#"{"keys":{"id":"NTRJP-7000012050002","at":1790000000,"organisation_signing_request":"MAA=","federation_encryption_keys":["MAA="]},"certificate":"00","signature":"MAA="}"#.to_vec(),
        br#"{"member":"NTRJP-7000012050002","role":"gateway","host":"gw1.a.example","request":"-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"}"#.to_vec(),
        br#"{"member":"NTRJP-7000012050002","role":"gateway","certificate":"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n","ca":"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"}"#.to_vec(),
    ]
}

/// Reads the octets as each of the files.
pub fn run(octets: &[u8]) {
    if let Ok(application) = Application::from_json(octets) {
        let again = Application::from_json(application.to_json().as_bytes());
        assert_eq!(again.as_ref(), Ok(&application));
    }
    if let Ok(renewal) = Renewal::from_json(octets) {
        let again = Renewal::from_json(renewal.to_json().as_bytes());
        assert_eq!(again.as_ref(), Ok(&renewal));
    }
    if let Some(request) = Request::from_json(octets) {
        assert_eq!(Request::from_json(request.to_json().as_bytes()).as_ref(), Some(&request));
        let _ = ssmax_transport::key_fingerprint(&request);
    }
    if let Some(answer) = Answer::from_json(octets) {
        assert_eq!(Answer::from_json(answer.to_json().as_bytes()).as_ref(), Some(&answer));
        let _ = ssmax_transport::ca_fingerprint(&answer);
    }
    if let Ok(admission) = Admission::from_json(octets) {
        let again = Admission::from_json(admission.to_json().as_bytes());
        assert_eq!(again.as_ref(), Ok(&admission));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_are_read() {
        assert!(Application::from_json(&made()[0]).is_ok());
        assert!(Admission::from_json(&made()[1]).is_ok());
        assert!(Renewal::from_json(&made()[2]).is_ok());
        assert!(Request::from_json(&made()[3]).is_some());
        assert!(Answer::from_json(&made()[4]).is_some());
    }
}
