//! `value; name=value; ...` as in Content-Type and Content-Disposition, with the
//! continuations and charsets of RFC 2231. RFC 2045 5.1, RFC 2183 2.

use std::collections::BTreeMap;

use crate::charset;
use crate::comment::{comment_length, without_comments};
use crate::encoded_word;
use crate::entity::Reading;
use crate::header::trim_blanks;
use crate::transfer::hex_digit;
use crate::{MailFault, work};

/// One parameter, its sections joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameter {
    /// In lower case, without the `*` of RFC 2231.
    pub(crate) name: String,
    /// As text: by the charset of an RFC 2231 value, else UTF-8, else by guess.
    pub(crate) value: String,
    /// Whether the value came with a charset (RFC 2231 4), so that encoded words in it
    /// are nothing but text.
    pub(crate) extended: bool,
}

impl Parameter {
    /// The value for a person: encoded words decoded where mailers do, one line.
    pub(crate) fn shown(&self) -> String {
        if self.extended {
            encoded_word::one_line(&self.value)
        } else {
            encoded_word::decode(self.value.as_bytes())
        }
    }
}

/// What decides how a body is read. Such a parameter must be plain to every reader.
pub(crate) fn is_structural(name: &str) -> bool {
    matches!(name, "boundary" | "charset" | "protocol" | "micalg" | "smime-type" | "type")
}

/// Splits a folded field value into what stands before the first `;`, without white
/// space around, and the parameters in their order.
pub(crate) fn read(value: &[u8], reading: Reading) -> Result<(Vec<u8>, Vec<Parameter>), MailFault> {
    let mut reader = Reader { rest: value, reading };
    let head = reader.head()?;
    let mut collected: Vec<Forms> = Vec::new();
    let mut positions: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..=MailFault::MAX_PARAMETERS {
        let Some((name, octets)) = reader.next()? else {
            let parameters = collected.into_iter().map(Forms::join).collect::<Result<_, _>>()?;
            return Ok((head, parameters));
        };
        let (base, form) = form_of(&name)?;
        let position = *positions.entry(base.clone()).or_insert(collected.len());
        if position == collected.len() {
            collected.push(Forms { name: base, ..Forms::default() });
        }
        if let Some(forms) = collected.get_mut(position) {
            forms.add(form, octets, reading)?;
        }
    }
    Err(MailFault::TooManyParameters)
}

/// Walks over a folded value. CRLF counts as white space: in a header block that was
/// read, it always stands before white space.
struct Reader<'v> {
    rest: &'v [u8],
    reading: Reading,
}

