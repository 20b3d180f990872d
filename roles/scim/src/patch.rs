//! PATCH (RFC 7644 section 3.5.2), also as Entra ID writes it: operations in capitals, paths
//! that name a value by a filter where there is none yet, several paths in one value.

use crate::filter::{Attribute, BadFilter, Comparison, Filter, member};
use crate::schema::{self, USER, spelling};
use serde_json::{Map, Value};

/// Operations of one request at most.
pub const MAX_OPERATIONS: usize = 100;

/// Why a PATCH is not carried out; by RFC 7644 section 3.12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatchFault {
    /// `invalidSyntax`
    #[error("the request is not a list of operations")]
    Syntax,
    /// `tooMany`
    #[error("there are too many operations")]
    TooMany,
    /// `invalidPath`
    #[error("a path cannot be read, or names nothing that users have")]
    Path,
    /// `noTarget`
    #[error("a path names no value")]
    NoTarget,
    /// `invalidValue`
    #[error("a value is not what its path asks for")]
    Value,
    /// `mutability`
    #[error("what is named cannot be changed")]
    Mutability,
}

impl PatchFault {
    /// The word for clients.
    #[must_use]
    pub fn scim_type(self) -> &'static str {
        match self {
            Self::Syntax => "invalidSyntax",
            Self::TooMany => "tooMany",
            Self::Path => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::Value => "invalidValue",
            Self::Mutability => "mutability",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Add,
    Replace,
    Remove,
}

/// What an operation is about: an attribute, values of it, or something within.
struct Path {
    attribute: Attribute,
    which: Option<Filter>,
    sub: Option<String>,
}

/// Carries out all operations on a copy of the resource, or none.
///
/// # Errors
/// [`PatchFault`].
pub fn apply(resource: &Map<String, Value>, request: &Value) -> Result<Value, PatchFault> {
    let operations =
        member(request, "Operations").and_then(Value::as_array).ok_or(PatchFault::Syntax)?;
    if operations.len() > MAX_OPERATIONS {
        return Err(PatchFault::TooMany);
    }
    let mut changed = resource.clone();
    for operation in operations {
        let word = member(operation, "op").and_then(Value::as_str).ok_or(PatchFault::Syntax)?;
        let kind = match word.to_ascii_lowercase().as_str() {
            "add" => Operation::Add,
            "replace" => Operation::Replace,
            "remove" => Operation::Remove,
            _ => return Err(PatchFault::Syntax),
        };
        let path = match member(operation, "path") {
            None | Some(Value::Null) => None,
            Some(Value::String(path)) => Some(path.as_str()),
            Some(_) => return Err(PatchFault::Path),
        };
        let value = member(operation, "value").filter(|value| !value.is_null());
        match (path, value) {
            (Some(path), value) => one(&mut changed, kind, path, value)?,
            (None, _) if kind == Operation::Remove => return Err(PatchFault::NoTarget),
            (None, Some(Value::Object(values))) => all(&mut changed, kind, values)?,
            (None, _) => return Err(PatchFault::Value),
        }
    }
    Ok(Value::Object(changed))
}

/// Without a path: each member of the value is one.
fn all(
    resource: &mut Map<String, Value>,
    kind: Operation,
    values: &Map<String, Value>,
) -> Result<(), PatchFault> {
    for (path, value) in values {
        if ["schemas", "id", "meta"].iter().any(|name| path.eq_ignore_ascii_case(name)) {
            continue;
        }
        match (spelling(path), value) {
            (Some(urn), Value::Object(inner)) => extension(resource, kind, urn, inner)?,
            _ => as_far_as_known(one(resource, kind, path, Some(value)))?,
        }
    }
    Ok(())
}

/// Members of an extension.
fn extension(
    resource: &mut Map<String, Value>,
    kind: Operation,
    urn: &str,
    inner: &Map<String, Value>,
) -> Result<(), PatchFault> {
    for (name, value) in inner.iter().filter(|(_, value)| !value.is_null()) {
        as_far_as_known(one(resource, kind, &format!("{urn}:{name}"), Some(value)))?;
    }
    Ok(())
}

/// What users do not have is left out, as when one is created.
fn as_far_as_known(done: Result<(), PatchFault>) -> Result<(), PatchFault> {
    match done {
        Err(PatchFault::Path) => Ok(()),
        other => other,
    }
}

fn one(
    resource: &mut Map<String, Value>,
    kind: Operation,
    path: &str,
    value: Option<&Value>,
) -> Result<(), PatchFault> {
    // A path may be the whole of an extension.
    if let Some(urn) = spelling(path).filter(|urn| *urn != USER) {
        return match (kind, value) {
            (Operation::Remove, _) => {
                resource.remove(urn);
                Ok(())
            }
            (Operation::Replace, Some(value @ Value::Object(_))) => {
                resource.insert(urn.to_owned(), value.clone());
                Ok(())
            }
            (Operation::Add, Some(Value::Object(inner))) => extension(resource, kind, urn, inner),
            _ => Err(PatchFault::Value),
        };
    }
    let path = Path::parse(path).map_err(|BadFilter| PatchFault::Path)?;
    let name = path.attribute.name.as_str();
    if path.attribute.schema.as_deref().is_none_or(|urn| urn.eq_ignore_ascii_case(USER))
        && ["id", "meta", "schemas"].iter().any(|fixed| name.eq_ignore_ascii_case(fixed))
    {
        return Err(PatchFault::Mutability);
    }
    if !schema::is_known(path.attribute.schema.as_deref(), name, path.sub.as_deref()) {
        return Err(PatchFault::Path);
    }
    let within = match path.attribute.schema.as_deref().and_then(spelling) {
        Some(urn) if urn != USER => {
            let inner = resource.entry(urn).or_insert_with(|| Value::Object(Map::new()));
            inner.as_object_mut().ok_or(PatchFault::Value)?
        }
        _ => resource,
    };
    let key = within.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
    let key = key.unwrap_or_else(|| name.to_owned());
    match (&path.which, &path.sub) {
        (None, None) => whole(within, key, kind, value),
        (None, Some(sub)) => part(within, key, sub, kind, value),
        (Some(which), sub) => chosen(within, key, which, sub.as_deref(), kind, value),
    }
}

/// The whole attribute.
fn whole(
    within: &mut Map<String, Value>,
    key: String,
    kind: Operation,
    value: Option<&Value>,
) -> Result<(), PatchFault> {
    let there = within.get_mut(&key);
    match (kind, value, there) {
        (Operation::Remove, None, _) => {
            within.remove(&key);
        }
        // Entra ID names the values to remove beside the path.
        (Operation::Remove, Some(Value::Array(gone)), Some(Value::Array(all))) => {
            let is_gone = |one: &Value| gone.iter().any(|gone| same_value(one, gone));
            all.retain(|one| !is_gone(one));
        }
        (Operation::Remove, Some(_), _) => {
            within.remove(&key);
        }
        (_, None, _) => return Err(PatchFault::Value),
        (Operation::Add, Some(value), Some(Value::Array(all))) => {
            let more = match value {
                Value::Array(more) => more.clone(),
                one => vec![one.clone()],
            };
            let more: Vec<Value> = more.into_iter().filter(|one| !all.contains(one)).collect();
            if more.iter().any(is_primary) {
                all.iter_mut().for_each(no_longer_primary);
            }
            all.extend(more);
        }
        (_, Some(Value::Object(more)), Some(Value::Object(there))) => {
            for (name, value) in more {
                let name = there.keys().find(|key| key.eq_ignore_ascii_case(name)).unwrap_or(name);
                there.insert(name.clone(), value.clone());
            }
        }
        (_, Some(value), _) => {
            within.insert(key, value.clone());
        }
    }
    Ok(())
}

/// Something within: of a list, in each of its values.
fn part(
    within: &mut Map<String, Value>,
    key: String,
    sub: &str,
    kind: Operation,
    value: Option<&Value>,
) -> Result<(), PatchFault> {
    if let Some(Value::Array(all)) = within.get_mut(&key) {
        for one in all.iter_mut().filter_map(Value::as_object_mut) {
            put(one, sub, kind, value)?;
        }
        return Ok(());
    }
    if kind == Operation::Remove && !within.contains_key(&key) {
        return Ok(());
    }
    let inner = within.entry(key).or_insert_with(|| Value::Object(Map::new()));
    put(inner.as_object_mut().ok_or(PatchFault::Value)?, sub, kind, value)
}

/// Those values of a list that answer the filter, or something within them.
fn chosen(
    within: &mut Map<String, Value>,
    key: String,
    which: &Filter,
    sub: Option<&str>,
    kind: Operation,
    value: Option<&Value>,
) -> Result<(), PatchFault> {
    let list = within.entry(key).or_insert_with(|| Value::Array(Vec::new()));
    let all = list.as_array_mut().ok_or(PatchFault::Value)?;
    if kind == Operation::Remove && sub.is_none() {
        all.retain(|one| !which.fits(one));
        return Ok(());
    }
    if !all.iter().any(|one| which.fits(one)) {
        // `emails[type eq "work"].value` where there is no such address yet: Entra ID means
        // that there shall be one.
        let made = match (kind, as_values(which)) {
            (Operation::Remove, _) | (_, None) => return Err(PatchFault::NoTarget),
            (_, Some(made)) => made,
        };
        all.push(Value::Object(made));
    }
    for one in all.iter_mut().filter(|one| which.fits(one)) {
        let object = one.as_object_mut().ok_or(PatchFault::Value)?;
        match (sub, value) {
            (Some(sub), value) => put(object, sub, kind, value)?,
            (None, Some(Value::Object(new))) if kind == Operation::Replace => {
                object.clone_from(new);
            }
            (None, Some(Value::Object(new))) => {
                object.extend(new.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            (None, _) => return Err(PatchFault::Value),
        }
    }
    Ok(())
}

fn put(
    object: &mut Map<String, Value>,
    name: &str,
    kind: Operation,
    value: Option<&Value>,
) -> Result<(), PatchFault> {
    let key = object.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
    match (kind, value) {
        (Operation::Remove, _) => {
            if let Some(key) = key {
                object.remove(&key);
            }
        }
        (_, Some(value)) => {
            object.insert(key.unwrap_or_else(|| name.to_owned()), value.clone());
        }
        (_, None) => return Err(PatchFault::Value),
    }
    Ok(())
}

/// The values that a filter of equalities asks for.
fn as_values(filter: &Filter) -> Option<Map<String, Value>> {
    match filter {
        Filter::Compare(attribute, Comparison::Equal, value) if attribute.sub.is_none() => {
            Some(Map::from_iter([(attribute.name.clone(), value.clone())]))
        }
        Filter::And(one, other) => {
            let mut all = as_values(one)?;
            all.extend(as_values(other)?);
            Some(all)
        }
        _ => None,
    }
}

fn same_value(one: &Value, gone: &Value) -> bool {
    one == gone || member(gone, "value").is_some_and(|value| member(one, "value") == Some(value))
}

fn is_primary(one: &Value) -> bool {
    match member(one, "primary") {
        Some(Value::Bool(is)) => *is,
        Some(Value::String(word)) => word.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

fn no_longer_primary(one: &mut Value) {
    if is_primary(one)
        && let Some(object) = one.as_object_mut()
    {
        object.retain(|name, _| !name.eq_ignore_ascii_case("primary"));
    }
}

impl Path {
    /// `attribute`, `attribute.sub`, `attribute[filter]` or `attribute[filter].sub`.
    fn parse(text: &str) -> Result<Self, BadFilter> {
        let Some((front, rest)) = text.split_once('[') else {
            let mut attribute = Attribute::parse(text)?;
            let sub = attribute.sub.take();
            return Ok(Self { attribute, which: None, sub });
        };
        let (filter, after) = rest.rsplit_once(']').ok_or(BadFilter)?;
        let attribute = Attribute::parse(front)?;
        let sub = match after.strip_prefix('.') {
            Some(sub) => Some(Attribute::parse(sub)?).filter(|one| one.sub.is_none()),
            None if after.is_empty() => None,
            None => return Err(BadFilter),
        };
        if attribute.sub.is_some() || (after.starts_with('.') && sub.is_none()) {
            return Err(BadFilter);
        }
        let which = Some(Filter::parse(filter)?);
        Ok(Self { attribute, which, sub: sub.map(|sub| sub.name) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{ENTERPRISE, NAMES};
    use serde_json::json;

    fn hanako() -> Map<String, Value> {
        let user = json!({
            "userName": "hanako@a.example", "active": true,
            "name": {"familyName": "山田", "givenName": "花子"},
            "emails": [{"value": "hanako@a.example", "type": "work", "primary": true}],
            ENTERPRISE: {"employeeNumber": "1001"},
        });
        user.as_object().unwrap().clone()
    }

    fn patched(operations: Value) -> Result<Value, PatchFault> {
        apply(&hanako(), &json!({"Operations": operations}))
    }

    #[track_caller]
    fn with(operations: Value, change: impl FnOnce(&mut Value)) {
        let mut expected = Value::Object(hanako());
        change(&mut expected);
        assert_eq!(patched(operations).unwrap(), expected);
    }

    #[test]
    fn operations_as_entra_id_writes_them_are_carried_out() {
        with(json!([{"op": "Replace", "path": "active", "value": "False"}]), |one| {
            one["active"] = "False".into();
        });
        let operations = json!([
            {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "h@a.example"},
            {"op": "Add", "path": "name.formatted", "value": "山田花子"},
            {"op": "Add",
             "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
             "value": "営業部"},
        ]);
        with(operations, |one| {
            one["emails"][0]["value"] = "h@a.example".into();
            one["name"]["formatted"] = "山田花子".into();
            one[ENTERPRISE]["department"] = "営業部".into();
        });
        // An address of a kind that there is not yet.
        let path = "emails[type eq \"other\"].value";
        with(json!([{"op": "Add", "path": path, "value": "o@a.example"}]), |one| {
            let made = json!({"type": "other", "value": "o@a.example"});
            one["emails"].as_array_mut().unwrap().push(made);
        });
        // Several at once, without a path, and with what users do not have.
        let value = json!({
            "displayName": "Hanako", "name.givenName": "華子", "title": "x", "id": "7",
            ENTERPRISE: {"department": "総務部"},
            "urn:ietf:params:scim:schemas:extension:ssmax:2.0:User:kana": "ヤマダ ハナコ",
        });
        with(json!([{"op": "replace", "value": value}]), |one| {
            one["displayName"] = "Hanako".into();
            one["name"]["givenName"] = "華子".into();
            one[ENTERPRISE]["department"] = "総務部".into();
            one[NAMES] = json!({"kana": "ヤマダ ハナコ"});
        });
        let gone = json!([{"value": "hanako@a.example"}]);
        with(json!([{"op": "Remove", "path": "emails", "value": gone}]), |one| {
            one["emails"] = json!([]);
        });
    }

    #[test]
    fn values_are_added_replaced_and_removed() {
        with(json!([{"op": "remove", "path": "name.givenName"}]), |one| {
            one["name"].as_object_mut().unwrap().remove("givenName");
        });
        with(json!([{"op": "remove", "path": "emails[type eq \"work\"]"}]), |one| {
            one["emails"] = json!([]);
        });
        with(json!([{"op": "remove", "path": ENTERPRISE}]), |one| {
            one.as_object_mut().unwrap().remove(ENTERPRISE);
        });
        // A new main address takes the place of the one before.
        let second = json!({"value": "y@a.example", "primary": true});
        with(json!([{"op": "add", "path": "emails", "value": [second]}]), |one| {
            one["emails"] = json!([
                {"value": "hanako@a.example", "type": "work"},
                {"value": "y@a.example", "primary": true},
            ]);
        });
        let again = hanako()["emails"].clone();
        with(json!([{"op": "add", "path": "emails", "value": again}]), |_| {});
        let whole = json!({"value": "z@a.example"});
        with(json!([{"op": "replace", "path": "emails", "value": [whole.clone()]}]), |one| {
            one["emails"] = json!([{"value": "z@a.example"}]);
        });
        let path = "emails[type eq \"work\"]";
        with(json!([{"op": "replace", "path": path, "value": whole}]), |one| {
            one["emails"] = json!([{"value": "z@a.example"}]);
        });
        let family = json!({"FAMILYNAME": "佐藤"});
        with(json!([{"op": "replace", "path": "name", "value": family}]), |one| {
            one["name"]["familyName"] = "佐藤".into();
        });
        with(json!([]), |_| {});
    }

    #[test]
    fn what_cannot_be_carried_out_is_named_and_changes_nothing() {
        for (operations, fault) in [
            (json!([{"op": "move", "path": "active"}]), PatchFault::Syntax),
            (json!([{"path": "active"}]), PatchFault::Syntax),
            (json!({}), PatchFault::Syntax),
            (json!([{"op": "remove"}]), PatchFault::NoTarget),
            (json!([{"op": "add", "value": 1}]), PatchFault::Value),
            (json!([{"op": "add", "path": "active"}]), PatchFault::Value),
            (json!([{"op": "add", "path": 1, "value": 1}]), PatchFault::Path),
            (json!([{"op": "add", "path": "title", "value": "x"}]), PatchFault::Path),
            (json!([{"op": "add", "path": "name.x", "value": "x"}]), PatchFault::Path),
            (json!([{"op": "add", "path": "emails[", "value": "x"}]), PatchFault::Path),
            (json!([{"op": "add", "path": "emails[type pr].a.b", "value": 1}]), PatchFault::Path),
            (json!([{"op": "add", "path": "emails[type pr]x", "value": "x"}]), PatchFault::Path),
            (json!([{"op": "add", "path": "id", "value": "x"}]), PatchFault::Mutability),
            (
                json!([{"op": "replace", "path": "meta.location", "value": 1}]),
                PatchFault::Mutability,
            ),
            (
                json!([{"op": "replace", "path": "emails[type co \"x\"].value", "value": "x"}]),
                PatchFault::NoTarget,
            ),
            (
                json!([{"op": "remove", "path": "emails[type eq \"x\"].value"}]),
                PatchFault::NoTarget,
            ),
            (json!([{"op": "add", "path": "userName[x eq 1]", "value": "x"}]), PatchFault::Value),
        ] {
            assert_eq!(patched(operations.clone()), Err(fault), "{operations}");
        }
        let one = json!({"op": "remove", "path": "displayName"});
        assert!(patched(json!(vec![one.clone(); MAX_OPERATIONS])).is_ok());
        assert_eq!(patched(json!(vec![one; MAX_OPERATIONS + 1])), Err(PatchFault::TooMany));
    }
}
