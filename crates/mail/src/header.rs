//! The header block: fields as ranges of the input. RFC 5322 2.2, 3.6.8, 4.

use crate::{Limits, MailFault, charset, encoded_word, work};

/// One header field, as it stands in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    name: &'a str,
    raw: &'a [u8],
}

impl<'a> Field<'a> {
    /// The name before the colon, spelled as in the input. Compare ignoring ASCII case.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The whole field: name, colon, value with its line breaks, final CRLF.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The octets between the colon and the final CRLF, still folded.
    #[must_use]
    pub fn value(&self) -> &'a [u8] {
        let after_colon = self.raw.get(self.name.len() + 1..).unwrap_or_default();
        after_colon.strip_suffix(b"\r\n").unwrap_or(after_colon)
    }

    /// The value on one line (RFC 5322 2.2.3: each CRLF before white space is
    /// removed), without white space at both ends; encoded words stay encoded.
    ///
    /// Octets that are not UTF-8 become U+FFFD each: they are never guessed here, for
    /// a guessed charset could swallow an `@` or `<` that other readers see.
    #[must_use]
    pub fn unfolded(&self) -> String {
        String::from_utf8_lossy(&unfold(self.value())).into_owned()
    }

    /// The value as a person should see it: unfolded, encoded words decoded (RFC 2047),
    /// 8-bit octets as UTF-8 (RFC 6532) or else by guess, control characters as U+FFFD.
    /// For display only; never parse addresses or parameters out of it.
    #[must_use]
    pub fn decoded(&self) -> String {
        encoded_word::decode(&unfold(self.value()))
    }

    /// As [`Field::decoded`], but encoded words stay what they are: for fields in which
    /// they mean nothing. For display only, too.
    #[must_use]
    pub fn without_decoding(&self) -> String {
        encoded_word::one_line(&charset::guess(&unfold(self.value())))
    }
}

/// The header block of one entity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header<'a> {
    fields: Vec<Field<'a>>,
}

impl<'a> Header<'a> {
    /// All fields in their order.
    #[must_use]
    pub fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// The fields of that name, ASCII case ignored, in their order.
    pub fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h Field<'a>> {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name))
    }

    /// The one field of that name, or `None`.
    ///
    /// # Errors
    /// [`MailFault::DuplicateField`] if it stands there twice: readers choose the first
    /// or the last.
    pub fn one(&self, name: &str) -> Result<Option<&Field<'a>>, MailFault> {
        let mut found = None;
        for (index, field) in self.fields.iter().enumerate() {
            if !field.name.eq_ignore_ascii_case(name) {
                continue;
            }
            if found.is_some() {
                return Err(MailFault::DuplicateField { index });
            }
            found = Some(field);
        }
        Ok(found)
    }

    /// Reads the block at the start of `raw` and tells where the body begins. The block
    /// ends at the first empty line or with `raw`; `fields_left` is shared by all
    /// entities of a mail.
    pub(crate) fn read(
        raw: &'a [u8],
        limits: &Limits,
        fields_left: &mut usize,
    ) -> Result<(Self, usize), MailFault> {
        let mut fields = Vec::new();
        let mut open: Option<(&'a str, usize)> = None;
        let mut line_start = 0;
        loop {
            let rest = raw.get(line_start..).unwrap_or_default();
            let ended = rest.is_empty() || rest.starts_with(b"\r\n");
            let continues = matches!(rest.first(), Some(b' ' | b'\t'));
            if (ended || !continues)
                && let Some((name, start)) = open.take()
            {
                let raw = raw.get(start..line_start).unwrap_or_default();
                fields.push(Field { name, raw });
            }
            if ended {
                let body = if rest.is_empty() { line_start } else { line_start + 2 };
                return Ok((Self { fields }, body));
            }
            let length = line_length(rest, limits.max_header_bytes - line_start)?;
            let line = rest.get(..length).unwrap_or_default();
            if continues {
                if open.is_none() {
                    return Err(MailFault::ContinuationWithoutField);
                }
                if line.iter().all(|octet| is_blank(*octet)) {
                    return Err(MailFault::WhitespaceOnlyLine { index: fields.len() });
                }
            } else {
                *fields_left = fields_left.checked_sub(1).ok_or(MailFault::TooManyFields)?;
                open = Some((field_name(line, fields.len())?, line_start));
            }
            line_start += length + 2;
        }
    }
}

/// Removes each CRLF and the white space at both ends. In a header block that was
/// read here, every CRLF inside a value stands before white space.
pub(crate) fn unfold(value: &[u8]) -> Vec<u8> {
    work::spend(value.len());
    let line: Vec<u8> =
        value.iter().copied().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect();
    trim_blanks(&line).to_vec()
}

/// Without spaces and tabs at both ends.
pub(crate) fn trim_blanks(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_blank(*first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_blank(*last)
    {
        text = rest;
    }
    text
}

/// Space or tab, the white space of RFC 5234 `WSP`.
pub(crate) fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

/// The length of the line at the start of `rest` without its CRLF, which must lie
/// within the `budget` of the header block.
fn line_length(rest: &[u8], budget: usize) -> Result<usize, MailFault> {
    let window = rest.get(..budget).unwrap_or(rest);
    work::spend(window.len().min(1));
    match window.iter().position(|octet| *octet == b'\n') {
        // The octets were checked before: an LF always follows a CR.
        Some(at) => {
            work::spend(at);
            Ok(at.saturating_sub(1))
        }
        None if window.len() < rest.len() => Err(MailFault::HeaderTooLarge),
        None => Err(MailFault::HeaderNotEnded),
    }
}

fn field_name(line: &[u8], index: usize) -> Result<&str, MailFault> {
    let colon = line
        .iter()
        .position(|octet| *octet == b':')
        .ok_or(MailFault::HeaderLineWithoutColon { index })?;
    let name = line.get(..colon).unwrap_or_default();
    let bare = trim_blanks(name);
    if bare.is_empty() || !bare.iter().all(u8::is_ascii_graphic) {
        return Err(MailFault::FieldName { index });
    }
    if bare.len() != name.len() {
        return Err(MailFault::SpaceBeforeColon { index });
    }
    std::str::from_utf8(name).map_err(|_| MailFault::FieldName { index })
}
