use super::super::settings::SyncConfig;
use super::*;

fn attributes(schema: &str) -> Attributes {
    let config: SyncConfig = toml::from_str(&format!(
        "url = 'ldaps://a'\nbind_dn = 'a'\npassword_file = 'p'\nbase = 'o=A'\nschema = '{schema}'"
    ))
    .unwrap();
    config.attributes()
}

fn ours() -> Organisation {
    toml::from_str("id = 'x'\nname = 'A'\ndomains = ['a.example']").unwrap()
}

fn entry(attributes: &[(&str, &[&str])]) -> Entry {
    let attributes = attributes.iter().map(|(name, values)| {
        (name.to_string(), values.iter().map(|one| one.as_bytes().to_vec()).collect())
    });
    Entry { name: "cn=x,o=A".to_owned(), attributes: attributes.collect() }
}

const WINDOWS: &[(&str, &[&str])] = &[
    ("employeeID", &["1001"]),
    ("displayName", &["山田 花子"]),
    ("msDS-PhoneticLastName", &["ヤマダ"]),
    ("msDS-PhoneticFirstName", &["ハナコ"]),
    ("mail", &["other@a.example"]),
    (
        "proxyAddresses",
        &[
            "smtp:h.yamada@a.example",
            "SMTP:hanako@a.example",
            "smtp:hanako@a.onmicrosoft.example",
            "x500:/o=A/cn=hanako",
            "SIP:hanako@a.example",
        ],
    ),
    ("department", &["営業部"]),
    ("userAccountControl", &["512"]),
];

fn with(base: &[(&'static str, &'static [&'static str])], name: &str, values: &[&str]) -> Entry {
    let mut made = entry(base);
    made.attributes.retain(|(described, _)| described != name);
    if !values.is_empty() {
        made.attributes.extend(entry(&[(name, values)]).attributes);
    }
    made
}

fn told(entries: &[Entry]) -> Told {
    Told::of(entries, &attributes("active-directory"), &ours())
}

#[test]
fn an_account_of_active_directory_is_a_person() {
    let told = told(&[entry(WINDOWS)]);
    assert_eq!(told.faults, []);
    let (person, mains) = &told.people[0];
    assert_eq!((person.user.as_str(), person.name.as_str()), ("1001", "山田 花子"));
    assert_eq!(person.kana.as_deref(), Some("ヤマダ ハナコ"));
    assert_eq!(person.addresses, ["hanako@a.example", "h.yamada@a.example", "other@a.example"]);
    assert_eq!(mains.iter().collect::<Vec<_>>(), ["hanako@a.example"]);
    assert_eq!(person.department.as_deref(), Some("営業部"));
    assert_eq!((person.evidence.proof.as_str(), person.source.as_str()), ("hr-record", "ldap"));
    assert_eq!(told.elsewhere, 1);
}

#[test]
fn a_disabled_account_is_nobodys_and_one_whose_flags_are_hidden_is_unclear() {
    let disabled = told(&[with(WINDOWS, "userAccountControl", &["514"])]);
    assert!(disabled.people.is_empty() && disabled.faults.is_empty());
    assert!(disabled.disabled.contains("1001"));
    for flags in [&[][..], &["x"]] {
        let told = told(&[with(WINDOWS, "userAccountControl", flags)]);
        assert!(told.people.is_empty() && told.disabled.is_empty());
        assert_eq!(told.faults[0].what, What::Control);
        assert!(told.unclear.contains_key("hanako@a.example"));
    }
}

#[test]
fn each_fault_of_an_entry_is_named_and_its_number_kept() {
    let mut latin = with(WINDOWS, "displayName", &[]);
    latin.attributes.push(("displayName".to_owned(), vec![vec![0xe9]]));
    let elsewhere = with(WINDOWS, "proxyAddresses", &["SMTP:hanako@b.example"]);
    let elsewhere = with_attributes(elsewhere, "mail");
    for (entry, what) in [
        (latin, What::Text),
        (elsewhere, What::Address),
        (with(WINDOWS, "displayName", &[&"名".repeat(65)]), What::Record(RecordFault::Name)),
        (with(WINDOWS, "employeeID", &["10 01"]), What::Record(RecordFault::User)),
    ] {
        let told = told(&[entry]);
        assert!(told.people.is_empty());
        assert_eq!(told.faults[0].what, what);
        assert!(told.faults[0].number.is_some());
    }
    let twice = told(&[entry(WINDOWS), with(WINDOWS, "displayName", &["別 人"])]);
    assert!(twice.people.is_empty());
    assert_eq!(twice.faults.iter().map(|one| one.what).collect::<Vec<_>>(), [What::Twice; 2]);
}

fn with_attributes(mut entry: Entry, without: &str) -> Entry {
    entry.attributes.retain(|(described, _)| described != without);
    entry
}

#[test]
fn an_account_without_a_number_is_counted_and_its_addresses_kept() {
    let told = told(&[with(WINDOWS, "employeeID", &[])]);
    assert_eq!((told.numberless, told.people.len(), told.faults.len()), (1, 0, 0));
    assert!(told.unclear.contains_key("h.yamada@a.example"));
}

#[test]
fn an_inetorgperson_is_read_with_its_languages_apart() {
    let person = entry(&[
        ("EMPLOYEENUMBER", &["1001"]),
        ("cn", &["Hanako Yamada"]),
        ("displayName", &["山田 花子"]),
        ("displayName;phonetic;lang-ja", &["ヤマダ ハナコ"]),
        ("displayName;lang-en", &["Hanako Yamada"]),
        ("mail", &["Hanako@A.example", "h.yamada@a.example", "hanako@b.example"]),
        ("ou", &["営業部", "東京"]),
    ]);
    let told = Told::of(&[person], &attributes("inetorgperson"), &ours());
    let (person, mains) = &told.people[0];
    assert_eq!(person.name, "山田 花子");
    assert_eq!(person.kana.as_deref(), Some("ヤマダ ハナコ"));
    assert_eq!(person.english.as_deref(), Some("Hanako Yamada"));
    assert_eq!(person.addresses.len(), 2);
    // Which of several is the main one LDAP does not say.
    assert_eq!(mains.len(), 2);
    assert_eq!(person.department.as_deref(), Some("営業部"));
}
