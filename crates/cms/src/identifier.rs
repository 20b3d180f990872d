//! How a signer or recipient is named.

use ssmax_pki::Certificate;

use crate::{
    CmsError,
    tlv::Reader,
    write::{Element, INTEGER, SEQUENCE, context_primitive},
};

/// The name of a key: by certificate or by key identifier (RFC 5652 5.3, 6.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecipientId {
    /// `IssuerAndSerialNumber`.
    IssuerSerial {
        /// The issuer's Name in DER. Names compare octet by octet: nothing is folded,
        /// because two spellings of a name are two chances to mean somebody else.
        issuer: Vec<u8>,
        /// Content octets of the serial number, as encoded.
        serial: Vec<u8>,
    },
    /// The subjectKeyIdentifier of the certificate, or whatever names a bare key.
    KeyId(Vec<u8>),
}

impl RecipientId {
    /// The identifier of `certificate` by issuer and serial number.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        Self::IssuerSerial {
            issuer: certificate.issuer().to_vec(),
            serial: certificate.serial().to_vec(),
        }
    }

    /// Whether this names `certificate`. A key identifier needs the extension in the
    /// certificate; nothing is derived from the key.
    #[must_use]
    pub fn names(&self, certificate: &Certificate) -> bool {
        match self {
            Self::IssuerSerial { issuer, serial } => {
                serial == certificate.serial() && issuer == certificate.issuer()
            }
            Self::KeyId(id) => certificate.subject_key_id() == Some(id.as_slice()),
        }
    }

    /// `IssuerAndSerialNumber`, from the reader's next element.
    pub(crate) fn read_issuer_serial(reader: &mut Reader<'_>) -> Result<Self, CmsError> {
        let mut inside = reader.sequence()?;
        let issuer = inside.take(SEQUENCE)?.raw().to_vec();
        let serial = inside.take(INTEGER)?.content().to_vec();
        inside.finish()?;
        Ok(Self::IssuerSerial { issuer, serial })
    }

    /// `SignerIdentifier` or `RecipientIdentifier`: both are the same CHOICE.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, CmsError> {
        match reader.optional(context_primitive(0))? {
            Some(id) => Ok(Self::KeyId(id.content().to_vec())),
            None => Self::read_issuer_serial(reader),
        }
    }
}

/// `IssuerAndSerialNumber` of `certificate`.
pub(crate) fn issuer_serial(certificate: &Certificate) -> Element<'_> {
    Element::sequence(vec![
        Element::raw(certificate.issuer()),
        Element::value(INTEGER, certificate.serial()),
    ])
}
