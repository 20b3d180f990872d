//! One command line to a command: RFC 5321 4.1.1 and the extensions we offer.

use zeroize::Zeroizing;

use crate::dsn::{self, MAX_VALUE_BYTES, MailOptions, RecipientOptions, Returned};
use crate::wire::path::{self, PathFault};

/// Most parameters of one MAIL or RCPT.
const MAX_PARAMETERS: usize = 16;

/// A command with its arguments.
#[derive(Debug, PartialEq)]
pub(super) enum Command {
    Ehlo(String),
    Helo(String),
    Lhlo(String),
    Mail(Mail),
    Rcpt(Rcpt),
    Data,
    Rset,
    Noop,
    Quit,
    Vrfy,
    StartTls,
    Auth(Auth),
    Xforward(Vec<(Attribute, Option<String>)>),
    /// RFC 5321 knows it, we do not do it: EXPN, HELP, ETRN, BDAT, ...
    NotImplemented,
    /// Words of another protocol: a browser that was made to talk to us.
    Foreign,
}

/// `MAIL FROM:`.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Mail {
    pub(super) address: String,
    pub(super) size: Option<u64>,
    pub(super) body_8bit: bool,
    pub(super) smtputf8: bool,
    pub(super) options: MailOptions,
}

/// `RCPT TO:`.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Rcpt {
    pub(super) address: String,
    pub(super) options: RecipientOptions,
}

/// `AUTH`, RFC 4954. Not to be shown: the initial response may hold a password.
#[derive(PartialEq)]
pub(super) struct Auth {
    /// In upper case.
    pub(super) mechanism: String,
    /// Base64 as given, `=` for an empty one.
    pub(super) initial: Option<Zeroizing<Vec<u8>>>,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").field("mechanism", &self.mechanism).finish_non_exhaustive()
    }
}

/// The XFORWARD attributes that we keep; others are read over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attribute {
    Name,
    Address,
    Helo,
    Ident,
    Other,
}

/// Why a line is not a command. The reply belongs to the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub(super) enum CommandFault {
    /// A control character, or octets that are not UTF-8.
    Characters,
    /// No command of this name.
    Unknown,
    /// The arguments do not fit the command.
    Syntax,
    /// An argument where there can be none.
    Argument,
    /// The path of MAIL is malformed.
    Sender(PathFault),
    /// The path of RCPT is malformed.
    Recipient(PathFault),
    /// A parameter that we did not offer. RFC 5321 4.1.1.11: 555.
    UnknownParameter,
    /// A parameter of bad form, or twice.
    Parameter,
}

/// Reads a command line without its CRLF.
///
/// `smtputf8` is whether the running transaction asked for it; RCPT needs to know.
pub(super) fn parse(line: &[u8], smtputf8: bool) -> Result<Command, CommandFault> {
    let text = std::str::from_utf8(line).map_err(|_| CommandFault::Characters)?;
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(CommandFault::Characters);
    }
    let text = text.trim_end_matches([' ', '\t']);
    let (verb, argument) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    let argument = argument.trim_start_matches([' ', '\t']);
    let none = |command| match argument {
        "" => Ok(command),
        _ => Err(CommandFault::Argument),
    };
    match verb.to_ascii_uppercase().as_str() {
        "EHLO" => hello(argument).map(Command::Ehlo),
        "HELO" => hello(argument).map(Command::Helo),
        "LHLO" => hello(argument).map(Command::Lhlo),
        "MAIL" => mail(argument).map(Command::Mail),
        "RCPT" => rcpt(argument, smtputf8).map(Command::Rcpt),
        "DATA" => none(Command::Data),
        "RSET" => none(Command::Rset),
        "QUIT" => none(Command::Quit),
        "STARTTLS" => none(Command::StartTls),
        // RFC 5321 4.1.1.9: NOOP takes a string that is ignored.
        "NOOP" => Ok(Command::Noop),
        "VRFY" if argument.is_empty() => Err(CommandFault::Syntax),
        "VRFY" => Ok(Command::Vrfy),
        "AUTH" => auth(argument).map(Command::Auth),
        "XFORWARD" => xforward(argument).map(Command::Xforward),
        "EXPN" | "HELP" | "ETRN" | "TURN" | "BDAT" | "SEND" | "SAML" | "SOML" | "BURL"
        | "XCLIENT" => Ok(Command::NotImplemented),
        "GET" | "POST" | "PUT" | "HEAD" | "OPTIONS" | "CONNECT" | "HOST:" => Ok(Command::Foreign),
        _ => Err(CommandFault::Unknown),
    }
}

