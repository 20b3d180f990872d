//! The forms in which an encrypted object comes: a mail, or the object alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// PEM labels of a CMS object (RFC 7468 sections 8 and 9).
const LABELS: [&str; 2] = ["CMS", "PKCS7"];

/// Columns of a PEM line (RFC 7468 section 2).
const PEM_COLUMNS: usize = 64;

/// What a file holds, told by its first octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// A mail, by exclusion.
    Mail,
    /// A CMS object in BER.
    Ber,
    /// A CMS object in PEM with this label.
    Pem(&'static str, Vec<u8>),
}

impl Form {
    /// Tells the form of a file.
    pub(crate) fn of(file: &[u8]) -> Self {
        // A SEQUENCE whose length is not in one octet: no mail begins so, because its
        // second octet is none of a field name.
        if let [0x30, 0x80..=0xff, ..] = file {
            return Self::Ber;
        }
        for label in LABELS {
            if let Some(object) = pem(file, label) {
                return Self::Pem(label, object);
            }
        }
        Self::Mail
    }
}

/// The object in the first PEM block with this label, at the start of a file.
fn pem(file: &[u8], label: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(file).ok()?.trim_start();
    let rest = text.strip_prefix(&format!("-----BEGIN {label}-----"))?;
    let (block, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let base64: String = block.split_ascii_whitespace().collect();
    STANDARD.decode(base64).ok()
}

/// An object as a PEM block.
pub(crate) fn to_pem(label: &str, object: &[u8]) -> Vec<u8> {
    let base64 = STANDARD.encode(object);
    let mut out = format!("-----BEGIN {label}-----\n").into_bytes();
    for line in base64.as_bytes().chunks(PEM_COLUMNS) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out.extend_from_slice(format!("-----END {label}-----\n").as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_told_by_how_it_begins() {
        assert_eq!(Form::of(b"\x30\x82\x01\x00"), Form::Ber);
        assert_eq!(Form::of(b"\x30\x80\x06"), Form::Ber);
        assert_eq!(Form::of(b"0: a field\r\n\r\n"), Form::Mail);
        assert_eq!(Form::of(b"From: a@a.example\r\n\r\n"), Form::Mail);
        assert_eq!(Form::of(b""), Form::Mail);
        let object = vec![7; 100];
        for label in LABELS {
            assert_eq!(Form::of(&to_pem(label, &object)), Form::Pem(label, object.clone()));
        }
    }

    #[test]
    fn a_block_of_another_kind_or_a_broken_one_is_no_object() {
        let certificate = to_pem("CERTIFICATE", b"x");
        assert_eq!(Form::of(&certificate), Form::Mail);
        assert_eq!(Form::of(b"-----BEGIN CMS-----\n!!!\n-----END CMS-----\n"), Form::Mail);
        assert_eq!(Form::of(b"-----BEGIN CMS-----\nAAAA\n"), Form::Mail);
    }

    #[test]
    fn lines_of_a_block_have_64_columns() {
        let block = String::from_utf8(to_pem("CMS", &[0; 100])).unwrap();
        let lengths: Vec<_> = block.lines().map(str::len).collect();
        assert_eq!(lengths, [19, 64, 64, 8, 17]);
    }
}
