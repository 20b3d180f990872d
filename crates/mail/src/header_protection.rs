//! Header fields under the signature and the encryption (RFC 9788).
//!
//! The sender copies the fields into the header of the signed or encrypted entity, whose
//! Content-Type gets `hp="clear"` or `hp="cipher"`. [`protect`] writes that, [`read`]
//! tells for each field what stands inside and what outside. Which of both is to be
//! believed is for who knows the signature: nothing is verified here.

mod write;

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{self, Mailbox};
use crate::header::unfold;
use crate::{Entity, Field, Header, canonical, encoded_word};

pub use self::write::{Confidentiality, Mode, Protected, protect};

/// What RFC 9788 3.2.1 puts outside in place of the subject.
pub const OBSCURED_SUBJECT: &str = "[...]";

/// The fields that mailers show, or send answers by (RFC 9788 1.1.2, "User-Facing Header
/// Fields"). Where one of these differs outside, two readers see two mails.
pub const SHOWN: [&str; 7] = ["From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date"];

/// The field, inside an encryption, that says how another one stood outside when the mail
/// was written (RFC 9788 2.2).
const HP_OUTER: &str = "HP-Outer";

/// Parameters of Content-Type (RFC 9788 2.1).
const HP: &str = "hp";
const LEGACY_DISPLAY: &str = "hp-legacy-display";

/// Fields that stand at most once (RFC 5322 3.6): readers choose the first or the last.
const AT_MOST_ONCE: [&str; 10] = [
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
];

/// Why protected fields are not read or not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderProtectionFault {
    /// `hp` is neither `clear` nor `cipher` (RFC 9788 2.1.1).
    #[error("unknown mode of header protection")]
    UnknownMode,
    /// An `HP-Outer` that is not `name: value` (RFC 9788 2.2).
    #[error("HP-Outer malformed")]
    OuterMalformed,
    /// A protected field twice that may stand once.
    #[error("protected field twice")]
    FieldTwice,
    /// The entity to be protected says that it is already.
    #[error("already protected")]
    AlreadyProtected,
}

/// How one field stands inside and outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldState {
    /// Protected, and the same outside.
    Same,
    /// Protected, and outside stands something that the sender did not put there.
    Differs,
    /// Protected and encrypted; outside stands what the sender put there instead.
    Obscured,
    /// Protected and encrypted; the sender left it out outside.
    Removed,
    /// Protected; outside it is gone, though the sender had put it there.
    Missing,
    /// Only outside, where anybody could have put it.
    OnlyOuter,
}

impl FieldState {
    /// A stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::Obscured => "obscured",
            Self::Removed => "removed",
            Self::Missing => "missing",
            Self::OnlyOuter => "only-outer",
        }
    }
}

/// One field of a mail whose header is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedField {
    /// Its name in lower case.
    pub name: String,
    /// How it stands.
    pub state: FieldState,
    /// Whether the sender kept its value inside the encryption (RFC 9788 4.3): by
    /// `HP-Outer`, not by what stands outside now, which may have been changed.
    pub is_confidential: bool,
    /// Whether the sender told by `HP-Outer` how it stood outside.
    pub is_recorded: bool,
}

/// What the protected header of a mail says about the one outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// Whether the sender encrypted (`hp="cipher"`) or only signed (`hp="clear"`).
    pub is_cipher: bool,
    /// Every protected field once in the order of its name, and of those only outside
    /// the [`SHOWN`] ones.
    pub fields: Vec<ProtectedField>,
    /// The paths of the text parts that repeat fields at their beginning for readers
    /// that do not know header protection (RFC 9788 2.1.2).
    pub legacy_display: Vec<String>,
}

impl Protection {
    /// The first of the [`SHOWN`] fields that is not outside as the sender put it there.
    #[must_use]
    pub fn first_difference(&self) -> Option<&ProtectedField> {
        self.fields.iter().find(|field| {
            matches!(field.state, FieldState::Differs | FieldState::Missing)
                && SHOWN.iter().any(|shown| shown.eq_ignore_ascii_case(&field.name))
        })
    }

    /// The state of a field, its name in any case; `None` if it is nowhere, or only
    /// outside and not among the [`SHOWN`].
    #[must_use]
    pub fn state(&self, name: &str) -> Option<FieldState> {
        self.field(name).map(|field| field.state)
    }

