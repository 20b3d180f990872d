//! What a verification at an ESP tells: signature checking, not inspection.

use ssmax_chain::{Digest, Reason};

/// What a worker signs before the octets of a [`VerifiedSubmission`].
pub const VERIFIED_LABEL: &[u8] = b"SSMAX1-verified\0";

/// Octets of a [`VerifiedSubmission`].
pub const VERIFIED_BYTES: usize = 100;

/// Octets of the signature under it at most: an Ecdsa-Sig-Value on P-256.
pub const MAX_VERIFIED_SIGNATURE_BYTES: usize = 72;

/// Whether an ESP's user signed what they submit. It tells nothing of the content but
/// its digest, and has always the same size: a worker that was taken over cannot say
/// more than these octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedSubmission {
    /// Why the mail is refused; `None` if the signature is the submitter's.
    pub refused: Option<Reason>,
    /// Whether the header inside, if there is one, is the one outside.
    pub headers_match: bool,
    /// SHA-256 of the signer's certificate.
    pub certificate: Digest,
    /// SHA-256 of the SignerInfo without unsigned attributes.
    pub si: Digest,
    /// SHA-256 of the content entity.
    pub entity: Digest,
}

impl VerifiedSubmission {
    /// A refusal: nothing is said about the content.
    #[must_use]
    pub fn refusal(reason: Reason) -> Self {
        let nothing = Digest([0; 32]);
        Self {
            refused: Some(reason),
            headers_match: reason != Reason::HeadersDiffer,
            certificate: nothing,
            si: nothing,
            entity: nothing,
        }
    }

    /// Its octets: number of the reason or zero, two octets, most significant first; 1 if
    /// the headers match, else 0; one octet zero; the three digests.
    #[must_use]
    pub fn to_octets(&self) -> [u8; VERIFIED_BYTES] {
        let mut octets = [0; VERIFIED_BYTES];
        let number = self.refused.map_or(0, Reason::number).to_be_bytes();
        let head = [number[0], number[1], u8::from(self.headers_match), 0];
        let digests = [self.certificate.0, self.si.0, self.entity.0].concat();
        for (place, octet) in octets.iter_mut().zip(head.into_iter().chain(digests)) {
            *place = octet;
        }
        octets
    }

    /// Reads them; nothing but what [`VerifiedSubmission::to_octets`] writes is taken.
    #[must_use]
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        let (&head, rest) = octets.split_first_chunk::<4>()?;
        let (&certificate, rest) = rest.split_first_chunk::<32>()?;
        let (&si, rest) = rest.split_first_chunk::<32>()?;
        let entity = <[u8; 32]>::try_from(rest).ok()?;
        let number = u16::from_be_bytes([head[0], head[1]]);
        let refused = match number {
            0 => None,
            _ => Some(*Reason::ALL.iter().find(|one| one.number() == number)?),
        };
        let read = Self {
            refused,
            headers_match: head[2] == 1,
            certificate: Digest(certificate),
            si: Digest(si),
            entity: Digest(entity),
        };
        (read.to_octets() == octets).then_some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> VerifiedSubmission {
        VerifiedSubmission {
            refused: None,
            headers_match: true,
            certificate: Digest([1; 32]),
            si: Digest([2; 32]),
            entity: Digest([3; 32]),
        }
    }

    #[test]
    fn an_answer_has_one_size_and_one_spelling() {
        for answer in [good(), VerifiedSubmission::refusal(Reason::InnerSignatureBad)] {
            let octets = answer.to_octets();
            assert_eq!(VerifiedSubmission::from_octets(&octets), Some(answer));
            assert_eq!(VerifiedSubmission::from_octets(&octets[1..]), None);
            assert_eq!(VerifiedSubmission::from_octets(&[&octets[..], &[0]].concat()), None);
        }
        for (place, octet) in [(0, 0xff), (2, 2), (3, 1)] {
            let mut octets = good().to_octets();
            octets[place] = octet;
            assert_eq!(VerifiedSubmission::from_octets(&octets), None, "{place}");
        }
    }
}
