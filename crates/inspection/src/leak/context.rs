//! Words that say what a number is.
//!
//! One random number in ten has a valid check digit, so the digits alone prove little:
//! what decides is the label. Labels *for* the number sought stand against labels for
//! something else (order, telephone, 法人番号), and the nearest one counts.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

/// What a label says about the number behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// The number is one of those sought.
    Sought,
    /// The number is something else.
    Other,
    /// The number is something else if it follows at once (`注文 1234...`); in running
    /// text the word means nothing (`マイナンバーの受付を始めます`).
    OtherIfAdjacent,
}

/// A label in normalised text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) span: Range<usize>,
    pub(super) says: Says,
}

/// The labels of one kind of number. Longer ones win over shorter ones at the same place.
#[derive(Debug)]
pub(super) struct Words {
    /// Labels of the number sought.
    pub(super) sought: &'static [&'static str],
    /// Labels of other numbers that these words would hide.
    pub(super) others: &'static [&'static str],
    /// In front of a label of the number sought they make it one of another:
    /// 法人 ... マイナンバー is the 13-digit number of a company.
    pub(super) others_when_behind: &'static [&'static str],
}

/// Labels of other numbers, wherever they stand between a label and a number.
const OTHER: &[&str] = &[
    "番号", // judged by the character before it, see `classify`
    "コード",
    "ナンバー",
    "シリアル",
    "no", // judged by what surrounds it
    "№",
    "nos.",
    "id",
    "ids",
    "code",
    "serial",
    "sku",
    "jan",
    "isbn",
    "imei",
    "upc",
    "ean",
    "tel",
    "tel.",
    "fax",
    "phone",
    "telephone",
    "mobile",
    "number", // judged by the word before it
    "tracking",
    "invoice",
    "電話",
    "携帯",
    "口座",
    "ロット",
    "品番",
    "型番",
    "伝票",
    "送り状",
    "パスコード",
    "暗証",
];

/// Words that make a number something else only when it follows at once.
const OTHER_IF_ADJACENT: &[&str] = &[
    "注文",
    "発注",
    "受注",
    "請求",
    "請求書",
    "見積",
    "見積書",
    "納品",
    "納品書",
    "契約",
    "受付",
    "予約",
    "整理",
    "管理",
    "会員",
    "顧客",
    "お客様",
    "社員",
    "職員",
    "学籍",
    "商品",
    "製品",
    "部品",
    "追跡",
    "荷物",
    "配送",
    "宅急便",
    "宅配便",
    "問い合わせ",
    "問合せ",
    "お問い合わせ",
    "合計",
    "金額",
    "残高",
    "価格",
    "税込",
    "税抜",
    "総額",
    "数量",
    "会議",
    "ミーティング",
    "日時",
    "時刻",
    "日付",
    "タイムスタンプ",
    "案件",
    "チケット",
    "参照",
    "証券",
    "保険",
    "車両",
    "order",
    "orders",
    "account",
    "acct",
    "receipt",
    "ticket",
    "reference",
    "ref",
    "ref.",
    "booking",
    "reservation",
    "shipment",
    "parcel",
    "delivery",
    "customer",
    "member",
    "membership",
    "case",
    "amount",
    "total",
    "price",
    "balance",
    "lot",
    "item",
    "part",
    "product",
    "contract",
    "meeting",
    "timestamp",
    "date",
    "time",
    "po",
    "p/o",
    "transaction",
    "payment",
    "version",
    "build",
    "session",
    "request",
    "msg",
    "message",
];

/// How many labels before a number are asked, so that a text of nothing but labels
/// costs linear time.
const MAX_MARKS_BACK: usize = 32;

/// Latin words of up to this length are labels only as whole words: `jcb`, `visa`.
const MAX_SHORT_WORD_BYTES: usize = 5;

/// How far an adjacent label may stand from its number, in octets: `注文内容：` and the
/// like still fit between.
const ADJACENT_BYTES: usize = 24;