impl Reader<'_> {
    fn head(&mut self) -> Result<Vec<u8>, MailFault> {
        let end = self.head_length()?;
        let mut head = self.take(end).to_vec();
        if head.contains(&b'(') {
            if self.reading == Reading::Strict {
                return Err(MailFault::ContentComment);
            }
            head = without_comments(&head)?;
        }
        head.retain(|octet| !matches!(octet, b'\r' | b'\n'));
        Ok(trim_blanks(&head).to_vec())
    }

    /// Up to the first `;`. One in a comment, if comments are read, is none.
    fn head_length(&self) -> Result<usize, MailFault> {
        let mut at = 0;
        loop {
            match self.rest.get(at) {
                None | Some(b';') => return Ok(at),
                Some(b'(') if self.reading == Reading::Mending => {
                    at += comment_length(self.rest.get(at..).unwrap_or_default())?;
                }
                _ => at += 1,
            }
        }
    }

    /// The next parameter: its name in lower case and its octets.
    fn next(&mut self) -> Result<Option<(String, Vec<u8>)>, MailFault> {
        self.skip_comments()?;
        if self.rest.is_empty() {
            return Ok(None);
        }
        if self.rest.first() != Some(&b';') {
            return Err(self.junk());
        }
        // An empty parameter ("text/plain; charset=utf-8;") means nothing to anybody.
        while matches!(self.rest.first(), Some(b';')) {
            self.take(1);
            self.skip_comments()?;
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let name = self.name()?;
        self.skip_blanks();
        if self.rest.first() != Some(&b'=') {
            return Err(self.junk());
        }
        self.take(1);
        self.skip_blanks();
        let octets = if self.rest.first() == Some(&b'"') {
            self.take(1);
            self.quoted(&name)?
        } else {
            self.unquoted(&name)?
        };
        Ok(Some((name, octets)))
    }

    fn name(&mut self) -> Result<String, MailFault> {
        let end = self
            .rest
            .iter()
            .position(|octet| matches!(octet, b'=' | b';' | b' ' | b'\t' | b'\r' | b'\n'))
            .unwrap_or(self.rest.len());
        let name = self.take(end);
        if !name.is_ascii() {
            return Err(MailFault::ParameterNameNotAscii);
        }
        if name.contains(&b'(') {
            return Err(MailFault::ContentComment);
        }
        if name.is_empty() || !name.iter().all(|octet| is_token_octet(*octet)) {
            return Err(MailFault::ParameterMalformed);
        }
        Ok(String::from_utf8_lossy(name).to_ascii_lowercase())
    }

    /// A value behind its opening quote, up to and with the closing one.
    fn quoted(&mut self, name: &str) -> Result<Vec<u8>, MailFault> {
        let structural = is_structural(name);
        let mut octets = Vec::new();
        loop {
            match self.rest {
                [] => return Err(MailFault::ParameterMalformed),
                [b'"', ..] => {
                    self.take(1);
                    return Ok(octets);
                }
                // Readers keep, drop or shorten a fold between quotes.
                [b'\r' | b'\n', ..] if structural => return Err(MailFault::ParameterFolded),
                [b'\r' | b'\n', ..] => {
                    self.take(1);
                }
                [b'\\', ..] if structural => return Err(MailFault::ParameterEscape),
                [b'\\', following, ..] => {
                    // Behind an 8-bit octet the backslash may be the second half of a
                    // Shift_JIS character; then it is no escape to those who know.
                    let after_eight_bit = octets.last().is_some_and(|last: &u8| !last.is_ascii());
                    match (following, after_eight_bit) {
                        (b'"' | b'\\', false) => {
                            octets.push(*following);
                            self.take(2);
                        }
                        (b'"' | b'\\', true) | (_, false) => {
                            return Err(MailFault::ParameterEscape);
                        }
                        (_, true) => {
                            octets.push(b'\\');
                            self.take(1);
                        }
                    }
                }
                [octet, ..] => {
                    octets.push(*octet);
                    self.take(1);
                }
            }
        }
    }

    /// A value without quotes. RFC 2045 wants a token; what mailers also send and all
    /// read alike, such as `type=text/html` or `name==?utf-8?B?..?=`, is taken too,
    /// but not for what rules the structure.
    fn unquoted(&mut self, name: &str) -> Result<Vec<u8>, MailFault> {
        let mut octets = self.unquoted_run(name)?;
        // Encoded words of a long name, folded between them.
        while octets.starts_with(b"=?") && octets.ends_with(b"?=") {
            let ahead = Reader { rest: self.rest, reading: self.reading }.after_blanks();
            if !ahead.starts_with(b"=?") {
                break;
            }
            self.skip_blanks();
            octets.push(b' ');
            octets.extend_from_slice(&self.unquoted_run(name)?);
        }
        Ok(octets)
    }

    fn unquoted_run(&mut self, name: &str) -> Result<Vec<u8>, MailFault> {
        let end = self
            .rest
            .iter()
            .position(|octet| matches!(octet, b';' | b' ' | b'\t' | b'\r' | b'\n'))
            .unwrap_or(self.rest.len());
        let octets = self.take(end);
        for octet in octets {
            match octet {
                b'(' | b')' => return Err(MailFault::ContentComment),
                b'"' | b'\\' => return Err(MailFault::ParameterMalformed),
                // Some readers stop at such a character, and would see another boundary.
                octet if name == "boundary" && !is_token_octet(*octet) => {
                    return Err(MailFault::ParameterMalformed);
                }
                _ => {}
            }
        }
        Ok(octets.to_vec())
    }

    /// What is wrong where a `;` or `=` should stand.
    fn junk(&self) -> MailFault {
        match self.rest.first() {
            Some(b'(') => MailFault::ContentComment,
            _ => MailFault::ParameterMalformed,
        }
    }

    fn after_blanks(mut self) -> Vec<u8> {
        self.skip_blanks();
        self.rest.get(..2).unwrap_or_default().to_vec()
    }

    /// White space, and comments if they are read: those before a name or a `;` only. One
    /// within a name or value is part of it to whoever knows no comments.
    fn skip_comments(&mut self) -> Result<(), MailFault> {
        self.skip_blanks();
        while self.reading == Reading::Mending && self.rest.first() == Some(&b'(') {
            self.take(comment_length(self.rest)?);
            self.skip_blanks();
        }
        Ok(())
    }

    fn skip_blanks(&mut self) {
        while matches!(self.rest.first(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.take(1);
        }
    }
}

impl<'v> Reader<'v> {
    fn take(&mut self, count: usize) -> &'v [u8] {
        work::spend(count);
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }
}

