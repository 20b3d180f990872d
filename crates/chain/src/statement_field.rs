//! The header field that carries a submission statement from an MTA's submission service
//! through its queue to the own gateway, which takes it off: it never leaves the member.
//! Specification: `spec/chain.md`, "Through an MTA".

use crate::statement::{MAX_STATEMENT_BYTES, SignedStatement};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The field.
pub const STATEMENT_FIELD: &str = "SSMAX-Statement";

/// Octets of a signature that are read at most: an Ecdsa-Sig-Value on P-256 has up to 72.
const MAX_SIGNATURE_BYTES: usize = 128;

/// Octets of base64 on a line.
const LINE_BYTES: usize = 72;

/// The value of the field cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the field holds no submission statement")]
pub struct FieldFault;

/// The value that stands behind the colon: text and signature in base64 with a full stop
/// between them, folded. `line_end` is what lines end with where the value is given to.
#[must_use]
pub fn value(signed: &SignedStatement, line_end: &str) -> String {
    let text = format!(
        "{}.{}",
        STANDARD.encode(signed.json.as_bytes()),
        STANDARD.encode(&signed.signature)
    );
    let mut value = String::with_capacity(text.len() + text.len() / LINE_BYTES * 3 + 2);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, behind) = rest.split_at_checked(LINE_BYTES).unwrap_or((rest, ""));
        if !value.is_empty() {
            value.push_str(line_end);
        }
        value.push(' ');
        value.push_str(line);
        rest = behind;
    }
    value
}

/// How many octets [`value`] has at most for a text of `json_bytes`, where a line ends with
/// one octet.
#[must_use]
pub fn value_bytes(json_bytes: usize) -> usize {
    let base64 = |octets: usize| octets.div_ceil(3).saturating_mul(4);
    let text = base64(json_bytes).saturating_add(1 + base64(72));
    text.saturating_add(text.div_ceil(LINE_BYTES).saturating_mul(2) - 1)
}

/// Reads the value of a field. White space within it counts for nothing: servers fold.
///
/// # Errors
/// [`FieldFault`].
pub fn read_value(value: &[u8]) -> Result<SignedStatement, FieldFault> {
    let text: Vec<u8> = value
        .iter()
        .copied()
        .filter(|octet| !matches!(octet, b' ' | b'\t' | b'\r' | b'\n'))
        .collect();
    let at = text.iter().position(|octet| *octet == b'.').ok_or(FieldFault)?;
    let (json, signature) = (text.get(..at), text.get(at + 1..));
    let decoded = |part: Option<&[u8]>| STANDARD.decode(part.unwrap_or_default());
    let json = decoded(json).map_err(|_| FieldFault)?;
    let signature = decoded(signature).map_err(|_| FieldFault)?;
    if json.len() > MAX_STATEMENT_BYTES || signature.len() > MAX_SIGNATURE_BYTES {
        return Err(FieldFault);
    }
    let json = String::from_utf8(json).map_err(|_| FieldFault)?;
    Ok(SignedStatement { json, signature })
}

/// Takes every field of this name out of a mail, and gives their values. The name counts in
/// any case, and with blanks before the colon, as some server may read it.
#[must_use]
pub fn take_off(mut mail: Vec<u8>) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut values = Vec::new();
    let mut kept = Vec::new();
    let mut taking = false;
    let mut start = 0;
    for line in mail.split_inclusive(|octet| *octet == b'\n') {
        if matches!(line, b"\r\n" | b"\n") {
            break;
        }
        if !matches!(line.first(), Some(b' ' | b'\t')) {
            taking = is_ours(line);
            if taking {
                let colon = line.iter().position(|octet| *octet == b':').unwrap_or_default();
                values.push(line.get(colon + 1..).unwrap_or_default().to_vec());
            }
        } else if taking && let Some(value) = values.last_mut() {
            value.extend_from_slice(line);
        }
        if !taking {
            kept.extend_from_slice(line);
        }
        start += line.len();
    }
    if !values.is_empty() {
        mail.splice(..start, kept);
    }
    (mail, values)
}

fn is_ours(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|octet| *octet == b':') else { return false };
    let name = line.get(..colon).unwrap_or_default();
    name.trim_ascii().eq_ignore_ascii_case(STATEMENT_FIELD.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed() -> SignedStatement {
        let json = format!("{{\"v\":1,\"user\":\"{}\"}}", "x".repeat(300));
        SignedStatement { json, signature: vec![7; 72] }
    }

    #[test]
    fn what_is_written_is_read_however_it_was_folded() {
        for line_end in ["\n", "\r\n"] {
            let value = value(&signed(), line_end);
            assert!(value.lines().all(|line| line.len() <= 73 && line.starts_with(' ')), "{value}");
            assert_eq!(read_value(value.as_bytes()), Ok(signed()));
            assert_eq!(read_value(value.replace(' ', "\t ").as_bytes()), Ok(signed()));
        }
        assert_eq!(value(&signed(), "\n").len(), value_bytes(signed().json.len()));
    }

    #[test]
    fn what_is_no_statement_is_not_read() {
        let good = value(&signed(), "\r\n");
        let long = format!(".{}", STANDARD.encode([0; MAX_SIGNATURE_BYTES + 1]));
        let large = format!("{}.", STANDARD.encode(vec![b'x'; MAX_STATEMENT_BYTES + 1]));
        let latin = format!("{}.", STANDARD.encode([0xff]));
        let bad = [&good.replace('.', ""), &good.replace('.', ".."), &long, &large, &latin];
        for bad in bad {
            assert_eq!(read_value(bad.as_bytes()), Err(FieldFault), "{:.60}", bad);
        }
    }

    #[test]
    fn every_field_of_the_name_comes_off_and_nothing_else() {
        let mail = b"Received: x\r\nssmax-statement : a\r\n b\r\nSSMAX-Statement:c\r\n\
            X-SSMAX-Statement: d\r\nSubject: e\r\n SSMAX-Statement: f\r\n\r\n\
            SSMAX-Statement: g\r\n";
        let (left, values) = take_off(mail.to_vec());
        assert_eq!(values, [b" a\r\n b\r\n".to_vec(), b"c\r\n".to_vec()]);
        let expected = b"Received: x\r\nX-SSMAX-Statement: d\r\nSubject: e\r\n \
            SSMAX-Statement: f\r\n\r\nSSMAX-Statement: g\r\n";
        assert_eq!(left, expected, "{}", String::from_utf8_lossy(&left));
        for mail in
            [&b"Subject: a\r\n\r\nSSMAX-Statement: g\r\n"[..], b"\r\nSSMAX-Statement:x", b""]
        {
            assert_eq!(take_off(mail.to_vec()), (mail.to_vec(), vec![]));
        }
        let (left, values) = take_off(b"SSMAX-Statement: x".to_vec());
        assert_eq!((left, values.len()), (vec![], 1));
    }
}
