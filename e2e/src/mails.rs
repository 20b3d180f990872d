//! The mails that are sent. Each is hard on somebody who passes it on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// Words in every text, which must not be read on the way.
pub const SECRET: &str = "The keys of the warehouse lie under the third stone";

/// The beginning of a subject that goes on over many lines.
pub const LONG_SUBJECT: &str = "Minutes of the meeting on the exchange of mail";

/// A mail, and what of it must arrive octet for octet.
#[derive(Debug, Clone)]
pub struct Mail {
    /// All of it.
    pub octets: Vec<u8>,
    /// Its `Content-*` fields, a blank line and the body: what gets signed.
    pub entity: Vec<u8>,
    /// With its brackets.
    pub message_id: String,
}

impl Mail {
    /// A mail by its name, the fields that it has beside Message-ID and Date, each with its
    /// CRLF, and its content.
    pub fn new(name: &str, fields: &str, entity: Vec<u8>) -> Self {
        let message_id = format!("<{name}@mailer.example>");
        let top = format!(
            "{fields}Message-ID: {message_id}\r\nDate: {}\r\nMIME-Version: 1.0\r\n",
            date()
        );
        Self { octets: [top.as_bytes(), &entity].concat(), entity, message_id }
    }

    /// Whether `octets` are a mail with this one's Message-ID.
    pub fn is_in(&self, octets: &[u8]) -> bool {
        let head = octets.split(|octet| *octet == b'\r').take_while(|line| *line != b"\n");
        let field = format!("\nMessage-ID: {}", self.message_id);
        head.into_iter().any(|line| line.eq_ignore_ascii_case(field.as_bytes()))
    }
}

/// Now, as RFC 5322 writes it: a signature made now must fit.
fn date() -> String {
    OffsetDateTime::now_utc().format(&Rfc2822).unwrap()
}

/// ISO-2022-JP, with a file that has a Japanese name in both spellings.
pub fn iso_2022_jp_with_attachment(from: &str, to: &str) -> Mail {
    let fields = format!(
        "From: =?ISO-2022-JP?B?GyRCOzNFRBsoQiAbJEJNLTxTGyhC?= <{from}>\r\nTo: {to}\r\n\
         Subject: =?ISO-2022-JP?B?GyRCOGY4K0BRPXEkTkF3SVUkSyREJCQkRhsoQg==?=\r\n"
    );
    // "Dear Mr Suzuki, ... we send you our offer, ..."
    let text = "\x1b$BNkLZMM\x1b(B\r\n\r\n\
        \x1b$B$$$D$b$*@$OC$K$J$C$F$*$j$^$9!#;3ED$G$9!#\x1b(B\r\n\
        \x1b$B8f8+@Q=q$r$*Aw$j$7$^$9!#8f3NG'$/$@$5$$!#\x1b(B\r\n";
    let entity = format!(
        "Content-Type: multipart/mixed; boundary=\"=_part\"\r\n\r\n\
         This is a message with several parts.\r\n\
         --=_part\r\nContent-Type: text/plain; charset=ISO-2022-JP\r\n\
         Content-Transfer-Encoding: 7bit\r\n\r\n{text}{SECRET}\r\n\
         --=_part\r\nContent-Type: application/octet-stream;\r\n \
         name=\"=?ISO-2022-JP?B?GyRCOGY4K0BRPXEbKEIuZGF0?=\"\r\n\
         Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n \
         filename*=ISO-2022-JP''%1B%24B8f8%2B%40Q%3Dq%1B%28B.dat\r\n\r\n{}--=_part--\r\n",
        base64_lines(&offer_file())
    );
    Mail::new("offer", &fields, entity.into_bytes())
}

