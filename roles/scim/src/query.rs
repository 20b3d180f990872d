//! What a client wants to see, and of whom (RFC 7644 section 3.4.2).

use crate::filter::{Attribute, BadFilter, Filter, is_extension, member};

use serde_json::{Map, Value};

/// Attributes that are named at most.
const MAX_ATTRIBUTES: usize = 64;

/// A question for users.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// Who is meant; all without it.
    pub filter: Option<Filter>,
    /// The first to be shown, from 1.
    pub start: usize,
    /// How many to show at most.
    pub count: Option<usize>,
    /// What to show alone.
    wanted: Vec<Attribute>,
    /// What not to show.
    unwanted: Vec<Attribute>,
}

impl Query {
    /// Reads what is behind the question mark.
    ///
    /// # Errors
    /// [`BadFilter`] for a filter or an attribute that cannot be read.
    pub fn of_uri(query: &str) -> Result<Self, BadFilter> {
        let mut read = Self { start: 1, ..Self::default() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.to_ascii_lowercase().as_str() {
                "filter" => read.filter = Some(Filter::parse(&value)?),
                "startindex" => read.start = number(&value)?.max(1),
                "count" => read.count = Some(number(&value)?),
                "attributes" => read.wanted = attributes(value.split(','))?,
                "excludedattributes" => read.unwanted = attributes(value.split(','))?,
                _ => {}
            }
        }
        Ok(read)
    }

    /// Reads the content of a search.
    ///
    /// # Errors
    /// As [`Query::of_uri`].
    pub fn of_body(body: &Value) -> Result<Self, BadFilter> {
        let text = |name: &str| member(body, name).and_then(Value::as_str);
        let whole = |name: &str| {
            let number = member(body, name).and_then(Value::as_i64);
            number.map(|number| usize::try_from(number).unwrap_or_default())
        };
        let named = |name: &str| {
            let names = member(body, name).and_then(Value::as_array);
            attributes(names.into_iter().flatten().filter_map(Value::as_str))
        };
        Ok(Self {
            filter: text("filter").map(Filter::parse).transpose()?,
            start: whole("startIndex").unwrap_or(1).max(1),
            count: whole("count"),
            wanted: named("attributes")?,
            unwanted: named("excludedAttributes")?,
        })
    }

    /// The resource with what is wanted of it; its id and schemas always.
    #[must_use]
    pub fn shown(&self, resource: Value) -> Value {
        let Value::Object(mut resource) = resource else { return resource };
        if !self.wanted.is_empty() {
            let mut shown = Map::new();
            for name in ["schemas", "id"] {
                if let Some(value) = resource.get(name) {
                    shown.insert(name.to_owned(), value.clone());
                }
            }
            for attribute in &self.wanted {
                pick(&resource, attribute, &mut shown);
            }
            resource = shown;
        }
        for attribute in &self.unwanted {
            let is_fixed =
                ["id", "schemas"].iter().any(|one| one.eq_ignore_ascii_case(&attribute.name));
            if attribute.sub.is_some() || !is_fixed {
                leave_out(&mut resource, attribute);
            }
        }
        Value::Object(resource)
    }
}

fn attributes<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<Attribute>, BadFilter> {
    let names: Vec<&str> = names.map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.len() > MAX_ATTRIBUTES {
        return Err(BadFilter);
    }
    names.into_iter().map(Attribute::parse).collect()
}

fn number(text: &str) -> Result<usize, BadFilter> {
    let number: i64 = text.parse().map_err(|_| BadFilter)?;
    // What is below is taken as the lowest (RFC 7644 3.4.2.4).
    Ok(usize::try_from(number).unwrap_or_default())
}

/// The schema's object, if the attribute is of an extension.
fn extension(attribute: &Attribute) -> Option<&str> {
    attribute.schema.as_deref().filter(|urn| is_extension(urn))
}

