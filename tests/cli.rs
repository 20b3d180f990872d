//! The command line as people and scripts meet it: exit codes, help, advice, files.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ssmax_support::site::{Said, Site, ssmax_in};
use std::fs;
use std::path::Path;

const COMMANDS: &[&[&str]] = &[
    &[],
    &["serve"],
    &["check"],
    &["config"],
    &["config", "sample"],
    &["authority"],
    &["authority", "init"],
    &["authority", "admit"],
    &["authority", "suspend"],
    &["authority", "watch"],
    &["authority", "reinstate"],
    &["authority", "expel"],
    &["authority", "members"],
    &["authority", "publish"],
    &["org"],
    &["org", "init"],
    &["org", "install"],
    &["org", "status"],
    &["user"],
    &["user", "add"],
    &["user", "list"],
    &["user", "export"],
    &["user", "secret"],
    &["user", "revoke"],
    &["setup"],
    &["setup", "postfix"],
    &["explain"],
    &["demo"],
    &["verify"],
    &["decrypt"],
    &["rewrap"],
    &["cert"],
    &["cert", "show"],
    &["cert", "lint"],
    &["cert", "verify"],
    &["bench"],
    &["bench", "cms"],
    &["bench", "mail"],
    &["mail"],
    &["mail", "sign"],
    &["mail", "encrypt"],
    &["mail", "send"],
    &["mail", "open"],
];

fn ssmax(arguments: &[&str]) -> Said {
    ssmax_in(Path::new("/"), arguments)
}

#[test]
fn every_command_has_help_with_an_example_in_both_languages() {
    for command in COMMANDS {
        for (language, heading) in [("en", "Example:\n  ssmax"), ("ja", "例:\n  ssmax")] {
            let mut line = vec!["--lang", language];
            line.extend(*command);
            line.push("--help");
            let said = ssmax(&line).ends(0);
            assert!(said.out.contains(heading), "{line:?}: {}", said.out);
        }
    }
}

#[test]
fn a_wrong_command_line_ends_with_2_and_says_what_and_what_to_do() {
    for (line, what, advice) in [
        (&["sreve"][..], "There is no command sreve", "Did you mean serve?"),
        (&["zzzz"], "There is no command zzzz", "ssmax --help"),
        (&["user", "add", "--nmae", "x"], "did you mean --name?", "ssmax user add --help"),
        (&["org", "install"], "missing: --root-sha256", "ssmax org install --help"),
        (&["serve", "--role", "king"], "possible: authority, keyserver", "ssmax serve --help"),
        (&["--lang", "xx", "check"], "no texts in the language xx", "--lang ja"),
        (&["check", "--config"], "needs a value", "ssmax check --help"),
        (&["--json"], "a command is missing", "ssmax --help"),
        (&["check", "--config", "nowhere/ssmax.toml"], "is not there", "with --config"),
    ] {
        let said = ssmax(line).ends(2);
        assert!(said.err.contains(what), "{line:?}: {}", said.err);
        assert!(said.err.contains("What to do: ") && said.err.contains(advice), "{}", said.err);
        assert_eq!(said.out, "", "{line:?}");
    }
}

#[test]
fn without_a_command_all_of_them_are_shown() {
    let said = ssmax(&[]).ends(2);
    assert!(said.err.contains("Commands:") && said.err.contains("ssmax check"), "{}", said.err);
    assert_eq!(said.out, "");
}

#[test]
fn wrong_use_is_explained_in_the_language_of_the_flag() {
    let said = ssmax(&["sreve", "--lang", "ja"]).ends(2);
    assert!(said.err.contains("sreveというコマンドはありません"), "{}", said.err);
    assert!(said.err.contains("対処: "), "{}", said.err);
}

#[test]
fn a_field_that_does_not_exist_is_named_with_its_line_and_the_nearest_one() {
    let site = Site::new();
    let config = site.member_config().replace("poll_seconds", "pol_seconds");
    site.write("a/ssmax.toml", &config);
    let said = site.member("check", &[]).ends(2);
    assert!(said.err.contains("line 13: there is no field pol_seconds"), "{}", said.err);
    assert!(said.err.contains("Did you mean poll_seconds?"), "{}", said.err);
}

#[test]
fn a_configuration_that_is_not_there_ends_with_2() {
    let site = Site::new();
    let said = site.ssmax(&["check", "--config", "none.toml"]).ends(2);
    assert!(said.err.contains("none.toml is not there"), "{}", said.err);
}

