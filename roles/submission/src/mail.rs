//! One mail on its way through the submission service, as far as it is remembered: the
//! envelope, the header, and a hash of the content.

use crate::config::{CertificateConfig, Limits};
use ssmax_chain::binding::headers_digest;
use ssmax_chain::statement::mail_digest;
use ssmax_chain::statement_field::{STATEMENT_FIELD, value_bytes};
use ssmax_chain::{Digest, Reason};
use ssmax_mail::address::{Address, parse_from};
use ssmax_mail::canonical::is_content_field;
use ssmax_mail::{Header, parse_header};
use ssmax_primitives::Sha256;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// Octets of a login name that are taken at most: what an address may have.
const MAX_LOGIN_BYTES: usize = 320;

/// Room in a statement for everything but the recipients: two addresses and the login,
/// each as long as may be and escaped in JSON, and what has a fixed length.
const FIXED_JSON_BYTES: usize = 6 * 3 * MAX_LOGIN_BYTES + 512;

/// So many fields of our name nobody has by mistake.
const MAX_FORGED_FIELDS: u32 = 100;

/// Who logged in, by the word of the MTA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) proof: Proof,
}

/// How.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proof {
    /// By a SASL mechanism.
    Sasl(String),
    /// By a certificate that the MTA has verified, of this level.
    Certificate(u8),
}

impl Login {
    /// `None` for what is no login: no name, one with control characters or of more octets
    /// than an address may have, or no SASL mechanism.
    pub(crate) fn new(user: &[u8], mechanism: &[u8]) -> Option<Self> {
        let user = std::str::from_utf8(user).ok()?;
        let mechanism = std::str::from_utf8(mechanism).ok()?;
        let is_name = !user.is_empty()
            && user.len() <= MAX_LOGIN_BYTES
            && !user.chars().any(char::is_control);
        if !is_name || !crate::config::is_mechanism(mechanism) {
            return None;
        }
        Some(Self { user: user.to_owned(), proof: Proof::Sasl(mechanism.to_owned()) })
    }

    /// The login by a certificate that names its holder in the common name; `None` unless
    /// its issuer is the one that counts.
    pub(crate) fn by_certificate(
        subject: &[u8],
        issuer: &[u8],
        config: &CertificateConfig,
    ) -> Option<Self> {
        let user = String::from_utf8(from_xtext(subject)?).ok()?;
        let is_name = !user.is_empty()
            && user.len() <= MAX_LOGIN_BYTES
            && user.bytes().all(|octet| octet.is_ascii_graphic());
        let counts = from_xtext(issuer)? == config.issuer.as_bytes();
        (is_name && counts).then_some(Self { user, proof: Proof::Certificate(config.aal) })
    }
}

/// What xtext (RFC 3461 4) stands for, in which Postfix writes names of certificates: `+` and
/// two hexadecimal digits are an octet.
fn from_xtext(text: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((octet, behind)) = rest.split_first() {
        rest = behind;
        if *octet != b'+' {
            octets.push(*octet);
            continue;
        }
        let (digits, behind) = rest.split_first_chunk::<2>()?;
        let digit = |digit: u8| char::from(digit).to_digit(16);
        let [high, low] = [digit(digits[0])?, digit(digits[1])?];
        octets.push(u8::try_from(high * 16 + low).ok()?);
        rest = behind;
    }
    Some(octets)
}

/// Why a recipient is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// No address.
    Malformed,
    /// One too many: the client sends to the rest in another mail (RFC 5321 4.5.3.1.10).
    TooMany,
}

/// What the statement says of a whole mail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) from: String,
    pub(crate) body: Digest,
}

