//! Configuration errors tell the file, the line, and what was probably meant.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, dead_code, reason = "tests")]

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use ssmax_daemon::config::{ConfigError, MAX_CONFIG_BYTES, load, nearest, parse, resolve};

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    state_dir: PathBuf,
    #[serde(default)]
    gateway: Gateway,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Gateway {
    listen: String,
    next_hop: String,
    max_connections: u16,
    outside: Outside,
    routes: Vec<Route>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Route {
    domain: String,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outside {
    #[default]
    Reject,
    Hold,
    EncryptIfKnown,
}

fn refused(text: &str) -> ConfigError {
    parse::<Settings>(text, Path::new("ssmax.toml")).unwrap_err()
}

#[test]
fn a_file_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ssmax.toml");
    fs::write(&path, "state_dir = \"state\"\n[gateway]\noutside = \"hold\"\n").unwrap();
    let settings: Settings = load(&path).unwrap();
    assert_eq!(settings.gateway.outside, Outside::Hold);
    assert_eq!(resolve(&path, &settings.state_dir), dir.path().join("state"));
}

#[test]
fn an_unknown_field_is_named_with_its_line_and_the_nearest_known_one() {
    let error = refused("state_dir = \"x\"\n\n[gateway]\nlisten = \"a\"\nnexthop = \"b\"\n");
    assert_eq!(
        error.to_string(),
        "ssmax.toml:5: unknown field `nexthop`, did you mean `next_hop`?"
    );
    let ConfigError::UnknownField { line: 5, field, nearest: Some(nearest), known, .. } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!((field.as_str(), nearest.as_str(), known.len()), ("nexthop", "next_hop", 5));
}

#[test]
fn an_unknown_section_is_named_with_its_line() {
    let error = refused("state_dir = \"x\"\n[gatway]\nlisten = \"a\"\n");
    assert_eq!(error.to_string(), "ssmax.toml:2: unknown field `gatway`, did you mean `gateway`?");
}

#[test]
fn an_unknown_field_in_a_list_of_tables_has_its_own_line() {
    let text = "state_dir = \"x\"\n[[gateway.routes]]\ndomain = \"a\"\n[[gateway.routes]]\ndomian = \"b\"\n";
    assert_eq!(
        refused(text).to_string(),
        "ssmax.toml:5: unknown field `domian`, did you mean `domain`?"
    );
}

#[test]
fn nothing_far_fetched_is_suggested() {
    let error = refused("state_dir = \"x\"\nqqq = 1\n");
    assert_eq!(
        error.to_string(),
        "ssmax.toml:2: unknown field `qqq`, known here: state_dir, gateway"
    );
}

#[test]
fn a_field_with_odd_characters_is_still_told_from_the_known_ones() {
    let error = refused("state_dir = \"x\"\n\"a`, expected `b\" = 1\n");
    let ConfigError::UnknownField { line: 2, field, known, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(field, "a`, expected `b");
    assert_eq!(known, ["state_dir", "gateway"]);
}

#[test]
fn an_unknown_word_is_named_with_the_nearest_known_one() {
    let error = refused("state_dir = \"x\"\n[gateway]\noutside = \"encrypt\"\n");
    assert_eq!(
        error.to_string(),
        "ssmax.toml:3: unknown value `encrypt`, did you mean `encrypt-if-known`?"
    );
}

#[test]
fn a_missing_field_is_named() {
    let error = refused("[gateway]\n[[gateway.routes]]\n");
    assert_eq!(error.to_string(), "ssmax.toml:2: missing field `domain`");
    assert_eq!(refused("").to_string(), "ssmax.toml:1: missing field `state_dir`");
}

#[test]
fn a_value_of_another_type_is_shown_with_line_and_column() {
    let error = refused("state_dir = \"x\"\n[gateway]\nmax_connections = \"many\"\n");
    let ConfigError::Invalid { line: 3, column: 19, message, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(message, "invalid type: string \"many\", expected u16");
}

#[test]
fn a_number_past_its_bound_is_refused() {
    assert!(
        parse::<Settings>("state_dir = \"x\"\ngateway.max_connections = 65535", Path::new("f"))
            .is_ok()
    );
    let error = refused("state_dir = \"x\"\ngateway.max_connections = 65536");
    assert!(matches!(error, ConfigError::Invalid { line: 2, .. }), "{error:?}");
}

#[test]
fn columns_count_characters_and_a_field_may_not_stand_twice() {
    let error = refused("state_dir = \"x\" # 状態\nstate_dir = \"y\"\n");
    assert!(matches!(error, ConfigError::Invalid { line: 2, column: 1, .. }), "{error:?}");
    let error = refused("state_dir = \"状態\" x");
    assert!(matches!(error, ConfigError::Invalid { line: 1, column: 18, .. }), "{error:?}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let path = PathBuf::from("/nonexistent/ssmax.toml");
    let error = load::<Settings>(&path).unwrap_err();
    assert_eq!(error, ConfigError::Unreadable { path, kind: ErrorKind::NotFound });
}

#[test]
fn a_file_of_the_largest_size_is_read_and_one_octet_more_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ssmax.toml");
    let mut text = "state_dir = \"x\"\n#".to_owned();
    text.extend(std::iter::repeat_n('x', usize::try_from(MAX_CONFIG_BYTES).unwrap() - text.len()));
    fs::write(&path, &text).unwrap();
    assert!(load::<Settings>(&path).is_ok());
    fs::write(&path, text + "x").unwrap();
    assert_eq!(load::<Settings>(&path).unwrap_err(), ConfigError::TooLarge { path });
}

#[test]
fn a_file_in_another_encoding_is_refused_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ssmax.toml");
    fs::write(&path, b"state_dir = \"x\"\n# \x8f\xf3\x91\xd4\n").unwrap();
    assert_eq!(load::<Settings>(&path).unwrap_err(), ConfigError::NotUtf8 { path, line: 2 });
}

#[test]
fn paths_start_at_the_file_and_absolute_ones_stay() {
    let config = Path::new("/etc/ssmax/ssmax.toml");
    assert_eq!(resolve(config, Path::new("state")), Path::new("/etc/ssmax/state"));
    assert_eq!(resolve(config, Path::new("/var/lib/x")), Path::new("/var/lib/x"));
    assert_eq!(resolve(Path::new("ssmax.toml"), Path::new("state")), Path::new("state"));
}

#[test]
fn the_nearest_name_is_the_one_most_alike() {
    assert_eq!(nearest("lisen", &["listen", "list", "next_hop"]), Some("listen"));
    assert_eq!(nearest("zzz", &["listen"]), None);
    assert_eq!(nearest("listen", &[]), None);
}
