//! S/MIME BR 7.1.4.2.1: an address in the common name also stands among the
//! alternative names. Nobody's address is in the common name only.

use super::Requirement;
use crate::profile::Draft;

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "common_name", section: "S/MIME BR 7.1.4.2.1", is_kept };

fn is_kept(draft: &Draft) -> bool {
    // FULLWIDTH and SMALL COMMERCIAL AT look the same to a reader.
    let looks_like_address = |name: &str| name.contains(['@', '\u{ff20}', '\u{fe6b}']);
    match draft.subject.common_name.as_deref() {
        Some(name) if looks_like_address(name) => draft.emails().any(|email| email == name),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{assert_breaks, assert_kept, relay_signing, user_signing};

    #[test]
    fn a_common_name_with_somebody_elses_address_is_found() {
        for name in ["ceo@b.example", "Hanako <ceo@b.example>", "ceo＠b.example"] {
            for mut draft in [user_signing(), relay_signing()] {
                draft.subject.common_name = Some(name.into());
                assert_breaks("common_name", draft);
            }
        }
    }

    #[test]
    fn a_common_name_may_repeat_the_address() {
        let mut draft = user_signing();
        draft.subject.common_name = Some("hanako@b.example".into());
        assert_kept(draft);
    }
}
