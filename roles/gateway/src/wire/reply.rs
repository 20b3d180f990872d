//! One SMTP reply (RFC 5321 4.2) with its enhanced status code (RFC 3463).

use std::fmt;

/// Longest reply line with its CRLF, in octets. RFC 5321 4.5.3.1.5.
pub(crate) const MAX_REPLY_LINE_BYTES: usize = 512;

/// A reply as SMTP and LMTP carry it: `CODE ENHANCED TEXT`.
///
/// What the fields hold is made harmless only when it is printed: see [`Reply::render`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The three-digit code, 200 to 599.
    pub code: u16,
    /// The enhanced status code, such as `5.7.1`.
    pub enhanced: String,
    /// What a person reads.
    pub text: String,
}

impl Reply {
    /// A reply of these three parts.
    pub fn new(code: u16, enhanced: &str, text: impl Into<String>) -> Self {
        Self { code, enhanced: enhanced.to_owned(), text: text.into() }
    }

    /// Whether the mail was taken: 2xx.
    pub fn is_positive(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// Whether trying again may help: 4xx.
    pub fn is_temporary(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// Whether trying again cannot help: 5xx.
    pub fn is_permanent(&self) -> bool {
        (500..600).contains(&self.code)
    }

    /// Prints the reply as one line with its CRLF, at most 512 octets.
    ///
    /// Text from elsewhere cannot forge a second line: control characters become
    /// spaces, what is not ASCII becomes `?` unless `smtputf8`, and what is too long is
    /// cut between characters. An enhanced code that does not fit the code becomes
    /// `X.0.0`. A code that cannot end a command (anything but 2xx, 4xx, 5xx) is
    /// printed as `451 4.3.0`: a mistake of ours must not look like success.
    pub fn render(&self, smtputf8: bool) -> String {
        let known = self.is_positive() || self.is_temporary() || self.is_permanent();
        let (code, enhanced) = match known {
            true => (self.code, self.enhanced_or_general()),
            false => (451, "4.3.0".to_owned()),
        };
        let mut line = format!("{code} {enhanced} ");
        for character in self.text.chars() {
            let character = match character {
                c if c.is_control() => ' ',
                c if !c.is_ascii() && !smtputf8 => '?',
                c => c,
            };
            if line.len() + character.len_utf8() > MAX_REPLY_LINE_BYTES - 2 {
                break;
            }
            line.push(character);
        }
        line.truncate(line.trim_end().len());
        line.push_str("\r\n");
        line
    }

    fn enhanced_or_general(&self) -> String {
        let class = self.code / 100;
        match enhanced_class(&self.enhanced) {
            Some(found) if found == class => self.enhanced.clone(),
            _ => format!("{class}.0.0"),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(true).trim_end())
    }
}

/// The class (2, 4, 5) of a well-formed enhanced status code, RFC 3463 section 2.
pub(crate) fn enhanced_class(code: &str) -> Option<u16> {
    let mut parts = code.split('.');
    let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
    let is_number =
        |s: &str| (1..=3).contains(&s.len()) && s.bytes().all(|octet| octet.is_ascii_digit());
    if parts.next().is_some() || !is_number(subject) || !is_number(detail) {
        return None;
    }
    match class {
        "2" => Some(2),
        "4" => Some(4),
        "5" => Some(5),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_one_line_whatever_its_text_holds() {
        let reply = Reply::new(550, "5.7.1", "no\r\n250 2.0.0 yes\0\x7f\u{85}end");
        assert_eq!(reply.render(false), "550 5.7.1 no  250 2.0.0 yes   end\r\n");
    }

    #[test]
    fn text_outside_ascii_is_shown_only_to_smtputf8_clients() {
        let reply = Reply::new(550, "5.1.1", "太郎 is unknown");
        assert_eq!(reply.render(false), "550 5.1.1 ?? is unknown\r\n");
        assert_eq!(reply.render(true), "550 5.1.1 太郎 is unknown\r\n");
    }

    #[test]
    fn a_line_has_at_most_512_octets_and_is_cut_between_characters() {
        for fill in ["x", "あ", "é"] {
            let line = Reply::new(451, "4.3.0", fill.repeat(600)).render(true);
            assert!(line.len() <= MAX_REPLY_LINE_BYTES);
            assert!(line.len() > MAX_REPLY_LINE_BYTES - fill.len());
        }
        let exact = Reply::new(451, "4.3.0", "x".repeat(500)).render(false);
        assert_eq!(exact.len(), MAX_REPLY_LINE_BYTES);
    }

    #[test]
    fn an_enhanced_code_of_another_class_is_replaced_by_the_general_one() {
        for bad in ["2.0.0", "", "5.7", "5.7.1.1", "5.7.1000", "5..1", "5.7.x", "3.0.0", "05.7.1"] {
            assert_eq!(Reply::new(550, bad, "no").render(false), "550 5.0.0 no\r\n", "{bad}");
        }
    }

    #[test]
    fn a_code_that_ends_no_command_is_printed_as_a_temporary_failure() {
        for code in [0, 99, 199, 354, 600, 65535] {
            assert_eq!(Reply::new(code, "2.0.0", "?").render(false), "451 4.3.0 ?\r\n");
        }
    }

    #[test]
    fn an_empty_text_leaves_no_space_at_the_end() {
        assert_eq!(Reply::new(250, "2.0.0", "").render(false), "250 2.0.0\r\n");
    }
}
