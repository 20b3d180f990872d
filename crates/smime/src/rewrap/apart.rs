//! An encrypted mail taken apart, so that somebody else may change its recipients: its
//! owner has the mail, and another has the key.

use ssmax_cms::enveloped::{ContentCipher, Enveloped};
use ssmax_mail::compose;

use super::{RewrapFault, encrypted_mail};
use crate::decrypt::{self, OpenPolicy};
use crate::form::{self, Form};

/// An encrypted mail or file without its recipients decided.
#[derive(Debug)]
pub struct Apart {
    around: Around,
    enveloped: Enveloped,
}

/// What the object stands in.
#[derive(Debug)]
enum Around {
    Nothing,
    Pem(&'static str),
    /// The header with its blank line, for a body in base64.
    Mail(Vec<u8>),
}

impl Apart {
    /// Takes apart a mail that is encrypted as a whole, or a file with the CMS object
    /// alone (BER or PEM).
    ///
    /// # Errors
    /// [`RewrapFault`] by cause; no key is used.
    pub fn of(file: &[u8]) -> Result<Self, RewrapFault> {
        let (around, object) = match Form::of(file) {
            Form::Ber => (Around::Nothing, file.to_vec()),
            Form::Pem(label, object) => (Around::Pem(label), object),
            Form::Mail => {
                let (header, object) = encrypted_mail(file)?;
                (Around::Mail(header), object)
            }
        };
        // Read in any case, to be refused by its own name.
        let open = OpenPolicy { allow_triple_des: true, ..OpenPolicy::default() };
        let enveloped = decrypt::read(object, &open).map_err(RewrapFault::Open)?;
        if enveloped.cipher() == ContentCipher::TripleDesCbc {
            return Err(RewrapFault::TripleDes);
        }
        Ok(Self { around, enveloped })
    }

    /// The encrypted object.
    #[must_use]
    pub fn enveloped(&self) -> &Enveloped {
        &self.enveloped
    }

    /// The file with these RecipientInfos (each DER) and no others, in the form that it
    /// came in; the ciphertext and all that belongs to it stay octet for octet.
    #[must_use]
    pub fn with_recipients(self, infos: &[Vec<u8>]) -> Vec<u8> {
        let object = self.enveloped.into_rewrapped(infos);
        match self.around {
            Around::Nothing => object,
            Around::Pem(label) => form::to_pem(label, &object),
            Around::Mail(header) => compose::base64_body_behind(&header, object),
        }
    }
}
