//! In which language a browser wants to be answered.

use ssmax_texts::Language;

/// Languages that are looked at in one field.
const MAX_RANGES: usize = 20;

/// The language that `Accept-Language` (RFC 9110 12.5.4) likes best of ours; the first of
/// equals. English for who asks for neither.
pub(crate) fn wanted(field: &str) -> Language {
    let mut best: (Language, u32) = (Language::En, 0);
    for range in field.split(',').take(MAX_RANGES) {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
        let language = match tag.split('-').next() {
            Some("ja") => Language::Ja,
            Some("en") => Language::En,
            _ => continue,
        };
        if weight > best.1 {
            best = (language, weight);
        }
    }
    best.0
}

/// A weight, "0" to "1" with up to three digits, in thousandths; what is none counts nothing.
fn thousandths(weight: &str) -> u32 {
    let (whole, part) = weight.split_once('.').unwrap_or((weight, ""));
    if part.len() > 3 || !part.bytes().all(|digit| digit.is_ascii_digit()) {
        return 0;
    }
    let part = format!("{part:0<3}").parse::<u32>().unwrap_or_default();
    match whole {
        "1" => 1000,
        "0" => part,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_that_is_liked_best() {
        for (field, language) in [
            ("ja,en-US;q=0.7,en;q=0.3", Language::Ja),
            ("en-US,en;q=0.9,ja;q=0.8", Language::En),
            ("fr, ja-JP;q=0.5, en;q=0.25", Language::Ja),
            ("de", Language::En),
            ("", Language::En),
            ("ja;q=0, en;q=0.001", Language::En),
            ("JA", Language::Ja),
            ("ja;q=x", Language::En),
            ("ja;q=0.9999", Language::En),
        ] {
            assert_eq!(wanted(field), language, "{field}");
        }
    }
}
