//! Digits that could be a number sought, by their shape alone: twelve for a My Number.

use std::ops::Range;

/// Digits of a My Number (平成26年総務省令第85号 第5条).
pub(super) const DIGITS: usize = 12;

/// Digits with a valid check digit, found in normalised text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Where it stands in the text, separators included.
    pub(super) span: Range<usize>,
    pub(super) digits: Vec<u8>,
    /// Reads like a date and time (`202401151230`), or stands in three cells of four
    /// digits like other figures: believed only right behind a label.
    pub(super) needs_label: bool,
    /// Is written as only such numbers are: believed where no label speaks against it.
    pub(super) stands_out: bool,
}

impl Candidate {
    /// The last four digits behind stars: enough to find it, useless to a thief.
    pub(super) fn masked(&self) -> String {
        let hidden = self.digits.len().saturating_sub(4);
        let mut masked = "*".repeat(hidden);
        masked.extend(self.digits.iter().skip(hidden).map(|d| char::from(b'0' + d)));
        masked
    }
}

/// Whether the last of twelve digits is the check digit over the first eleven.
///
/// With P1..P11 counted from the right and Q = 2,3,4,5,6,7,2,3,4,5,6: r = sum(P*Q)
/// mod 11, check digit 0 if r <= 1, else 11 - r. Twelve zeros satisfy it and are
/// nobody's number: every form that must not stay empty is filled with them.
pub(super) fn check_digit_is_valid(digits: &[u8; DIGITS]) -> bool {
    const WEIGHTS: [u32; 11] = [2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6];
    let [body @ .., check] = digits;
    let sum: u32 = body.iter().rev().zip(WEIGHTS).map(|(p, q)| u32::from(*p) * q).sum();
    let expected = match sum % 11 {
        0 | 1 => 0,
        r => 11 - r,
    };
    u32::from(*check) == expected && digits.iter().any(|d| *d != 0)
}

/// All candidates of normalised `text` in order. Linear: every run of digits is looked
/// at once per grouping, and a grouping spans at most twelve runs.
///
/// Accepted are twelve digits together, 4-4-4 and one by one (a form with a box per
/// digit). What continues with more digits, letters or a decimal point is part of
/// something else: a 13-digit 法人番号, a card number, an order number.
pub(super) fn candidates(text: &str) -> Vec<Candidate> {
    let runs = digit_runs(text.as_bytes());
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = runs.get(at..).filter(|rest| !rest.is_empty()) {
        let before = at.checked_sub(1).and_then(|i| runs.get(i));
        let length = grouping(text, before, rest).unwrap_or(0);
        if let (Some(first), Some(last)) =
            (rest.first(), length.checked_sub(1).and_then(|i| rest.get(i)))
        {
            found.extend(candidate(text, first.start..last.end));
        }
        at += length.max(1);
    }
    found
}

