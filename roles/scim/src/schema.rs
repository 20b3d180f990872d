//! What a user has here (RFC 7643): the attributes that are kept, and how the service
//! describes itself.

use crate::filter::member;
use serde_json::{Map, Value, json};

/// The core schema of users.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The extension for employees.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// Our own extension: how a name is read and written.
pub const NAMES: &str = "urn:ietf:params:scim:schemas:extension:ssmax:2.0:User";

/// Characters of one text at most.
pub const MAX_CHARS: usize = 256;

/// Values of one attribute at most.
pub const MAX_VALUES: usize = 32;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Truth,
    Complex(&'static [Attribute]),
    /// Of any number.
    Many(&'static [Attribute]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Attribute {
    name: &'static str,
    kind: Kind,
    about: &'static str,
}

const fn text(name: &'static str, about: &'static str) -> Attribute {
    Attribute { name, kind: Kind::Text, about }
}

const EXTERNAL_ID: Attribute = text("externalId", "The identifier at the identity provider.");

const CORE: &[Attribute] = &[
    text("userName", "The name at the identity provider, unique there and here."),
    Attribute {
        name: "name",
        kind: Kind::Complex(&[
            text("formatted", "The whole name."),
            text("familyName", "The family name."),
            text("givenName", "The given name."),
        ]),
        about: "The name. The formatted one, or family name and given name, is in certificates.",
    },
    text("displayName", "The name in certificates, where it is given."),
    Attribute {
        name: "emails",
        kind: Kind::Many(&[
            text("value", "The address."),
            text("type", "What it is for, such as work."),
            Attribute { name: "primary", kind: Kind::Truth, about: "Whether it is the main one." },
        ]),
        about: "Addresses. Those in the organisation's domains get certificates.",
    },
    Attribute {
        name: "active",
        kind: Kind::Truth,
        about: "Whether the person may send and receive. False revokes all certificates.",
    },
];

const OF_EMPLOYEES: &[Attribute] = &[
    text("employeeNumber", "The number by which the person is known, for ever."),
    text("department", "Where the person works."),
];

const OF_NAMES: &[Attribute] =
    &[text("kana", "The name in kana."), text("english", "The name in Latin letters.")];

const SCHEMAS: [(&str, &str, &str, &[Attribute]); 3] = [
    (USER, "User", "A person", CORE),
    (ENTERPRISE, "EnterpriseUser", "An employee", OF_EMPLOYEES),
    (NAMES, "PersonNames", "How a name is read and written", OF_NAMES),
];

/// An attribute that cannot be taken, by its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not what it should be")]
pub struct BadValue(pub String);

/// What of a resource is kept: the attributes of the schemas, in their spelling and of their
/// kind. What is not of them is left out, as it is for others (RFC 7644 3.5.1).
///
/// # Errors
/// [`BadValue`] for a value of another kind, a text that is too long or has control
/// characters, too many values, or more than one primary address.
pub fn kept(resource: &Value) -> Result<Map<String, Value>, BadValue> {
    if !resource.is_object() {
        return Err(BadValue("resource".to_owned()));
    }
    let mut kept = Map::new();
    keep(&mut kept, resource, &[EXTERNAL_ID])?;
    keep(&mut kept, resource, CORE)?;
    for (urn, _, _, attributes) in SCHEMAS.iter().filter(|schema| schema.0 != USER) {
        let Some(extension) = member(resource, urn) else { continue };
        let mut own = Map::new();
        keep(&mut own, extension, attributes)?;
        if !own.is_empty() {
            kept.insert((*urn).to_owned(), Value::Object(own));
        }
    }
    Ok(kept)
}

fn keep(
    kept: &mut Map<String, Value>,
    from: &Value,
    attributes: &[Attribute],
) -> Result<(), BadValue> {
    for attribute in attributes {
        let Some(value) = member(from, attribute.name) else { continue };
        if let Some(value) = attribute.value(value)? {
            kept.insert(attribute.name.to_owned(), value);
        }
    }
    Ok(())
}

impl Attribute {
    /// The value as it is kept; none for what counts as none (RFC 7643 2.5).
    fn value(&self, given: &Value) -> Result<Option<Value>, BadValue> {
        let bad = || BadValue(self.name.to_owned());
        match (self.kind, given) {
            (_, Value::Null) => Ok(None),
            (Kind::Text, Value::String(text)) => {
                let fits = text.chars().count() <= MAX_CHARS && !text.contains(char::is_control);
                if fits { Ok(Some(given.clone())) } else { Err(bad()) }
            }
            (Kind::Truth, Value::Bool(_)) => Ok(Some(given.clone())),
            // Entra ID writes "True" and "False".
            (Kind::Truth, Value::String(text)) if text.eq_ignore_ascii_case("true") => {
                Ok(Some(Value::Bool(true)))
            }
            (Kind::Truth, Value::String(text)) if text.eq_ignore_ascii_case("false") => {
                Ok(Some(Value::Bool(false)))
            }
            (Kind::Complex(parts), Value::Object(_)) => {
                let mut own = Map::new();
                keep(&mut own, given, parts)?;
                Ok((!own.is_empty()).then_some(Value::Object(own)))
            }
            (Kind::Many(parts), Value::Array(all)) => {
                if all.len() > MAX_VALUES {
                    return Err(bad());
                }
                let mut values = Vec::new();
                for one in all {
                    let mut own = Map::new();
                    if !one.is_object() {
                        return Err(bad());
                    }
                    keep(&mut own, one, parts)?;
                    if !own.is_empty() {
                        values.push(Value::Object(own));
                    }
                }
                let primary = |one: &&Value| member(one, "primary") == Some(&Value::Bool(true));
                if values.iter().filter(primary).count() > 1 {
                    return Err(bad());
                }
                Ok((!values.is_empty()).then_some(Value::Array(values)))
            }
            _ => Err(bad()),
        }
    }

    fn described(&self) -> Value {
        let (kind, parts) = match self.kind {
            Kind::Text => ("string", None),
            Kind::Truth => ("boolean", None),
            Kind::Complex(parts) | Kind::Many(parts) => ("complex", Some(parts)),
        };
        let is_name = self.name == "userName";
        let mut said = json!({
            "name": self.name,
            "type": kind,
            "multiValued": matches!(self.kind, Kind::Many(_)),
            "description": self.about,
            "required": is_name,
            "mutability": "readWrite",
            "returned": "default",
            "uniqueness": if is_name { "server" } else { "none" },
        });
        if let Some(said) = said.as_object_mut() {
            if self.kind == Kind::Text {
                said.insert("caseExact".to_owned(), Value::Bool(false));
            }
            if let Some(parts) = parts {
                let parts: Vec<Value> = parts.iter().map(Self::described).collect();
                said.insert("subAttributes".to_owned(), Value::Array(parts));
            }
        }
        said
    }
}

/// Whether something is kept under this name: where a PATCH may reach. The attribute by
/// its schema (none: the core's) and name, and the one within it.
#[must_use]
pub fn is_known(schema: Option<&str>, name: &str, sub: Option<&str>) -> bool {
    let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let schema = schema.unwrap_or(USER);
    let Some((urn, _, _, attributes)) = SCHEMAS.iter().find(|one| same(one.0, schema)) else {
        return false;
    };
    let external = (*urn == USER).then_some(&EXTERNAL_ID);
    let Some(found) = attributes.iter().chain(external).find(|one| same(one.name, name)) else {
        return false;
    };
    match (sub, found.kind) {
        (None, _) => true,
        (Some(sub), Kind::Complex(parts) | Kind::Many(parts)) => {
            parts.iter().any(|part| same(part.name, sub))
        }
        (Some(_), _) => false,
    }
}

/// The spelling of a schema's name, if it is one of ours.
#[must_use]
pub fn spelling(urn: &str) -> Option<&'static str> {
    SCHEMAS.iter().map(|one| one.0).find(|one| one.eq_ignore_ascii_case(urn))
}