/// The name a client gives itself. Anything printable: names of personal computers
/// are often no host names, and nothing is decided by them.
fn hello(argument: &str) -> Result<String, CommandFault> {
    if argument.is_empty() || argument.len() > path::MAX_DOMAIN_BYTES {
        return Err(CommandFault::Syntax);
    }
    let harmless = |c: char| if c.is_ascii_graphic() { c } else { '?' };
    Ok(argument.chars().map(harmless).collect())
}

fn mail(argument: &str) -> Result<Mail, CommandFault> {
    let path_text = after_keyword(argument, "FROM:")?;
    // Whether SMTPUTF8 is asked for stands behind the address that it is about.
    let (address, rest) = path::read_path(path_text, true).map_err(CommandFault::Sender)?;
    let mut mail = Mail { address: address.to_owned(), ..Mail::default() };
    let mut seen = Seen::default();
    for parameter in parameters(rest)? {
        let (keyword, value) = seen.once(parameter)?;
        match (keyword.as_str(), value) {
            ("SIZE", Some(value)) => mail.size = size(value)?,
            ("BODY", Some(value)) if value.eq_ignore_ascii_case("8BITMIME") => {
                mail.body_8bit = true;
            }
            ("BODY", Some(value)) if value.eq_ignore_ascii_case("7BIT") => {}
            ("SMTPUTF8", None) => mail.smtputf8 = true,
            ("RET", Some(value)) => {
                let returned = Returned::parse(value).ok_or(CommandFault::Parameter)?;
                mail.options.returned = Some(returned);
            }
            ("ENVID", Some(value)) => {
                if !dsn::is_xtext(value) {
                    return Err(CommandFault::Parameter);
                }
                mail.options.envelope_id = Some(value.to_owned());
            }
            // RFC 4954 5: understood by form, without effect here.
            ("AUTH", Some(value)) => xtext(value).map(drop)?,
            ("SIZE" | "BODY" | "SMTPUTF8" | "RET" | "ENVID" | "AUTH", _) => {
                return Err(CommandFault::Parameter);
            }
            _ => return Err(CommandFault::UnknownParameter),
        }
    }
    if !mail.smtputf8 && !mail.address.is_ascii() {
        return Err(CommandFault::Sender(PathFault::NeedsSmtpUtf8));
    }
    Ok(mail)
}

fn rcpt(argument: &str, smtputf8: bool) -> Result<Rcpt, CommandFault> {
    let path_text = after_keyword(argument, "TO:")?;
    let (address, rest) = path::read_path(path_text, smtputf8).map_err(CommandFault::Recipient)?;
    if address.is_empty() {
        return Err(CommandFault::Recipient(PathFault::LocalPart));
    }
    let mut rcpt = Rcpt { address: address.to_owned(), ..Rcpt::default() };
    let mut seen = Seen::default();
    for parameter in parameters(rest)? {
        let (keyword, value) = seen.once(parameter)?;
        match (keyword.as_str(), value) {
            ("NOTIFY", Some(value)) if dsn::is_notify(value) => {
                rcpt.options.notify = Some(value.to_owned());
            }
            ("ORCPT", Some(value)) if dsn::is_original_recipient(value, smtputf8) => {
                rcpt.options.orcpt = Some(value.to_owned());
            }
            ("NOTIFY" | "ORCPT", _) => return Err(CommandFault::Parameter),
            _ => return Err(CommandFault::UnknownParameter),
        }
    }
    Ok(rcpt)
}

/// What follows `FROM:` or `TO:`. A space before the path is against RFC 5321 and
/// common; it changes nothing.
fn after_keyword<'a>(argument: &'a str, keyword: &str) -> Result<&'a str, CommandFault> {
    match argument.split_at_checked(keyword.len()) {
        Some((word, rest)) if word.eq_ignore_ascii_case(keyword) => {
            Ok(rest.trim_start_matches(' '))
        }
        _ => Err(CommandFault::Syntax),
    }
}

