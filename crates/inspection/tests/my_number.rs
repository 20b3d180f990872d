//! How well the detector of My Numbers sees, and how seldom it cries wolf, over
//! documents made from a seed.

mod support;

use ssmax_inspection::{Direction, Limits, Outcome, Policy, inspect_file, rule};
use support::{Cell, Seeded, docx, docx_table, file, mail_with, outbound, pptx, xlsx};

const NAMES: &[&str] = &["山田太郎", "佐藤 花子", "鈴木一郎", "高橋 美咲", "田中", "Suzuki Ichiro"];
const FILLER: &[&str] = &[
    "いつもお世話になっております。",
    "お忙しいところ恐れ入りますが、よろしくお願いいたします。",
    "年末調整の書類を添付いたします。",
    "ご確認のほどお願い申し上げます。",
    "先日の会議の件、ありがとうございました。",
    "Please find the details below.",
];

/// One of the ways in which people write twelve digits.
fn written(seeded: &mut Seeded, number: &str) -> String {
    let groups = |separator: &str| [&number[..4], &number[4..8], &number[8..]].join(separator);
    let wide: String = number
        .bytes()
        .map(|digit| char::from_u32(0xFF10 + u32::from(digit - b'0')).unwrap_or(' '))
        .collect();
    match seeded.below(8) {
        0..=2 => number.to_owned(),
        3 => groups("-"),
        4 => groups(" "),
        5 => groups("－"),
        6 => groups("　"),
        _ => wide,
    }
}

/// A document that holds a My Number and says so, as (file name, octets).
fn leak(seeded: &mut Seeded) -> (String, Vec<u8>) {
    let number = seeded.my_number();
    let shown = written(seeded, &number);
    let name = seeded.pick(NAMES).to_owned();
    let before = seeded.pick(FILLER).to_owned();
    let after = seeded.pick(FILLER).to_owned();
    let order = seeded.digits(8);
    let other = seeded.my_number();
    let text = match seeded.below(16) {
        0 => format!("{name}さんのマイナンバーは{shown}です。"),
        1 => format!("個人番号：{shown}"),
        2 => format!("個人番号\n{shown}"),
        3 => format!("氏名,社員番号,個人番号,電話番号\n{name},1001,{number},03-1234-5678"),
        4 => format!("氏名\t個人番号\t注文番号\n{name}\t{shown}\t{order}"),
        5 => format!("従業員のマイナンバーを送付します。\n\n{name} {shown}\n佐藤次郎 {other}"),
        6 => format!("{shown}（マイナンバー）"),
        7 => format!("My Number: {shown}"),
        8 => format!("His individual number is {shown}, please register it."),
        9 => format!("社員番号は1001、マイナンバーカードの番号は{shown}です。"),
        10 => format!("【マイナンバー】{shown}【生年月日】1980年1月1日"),
        11 => format!("ﾏｲﾅﾝﾊﾞｰ {shown}"),
        12 => format!("{{\"name\": \"{name}\", \"my_number\": \"{number}\"}}"),
        13 => format!(
            "<table><tr><th>氏名</th><th>個人<br>番号</th></tr><tr><td>{name}</td><td>{shown}</td></tr></table>"
        ),
        14 => {
            let float = format!("{}.{}E11", &number[..1], &number[1..]);
            let stored = if number.starts_with('0') || seeded.below(2) == 0 {
                number.clone()
            } else {
                float
            };
            let head = vec![Cell::Shared("氏名"), Cell::Shared("個人番号"), Cell::Shared("備考")];
            let row = vec![Cell::Shared(&name), Cell::Number(&stored), Cell::Empty];
            return ("名簿.xlsx".to_owned(), xlsx(&[head, row]));
        }
        _ => {
            let label = seeded.pick(&["マイナンバー", "個人番号", "個人番号（12桁）"]).to_owned();
            let line = format!("{label} {shown}");
            let row = vec![Cell::Shared(&label), Cell::Inline(&shown)];
            return match seeded.below(3) {
                0 => ("届出.docx".to_owned(), docx(&[&before, &line])),
                1 => ("資料.pptx".to_owned(), pptx(&line)),
                _ => ("届出.xlsx".to_owned(), xlsx(&[row])),
            };
        }
    };
    let octets = format!("{before}\n{text}\n{after}\n");
    let encoded = match seeded.below(4) {
        0 => encoding_rs::SHIFT_JIS.encode(&octets).0.into_owned(),
        1 => encoding_rs::ISO_2022_JP.encode(&octets).0.into_owned(),
        2 => encoding_rs::EUC_JP.encode(&octets).0.into_owned(),
        _ => octets.into_bytes(),
    };
    ("本文.txt".to_owned(), encoded)
}

