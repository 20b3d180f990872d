//! How far is searched.

use crate::fault::{Difference, Disagreement};
use ssmax_mail::{Entity, MailFault};

/// A search for the first difference; faults of bodies and embedded mails may be passed
/// over, since they are known from elsewhere and would hide what else there is.
#[derive(Debug, Default)]
pub(crate) struct Search {
    past_faults: bool,
    /// The first embedded mail that was passed over.
    unread: Option<Disagreement>,
}

impl Search {
    /// Ends at the first difference of any kind.
    pub(crate) fn first() -> Self {
        Self::default()
    }

    /// Passes over faults.
    pub(crate) fn past_faults() -> Self {
        Self { past_faults: true, unread: None }
    }

    /// A mail embedded in `part` that cannot be read.
    pub(crate) fn fault(
        &mut self,
        part: &Entity<'_>,
        fault: MailFault,
    ) -> Result<(), Disagreement> {
        let found = Disagreement::at(part, Difference::Fault(fault));
        if !self.past_faults {
            return Err(found);
        }
        self.unread.get_or_insert(found);
        Ok(())
    }

    /// What a leaf's body is found to be.
    pub(crate) fn body(&self, part: &Entity<'_>, what: Difference) -> Result<(), Disagreement> {
        match what {
            Difference::Fault(_) if self.past_faults => Ok(()),
            what => Err(Disagreement::at(part, what)),
        }
    }

    /// The other parser is not given what was not read here: it could be led anywhere.
    pub(crate) fn has_read_all(&mut self) -> Result<(), Disagreement> {
        self.unread.take().map_or(Ok(()), Err)
    }
}