    /// The field of that name, in any case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&ProtectedField> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

/// Compares the header of `payload`, the entity that is signed or encrypted as a whole,
/// with the one outside. `None` if the payload does not say that its header is
/// protected: then fields in it mean nothing.
///
/// Values are compared as a person sees them, so that folding and another spelling of
/// the same encoded words do not count, addresses by name and address.
///
/// What servers write on the way is nobody's to protect: `Received`, results of checks and
/// their like mean nothing inside, and `HP-Outer` says nothing about them.
///
/// # Errors
/// [`HeaderProtectionFault::UnknownMode`], [`HeaderProtectionFault::OuterMalformed`],
/// [`HeaderProtectionFault::FieldTwice`].
pub fn read(
    outer: &Header<'_>,
    payload: &Entity<'_>,
) -> Result<Option<Protection>, HeaderProtectionFault> {
    let is_cipher = match payload.content_type().parameter(HP) {
        None => return Ok(None),
        Some(mode) if mode.eq_ignore_ascii_case("clear") => false,
        Some(_) if is_cipher(payload) => true,
        Some(_) => return Err(HeaderProtectionFault::UnknownMode),
    };
    let inside = protected_values(payload.header());
    check_once(payload.header())?;
    let outside = values(outer.fields());
    let recorded = if is_cipher { recorded(payload.header())? } else { Values::new() };
    Ok(Some(Protection {
        is_cipher,
        fields: compare(&inside, &outside, &recorded, is_cipher),
        legacy_display: legacy_display(payload),
    }))
}

/// Compares the header of a message that was wrapped whole to protect it (RFC 8551 3.1:
/// `message/rfc822; forwarded=no`) with the one outside, as if it were `hp="clear"`.
///
/// # Errors
/// [`HeaderProtectionFault::FieldTwice`].
pub fn read_wrapped(
    outer: &Header<'_>,
    wrapped: &Header<'_>,
) -> Result<Protection, HeaderProtectionFault> {
    check_once(wrapped)?;
    let (inside, outside) = (protected_values(wrapped), values(outer.fields()));
    let fields = compare(&inside, &outside, &Values::new(), false);
    Ok(Protection { is_cipher: false, fields, legacy_display: Vec::new() })
}

/// The text of a text part of `payload`, whose header is protected, as its author wrote
/// it: without the lines that repeat fields for old readers (RFC 9788 4.5.3.2: up to the
/// first empty line). HTML is given whole, for what repeats fields there is marked by its
/// own class.
///
/// Nothing else is taken away, whatever the part says of itself: only from the main text
/// of an entity with `hp="cipher"`, and only if each of the lines is `Field: value` of a
/// protected field, which the reader sees at its place. For a reader that does not show
/// the protected fields there is nothing to take away: see [`Entity::text`].
#[must_use]
pub fn text_without_legacy_display(payload: &Entity<'_>, part: &Entity<'_>) -> Option<String> {
    let text = part.text()?;
    if !part.content_type().is("text", "plain") || !repeats_fields(payload, part) {
        return Some(text);
    }
    Some(match behind_repeated(&text, &protected_values(payload.header())) {
        Some(behind) => behind.to_owned(),
        None => text,
    })
}

/// What stands behind lines that each repeat a protected field, at least one, and an empty
/// line.
fn behind_repeated<'t>(text: &'t str, protected: &Values) -> Option<&'t str> {
    let mut rest = text;
    let mut repeated = false;
    loop {
        let (line, behind) = rest.split_once('\n')?;
        rest = behind;
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            return repeated.then_some(rest);
        }
        let (name, value) = line.split_once(':')?;
        let name = name.to_ascii_lowercase();
        let value = comparable(&name, value.as_bytes());
        if !protected.get(&name).is_some_and(|own| own.contains(&value)) {
            return None;
        }
        repeated = true;
    }
}

/// The values of each name, in a form that can be compared.
type Values = BTreeMap<String, BTreeSet<String>>;

fn values(fields: &[Field<'_>]) -> Values {
    let mut values = Values::new();
    for field in fields.iter().filter(|field| !is_structural(field.name())) {
        let name = field.name().to_ascii_lowercase();
        let value = comparable(&name, field.value());
        values.entry(name).or_default().insert(value);
    }
    values
}

/// The fields of an inner header that its author could know.
fn protected_values(header: &Header<'_>) -> Values {
    let mut values = values(header.fields());
    values.retain(|name, _| !is_of_the_way(name));
    values
}

/// What `HP-Outer` says of the fields outside.
fn recorded(header: &Header<'_>) -> Result<Values, HeaderProtectionFault> {
    let mut values = Values::new();
    for field in header.all(HP_OUTER) {
        let line = unfold(field.value());
        let colon = line.iter().position(|octet| *octet == b':');
        let (name, value) = colon
            .and_then(|at| Some((line.get(..at)?, line.get(at + 1..)?)))
            .ok_or(HeaderProtectionFault::OuterMalformed)?;
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return Err(HeaderProtectionFault::OuterMalformed);
        }
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        if is_of_the_way(&name) {
            continue;
        }
        let value = comparable(&name, value);
        values.entry(name).or_default().insert(value);
    }
    Ok(values)
}

