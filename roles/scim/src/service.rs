//! The protocol (RFC 7644), without any I/O: a request in, a response out, and a registry
//! that knows the users.

use crate::filter::{BadFilter, Filter, member};
use crate::patch;
use crate::person::{Number, PersonFault, Wanted, is_active, wanted};
use crate::query::Query;
use crate::schema::{self, BadValue};
use serde_json::{Map, Value, json};
use ssmax_api::scim::{Key, MAX_PAGE, Page, Put, PutAnswer, ScimUser};
use ssmax_api::{Organisation, Problem};
use std::future::Future;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The path in front of everything.
pub const BASE: &str = "/scim/v2";

/// How often a PATCH is carried out anew because somebody else was quicker.
const TRIES: usize = 3;

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// Nobody can answer now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away;

/// Who knows the users.
pub trait Registry {
    /// One by its id.
    fn get(&self, id: &str) -> impl Future<Output = Result<Option<ScimUser>, Away>> + Send;
    /// Those of a name.
    fn find(
        &self,
        by: Key,
        value: &str,
    ) -> impl Future<Output = Result<Vec<ScimUser>, Away>> + Send;
    /// Some of all.
    fn page(&self, skip: u64, count: u32) -> impl Future<Output = Result<Page, Away>> + Send;
    /// Keeps one.
    fn put(&self, put: Put) -> impl Future<Output = Result<PutAnswer, Away>> + Send;
    /// Takes one away.
    fn delete(&self, id: &str) -> impl Future<Output = Result<bool, Away>> + Send;
}

/// By what the service judges.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Where clients find the service: scheme, host and [`BASE`].
    pub base: String,
    /// By what people are known.
    pub number: Number,
    /// How identity is proved of who comes this way.
    pub proof: String,
    /// Whose addresses are ours.
    pub organisation: Organisation,
    /// Users of one answer at most.
    pub max_results: usize,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// The path, with [`BASE`].
    pub path: &'a str,
    /// What is behind the question mark.
    pub query: &'a str,
    /// The content.
    pub body: &'a [u8],
}

/// What is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The content; nothing with 204.
    pub body: Option<Value>,
    /// Where a new user is.
    pub location: Option<String>,
}

impl Response {
    fn of(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), location: None }
    }

    /// An error (RFC 7644 3.12).
    #[must_use]
    pub fn error(status: u16, scim_type: Option<&str>, detail: &str) -> Self {
        let mut body = json!({
            "schemas": [ERROR], "status": status.to_string(), "detail": detail,
        });
        if let (Some(scim_type), Some(body)) = (scim_type, body.as_object_mut()) {
            body.insert("scimType".to_owned(), scim_type.into());
        }
        Self::of(status, body)
    }
}

/// Why there is no answer of another kind.
type Stop = Box<Response>;

fn stop(status: u16, scim_type: Option<&str>, detail: &str) -> Stop {
    Box::new(Response::error(status, scim_type, detail))
}

impl From<Away> for Stop {
    fn from(Away: Away) -> Self {
        stop(503, None, "The registry cannot be asked now. Try again.")
    }
}

impl From<BadFilter> for Stop {
    fn from(fault: BadFilter) -> Self {
        stop(400, Some("invalidFilter"), &fault.to_string())
    }
}

impl From<BadValue> for Stop {
    fn from(fault: BadValue) -> Self {
        stop(400, Some("invalidValue"), &fault.to_string())
    }
}

impl From<PersonFault> for Stop {
    fn from(fault: PersonFault) -> Self {
        stop(400, Some("invalidValue"), &fault.to_string())
    }
}

impl From<patch::PatchFault> for Stop {
    fn from(fault: patch::PatchFault) -> Self {
        stop(400, Some(fault.scim_type()), &fault.to_string())
    }
}

/// Answers a request of somebody who may ask.
pub async fn answer<R: Registry>(request: Request<'_>, rules: &Rules, registry: &R) -> Response {
    let service = Service { rules, registry };
    service.respond(request).await.unwrap_or_else(|stop| *stop)
}

struct Service<'a, R> {
    rules: &'a Rules,
    registry: &'a R,
}