/// The mail.
pub(crate) struct Mail {
    /// `None` where mail passes that nobody logged in for.
    pub(crate) login: Option<Login>,
    /// When it began.
    at: OffsetDateTime,
    /// What no other mail has.
    pub(crate) nonce: [u8; 16],
    /// Fields that were missing: name, and value as it stands behind the colon.
    pub(crate) added: Vec<(&'static str, String)>,
    pub(crate) mail_from: String,
    pub(crate) recipients: Vec<String>,
    /// Octets of the recipients in JSON.
    json_bytes: usize,
    /// Fields of our name that the client has written.
    pub(crate) forged_fields: u32,
    /// The header so far, without those.
    header: Vec<u8>,
    /// The first reason against it: the mail is then only waited for.
    refusal: Option<Reason>,
    content: Option<Content>,
}

/// The content as it comes in: the entity is hashed, the rest is settled.
struct Content {
    from: String,
    headers: Digest,
    entity: Sha256,
}

impl Mail {
    /// Begins a mail.
    ///
    /// # Errors
    /// [`Reason::FromNotSubmitter`] for an envelope sender that is no address: the MTA would
    /// make one of it that the statement does not name.
    pub(crate) fn new(
        login: Option<Login>,
        sender: &[u8],
        at: OffsetDateTime,
        nonce: [u8; 16],
    ) -> Result<Self, Reason> {
        let mail_from = path(sender).ok_or(Reason::FromNotSubmitter)?;
        if !mail_from.is_empty() && !is_address(&mail_from) {
            return Err(Reason::FromNotSubmitter);
        }
        Ok(Self {
            login,
            at,
            nonce,
            added: Vec::new(),
            mail_from,
            recipients: Vec::new(),
            json_bytes: 0,
            forged_fields: 0,
            header: Vec::new(),
            refusal: None,
            content: None,
        })
    }

    /// Adds a recipient, if there is room for it in the statement.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub(crate) fn recipient(&mut self, octets: &[u8], limits: &Limits) -> Result<(), NotTaken> {
        let recipient = path(octets).filter(|one| is_address(one)).ok_or(NotTaken::Malformed)?;
        if self.login.is_none() || self.recipients.contains(&recipient) {
            return Ok(());
        }
        let text = serde_json::to_string(&recipient).map_err(|_| NotTaken::Malformed)?;
        let json_bytes = self.json_bytes + text.len() + 1;
        let has_room = value_bytes(FIXED_JSON_BYTES + json_bytes) <= limits.max_field_bytes;
        if !has_room || self.recipients.len() >= limits.max_recipients {
            return Err(NotTaken::TooMany);
        }
        self.json_bytes = json_bytes;
        self.recipients.push(recipient);
        Ok(())
    }

    /// Adds a header field; one of our name is counted and left out.
    pub(crate) fn field(&mut self, name: &[u8], value: &[u8], limits: &Limits) {
        if self.content.is_some() {
            // An MTA that sends header and body in turns is none.
            return self.refuse(Reason::MailMalformed);
        }
        if name.trim_ascii().eq_ignore_ascii_case(STATEMENT_FIELD.as_bytes()) {
            self.forged_fields = self.forged_fields.saturating_add(1);
            if self.is_flooded() {
                self.refuse(Reason::MailMalformed);
            }
            return;
        }
        if self.refusal.is_some() {
            return;
        }
        // A line that does not go on would be a field that nobody has named.
        let mut ends = value.iter().zip(value.iter().skip(1).chain(std::iter::once(&0)));
        if ends.any(|(end, next)| *end == b'\n' && !matches!(next, b' ' | b'\t')) {
            return self.refuse(Reason::MailMalformed);
        }
        // Every line end may become one octet longer.
        let bytes = name.len() + value.len() * 2 + 3;
        if self.header.len() + bytes > limits.max_header_bytes {
            return self.refuse(Reason::MailMalformed);
        }
        self.header.extend_from_slice(name);
        self.header.push(b':');
        for octet in value {
            if *octet == b'\n' && self.header.last() != Some(&b'\r') {
                self.header.push(b'\r');
            }
            self.header.push(*octet);
        }
        self.header.extend_from_slice(b"\r\n");
    }

    /// Adds a piece of the body.
    pub(crate) fn body(&mut self, octets: &[u8]) {
        self.settle_header();
        if let Some(content) = &mut self.content {
            content.entity.update(octets);
        }
    }

    /// Ends the mail.
    ///
    /// # Errors
    /// The first reason against it.
    pub(crate) fn end(&mut self) -> Result<Seen, Reason> {
        self.settle_header();
        if let Some(reason) = self.refusal {
            return Err(reason);
        }
        let content = self.content.take().ok_or(Reason::Internal)?;
        let body = mail_digest(&content.headers, &Digest(content.entity.finish()));
        Ok(Seen { from: content.from, body })
    }