/// `/Schemas`.
#[must_use]
pub fn schemas(base: &str) -> Vec<Value> {
    let described = |(urn, name, about, attributes): &(&str, &str, &str, &[Attribute])| {
        let attributes: Vec<Value> = attributes.iter().map(Attribute::described).collect();
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": urn,
            "name": name,
            "description": about,
            "attributes": attributes,
            "meta": {"resourceType": "Schema", "location": format!("{base}/Schemas/{urn}")},
        })
    };
    SCHEMAS.iter().map(described).collect()
}

/// `/ResourceTypes`.
#[must_use]
pub fn resource_types(base: &str) -> Vec<Value> {
    vec![json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": "User",
        "name": "User",
        "endpoint": "/Users",
        "description": "A person",
        "schema": USER,
        "schemaExtensions": [
            {"schema": ENTERPRISE, "required": false},
            {"schema": NAMES, "required": false},
        ],
        "meta": {"resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/User")},
    })]
}

/// `/ServiceProviderConfig`.
#[must_use]
pub fn service_provider_config(base: &str, max_results: usize) -> Value {
    let no = json!({"supported": false});
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": true, "maxResults": max_results},
        "changePassword": no,
        "sort": no,
        "etag": no,
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token of SSMAX in the Authorization field",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    })
}

