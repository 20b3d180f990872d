//! The content ciphers and their parameters (RFC 3565, RFC 5084, RFC 3370).

use crate::{
    CmsError,
    enveloped::Kind,
    oid,
    tlv::{Algorithm, Tlv},
    write::{INTEGER, OCTET_STRING, SEQUENCE},
};

/// Octets of a CBC initialisation vector.
pub(super) const CBC_IV_OCTETS: usize = 16;
/// Octets of the initialisation vector of 3DES.
const TRIPLE_DES_IV_OCTETS: usize = 8;
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
    /// AES-192 in GCM.
    Aes192Gcm,
    /// AES-256 in GCM.
    Aes256Gcm,
    /// 3DES in CBC: only to open old mail, never written.
    TripleDesCbc,
}

impl ContentCipher {
    /// Every cipher that may be written, the weakest first: all but 3DES.
    pub const ALL: [Self; 6] = [
        Self::Aes128Cbc,
        Self::Aes192Cbc,
        Self::Aes256Cbc,
        Self::Aes128Gcm,
        Self::Aes192Gcm,
        Self::Aes256Gcm,
    ];

    /// Octets of the content key.
    #[must_use]
    pub fn key_len(self) -> usize {
        match self {
            Self::Aes128Cbc | Self::Aes128Gcm => 16,
            Self::Aes192Cbc | Self::Aes192Gcm | Self::TripleDesCbc => 24,
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
            Self::Aes192Gcm => "aes192-gcm",
            Self::Aes256Gcm => "aes256-gcm",
            Self::TripleDesCbc => "des-ede3-cbc",
        }
    }

    /// The cipher of [`ContentCipher::ALL`] that [`ContentCipher::name`] calls so. 3DES is
    /// not among them: records and other programs speak of what is made today.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cipher| cipher.name() == name)
    }

    /// The structure that goes with it: CBC in EnvelopedData, GCM in AuthEnvelopedData.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Aes128Cbc | Self::Aes192Cbc | Self::Aes256Cbc | Self::TripleDesCbc => {
                Kind::Enveloped
            }
            Self::Aes128Gcm | Self::Aes192Gcm | Self::Aes256Gcm => Kind::AuthEnveloped,
        }
    }

    pub(crate) fn oid(self) -> &'static [u8] {
        match self {
            Self::Aes128Cbc => oid::AES128_CBC,
            Self::Aes192Cbc => oid::AES192_CBC,
            Self::Aes256Cbc => oid::AES256_CBC,
            Self::Aes128Gcm => oid::AES128_GCM,
            Self::Aes192Gcm => oid::AES192_GCM,
            Self::Aes256Gcm => oid::AES256_GCM,
            Self::TripleDesCbc => oid::DES_EDE3_CBC,
        }
    }

    /// The cipher of [`ContentCipher::ALL`] with this identifier.
    pub(crate) fn named(oid: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|cipher| cipher.oid() == oid)
    }
}

/// Which ciphers are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// Those of [`ContentCipher::ALL`].
    Today,
    /// 3DES too.
    Old,
}

/// The cipher and the OCTET STRING with its initialisation vector or nonce.
pub(super) fn read<'a>(
    kind: Kind,
    algorithm: &Algorithm<'a>,
    age: Age,
) -> Result<(ContentCipher, Tlv<'a>), CmsError> {
    let cipher = match ContentCipher::named(algorithm.oid) {
        Some(cipher) => cipher,
        None if age == Age::Old && algorithm.oid == oid::DES_EDE3_CBC => {
            ContentCipher::TripleDesCbc
        }
        None => return Err(CmsError::CipherRefused),
    };
    if cipher.kind() != kind {
        return Err(match kind {
            Kind::Enveloped => CmsError::CbcRequired,
            Kind::AuthEnveloped => CmsError::GcmRequired,
        });
    }
    let parameters = algorithm.parameters.ok_or(CmsError::CipherParameters)?;
    let vector = match cipher.kind() {
        Kind::Enveloped if cipher == ContentCipher::TripleDesCbc => {
            exactly(parameters, TRIPLE_DES_IV_OCTETS)?
        }
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
