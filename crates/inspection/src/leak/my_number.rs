//! The My Number (個人番号): twelve digits of every resident, which the law
//! (番号法) forbids to pass on without need.

use super::{
    candidate::{DIGITS, candidates},
    context::Words,
    detector::{Detector, Kind},
};
use crate::{Direction, Engine, Item, Report, rule};

pub(super) static WORDS: Words = Words {
    sought: &[
        "個人番号",
        "個 人 番 号",
        "個人\n番号",
        "個人 番号",
        "個人の番号",
        "個人no",
        "個番",
        "マイナンバー",
        "マイナンバ",
        "マイナンバーカード",
        "マイナンバーカード番号",
        "マイナンバー番号",
        "個人番号カード",
        "マイ・ナンバー",
        "マイ ナンバー",
        "マイナン\nバー",
        "マイナン バー",
        "マイ\nナンバー",
        "マ イ ナ ン バ ー",
        "まいなんばー",
        "まいなんば",
        "マイno",
        "特定個人情報",
        "番号法",
        "社会保障・税番号",
        "社会保障番号",
        "税番号",
        "共通番号",
        "通知カード",
        "12桁の番号",
        "十二桁の番号",
        "12 桁の番号",
        "my number",
        "my numbers",
        "mynumber",
        "mynumbers",
        "my-number",
        "my_number",
        "my\nnumber",
        "my no.",
        "my number card",
        "my number card no.",
        "individual number",
        "individual numbers",
        "individual_number",
        "social security and tax number",
        "personal number",
        "personal_number",
        "kojin bango",
        "kojinbango",
        "kojin_bango",
        "kojin bangou",
        "kojinbangou",
    ],
    others: &["法人マイナンバー", "法人版マイナンバー", "企業版マイナンバー"],
    others_when_behind: &["法人", "法人版", "企業", "企業版"],
};

static KIND: Kind = Kind {
    words: &WORDS,
    candidates,
    padded_digits: Some(DIGITS),
    rule: rule::LEAK_MY_NUMBER,
    rule_without_context: rule::LEAK_MY_NUMBER_NO_CONTEXT,
};

/// Finds My Numbers: twelve digits with a valid check digit which a label near them, in
/// their row, at the head of their column or in the heading says to be one.
#[derive(Debug)]
pub struct MyNumber {
    detector: Detector,
}

impl MyNumber {
    /// The detector with its built-in words.
    pub fn new() -> Self {
        Self { detector: Detector::new(&KIND) }
    }
}

impl Default for MyNumber {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine for MyNumber {
    fn name(&self) -> &str {
        "my-number"
    }

    fn inspect(&self, item: &Item<'_>, _direction: Direction, report: &mut Report) {
        self.detector.inspect(item, report);
    }
}
