//! What the columns of an HR file mean, and what a row says of a person.

use super::csv::Row;
use ssmax_api::ca::{Evidence, PROOFS, Person, RecordFault, Registered};
use ssmax_chain::binding::directory_address;
use ssmax_mail::address::Address;
use std::collections::HashMap;
use time::macros::format_description;
use time::{Date, Time};

/// A column that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Column {
    Number,
    Name,
    Kana,
    English,
    Address,
    Aliases,
    Department,
    Proof,
    Reference,
    Proved,
    By,
    Status,
}

/// How heads call them, without regard to case, spaces and width. The first is the one that
/// the manual uses.
const HEADS: &[(Column, &[&str])] = &[
    (Column::Number, &["number", "employee number", "user", "社員番号", "職員番号", "従業員番号"]),
    (Column::Name, &["name", "氏名", "漢字氏名", "氏名(漢字)"]),
    (
        Column::Kana,
        &["kana", "name kana", "フリガナ", "ふりがな", "氏名カナ", "カナ氏名", "氏名(カナ)"],
    ),
    (Column::English, &["english", "english name", "英字氏名", "ローマ字氏名", "氏名(英字)"]),
    (Column::Address, &["address", "mail", "e-mail", "email", "mail address", "メールアドレス"]),
    (Column::Aliases, &["aliases", "別名", "別名アドレス", "エイリアス"]),
    (Column::Department, &["department", "所属", "部署", "部門"]),
    (Column::Proof, &["proof", "identity proof", "本人確認", "本人確認方法"]),
    (Column::Reference, &["evidence", "reference", "証跡", "証跡番号"]),
    (Column::Proved, &["proved", "proof date", "本人確認日", "確認日"]),
    (Column::By, &["proved by", "確認者", "本人確認者"]),
    (Column::Status, &["status", "state", "状態", "在籍", "在籍区分"]),
];

/// How proofs of identity are called in Japanese.
const PROOFS_JA: &[(&str, &str)] = &[
    ("マイナンバーカード", "my-number-card"),
    ("対面", "in-person"),
    ("社員証", "employee-card"),
    ("職員証", "employee-card"),
    ("人事記録", "hr-record"),
    ("メール", "e-mail"),
];

const HERE: &[&str] = &["active", "在籍", "在職", ""];
const LEFT: &[&str] = &["left", "退職", "離職", "退社"];

/// Where each column stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    places: HashMap<Column, usize>,
    /// Heads that say nothing here.
    pub(super) ignored: Vec<String>,
}

/// What is wrong with a file's content, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    /// The field of the row, from 1; 0 where it is the row as a whole.
    pub(super) column: usize,
    pub(super) what: What,
    /// The field as it stands.
    pub(super) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The head names no such column.
    NoColumn(Column),
    /// Two heads mean the same.
    TwiceInHead,
    /// Another number of fields than the head has.
    Fields,
    Record(RecordFault),
    /// No date.
    Date,
    /// Neither here nor left.
    Status,
    /// Another row has the number or the address.
    Twice,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Here(Box<Person>),
    Left { user: String },
}

/// A head or a word without case, spaces and width.
fn plain(text: &str) -> String {
    let halved = text.trim().chars().map(|c| match c {
        '（' => '(',
        '）' => ')',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '_' | '\u{3000}' => ' ',
        other => other,
    });
    halved.collect::<String>().trim().to_lowercase()
}

impl Columns {
    /// Reads the head.
    pub(super) fn read(head: &Row) -> Result<Self, Vec<Fault>> {
        let mut columns = Self::default();
        let mut faults = Vec::new();
        for (place, text) in head.fields.iter().enumerate() {
            let name = plain(text);
            let meant = HEADS.iter().find(|(_, names)| names.contains(&name.as_str()));
            let Some((column, _)) = meant else {
                columns.ignored.push(text.trim().to_owned());
                continue;
            };
            if columns.places.insert(*column, place).is_some() {
                let text = text.clone();
                let (line, column) = (head.line, place + 1);
                faults.push(Fault { line, column, what: What::TwiceInHead, text });
            }
        }
        // Who has left needs a number alone, yet nobody can join without the others.
        for needed in [Column::Number, Column::Name, Column::Address] {
            if !columns.places.contains_key(&needed) {
                let text = head_of(needed).to_owned();
                let what = What::NoColumn(needed);
                faults.push(Fault { line: head.line, column: 0, what, text });
            }
        }
        if faults.is_empty() { Ok(columns) } else { Err(faults) }
    }