/// The file of [`iso_2022_jp_with_attachment`]: octets of every value, which no two lines
/// share.
pub fn offer_file() -> Vec<u8> {
    (0..60_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

/// Base64 in lines of 76 characters.
pub fn base64_lines(octets: &[u8]) -> String {
    let mut lines = String::new();
    for line in octets.chunks(57) {
        let _ = write!(lines, "{}\r\n", STANDARD.encode(line));
    }
    lines
}

/// A subject over many lines, folded with spaces and with tabs, and addresses in forms
/// that an MTA likes to write anew.
fn folded_fields(from: &str, to: &str) -> String {
    let mut subject = format!("Subject: {LONG_SUBJECT}\r\n");
    for number in 0..20 {
        let fold = if number % 2 == 0 { "\t" } else { "   " };
        let _ = write!(
            subject,
            "{fold}=?UTF-8?Q?=E7=AC=AC{number}=E5=9B=9E?=  between  the  organisations,\r\n"
        );
    }
    format!(
        "From: \"Yamada, A.\" (of sales) <{from}>\r\nTo: The-Team:{to},\r\n\t<{to}>;\r\n\
         {subject} and so on \r\n"
    )
}

/// 8-bit text, a line far over 998 octets, and lines that have a meaning to some MTAs.
fn hard_text() -> Vec<u8> {
    let long = "あ".repeat(1000);
    let text = format!(
        "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         {SECRET}\r\n.\r\n..\r\n.hidden\r\nFrom here on\r\nblanks at the end \t \r\n\
         {long}\r\n-- \r\n\r\n\r\n"
    );
    text.into_bytes()
}

/// A long folded subject over an 8-bit body with a very long line.
pub fn folded_eight_bit(from: &str, to: &str) -> Mail {
    // Without a domain: an MTA adds its own if it takes the mail for one of its host.
    let fields = format!("{}Cc: colleagues\r\n", folded_fields(from, to));
    Mail::new("minutes", &fields, hard_text())
}

/// An answer with the same difficult fields and text, and with a field on one line of
/// more octets than servers pass on.
pub fn answer(from: &str, to: &str, to_mail: &Mail) -> Mail {
    let fields = format!(
        "{}In-Reply-To: {2}\r\nReferences: {1}{2}\r\n",
        folded_fields(from, to),
        "<0123456789012345678901234567890123456789@mailer.example> ".repeat(20),
        to_mail.message_id
    );
    Mail::new("answer", &fields, hard_text())
}

/// A short mail.
pub fn short(name: &str, from: &str, to: &str) -> Mail {
    let fields = format!("From: {from}\r\nTo: {to}\r\nSubject: {SECRET}, {name}\r\n");
    let entity = format!("Content-Type: text/plain; charset=US-ASCII\r\n\r\n{SECRET}.\r\n");
    Mail::new(name, &fields, entity.into_bytes())
}

/// A mail from outside the federation: UTF-8 in header and body, though no SMTPUTF8 was
/// asked for. Mailers should not, and many do.
pub fn eight_bit(from: &str, to: &str) -> Mail {
    let fields = format!("From: {from}\r\nTo: {to}\r\nSubject: こんにちは\r\n");
    Mail::new("greetings", &fields, hard_text_of_short_lines())
}

/// Between servers lines over 998 octets are cut, RFC 5321 4.5.3.1.6: of mail that is
/// not signed nobody expects otherwise.
fn hard_text_of_short_lines() -> Vec<u8> {
    let text = "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         こんにちは\r\n.\r\nblanks at the end \t \r\n";
    text.as_bytes().to_vec()
}

/// Whether a text can be read in `octets`, as it is or through base64.
pub fn can_be_read(text: &str, octets: &[u8]) -> bool {
    let packed: Vec<u8> =
        octets.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
    // Base64 of a text depends on where it begins among three octets; the characters at
    // its ends depend on the neighbours as well.
    let shifted = |shift: usize| {
        let code = STANDARD.encode([&b"???"[..shift], text.as_bytes()].concat());
        let sure = code.trim_end_matches('=');
        sure[4..sure.len() - 4].to_owned()
    };
    let has = |octets: &[u8], text: &str| {
        octets.windows(text.len()).any(|window| window == text.as_bytes())
    };
    has(octets, text) || (0..3).any(|shift| has(&packed, &shifted(shift)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_in_clear_and_in_base64_wherever_it_begins() {
        assert!(can_be_read(SECRET, format!("x{SECRET}x").as_bytes()));
        for before in ["", "1", "12", "123"] {
            let code = STANDARD.encode(format!("{before}{SECRET}x"));
            let (one, two) = code.split_at(20);
            assert!(can_be_read(SECRET, format!("{one}\r\n{two}").as_bytes()), "{before}");
        }
        assert!(!can_be_read(SECRET, STANDARD.encode("something else, rather long").as_bytes()));
    }

    #[test]
    fn a_mail_is_known_by_the_message_id_in_its_header() {
        let mail = short("one", "a@a.example", "b@b.example");
        assert!(mail.is_in(&mail.octets));
        assert!(!short("two", "a@a.example", "b@b.example").is_in(&mail.octets));
        let quoting = [b"Subject: x\r\n\r\n".as_slice(), &mail.octets].concat();
        assert!(!mail.is_in(&quoting));
    }
}
