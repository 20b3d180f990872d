//! The Prometheus text exposition format, version 0.0.4.

use crate::family::{Described, Kind};
use crate::list;
use crate::snapshot::{Sample, Snapshot, Value};
use std::fmt::Write as _;

/// What the HTTP answer calls it.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What all roles of a host have counted, one text: each metric once, with the samples of
/// all roles below it, under a label `role`. Of another version's snapshot, only what is
/// declared here is written.
#[must_use]
pub fn render(snapshots: &[Snapshot]) -> String {
    let mut text = String::new();
    for metric in list::ALL {
        let described = metric.described();
        let mut lines = String::new();
        for snapshot in snapshots {
            for sample in snapshot.samples(described.name) {
                write_sample(&mut lines, &described, &snapshot.role, sample);
            }
        }
        if !lines.is_empty() {
            let name = described.name;
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# HELP {name} {}", escaped_help(described.help));
            let _ = writeln!(text, "# TYPE {name} {}", described.kind.as_str());
            text.push_str(&lines);
        }
    }
    text
}

fn write_sample(lines: &mut String, described: &Described, role: &str, sample: &Sample) {
    if sample.labels.len() != described.labels.len() {
        return;
    }
    let mut labels = format!("role=\"{}\"", escaped(role));
    for (name, value) in described.labels.iter().zip(&sample.labels) {
        let _ = write!(labels, ",{name}=\"{}\"", escaped(value));
    }
    let name = described.name;
    match (&sample.value, described.kind) {
        (Value::Count(count), Kind::Counter) => {
            let _ = writeln!(lines, "{name}{{{labels}}} {count}");
        }
        (Value::Now(now), Kind::Gauge) => {
            let _ = writeln!(lines, "{name}{{{labels}}} {}", number(*now));
        }
        (Value::Spread { counts, sum }, Kind::Histogram)
            if counts.len() == described.buckets.len() + 1 =>
        {
            let mut so_far: u64 = 0;
            let bounds = described.buckets.iter().copied().chain([f64::INFINITY]);
            for (count, bound) in counts.iter().zip(bounds) {
                so_far = so_far.saturating_add(*count);
                let bound = number(bound);
                let _ = writeln!(lines, "{name}_bucket{{{labels},le=\"{bound}\"}} {so_far}");
            }
            let _ = writeln!(lines, "{name}_sum{{{labels}}} {}", number(*sum));
            let _ = writeln!(lines, "{name}_count{{{labels}}} {so_far}");
        }
        _ => {}
    }
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() }
    } else {
        value.to_string()
    }
}

fn escaped_help(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

fn escaped(value: &str) -> String {
    escaped_help(value).replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Family;

    fn snapshot(role: &str, name: &str, samples: Vec<Sample>) -> Snapshot {
        let families = vec![Family { name: name.into(), samples }];
        let (role, version) = (role.to_owned(), "1".to_owned());
        Snapshot { role, version, pid: 1, started: 0, parts: vec![], families }
    }

    fn sample(labels: &[&str], value: Value) -> Sample {
        Sample { labels: labels.iter().map(|&one| one.to_owned()).collect(), value }
    }

    #[test]
    fn the_samples_of_all_roles_stand_together_under_one_declaration() {
        let of = |role, bytes| {
            snapshot(role, "ssmax_store_bytes", vec![sample(&["journal"], Value::Now(bytes))])
        };
        let text = render(&[of("gateway", 4096.0), of("ca", 0.5)]);
        assert_eq!(
            text,
            "# HELP ssmax_store_bytes Octets of a store on the disk.\n\
             # TYPE ssmax_store_bytes gauge\n\
             ssmax_store_bytes{role=\"gateway\",store=\"journal\"} 4096\n\
             ssmax_store_bytes{role=\"ca\",store=\"journal\"} 0.5\n"
        );
    }

    #[test]
    fn the_buckets_of_a_histogram_add_up() {
        let buckets = list::STAGE_BUCKETS.len();
        let mut counts = vec![0; buckets + 1];
        counts[0] = 2;
        counts[buckets] = 1;
        let spread = sample(&["inbound", "accept"], Value::Spread { counts, sum: 90.5 });
        let text = render(&[snapshot("gateway", "ssmax_stage_seconds", vec![spread])]);
        let labels = "role=\"gateway\",direction=\"inbound\",stage=\"accept\"";
        for line in [
            format!("ssmax_stage_seconds_bucket{{{labels},le=\"0.001\"}} 2\n"),
            format!("ssmax_stage_seconds_bucket{{{labels},le=\"60\"}} 2\n"),
            format!("ssmax_stage_seconds_bucket{{{labels},le=\"+Inf\"}} 3\n"),
            format!("ssmax_stage_seconds_sum{{{labels}}} 90.5\n"),
            format!("ssmax_stage_seconds_count{{{labels}}} 3\n"),
        ] {
            assert!(text.contains(&line), "{line}{text}");
        }
    }

    #[test]
    fn what_another_version_says_cannot_break_the_text() {
        let evil = "x\"} 1\nssmax_store_bytes{store=\"\\";
        let labelled = snapshot(
            evil,
            "ssmax_store_bytes",
            vec![
                sample(&[evil], Value::Now(f64::NEG_INFINITY)),
                sample(&[], Value::Now(1.0)),
                sample(&["journal"], Value::Count(1)),
            ],
        );
        let unknown = snapshot("ca", "ssmax_unheard_of", vec![sample(&[], Value::Now(1.0))]);
        let wrong = Value::Spread { counts: vec![1], sum: 0.0 };
        let short = snapshot("ca", "ssmax_stage_seconds", vec![sample(&["a", "b"], wrong)]);
        let text = render(&[labelled, unknown, short]);
        assert_eq!(text.lines().count(), 3, "{text}");
        let shown = r#"x\"} 1\nssmax_store_bytes{store=\"\\"#;
        let line = format!("ssmax_store_bytes{{role=\"{shown}\",store=\"{shown}\"}} -Inf\n");
        assert!(text.ends_with(&line), "{text}");
    }
}
