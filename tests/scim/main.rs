//! SCIM from outside: a member with its roles as processes, and an identity provider.
//!
//! `tester.rs` has a compliance suite of others judge the service; here are requests as Entra
//! ID writes them (<https://learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups>),
//! and what is refused.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

mod client;
mod tester;

use client::Provider;
use serde_json::{Value, json};
use ssmax_store::sqlx::{self, Connection as _, SqliteConnection};
use ssmax_support::site::{Serving, Site};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const ROLES: [&str; 5] = ["keyserver", "ca", "inspector", "gateway", "scim"];

/// A member that has made itself and serves, with a token for a provider.
fn serving(settings: &str) -> (Site, Serving, Provider) {
    let site = Site::new();
    let said = site.ssmax(&["setup", "scim", "--name", "entra", "--json"]).ends(0).json();
    let config = format!(
        "{}\n[scim]\nlisten = \"127.0.0.1:{}\"\nallow_plaintext = true\n\
         tokens = [{{ name = \"entra\", sha256 = {} }}]\n{settings}",
        site.member_config(),
        site.spare_port,
        said["sha256"],
    );
    site.write("a/ssmax.toml", &config);
    site.join();
    let serving = site.serve("a", &[], &ROLES);
    let token = said["token"].as_str().unwrap().to_owned();
    let provider = Provider { port: site.spare_port, token };
    (site, serving, provider)
}

/// Hanako as Entra ID creates her.
fn hanako() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "hanako@a.example",
        "active": true,
        "displayName": "山田 花子",
        "emails": [{"primary": true, "type": "work", "value": "hanako@a.example"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "山田 花子", "familyName": "山田", "givenName": "花子"},
        "title": "課長",
        "preferredLanguage": "ja-JP",
        ENTERPRISE: {"employeeNumber": "1001", "department": "営業部"},
    })
}

fn patch(operations: Value) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations,
    })
}

/// How the registry has somebody.
fn registered(site: &Site, user: &str) -> Option<Value> {
    let listed = site.member("user", &["list", "--json"]).ends(0).json();
    let users = listed["users"].as_array().unwrap();
    users.iter().find(|one| one["user"] == user).cloned()
}

#[test]
fn who_joins_changes_leaves_and_returns_at_the_provider_does_so_here() {
    let (site, _serving, provider) = serving("");
    // Entra ID asks first whether there is one.
    let by_name = "/Users?filter=userName+eq+%22HANAKO%40a.example%22";
    assert_eq!(provider.get(by_name).ends(200).body["totalResults"], 0);
    let made = provider.post("/Users", &hanako()).ends(201);
    let id = made.body["id"].as_str().unwrap().to_owned();
    let location = made.body["meta"]["location"].as_str().unwrap();
    assert!(location.ends_with(&format!("/scim/v2/Users/{id}")), "{location}");
    assert_eq!(made.field("location"), Some(location));
    assert_eq!(made.body["title"], Value::Null);
    let found = provider.get(by_name).ends(200);
    assert_eq!(found.body["Resources"][0]["id"], id.as_str());
    let by_external = "/Users?filter=externalId+eq+%220a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef%22";
    assert_eq!(provider.get(by_external).ends(200).body["totalResults"], 1);

    let there = registered(&site, "1001").unwrap();
    assert_eq!((&there["active"], &there["name"]), (&json!(true), &json!("山田 花子")));
    assert_eq!(there["addresses"], json!(["hanako@a.example"]));
    assert_eq!(issued(&site), 2);

    // A name changes: new certificates for the same keys. An alias needs none.
    let user = format!("/Users/{id}");
    let operations = json!([
        {"op": "Replace", "path": "displayName", "value": "佐藤 花子"},
        {"op": "Replace", "path": "name.familyName", "value": "佐藤"},
    ]);
    let changed = provider.patch(&user, &patch(operations)).ends(200);
    assert_eq!(changed.body["displayName"], "佐藤 花子");
    assert_eq!(registered(&site, "1001").unwrap()["name"], "佐藤 花子");
    assert_eq!(issued(&site), 4);
    let path = "emails[type eq \"other\"].value";
    let operations = json!([{"op": "Add", "path": path, "value": "h.sato@a.example"}]);
    provider.patch(&user, &patch(operations)).ends(200);
    let there = registered(&site, "1001").unwrap();
    assert_eq!(there["addresses"], json!(["hanako@a.example", "h.sato@a.example"]));
    assert_eq!(issued(&site), 4);

    // She leaves, as Entra ID says it, and comes back.
    let operations = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    let left = provider.patch(&user, &patch(operations)).ends(200);
    assert_eq!(left.body["active"], false);
    assert_eq!(registered(&site, "1001").unwrap()["active"], false);
    let operations = json!([{"op": "Replace", "value": {"active": true}}]);
    provider.patch(&user, &patch(operations)).ends(200);
    assert_eq!(registered(&site, "1001").unwrap()["active"], true);

    // A replacement takes all that is not in it away.
    let mut less = hanako();
    less.as_object_mut().unwrap().remove("externalId");
    let replaced = provider.put(&user, &less).ends(200);
    assert_eq!(replaced.body["externalId"], Value::Null);
    assert_eq!(registered(&site, "1001").unwrap()["addresses"], json!(["hanako@a.example"]));

    let gone = provider.delete(&user).ends(204);
    assert_eq!(gone.text, "");
    provider.get(&user).ends(404);
    provider.delete(&user).ends(404);
    assert_eq!(registered(&site, "1001").unwrap()["active"], false);
    // Made anew at the provider, she is who she was.
    provider.post("/Users", &hanako()).ends(201);
    assert_eq!(registered(&site, "1001").unwrap()["active"], true);
}

