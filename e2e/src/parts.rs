//! What a mail consists of, as far as a test has to take one apart itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The header of an entity, and its body.
#[track_caller]
pub fn split(entity: &[u8]) -> (&[u8], &[u8]) {
    let end = entity.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    (&entity[..end + 2], &entity[end + 4..])
}

/// The parts of a multipart, octet for octet.
#[track_caller]
pub fn of(entity: &[u8]) -> Vec<&[u8]> {
    let (header, body) = split(entity);
    let header = String::from_utf8_lossy(header);
    let (_, behind) = header.split_once("boundary=").unwrap();
    let boundary = behind.trim_start_matches('"');
    let boundary = &boundary[..boundary.find(['"', ';', '\r']).unwrap()];
    let line = format!("\r\n--{boundary}");
    let mut delimiters: Vec<usize> =
        (0..body.len()).filter(|at| body[*at..].starts_with(line.as_bytes())).collect();
    // The first one may begin the body, without the line end in front.
    let first = body.starts_with(&line.as_bytes()[2..]).then_some(line.len() - 2);
    let starts: Vec<usize> =
        first.into_iter().chain(delimiters.iter().map(|at| at + line.len())).collect();
    if first.is_none() {
        delimiters.remove(0);
    }
    let within = starts.iter().zip(&delimiters);
    within.map(|(start, end)| body[*start..*end].strip_prefix(b"\r\n").unwrap()).collect()
}

/// The body of an entity in base64, decoded.
#[track_caller]
pub fn decoded(entity: &[u8]) -> Vec<u8> {
    let (_, body) = split(entity);
    let packed: Vec<u8> =
        body.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
    STANDARD.decode(packed).unwrap()
}

/// Octets with a CRLF at the end of each line: programs on UNIX write them without the CR.
pub fn with_crlf(octets: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(octets.len() + octets.len() / 40);
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(text) => {
                lines.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
                lines.extend_from_slice(b"\r\n");
            }
            None => lines.extend_from_slice(line),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_what_stands_between_delimiter_lines() {
        for before in ["", "\r\n", "preamble\r\n"] {
            let mail = format!(
                "Content-Type: multipart/mixed;\r\n boundary=\"=_x\"\r\n\r\n{before}--=_x\r\n\
                 A: b\r\n\r\none\r\n\r\n--=_x\r\n\r\ndHdv\r\n--=_x--\r\n"
            );
            let parts = of(mail.as_bytes());
            assert_eq!(parts, [b"A: b\r\n\r\none\r\n".as_slice(), b"\r\ndHdv"], "{before}");
        }
    }

    #[test]
    fn every_line_ends_in_crlf_once() {
        assert_eq!(with_crlf(b"a\nb\r\n\nc"), b"a\r\nb\r\n\r\nc");
    }
}
