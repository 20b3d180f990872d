//! SMIMECapabilities (RFC 8551 2.5.2): what a mailer says that it reads, best first.
//!
//! They come as a signed attribute of mail that somebody signed, or as an extension of a
//! certificate (RFC 4262). Both say the same: what may be sent to the owner of that key.

use ssmax_token::OaepHash;

use crate::{
    CmsError, algorithm,
    enveloped::{AgreementKdf, ContentCipher, KeyWrap},
    oid,
    signed::Attribute,
    tlv::{Algorithm, Reader},
    write::Element,
};

/// The attribute and the certificate extension, in dotted form.
pub const SMIME_CAPABILITIES: &str = "1.2.840.113549.1.9.15";

/// The most entries that are read. Mailers name about ten.
pub const MAX_CAPABILITIES: usize = 64;

/// What a mailer says that it reads. Unknown entries are left out, as RFC 8551 2.5.2 wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities {
    ciphers: Vec<ContentCipher>,
    agreements: Vec<(AgreementKdf, KeyWrap)>,
    oaep: Vec<OaepHash>,
}

impl Capabilities {
    /// Reads the value of the attribute or of the extension: the DER of a SEQUENCE of
    /// SMIMECapability.
    ///
    /// # Errors
    /// [`CmsError::TooManyCapabilities`] beyond [`MAX_CAPABILITIES`],
    /// [`CmsError::Malformed`] and [`CmsError::Truncated`] for what is no such value.
    pub fn parse(value: &[u8]) -> Result<Self, CmsError> {
        let mut reader = Reader::new(value);
        let mut inside = reader.sequence()?;
        reader.finish()?;
        let mut found = Self::default();
        let mut left = MAX_CAPABILITIES;
        while !inside.is_empty() {
            left = left.checked_sub(1).ok_or(CmsError::TooManyCapabilities)?;
            // SMIMECapability has the form of an AlgorithmIdentifier.
            found.add(&inside.algorithm()?);
        }
        Ok(found)
    }

    /// The content ciphers in the order of preference, each once;
    /// [`ContentCipher::TripleDesCbc`] too, which tells of an old mailer and cannot be
    /// written.
    #[must_use]
    pub fn ciphers(&self) -> &[ContentCipher] {
        &self.ciphers
    }

    /// Whether this cipher is named.
    #[must_use]
    pub fn reads(&self, cipher: ContentCipher) -> bool {
        self.ciphers.contains(&cipher)
    }

    /// Whether RSAES-OAEP is named, with any hash: RFC 8551 2.5.2 has mailers name it that
    /// prefer it.
    #[must_use]
    pub fn prefers_oaep(&self) -> bool {
        !self.oaep.is_empty()
    }

    /// The hashes that OAEP is named with, in the order of preference.
    #[must_use]
    pub fn oaep_hashes(&self) -> &[OaepHash] {
        &self.oaep
    }

    /// The key agreements that are named (RFC 5753 8, RFC 8418 5): key derivation and key
    /// wrap, in the order of preference. The curve is that of the recipient's key.
    #[must_use]
    pub fn agreements(&self) -> &[(AgreementKdf, KeyWrap)] {
        &self.agreements
    }

    /// Whether key agreement with this key derivation is named, with any key wrap.
    #[must_use]
    pub fn agrees(&self, kdf: AgreementKdf) -> bool {
        self.agreements.iter().any(|(named, _)| *named == kdf)
    }

    /// What we say of ourselves, for [`crate::signed::SignRequest::extra_signed`]: AES in
    /// CBC with 256, 192 and 128 bits; before these, where the mailer that will get the
    /// answers is known to read it, AES-GCM (`gcm`).
    #[must_use]
    pub fn attribute(gcm: bool) -> Attribute {
        Attribute { oid: SMIME_CAPABILITIES.to_owned(), value: own(gcm).encode() }
    }

    fn add(&mut self, entry: &Algorithm<'_>) {
        let cipher = match entry.oid {
            oid::DES_EDE3_CBC => Some(ContentCipher::TripleDesCbc),
            other => ContentCipher::named(other),
        };
        if let Some(cipher) = cipher {
            // Parameters belong to a message; the capability has none, whatever some write.
            if !self.ciphers.contains(&cipher) {
                self.ciphers.push(cipher);
            }
        } else if let Some(kdf) = AgreementKdf::named(entry.oid) {
            let wrap = entry
                .parameters
                .and_then(|parameters| Reader::new(parameters.raw()).algorithm().ok())
                .and_then(|wrap| KeyWrap::named(&wrap));
            if let Some(wrap) = wrap
                && !self.agreements.contains(&(kdf, wrap))
            {
                self.agreements.push((kdf, wrap));
            }
        } else if entry.oid == oid::RSAES_OAEP {
            // RFC 8551 2.5.2 shows it with default parameters; many leave them out.
            let hash =
                if entry.is_plain() { Some(OaepHash::Sha1) } else { algorithm::oaep(entry).ok() };
            if let Some(hash) = hash
                && !self.oaep.contains(&hash)
            {
                self.oaep.push(hash);
            }
        }
    }
}

/// SMIMECapabilities to write.
pub(crate) fn own(gcm: bool) -> Element<'static> {
    use ContentCipher::{Aes128Cbc, Aes128Gcm, Aes192Cbc, Aes256Cbc, Aes256Gcm};
    let authenticated = if gcm { &[Aes256Gcm, Aes128Gcm][..] } else { &[] };
    let ciphers = authenticated.iter().chain(&[Aes256Cbc, Aes192Cbc, Aes128Cbc]);
    Element::sequence(ciphers.map(|cipher| Element::algorithm(cipher.oid())).collect())
}
