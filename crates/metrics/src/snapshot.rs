//! What a role says of itself at one moment: to the watch of its host, and to
//! `ssmax status`.

use crate::list;
use serde::{Deserialize, Serialize};

/// One value of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// A counter's.
    Count(u64),
    /// A gauge's.
    Now(f64),
    /// A histogram's.
    Spread {
        /// How many in each bucket, and past the last one at the end.
        counts: Vec<u64>,
        /// Their sum.
        sum: f64,
    },
}

/// One value with its labels, in the order of the declaration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// What the labels say.
    pub labels: Vec<String>,
    /// The value.
    pub value: Value,
}

/// All values of one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Family {
    /// The metric's name.
    pub name: String,
    /// Its values.
    pub samples: Vec<Sample>,
}

/// Something that a role needs to do its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it is, such as `store`.
    pub name: String,
    /// Why it cannot be relied on, such as `unreachable`; `None` when it can.
    pub fault: Option<String>,
    /// Whether the role answers mail without it all the same: then it is told, and the
    /// role counts as ready.
    pub dispensable: bool,
}

impl Part {
    /// Something without which the role is not ready.
    #[must_use]
    pub fn needed(name: &str, fault: Option<&str>) -> Self {
        Self { name: name.to_owned(), fault: fault.map(str::to_owned), dispensable: false }
    }

    /// Something that is to be told, and does not stop the role.
    #[must_use]
    pub fn told(name: &str, fault: Option<&str>) -> Self {
        Self { dispensable: true, ..Self::needed(name, fault) }
    }
}

/// A role at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Which role.
    pub role: String,
    /// The version of its program.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// When it started, in seconds since 1970.
    pub started: i64,
    /// What it needs.
    pub parts: Vec<Part>,
    /// What it has counted.
    pub families: Vec<Family>,
}

impl Snapshot {
    /// Whether all that the role needs can be relied on.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.parts.iter().all(|part| part.dispensable || part.fault.is_none())
    }

    /// What a gauge or counter says under these labels.
    #[must_use]
    pub fn number(&self, name: &str, labels: &[&str]) -> Option<f64> {
        self.samples(name).find(|sample| sample.labels == labels).and_then(Sample::number)
    }

    /// All values of a metric.
    pub fn samples(&self, name: &str) -> impl Iterator<Item = &Sample> {
        self.families.iter().filter(move |one| one.name == name).flat_map(|one| &one.samples)
    }
}

impl Sample {
    /// The number, unless it is a histogram's.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "Prometheus knows no other numbers")]
    pub fn number(&self) -> Option<f64> {
        match &self.value {
            Value::Count(count) => Some(*count as f64),
            Value::Now(now) => Some(*now),
            Value::Spread { .. } => None,
        }
    }
}

/// All that this process has counted; metrics without a value are left out.
#[must_use]
pub fn families() -> Vec<Family> {
    list::ALL
        .iter()
        .map(|metric| Family {
            name: metric.described().name.to_owned(),
            samples: metric.samples(),
        })
        .filter(|family| !family.samples.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_ready_when_all_that_it_cannot_do_without_is_there() {
        let with = |parts: Vec<Part>| Snapshot {
            role: "gateway".into(),
            version: "1".into(),
            pid: 1,
            started: 0,
            parts,
            families: vec![],
        };
        assert!(with(vec![]).is_ready());
        assert!(with(vec![Part::needed("store", None)]).is_ready());
        assert!(with(vec![Part::told("clamav", Some("unreachable"))]).is_ready());
        let missing = vec![Part::needed("store", None), Part::needed("ca", Some("unreachable"))];
        assert!(!with(missing).is_ready());
    }

    #[test]
    fn a_snapshot_is_the_same_after_its_way_over_a_socket() {
        list::RESTARTS.count(["gateway".into()]);
        list::STAGE_SECONDS.observe(["outbound".into(), "sign".into()], 0.2);
        let snapshot = Snapshot {
            role: "gateway".into(),
            version: "1".into(),
            pid: 7,
            started: 12,
            parts: vec![Part::told("clamav", Some("unreachable"))],
            families: families(),
        };
        let mut octets = Vec::new();
        ciborium::into_writer(&snapshot, &mut octets).unwrap();
        let read: Snapshot = ciborium::from_reader(octets.as_slice()).unwrap();
        assert_eq!(read, snapshot);
        assert!(read.number("ssmax_restarts_total", &["gateway"]).unwrap() >= 1.0);
        assert_eq!(read.number("ssmax_restarts_total", &["ca"]), None);
        assert_eq!(read.number("ssmax_stage_seconds", &["outbound", "sign"]), None);
    }
}