/// A document of ordinary business with twelve digits that pass the check digit and
/// are something else, often beside talk of My Numbers.
fn harmless(seeded: &mut Seeded) -> (String, Vec<u8>) {
    let number = seeded.my_number();
    let dashed = [&number[..4], &number[4..8], &number[8..]].join("-");
    let shown = if seeded.below(2) == 0 { &number } else { &dashed };
    let talk = seeded
        .pick(&[
            "マイナンバーの提出についてのご案内です。",
            "個人番号はメールに記載しないでください。",
            "マイナンバーカードをご持参ください。",
            "Do not send your My Number by mail.",
            "",
            "",
            "",
        ])
        .to_owned();
    let before = seeded.pick(FILLER).to_owned();
    let text = match seeded.below(27) {
        0 => format!("注文番号：{shown}"),
        1 => format!("ご注文番号は {shown} です。"),
        2 => format!("請求書番号 INV-{number}"),
        3 => format!("請求書No.{number}"),
        4 => format!("お問い合わせ番号\n{shown}"),
        5 => format!("電話：+81{}", seeded.digits(10)),
        6 => format!("法人番号 {}{}", seeded.digits(1), number),
        7 => format!("お荷物伝票番号：{shown}（ヤマト運輸）"),
        8 => format!("カード番号 {dashed}-{}", seeded.digits(4)),
        9 => format!("Order number: {shown}"),
        10 => format!("Your invoice {shown} is attached."),
        11 => format!("Tracking ID {shown}"),
        12 => format!("口座番号 {number}　普通"),
        13 => format!("ミーティングID: {shown}"),
        14 => format!("合計 {number}円"),
        15 => format!("商品コード,数量,単価\n{number},3,1200"),
        16 => format!("氏名\t注文番号\t個人番号\n山田\t{number}\t提出済"),
        17 => format!("受付番号は{shown}、担当は山田です。"),
        18 => format!("https://shop.example/orders/{number}?x=1"),
        19 => format!("シリアルナンバー {shown}"),
        20 => format!(
            "<table><tr><th>個人番号</th><th>追跡番号</th></tr><tr><td>提出済</td><td>{shown}</td></tr></table>"
        ),
        21 => format!("会員ID {number} のお客様"),
        22 => format!(
            "<table><tr><th>追跡番号</th><th>個人番号</th></tr><tr><td>{shown}</td><td>提出済</td></tr></table>"
        ),
        23 => format!("氏名,注文番号,個人番号\n山田,{number},提出済"),
        24 => {
            let rows = [["氏名", "注文番号", "個人番号"], ["山田", shown.as_str(), "提出済"]];
            return ("表.docx".to_owned(), docx_table(&rows));
        }
        25 => {
            let head =
                vec![Cell::Shared("社員番号"), Cell::Shared("個人番号"), Cell::Shared("伝票番号")];
            let row = vec![Cell::Number("1001"), Cell::Shared("提出済"), Cell::Number(&number)];
            return ("一覧.xlsx".to_owned(), xlsx(&[head, row]));
        }
        _ => {
            let line = format!("契約番号 {shown}");
            return ("契約.docx".to_owned(), docx(&[&talk, &line]));
        }
    };
    ("本文.txt".to_owned(), format!("{before}\n{talk}\n{text}\n").into_bytes())
}

fn is_blocked(name: &str, octets: &[u8]) -> bool {
    file(name, octets).findings.iter().any(|finding| finding.rule == rule::LEAK_MY_NUMBER)
}

#[test]
fn of_two_thousand_leaks_99_in_100_are_found() {
    let mut seeded = Seeded::new(1);
    let mut missed = Vec::new();
    for _ in 0..2000 {
        let (name, octets) = leak(&mut seeded);
        if !is_blocked(&name, &octets) {
            missed.push(format!("{name}: {}", String::from_utf8_lossy(&octets)));
        }
    }
    assert!(
        missed.len() <= 20,
        "{} missed, such as {:#?}",
        missed.len(),
        &missed[..missed.len().min(5)]
    );
}

