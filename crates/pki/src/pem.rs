//! PEM text (RFC 7468).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::PkiError;

const COLUMNS: usize = 64;

/// One PEM block with lines of 64 columns and a final newline.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at_checked(COLUMNS).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = tail;
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

/// Every block whose label is one of `labels`, in order. Text between blocks and
/// blocks with other labels are passed over (RFC 7468 2: explanatory text).
pub(crate) fn decode_all(labels: &[&str], text: &str) -> Result<Vec<Vec<u8>>, PkiError> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim_end);
    while let Some(line) = lines.next() {
        let Some(label) =
            line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----"))
        else {
            continue;
        };
        let end = format!("-----END {label}-----");
        let mut body = String::new();
        loop {
            let line = lines.next().ok_or(PkiError::NotPem)?;
            if line == end {
                break;
            }
            body.push_str(line.trim());
        }
        if labels.contains(&label) {
            blocks.push(STANDARD.decode(body).map_err(|_| PkiError::NotPem)?);
        }
    }
    Ok(blocks)
}

/// The first block of one of the labels.
pub(crate) fn decode_first(labels: &[&str], text: &str) -> Result<Vec<u8>, PkiError> {
    decode_all(labels, text)?.into_iter().next().ok_or(PkiError::NotPem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_back_among_other_text_and_labels() {
        let text = format!(
            "subject: x\n{}{}",
            encode("PRIVATE KEY", b"no"),
            encode("CERTIFICATE", &[7; 100]).replace('\n', "\r\n")
        );
        assert_eq!(decode_first(&["CERTIFICATE"], &text), Ok(vec![7; 100]));
    }

    #[test]
    fn a_block_without_its_end_is_not_pem() {
        assert_eq!(
            decode_all(&["CERTIFICATE"], "-----BEGIN CERTIFICATE-----\nAAAA\n"),
            Err(PkiError::NotPem)
        );
        assert_eq!(decode_first(&["CERTIFICATE"], "nothing"), Err(PkiError::NotPem));
    }
}