    fn has(&self, column: Column) -> bool {
        self.places.contains_key(&column)
    }

    fn field<'r>(&self, row: &'r Row, column: Column) -> Option<&'r str> {
        let text = row.fields.get(*self.places.get(&column)?)?.trim();
        (!text.is_empty()).then_some(text)
    }

    fn owned(&self, row: &Row, column: Column) -> Option<String> {
        self.field(row, column).map(str::to_owned)
    }

    fn fault(&self, row: &Row, column: Column, what: What) -> Fault {
        let place = self.places.get(&column);
        let text = place.and_then(|at| row.fields.get(*at)).cloned().unwrap_or_default();
        Fault { line: row.line, column: place.map_or(0, |at| at + 1), what, text }
    }

    /// What a row says; `proof` is how identity was proved where the row does not say it.
    fn tell(&self, row: &Row, width: usize, proof: &str) -> Result<Told, Fault> {
        if row.fields.len() != width {
            let text = row.fields.len().to_string();
            return Err(Fault { line: row.line, column: 0, what: What::Fields, text });
        }
        let status = plain(self.field(row, Column::Status).unwrap_or_default());
        let user = self.owned(row, Column::Number).unwrap_or_default();
        if LEFT.contains(&status.as_str()) {
            if user.is_empty() {
                let what = What::Record(RecordFault::User);
                return Err(self.fault(row, Column::Number, what));
            }
            return Ok(Told::Left { user });
        }
        if !HERE.contains(&status.as_str()) {
            return Err(self.fault(row, Column::Status, What::Status));
        }
        let proved = match self.field(row, Column::Proved) {
            None => None,
            Some(text) => {
                Some(moment(text).ok_or_else(|| self.fault(row, Column::Proved, What::Date))?)
            }
        };
        let mut addresses: Vec<String> = self.owned(row, Column::Address).into_iter().collect();
        let aliases = self.field(row, Column::Aliases).unwrap_or_default();
        let separate = |c: char| c.is_whitespace() || matches!(c, ';' | ',' | '、' | '；');
        addresses.extend(aliases.split(separate).filter(|one| !one.is_empty()).map(str::to_owned));
        let person = Person {
            user,
            name: self.owned(row, Column::Name).unwrap_or_default(),
            kana: self.owned(row, Column::Kana),
            english: self.owned(row, Column::English),
            addresses,
            department: self.owned(row, Column::Department),
            evidence: Evidence {
                proof: proof_of(self.field(row, Column::Proof).unwrap_or(proof)),
                reference: self.owned(row, Column::Reference),
                proved,
                by: self.owned(row, Column::By),
            },
            source: "import".to_owned(),
        };
        match person.check() {
            Ok(()) => Ok(Told::Here(Box::new(person))),
            Err(fault) => Err(self.fault(row, column_of(fault, &person), What::Record(fault))),
        }
    }

    /// What all rows say, with their lines, and what is wrong.
    pub(super) fn tell_all(
        &self,
        rows: &[Row],
        width: usize,
        proof: &str,
    ) -> (Vec<(usize, Told)>, Vec<Fault>) {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let (mut told, mut faults) = (Vec::new(), Vec::new());
        for row in rows {
            match self.tell(row, width, proof) {
                Err(fault) => faults.push(fault),
                Ok(one) => match self.first_twice(row, &one, &mut seen) {
                    Some(fault) => faults.push(fault),
                    None => told.push((row.line, one)),
                },
            }
        }
        (told, faults)
    }

    fn first_twice(
        &self,
        row: &Row,
        told: &Told,
        seen: &mut HashMap<String, usize>,
    ) -> Option<Fault> {
        let (user, addresses) = match told {
            Told::Left { user } => (user, &[][..]),
            Told::Here(person) => (&person.user, person.addresses.as_slice()),
        };
        let normal = |text: &String| {
            Address::parse(text).map_or_else(|_| text.to_lowercase(), |one| directory_address(&one))
        };
        // A number and an address may be the same text.
        let names = std::iter::once((Column::Number, format!("# {user}"))).chain(
            addresses.iter().enumerate().map(|(at, one)| {
                (if at == 0 { Column::Address } else { Column::Aliases }, normal(one))
            }),
        );
        for (column, name) in names {
            if seen.insert(name, row.line).is_some() {
                return Some(self.fault(row, column, What::Twice));
            }
        }
        None
    }

    /// Keeps what the file has no column for as the registry has it.
    pub(super) fn keep(&self, person: &mut Person, current: &Registered) {
        let kept = &current.person;
        if !self.has(Column::Kana) {
            person.kana.clone_from(&kept.kana);
        }
        if !self.has(Column::English) {
            person.english.clone_from(&kept.english);
        }
        if !self.has(Column::Department) {
            person.department.clone_from(&kept.department);
        }
        if !self.has(Column::Aliases) {
            // The former main address does not become an alias by itself.
            person.addresses.extend(kept.addresses.iter().skip(1).cloned());
            let mut seen = Vec::new();
            person.addresses.retain(|one| {
                let normal = one.to_lowercase();
                let is_new = !seen.contains(&normal);
                seen.push(normal);
                is_new
            });
        }
    }
}

