//! Numbers of payment cards (ISO/IEC 7812), which whoever takes cards must not send by
//! mail (PCI DSS 4.2.2).

use std::ops::Range;

use super::{
    candidate::{
        Candidate, crosses_cells, digit_runs, is_year, separates_boxes, separates_groups,
        stands_alone_after, stands_alone_before,
    },
    context::Words,
    detector::{Detector, Kind},
};
use crate::{Direction, Engine, Item, Report, rule};

static WORDS: Words = Words {
    sought: &[
        "クレジットカード",
        "クレジットカード番号",
        "クレジット番号",
        "クレジット",
        "クレカ",
        "クレカ番号",
        "カード番号",
        "カード no",
        "カードno",
        "カードの番号",
        "カードナンバー",
        "カード\n番号",
        "決済カード",
        "デビットカード",
        "コーポレートカード",
        "法人カード",
        "ビザカード",
        "マスターカード",
        "アメックス",
        "アメリカン・エキスプレス",
        "アメリカンエキスプレス",
        "ダイナース",
        "ディスカバー",
        "銀聯",
        "ユニオンペイ",
        "visa",
        "visaカード",
        "mastercard",
        "master card",
        "jcb",
        "jcbカード",
        "amex",
        "american express",
        "diners",
        "diners club",
        "discover card",
        "unionpay",
        "union pay",
        "credit card",
        "credit cards",
        "credit card number",
        "credit card no.",
        "creditcard",
        "credit_card",
        "debit card",
        "debit card number",
        "payment card",
        "corporate card",
        "company card",
        "bank card",
        "card number",
        "card numbers",
        "card_number",
        "cardnumber",
        "card-number",
        "card no",
        "card no.",
        "card_no",
        "card #",
        "card:",
        "my card",
        "his card",
        "her card",
        "your card",
        "the card",
        "card is",
        "pan:",
        "cc#",
        "cc number",
    ],
    others: &[
        "ポイントカード",
        "ポイントカード番号",
        "会員カード",
        "会員カード番号",
        "会員証",
        "メンバーズカード",
        "メンバーズカード番号",
        "ギフトカード",
        "ギフトカード番号",
        "ギフト券",
        "ギフトコード",
        "プリペイドカード番号",
        "図書カード",
        "図書カード番号",
        "社員カード番号",
        "職員カード番号",
        "入館カード",
        "入館カード番号",
        "icカード番号",
        "simカード",
        "simカード番号",
        "キャッシュカード番号",
        "スタンプカード",
        "診察カード",
        "診察券",
        "免許証",
        "在留カード",
        "在留カード番号",
        "マイナンバーカード",
        "個人番号カード",
        "point card",
        "loyalty card",
        "gift card",
        "gift card number",
        "membership card",
        "library card",
        "sim card",
        "iccid",
        "id card",
        "iban",
    ],
    others_when_behind: &[
        "ポイント",
        "会員",
        "ギフト",
        "図書",
        "社員",
        "入館",
        "ic",
        "sim",
        "メンバーズ",
    ],
};

static KIND: Kind = Kind {
    words: &WORDS,
    candidates,
    padded_digits: None,
    rule: rule::LEAK_CARD_NUMBER,
    rule_without_context: rule::LEAK_CARD_NUMBER_NO_CONTEXT,
};

/// Finds card numbers: as many digits as their issuer gives, with a valid check digit,
/// which a label says to be one or which are written in groups as on a card.
#[derive(Debug)]
pub struct CardNumber {
    detector: Detector,
}

impl CardNumber {
    /// The detector with its built-in words.
    pub fn new() -> Self {
        Self { detector: Detector::new(&KIND) }
    }
}

impl Default for CardNumber {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine for CardNumber {
    fn name(&self) -> &str {
        "card-number"
    }

