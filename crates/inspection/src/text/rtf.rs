//! The text of RTF files, which Word opens like its own.

/// The first octets of an RTF file.
pub(crate) const MAGIC: &[u8] = b"{\\rtf";

/// Destinations that hold no shown text.
const HIDDEN: [&str; 6] = ["fonttbl", "colortbl", "stylesheet", "info", "pict", "themedata"];

/// The shown text of `octets`: control words gone, `\'82` read as CP932, `\u` as what
/// it names. Linear and total; what is not RTF gives nothing of use.
pub(crate) fn text(octets: &[u8]) -> String {
    let mut reader =
        Reader { octets, at: 0, bytes: Vec::new(), out: String::new(), skip: 0, depth: 0 };
    reader.run();
    reader.flush();
    reader.out
}

struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
    /// Octets of the document's charset that wait to be decoded together.
    bytes: Vec<u8>,
    out: String,
    /// The depth at which a hidden destination began, 0 if none.
    skip: usize,
    depth: usize,
}

impl Reader<'_> {
    fn run(&mut self) {
        while let Some(octet) = self.octets.get(self.at).copied() {
            self.at += 1;
            match octet {
                b'{' => self.depth += 1,
                b'}' => {
                    if self.skip == self.depth {
                        self.skip = 0;
                    }
                    self.depth = self.depth.saturating_sub(1);
                }
                b'\\' => self.control(),
                b'\r' | b'\n' => {}
                _ if self.skip == 0 => self.bytes.push(octet),
                _ => {}
            }
        }
    }

    fn control(&mut self) {
        let Some(first) = self.octets.get(self.at).copied() else { return };
        if first == b'\'' {
            let hex = self
                .octets
                .get(self.at + 1..self.at + 3)
                .and_then(|hex| std::str::from_utf8(hex).ok());
            let octet = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
            self.at += if octet.is_some() { 3 } else { 1 };
            self.bytes.extend(octet.filter(|_| self.skip == 0));
            return;
        }
        if !first.is_ascii_alphabetic() {
            self.at += 1;
            match first {
                b'\\' | b'{' | b'}' if self.skip == 0 => self.bytes.push(first),
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
            _ if self.skip == 0 && HIDDEN.contains(&word) => self.skip = self.depth,
            _ => {}
        }
    }

    fn char(&mut self, c: char) {
        if self.skip == 0 {
            self.flush();
            self.out.push(c);
        }
    }

    fn flush(&mut self) {
        let (text, _, _) = encoding_rs::SHIFT_JIS.decode(&self.bytes);
        self.out.push_str(&text);
        self.bytes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_text_is_read_and_control_words_are_not() {
        let rtf = br"{\rtf1\ansi{\fonttbl{\f0 Arial 999;}}\f0\'8c\'c2\'90l\u30058?\u-27114?\par 1234{\b 5678}9018}";
        let text = text(rtf);
        assert!(text.contains("123456789018") && text.contains("個人番"), "{text}");
        assert!(!text.contains("999"));
    }

    #[test]
    fn broken_ends_are_harmless() {
        for rtf in
            [r"{\rtf1\'", r"{\rtf1\'8", r"{\rtf1\", r"}}}}", r"{\rtf\u", r"{\rtf\u99999999999?"]
        {
            let _ = text(rtf.as_bytes());
        }
    }
}
