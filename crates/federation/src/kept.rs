//! What a reader keeps of the list over a restart, as it came and signed.

use ssmax_pki::Certificate;
use time::OffsetDateTime;

use crate::directory::Directory;
use crate::fault::ListFault;
use crate::signed;

/// A list as it was published, and what has come since. All of it is signed, so wherever it
/// was kept, it is believed only as far as it opens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// The signed list.
    pub list: Vec<u8>,
    /// Signed deltas from there on, in their order.
    pub deltas: Vec<Vec<u8>>,
    /// The last checkpoint, if one came after the list.
    pub checkpoint: Option<Vec<u8>>,
}

impl Kept {
    /// The list that all of it leads to. Its age is for [`crate::freshness`] to judge.
    ///
    /// # Errors
    /// [`ListFault`]; deltas without a checkpoint are [`ListFault::DeltaMismatch`].
    pub fn open(&self, roots: &[Certificate], at: OffsetDateTime) -> Result<Directory, ListFault> {
        let mut directory = Directory::new(signed::open(&self.list, roots, at)?)?;
        let Some(checkpoint) = &self.checkpoint else {
            return if self.deltas.is_empty() {
                Ok(directory)
            } else {
                Err(ListFault::DeltaMismatch)
            };
        };
        let checkpoint = signed::open_checkpoint(checkpoint, roots, at)?;
        let deltas = signed::open_deltas(&self.deltas, roots, at)?;
        if deltas.is_empty() && checkpoint.names_members_of(&directory) {
            directory.renew(&checkpoint);
            return Ok(directory);
        }
        directory.advanced(&deltas, &checkpoint)
    }
}