/// `token` of RFC 2045 5.1: printable ASCII without tspecials.
pub(crate) fn is_token_octet(octet: u8) -> bool {
    octet.is_ascii_graphic()
        && !matches!(
            octet,
            b'(' | b')'
                | b'<'
                | b'>'
                | b'@'
                | b','
                | b';'
                | b':'
                | b'\\'
                | b'"'
                | b'/'
                | b'['
                | b']'
                | b'?'
                | b'='
        )
}

/// How a parameter is written.
enum Form {
    /// `name`
    Plain,
    /// `name*`
    Extended,
    /// `name*N` or, with a charset or percent signs, `name*N*`
    Section { number: usize, encoded: bool },
}

/// Takes a name apart (RFC 2231 3, 4).
fn form_of(name: &str) -> Result<(String, Form), MailFault> {
    let Some((base, suffix)) = name.split_once('*') else {
        return Ok((name.to_owned(), Form::Plain));
    };
    if base.is_empty() {
        return Err(MailFault::ParameterExtendedMalformed);
    }
    if is_structural(base) {
        return Err(MailFault::ParameterExtendedStructural);
    }
    if suffix.is_empty() {
        return Ok((base.to_owned(), Form::Extended));
    }
    let (digits, encoded) = match suffix.strip_suffix('*') {
        Some(digits) => (digits, true),
        None => (suffix, false),
    };
    // RFC 2231 3 has no leading zeros; readers that allow them see another order.
    let canonical = digits.bytes().all(|digit| digit.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    match digits.parse() {
        Ok(number) if canonical => Ok((base.to_owned(), Form::Section { number, encoded })),
        _ => Err(MailFault::ParameterExtendedMalformed),
    }
}

/// Everything that was said about one parameter.
#[derive(Default)]
struct Forms {
    name: String,
    plain: Option<Vec<u8>>,
    extended: Option<Vec<u8>>,
    sections: BTreeMap<usize, (bool, Vec<u8>)>,
}

impl Forms {
    fn add(&mut self, form: Form, octets: Vec<u8>, reading: Reading) -> Result<(), MailFault> {
        let before = match form {
            Form::Plain => self.plain.replace(octets.clone()),
            Form::Extended => self.extended.replace(octets.clone()),
            Form::Section { number, encoded } => {
                self.sections.insert(number, (encoded, octets.clone())).map(|(_, before)| before)
            }
        };
        match before {
            Some(before) if reading == Reading::Strict || before != octets => {
                Err(MailFault::ParameterDuplicate)
            }
            _ => Ok(()),
        }
    }

    /// One value out of all forms, if they do not contradict each other.
    fn join(self) -> Result<Parameter, MailFault> {
        let from_sections = if self.sections.is_empty() {
            None
        } else {
            Some(join_sections(&self.name, &self.sections)?)
        };
        let from_extended = match &self.extended {
            Some(octets) => Some(extended_parameter(&self.name, octets)?),
            None => None,
        };
        let from_plain = self.plain.map(|octets| plain_parameter(&self.name, &octets));
        match (from_plain, from_extended, from_sections) {
            (Some(only), None, None) | (None, Some(only), None) | (None, None, Some(only)) => {
                Ok(only)
            }
            // Mailers send both for old readers; with one meaning there is no harm.
            (Some(plain), Some(other), None) | (Some(plain), None, Some(other))
                if plain.shown() == other.shown() =>
            {
                Ok(other)
            }
            _ => Err(MailFault::ParameterPlainAndExtended),
        }
    }
}

fn plain_parameter(name: &str, octets: &[u8]) -> Parameter {
    Parameter { name: name.to_owned(), value: charset::guess(octets), extended: false }
}

/// `charset'language'percent-encoded` (RFC 2231 4).
fn extended_parameter(name: &str, octets: &[u8]) -> Result<Parameter, MailFault> {
    let (charset, encoded) = split_charset(octets)?;
    let mut decoded = Vec::new();
    percent_decode(encoded, &mut decoded)?;
    Ok(Parameter {
        name: name.to_owned(),
        value: charset::decode_named(charset.as_deref(), &decoded),
        extended: true,
    })
}

fn join_sections(
    name: &str,
    sections: &BTreeMap<usize, (bool, Vec<u8>)>,
) -> Result<Parameter, MailFault> {
    // Numbers are ordered and distinct: the last tells whether all are there.
    if sections.keys().next_back() != Some(&(sections.len() - 1)) {
        return Err(MailFault::ParameterContinuationGap);
    }
    let with_charset = sections.get(&0).is_some_and(|(encoded, _)| *encoded);
    let mut charset = None;
    let mut joined = Vec::new();
    for (number, (encoded, octets)) in sections {
        match (*encoded, *number) {
            (true, 0) => {
                let (label, text) = split_charset(octets)?;
                charset = label;
                percent_decode(text, &mut joined)?;
            }
            // RFC 2231 4.1: the charset is in the first section or nowhere.
            (true, _) if !with_charset => return Err(MailFault::ParameterExtendedMalformed),
            (true, _) => percent_decode(octets, &mut joined)?,
            (false, _) => joined.extend_from_slice(octets),
        }
    }
    if with_charset {
        let value = charset::decode_named(charset.as_deref(), &joined);
        return Ok(Parameter { name: name.to_owned(), value, extended: true });
    }
    Ok(plain_parameter(name, &joined))
}

fn split_charset(octets: &[u8]) -> Result<(Option<String>, &[u8]), MailFault> {
    let mut fields = octets.splitn(3, |octet| *octet == b'\'');
    let (Some(charset), Some(_language), Some(text)) =
        (fields.next(), fields.next(), fields.next())
    else {
        return Err(MailFault::ParameterExtendedMalformed);
    };
    let charset = (!charset.is_empty()).then(|| String::from_utf8_lossy(charset).into_owned());
    Ok((charset, text))
}

fn percent_decode(mut text: &[u8], out: &mut Vec<u8>) -> Result<(), MailFault> {
    work::spend(text.len());
    while let [first, rest @ ..] = text {
        text = rest;
        if *first != b'%' {
            out.push(*first);
            continue;
        }
        let [high, low, after @ ..] = rest else {
            return Err(MailFault::ParameterExtendedMalformed);
        };
        match (hex_digit(*high), hex_digit(*low)) {
            (Some(high), Some(low)) => out.push(high << 4 | low),
            _ => return Err(MailFault::ParameterExtendedMalformed),
        }
        text = after;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(text: &[u8], name: &str) -> Result<Option<String>, MailFault> {
        let (_, parameters) = read(text, Reading::Strict)?;
        Ok(parameters.iter().find(|parameter| parameter.name == name).map(Parameter::shown))
    }

    fn name_in(text: &str) -> Result<String, MailFault> {
        value_of(text.as_bytes(), "name").map(Option::unwrap_or_default)
    }

    #[test]
    fn folds_around_every_part_of_a_parameter_are_white_space() {
        assert_eq!(name_in("x/y;\r\n name\r\n =\r\n \"a b\"\r\n ;\r\n other=c").unwrap(), "a b");
        assert_eq!(name_in("x/y; NAME=\r\n\ta.txt;").unwrap(), "a.txt");
    }

    #[test]
    fn sections_are_joined_by_number_not_by_place() {
        assert_eq!(name_in("x/y; name*1=b; name*0=a; name*2=\"c d\"").unwrap(), "abc d");
        assert_eq!(
            name_in("x/y; name*0*=UTF-8'ja'%E6%97; name*1*=%A5; name*2=%41").unwrap(),
            "日%41"
        );
        assert_eq!(name_in("x/y; name*=iso-2022-jp''%1B$B$%22%1B%28B").unwrap(), "あ");
    }

    #[test]
    fn more_than_one_form_needs_one_meaning() {
        assert_eq!(
            name_in("x/y; name=\"=?utf-8?b?5pel?=\"; name*=utf-8''%E6%97%A5").unwrap(),
            "日"
        );
        assert_eq!(
            name_in("x/y; name=a.txt; name*=utf-8''a.exe"),
            Err(MailFault::ParameterPlainAndExtended)
        );
        assert_eq!(
            name_in("x/y; name*0=a; name*=utf-8''a"),
            Err(MailFault::ParameterPlainAndExtended)
        );
    }

    #[test]
    fn broken_extended_forms_are_refused_by_name() {
        let malformed = Err(MailFault::ParameterExtendedMalformed);
        for text in
            ["name*=a", "name*=utf-8''%4", "name*=utf-8''%zz", "name*00=a", "name*x=a", "*=a"]
        {
            assert_eq!(name_in(&format!("x/y; {text}")), malformed, "{text}");
        }
        assert_eq!(name_in("x/y; name*0=a; name*1*=b"), malformed);
        assert_eq!(name_in("x/y; name*1=a"), Err(MailFault::ParameterContinuationGap));
        assert_eq!(name_in("x/y; name*0=a; name*0=a"), Err(MailFault::ParameterDuplicate));
        assert_eq!(
            name_in("x/y; boundary*0=a; boundary*1=b"),
            Err(MailFault::ParameterExtendedStructural)
        );
    }

    #[test]
    fn a_backslash_has_one_meaning_or_is_refused() {
        assert_eq!(name_in(r#"x/y; name="a\"b\\c""#).unwrap(), r#"a"b\c"#);
        assert_eq!(name_in(r#"x/y; name="C:\dir\a.doc""#), Err(MailFault::ParameterEscape));
        assert_eq!(name_in(r#"x/y; protocol="a\\b""#), Err(MailFault::ParameterEscape));
        // 0x95 0x5c is 表 in Shift_JIS.
        assert_eq!(value_of(b"x/y; name=\"\x95\\.pdf\"", "name").unwrap().unwrap(), "表.pdf");
        assert_eq!(
            value_of(b"x/y; name=\"\x95\\\"; a=\"b\"", "name"),
            Err(MailFault::ParameterEscape)
        );
    }

    #[test]
    fn unquoted_values_go_to_the_next_white_space_or_semicolon() {
        assert_eq!(name_in("x/y; name=a[1]=b.txt").unwrap(), "a[1]=b.txt");
        assert_eq!(
            name_in("x/y; name==?utf-8?b?5pel?=\r\n =?utf-8?b?5pys?=; a=b").unwrap(),
            "日本"
        );
        assert_eq!(name_in("x/y; name=a b.txt"), Err(MailFault::ParameterMalformed));
        assert_eq!(name_in("x/y; name=a(1).txt"), Err(MailFault::ContentComment));
        assert_eq!(name_in("x/y; boundary=a=b"), Err(MailFault::ParameterMalformed));
    }

    #[test]
    fn the_number_of_parameters_is_bounded() {
        let with = |count: usize| {
            let text: String = (0..count).map(|number| format!("; p{number}=v")).collect();
            read(format!("x/y{text}").as_bytes(), Reading::Strict)
                .map(|(_, parameters)| parameters.len())
        };
        assert_eq!(with(MailFault::MAX_PARAMETERS), Ok(MailFault::MAX_PARAMETERS));
        assert_eq!(with(MailFault::MAX_PARAMETERS + 1), Err(MailFault::TooManyParameters));
    }
}