/// Finds labels.
#[derive(Debug)]
pub(super) struct Labels {
    words: &'static Words,
    automaton: Option<AhoCorasick>,
}

impl Labels {
    pub(super) fn new(words: &'static Words) -> Self {
        let all = words.sought.iter().chain(words.others).chain(OTHER).chain(OTHER_IF_ADJACENT);
        // The words are constants and far below the automaton's size limits; without
        // one, numbers would be found without context only.
        let automaton =
            AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(all).ok();
        Self { words, automaton }
    }

    /// The labels of normalised `text`, in order.
    pub(super) fn marks(&self, text: &str) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        let Some(automaton) = &self.automaton else { return marks };
        for found in automaton.find_iter(text) {
            let span = found.range();
            let index = found.pattern().as_usize();
            let says = classify(self.words, text, &span, index, marks.last());
            marks.extend(says.map(|says| Mark { span, says }));
        }
        marks
    }
}

/// What the word at `span` says here, or `None` if it is no label here.
fn classify(
    words: &Words,
    text: &str,
    span: &Range<usize>,
    index: usize,
    last: Option<&Mark>,
) -> Option<Says> {
    let word = text.get(span.clone())?;
    let before = text.get(..span.start)?;
    let after = text.get(span.end..)?;
    let own = words.sought.len();
    if index < own {
        if is_inside_latin_word(word, before, after) && word.len() <= MAX_SHORT_WORD_BYTES {
            return None;
        }
        let other = words.others_when_behind.iter().any(|w| before.ends_with(w));
        return Some(if other { Says::Other } else { Says::Sought });
    }
    if index < own + words.others.len() {
        return Some(Says::Other);
    }
    if is_inside_latin_word(word, before, after) || belongs_to(last, text, span) {
        return None;
    }
    if index >= own + words.others.len() + OTHER.len() {
        return Some(Says::OtherIfAdjacent);
    }
    match word {
        "番号" | "ナンバー" | "コード" => {
            names_a_thing_before(before).then_some(Says::Other)
        }
        "no" => abbreviates_number(before, after).then_some(Says::Other),
        "number" => names_a_word_before(before).then_some(Says::Other),
        _ => Some(Says::Other),
    }
}

/// `order` in `border` is no label. A letter with an underscore or digit is (`id_2`).
fn is_inside_latin_word(word: &str, before: &str, after: &str) -> bool {
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
    (letter(word.chars().next()) && letter(before.chars().next_back()))
        || (letter(word.chars().next_back()) && letter(after.chars().next()))
}

/// マイナンバーの番号, my number id: still the number's own label.
fn belongs_to(last: Option<&Mark>, text: &str, span: &Range<usize>) -> bool {
    last.filter(|mark| mark.says == Says::Sought)
        .and_then(|mark| text.get(mark.span.end..span.start))
        .is_some_and(|gap| {
            matches!(gap, "" | " " | "の" | "_" | "-" | ")" | "）の" | ")の" | "(" | "の12桁の")
        })
}

/// 注文番号 names another thing; この番号, 下記の番号 and 番号 alone name none.
fn names_a_thing_before(before: &str) -> bool {
    match before.chars().next_back() {
        None => false,
        Some(
            'の' | 'は' | 'が' | 'を' | 'に' | 'で' | 'と' | 'も' | 'な' | 'る' | 'た' | 'い'
            | 'や',
        ) => false,
        Some(c) => c.is_alphanumeric() && !c.is_ascii_digit(),
    }
}

/// `no` abbreviates "number" behind a Japanese word (`伝票no`) or before a value.
fn abbreviates_number(before: &str, after: &str) -> bool {
    before.chars().next_back().is_some_and(|c| !c.is_ascii() && c.is_alphanumeric())
        || after.trim_start_matches([' ', '.', ':']).starts_with(|c: char| c.is_ascii_digit())
}