fn check_once(header: &Header<'_>) -> Result<(), HeaderProtectionFault> {
    for name in AT_MOST_ONCE {
        header.one(name).map_err(|_| HeaderProtectionFault::FieldTwice)?;
    }
    Ok(())
}

fn compare(
    inside: &Values,
    outside: &Values,
    recorded: &Values,
    is_cipher: bool,
) -> Vec<ProtectedField> {
    let none = BTreeSet::new();
    let mut fields = Vec::new();
    for (name, own) in inside {
        let shown = outside.get(name).unwrap_or(&none);
        let record = recorded.get(name).unwrap_or(&none);
        let foreign = shown.iter().any(|value| !own.contains(value) && !record.contains(value));
        let state = if foreign {
            FieldState::Differs
        } else if own.is_subset(shown) {
            FieldState::Same
        } else if shown.is_empty() {
            if is_cipher && record.is_empty() { FieldState::Removed } else { FieldState::Missing }
        } else if is_cipher {
            FieldState::Obscured
        } else {
            FieldState::Missing
        };
        let is_confidential = is_cipher && !own.is_subset(record);
        let is_recorded = !record.is_empty();
        fields.push(ProtectedField { name: name.clone(), state, is_confidential, is_recorded });
    }
    for name in SHOWN.map(str::to_ascii_lowercase) {
        if outside.contains_key(&name) && !inside.contains_key(&name) {
            let state = FieldState::OnlyOuter;
            let (is_confidential, is_recorded) = (false, recorded.contains_key(&name));
            fields.push(ProtectedField { name, state, is_confidential, is_recorded });
        }
    }
    fields
}

/// A value as a person sees it.
fn comparable(name: &str, value: &[u8]) -> String {
    let line = unfold(value);
    if is_address_list(name)
        && let Ok(mailboxes) = address::parse_list(&String::from_utf8_lossy(&line))
    {
        // Neither sign can stand in a decoded name or an address.
        return mailboxes.iter().map(shown_mailbox).collect::<Vec<_>>().join("\u{1}");
    }
    let decoded = encoded_word::decode(&line);
    decoded.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shown_mailbox(mailbox: &Mailbox) -> String {
    let address = &mailbox.address;
    let display = mailbox.display.as_deref().unwrap_or_default();
    format!("{display}\u{2}{}@{}", address.local(), address.ascii_domain())
}

fn is_address_list(name: &str) -> bool {
    matches!(name, "from" | "sender" | "reply-to" | "to" | "cc")
}

/// Fields that say how to read the octets, and that are never protected as a header
/// (RFC 9788 1.1.1, "Structural Header Fields"), and those that speak of protection.
fn is_structural(name: &str) -> bool {
    canonical::is_content_field(name)
        || name.eq_ignore_ascii_case("MIME-Version")
        || name.eq_ignore_ascii_case(HP_OUTER)
}

/// What stands for one recipient only, or is written by servers.
fn is_of_the_way(name: &str) -> bool {
    const NAMES: [&str; 7] = [
        "bcc",
        "return-path",
        "received",
        "delivered-to",
        "x-original-to",
        "dkim-signature",
        "authentication-results",
    ];
    let name = name.to_ascii_lowercase();
    debug_assert!(AT_MOST_ONCE.iter().all(|known| !NAMES.contains(known)));
    NAMES.contains(&name.as_str()) || name.starts_with("arc-") || name.starts_with("ssmax-")
}

fn is_cipher(payload: &Entity<'_>) -> bool {
    payload.content_type().parameter(HP).is_some_and(|mode| mode.eq_ignore_ascii_case("cipher"))
}

fn legacy_display(payload: &Entity<'_>) -> Vec<String> {
    payload.walk().filter(|part| repeats_fields(payload, part)).map(Entity::path).collect()
}

/// Whether a part says that it repeats fields, and is where a sender may do that
/// (RFC 9788 2.1.2, 5.2.2).
fn repeats_fields(payload: &Entity<'_>, part: &Entity<'_>) -> bool {
    part.content_type().kind() == "text"
        && part.content_type().parameter(LEGACY_DISPLAY) == Some("1")
        && is_cipher(payload)
        && is_main_text(payload, part)
}

/// Whether `part` is what a reader of `entity` sees first: the entity itself, one of its
/// alternatives, or the first part of another multipart (RFC 9788 1.1.1, "Main Body Part").
fn is_main_text(entity: &Entity<'_>, part: &Entity<'_>) -> bool {
    let children = entity.children();
    match children {
        [] => std::ptr::eq(entity, part),
        _ if entity.content_type().is("multipart", "alternative") => {
            children.iter().any(|child| is_main_text(child, part))
        }
        [first, ..] => is_main_text(first, part),
    }
}

#[cfg(test)]
mod tests;
