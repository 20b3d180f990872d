//! From a user as the identity provider has them to a person as the registry has them.

use crate::filter::member;
use crate::schema::{ENTERPRISE, NAMES};
use serde::Deserialize;
use serde_json::{Map, Value};
use ssmax_api::Organisation;
use ssmax_api::ca::{Evidence, Person};

/// By what a person is known here for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Number {
    /// By `employeeNumber` of the extension for employees.
    #[default]
    EmployeeNumber,
    /// By `externalId`.
    ExternalId,
    /// By `userName`.
    UserName,
}

/// What a user is to be here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A person with mail.
    Person(Box<Person>),
    /// Nobody: no address of ours, so nothing to certify. The user is kept for the
    /// identity provider alone, until there is one.
    Nobody,
}

/// Why a user with an address of ours cannot be a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PersonFault {
    /// The number by which the person is to be known is missing.
    #[error(
        "a user with an address of the organisation needs the number by which the person is known"
    )]
    Number,
    /// There is no name.
    #[error("a user with an address of the organisation needs a name")]
    Name,
}

/// Who is meant by a resource, as [`crate::schema::kept`] has it.
///
/// # Errors
/// [`PersonFault`].
pub fn wanted(
    resource: &Map<String, Value>,
    number: Number,
    proof: &str,
    organisation: &Organisation,
) -> Result<Wanted, PersonFault> {
    let addresses = addresses(resource, organisation);
    if addresses.is_empty() {
        return Ok(Wanted::Nobody);
    }
    let top = |name: &str| resource.get(name).and_then(text);
    let of = |urn: &str, name: &str| {
        resource.get(urn).and_then(|inner| member(inner, name)).and_then(text)
    };
    let user = match number {
        Number::EmployeeNumber => of(ENTERPRISE, "employeeNumber"),
        Number::ExternalId => top("externalId"),
        Number::UserName => top("userName"),
    };
    Ok(Wanted::Person(Box::new(Person {
        user: user.ok_or(PersonFault::Number)?,
        name: name(resource).ok_or(PersonFault::Name)?,
        kana: of(NAMES, "kana"),
        english: of(NAMES, "english"),
        addresses,
        department: of(ENTERPRISE, "department"),
        evidence: Evidence { proof: proof.to_owned(), ..Evidence::default() },
        source: "scim".to_owned(),
    })))
}

/// Whether the user may send and receive; so it is if nothing is said.
#[must_use]
pub fn is_active(resource: &Map<String, Value>) -> bool {
    resource.get("active").and_then(Value::as_bool).unwrap_or(true)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

/// The addresses of ours: the main one first, then those of work, then the others. A user
/// name that is one counts where there is no other.
fn addresses(resource: &Map<String, Value>, organisation: &Organisation) -> Vec<String> {
    let is_ours = |address: &str| {
        address.rsplit_once('@').is_some_and(|(_, domain)| organisation.has_domain(domain))
    };
    let mut found: Vec<(u8, String)> = Vec::new();
    for one in resource.get("emails").and_then(Value::as_array).into_iter().flatten() {
        let Some(address) = member(one, "value").and_then(text).filter(|one| is_ours(one)) else {
            continue;
        };
        let is_main = member(one, "primary") == Some(&Value::Bool(true));
        let is_of_work = member(one, "type").and_then(Value::as_str) == Some("work");
        let place = match (is_main, is_of_work) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        };
        if !found.iter().any(|(_, other)| other.eq_ignore_ascii_case(&address)) {
            found.push((place, address));
        }
    }
    if found.is_empty() {
        let name = resource.get("userName").and_then(text).filter(|name| is_ours(name));
        return name.into_iter().collect();
    }
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, address)| address).collect()
}

/// The name in certificates: the one to display, else the whole one, else family name and
/// given name.
fn name(resource: &Map<String, Value>) -> Option<String> {
    let of_name =
        |part: &str| resource.get("name").and_then(|name| member(name, part)).and_then(text);
    let both = || {
        let parts: Vec<String> =
            [of_name("familyName"), of_name("givenName")].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    resource.get("displayName").and_then(text).or_else(|| of_name("formatted")).or_else(both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn organisation() -> Organisation {
        toml::from_str("id = 'x'\nname = 'A'\ndomains = ['a.example', 'b.example']").unwrap()
    }

    fn wanted(resource: Value) -> Result<Wanted, PersonFault> {
        let resource = resource.as_object().unwrap();
        super::wanted(resource, Number::EmployeeNumber, "hr-record", &organisation())
    }

    fn person(resource: Value) -> Person {
        match wanted(resource) {
            Ok(Wanted::Person(person)) => *person,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_employee_is_a_person() {
        let found = person(json!({
            "userName": "hanako@corp.example", "displayName": "山田 花子",
            "emails": [
                {"value": "alias@b.example"},
                {"value": "h@home.example", "primary": true},
                {"value": "hanako@a.example", "type": "work"},
                {"value": "HANAKO@a.example", "type": "home"},
            ],
            ENTERPRISE: {"employeeNumber": "1001", "department": "営業部"},
            NAMES: {"kana": "ヤマダ ハナコ", "english": "Hanako Yamada"},
        }));
        let expected = Person {
            user: "1001".to_owned(),
            name: "山田 花子".to_owned(),
            kana: Some("ヤマダ ハナコ".to_owned()),
            english: Some("Hanako Yamada".to_owned()),
            addresses: vec!["hanako@a.example".to_owned(), "alias@b.example".to_owned()],
            department: Some("営業部".to_owned()),
            evidence: Evidence { proof: "hr-record".to_owned(), ..Evidence::default() },
            source: "scim".to_owned(),
        };
        assert_eq!(found, expected);
        assert_eq!(found.check(), Ok(()));
    }

    #[test]
    fn a_user_without_an_address_of_ours_is_nobody() {
        for emails in [json!([]), json!([{"value": "x@c.example"}]), json!([{"type": "work"}])] {
            let resource = json!({"userName": "x", "emails": emails});
            assert_eq!(wanted(resource), Ok(Wanted::Nobody));
        }
    }

    #[test]
    fn a_user_name_may_be_the_address_and_the_parts_the_name() {
        let found = person(json!({
            "userName": "hanako@a.example", "name": {"givenName": "花子", "familyName": "山田"},
            ENTERPRISE: {"employeeNumber": "1001"},
        }));
        assert_eq!(found.addresses, ["hanako@a.example"]);
        assert_eq!(found.name, "山田 花子");
    }

    #[test]
    fn what_a_person_needs_is_asked_for() {
        let name = json!({"formatted": "Hanako"});
        let found = wanted(json!({"userName": "h@a.example", "name": name.clone()}));
        assert_eq!(found, Err(PersonFault::Number));
        let found = wanted(json!({
            "userName": "h@a.example", ENTERPRISE: {"employeeNumber": "1001"}, "displayName": " "
        }));
        assert_eq!(found, Err(PersonFault::Name));
        let resource = json!({"userName": "h@a.example", "externalId": "E7", "name": name});
        for (number, expected) in [(Number::ExternalId, "E7"), (Number::UserName, "h@a.example")] {
            let resource = resource.as_object().unwrap();
            let found = super::wanted(resource, number, "hr-record", &organisation());
            assert!(matches!(found, Ok(Wanted::Person(person)) if person.user == expected));
        }
    }

    #[test]
    fn who_is_not_said_to_be_away_is_here() {
        let active = |resource: Value| is_active(resource.as_object().unwrap());
        assert!(active(json!({})) && active(json!({"active": true})));
        assert!(!active(json!({"active": false})));
    }
}