/// The schemas of which a resource has something.
#[must_use]
pub fn of(resource: &Map<String, Value>) -> Vec<&'static str> {
    SCHEMAS
        .iter()
        .map(|one| one.0)
        .filter(|urn| *urn == USER || resource.contains_key(*urn))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_kept_in_one_spelling() {
        let kept = kept(&json!({
            "USERNAME": "h@a.example", "externalID": "7", "title": "Ms", "active": "False",
            "name": {"familyname": "山田", "middleName": "x"},
            "emails": [{"VALUE": "h@a.example", "Type": "work", "primary": "True"}, {"x": 1}],
            "displayName": null,
            "URN:ietf:params:scim:schemas:extension:enterprise:2.0:user":
                {"employeeNumber": "1001", "manager": {"value": "7"}},
            NAMES: {},
        }));
        let expected = json!({
            "externalId": "7", "userName": "h@a.example", "name": {"familyName": "山田"},
            "emails": [{"value": "h@a.example", "type": "work", "primary": true}],
            "active": false, ENTERPRISE: {"employeeNumber": "1001"},
        });
        assert_eq!(kept.clone().map(Value::Object), Ok(expected));
        assert_eq!(of(&kept.unwrap()), [USER, ENTERPRISE]);
    }

    #[test]
    fn what_is_of_another_kind_is_named() {
        let fault = |resource: Value| kept(&resource).err().map(|bad| bad.0);
        let long = "名".repeat(MAX_CHARS + 1);
        let many = vec![json!({"value": "x"}); MAX_VALUES + 1];
        for (resource, name) in [
            (json!([]), "resource"),
            (json!({"userName": 1}), "userName"),
            (json!({"userName": long}), "userName"),
            (json!({"userName": "a\u{7}"}), "userName"),
            (json!({"active": "yes"}), "active"),
            (json!({"name": "x"}), "name"),
            (json!({"name": {"givenName": []}}), "givenName"),
            (json!({"emails": {}}), "emails"),
            (json!({"emails": ["x"]}), "emails"),
            (json!({"emails": many}), "emails"),
            (json!({"emails": [{"primary": true}, {"primary": true}]}), "emails"),
            (json!({ENTERPRISE: {"department": 1}}), "department"),
        ] {
            assert_eq!(fault(resource.clone()).as_deref(), Some(name), "{resource}");
        }
        assert_eq!(fault(json!({"userName": "名".repeat(MAX_CHARS)})), None);
        assert_eq!(fault(json!({"emails": vec![json!({"value": "x"}); MAX_VALUES]})), None);
    }

    #[test]
    fn where_a_patch_may_reach_is_known() {
        assert!(is_known(None, "EMAILS", Some("type")) && is_known(None, "externalId", None));
        assert!(is_known(Some(ENTERPRISE), "employeenumber", None));
        assert!(!is_known(None, "employeeNumber", None) && !is_known(None, "id", None));
        assert!(!is_known(Some("urn:x"), "userName", None));
        assert!(!is_known(Some(ENTERPRISE), "externalId", None));
        assert!(!is_known(None, "userName", Some("x")) && !is_known(None, "name", Some("x")));
    }
}
