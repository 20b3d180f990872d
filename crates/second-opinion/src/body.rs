//! Structure and bodies, as both parsers read the whole mail.

use crate::fault::{Difference, Disagreement};
use crate::search::Search;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use ssmax_mail::Entity;

/// Compares all that is behind the header blocks.
pub(crate) fn mail(mail: &Entity<'_>, search: &Search) -> Result<(), Disagreement> {
    let Some(theirs) = MessageParser::new().parse(mail.raw()) else {
        // To it, nothing but a body is no mail.
        let empty = mail.header().fields().is_empty();
        return if empty { Ok(()) } else { Err(Disagreement::at(mail, Difference::Unreadable)) };
    };
    part(mail, &theirs, 0, search)
}

fn part(
    ours: &Entity<'_>,
    message: &Message<'_>,
    number: u32,
    search: &Search,
) -> Result<(), Disagreement> {
    let differs = |what| Disagreement::at(ours, what);
    let theirs = message.part(number).ok_or_else(|| differs(Difference::Structure))?;
    match (&theirs.body, ours.children(), ours.message()) {
        (PartType::Multipart(numbers), children, None) if !children.is_empty() => {
            if numbers.len() != children.len() {
                return Err(differs(Difference::Structure));
            }
            children
                .iter()
                .zip(numbers)
                .try_for_each(|(child, number)| part(child, message, *number, search))
        }
        (_, _, Some(Err(fault))) => Err(differs(Difference::Fault(fault))),
        (PartType::Message(inside), _, Some(Ok(inner))) => part(&inner, inside, 0, search),
        (PartType::Multipart(_) | PartType::Message(_), _, _) | (_, _, Some(_)) => {
            Err(differs(Difference::Structure))
        }
        (_, [], None) => leaf(ours, theirs).or_else(|what| search.body(ours, what)),
        _ => Err(differs(Difference::Structure)),
    }
}

fn leaf(ours: &Entity<'_>, theirs: &MessagePart<'_>) -> Result<(), Difference> {
    // It says so of a mail that is a header only, too.
    if theirs.is_encoding_problem && !ours.body().is_empty() {
        ours.decodes_to(&[]).map_err(Difference::Fault)?;
        return Err(Difference::Body);
    }
    let same = match &theirs.body {
        PartType::Binary(octets) | PartType::InlineBinary(octets) => ours.decodes_to(octets),
        PartType::Text(text) | PartType::Html(text) => match ours.decodes_to(text.as_bytes()) {
            // They read it in its charset; our octets must become the same text.
            Ok(false) => ours.decoded_body().map(|octets| *text == as_they_read(theirs, &octets)),
            same => same,
        },
        _ => Ok(false),
    };
    match same {
        Ok(true) => Ok(()),
        Ok(false) => Err(Difference::Body),
        Err(fault) => Err(Difference::Fault(fault)),
    }
}

/// Octets as the other parser shows them in the part's charset.
fn as_they_read(theirs: &MessagePart<'_>, octets: &[u8]) -> String {
    theirs
        .content_type()
        .and_then(|kind| kind.attribute("charset"))
        .and_then(|name| charset_decoder(name.as_bytes()))
        .map_or_else(|| String::from_utf8_lossy(octets).into_owned(), |decode| decode(octets))
}