fn pick(from: &Map<String, Value>, attribute: &Attribute, into: &mut Map<String, Value>) {
    let find = |object: &Map<String, Value>, name: &str| {
        let found = object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(key, value)| (key.clone(), value.clone()))
    };
    if let Some(urn) = extension(attribute) {
        let Some((urn, Value::Object(inner))) = find(from, urn) else { return };
        let Some((key, value)) = find(&inner, &attribute.name) else { return };
        let shown = into.entry(urn).or_insert_with(|| Value::Object(Map::new()));
        if let Some(shown) = shown.as_object_mut() {
            shown.insert(key, value);
        }
        return;
    }
    let Some((key, value)) = find(from, &attribute.name) else { return };
    let Some(sub) = &attribute.sub else {
        into.insert(key, value);
        return;
    };
    let part = |value: &Value| {
        let found = value.as_object().and_then(|object| find(object, sub));
        Value::Object(found.into_iter().collect())
    };
    let picked = match &value {
        Value::Array(all) => Value::Array(all.iter().map(part).collect()),
        one => part(one),
    };
    match (into.get_mut(&key), picked) {
        (Some(Value::Object(shown)), Value::Object(more)) => shown.extend(more),
        (Some(Value::Array(shown)), Value::Array(more)) => {
            for (one, more) in shown.iter_mut().zip(more) {
                if let (Some(one), Value::Object(more)) = (one.as_object_mut(), more) {
                    one.extend(more);
                }
            }
        }
        (_, picked) => {
            into.insert(key, picked);
        }
    }
}

fn leave_out(from: &mut Map<String, Value>, attribute: &Attribute) {
    let drop = |object: &mut Map<String, Value>, name: &str| {
        object.retain(|key, _| !key.eq_ignore_ascii_case(name));
    };
    let find = |object: &Map<String, Value>, name: &str| {
        object.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned()
    };
    if let Some(urn) = extension(attribute) {
        let inner =
            find(from, urn).and_then(|urn| from.get_mut(&urn)).and_then(Value::as_object_mut);
        if let Some(inner) = inner {
            drop(inner, &attribute.name);
        }
        return;
    }
    let Some(sub) = &attribute.sub else { return drop(from, &attribute.name) };
    match find(from, &attribute.name).and_then(|key| from.get_mut(&key)) {
        Some(Value::Object(inner)) => drop(inner, sub),
        Some(Value::Array(all)) => {
            all.iter_mut().filter_map(Value::as_object_mut).for_each(|one| drop(one, sub));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{ENTERPRISE, USER};
    use serde_json::json;

    fn hanako() -> Value {
        json!({
            "schemas": [USER, ENTERPRISE], "id": "7", "userName": "h",
            "name": {"familyName": "山田", "givenName": "花子"},
            "emails": [{"value": "h@a.example", "type": "work"}],
            ENTERPRISE: {"employeeNumber": "1001", "department": "営業部"},
            "meta": {"resourceType": "User"},
        })
    }

    #[track_caller]
    fn shown(query: &str, expected: Value) {
        assert_eq!(Query::of_uri(query).unwrap().shown(hanako()), expected);
    }

    #[test]
    fn what_is_wanted_is_shown() {
        shown("", hanako());
        shown(
            "attributes=USERNAME,emails.value,name.givenName,name.familyName",
            json!({
                "schemas": [USER, ENTERPRISE], "id": "7", "userName": "h",
                "name": {"familyName": "山田", "givenName": "花子"},
                "emails": [{"value": "h@a.example"}],
            }),
        );
        let one = format!("attributes={ENTERPRISE}:department,{USER}:userName");
        shown(
            &one,
            json!({
                "schemas": [USER, ENTERPRISE], "id": "7", "userName": "h",
                ENTERPRISE: {"department": "営業部"},
            }),
        );
        let out = format!("excludedAttributes=id,meta,name,emails.type,{ENTERPRISE}:department");
        shown(
            &out,
            json!({
                "schemas": [USER, ENTERPRISE], "id": "7", "userName": "h",
                "emails": [{"value": "h@a.example"}],
                ENTERPRISE: {"employeeNumber": "1001"},
            }),
        );
    }

    #[test]
    fn a_search_is_read_like_a_question_in_the_address() {
        let uri = "filter=userName+eq+%22h%22&startIndex=0&count=-5&attributes=id&x=1";
        let body = json!({
            "filter": "userName eq \"h\"", "startIndex": 0, "count": -5, "attributes": ["id"],
        });
        let read = Query::of_uri(uri).unwrap();
        assert_eq!(Query::of_body(&body), Ok(read.clone()));
        assert_eq!((read.start, read.count), (1, Some(0)));
        for bad in ["filter=x", "count=x", "startIndex=", "attributes=1", "filter=%zz", "count=%f"]
        {
            assert_eq!(Query::of_uri(bad), Err(BadFilter), "{bad}");
        }
        let many = |count: usize| format!("attributes={}", vec!["id"; count].join(","));
        assert!(Query::of_uri(&many(MAX_ATTRIBUTES)).is_ok());
        assert_eq!(Query::of_uri(&many(MAX_ATTRIBUTES + 1)), Err(BadFilter));
    }
}