fn parameters(rest: &str) -> Result<Vec<&str>, CommandFault> {
    if !rest.is_empty() && !rest.starts_with(' ') {
        return Err(CommandFault::Syntax);
    }
    let found: Vec<&str> = rest.split(' ').filter(|parameter| !parameter.is_empty()).collect();
    if found.len() > MAX_PARAMETERS { Err(CommandFault::Parameter) } else { Ok(found) }
}

/// Refuses a parameter that comes twice: two readers could take different ones.
#[derive(Default)]
struct Seen(Vec<String>);

impl Seen {
    fn once<'a>(&mut self, parameter: &'a str) -> Result<(String, Option<&'a str>), CommandFault> {
        let (keyword, value) = match parameter.split_once('=') {
            Some((keyword, value)) => (keyword, Some(value)),
            None => (parameter, None),
        };
        let keyword = keyword.to_ascii_uppercase();
        if keyword.is_empty() || value == Some("") || self.0.contains(&keyword) {
            return Err(CommandFault::Parameter);
        }
        self.0.push(keyword.clone());
        Ok((keyword, value))
    }
}

/// RFC 1870 section 4: up to 20 digits. 0 says nothing.
fn size(value: &str) -> Result<Option<u64>, CommandFault> {
    if value.len() > 20 || !value.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(CommandFault::Parameter);
    }
    // 20 digits may exceed 64 bits: too large either way.
    let size = value.parse().unwrap_or(u64::MAX);
    Ok((size > 0).then_some(size))
}

/// Decodes xtext, RFC 3461 section 4, to printable characters.
fn xtext(value: &str) -> Result<String, CommandFault> {
    if value.len() > MAX_VALUE_BYTES {
        return Err(CommandFault::Parameter);
    }
    let mut decoded = Vec::with_capacity(value.len());
    let mut octets = value.bytes();
    while let Some(octet) = octets.next() {
        match octet {
            b'+' => {
                let (high, low) = (hex_digit(octets.next())?, hex_digit(octets.next())?);
                decoded.push(high * 16 + low);
            }
            b'!'..=b'~' => decoded.push(octet),
            _ => return Err(CommandFault::Parameter),
        }
    }
    let decoded = String::from_utf8(decoded).map_err(|_| CommandFault::Parameter)?;
    if decoded.chars().any(char::is_control) { Err(CommandFault::Parameter) } else { Ok(decoded) }
}

/// "hexchar": upper case only.
fn hex_digit(octet: Option<u8>) -> Result<u8, CommandFault> {
    match octet {
        Some(octet @ b'0'..=b'9') => Ok(octet - b'0'),
        Some(octet @ b'A'..=b'F') => Ok(octet - b'A' + 10),
        _ => Err(CommandFault::Parameter),
    }
}

fn auth(argument: &str) -> Result<Auth, CommandFault> {
    let mut words = argument.split(' ').filter(|word| !word.is_empty());
    let mechanism = words.next().ok_or(CommandFault::Syntax)?.to_ascii_uppercase();
    let initial = words.next().map(|word| Zeroizing::new(word.as_bytes().to_vec()));
    if words.next().is_some() {
        return Err(CommandFault::Syntax);
    }
    Ok(Auth { mechanism, initial })
}