#[test]
fn of_two_thousand_ordinary_documents_at_most_two_are_taken_for_leaks() {
    let mut seeded = Seeded::new(2);
    let mut false_alarms = Vec::new();
    for _ in 0..2000 {
        let (name, octets) = harmless(&mut seeded);
        if is_blocked(&name, &octets) {
            false_alarms.push(format!("{name}: {}", String::from_utf8_lossy(&octets)));
        }
    }
    assert!(
        false_alarms.len() <= 2,
        "{} false alarms, such as {:#?}",
        false_alarms.len(),
        &false_alarms[..false_alarms.len().min(5)]
    );
}

#[test]
fn the_number_is_never_written_out() {
    let verdict = file("a.txt", "個人番号 123456789018".as_bytes());
    assert_eq!(verdict.findings[0].what, "********9018");
    assert!(!format!("{verdict:?}").contains("123456789018"));
}

#[test]
fn a_wrong_check_digit_is_no_my_number() {
    for number in ["123456789019", "987654321094", "314159265353"] {
        assert_eq!(file("a.txt", format!("マイナンバー {number}").as_bytes()).findings, []);
    }
}

#[test]
fn without_context_it_is_told_only_when_asked() {
    let octets = b"123456789018";
    assert_eq!(file("a.txt", octets).findings, []);
    let policy =
        Policy::default().with(rule::LEAK_MY_NUMBER_NO_CONTEXT, Direction::Outbound, Outcome::Hold);
    let verdict = inspect_file("a.txt", octets, Direction::Outbound, &policy, &Limits::default());
    assert_eq!(verdict.outcome, Outcome::Hold);
    assert_eq!(verdict.findings[0].rule, rule::LEAK_MY_NUMBER_NO_CONTEXT);
}

#[test]
fn a_numeric_column_may_have_lost_its_leading_zero() {
    let head = vec![Cell::Shared("氏名"), Cell::Shared("マイナンバー")];
    let number =
        (0..).map(|seed| Seeded::new(seed).my_number()).find(|n| n.starts_with('0')).unwrap();
    let row = vec![Cell::Shared("山田"), Cell::Number(number.trim_start_matches('0'))];
    assert!(is_blocked("a.xlsx", &xlsx(&[head, row])));
    let head = vec![Cell::Shared("氏名"), Cell::Shared("電話")];
    let row = vec![Cell::Shared("山田"), Cell::Number(number.trim_start_matches('0'))];
    assert!(!is_blocked("マイナンバー.xlsx", &xlsx(&[head, row])));
}

#[test]
fn the_file_name_the_subject_and_the_sheet_title_are_context() {
    assert!(is_blocked("マイナンバー一覧.csv", "山田,123456789018\n".as_bytes()));
    let raw = mail_with("=?utf-8?B?44Oe44Kk44OK44Oz44OQ44O8?=", "123456789018", "a.bin", b"");
    assert_eq!(outbound(&raw).outcome, Outcome::Block);
    let title = vec![Cell::Shared("従業員の個人番号")];
    let head = vec![Cell::Shared("氏名"), Cell::Shared("番号")];
    let row = vec![Cell::Shared("山田"), Cell::Number("123456789018")];
    assert!(is_blocked("a.xlsx", &xlsx(&[title, head, row])));
}

#[test]
fn a_number_in_boxes_is_one_number() {
    let mut row = vec![Cell::Shared("個人番号")];
    row.extend(["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "1", "8"].map(Cell::Number));
    assert!(is_blocked("a.xlsx", &xlsx(&[row])));
}

#[test]
fn a_long_list_is_found_wherever_a_window_of_the_reader_ends() {
    let mut seeded = Seeded::new(3);
    let mut text = "氏名,個人番号\n".to_owned();
    while text.len() < (1 << 20) + 5000 {
        text.push_str(&format!("山田,{}\n", "0".repeat(12)));
    }
    let last = seeded.my_number();
    text.push_str(&format!("山田,{last}\n"));
    assert!(is_blocked("a.csv", text.as_bytes()));
}
