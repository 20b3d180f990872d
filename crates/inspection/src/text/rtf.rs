//! The text of RTF files, which Word opens like its own, and the objects in them.

/// The first octets of an RTF file.
pub(crate) const MAGIC: &[u8] = b"{\\rtf";

/// Destinations that hold no shown text.
const HIDDEN: [&str; 6] = ["fonttbl", "colortbl", "stylesheet", "info", "pict", "themedata"];

/// Fields within fields that are read; more count as what starts something.
const MAX_NESTED_CODES: usize = 16;

/// What an RTF file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Document {
    /// The shown text: control words gone, `\'82` read as CP932, `\u` as what it names.
    pub(crate) text: String,
    /// The data of its objects, in their order.
    pub(crate) objects: Vec<Object>,
    /// The codes of its fields, one a line.
    pub(crate) codes: String,
    /// An object is to be fetched, or loaded without being asked for (`\objautlink`,
    /// `\objupdate`), or a template lies elsewhere.
    pub(crate) loads: bool,
}

/// What stands in `\objdata`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) octets: Vec<u8>,
    /// There is more in it than hexadecimal digits, which programs read in different ways.
    pub(crate) is_unclear: bool,
}

/// Reads `octets`. Linear and total; what is not RTF gives nothing of use.
///
/// Octets behind `\bin` are skipped by programs that know the word; others read them on, and
/// braces among them change what is shown. Such a file is read in both ways, and holds what
/// either finds.
pub(crate) fn read(octets: &[u8]) -> Document {
    let (mut document, has_binary) = read_as(octets, true);
    if has_binary {
        let (other, _) = read_as(octets, false);
        document.text.push('\n');
        document.text.push_str(&other.text);
        document.codes.push_str(&other.codes);
        document.objects.extend(other.objects);
        document.loads |= other.loads;
    }
    document
}

/// Reads in one of the two ways, and says whether there are others than one.
fn read_as(octets: &[u8], skips_binary: bool) -> (Document, bool) {
    let mut reader = Reader {
        skips_binary,
        has_binary: false,
        octets,
        at: 0,
        bytes: Vec::new(),
        found: Document::default(),
        object: None,
        told: Vec::new(),
        skip: 0,
        depth: 0,
    };
    reader.run();
    reader.flush();
    reader.end_object();
    (reader.found, reader.has_binary)
}

struct Reader<'a> {
    skips_binary: bool,
    /// Whether there are binary octets outside of an object.
    has_binary: bool,
    octets: &'a [u8],
    at: usize,
    /// Octets of the document's charset that wait to be decoded together.
    bytes: Vec<u8>,
    found: Document,
    object: Option<OpenObject>,
    /// Within each other, the innermost last.
    told: Vec<Told>,
    /// The depth at which a hidden destination began, 0 if none.
    skip: usize,
    depth: usize,
}

/// A group whose text says something to the program that reads it.
#[derive(Clone, Copy)]
struct Told {
    depth: usize,
    /// Where its text begins in the document's.
    start: usize,
    is_template: bool,
}

/// An object whose group has not ended.
struct OpenObject {
    depth: usize,
    object: Object,
    high: Option<u8>,
}

impl OpenObject {
    fn digit(&mut self, octet: u8) {
        let digit = char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match (digit, self.high.take()) {
            (Some(digit), Some(high)) => self.object.octets.push(high << 4 | digit),
            (Some(digit), None) => self.high = Some(digit),
            (None, high) => {
                self.high = high;
                self.object.is_unclear |= !octet.is_ascii_whitespace();
            }
        }
    }
}

