//! The federation as a member sees it: who belongs to it, and how each stands.
//!
//! The management organisation signs one [`MemberList`]; every gateway and every key
//! server reads it ([`signed::open`]), decides whether it may replace the list in hand
//! ([`accept`]), and asks it whose a domain is and whether that member is in good
//! standing. The rules are those of the spec page "member list".
//!
//! No I/O, no clock: bytes and the time come in as arguments.

pub mod admission;
pub mod checkpoint;
pub mod domain;
pub mod ijson;
pub mod renewal;
pub mod signed;
mod watched;

mod acceptance;
mod certificates;
mod check;
mod corporate_number;
mod delta;
mod directory;
mod fault;
mod kept;
mod member_list;
mod state;

pub use acceptance::{
    CLOCK_SKEW, Freshness, MEMBERSHIP_LIFETIME, STATUS_LIFETIME, accept, accept_checkpoint,
    freshness,
};
pub use certificates::organisation_certificates_match;
pub use check::{Limits, check, check_member};
pub use corporate_number::{corporate_number_check_digit, corporate_number_is_valid, member_id};
pub use delta::Delta;
pub use directory::Directory;
pub use fault::ListFault;
pub use kept::Kept;
pub use member_list::{
    Capabilities, Enforce, FreshForm, Kind, Member, MemberList, Names, Rating, Standing,
    StandingState,
};
pub use watched::watched;