/// `order number` names another thing; `the number is`, `number:` name none.
fn names_a_word_before(before: &str) -> bool {
    let trimmed = before.trim_end_matches([' ', '-', '_']);
    let start = trimmed.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |at| {
        trimmed.get(at..).and_then(|rest| rest.chars().next()).map_or(at, |c| at + c.len_utf8())
    });
    let word = trimmed.get(start..).unwrap_or_default();
    let says_nothing = [
        "",
        "the",
        "a",
        "this",
        "that",
        "my",
        "his",
        "her",
        "their",
        "your",
        "following",
        "its",
        "digit",
        "digits",
        "new",
        "correct",
        "below",
        "above",
        "and",
        "or",
        "is",
    ];
    !says_nothing.contains(&word)
}

/// What the nearest label says, and how near it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Nearest {
    pub(super) says: Says,
    pub(super) same_line: bool,
    pub(super) adjacent: bool,
}

impl Nearest {
    fn new(says: Says, between: &str) -> Self {
        Self { says, same_line: !between.contains('\n'), adjacent: is_adjacent(between) }
    }
}

/// What the labels before `at` say about a number that begins there. `marks` end
/// before `at`, the last is the nearest.
///
/// A label that already has its number (`社員番号は1001`) is passed over; `own_value`
/// tells whether the text between label and number holds such a value.
pub(super) fn nearest(
    marks: &[Mark],
    text: &str,
    at: usize,
    own_value: impl Fn(Range<usize>) -> bool,
) -> Option<Nearest> {
    for mark in marks.iter().rev().take(MAX_MARKS_BACK) {
        let gap = || mark.span.end..at;
        let between = text.get(gap())?;
        match mark.says {
            Says::Sought => return Some(Nearest::new(Says::Sought, between)),
            Says::OtherIfAdjacent if !is_adjacent(between) => {}
            Says::Other | Says::OtherIfAdjacent if own_value(gap()) => {}
            Says::Other | Says::OtherIfAdjacent => return Some(Nearest::new(Says::Other, between)),
        }
    }
    None
}

fn is_adjacent(between: &str) -> bool {
    between.len() <= ADJACENT_BYTES
        && !between.contains(['。', '、', '\n', '?', '!'])
        && !between.chars().any(|c| c.is_ascii_digit())
}

/// What a cell that holds nothing but words says of the cells below and right of it.
///
/// The head of a column is a label whatever the word: 注文 means its number here.
pub(super) fn cell_says(marks: &[Mark]) -> Option<Says> {
    let mine = marks.iter().any(|mark| mark.says == Says::Sought);
    (!marks.is_empty()).then_some(if mine { Says::Sought } else { Says::Other })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> Vec<Says> {
        Labels::new(&super::super::my_number::WORDS)
            .marks(text)
            .into_iter()
            .map(|mark| mark.says)
            .collect()
    }

    #[test]
    fn labels_of_a_my_number_are_known_in_japanese_and_english() {
        for text in [
            "個人番号",
            "マイナンバー",
            "マイナンバーカード番号",
            "マイナンバーの番号",
            "my number",
            "my_number",
            "employeemynumber",
            "individual number",
        ] {
            assert_eq!(says(text), [Says::Sought], "{text}");
        }
    }

    #[test]
    fn labels_of_other_numbers_are_known_by_what_they_number() {
        for text in
            ["注文番号", "order number", "法人番号", "お問い合わせ番号", "受付id", "invoice"]
        {
            assert_eq!(says(text).last(), Some(&Says::Other), "{text}");
        }
        assert_eq!(says("法人マイナンバー"), [Says::Other]);
    }

    #[test]
    fn a_number_of_nothing_in_particular_is_no_label() {
        for text in ["下記の番号", "番号", "the number is", "border", "video", "いい番号"]
        {
            assert_eq!(says(text), [], "{text}");
        }
    }
}