impl<R: Registry> Service<'_, R> {
    async fn respond(&self, request: Request<'_>) -> Result<Response, Stop> {
        let not_found = || stop(404, None, "There is nothing of this name.");
        let path = request.path.strip_prefix(BASE).ok_or_else(not_found)?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let not_allowed = || stop(405, None, "That cannot be done with this.");
        match (request.method, parts.as_slice()) {
            ("POST", ["Users"]) => self.create(request.body).await,
            ("GET", ["Users"]) => self.list(&Query::of_uri(request.query)?).await,
            ("POST", ["Users" | "", ".search"] | [".search"]) => {
                self.list(&Query::of_body(&json_of(request.body)?)?).await
            }
            ("GET", ["Users", id]) => {
                let query = Query::of_uri(request.query)?;
                let user = self.user(id).await?;
                Ok(Response::of(200, query.shown(self.resource(&user)?)))
            }
            ("PUT", ["Users", id]) => self.replace(id, request.body).await,
            ("PATCH", ["Users", id]) => self.patch(id, request.body).await,
            ("DELETE", ["Users", id]) => {
                if self.registry.delete(id).await? {
                    Ok(Response { status: 204, body: None, location: None })
                } else {
                    Err(not_found())
                }
            }
            ("GET", [kind]) => self.described(kind).ok_or_else(not_found),
            ("GET", [kind @ ("Schemas" | "ResourceTypes"), id]) => {
                let all = self.descriptions(kind).unwrap_or_default();
                let is_it = |one: &Value| member(one, "id").and_then(Value::as_str) == Some(*id);
                let found = all.into_iter().find(is_it).ok_or_else(not_found)?;
                Ok(Response::of(200, found))
            }
            (
                _,
                ["Users" | "Schemas" | "ResourceTypes"]
                | ["Users" | "Schemas" | "ResourceTypes", _]
                | ["ServiceProviderConfig"],
            ) => Err(not_allowed()),
            _ => Err(not_found()),
        }
    }

    fn descriptions(&self, kind: &str) -> Option<Vec<Value>> {
        match kind {
            "Schemas" => Some(schema::schemas(&self.rules.base)),
            "ResourceTypes" => Some(schema::resource_types(&self.rules.base)),
            _ => None,
        }
    }

    fn described(&self, kind: &str) -> Option<Response> {
        if kind == "ServiceProviderConfig" {
            let Rules { base, max_results, .. } = self.rules;
            return Some(Response::of(200, schema::service_provider_config(base, *max_results)));
        }
        let all = self.descriptions(kind)?;
        Some(Response::of(200, listed(all.len() as u64, 1, all)))
    }

    async fn user(&self, id: &str) -> Result<ScimUser, Stop> {
        let found = self.registry.get(id).await?;
        found.ok_or_else(|| stop(404, None, "There is no user of this id."))
    }

    /// The user as clients see them.
    fn resource(&self, user: &ScimUser) -> Result<Value, Stop> {
        let mut resource = read(user)?;
        let schemas = schema::of(&resource);
        resource.insert("schemas".to_owned(), json!(schemas));
        resource.insert("id".to_owned(), user.id.clone().into());
        let meta = json!({
            "resourceType": "User",
            "created": time(user.created),
            "lastModified": time(user.modified),
            "location": self.location(user),
        });
        resource.insert("meta".to_owned(), meta);
        Ok(Value::Object(resource))
    }

    fn location(&self, user: &ScimUser) -> String {
        format!("{}/Users/{}", self.rules.base, user.id)
    }

    async fn create(&self, body: &[u8]) -> Result<Response, Stop> {
        let kept = schema::kept(&json_of(body)?)?;
        let user = self.put(None, &kept).await?.ok_or(Away)?;
        let location = Some(self.location(&user));
        Ok(Response { status: 201, body: Some(self.resource(&user)?), location })
    }

    async fn replace(&self, id: &str, body: &[u8]) -> Result<Response, Stop> {
        let kept = schema::kept(&json_of(body)?)?;
        for _ in 0..TRIES {
            let user = self.user(id).await?;
            if let Some(user) = self.put(Some(&user), &kept).await? {
                return Ok(Response::of(200, self.resource(&user)?));
            }
        }
        Err(Away.into())
    }

    async fn patch(&self, id: &str, body: &[u8]) -> Result<Response, Stop> {
        let request = json_of(body)?;
        for _ in 0..TRIES {
            let user = self.user(id).await?;
            let before = read(&user)?;
            let kept = schema::kept(&patch::apply(&before, &request)?)?;
            if kept == before {
                return Ok(Response::of(200, self.resource(&user)?));
            }
            if let Some(user) = self.put(Some(&user), &kept).await? {
                return Ok(Response::of(200, self.resource(&user)?));
            }
        }
        Err(Away.into())
    }

    /// Keeps a user. `None` if somebody else has changed it meanwhile.
    async fn put(
        &self,
        of: Option<&ScimUser>,
        kept: &Map<String, Value>,
    ) -> Result<Option<ScimUser>, Stop> {
        let text = |name: &str| kept.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        let user_name = text("userName").filter(|name| !name.trim().is_empty());
        let Rules { number, proof, organisation, .. } = self.rules;
        let person = match wanted(kept, *number, proof, organisation)? {
            Wanted::Person(person) => Some(*person),
            Wanted::Nobody => None,
        };
        if let Some(Err(fault)) = person.as_ref().map(ssmax_api::ca::Person::check) {
            let detail = format!("The registry cannot take the person: {fault}.");
            return Err(stop(400, Some("invalidValue"), &detail));
        }
        let put = Put {
            of: of.map(|user| (user.id.clone(), user.version)),
            user_name: user_name
                .ok_or_else(|| stop(400, Some("invalidValue"), "userName is needed."))?,
            external_id: text("externalId"),
            resource: Value::Object(kept.clone()).to_string(),
            person,
            active: is_active(kept),
        };
        match self.registry.put(put).await? {
            PutAnswer::Kept(user) => Ok(Some(user)),
            PutAnswer::Changed => Ok(None),
            PutAnswer::NameTaken => {
                Err(stop(409, Some("uniqueness"), "Another user has this userName."))
            }
            PutAnswer::OtherPerson => Err(stop(
                400,
                Some("mutability"),
                "The number by which a person is known cannot be changed.",
            )),
            PutAnswer::Refused(Problem::Exists) => {
                Err(stop(409, Some("uniqueness"), "The number or an address is another person's."))
            }
            PutAnswer::Refused(Problem::Failed) => Err(Away.into()),
            PutAnswer::Refused(_) => {
                Err(stop(400, Some("invalidValue"), "The registry does not take the person."))
            }
        }
    }

    async fn list(&self, query: &Query) -> Result<Response, Stop> {
        let count = query.count.unwrap_or(self.rules.max_results).min(self.rules.max_results);
        let skip = query.start.saturating_sub(1);
        let (total, users) = match &query.filter {
            None => self.some_of_all(skip, count).await?,
            Some(filter) => self.filtered(filter, skip, count).await?,
        };
        let shown = users
            .iter()
            .map(|user| Ok(query.shown(self.resource(user)?)))
            .collect::<Result<Vec<Value>, Stop>>()?;
        Ok(Response::of(200, listed(total, query.start, shown)))
    }

    async fn some_of_all(&self, skip: usize, count: usize) -> Result<(u64, Vec<ScimUser>), Stop> {
        let mut users = Vec::new();
        loop {
            let left = u32::try_from(count - users.len()).unwrap_or(MAX_PAGE).min(MAX_PAGE);
            let passed = u64::try_from(skip + users.len()).unwrap_or(u64::MAX);
            let page = self.registry.page(passed, left).await?;
            let is_last = page.users.len() < usize::try_from(left).unwrap_or_default();
            users.extend(page.users);
            if is_last || users.len() >= count {
                return Ok((page.total, users));
            }
        }
    }

    async fn filtered(
        &self,
        filter: &Filter,
        skip: usize,
        count: usize,
    ) -> Result<(u64, Vec<ScimUser>), Stop> {
        let by_name = filter.is_equal_to("userName").map(|name| (Key::UserName, name));
        let by_external = filter.is_equal_to("externalId").map(|name| (Key::ExternalId, name));
        let candidates = if let Some((by, value)) = by_name.or(by_external) {
            self.registry.find(by, value).await?
        } else if let Some(id) = filter.is_equal_to("id") {
            self.registry.get(id).await?.into_iter().collect()
        } else {
            self.some_of_all(0, usize::MAX).await?.1
        };
        let mut found = Vec::new();
        for user in candidates {
            if filter.fits(&self.resource(&user)?) {
                found.push(user);
            }
        }
        let total = found.len() as u64;
        Ok((total, found.into_iter().skip(skip).take(count).collect()))
    }
}

fn listed(total: u64, start: usize, resources: Vec<Value>) -> Value {
    json!({
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

fn json_of(body: &[u8]) -> Result<Value, Stop> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|_| stop(400, Some("invalidSyntax"), "The content is not JSON."))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(stop(400, Some("invalidSyntax"), "The content is not an object."))
    }
}

fn read(user: &ScimUser) -> Result<Map<String, Value>, Stop> {
    match serde_json::from_str(&user.resource) {
        Ok(Value::Object(resource)) => Ok(resource),
        // It was written by us.
        _ => Err(stop(500, None, "The user cannot be read.")),
    }
}

fn time(at: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(at).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(&Rfc3339).unwrap_or_default()
}
