//! The content ciphers and their parameters (RFC 3565, RFC 5084).

use crate::{
    CmsError,
    enveloped::Kind,
    oid,
    tlv::{Algorithm, Tlv},
    write::{INTEGER, OCTET_STRING, SEQUENCE},
};

/// Octets of a CBC initialisation vector.
pub(super) const CBC_IV_OCTETS: usize = 16;
/// Octets of a GCM nonce; RFC 5084 3.2 recommends twelve, others make the mode slower
/// and no safer.
pub(super) const GCM_NONCE_OCTETS: usize = 12;
/// Octets of a GCM tag. RFC 5084 allows 12 to 16 and defaults to 12; each octet less
/// makes a forgery 256 times easier, and everybody writes 16.
pub(super) const TAG_OCTETS: usize = 16;

/// A content cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContentCipher {
    /// AES-128 in CBC: what mailers write.
    Aes128Cbc,
    /// AES-192 in CBC.
    Aes192Cbc,
    /// AES-256 in CBC.
    Aes256Cbc,
    /// AES-128 in GCM.
    Aes128Gcm,
    /// AES-256 in GCM.
    Aes256Gcm,
}

impl ContentCipher {
    /// Every cipher, the weakest first.
    pub const ALL: [Self; 5] =
        [Self::Aes128Cbc, Self::Aes192Cbc, Self::Aes256Cbc, Self::Aes128Gcm, Self::Aes256Gcm];

    /// Octets of the content key.
    #[must_use]
    pub fn key_len(self) -> usize {
        match self {
            Self::Aes128Cbc | Self::Aes128Gcm => 16,
            Self::Aes192Cbc => 24,
            Self::Aes256Cbc | Self::Aes256Gcm => 32,
        }
    }

    /// The cipher in text, such as "aes256-cbc", for records and between programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes128Cbc => "aes128-cbc",
            Self::Aes192Cbc => "aes192-cbc",
            Self::Aes256Cbc => "aes256-cbc",
            Self::Aes128Gcm => "aes128-gcm",
            Self::Aes256Gcm => "aes256-gcm",
        }
    }

    /// The cipher that [`ContentCipher::name`] calls so.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cipher| cipher.name() == name)
    }

    /// The structure that goes with it: CBC in EnvelopedData, GCM in AuthEnvelopedData.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Aes128Cbc | Self::Aes192Cbc | Self::Aes256Cbc => Kind::Enveloped,
            Self::Aes128Gcm | Self::Aes256Gcm => Kind::AuthEnveloped,
        }
    }

    pub(super) fn oid(self) -> &'static [u8] {
        match self {
            Self::Aes128Cbc => oid::AES128_CBC,
            Self::Aes192Cbc => oid::AES192_CBC,
            Self::Aes256Cbc => oid::AES256_CBC,
            Self::Aes128Gcm => oid::AES128_GCM,
            Self::Aes256Gcm => oid::AES256_GCM,
        }
    }

    fn named(oid: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|cipher| cipher.oid() == oid)
    }
}

/// The cipher and the OCTET STRING with its initialisation vector or nonce.
pub(super) fn read<'a>(
    kind: Kind,
    algorithm: &Algorithm<'a>,
) -> Result<(ContentCipher, Tlv<'a>), CmsError> {
    let cipher = ContentCipher::named(algorithm.oid);
    let found = match cipher {
        Some(cipher) => cipher.kind(),
        None if algorithm.oid == oid::AES192_GCM => Kind::AuthEnveloped,
        None => return Err(CmsError::CipherRefused),
    };
    if found != kind {
        return Err(match kind {
            Kind::Enveloped => CmsError::CbcRequired,
            Kind::AuthEnveloped => CmsError::GcmRequired,
        });
    }
    let cipher = cipher.ok_or(CmsError::CipherRefused)?;
    let parameters = algorithm.parameters.ok_or(CmsError::CipherParameters)?;
    let vector = match kind {
        Kind::Enveloped => exactly(parameters, CBC_IV_OCTETS)?,
        Kind::AuthEnveloped => gcm_nonce(parameters)?,
    };
    Ok((cipher, vector))
}

/// GCMParameters (RFC 5084 3.2).
fn gcm_nonce(parameters: Tlv<'_>) -> Result<Tlv<'_>, CmsError> {
    if parameters.tag() != SEQUENCE {
        return Err(CmsError::CipherParameters);
    }
    let mut inside = parameters.inside();
    let nonce = exactly(inside.any().map_err(|_| CmsError::CipherParameters)?, GCM_NONCE_OCTETS)?;
    let tag_len = inside.optional(INTEGER).map_err(|_| CmsError::CipherParameters)?;
    inside.finish().map_err(|_| CmsError::CipherParameters)?;
    // Absent means 12.
    match tag_len.map(|len| len.content()) {
        Some([16]) => Ok(nonce),
        _ => Err(CmsError::TagLength),
    }
}

fn exactly(octets: Tlv<'_>, len: usize) -> Result<Tlv<'_>, CmsError> {
    if octets.tag() == OCTET_STRING && octets.content().len() == len {
        Ok(octets)
    } else {
        Err(CmsError::CipherParameters)
    }
}