impl Reader<'_> {
    fn run(&mut self) {
        while let Some(octet) = self.octets.get(self.at).copied() {
            self.at += 1;
            match octet {
                b'{' => {
                    self.depth += 1;
                    self.unclear();
                }
                b'}' => {
                    if self.object.as_ref().is_some_and(|open| self.depth <= open.depth) {
                        self.end_object();
                    }
                    while let Some(told) = self.told.pop_if(|told| self.depth <= told.depth) {
                        self.end_told(told);
                    }
                    if self.skip == self.depth {
                        self.skip = 0;
                    }
                    self.depth = self.depth.saturating_sub(1);
                }
                b'\\' => self.control(),
                b'\r' | b'\n' => {}
                _ if self.object.is_some() => {
                    self.object.iter_mut().for_each(|open| open.digit(octet));
                }
                _ if self.skip == 0 => self.bytes.push(octet),
                _ => {}
            }
        }
    }

    fn end_object(&mut self) {
        let ended = self.object.take().map(|mut open| {
            open.object.is_unclear |= open.high.is_some();
            open.object
        });
        self.found.objects.extend(ended);
    }

    fn end_told(&mut self, told: Told) {
        self.flush();
        let text = self.found.text.get(told.start..).unwrap_or_default().trim();
        if told.is_template {
            self.found.loads |= text.contains("://") || text.starts_with(r"\\");
        } else {
            self.found.codes.push_str(&text.replace('\n', " "));
            self.found.codes.push('\n');
        }
    }

    /// Something in an object that does not belong there.
    fn unclear(&mut self) {
        self.object.iter_mut().for_each(|open| open.object.is_unclear = true);
    }

    fn control(&mut self) {
        self.unclear();
        let Some(first) = self.octets.get(self.at).copied() else { return };
        if first == b'\'' {
            let hex = self
                .octets
                .get(self.at + 1..self.at + 3)
                .and_then(|hex| std::str::from_utf8(hex).ok());
            let octet = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
            self.at += if octet.is_some() { 3 } else { 1 };
            self.bytes.extend(octet.filter(|_| self.skip == 0 && self.object.is_none()));
            return;
        }
        if !first.is_ascii_alphabetic() {
            self.at += 1;
            match first {
                b'\\' | b'{' | b'}' if self.skip == 0 && self.object.is_none() => {
                    self.bytes.push(first);
                }
                b'~' => self.char('\u{A0}'),
                b'_' => self.char('-'),
                _ => {}
            }
            return;
        }
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let letters = rest.iter().take(32).take_while(|o| o.is_ascii_alphabetic()).count();
        let number = rest
            .iter()
            .skip(letters)
            .take(11)
            .take_while(|o| o.is_ascii_digit() || **o == b'-')
            .count();
        let word = rest.get(..letters).map(String::from_utf8_lossy).unwrap_or_default();
        let value = rest.get(letters..letters + number).and_then(|n| std::str::from_utf8(n).ok());
        self.at += letters + number;
        if self.octets.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        self.word(&word, value.and_then(|value| value.parse::<i64>().ok()));
    }

    fn word(&mut self, word: &str, value: Option<i64>) {
        match word {
            "par" | "line" | "sect" | "row" => self.char('\n'),
            "tab" | "cell" => self.char('\t'),
            "u" => {
                // Signed 16 bits; the substitute that follows is left in, one character.
                let unit = value.map(|value| value.rem_euclid(0x1_0000));
                if let Some(c) = unit.and_then(|unit| char::from_u32(u32::try_from(unit).ok()?)) {
                    self.char(c);
                }
                if self.octets.get(self.at) == Some(&b'?') {
                    self.at += 1;
                }
            }
            "objdata" if self.object.is_none() => {
                self.flush();
                // A number behind the word: some take its digits for data.
                let object = Object { octets: Vec::new(), is_unclear: value.is_some() };
                self.object = Some(OpenObject { depth: self.depth, object, high: None });
            }
            "objautlink" | "objlink" | "objupdate" => self.found.loads = true,
            "bin" => self.binary(value),
            "fldinst" | "template" if self.skip == 0 => {
                // Each is read once more for every one around it.
                if self.told.len() >= MAX_NESTED_CODES {
                    self.found.loads = true;
                    return;
                }
                self.flush();
                let (depth, start) = (self.depth, self.found.text.len());
                self.told.push(Told { depth, start, is_template: word == "template" });
            }
            _ if self.skip == 0 && HIDDEN.contains(&word) => self.skip = self.depth,
            _ => {}
        }
    }

    /// So many octets as they are.
    fn binary(&mut self, count: Option<i64>) {
        let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let taken = rest.get(..count.min(rest.len())).unwrap_or_default();
        match &mut self.object {
            Some(open) => open.object.octets.extend_from_slice(taken),
            None => {
                self.has_binary = true;
                if !self.skips_binary {
                    return;
                }
            }
        }
        self.at += taken.len();
    }

    fn char(&mut self, c: char) {
        if self.skip == 0 && self.object.is_none() {
            self.flush();
            self.found.text.push(c);
        }
    }

    fn flush(&mut self) {
        let (text, _, _) = encoding_rs::SHIFT_JIS.decode(&self.bytes);
        self.found.text.push_str(&text);
        self.bytes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_octets_hide_nothing_in_either_reading() {
        let field = r"{\field{\*\fldinst DDEAUTO cmd.exe x}{\fldrslt y}}";
        // Who skips ten octets shows the field; who does not finds it in a table of fonts.
        let skipped = format!("{{\\rtf1{{\\pict\\bin10 {{\\fonttbl{{}}{field} 1234}}");
        // The other way round.
        let shown = format!("{{\\rtf1\\bin{} {field} 1234}}", field.len() + 5);
        for rtf in [skipped, shown] {
            let found = read(rtf.as_bytes());
            assert!(found.codes.contains("DDEAUTO"), "{rtf}: {found:?}");
            assert!(found.text.contains("1234"), "{rtf}: {found:?}");
        }
    }

    #[test]
    fn shown_text_is_read_and_control_words_are_not() {
        let rtf = br"{\rtf1\ansi{\fonttbl{\f0 Arial 999;}}\f0\'8c\'c2\'90l\u30058?\u-27114?\par 1234{\b 5678}9018}";
        let text = read(rtf).text;
        assert!(text.contains("123456789018") && text.contains("個人番"), "{text}");
        assert!(!text.contains("999"));
    }

    #[test]
    fn broken_ends_are_harmless() {
        for rtf in [
            r"{\rtf1{\objdata 0",
            r"{\rtf1{\objdata\bin9 x",
            r"{\rtf1\'",
            r"{\rtf1\'8",
            r"{\rtf1\",
            r"}}}}",
            r"{\rtf\u",
            r"{\rtf\u99999999999?",
        ] {
            let _ = read(rtf.as_bytes());
        }
    }

    #[test]
    fn the_data_of_objects_is_read_and_is_no_text() {
        let rtf = b"{\\rtf1 a{\\object\\objemb{\\*\\objdata 48 65\r\n6C6c\t6f}}b{\\object{\\*\\objdata 21}}}";
        let found = read(rtf);
        let octets: Vec<_> = found.objects.iter().map(|one| one.octets.as_slice()).collect();
        assert_eq!(octets, [&b"Hello"[..], b"!"]);
        assert!(found.objects.iter().all(|one| !one.is_unclear) && !found.loads);
        assert_eq!(found.text, "ab");
    }

    #[test]
    fn whatever_else_stands_among_the_digits_is_said_and_read_as_well_as_can_be() {
        for (data, octets) in [
            ("48{\\x 6}5", &b"He"[..]),
            ("48\\x 65", b"He"),
            ("48\\'4165", b"He"),
            ("48z65", b"He"),
            ("48 6", b"H"),
            ("\\bin2 He", b"He"),
        ] {
            let found = read(format!("{{\\rtf1{{\\*\\objdata {data}}}}}").as_bytes());
            assert_eq!(found.objects, [Object { octets: octets.to_vec(), is_unclear: true }]);
        }
        let found = read(br"{\rtf1{\*\objdata48 65}}");
        assert!(found.objects[0].is_unclear);
    }

    #[test]
    fn codes_of_fields_and_templates_elsewhere_are_seen() {
        let found = read(
            br"{\rtf1{\field{\*\fldinst{\b DDE}AUTO cmd x}{\fldrslt y}}{\*\template C:\\n.dot}}",
        );
        assert_eq!((found.codes.as_str(), found.loads), ("DDEAUTO cmd x\n", false));
        let nested = |depth: usize| {
            let inner = r"{\field{\*\fldinst IF ".repeat(depth)
                + r"{\*\fldinst DDE x}"
                + &"}}".repeat(depth);
            read(format!("{{\\rtf1{inner}}}").as_bytes())
        };
        assert_eq!(nested(15).codes.lines().next(), Some("DDE x"));
        assert_eq!((nested(15).loads, nested(16).loads), (false, true));
        for template in ["http://x.example/t", r"\\\\host\\t.dot"] {
            assert!(read(format!("{{\\rtf1{{\\*\\template {template}}}}}").as_bytes()).loads);
        }
    }

    #[test]
    fn what_is_loaded_without_being_asked_for_is_seen() {
        for word in ["objautlink", "objlink", "objupdate"] {
            assert!(read(format!("{{\\rtf1{{\\object\\{word} x}}}}").as_bytes()).loads, "{word}");
        }
    }
}
