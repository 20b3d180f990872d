//! Who submitted the mail of a hop: kept beside the log, in the same transaction as the row,
//! so that it costs no sync of its own. A row names people by keyed hashes only; what is
//! here opens with a key of this keyserver and can be deleted before the row is.

use crate::state::failed;
use serde::{Deserialize, Serialize};
use ssmax_api::Problem;
use ssmax_chain::HopId;
use ssmax_primitives::cipher::{aes_gcm_open, aes_gcm_seal};
use ssmax_primitives::hkdf_sha256;
use ssmax_store::{Database, query};
use ssmax_token::Random;
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// Keeps this use of the key apart from the hashes of addresses.
const LABEL: &[u8] = b"SSMAX1-audit-sender";

const KEY_OCTETS: usize = 32;
const NONCE_OCTETS: usize = 12;
const TAG_OCTETS: usize = 16;

/// Who stands behind a hop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HopSender {
    /// The hop.
    pub(crate) hop: HopId,
    /// The user id of who submitted the mail, or of the role it is from.
    pub(crate) user: String,
    /// The user id of whose name it carries, if that is somebody else.
    pub(crate) in_name_of: Option<String>,
}

/// The key that these are sealed with.
#[derive(Clone)]
pub(crate) struct SenderKey(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for SenderKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("SenderKey")
    }
}

impl SenderKey {
    /// Made of the key that addresses are hashed with: both stay here when the log is given
    /// to others.
    pub(crate) fn of(address_key: &[u8]) -> Self {
        Self(hkdf_sha256(&[], address_key, LABEL, KEY_OCTETS))
    }

    /// Seals a sender for its row: another hop's row does not open with it.
    pub(crate) fn seal(&self, sender: &HopSender, random: &dyn Random) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_OCTETS];
        random.fill(&mut nonce);
        let mut octets = Vec::new();
        ciborium::into_writer(sender, &mut octets).ok()?;
        let (sealed, tag) = aes_gcm_seal(&self.0, &nonce, sender.hop.as_octets(), &octets).ok()?;
        Some([nonce.as_slice(), &sealed, &tag].concat())
    }

    fn open(&self, hop: &HopId, sealed: &[u8]) -> Option<HopSender> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_OCTETS>()?;
        let (octets, tag) = rest.split_last_chunk::<TAG_OCTETS>()?;
        let octets = aes_gcm_open(&self.0, nonce, hop.as_octets(), octets, tag).ok()?;
        ciborium::from_reader(octets.as_slice()).ok()
    }

    /// Who stands behind a hop, and since when that is known; `None` for an unknown hop, or
    /// one that is not kept any more.
    pub(crate) async fn find(
        &self,
        database: &Database,
        hop: &HopId,
    ) -> Result<Option<(i64, HopSender)>, Problem> {
        let row: Option<(i64, Vec<u8>)> = query("SELECT at, sealed FROM sender WHERE hop = ?")
            .bind(hop.to_string())
            .fetch_optional(database)
            .await
            .map_err(failed)?;
        let Some((at, sealed)) = row else { return Ok(None) };
        let sender = self.open(hop, &sealed);
        sender.map(|sender| Some((at, sender))).ok_or_else(|| failed("a sealed sender"))
    }
}

/// Forgets whose hops before `oldest` were. Gives how many.
pub(crate) async fn forget(database: &Database, oldest: OffsetDateTime) -> Result<u64, Problem> {
    let gone = query("DELETE FROM sender WHERE at < ?")
        .bind(oldest.unix_timestamp())
        .execute(database)
        .await
        .map_err(failed)?;
    Ok(gone.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_primitives::SystemRandom;

    #[test]
    fn a_sender_opens_for_its_own_hop_with_its_own_key_unchanged() {
        let hop = |number| HopId::new(OffsetDateTime::UNIX_EPOCH, [number; 10]);
        let in_name_of = Some("2".to_owned());
        let sender = HopSender { hop: hop(1), user: "1".to_owned(), in_name_of };
        let key = SenderKey::of(&[7; 32]);
        let sealed = key.seal(&sender, &SystemRandom).unwrap();
        assert_eq!(key.open(&hop(1), &sealed), Some(sender.clone()));
        assert_ne!(key.seal(&sender, &SystemRandom).unwrap(), sealed);
        assert_eq!(key.open(&hop(2), &sealed), None);
        assert_eq!(SenderKey::of(&[8; 32]).open(&hop(1), &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(&hop(1), &changed), None, "{at}");
            assert_eq!(key.open(&hop(1), &sealed[..at]), None, "{at}");
        }
    }
}
