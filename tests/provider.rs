//! A provider for individuals, set up by its administrator.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

use serde_json::Value;
use ssmax_support::site::Site;

/// The application that `ssmax org init` writes with this changed in the configuration.
fn application(change: impl FnOnce(String) -> String) -> (Site, Value) {
    let site = Site::new();
    site.write("a/ssmax.toml", &change(site.member_config()));
    site.member("org", &["init", "--out", "application.json"]).ends(0);
    let text = std::fs::read_to_string(site.path("application.json")).unwrap();
    (site, serde_json::from_str(&text).unwrap())
}

fn as_esp(config: String) -> String {
    config.replace("[organisation]\n", "[organisation]\nkind = \"esp\"\n")
}

#[test]
fn who_preserves_asks_for_what_mailers_read() {
    let (_, organisation) = application(|config| config);
    assert_eq!(organisation["kind"], "organisation");
    assert_eq!(organisation["capabilities"]["fresh_form"], "wrapped-gcm");
    let (_, preserving) =
        application(|config| config.replace("[gateway]\n", "[gateway]\ndelivery = \"preserve\"\n"));
    assert_eq!(preserving["kind"], "organisation");
    assert_eq!(preserving["capabilities"]["fresh_form"], "mail-cbc");
    let (_, esp) = application(as_esp);
    assert_eq!(esp["kind"], "esp");
    assert_eq!(esp["capabilities"]["fresh_form"], "mail-cbc");
}

#[test]
fn who_brings_an_encryption_key_is_told_before_anything_is_asked() {
    let person = ["add", "1", "--name", "H Y", "--address", "h@a.example", "--proof", "e-mail"];
    let (esp, _) = application(as_esp);
    let said = esp.member("user", &person).ends(2);
    assert!(said.err.contains("--encryption-csr"), "{said:?}");
    let said = esp.member("user", &["export", "h@a.example", "--out", "h"]).ends(2);
    assert!(said.err.contains("an ESP makes and keeps none"), "{said:?}");
    let (organisation, _) = application(|config| config);
    let request = organisation.path("request.csr");
    let key = ssmax_primitives::SoftwareKey::generate(ssmax_token::KeyAlgorithm::EcP256).unwrap();
    std::fs::write(&request, ssmax_pki::request::create(&key, "H Y", None).unwrap()).unwrap();
    let brought = [&person[..], &["--encryption-csr", request.to_str().unwrap()]].concat();
    let said = organisation.member("user", &brought).ends(2);
    assert!(said.err.contains("ssmax user export"), "{said:?}");
}