/// How many certificates have been issued for Hanako.
fn issued(site: &Site) -> i64 {
    let path = site.path("a/state/ca/ca.sqlite").display().to_string();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut file = SqliteConnection::connect(&format!("sqlite://{path}")).await.unwrap();
        let count = "SELECT count(*) FROM certificate WHERE subject = '1001'";
        let (count,): (i64,) = sqlx::query_as(count).fetch_one(&mut file).await.unwrap();
        file.close().await.unwrap();
        count
    })
}

#[test]
fn what_the_registry_cannot_take_is_refused_and_changes_nothing() {
    let (site, _serving, provider) = serving("");
    let made = provider.post("/Users", &hanako()).ends(201);
    let user = format!("/Users/{}", made.body["id"].as_str().unwrap());
    let refused = |said: client::Said, status: u16, kind: &str| {
        let said = said.ends(status);
        assert_eq!(said.body["scimType"], kind, "{said:?}");
        assert_eq!(said.body["status"], status.to_string());
    };
    // The same name, number or address again.
    refused(provider.post("/Users", &hanako()), 409, "uniqueness");
    let with = |change: fn(&mut Value)| {
        let mut user = hanako();
        user["userName"] = "other@a.example".into();
        user[ENTERPRISE]["employeeNumber"] = "1002".into();
        user["emails"][0]["value"] = "other@a.example".into();
        change(&mut user);
        user
    };
    let same_number = with(|one| one[ENTERPRISE]["employeeNumber"] = "1001".into());
    refused(provider.post("/Users", &same_number), 409, "uniqueness");
    let same_address = with(|one| one["emails"][0]["value"] = "hanako@a.example".into());
    refused(provider.post("/Users", &same_address), 409, "uniqueness");
    let no_number = with(|one| drop(one.as_object_mut().unwrap().remove(ENTERPRISE)));
    refused(provider.post("/Users", &no_number), 400, "invalidValue");
    let long = with(|one| one["displayName"] = "名".repeat(65).into());
    refused(provider.post("/Users", &long), 400, "invalidValue");
    let no_name = with(|one| drop(one.as_object_mut().unwrap().remove("userName")));
    refused(provider.post("/Users", &no_name), 400, "invalidValue");
    assert!(registered(&site, "1002").is_none());
    // Another person than before.
    let path = format!("{ENTERPRISE}:employeeNumber");
    let operations = json!([{"op": "Replace", "path": path, "value": "1003"}]);
    refused(provider.patch(&user, &patch(operations)), 400, "mutability");
    for (operations, kind) in [
        (json!([{"op": "Add", "path": "title[", "value": "x"}]), "invalidPath"),
        (json!([{"op": "Move"}]), "invalidSyntax"),
        (json!([{"op": "Replace", "path": "active", "value": "perhaps"}]), "invalidValue"),
        (json!([{"op": "Remove"}]), "noTarget"),
    ] {
        refused(provider.patch(&user, &patch(operations)), 400, kind);
    }
    refused(provider.get("/Users?filter=userName+is+1"), 400, "invalidFilter");
    refused(provider.send("POST", "/Users", b"{"), 400, "invalidSyntax");
    assert_eq!(provider.get(&user).ends(200).body, made.body);
    // A user without an address of ours is kept, and nobody here.
    let outside = with(|one| {
        one["userName"] = "guest@elsewhere.example".into();
        one["emails"][0]["value"] = "guest@elsewhere.example".into();
    });
    provider.post("/Users", &outside).ends(201);
    assert!(registered(&site, "1002").is_none());
    assert_eq!(provider.get("/Users").ends(200).body["totalResults"], 2);
    for (method, path, status) in [
        ("DELETE", "/Users", 405),
        ("POST", "/Schemas", 405),
        ("GET", "/Groups", 404),
        ("GET", "/Users/none", 404),
        ("GET", "/../Users", 404),
    ] {
        provider.send(method, path, b"").ends(status);
    }
}

#[test]
fn who_may_not_ask_learns_nothing_and_everything_has_an_end() {
    let limits = "[scim.limits]\nmax_request_bytes = 4096\nfailed_logins_per_hour = 3\n\
                  requests_per_second = 2\nmax_results = 2\n";
    let (_site, _serving, provider) = serving(limits);
    let mut large = hanako();
    large["title"] = "x".repeat(4096).into();
    provider.post("/Users", &large).ends(413);
    for number in 0..3 {
        let mut user = hanako();
        user["userName"] = format!("guest{number}@elsewhere.example").into();
        user["emails"] = json!([]);
        provider.post("/Users", &user).ends(201);
    }
    let page = provider.get("/Users?startIndex=2&count=50").ends(200).body;
    let shown = ["totalResults", "startIndex", "itemsPerPage"].map(|name| page[name].clone());
    assert_eq!(shown, [json!(3), json!(2), json!(2)]);
    // The bucket of ten seconds' worth runs dry.
    let statuses: Vec<u16> = (0..30).map(|_| provider.get("/Users").status).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    let stranger = Provider { token: "guess".to_owned(), ..provider };
    for _ in 0..3 {
        let said = stranger.get("/Users").ends(401);
        assert_eq!(said.field("www-authenticate"), Some("Bearer"));
        assert!(said.body["Resources"].is_null());
    }
    // Now the right one is not heard either, until the hour is over.
    stranger.get("/Users").ends(429);
}
