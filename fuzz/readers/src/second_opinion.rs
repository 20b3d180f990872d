//! What two parsers read differently, and a mail rebuilt so that they do not.
//!
//! Properties: a rebuilt mail is read alike by both and has the same decoded bodies; what
//! was settled is settled.

use std::cell::Cell;
use std::panic;
use std::sync::Once;

use ssmax_mail::{Entity, Limits, parse, parse_to_mend};
use ssmax_second_opinion::{
    Ambiguous, Settled, disagreement, disagreement_in_headers, rebuild, settle,
};

use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[Pool::Mails];
pub(crate) const ROUNDS: usize = 600;

thread_local! {
    /// Whether the parser of others runs, whose panics are caught by whom we test.
    static ASKING: Cell<bool> = const { Cell::new(false) };
}

/// Compares and rebuilds the octets as a mail.
pub fn run(octets: &[u8]) {
    let limits = Limits::default();
    let _ = parse_to_mend(octets, &limits);
    let settled = asking(|| settle(octets, &limits, Ambiguous::Rebuild));
    if let Ok(Settled::Rebuilt(anew)) = &settled {
        let again = asking(|| settle(anew, &limits, Ambiguous::Refuse));
        assert_eq!(again, Ok(Settled::AsItCame), "a rebuilt mail is not settled");
    }
    let Ok(mail) = parse(octets, &limits) else { return };
    let (whole, headers) = asking(|| (disagreement(&mail), disagreement_in_headers(&mail)));
    assert!(headers.is_none() || whole.is_some(), "the headers differ and the mail does not");
    if settled == Ok(Settled::AsItCame) {
        assert_eq!(whole, None, "settled, and read differently");
    }
    if let Ok(anew) = rebuild(&mail) {
        let again = parse(&anew, &limits).expect("a rebuilt mail is read");
        assert_eq!(bodies(&mail), bodies(&again), "a rebuilt mail has other bodies");
        assert_eq!(rebuild(&again), Ok(anew), "a rebuilt mail is rebuilt to another");
    }
}

/// The decoded bodies of the leaves that are no text: text may change its charset.
fn bodies(mail: &Entity<'_>) -> Vec<Vec<u8>> {
    let leaves = mail.walk().filter(|part| part.children().is_empty() && part.message().is_none());
    leaves
        .filter(|part| part.content_type().kind() != "text")
        .filter_map(|part| part.decoded_body().ok())
        .collect()
}

/// Runs what asks the other parser. Whoever reports panics (libFuzzer ends the process)
/// must not hear of those that are caught.
fn asking<T>(question: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |what| {
            if !ASKING.get() {
                report(what);
            }
        }));
    });
    ASKING.set(true);
    let answer = question();
    ASKING.set(false);
    answer
}
