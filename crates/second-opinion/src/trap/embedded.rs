//! Bodies that are one thing by their type, and to some readers another: a mail, a
//! multipart, a part with a header of its own.

use crate::fault::Difference;
use crate::work;
use memchr::memmem;
use ssmax_mail::Entity;

/// Types of `message/*` whose body is blocks of fields for programs (RFC 3464, RFC 8098,
/// RFC 5965, RFC 3886, RFC 6533). Python's reader makes a mail of each block.
const REPORTS: [&str; 6] = [
    "delivery-status",
    "disposition-notification",
    "feedback-report",
    "tracking-status",
    "global-delivery-status",
    "global-disposition-notification",
];

/// Types of `message/*` that say of themselves that they are not the whole content
/// (RFC 2046 5.2.2, 5.2.3): inspection names them.
const INCOMPLETE: [&str; 2] = ["partial", "external-body"];

/// Names whichever body is read as a mail or parts by some.
pub(super) fn check(entity: &Entity<'_>) -> Result<(), Difference> {
    let kind = entity.content_type();
    if kind.is_multipart() || kind.is_message() {
        return Ok(());
    }
    work::spend(entity.body().len());
    if kind.kind() == "message" {
        message(entity)?;
    } else if begins_as_header(entity.body())
        || entity.header().fields().is_empty() && has_header(entity.body())
    {
        return Err(Difference::HiddenContent);
    }
    if kind.is("text", "rfc822-headers") && has_more_than_header(entity.body()) {
        return Err(Difference::Structure);
    }
    match kind.parameter("boundary") {
        Some(boundary) if has_delimiter(entity.body(), boundary) => Err(Difference::Structure),
        _ => Ok(()),
    }
}

/// There are readers that take anything called `message/*` for a mail.
fn message(entity: &Entity<'_>) -> Result<(), Difference> {
    let subtype = entity.content_type().subtype();
    if INCOMPLETE.contains(&subtype) {
        return Ok(());
    }
    let octets = entity.decoded_body().map_err(Difference::Fault)?;
    let is_plain = match subtype {
        "global-headers" => !has_more_than_header(&octets),
        report if REPORTS.contains(&report) => {
            !octets.split(|octet| *octet == b'\n').any(says_how_to_read)
        }
        _ => false,
    };
    if is_plain { Ok(()) } else { Err(Difference::Structure) }
}

/// Whether a body begins, blank lines aside, with a field that says how to read it: who
/// ends the header one line later, takes it for one.
pub(crate) fn begins_as_header(body: &[u8]) -> bool {
    says_how_to_read(body.trim_ascii_start())
}

/// Whether the first block of a body could be a header that says how to read the rest. Of
/// an entity without any field: who skips blank lines before a header finds this one.
fn has_header(body: &[u8]) -> bool {
    body.trim_ascii_start()
        .split(|octet| *octet == b'\n')
        .take_while(|line| !line.trim_ascii().is_empty())
        .any(says_how_to_read)
}

/// Whether it is a field that changes how a body is read.
fn says_how_to_read(line: &[u8]) -> bool {
    ["content-type", "content-transfer-encoding"].iter().any(|name| {
        line.split_at_checked(name.len()).is_some_and(|(start, rest)| {
            start.eq_ignore_ascii_case(name.as_bytes()) && rest.trim_ascii_start().starts_with(b":")
        })
    })
}

/// Whether text stands behind the blank line of a header block that should be alone.
fn has_more_than_header(octets: &[u8]) -> bool {
    let octets = octets.trim_ascii();
    memmem::find(octets, b"\r\n\r\n").is_some() || memmem::find(octets, b"\n\n").is_some()
}

/// Whether a body that is no multipart has a delimiter line.
fn has_delimiter(body: &[u8], boundary: &str) -> bool {
    let delimiter = format!("--{boundary}");
    !boundary.is_empty() && memmem::find(body, delimiter.as_bytes()).is_some()
}
