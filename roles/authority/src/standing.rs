//! The commands that say who is a member and how each stands.

use ssmax_federation::{Standing, StandingState};
use time::OffsetDateTime;

use crate::config::AuthorityConfig;
use crate::error::{AuthorityError, Refusal};
use crate::registry::{MemberRow, Registry};

/// Octets of a reason at most. It is a code, published to every member.
pub const MAX_REASON_BYTES: usize = 128;

/// Suspends a member: its mail is put off everywhere until it is reinstated. Doing it
/// again with the same reason changes nothing. Returns the list's version afterwards.
///
/// # Errors
/// [`Refusal::NoSuchMember`], [`Refusal::Expelled`], [`Refusal::Reason`] when `reason` is
/// empty or unfit, all as [`AuthorityError::Refused`]; else what failed.
pub async fn suspend(
    config: &AuthorityConfig,
    id: &str,
    reason: &str,
    at: OffsetDateTime,
) -> Result<u64, AuthorityError> {
    set(config, id, StandingState::Suspended, reason, at).await
}

/// Puts a member under observation: its mail passes, and recipients are told. As
/// [`suspend`] otherwise.
///
/// # Errors
/// As [`suspend`].
pub async fn watch(
    config: &AuthorityConfig,
    id: &str,
    reason: &str,
    at: OffsetDateTime,
) -> Result<u64, AuthorityError> {
    set(config, id, StandingState::Watched, reason, at).await
}

/// Makes a suspended or watched member a good one again. As [`suspend`] otherwise, but
/// that `reason` may be empty.
///
/// # Errors
/// As [`suspend`].
pub async fn reinstate(
    config: &AuthorityConfig,
    id: &str,
    reason: &str,
    at: OffsetDateTime,
) -> Result<u64, AuthorityError> {
    set(config, id, StandingState::Good, reason, at).await
}

/// Expels a member, for good. It stays in the list, because evidence of old mail is
/// judged by it, and its domains stay taken. As [`suspend`] otherwise.
///
/// # Errors
/// As [`suspend`].
pub async fn expel(
    config: &AuthorityConfig,
    id: &str,
    reason: &str,
    at: OffsetDateTime,
) -> Result<u64, AuthorityError> {
    set(config, id, StandingState::Expelled, reason, at).await
}

/// All members, by id, with what the list does not say.
///
/// # Errors
/// [`AuthorityError::NotInitialised`]; else what failed.
pub async fn members(config: &AuthorityConfig) -> Result<Vec<MemberRow>, AuthorityError> {
    let registry = Registry::open_existing(config).await?;
    Ok(registry.members().await?.1)
}

async fn set(
    config: &AuthorityConfig,
    id: &str,
    state: StandingState,
    reason: &str,
    at: OffsetDateTime,
) -> Result<u64, AuthorityError> {
    let owed = state != StandingState::Good;
    let plain =
        reason.len() <= MAX_REASON_BYTES && reason.bytes().all(|b| (0x20..0x7f).contains(&b));
    if !plain || (owed && reason.trim().is_empty()) {
        return Err(Refusal::Reason.into());
    }
    let registry = Registry::open_existing(config).await?;
    let since = at.replace_nanosecond(0).unwrap_or(at);
    let standing = Standing { state, since, reason: reason.to_owned() };
    let may = |found: StandingState| match found {
        StandingState::Expelled if state != StandingState::Expelled => Err(Refusal::Expelled),
        _ => Ok(()),
    };
    registry.set_standing(id, &standing, may).await
}