    /// Whether there are more fields of our name than are taken out.
    pub(crate) fn is_flooded(&self) -> bool {
        self.forged_fields > MAX_FORGED_FIELDS
    }

    fn refuse(&mut self, reason: Reason) {
        self.refusal.get_or_insert(reason);
        self.header = Vec::new();
    }

    /// Reads the header when it is whole.
    fn settle_header(&mut self) {
        if self.content.is_some() || self.refusal.is_some() {
            return;
        }
        let mut header = std::mem::take(&mut self.header);
        match self.complete(&mut header).and_then(|()| Content::begin(&header)) {
            Ok(content) => self.content = Some(content),
            Err(reason) => self.refuse(reason),
        }
    }

    /// Adds Date and Message-ID where they are missing (RFC 6409 8.2, 8.3): behind the
    /// statement nobody can.
    fn complete(&mut self, header: &mut Vec<u8>) -> Result<(), Reason> {
        let read = read_header(header)?;
        let is_missing = |name| read.all(name).next().is_none();
        let mut added = Vec::new();
        if is_missing("Date") {
            added.push(("Date", format!(" {}", self.at.format(&Rfc2822).unwrap_or_default())));
        }
        if is_missing("Message-ID") {
            let from = one_from(&read)?;
            let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
            let name = Digest::of(&self.nonce).to_string();
            added.push(("Message-ID", format!(" <{}@{domain}>", name.get(..32).unwrap_or(&name))));
        }
        for (name, value) in &added {
            header.extend_from_slice(format!("{name}:{value}\r\n").as_bytes());
        }
        self.added = added;
        Ok(())
    }
}

impl Content {
    fn begin(header: &[u8]) -> Result<Self, Reason> {
        let header = read_header(header)?;
        let from = one_from(&header)?;
        let headers = headers_digest(&header).map_err(|_| Reason::MailAmbiguous)?;
        let mut entity = Sha256::new();
        for field in header.fields().iter().filter(|field| is_content_field(field.name())) {
            entity.update(field.raw());
        }
        entity.update(b"\r\n");
        Ok(Self { from, headers, entity })
    }
}

fn read_header(header: &[u8]) -> Result<Header<'_>, Reason> {
    parse_header(header, &ssmax_mail::Limits::default()).map_err(|fault| {
        tracing::info!(%fault, "a header is not read");
        Reason::MailMalformed
    })
}

fn one_from(header: &Header<'_>) -> Result<String, Reason> {
    let field = header.one("From").ok().flatten().ok_or(Reason::FromNotOne)?;
    match parse_from(&field.unfolded()).as_deref() {
        Ok([one]) => Ok(one.address.to_string()),
        _ => Err(Reason::FromNotOne),
    }
}

/// The path of MAIL or RCPT without its brackets.
fn path(octets: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(octets).ok()?.trim();
    let bare = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text);
    Some(bare.to_owned())
}