/// Postfix's XFORWARD: `NAME=value ...`, values in xtext, `[UNAVAILABLE]` for none.
fn xforward(argument: &str) -> Result<Vec<(Attribute, Option<String>)>, CommandFault> {
    let mut attributes = Vec::new();
    let mut seen = Seen::default();
    for parameter in argument.split(' ').filter(|parameter| !parameter.is_empty()) {
        let (keyword, value) = seen.once(parameter)?;
        let attribute = match keyword.as_str() {
            "NAME" => Attribute::Name,
            "ADDR" => Attribute::Address,
            "HELO" => Attribute::Helo,
            "IDENT" => Attribute::Ident,
            "PORT" | "PROTO" | "SOURCE" => Attribute::Other,
            _ => return Err(CommandFault::Parameter),
        };
        let value = xtext(value.ok_or(CommandFault::Parameter)?)?;
        let absent = match value.to_ascii_uppercase().as_str() {
            "[UNAVAILABLE]" => true,
            // Of a name, whose look-up failed. An address is there or is not: who has none
            // counts as this host.
            "[TEMPUNAVAIL]" => attribute != Attribute::Address,
            _ => false,
        };
        attributes.push((attribute, (!absent).then_some(value)));
    }
    if attributes.is_empty() { Err(CommandFault::Syntax) } else { Ok(attributes) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ok(line: &str) -> Command {
        parse(line.as_bytes(), false).unwrap()
    }

    fn fault(line: &str) -> CommandFault {
        parse(line.as_bytes(), false).unwrap_err()
    }

    #[test]
    fn verbs_are_read_in_any_case_and_with_spaces_at_the_end() {
        assert_eq!(ok("data"), Command::Data);
        assert_eq!(ok("QuIt  "), Command::Quit);
        assert_eq!(ok("NOOP whatever"), Command::Noop);
        assert_eq!(ok("EHLO a.example"), Command::Ehlo("a.example".into()));
        assert_eq!(ok("ehlo 太郎"), Command::Ehlo("??".into()));
    }

    #[test]
    fn arguments_where_none_belong_are_refused() {
        for line in ["DATA x", "RSET x", "QUIT x", "STARTTLS x"] {
            assert_eq!(fault(line), CommandFault::Argument, "{line}");
        }
        for line in ["EHLO", "VRFY", "AUTH", "AUTH PLAIN a b", "XFORWARD", "MAIL", "MAIL TO:<a@b>"]
        {
            assert_eq!(fault(line), CommandFault::Syntax, "{line}");
        }
    }

    #[test]
    fn control_characters_and_broken_utf8_are_no_command() {
        for line in
            [&b"NOOP \0"[..], b"NOOP \x1b", b"NOOP \x7f", b"NOOP \xff", "NOOP \u{85}".as_bytes()]
        {
            assert_eq!(parse(line, true), Err(CommandFault::Characters));
        }
    }

    #[test]
    fn mail_reads_every_parameter_that_is_offered() {
        let line =
            "MAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=x+2B AUTH=<>";
        let expected = Mail {
            address: "a@b.example".into(),
            size: Some(100),
            body_8bit: true,
            smtputf8: true,
            options: MailOptions {
                returned: Some(Returned::Headers),
                envelope_id: Some("x+2B".into()),
            },
        };
        assert_eq!(ok(line), Command::Mail(expected));
        assert_eq!(ok("mail from: <>"), Command::Mail(Mail::default()));
        assert_eq!(ok("MAIL FROM:<> BODY=7bit SIZE=0"), Command::Mail(Mail::default()));
    }

    #[test]
    fn a_size_beyond_64_bits_is_too_large_and_one_beyond_20_digits_no_size() {
        let Command::Mail(mail) = ok("MAIL FROM:<> SIZE=99999999999999999999") else { panic!() };
        assert_eq!(mail.size, Some(u64::MAX));
        assert_eq!(fault("MAIL FROM:<> SIZE=100000000000000000000"), CommandFault::Parameter);
    }

    #[test]
    fn parameters_of_bad_form_or_twice_are_refused() {
        for line in [
            "MAIL FROM:<> SIZE=1 size=2",
            "MAIL FROM:<> SIZE",
            "MAIL FROM:<> SIZE=",
            "MAIL FROM:<> SIZE=-1",
            "MAIL FROM:<> SIZE=1x",
            "MAIL FROM:<> BODY=BINARYMIME",
            "MAIL FROM:<> SMTPUTF8=1",
            "MAIL FROM:<> RET=ALL",
            "MAIL FROM:<> ENVID=a+2",
            "MAIL FROM:<> ENVID=a+0D",
            "MAIL FROM:<> ENVID=a=b",
            "MAIL FROM:<> =x",
            "RCPT TO:<a@b> NOTIFY=NEVER,SUCCESS",
            "RCPT TO:<a@b> ORCPT=a@b",
            "RCPT TO:<a@b> ORCPT=rfc822;a+b@x",
        ] {
            assert_eq!(fault(line), CommandFault::Parameter, "{line}");
        }
        assert_eq!(fault("MAIL FROM:<> HOLDFOR=1"), CommandFault::UnknownParameter);
        assert_eq!(fault("RCPT TO:<a@b> SIZE=1"), CommandFault::UnknownParameter);
        assert_eq!(fault("MAIL FROM:<a@b>SIZE=1"), CommandFault::Syntax);
    }

    #[test]
    fn there_are_at_most_sixteen_parameters() {
        let line = |n: usize| {
            let more: Vec<String> = (0..n).map(|i| format!("X{i}=1")).collect();
            format!("MAIL FROM:<> {}", more.join(" "))
        };
        assert_eq!(fault(&line(MAX_PARAMETERS)), CommandFault::UnknownParameter);
        assert_eq!(fault(&line(MAX_PARAMETERS + 1)), CommandFault::Parameter);
    }

    #[test]
    fn rcpt_keeps_what_a_delivery_report_needs_as_given() {
        let line = "RCPT TO:<a@b.example> NOTIFY=success,DELAY ORCPT=rfc822;A+2Bx@b.example";
        let Command::Rcpt(rcpt) = ok(line) else { panic!() };
        assert_eq!(rcpt.options.notify.as_deref(), Some("success,DELAY"));
        assert_eq!(rcpt.options.orcpt.as_deref(), Some("rfc822;A+2Bx@b.example"));
    }

    #[test]
    fn a_recipient_is_never_empty() {
        assert_eq!(fault("RCPT TO:<>"), CommandFault::Recipient(PathFault::LocalPart));
    }

    #[test]
    fn addresses_outside_ascii_need_smtputf8() {
        let needs = PathFault::NeedsSmtpUtf8;
        assert_eq!(fault("MAIL FROM:<太郎@b.example>"), CommandFault::Sender(needs));
        assert_eq!(fault("RCPT TO:<太郎@b.example>"), CommandFault::Recipient(needs));
        assert!(parse("RCPT TO:<太郎@b.example>".as_bytes(), true).is_ok());
        assert!(parse("MAIL FROM:<太郎@b.example> SMTPUTF8".as_bytes(), false).is_ok());
    }

    #[test]
    fn xforward_values_are_decoded_and_unavailable_is_none() {
        let expected = vec![
            (Attribute::Name, Some("mx.example".to_owned())),
            (Attribute::Address, None),
            (Attribute::Other, Some("25".to_owned())),
            (Attribute::Ident, Some("4A+1".to_owned())),
        ];
        let line = "XFORWARD NAME=mx.example ADDR=[UNAVAILABLE] PORT=25 IDENT=4A+2B1";
        assert_eq!(ok(line), Command::Xforward(expected));
        let told = |line: &str, attribute, value: Option<&str>| {
            let expected = vec![(attribute, value.map(str::to_owned))];
            assert_eq!(ok(line), Command::Xforward(expected), "{line}");
        };
        told("XFORWARD NAME=[TEMPUNAVAIL]", Attribute::Name, None);
        let unknown = Some("[TEMPUNAVAIL]");
        told("XFORWARD ADDR=[TEMPUNAVAIL]", Attribute::Address, unknown);
        told("XFORWARD ADDR=unknown", Attribute::Address, Some("unknown"));
        for line in
            ["XFORWARD IDENT=a+0Ab", "XFORWARD LOGIN=x", "XFORWARD IDENT", "XFORWARD NAME=a NAME=b"]
        {
            assert_eq!(fault(line), CommandFault::Parameter, "{line}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let shown = format!("{:?}", ok("AUTH PLAIN c2VjcmV0"));
        assert!(shown.contains("PLAIN") && !shown.contains("c2VjcmV0"), "{shown}");
        assert!(!shown.contains("115"), "{shown}");
    }

    proptest! {
        #[test]
        fn any_line_is_a_command_or_a_fault(line: Vec<u8>, utf8: bool) {
            let _ = parse(&line, utf8);
            let _ = parse(&[b"MAIL FROM:<", &line[..]].concat(), utf8);
            let _ = parse(&[b"XFORWARD NAME=", &line[..]].concat(), utf8);
        }
    }
}
