//! What a role counts, declared once in [`list`]: name, kind, unit, labels, help.
//!
//! A label is a word of this program or a number, by its type: nothing that came with a
//! mail (an address, a Message-ID, a name) can become one, so that what is read without a
//! login tells of nobody, and no stranger can make series without end. Counting is a
//! process's own matter, as its log is; [`snapshot`] takes what has been counted, and
//! [`exposition`] writes the snapshots of all roles of a host as Prometheus reads them.

pub mod document;
pub mod exposition;
mod family;
pub mod list;
pub mod snapshot;

pub use family::{Counter, Described, Gauge, Histogram, Kind, Label, MAX_SERIES, Metric};
pub use snapshot::{Family, Part, Sample, Snapshot, Value};