fn is_address(text: &str) -> bool {
    text.len() <= MAX_LOGIN_BYTES && Address::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> Option<Login> {
        Login::new(b"alice", b"PLAIN")
    }

    fn begun() -> Mail {
        Mail::new(login(), b"<alice@a.example>", OffsetDateTime::UNIX_EPOCH, [7; 16]).unwrap()
    }

    /// The same as the gateway computes it from the whole mail.
    fn as_the_gateway_sees(mail: &[u8]) -> Digest {
        let mail = ssmax_mail::parse(mail, &ssmax_mail::Limits::default()).unwrap();
        let headers = headers_digest(mail.header()).unwrap();
        mail_digest(&headers, &Digest::of(&ssmax_mail::canonical::content_entity(&mail)))
    }

    #[test]
    fn the_digest_is_the_one_that_the_gateway_finds_below_fields_of_servers() {
        let mut mail = begun();
        let limits = Limits::default();
        for (name, value) in [
            (&b"From"[..], &b" Alice <alice@a.example>"[..]),
            (b"Subject", b" a\n\tfolded  subject"),
            (b"ssmax-statement ", b" forged"),
            (b"content-type", b"text/plain;\n charset=utf-8"),
            (b"Content-Transfer-Encoding", b" 8bit"),
            (b"Date", b" Thu, 01 Jan 1970 00:00:00 +0000"),
            (b"Message-Id", b" <x@a.example>"),
        ] {
            mail.field(name, value, &limits);
        }
        mail.body(b"\xe3\x81\x82\r\n.\r\n");
        mail.body(b"end\r\n");
        let seen = mail.end().unwrap();
        assert_eq!((mail.forged_fields, mail.added.as_slice()), (1, &[][..]));
        assert_eq!(seen.from, "alice@a.example");
        let through = "Received: by x; now\r\nFrom: Alice <alice@a.example>\r\n\
            Subject: a\r\n\tfolded  subject\r\ncontent-type:text/plain;\r\n charset=utf-8\r\n\
            Content-Transfer-Encoding: 8bit\r\nX-Server: y\r\nMessage-ID: <x@a.example>\r\n\
            Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n\r\nあ\r\n.\r\nend\r\n";
        assert_eq!(seen.body, as_the_gateway_sees(through.as_bytes()));
        for other in [
            through.replace("あ", "い"),
            through.replace("a\r\n\tfolded", "another"),
            through.replace("text/plain", "text/html"),
            through.replace("8bit", "base64"),
            through.replace("Alice", "Boss"),
        ] {
            assert_ne!(seen.body, as_the_gateway_sees(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_mail_without_a_body_has_a_digest_too_and_gets_what_it_lacks() {
        let mut mail = begun();
        mail.field(b"From", b" alice@a.example", &Limits::default());
        let body = mail.end().unwrap().body;
        let [(date, at), (message_id, name)] = mail.added.as_slice() else { panic!() };
        assert_eq!((*date, at.as_str()), ("Date", " Thu, 01 Jan 1970 00:00:00 +0000"));
        assert_eq!((*message_id, name.len()), ("Message-ID", 1 + 1 + 32 + 11));
        assert!(name.ends_with("@a.example>"), "{name}");
        let whole = format!("Message-ID:{name}\r\nDate:{at}\r\nFrom: alice@a.example\r\n\r\n");
        assert_eq!(body, as_the_gateway_sees(whole.as_bytes()));
    }

    #[test]
    fn a_header_that_nobody_reads_in_one_way_is_refused() {
        let refused = |fields: &[(&str, &str)]| {
            let mut mail = begun();
            for (name, value) in fields {
                mail.field(name.as_bytes(), value.as_bytes(), &Limits::default());
            }
            mail.body(b"x\r\n");
            mail.end().unwrap_err()
        };
        let from = ("From", " alice@a.example");
        assert_eq!(refused(&[]), Reason::FromNotOne);
        assert_eq!(refused(&[from, from]), Reason::FromNotOne);
        assert_eq!(refused(&[("From", " a@a.example, b@a.example")]), Reason::FromNotOne);
        assert_eq!(refused(&[("From", " undisclosed")]), Reason::FromNotOne);
        let twice = [from, ("Subject", " a"), ("subject", " b")];
        assert_eq!(refused(&twice), Reason::MailAmbiguous);
        for field in [("", " x"), ("X Y", " x"), ("X", " a\nFrom: b"), ("X", " a\rb")] {
            assert_eq!(refused(&[from, field]), Reason::MailMalformed, "{field:?}");
        }
    }

    #[test]
    fn a_header_of_the_limit_is_taken_and_one_octet_more_is_not() {
        // "From: alice@a.example" and its line end, and room for what might be folded.
        let limits = |max_header_bytes| Limits { max_header_bytes, ..Limits::default() };
        let with = |limits: Limits| {
            let mut mail = begun();
            mail.field(b"From", b" alice@a.example", &limits);
            mail.end().map(|_| ())
        };
        let bytes = 4 + 2 * 16 + 3;
        assert_eq!(with(limits(bytes)), Ok(()));
        assert_eq!(with(limits(bytes - 1)), Err(Reason::MailMalformed));
    }

    #[test]
    fn many_fields_of_our_name_are_refused() {
        let forge = |count: u32| {
            let mut mail = begun();
            mail.field(b"From", b" alice@a.example", &Limits::default());
            for _ in 0..count {
                mail.field(b"SSMAX-Statement", b"x", &Limits::default());
            }
            mail.end().map(|_| ())
        };
        assert_eq!(forge(MAX_FORGED_FIELDS), Ok(()));
        assert_eq!(forge(MAX_FORGED_FIELDS + 1), Err(Reason::MailMalformed));
    }

    #[test]
    fn recipients_are_taken_up_to_their_number_and_to_the_room_in_the_field() {
        let limits = Limits { max_recipients: 2, ..Limits::default() };
        let mut mail = begun();
        let mut add = |one: &str, limits: &Limits| mail.recipient(one.as_bytes(), limits);
        assert_eq!(add("<a@b.example>", &limits), Ok(()));
        assert_eq!(add("<a@b.example>", &limits), Ok(()));
        assert_eq!(add("<b@b.example>", &limits), Ok(()));
        assert_eq!(add("<c@b.example>", &limits), Err(NotTaken::TooMany));
        for bad in ["<bob>", "<>", "", "<a@b.example", "<\u{7}@b.example>"] {
            assert_eq!(add(bad, &limits), Err(NotTaken::Malformed), "{bad:?}");
        }
        assert_eq!(mail.recipients, ["a@b.example", "b@b.example"]);

        let mut mail = begun();
        let limits = Limits { max_recipients: usize::MAX, ..Limits::default() };
        let taken = (0..10_000)
            .take_while(|number| {
                let one = format!("<{number:0>40}@b.example>");
                mail.recipient(one.as_bytes(), &limits).is_ok()
            })
            .count();
        assert!((400..600).contains(&taken), "{taken}");
    }

    #[test]
    fn the_largest_statement_is_within_the_bound_of_its_field() {
        use ssmax_chain::statement::{SignedStatement, Statement};
        // What grows most in JSON.
        let name = "\u{7f}\"".repeat(MAX_LOGIN_BYTES / 2);
        let statement = Statement {
            v: ssmax_chain::hop_record::RECORD_VERSION,
            user: name.clone(),
            aal: 3,
            method: "x".repeat(30),
            from: name.clone(),
            mail_from: name,
            recipients: vec![],
            body: Digest::of(b""),
            at: time::OffsetDateTime::now_utc(),
            nonce: "0".repeat(32),
            source: None,
        };
        let json = serde_json::to_string(&statement).unwrap();
        assert!(json.len() <= FIXED_JSON_BYTES, "{}", json.len());
        let signed = SignedStatement { json, signature: vec![0; 72] };
        let value = ssmax_chain::statement_field::value(&signed, "\n");
        assert!(value.len() <= value_bytes(FIXED_JSON_BYTES));
    }

    #[test]
    fn a_login_has_a_name_and_a_mechanism() {
        assert!(Login::new(&[b'x'; MAX_LOGIN_BYTES], b"SCRAM-SHA-256").is_some());
        for (user, mechanism) in [
            (&b""[..], &b"PLAIN"[..]),
            (b"alice", b""),
            (b"alice", b"plain"),
            (b"alice", b"PLAIN;x"),
            (b"alice", b"ABCDEFGHIJKLMNOPQRSTU"),
            (b"al\nice", b"PLAIN"),
            (b"\xff", b"PLAIN"),
            (&[b'x'; MAX_LOGIN_BYTES + 1], b"PLAIN"),
        ] {
            assert_eq!(Login::new(user, mechanism), None, "{}", user.escape_ascii());
        }
    }

    #[test]
    fn an_envelope_sender_is_an_address_or_none() {
        let begin = |sender: &[u8]| {
            Mail::new(login(), sender, OffsetDateTime::UNIX_EPOCH, [7; 16])
                .map(|mail| mail.mail_from)
        };
        assert_eq!(begin(b"<>").as_deref(), Ok(""));
        assert_eq!(begin(b"alice@a.example").as_deref(), Ok("alice@a.example"));
        for bad in [&b"<alice>"[..], b"<\xff@a.example>", b"<a@b@c>"] {
            assert_eq!(begin(bad), Err(Reason::FromNotSubmitter), "{}", bad.escape_ascii());
        }
    }
}
