//! What an identity provider sends: filters, questions and patches.
//!
//! Property: what a patch makes is kept as it is kept again, a filter's answer is the opposite
//! of its negation's, and nothing is shown that was not there.

use serde_json::{Map, Value, json};
use ssmax_scim::filter::{Attribute, Filter};
use ssmax_scim::query::Query;
use ssmax_scim::{patch, schema};

use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 3000;

pub(crate) fn made() -> Vec<Vec<u8>> {
    let texts = [
        r#"userName eq "hanako@a.example""#,
        r#"emails[type eq "work" and primary eq true] or not (active eq false)"#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber sw "1""#,
        "filter=userName+eq+%22x%22&attributes=emails.type,id&count=3&startIndex=2",
        r#"{"Operations":[{"op":"Add","path":"emails[type eq \"other\"].value","value":"x"}]}"#,
        r#"{"Operations":[{"op":"Replace","value":{"active":"False","name.givenName":"x"}}]}"#,
        r#"{"Operations":[{"op":"remove","path":"name.familyName"}]}"#,
        r#"{"userName":"x","emails":[{"value":"y","primary":"True"}],"active":true}"#,
    ];
    texts.map(|text| text.as_bytes().to_vec()).into()
}

fn hanako() -> Map<String, Value> {
    let user = json!({
        "userName": "hanako@a.example", "active": true, "name": {"familyName": "山田"},
        "emails": [{"value": "hanako@a.example", "type": "work", "primary": true}],
        schema::ENTERPRISE: {"employeeNumber": "1001"},
    });
    schema::kept(&user).unwrap_or_default()
}

/// Reads the octets as each of them.
pub fn run(octets: &[u8]) {
    let user = hanako();
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let _ = Attribute::parse(text);
    if let Ok(filter) = Filter::parse(text) {
        let resource = Value::Object(user.clone());
        let opposite = Filter::Not(Box::new(filter.clone()));
        assert_ne!(filter.fits(&resource), opposite.fits(&resource));
    }
    if let Ok(query) = Query::of_uri(text) {
        let shown = query.shown(Value::Object(user.clone()));
        for name in shown.as_object().into_iter().flat_map(Map::keys) {
            assert!(user.contains_key(name), "{name} was not there");
        }
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else { return };
    let _ = Query::of_body(&value);
    let patched = patch::apply(&user, &value).ok();
    for made in patched.into_iter().chain([value]) {
        if let Ok(kept) = schema::kept(&made) {
            assert_eq!(schema::kept(&Value::Object(kept.clone())), Ok(kept));
        }
    }
}