/// The head by which the manual calls a column.
pub(super) fn head_of(column: Column) -> &'static str {
    let found = HEADS.iter().find(|(one, _)| *one == column);
    found.and_then(|(_, names)| names.first()).copied().unwrap_or_default()
}

fn column_of(fault: RecordFault, person: &Person) -> Column {
    match fault {
        RecordFault::User => Column::Number,
        RecordFault::Name => Column::Name,
        RecordFault::Kana => Column::Kana,
        RecordFault::English => Column::English,
        RecordFault::Department => Column::Department,
        RecordFault::Proof => Column::Proof,
        RecordFault::Evidence => Column::Reference,
        _ => match person.addresses.first() {
            Some(main) if Address::parse(main).is_ok() => Column::Aliases,
            _ => Column::Address,
        },
    }
}

fn proof_of(text: &str) -> String {
    let name = plain(text);
    let japanese = PROOFS_JA.iter().find(|(word, _)| *word == name).map(|(_, word)| *word);
    let known = PROOFS.iter().map(|(word, _)| *word).find(|word| *word == name);
    japanese.or(known).unwrap_or(text).to_owned()
}

/// The beginning of a day (UTC): 2026-04-01 or 2026/4/1.
fn moment(text: &str) -> Option<i64> {
    let text = text.replace('/', "-");
    let form = format_description!("[year]-[month padding:none]-[day padding:none]");
    let date = Date::parse(&text, form).ok()?;
    Some(date.with_time(Time::MIDNIGHT).assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::super::csv::rows;
    use super::*;

    fn read(text: &str) -> (Vec<(usize, Told)>, Vec<Fault>) {
        let rows = rows(text).unwrap();
        let columns = Columns::read(&rows[0]).unwrap();
        columns.tell_all(&rows[1..], rows[0].fields.len(), "hr-record")
    }

    fn only(text: &str) -> Person {
        match read(text) {
            (mut told, faults) if told.len() == 1 && faults.is_empty() => match told.remove(0).1 {
                Told::Here(person) => *person,
                left => panic!("{left:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn heads_are_known_in_both_languages() {
        let english = only(
            "Number,Name,Kana,English,Address,Aliases,Department,Proof,Evidence,Proved,Proved_by\n\
             1001,山田 花子,ヤマダ ハナコ,Hanako Yamada,h@a.example,y@a.example; z@a.example,営業部,\
             in-person,HR-17,2026-04-01,2002\n",
        );
        let japanese = only(
            "社員番号,氏名（漢字）,フリガナ,英字氏名,メールアドレス,別名,所属,本人確認方法,証跡,確認日,確認者,年齢\n\
             1001,山田 花子,ヤマダ ハナコ,Hanako Yamada,h@a.example,y@a.example、z@a.example,営業部,\
             対面,HR-17,2026/4/1,2002,40\n",
        );
        assert_eq!(english, japanese);
        assert_eq!(english.addresses, ["h@a.example", "y@a.example", "z@a.example"]);
        let evidence = english.evidence;
        assert_eq!((evidence.proof.as_str(), evidence.proved), ("in-person", Some(1_775_001_600)));
        assert_eq!(english.source, "import");
    }

    #[test]
    fn what_the_file_has_no_column_for_stays_as_it_is() {
        let text = "number,name,address\n1001,Hanako,h@a.example\n";
        let rows = rows(text).unwrap();
        let columns = Columns::read(&rows[0]).unwrap();
        let mut person = only(text);
        assert_eq!(person.evidence.proof, "hr-record");
        let mut current = Registered { active: true, ..Registered::default() };
        current.person.addresses =
            ["old@a.example", "alias@a.example", "H@a.example"].map(str::to_owned).to_vec();
        current.person.department = Some("営業部".to_owned());
        columns.keep(&mut person, &current);
        assert_eq!(person.addresses, ["h@a.example", "alias@a.example"]);
        assert_eq!(person.department.as_deref(), Some("営業部"));
    }

    #[test]
    fn every_fault_is_told_by_line_and_column() {
        let head = "number,name,address,aliases,proof,proved,status\n";
        let fault = |row: &str| {
            let (told, faults) = read(&format!("{head}{row}\n"));
            assert!(told.is_empty(), "{row}");
            (faults[0].line, faults[0].column, faults[0].what)
        };
        let record = What::Record;
        assert_eq!(fault(",A,a@a.example,,,,"), (2, 1, record(RecordFault::User)));
        assert_eq!(fault("1,,a@a.example,,,,"), (2, 2, record(RecordFault::Name)));
        assert_eq!(fault("1,A,a,,,,"), (2, 3, record(RecordFault::Addresses)));
        assert_eq!(fault("1,A,a@a.example,b,,,"), (2, 4, record(RecordFault::Addresses)));
        assert_eq!(fault("1,A,a@a.example,,rumour,,"), (2, 5, record(RecordFault::Proof)));
        assert_eq!(fault("1,A,a@a.example,,,2026-13-01,"), (2, 6, What::Date));
        assert_eq!(fault("1,A,a@a.example,,,,休職"), (2, 7, What::Status));
        assert_eq!(fault(",,,,,,退職"), (2, 1, record(RecordFault::User)));
        assert_eq!(fault("1,A,a@a.example"), (2, 0, What::Fields));
        let (told, faults) = read(&format!(
            "{head}1,A,a@a.example,,,,\n1,B,b@a.example,,,,\n3,C,A@A.example,,,,\n4,,,,,,left\n",
        ));
        assert_eq!(told.len(), 2);
        assert_eq!(told[1], (5, Told::Left { user: "4".to_owned() }));
        let places: Vec<_> = faults.iter().map(|one| (one.line, one.column, one.what)).collect();
        assert_eq!(places, [(3, 1, What::Twice), (4, 3, What::Twice)]);
    }

    #[test]
    fn a_head_names_what_is_needed_and_each_once() {
        let faults = |head: &str| {
            let rows = rows(head).unwrap();
            let faults = Columns::read(&rows[0]).unwrap_err();
            faults.into_iter().map(|one| (one.column, one.what)).collect::<Vec<_>>()
        };
        assert_eq!(faults("number,氏名"), [(0, What::NoColumn(Column::Address))]);
        assert_eq!(faults("number,name,mail,氏名"), [(4, What::TwiceInHead)]);
        for (_, names) in HEADS {
            assert!(names.iter().all(|name| plain(name) == *name), "{names:?}");
        }
    }
}