    fn inspect(&self, item: &Item<'_>, _direction: Direction, report: &mut Report) {
        self.detector.inspect(item, report);
    }
}

/// First and last value of the first digits, and how many digits such a card may have.
type Issuer = (u32, u32, Range<usize>);

/// Visa, Mastercard with its newer series, JCB, American Express, Diners, Discover,
/// UnionPay, by their first six digits.
const ISSUERS: [Issuer; 13] = [
    (400_000, 499_999, 16..17),
    (510_000, 559_999, 16..17),
    (222_100, 272_099, 16..17),
    (352_800, 358_999, 16..17),
    (340_000, 349_999, 15..16),
    (370_000, 379_999, 15..16),
    (300_000, 305_999, 14..15),
    (309_500, 309_599, 14..15),
    (360_000, 399_999, 14..15),
    (601_100, 601_199, 16..17),
    (644_000, 659_999, 16..17),
    (620_000, 629_999, 16..20),
    (810_000, 817_199, 16..20),
];

/// How digits stand together on cards.
const GROUPS: [&[usize]; 6] =
    [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 4, 4, 3], &[6, 13], &[1; 16]];

fn is_card(digits: &[u8]) -> bool {
    let first = digits.iter().take(6).fold(0u32, |value, digit| value * 10 + u32::from(*digit));
    let issued = ISSUERS.iter().any(|(from, to, lengths)| {
        (*from..=*to).contains(&first) && lengths.contains(&digits.len())
    });
    issued && luhn_is_valid(digits)
}