pub(super) fn digit_runs(octets: &[u8]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut start = None;
    for (at, octet) in octets.iter().enumerate() {
        match (octet.is_ascii_digit(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                runs.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    runs.extend(start.map(|from| from..octets.len()));
    runs
}

/// How many runs, from the first of `rest`, make one number of twelve digits.
fn grouping(text: &str, before: Option<&Range<usize>>, rest: &[Range<usize>]) -> Option<usize> {
    let first = rest.first()?;
    if first.len() == DIGITS {
        return Some(1);
    }
    let (length, count, separates): (_, _, fn(&str) -> bool) = match first.len() {
        4 => (4, 3, separates_groups),
        1 => (1, 12, separates_boxes),
        _ => return None,
    };
    let group = rest.get(..count)?;
    let joined =
        |a: &Range<usize>, b: &Range<usize>| text.get(a.end..b.start).is_some_and(separates);
    let whole = group.iter().all(|run| run.len() == length)
        && group.windows(2).all(|pair| matches!(pair, [a, b] if joined(a, b)));
    if !whole {
        return None;
    }
    let last = group.last()?;
    let continues = rest
        .get(count)
        .is_some_and(|next| joined(last, next) && next.len() == length && !is_year(text, next));
    let continued = before.is_some_and(|run| joined(run, first) && run.len() == length);
    (!continues && !continued).then_some(count)
}

/// A year after the number (`1234 5678 9018 2024年`) does not make it a card number.
pub(super) fn is_year(text: &str, run: &Range<usize>) -> bool {
    text.get(run.end..).is_some_and(|after| after.starts_with(['年', '/']))
}

/// Between groups of four: a dash or a few spaces, or both; the long-vowel mark and
/// the middle dot are typed for a dash. Or the wall of a table's cells.
pub(super) fn separates_groups(gap: &str) -> bool {
    let trimmed = gap.trim_matches(' ');
    gap.len() <= 5
        && !gap.is_empty()
        && matches!(trimmed, "" | "-" | "--" | "ー" | "・" | "." | "_" | "/" | "\t" | "|" | "│")
}

/// Between single digits: the same, and commas.
pub(super) fn separates_boxes(gap: &str) -> bool {
    separates_groups(gap) || (gap.len() <= 5 && matches!(gap.trim_matches(' '), "┃" | ","))
}

/// Three cells of four digits. Twelve cells of one digit are no other table's.
pub(super) fn crosses_cells(shown: &str) -> bool {
    shown.contains(['\t', '|', '│']) && shown.bytes().take(4).all(|octet| octet.is_ascii_digit())
}

fn candidate(text: &str, span: Range<usize>) -> Option<Candidate> {
    let mut digits = [0; DIGITS];
    let shown = text.get(span.clone())?;
    let octets = shown.bytes().filter(u8::is_ascii_digit);
    for (digit, octet) in digits.iter_mut().zip(octets) {
        *digit = octet - b'0';
    }
    let stands_alone =
        stands_alone_before(text.get(..span.start)?) && stands_alone_after(text.get(span.end..)?);
    (stands_alone && check_digit_is_valid(&digits)).then(|| Candidate {
        needs_label: (span.len() == DIGITS && like_a_time(&digits)) || crosses_cells(shown),
        span,
        digits: digits.to_vec(),
        stands_out: false,
    })
}

pub(super) fn stands_alone_before(before: &str) -> bool {
    let mut back = before.chars().rev();
    match back.next() {
        // A Latin label may touch its number: "mynumber123456789018".
        Some(c) if c.is_ascii_alphabetic() => {
            ["number", "mynum", "no"].iter().any(|w| before.ends_with(w))
        }
        // 個人番号no.123456789018, 個人番号#123456789018
        Some('.') if before.ends_with("no.") => true,
        Some('#') => back.next().is_some_and(|c| c.is_alphanumeric() && !c.is_ascii()),
        Some('_' | '+' | '¥' | '\\' | '$' | '€' | '£' | '@' | '%' | '&' | '?') => false,
        Some('-' | '.' | '/') => !back.next().is_some_and(|c| c.is_ascii_alphanumeric()),
        _ => true,
    }
}

pub(super) fn stands_alone_after(after: &str) -> bool {
    let mut chars = after.chars();
    match chars.next() {
        Some(c) if c.is_ascii_alphanumeric() => false,
        Some('_' | '@' | '%' | '円' | '°') => false,
        Some('-' | '.') => !chars.next().is_some_and(|c| c.is_ascii_alphanumeric()),
        _ => true,
    }
}

fn like_a_time(digits: &[u8; DIGITS]) -> bool {
    let number = |from: usize, to: usize| {
        digits.iter().take(to).skip(from).fold(0u32, |n, d| n * 10 + u32::from(*d))
    };
    (1980..2060).contains(&number(0, 4))
        && (1..=12).contains(&number(4, 6))
        && (1..=31).contains(&number(6, 8))
        && number(8, 10) < 24
        && number(10, 12) < 60
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(number: &str) -> [u8; DIGITS] {
        let mut digits = [0; DIGITS];
        for (digit, octet) in digits.iter_mut().zip(number.bytes()) {
            *digit = octet - b'0';
        }
        digits
    }

    fn found(text: &str) -> Vec<String> {
        candidates(text).iter().map(Candidate::masked).collect()
    }

    #[test]
    fn the_check_digit_tells_valid_numbers_from_invalid_ones() {
        for valid in
            ["123456789018", "987654321093", "314159265352", "271828182840", "102030405061"]
        {
            assert!(check_digit_is_valid(&digits(valid)), "{valid}");
        }
        for invalid in
            ["123456789019", "987654321094", "314159265353", "271828182841", "213456789018"]
        {
            assert!(!check_digit_is_valid(&digits(invalid)), "{invalid}");
        }
        assert!(!check_digit_is_valid(&[0; DIGITS]), "an empty form");
    }

    #[test]
    fn all_usual_groupings_are_read() {
        for text in [
            "123456789018",
            "1234 5678 9018",
            "1234-5678-9018",
            "1234 - 5678 - 9018",
            "1234ー5678ー9018",
            "1 2 3 4 5 6 7 8 9 0 1 8",
            "1|2|3|4|5|6|7|8|9|0|1|8",
            "番号123456789018です",
            "(123456789018)",
            "1234 5678 9018 2024年",
            "x,123456789018,500",
            "mynumber123456789018",
        ] {
            assert_eq!(found(text), ["********9018"], "{text}");
        }
    }

    #[test]
    fn digits_that_belong_to_something_longer_are_not_read() {
        for text in [
            "1234567890180",
            "0123456789018",
            "1234-5678-9018-1111",
            "1111 1234 5678 9018",
            "a123456789018",
            "123456789018a",
            "inv-123456789018",
            "123456789018-01",
            "0.123456789018",
            "123456789018.5",
            "+123456789018",
            "¥123456789018",
            "123456789018円",
            "/id/x/123456789018",
            "1 2 3 4 5 6 7 8 9 0 1 8 4",
            "12 3456 789018",
            "123456789019",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn every_number_of_a_list_is_read() {
        assert_eq!(
            found("123456789018,987654321093\n3141-5926-5352"),
            ["********9018", "********1093", "********5352"]
        );
    }

    #[test]
    fn a_date_with_time_and_three_cells_need_a_label() {
        assert!(candidates("1234\t5678\t9018").iter().all(|c| c.needs_label));
        assert!(!candidates("1234\t5678\t9018").is_empty());
        let minutes = (0..60).map(|m| format!("2024011512{m:02}"));
        let times: Vec<_> = minutes.flat_map(|text| candidates(&text)).collect();
        assert!(!times.is_empty() && times.iter().all(|c| c.needs_label));
        assert!(candidates("123456789018").iter().all(|c| !c.needs_label));
    }
}
