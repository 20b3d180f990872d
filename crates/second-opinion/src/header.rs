//! Header blocks, one by one, as both parsers read them.

use crate::fault::{Difference, Disagreement};
use crate::search::Search;
use crate::{trap, work};
use mail_parser::{Address, ContentType, HeaderName, HeaderValue, Message, MessageParser};
use mail_parser::{GetHeader as _, MimeHeaders as _};
use memchr::memmem;
use ssmax_mail::address;
use ssmax_mail::{Entity, Field, TransferEncoding};

/// Fields of addresses that are compared.
const ADDRESS_FIELDS: [(&str, HeaderName<'static>); 6] = [
    ("From", HeaderName::From),
    ("Sender", HeaderName::Sender),
    ("Reply-To", HeaderName::ReplyTo),
    ("To", HeaderName::To),
    ("Cc", HeaderName::Cc),
    ("Bcc", HeaderName::Bcc),
];

/// Compares a mail's header blocks and those of all its parts, and of mails inside it.
pub(crate) fn mail(mail: &Entity<'_>, search: &mut Search) -> Result<(), Disagreement> {
    each(mail, search, false)
}

fn each(mail: &Entity<'_>, search: &mut Search, inner: bool) -> Result<(), Disagreement> {
    trap::twice(mail).map_err(|what| Disagreement::at(mail, what))?;
    for part in mail.walk() {
        let theirs = read(part);
        entity(part, theirs.as_ref()).map_err(|what| Disagreement::at(part, what))?;
        if std::ptr::eq(part, mail) {
            top(part, theirs.as_ref(), inner).map_err(|what| Disagreement::at(part, what))?;
        }
        match part.message() {
            Some(Ok(inner)) => each(&inner, search, true)?,
            Some(Err(fault)) => search.fault(part, fault)?,
            None => {}
        }
    }
    Ok(())
}

/// The other parser's reading of the header block alone; `None` for an empty one.
fn read(entity: &Entity<'_>) -> Option<Message<'static>> {
    let header = entity.raw().len() - entity.body().len();
    let block = entity.raw().get(..header).unwrap_or_default();
    work::spend(block.len());
    if entity.header().fields().is_empty() {
        return None;
    }
    // A block may end with the part, without its blank line.
    let block = [block, b"\r\n"].concat();
    MessageParser::new().parse_headers(&block).map(Message::into_owned)
}

fn entity(entity: &Entity<'_>, theirs: Option<&Message<'_>>) -> Result<(), Difference> {
    fields(entity, theirs)?;
    let theirs = theirs.map(Message::root_part);
    content_type(entity, theirs.and_then(|part| part.content_type()))?;
    disposition(entity, theirs.and_then(|part| part.content_disposition()))?;
    let encoding = match theirs.and_then(|part| part.content_transfer_encoding()) {
        Some(text) if text.eq_ignore_ascii_case("base64") => TransferEncoding::Base64,
        Some(text) if text.eq_ignore_ascii_case("quoted-printable") => {
            TransferEncoding::QuotedPrintable
        }
        _ => TransferEncoding::SevenBit,
    };
    let ours = entity.transfer_encoding();
    if ours != encoding && !(ours.is_identity() && encoding.is_identity()) {
        return Err(Difference::TransferEncoding);
    }
    delimiters(entity)
}

/// The same fields at the same places.
fn fields(entity: &Entity<'_>, theirs: Option<&Message<'_>>) -> Result<(), Difference> {
    let ours = entity.header().fields();
    let theirs = theirs.map_or(&[][..], Message::headers);
    let mut offset = 0_usize;
    let alike = ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|(ours, theirs)| {
            let place = offset;
            offset += ours.raw().len();
            !has_controls(ours)
                && theirs.name().eq_ignore_ascii_case(ours.name())
                && usize::try_from(theirs.offset_field()) == Ok(place)
        });
    if alike { Ok(()) } else { Err(Difference::Fields) }
}

/// Whether a field has control characters beside its line ends and tabs. Readers end a
/// line at some of them, skip others, and take some for white space.
fn has_controls(field: &Field<'_>) -> bool {
    let is_control =
        |octet: &u8| octet.is_ascii_control() && !matches!(octet, b'\t' | b'\r' | b'\n');
    field.raw().iter().any(is_control)
}

fn content_type(entity: &Entity<'_>, theirs: Option<&ContentType<'_>>) -> Result<(), Difference> {
    let is_named = entity.header().all("Content-Type").next().is_some();
    let Some(theirs) = theirs else {
        return if is_named { Err(Difference::ContentType) } else { Ok(()) };
    };
    let ours = entity.content_type();
    // Old mailers write "text" for "text/plain".
    let subtype = theirs.subtype().unwrap_or("plain");
    if !is_named || theirs.ctype() != ours.kind() || subtype != ours.subtype() {
        return Err(Difference::ContentType);
    }
    parameters(ours.parameters(), theirs, "name", ours.file_name())
}

fn disposition(entity: &Entity<'_>, theirs: Option<&ContentType<'_>>) -> Result<(), Difference> {
    match (entity.disposition(), theirs) {
        (None, None) => Ok(()),
        (Some(ours), Some(theirs)) if theirs.ctype() == ours.kind() => {
            parameters(ours.parameters(), theirs, "filename", ours.file_name())
        }
        _ => Err(Difference::Disposition),
    }
}

/// The same parameters with the same values; of the one named `shown`, as it is shown.
fn parameters<'p>(
    ours: impl Iterator<Item = (&'p str, &'p str)>,
    theirs: &ContentType<'_>,
    shown: &str,
    file_name: Option<String>,
) -> Result<(), Difference> {
    let ours: Vec<(&str, &str)> = ours.collect();
    let named = |name: &str| ours.iter().find(|(known, _)| *known == name);
    for (name, value) in &ours {
        let other = theirs.attribute(name).unwrap_or_default();
        if *name == shown {
            if words(other) != words(&file_name.clone().unwrap_or_default()) {
                return Err(Difference::FileName);
            }
        } else if other != *value {
            return Err(Difference::Parameter);
        }
    }
    for attribute in theirs.attributes().unwrap_or_default() {
        // That is how it keeps the language of an RFC 2231 value.
        let name = attribute.name.strip_suffix("-language").unwrap_or(&attribute.name);
        if named(&attribute.name).is_none() && named(name).is_none() {
            return Err(Difference::Parameter);
        }
    }
    Ok(())
}

