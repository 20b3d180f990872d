//! Nothing passes that two programs may read differently: an inspector would see one
//! mail, and the recipient another.

use crate::config::Ambiguous;
use ssmax_chain::{Reason, Refusal};
use ssmax_mail::{Entity, Limits, parse};
use ssmax_second_opinion::{self as second_opinion, Disagreement, Settled, Unsettled};
use std::sync::Arc;

/// A mail that cannot be read strictly, in a form that can; `None` for any other. In a
/// thread of its own, as [`settled_aside`].
///
/// # Errors
/// The refusal of a mail that has no one reading.
pub(crate) async fn readable_aside(
    octets: &Arc<Vec<u8>>,
    setting: Ambiguous,
) -> Result<Option<Vec<u8>>, Refusal> {
    let octets = Arc::clone(octets);
    aside(move || readable(&octets, setting)).await
}

/// [`settled`] in a thread of its own: comparing two readings of a large mail takes long
/// enough to keep others waiting.
///
/// # Errors
/// As [`settled`].
pub(crate) async fn settled_aside(
    octets: &Arc<Vec<u8>>,
    setting: Ambiguous,
) -> Result<Option<Vec<u8>>, Refusal> {
    let octets = Arc::clone(octets);
    aside(move || settled(&octets, setting)).await
}

/// Runs what takes long where nobody waits for it but who asked.
///
/// # Errors
/// Those of `work`; [`Reason::Internal`] if it ends in a panic: a mistake of ours is no
/// fault of the mail, which waits for a program without it.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let span = tracing::Span::current();
    let work = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    work.unwrap_or_else(|_| {
        tracing::error!("a mail was not read to its end");
        Err(Reason::Internal.into())
    })
}

/// A mail that cannot be read strictly, in a form that can; `None` for any other.
///
/// # Errors
/// The refusal of a mail that has no one reading.
pub(crate) fn readable(octets: &[u8], setting: Ambiguous) -> Result<Option<Vec<u8>>, Refusal> {
    match parse(octets, &Limits::default()) {
        Ok(_) => Ok(None),
        Err(_) => settled(octets, setting),
    }
}

/// A mail whose header is all that is asked about: what is inside is encrypted, read in
/// the worker, and travels on re-encoded.
///
/// # Errors
/// [`Reason::MailAmbiguous`].
pub(crate) fn check_header(mail: &Entity<'_>) -> Result<(), Refusal> {
    match second_opinion::disagreement_in_headers(mail) {
        None => Ok(()),
        Some(about) => Err(refusal(&Unsettled::Disagreement(about))),
    }
}

/// A mail in a form that is read in one way, if it is not so as it came.
///
/// # Errors
/// The refusal of a mail that is read in more than one way.
pub(crate) fn settled(octets: &[u8], setting: Ambiguous) -> Result<Option<Vec<u8>>, Refusal> {
    let setting = match setting {
        Ambiguous::Rebuild => second_opinion::Ambiguous::Rebuild,
        Ambiguous::Refuse => second_opinion::Ambiguous::Refuse,
    };
    match second_opinion::settle(octets, &Limits::default(), setting) {
        Ok(Settled::AsItCame) => Ok(None),
        Ok(Settled::Rebuilt(rebuilt)) => {
            tracing::info!(
                size_bytes = octets.len(),
                rebuilt_bytes = rebuilt.len(),
                "a mail that two programs read differently was rebuilt"
            );
            Ok(Some(rebuilt))
        }
        Err(why) => Err(refusal(&why)),
    }
}

/// Names the refusal; what exactly is ambiguous stands in the log.
fn refusal(why: &Unsettled) -> Refusal {
    let part = match why {
        Unsettled::Disagreement(Disagreement { part, .. })
        | Unsettled::NotRebuilt { about: Disagreement { part, .. }, .. } => part,
        _ => "",
    };
    tracing::info!(%why, %part, "a mail is not read in one way");
    if why.is_ambiguity() { Reason::MailAmbiguous.into() } else { Reason::MailMalformed.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mistake_of_ours_puts_a_mail_off_and_does_not_refuse_it() {
        let broken = aside::<()>(|| panic!("as by a mail that nobody foresaw"));
        assert_eq!(broken.await, Err(Reason::Internal.into()));
        assert!(Reason::Internal.is_temporary());
        assert_eq!(aside(|| Ok(7)).await, Ok(7));
    }
}
