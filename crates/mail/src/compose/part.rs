//! Whole entities: text, attachments, and the mail around them.

use encoding_rs::ISO_2022_JP;

use super::{base64_body, header_field, parameter};
use crate::canonical::is_seven_bit;
use crate::transfer;

/// An entity in the making: header fields and a body that is encoded already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    fields: Vec<u8>,
    body: Vec<u8>,
}

impl Part {
    /// `text/plain` in UTF-8. Line ends of any kind become CRLF. ASCII text goes as it
    /// is, unless something underway would change it; then quoted-printable; text beyond
    /// ASCII base64.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::text_of("plain", text)
    }

    /// `text/SUBTYPE` in UTF-8, else as [`Part::text`].
    #[must_use]
    pub fn text_of(subtype: &str, text: &str) -> Self {
        let octets = crlf_lines(text).into_bytes();
        let kind = format!("text/{subtype}; charset=utf-8");
        let mut fields = header_field("Content-Type", &kind);
        let (encoding, body) = if !octets.is_ascii() {
            ("base64", base64_body(&octets))
        } else if is_seven_bit(&octets) && !changes_underway(&octets) {
            ("7bit", octets)
        } else {
            ("quoted-printable", transfer::encode_quoted_printable(&octets))
        };
        fields.extend(header_field("Content-Transfer-Encoding", encoding));
        Self { fields, body }
    }

    /// `text/plain` in ISO-2022-JP, 7bit, as Japanese mailers wrote it before UTF-8.
    /// `None` if the text has characters outside JIS X 0208.
    #[must_use]
    pub fn text_iso_2022_jp(text: &str) -> Option<Self> {
        let mut fields = header_field("Content-Type", "text/plain; charset=ISO-2022-JP");
        fields.extend(header_field("Content-Transfer-Encoding", "7bit"));
        Some(Self { fields, body: iso_2022_jp(text)? })
    }

    /// An attachment in base64. The file name stands there twice, with one meaning: in
    /// the disposition by RFC 2231, in the type as encoded words for old readers.
    #[must_use]
    pub fn attachment(media_type: &str, file_name: &str, octets: &[u8]) -> Self {
        let mut kind = media_type.to_owned();
        if !file_name.is_empty() {
            kind.push_str(&format!("; {}", super::field::name_parameter(file_name)));
        }
        let mut fields = header_field("Content-Type", &kind);
        fields.extend(header_field("Content-Transfer-Encoding", "base64"));
        let disposition = match file_name {
            "" => "attachment".to_owned(),
            _ => format!("attachment; {}", parameter("filename", file_name)),
        };
        fields.extend(header_field("Content-Disposition", &disposition));
        Self { fields, body: base64_body(octets) }
    }

    /// Adds a field, as [`header_field`] writes it, behind the others.
    #[must_use]
    pub fn with_field(mut self, name: &str, value: &str) -> Self {
        self.fields.extend(header_field(name, value));
        self
    }

    /// The octets: header, blank line, body.
    #[must_use]
    pub fn into_octets(self) -> Vec<u8> {
        let mut out = self.fields;
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&self.body);
        out
    }
}

/// A mail out of its fields (each with CRLF, as [`header_field`] gives them; no Content
/// fields) and an entity, which stands behind them octet for octet. `MIME-Version` is
/// added.
#[must_use]
pub fn message(fields: &[Vec<u8>], entity: &[u8]) -> Vec<u8> {
    let mut out = fields.concat();
    out.extend_from_slice(b"MIME-Version: 1.0\r\n");
    out.extend_from_slice(entity);
    out
}

/// Text in ISO-2022-JP (RFC 1468) with CRLF lines, each ending in ASCII. `None` if it has
/// characters outside JIS X 0208. Half-width katakana become full-width, as RFC 1468
/// knows no other.
#[must_use]
pub fn iso_2022_jp(text: &str) -> Option<Vec<u8>> {
    let lines = crlf_lines(text);
    let (octets, _, unmappable) = ISO_2022_JP.encode(&lines);
    (!unmappable).then(|| octets.into_owned())
}

/// Every CR, LF and CRLF as CRLF, and no NUL.
fn crlf_lines(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}");
    lines.replace('\n', "\r\n")
}

/// What mail programs change in plain text: white space at the end of a line, `From ` at
/// its start, a line of one dot.
fn changes_underway(text: &[u8]) -> bool {
    text.split(|octet| *octet == b'\n').any(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.starts_with(b"From ") || line == b"." || matches!(line.last(), Some(b' ' | b'\t'))
    })
}
