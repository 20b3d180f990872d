//! Seals vouch inside one member only: they neither enter nor leave it.

use ssmax_api::keyserver::Released;
use ssmax_cms::Limits;
use ssmax_cms::enveloped::RecipientId;
use ssmax_cms::signed::SignedData;
use ssmax_mail::Entity;
use ssmax_pki::{Certificate, oid};

/// Whether anything in the mail, or in mails attached to it, is signed by the own seal.
/// What lies in an opaque signature below is not looked at: the detectors call that
/// uninspectable.
pub(super) fn carries_own(message: &[u8], released: &Released) -> bool {
    let Ok(mail) = ssmax_mail::parse(message, &ssmax_mail::Limits::default()) else {
        return false;
    };
    let certificates = |ders: &[serde_bytes::ByteBuf]| -> Vec<Certificate> {
        ders.iter().filter_map(|der| Certificate::from_der(der).ok()).collect()
    };
    let own = Own {
        seal_ca: Certificate::from_der(&released.seal_ca).ok(),
        cas: certificates(&released.intermediates),
    };
    let mut queue = vec![mail];
    while let Some(mail) = queue.pop() {
        for part in mail.walk() {
            if own.sealed(part) {
                return true;
            }
            if let Some(Ok(inner)) = part.message() {
                queue.push(inner);
            }
        }
    }
    false
}

/// Who issues relay certificates here: the seal CA for people outside, the member CA for
/// colleagues.
struct Own {
    seal_ca: Option<Certificate>,
    cas: Vec<Certificate>,
}

impl Own {
    fn sealed(&self, part: &Entity<'_>) -> bool {
        if !part.content_type().essence().contains("pkcs7") {
            return false;
        }
        let signed = part
            .decoded_body()
            .ok()
            .and_then(|object| SignedData::parse(&object, &Limits::default()).ok());
        signed.is_some_and(|signed| {
            let by_seal_ca = |issuer: &[u8]| {
                self.seal_ca.as_ref().is_some_and(|seal_ca| seal_ca.subject() == issuer)
            };
            signed.certificates().iter().any(|one| {
                by_seal_ca(one.issuer())
                    || (!one.is_ca()
                        && one.has_policy(oid::POLICY_RELAY)
                        && self.cas.iter().any(|ca| ca.subject() == one.issuer()))
            }) || signed.signers().iter().any(|signer| match signer.identifier() {
                // Certificates can be left out and put back in elsewhere.
                RecipientId::IssuerSerial { issuer, .. } => by_seal_ca(issuer),
                _ => false,
            })
        })
    }
}