#[test]
fn reports_are_offered_only_where_the_next_hop_makes_them() {
    let site = Site::new();
    let results = |config: &str| {
        site.write("a/ssmax.toml", config);
        let said = site.member("check", &["--json"]).ends(1).json();
        let checks = said["checks"].as_array().unwrap().clone();
        let of_hop = checks.into_iter().filter(|one| one["name"] == "gateway.next_hop");
        of_hop.map(|one| one["result"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // A Maildir tells nobody that it has taken a mail.
    let config = site.member_config();
    assert_eq!(results(&config), ["ok"]);
    assert_eq!(results(&config.replace("[gateway]", "[gateway]\ndsn = true")), ["ok", "error"]);
}

#[test]
fn check_says_when_more_may_be_submitted_than_fits() {
    let site = Site::new();
    let config = site.member_config();
    let said = |more: &str| {
        site.write("a/ssmax.toml", &config.replace("[gateway]\n", &format!("[gateway]\n{more}")));
        let said = site.member("check", &["--json"]).ends(1).json();
        let checks = said["checks"].as_array().unwrap().clone();
        let of_size = checks.into_iter().find(|one| one["name"] == "gateway.max_submission_bytes");
        of_size.map(|one| format!("{}: {} {}", one["result"], one["what"], one["to_do"]))
    };
    assert_eq!(said(""), None);
    assert_eq!(said("max_submission_bytes = 72310656\n"), None);
    let warning = said("max_submission_bytes = 72310657\n").unwrap();
    for words in ["\"warning\"", "72310657", "more than 72310656", "Lower max_submission_bytes"] {
        assert!(warning.contains(words), "{warning}");
    }
}

#[test]
fn a_section_that_a_command_needs_is_asked_for() {
    let site = Site::new();
    let said = site.member("authority", &["members"]).ends(2);
    assert!(said.err.contains("no section [authority]"), "{}", said.err);
}

#[test]
fn the_samples_are_read_by_check() {
    let site = Site::new();
    for (flags, name) in [(&[][..], "member.toml"), (&["--authority"], "authority.toml")] {
        for language in ["ja", "en"] {
            let file = format!("{language}-{name}");
            let mut line = vec!["--lang", language, "config", "sample", "--out", &file];
            line.extend(flags);
            site.ssmax(&line).ends(0);
            // The organisation of the sample does not exist, so there is much to
            // complain about, but not that the file cannot be read.
            let said = site.ssmax(&["check", "--json", "--config", &file]).ends(1);
            assert_eq!(said.json()["checks"][0]["result"], "ok", "{said:?}");
        }
    }
}

#[test]
fn a_sample_never_replaces_a_file() {
    let site = Site::new();
    let before = fs::read(site.path("a/ssmax.toml")).unwrap();
    site.ssmax(&["config", "sample", "--out", "a/ssmax.toml"]).ends(2);
    assert_eq!(fs::read(site.path("a/ssmax.toml")).unwrap(), before);
}

#[test]
fn a_member_is_admitted_listed_suspended_reinstated_and_expelled() {
    let site = Site::new();
    assert_eq!(site.found().len(), 64);
    assert_eq!(
        site.authority(&["members", "--json"]).ends(0).json()["members"],
        serde_json::json!([])
    );
    site.member("org", &["init", "--out", "application.json"]).ends(0);
    let said = site.authority(&["admit", "application.json", "--out", "admission.json"]).ends(0);
    assert!(said.out.contains("Not checked by this program"), "{}", said.out);

    let standing = || {
        let members = site.authority(&["members", "--json"]).ends(0).json();
        let member = &members["members"][0];
        assert_eq!(member["id"], "NTRJP-7000012050002");
        assert_eq!(member["domain_proof"], "none");
        let standing = &member["standing"];
        let text = |name: &str| standing[name].as_str().unwrap().to_owned();
        (text("state"), text("reason"))
    };
    let pair = |state: &str, reason: &str| (state.to_owned(), reason.to_owned());
    assert_eq!(standing(), pair("good", ""));

    let id = "NTRJP-7000012050002";
    let said = site.authority(&["suspend", id, "--reason", "incident-1", "--json"]).ends(0);
    assert_eq!(said.json()["standing"], "suspended");
    assert_eq!(standing(), pair("suspended", "incident-1"));
    site.authority(&["reinstate", id]).ends(0);
    assert_eq!(standing(), pair("good", ""));
    site.authority(&["watch", id, "--reason", "audit-overdue"]).ends(0);
    assert_eq!(standing(), pair("watched", "audit-overdue"));
    site.authority(&["expel", id, "--reason", "rules-broken"]).ends(0);
    assert_eq!(standing(), pair("expelled", "rules-broken"));
    let said = site.authority(&["reinstate", id]).ends(1);
    assert!(said.err.contains("expelled, which is for good"), "{}", said.err);
}

#[test]
fn what_the_authority_refuses_ends_with_1() {
    let site = Site::new();
    site.found();
    site.member("org", &["init", "--out", "application.json"]).ends(0);
    site.authority(&["admit", "application.json", "--out", "admission.json"]).ends(0);

    let application = fs::read_to_string(site.path("application.json")).unwrap();
    site.write("other.json", &application.replace("abuse@", "incidents@"));
    let said = site.authority(&["admit", "other.json", "--out", "again.json"]).ends(1);
    assert!(said.err.contains("a member already"), "{}", said.err);
    assert!(!site.path("again.json").exists());
    let said = site.authority(&["suspend", "NTRJP-0", "--reason", "x"]).ends(1);
    assert!(said.err.contains("no such member"), "{}", said.err);
    let said = site.authority(&["suspend", "NTRJP-7000012050002", "--reason", " "]).ends(1);
    assert!(said.err.contains("The reason is missing"), "{}", said.err);
}

#[test]
fn an_authority_is_founded_once_and_needed_by_its_commands() {
    let site = Site::new();
    let said = site.authority(&["members"]).ends(3);
    assert!(said.err.contains("ssmax authority init"), "{}", said.err);
    site.found();
    let said = site.authority(&["init"]).ends(2);
    assert!(said.err.contains("There is an authority in this state_dir already"), "{}", said.err);
}

#[test]
fn an_application_that_cannot_be_read_ends_with_2() {
    let site = Site::new();
    site.found();
    site.write("application.json", "{\"id\": 1");
    let said = site.authority(&["admit", "application.json"]).ends(2);
    assert!(said.err.contains("is not the document it should be"), "{}", said.err);
    let said = site.authority(&["admit", "none.json"]).ends(2);
    assert!(said.err.contains("none.json is not there"), "{}", said.err);
}

#[test]
fn documents_go_through_standard_output_when_asked() {
    let site = Site::new();
    let said = site.member("org", &["init", "--out", "-"]).ends(0);
    assert_eq!(said.json()["id"], "NTRJP-7000012050002");
}

#[test]
fn an_unlock_secret_is_made_for_its_owner_only_and_never_below_the_state() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::new();
    let said = site.member("org", &["init", "--json"]).ends(0).json();
    assert_eq!(said["unlock_files"].as_array().unwrap().len(), 2);
    for name in ["a/unlock-keyserver", "a/unlock-ca"] {
        let mode = fs::metadata(site.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
}

#[test]
fn an_application_can_be_written_anew_from_the_same_keys() {
    let site = Site::new();
    site.member("org", &["init", "--out", "one.json"]).ends(0);
    let said = site.member("org", &["init", "--out", "two.json", "--json"]).ends(0);
    assert_eq!(said.json()["keys_made"], false);
    let keys = |name: &str| -> serde_json::Value {
        let text = fs::read_to_string(site.path(name)).unwrap();
        let application: serde_json::Value = serde_json::from_str(&text).unwrap();
        application["federation_encryption_keys"].clone()
    };
    assert_eq!(keys("one.json"), keys("two.json"));
}

#[test]
fn an_admission_under_another_root_is_refused() {
    let site = Site::new();
    let root = site.found();
    site.member("org", &["init"]).ends(0);
    site.authority(&["admit", "application.json", "--out", "admission.json"]).ends(0);

    let install =
        |root: &str| site.member("org", &["install", "admission.json", "--root-sha256", root]);
    let said = install(&"0".repeat(64)).ends(1);
    assert!(said.err.contains("The root of this admission is another one"), "{}", said.err);
    let said = install("12345").ends(2);
    assert!(said.err.contains("12345 is no SHA-256"), "{}", said.err);
    assert!(!site.path("a/state/federation").exists());
    // As people copy it: in capitals, with colons.
    let octets: Vec<String> = root
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair).to_uppercase())
        .collect();
    install(&octets.join(":")).ends(0);
}

#[test]
fn an_admission_whose_certificates_are_not_from_its_root_is_refused() {
    let (site, other) = (Site::new(), Site::new());
    let root = site.found();
    other.found();
    site.member("org", &["init"]).ends(0);
    site.authority(&["admit", "application.json", "--out", "admission.json"]).ends(0);
    let text = fs::read_to_string(site.path("application.json")).unwrap();
    other.write("application.json", &text);
    other.authority(&["admit", "application.json", "--out", "admission.json"]).ends(0);

    let read = |site: &Site| -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(site.path("admission.json")).unwrap()).unwrap()
    };
    let mut forged = read(&other);
    forged["root"] = read(&site)["root"].clone();
    site.write("forged.json", &forged.to_string());
    let said = site.member("org", &["install", "forged.json", "--root-sha256", &root]).ends(1);
    assert!(said.err.contains("does not lead to its root"), "{}", said.err);
}

#[test]
fn a_demonstration_with_keys_elsewhere_is_not_taken_up() {
    let site = Site::new();
    for (made, line, what) in [
        ("files/a/state", &["demo", "--hsm", "--dir", "files"][..], "are in files"),
        ("tokens/hsm", &["demo", "--dir", "tokens"], "are in tokens"),
    ] {
        fs::create_dir_all(site.path(made)).unwrap();
        let said = site.ssmax(line).ends(2);
        assert!(said.err.contains(what), "{}", said.err);
        let folder = made.split('/').next().unwrap();
        assert_eq!(fs::read_dir(site.path(folder)).unwrap().count(), 1, "nothing is written");
    }
}
