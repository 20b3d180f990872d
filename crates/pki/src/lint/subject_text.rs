//! RFC 5280 appendix A.1: the upper bounds of subject attributes, in characters. Texts
//! hold no control characters and no outer whitespace, and none is empty or, as BR 7.1.4.2
//! has it, a mere sign in place of a text.

use super::Requirement;
use crate::profile::{Draft, MAX_COMMON_NAME_CHARS};

/// RFC 5280 appendix A.1: ub-organization-name, and for names X.520's ub-name cut to
/// what mailers show.
const MAX_CHARS: usize = 64;

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "subject_text", section: "RFC 5280 A.1", is_kept };

fn is_kept(draft: &Draft) -> bool {
    let subject = &draft.subject;
    let country = subject.country.as_deref().is_none_or(|country| {
        country.len() == 2 && country.bytes().all(|octet| octet.is_ascii_uppercase())
    });
    let texts = [
        (&subject.organization, MAX_CHARS),
        (&subject.organization_identifier, MAX_CHARS),
        (&subject.surname, MAX_CHARS),
        (&subject.given_name, MAX_CHARS),
        (&subject.common_name, MAX_COMMON_NAME_CHARS),
    ];
    country
        && texts
            .iter()
            .all(|(text, limit)| text.as_deref().is_none_or(|text| is_plain(text, *limit)))
}

fn is_plain(text: &str, limit: usize) -> bool {
    // A text may hold spaces, but nothing that hides or reorders characters.
    let shown = |character: char| {
        matches!(character, ' ' | '\u{3000}') || crate::address::is_plain_character(character)
    };
    !text.is_empty()
        && text.trim() == text
        && text.chars().count() <= limit
        && text.chars().all(shown)
        && text.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{assert_breaks, assert_kept, user_signing};

    #[test]
    fn a_common_name_of_64_characters_passes_and_one_of_65_does_not() {
        let mut draft = user_signing();
        draft.subject.common_name = Some("山".repeat(64));
        assert_kept(draft.clone());
        draft.subject.common_name = Some("山".repeat(65));
        assert_breaks("subject_text", draft);
    }

    #[test]
    fn empty_padded_and_hidden_texts_and_mere_signs_are_found() {
        for text in ["", "-", ". -", " Hanako", "Hana\nko", "Hana\0ko", "Hana\u{202e}ko"] {
            let mut draft = user_signing();
            draft.subject.given_name = Some(text.into());
            assert_breaks("subject_text", draft);
        }
    }

    #[test]
    fn a_country_is_two_capital_letters() {
        let mut draft = user_signing();
        draft.subject.country = Some("Japan".into());
        assert_breaks("subject_text", draft);
    }
}
