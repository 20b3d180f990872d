//! From octets to a mail that is read in one way, or to the reason why there is none.

use crate::fault::{Disagreement, RebuildFault, Unsettled};
use crate::{disagreement, rebuild};
use ssmax_mail::{Limits, parse, parse_to_mend};

/// What happens to a mail that is read differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ambiguous {
    /// It is rebuilt if it is in clear, unsigned and has one sane reading; else refused.
    Rebuild,
    /// It is refused.
    Refuse,
}

/// A mail that is read in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// As it is.
    AsItCame,
    /// In this form.
    Rebuilt(Vec<u8>),
}

/// Sees to it that a mail is read in one way.
///
/// What was rebuilt has been read again by both parsers before it is handed out.
///
/// # Errors
/// [`Unsettled`], with what is read differently.
pub fn settle(octets: &[u8], limits: &Limits, ambiguous: Ambiguous) -> Result<Settled, Unsettled> {
    let unsettled = match parse(octets, limits) {
        Err(fault) => Unsettled::Fault(fault),
        Ok(mail) => match disagreement(&mail) {
            None => return Ok(Settled::AsItCame),
            Some(about) => Unsettled::Disagreement(about),
        },
    };
    if ambiguous == Ambiguous::Refuse {
        return Err(unsettled);
    }
    match anew(octets, limits) {
        Ok(rebuilt) => Ok(Settled::Rebuilt(rebuilt)),
        Err(fault) => Err(match (unsettled, fault) {
            (Unsettled::Disagreement(about), Failed::NotRebuilt(fault)) => {
                Unsettled::NotRebuilt { about, fault }
            }
            (_, Failed::StillDiffers(about)) => Unsettled::Disagreement(about),
            (unsettled, _) => unsettled,
        }),
    }
}

enum Failed {
    NotRebuilt(RebuildFault),
    StillDiffers(Disagreement),
}

impl<F: Into<RebuildFault>> From<F> for Failed {
    fn from(fault: F) -> Self {
        Self::NotRebuilt(fault.into())
    }
}

fn anew(octets: &[u8], limits: &Limits) -> Result<Vec<u8>, Failed> {
    let mended = parse_to_mend(octets, limits)?;
    let rebuilt = rebuild(mended.entity())?;
    let mail = parse(&rebuilt, limits)?;
    match disagreement(&mail) {
        None => {}
        Some(about) => return Err(Failed::StillDiffers(about)),
    }
    drop(mail);
    Ok(rebuilt)
}