/// White space between words counts once.
fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// Readers that look for a boundary anywhere in a line must find the delimiter lines only.
fn delimiters(entity: &Entity<'_>) -> Result<(), Difference> {
    let Some(boundary) = entity.content_type().parameter("boundary") else { return Ok(()) };
    if !entity.content_type().is_multipart() {
        return Ok(());
    }
    if !is_plain_boundary(boundary) || names_boundary_again(entity) {
        return Err(Difference::Delimiter);
    }
    work::spend(entity.body().len());
    let delimiter = format!("--{boundary}");
    let found = memmem::find_iter(entity.body(), delimiter.as_bytes());
    // One more than are allowed is enough to know.
    let due = entity.children().len() + 1;
    if found.take(due + 1).count() == due { Ok(()) } else { Err(Difference::Delimiter) }
}

/// Whether every reader takes a boundary as it stands: the characters of RFC 2046 5.1.1,
/// and none at its ends that readers strip as quotes, brackets or blanks. Encoded words
/// are decoded by some.
fn is_plain_boundary(boundary: &str) -> bool {
    let is_stripped = |char: char| matches!(char, '<' | '>' | '\'' | '"' | ' ' | '\t');
    boundary.chars().all(|char| char.is_ascii_alphanumeric() || "'()+_,-./:=? ".contains(char))
        && !boundary.starts_with(is_stripped)
        && !boundary.ends_with(is_stripped)
        && !boundary.contains("=?")
}

/// Whether the field says `boundary=` elsewhere too, within the value of another parameter:
/// who does not heed quotes finds that one.
fn names_boundary_again(entity: &Entity<'_>) -> bool {
    entity.header().all("Content-Type").any(|field| {
        let value = field.value().to_ascii_lowercase();
        memmem::find_iter(&value, b"boundary=").nth(1).is_some()
    })
}

/// What stands in the header of a mail and is no part's: addresses, subject, identifier.
fn top(mail: &Entity<'_>, theirs: Option<&Message<'_>>, inner: bool) -> Result<(), Difference> {
    let Some(theirs) = theirs.map(Message::root_part) else { return Ok(()) };
    for (name, known) in &ADDRESS_FIELDS {
        let Some(field) = mail.header().all(name).next() else { continue };
        let alike = match address::parse_list(&field.unfolded()) {
            Ok(ours) => same_addresses(&ours, theirs.headers.header_value(known)),
            // What we cannot read has no address to compare. Of the mail's own From, whoever
            // needs it says so.
            Err(_) => !(matches!(*name, "Sender" | "Reply-To") || inner && *name == "From"),
        };
        if !alike {
            return Err(Difference::Addresses { name });
        }
    }
    if let Some(field) = mail.header().all("Message-ID").next() {
        let ours = field.unfolded();
        let theirs = theirs.headers.header_value(&HeaderName::MessageId);
        let theirs = theirs.and_then(HeaderValue::as_text).unwrap_or_default();
        let bare = |text: &str| text.replace(['<', '>'], " ").trim().to_owned();
        if words(&bare(&ours)) != words(&bare(theirs)) {
            return Err(Difference::Text { name: "Message-ID" });
        }
    }
    let Some(field) = mail.header().all("Subject").next() else { return Ok(()) };
    let theirs = theirs.headers.header_value(&HeaderName::Subject);
    let theirs = theirs.and_then(HeaderValue::as_text).unwrap_or_default();
    if is_plain_text(field) && words(theirs) != words(&field.decoded()) {
        return Err(Difference::Text { name: "Subject" });
    }
    Ok(())
}

/// Whether a text has no charset to speak of: then both must read the very same.
fn is_plain_text(field: &Field<'_>) -> bool {
    let text = field.raw();
    text.iter().all(|octet| octet.is_ascii_graphic() || octet.is_ascii_whitespace())
        && memmem::find(text, b"=?").is_none()
}

/// The same addresses in the same order.
fn same_addresses(ours: &[address::Mailbox], theirs: Option<&HeaderValue<'_>>) -> bool {
    let theirs: Vec<&str> = match theirs.and_then(HeaderValue::as_address) {
        Some(Address::List(list)) => list.iter().filter_map(|one| one.address()).collect(),
        Some(Address::Group(groups)) => groups
            .iter()
            .flat_map(|group| group.addresses.iter())
            .filter_map(|one| one.address())
            .collect(),
        None => Vec::new(),
    };
    let same = |ours: &address::Mailbox, theirs: &str| {
        let ours = &ours.address;
        theirs == ours.to_string() || theirs == format!("{}@{}", ours.local(), ours.domain())
    };
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
}
