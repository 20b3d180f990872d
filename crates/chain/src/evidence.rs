//! The evidence a seal carries: what the sender's side signed, for later years.
//! Specification: `spec/chain.md`, "Evidence".
//!
//! The seal is a signature of the receiving organisation alone. Whoever wants to know,
//! years later, what the *sending* side signed finds it here, as an unsigned attribute
//! that mailers ignore (measured).

use der::asn1::OctetString;
use der::{Decode, Encode, Sequence};

/// The largest evidence that is read, in octets.
pub const MAX_EVIDENCE_BYTES: usize = 256 * 1024;

/// What the sender's side signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The sending organisation's SignedData (ContentInfo, DER, detached): hop record,
    /// SignerInfo and certificates. Empty for mail inside one organisation.
    pub organisation: Vec<u8>,
    /// The sender's SignedData (ContentInfo, detached): SignerInfo and certificates.
    pub sender: Vec<u8>,
    /// This recipient's own salt, to find the own digest in the hop record; nobody
    /// else's salt, so that it does not tell who else got the mail.
    pub salt: Vec<u8>,
}

/// The evidence cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the evidence is malformed or over {MAX_EVIDENCE_BYTES} octets")]
pub struct EvidenceFault;

/// `Evidence ::= SEQUENCE { version INTEGER (1), organisation OCTET STRING,
/// sender OCTET STRING, salt OCTET STRING }`
#[derive(Sequence)]
struct Encoded {
    version: u8,
    organisation: OctetString,
    sender: OctetString,
    salt: OctetString,
}

impl Evidence {
    /// The attribute's value, DER.
    ///
    /// # Errors
    /// [`EvidenceFault`] when it would be over [`MAX_EVIDENCE_BYTES`].
    pub fn to_der(&self) -> Result<Vec<u8>, EvidenceFault> {
        let octets = |value: &[u8]| OctetString::new(value).map_err(|_| EvidenceFault);
        let encoded = Encoded {
            version: 1,
            organisation: octets(&self.organisation)?,
            sender: octets(&self.sender)?,
            salt: octets(&self.salt)?,
        }
        .to_der()
        .map_err(|_| EvidenceFault)?;
        if encoded.len() > MAX_EVIDENCE_BYTES { Err(EvidenceFault) } else { Ok(encoded) }
    }

    /// Reads the attribute's value.
    ///
    /// # Errors
    /// [`EvidenceFault`] for anything else.
    pub fn from_der(value: &[u8]) -> Result<Self, EvidenceFault> {
        if value.len() > MAX_EVIDENCE_BYTES {
            return Err(EvidenceFault);
        }
        let encoded = Encoded::from_der(value).map_err(|_| EvidenceFault)?;
        if encoded.version != 1 {
            return Err(EvidenceFault);
        }
        Ok(Self {
            organisation: encoded.organisation.as_bytes().to_vec(),
            sender: encoded.sender.as_bytes().to_vec(),
            salt: encoded.salt.as_bytes().to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_nothing_behind_it() {
        let evidence = Evidence { organisation: vec![1], sender: vec![2, 3], salt: vec![4; 16] };
        let mut value = evidence.to_der().unwrap();
        assert_eq!(Evidence::from_der(&value), Ok(evidence));
        value.push(0);
        assert_eq!(Evidence::from_der(&value), Err(EvidenceFault));
    }
}
