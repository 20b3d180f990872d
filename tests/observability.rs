//! What is published about metrics fits the metrics: their list, the dashboard, the rules.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

use serde_json::Value;
use ssmax_metrics::{Kind, document, list};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap()
}

#[test]
fn the_document_has_every_metric_as_it_is_declared() {
    let written = text("docs/metrics.md");
    let (_, table) = written.split_once("-->\n\n").unwrap();
    assert_eq!(table, document::table(), "docs/metrics.md is stale");
}

/// Names under which samples are written: a histogram has three.
fn sample_names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for metric in list::ALL {
        let one = metric.described();
        match one.kind {
            Kind::Histogram => {
                for end in ["_bucket", "_sum", "_count"] {
                    names.insert(format!("{}{end}", one.name));
                }
            }
            _ => drop(names.insert(one.name.to_owned())),
        }
    }
    names
}

/// Words that look like our metrics.
fn named_in(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with("ssmax_"))
        .map(str::to_owned)
        .collect()
}

fn assert_known(named: &BTreeSet<String>, place: &str) {
    let known = sample_names();
    let unknown: Vec<_> = named.difference(&known).collect();
    assert!(unknown.is_empty(), "{place} names what there is not: {unknown:?}");
}

#[test]
fn the_dashboard_asks_for_metrics_that_there_are() {
    let dashboard: Value =
        serde_json::from_str(&text("packaging/observability/dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() > 15);
    let mut named = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        assert!(!panel["title"].as_str().unwrap().is_empty(), "{panel}");
        for target in panel["targets"].as_array().unwrap() {
            let words = named_in(target["expr"].as_str().unwrap());
            assert!(!words.is_empty(), "{panel}");
            named.extend(words);
        }
    }
    assert_known(&named, "the dashboard");
    assert!(named.len() > 20, "{named:?}");
}

#[test]
fn the_alert_rules_ask_for_metrics_that_there_are_and_promtool_agrees_with_them() {
    let rules = text("packaging/observability/alerts.yml");
    assert_known(&named_in(&rules), "the rules");
    if !has_promtool() {
        return;
    }
    for (action, file_name) in [("check", "alerts.yml"), ("test", "alerts.test.yml")] {
        let output = Command::new("promtool")
            .args([action, "rules", file_name])
            .current_dir(file("packaging/observability"))
            .output()
            .expect("promtool of the package prometheus");
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
}

/// Whether promtool is there; in CI it has to be.
fn has_promtool() -> bool {
    let there = Command::new("promtool").arg("--version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "promtool is not installed");
    if !there {
        println!("skipped: promtool is not installed");
    }
    there
}
