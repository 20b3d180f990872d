//! The list of metrics as people read it: `docs/metrics.md` is this text.

use crate::list;
use std::fmt::Write as _;

/// The table of all metrics, in Markdown.
#[must_use]
pub fn table() -> String {
    let mut text = String::from("| metric | kind | labels | what it says |\n|---|---|---|---|\n");
    for metric in list::ALL {
        let one = metric.described();
        let labels: Vec<String> = one.labels.iter().map(|label| format!("`{label}`")).collect();
        let (name, kind) = (one.name, one.kind.as_str());
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| `{name}` | {kind} | {} | {} |", labels.join(", "), one.help);
    }
    text
}
