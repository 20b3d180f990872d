//! Held mail at rest: CMS AuthEnvelopedData for the keyserver's hold key, also where the
//! mail came in clear. The gateway itself cannot open it.

use crate::gateway::Gateway;
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::keyserver::{GatewayRequest, HeldObject, OpenHeld};
use ssmax_chain::binding::{held_ukm, release_ukm};
use ssmax_chain::{Digest, Reason};
use ssmax_cms::Limits;
use ssmax_cms::enveloped::{
    ContentCipher, ENCRYPT_ROOM, Enveloped, KeyName, RecipientInfo, UnwrapPolicy, encrypt_vec,
    recipient_info_for_key,
};
use ssmax_pki::key_identifier;
use ssmax_primitives::{ContentKey, SoftwareKey, SystemRandom};
use ssmax_store::StoreError;
use ssmax_store::objects::ObjectFault;
use ssmax_token::{KeyAlgorithm, KeyPair as _};

/// What stands in front of a held mail, so that the object is an S/MIME message around it
/// and a reviewer needs nothing but a key to read it.
const HEAD: &[u8] = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";

impl Gateway {
    /// Encrypts a mail for the store, under its name there.
    pub(super) async fn held_object(&self, id: &str, mail: &[u8]) -> Result<Vec<u8>, Problem> {
        let spki = self.hold_key.get_or_try_init(|| self.ask_hold_key()).await?;
        let cipher = ContentCipher::Aes256Gcm;
        let key = ContentKey::random(&SystemRandom, cipher.key_len());
        let mut content = Vec::with_capacity(HEAD.len() + mail.len() + ENCRYPT_ROOM);
        content.extend_from_slice(HEAD);
        content.extend_from_slice(mail);
        let sealed = encrypt_vec(content, cipher, &key, &SystemRandom).map_err(failed)?;
        let ukm = held_ukm(id, &Digest(sealed.tail()));
        let info = recipient_info_for_key(spki, &key_identifier(spki), &key, Some(&ukm))
            .map_err(failed)?;
        Ok(sealed.into_message(&[info]))
    }

    async fn ask_hold_key(&self) -> Result<Vec<u8>, Problem> {
        let spki: ByteBuf = self.ask_keyserver(&GatewayRequest::HoldKey).await?;
        Ok(spki.into_vec())
    }

    /// The octets of a held mail, for its release or to prepare a review. The content key
    /// comes for a key that lives as long as this call.
    pub(super) async fn open_held(&self, id: &str, decision: &str) -> Result<Vec<u8>, Problem> {
        let object = self.hold.object(id).await.map_err(|error| no_octets(id, &error))?;
        let object = Enveloped::parse_vec(object, &Limits::default()).map_err(failed)?;
        let own = SoftwareKey::generate(KeyAlgorithm::EcP256).map_err(failed)?;
        let held = named(id, &object)?;
        let tail = held.tail;
        let to = own.spki().to_vec();
        let request = OpenHeld { held, decision: decision.to_owned(), to };
        let info: ByteBuf =
            self.ask_keyserver(&GatewayRequest::OpenHeld(Box::new(request))).await?;
        let info = RecipientInfo::parse(&info).map_err(failed)?;
        if info.ukm() != Some(release_ukm(id, "held", &tail).as_slice()) {
            return Err(Problem::Malformed);
        }
        let own_id = key_identifier(own.spki());
        let policy = UnwrapPolicy { allow_pkcs1: false };
        let key = info
            .unwrap(KeyName::KeyId(&own_id), &own, &policy, object.cipher().key_len())
            .map_err(failed)?;
        let content = object.into_decrypted(&key).map_err(failed)?;
        let mail = content.strip_prefix(HEAD).ok_or(Problem::Malformed)?;
        Ok(mail.to_vec())
    }
}

/// A held object as the keyserver is told of it.
pub(super) fn named(id: &str, object: &Enveloped) -> Result<HeldObject, Problem> {
    let [info] = object.recipients() else { return Err(Problem::Malformed) };
    Ok(HeldObject {
        id: id.to_owned(),
        tail: Digest(object.tail()),
        recipient: info.der().to_vec(),
    })
}

/// Why the octets of a held mail cannot be had: the mail stays what it is.
pub(super) fn no_octets(id: &str, error: &StoreError) -> Problem {
    tracing::error!(held.id = %id, %error, "the octets of a held mail cannot be read");
    match error {
        StoreError::Object(ObjectFault::Missing) => Problem::Refused(Reason::HeldMailMissing),
        StoreError::Object(ObjectFault::Changed) => Problem::Refused(Reason::HeldMailChanged),
        StoreError::Object(_) => Problem::Refused(Reason::StoreUnavailable),
        _ => Problem::Failed,
    }
}

/// Logs what failed; a person is told that it may work later.
pub(super) fn failed(error: impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "a held mail cannot be kept or opened");
    Problem::Failed
}