/// ISO/IEC 7812-1 annex B.
fn luhn_is_valid(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            match (place % 2 == 1, digit * 2) {
                (false, _) => digit,
                (true, twice) if twice > 9 => twice - 9,
                (true, twice) => twice,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// All candidates of normalised `text` in order. Linear: each run of digits is tried once
/// for each of a few groupings.
fn candidates(text: &str) -> Vec<Candidate> {
    let runs = digit_runs(text.as_bytes());
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = runs.get(at..).filter(|rest| !rest.is_empty()) {
        let before = at.checked_sub(1).and_then(|index| runs.get(index));
        let length = grouping(text, before, rest);
        if let (Some(first), Some(last)) = (rest.first(), rest.get(length.saturating_sub(1))) {
            found.extend(candidate(text, first.start..last.end, length));
        }
        at += length.max(1);
    }
    found
}

/// How many runs, from the first of `rest`, make one card number.
fn grouping(text: &str, before: Option<&Range<usize>>, rest: &[Range<usize>]) -> usize {
    let joined = |a: &Range<usize>, b: &Range<usize>, boxes: bool| {
        let gap = text.get(a.end..b.start).unwrap_or_default();
        if boxes { separates_boxes(gap) } else { separates_groups(gap) }
    };
    for groups in GROUPS {
        let Some(runs) = rest.get(..groups.len()) else { continue };
        let boxes = groups.first() == Some(&1);
        let fits = runs.iter().zip(groups).all(|(run, length)| run.len() == *length)
            && runs.windows(2).all(|pair| matches!(pair, [a, b] if joined(a, b, boxes)));
        let Some((first, last)) = runs.first().zip(runs.last()).filter(|_| fits) else { continue };
        let continues = rest.get(groups.len()).is_some_and(|next| {
            joined(last, next, boxes) && next.len() == first.len() && !is_year(text, next)
        });
        let continued =
            before.is_some_and(|run| joined(run, first, boxes) && run.len() == first.len());
        if !continues && !continued {
            return groups.len();
        }
    }
    1
}

fn candidate(text: &str, span: Range<usize>, runs: usize) -> Option<Candidate> {
    let shown = text.get(span.clone())?;
    let digits: Vec<u8> =
        shown.bytes().filter(u8::is_ascii_digit).map(|octet| octet - b'0').collect();
    let stands_alone =
        stands_alone_before(text.get(..span.start)?) && stands_alone_after(text.get(span.end..)?);
    // Groups are joined by one sign, and the same between all of them.
    let gaps: Vec<&str> =
        shown.split(|c: char| c.is_ascii_digit()).filter(|gap| !gap.is_empty()).collect();
    let alike = gaps.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    let written_as_on_a_card = (3..=5).contains(&runs)
        && alike
        && gaps.first().is_some_and(|gap| matches!(*gap, "-" | " "));
    (stands_alone && is_card(&digits)).then(|| Candidate {
        needs_label: crosses_cells(shown),
        stands_out: written_as_on_a_card,
        span,
        digits,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Outcome, Policy, inspect_file};

    /// Numbers that the card networks publish for tests.
    const PUBLISHED: [&str; 9] = [
        "4111111111111111",
        "5555555555554444",
        "2223003122003222",
        "3566002020360505",
        "378282246310005",
        "30569309025904",
        "6011111111111117",
        "6200000000000005",
        "38520000023237",
    ];

    fn found(text: &str) -> Vec<(String, String)> {
        let policy = Policy::default();
        let text = text.as_bytes();
        let verdict = inspect_file("a", text, Direction::Outbound, &policy, &Limits::default());
        verdict.findings.into_iter().map(|finding| (finding.rule, finding.what)).collect()
    }

    #[test]
    fn cards_of_every_issuer_are_known_by_range_length_and_check_digit() {
        for number in PUBLISHED {
            let digits: Vec<u8> = number.bytes().map(|octet| octet - b'0').collect();
            assert!(is_card(&digits), "{number}");
            let mut wrong = digits.clone();
            wrong[9] = (wrong[9] + 1) % 10;
            assert!(!is_card(&wrong), "{number} with a wrong digit");
            assert!(!is_card(&digits[..13]), "{number} cut short");
        }
        for other in ["4111111111111", "1234567812345670", "9999999999999995", "0000000000000000"] {
            let digits: Vec<u8> = other.bytes().map(|octet| octet - b'0').collect();
            assert!(!is_card(&digits), "{other}");
        }
    }

    #[test]
    fn a_labelled_number_is_found_in_every_spelling_and_masked() {
        for text in [
            "カード番号は4111111111111111です。",
            "クレジットカード：４１１１－１１１１－１１１１－１１１１",
            "My Visa is 4111 1111 1111 1111, valid thru 12/29.",
            "氏名,カード番号,有効期限\n山田,4111111111111111,12/29",
            "<table><tr><th>氏名<th>カード番号</tr><tr><td>山田<td>4111111111111111</tr></table>",
            "4111-1111-1111-1111",
            "カード番号 4|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1",
        ] {
            let what = "************1111".to_owned();
            assert_eq!(found(text), [(rule::LEAK_CARD_NUMBER.to_owned(), what)], "{text}");
        }
        assert_eq!(found("アメックス 3782 822463 10005")[0].1, "***********0005");
    }

    #[test]
    fn other_numbers_of_that_length_are_not() {
        for text in [
            "4111111111111111",
            "ポイントカード番号は4111-1111-1111-1111です。",
            "お問い合わせ番号: 4111-1111-1111-1111",
            "会員番号 4111111111111111",
            "カード番号 4111-1111-1111-1112",
            "4111-1111-1111-1111-1111",
            "x4111111111111111",
            "4111\t1111\t1111\t1111",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn a_card_leaves_only_by_a_setting() {
        let text = "カード番号 4111111111111111".as_bytes();
        let look = |direction, policy: &Policy| {
            inspect_file("a", text, direction, policy, &Limits::default()).outcome
        };
        let policy = Policy::default();
        assert_eq!(look(Direction::Outbound, &policy), Outcome::Block);
        assert_eq!(look(Direction::Inbound, &policy), Outcome::Pass);
        let open = policy.with(rule::LEAK_CARD_NUMBER, Direction::Outbound, Outcome::Pass);
        assert_eq!(look(Direction::Outbound, &open), Outcome::Pass);
    }
}
