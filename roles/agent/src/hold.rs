//! What an officer does before a held mail is shown, goes on or is given up: signs it.

use crate::circulated::Officer;
use crate::rekey::{RekeyFault, Request, sign_octets};
use ssmax_chain::held_decision::{HeldDecision, decided_octets};

/// Signs a decision; the officer is the one that it names.
///
/// # Errors
/// [`RekeyFault`] when the signature cannot be made.
pub fn decide(decision: &HeldDecision, officer: &Officer<'_>) -> Result<Request, RekeyFault> {
    let json = decision.to_json();
    let signature = sign_octets(&decided_octets(&json), officer.key, officer.certificate)?;
    Ok(Request { json, signature })
}
