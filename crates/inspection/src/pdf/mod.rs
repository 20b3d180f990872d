//! PDF (ISO 32000-1): the text of its pages, files in it, and what it starts.
//!
//! Objects are found by looking at the whole file, not by its table: a table may point past
//! what a reader that repairs files would find. They are parsed when they are needed and
//! not kept, so that memory does not grow with the file, and all parsing together is paid
//! from a budget, so that a thousand pages may share one object and not cost more.

mod cmap;
mod content;
mod file;
mod filter;
mod font;
mod glyph;
mod layout;
mod object;

use std::{collections::HashSet, rc::Rc};

use content::{Fonts, Interpreter, Resources};
use file::File;
use object::{Dict, Object};

/// What a PDF turned out to be.
#[derive(Debug, Default)]
pub(crate) struct Pdf {
    /// Its strings and streams are encrypted (7.6); nothing else was read.
    pub(crate) locked: bool,
    /// The text of each page, of forms and notes, in lines; cells apart by tabs.
    pub(crate) texts: Vec<String>,
    /// Titles, notes, fields of forms and scripts, one a line.
    pub(crate) strings: String,
    /// Names and contents of embedded files.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// JavaScript (12.6.4.16).
    pub(crate) has_script: bool,
    /// An action that starts a program (12.6.4.5).
    pub(crate) launches: bool,
    /// What was not read, if anything.
    pub(crate) unread: Option<&'static str>,
    /// Some text was left out, for its length.
    pub(crate) cut: bool,
    /// An embedded file in a code that we do not know.
    pub(crate) closed: bool,
    /// The budget for what streams expand to was spent, or an object nests too deep.
    pub(crate) too_large: bool,
}

/// How deep the tree of pages is followed upward.
const MAX_PARENTS: usize = 32;

/// Octets of strings that are kept.
const MAX_STRINGS_BYTES: usize = 4 << 20;

/// Octets of content that all pages together show: pages may share a stream, and each may
/// mean other text by it.
const MAX_CONTENT_BYTES: usize = 50_000_000;

/// Streams of one page.
const MAX_CONTENTS: usize = 4096;

/// Reads `octets`; what streams expand to is paid from `budget`, texts reach up to about
/// `most` octets.
pub(crate) fn read(octets: &[u8], budget: &mut u64, most: usize) -> Pdf {
    let mut pdf = Pdf::default();
    let mut file = File::open(octets);
    if file.is_locked() {
        pdf.locked = true;
        return pdf;
    }
    file.open_object_streams(budget);
    // The trailer may lie in an object stream's neighbour: ask again.
    if file.is_locked() {
        pdf.locked = true;
        return pdf;
    }
    let mut reader = Reader {
        file: &file,
        budget,
        pdf: &mut pdf,
        fonts: Fonts::default(),
        forms: HashSet::new(),
        embedded: HashSet::new(),
        most,
        text_bytes: 0,
        content_left: MAX_CONTENT_BYTES,
    };
    reader.objects();
    // What exhausts the parser is not looked at, and so not let through as merely unread.
    pdf.too_large |= file.too_large() || file.spent();
    pdf
}

struct Reader<'f, 'o, 'b> {
    file: &'f File<'o>,
    budget: &'b mut u64,
    pdf: &'b mut Pdf,
    fonts: Fonts,
    /// Forms that were shown, each once.
    forms: HashSet<u32>,
    /// Embedded files that were taken out, each once. One may be a form as well.
    embedded: HashSet<u32>,
    most: usize,
    text_bytes: usize,
    content_left: usize,
}

impl Reader<'_, '_, '_> {
    fn objects(&mut self) {
        let mut pages = 0;
        for place in self.file.places() {
            if self.file.spent() {
                break;
            }
            let Some(object) = self.file.parse(place) else { continue };
            self.look(&object, 0);
            let Some(dict) = object.dict() else { continue };
            if is_page(dict) {
                pages += 1;
                self.page(dict);
            }
        }
        // Forms that no page shows: appearances of fields and notes.
        for place in self.file.places() {
            if self.file.spent() {
                break;
            }
            let Some(object) = self.file.parse(place) else { continue };
            let Some(dict) = object.dict() else { continue };
            let number = place.number;
            if dict.name("Subtype") == Some(b"Form") && !self.forms.contains(&number) {
                self.form(number, dict);
            }
            if dict.name("Type") == Some(b"EmbeddedFile") {
                self.embedded(number, None);
            } else if dict.name("Type") == Some(b"Metadata") {
                self.metadata(number);
            }
        }
        if pages == 0 {
            self.pdf.unread = Some("PDF without pages");
        }
    }

    /// What a dictionary says by itself, and those within it.
    fn look(&mut self, object: &Object, depth: usize) {
        const SHOWN: [&[u8]; 9] =
            [b"Contents", b"V", b"T", b"TU", b"Title", b"Subject", b"Author", b"Keywords", b"RC"];
        match object {
            Object::Array(items) if depth < MAX_PARENTS => {
                items.iter().for_each(|item| self.look(item, depth + 1));
            }
            Object::Dict(dict) if depth < MAX_PARENTS => {
                self.action(dict);
                for (key, value) in dict.entries() {
                    if let (Object::Text(text), true) = (value, SHOWN.contains(&key.as_slice())) {
                        self.string(&object::shown(text));
                    }
                    self.look(value, depth + 1);
                }
                if let Some(embedded) = dict.get("EF") {
                    self.file_specification(dict, embedded);
                }
            }
            _ => {}
        }
    }

    fn action(&mut self, dict: &Dict) {
        match dict.name("S") {
            Some(b"JavaScript") => self.pdf.has_script = true,
            Some(b"Launch") => self.pdf.launches = true,
            _ => {}
        }
        let Some(script) = dict.get("JS") else { return };
        self.pdf.has_script = true;
        match script {
            Object::Text(text) => self.string(&object::shown(text)),
            Object::Reference(number) => {
                let source = self.file.stream(*number, self.budget);
                self.string(&source.map(|octets| object::shown(&octets)).unwrap_or_default());
            }
            _ => {}
        }
    }

    fn string(&mut self, text: &str) {
        if self.pdf.strings.len() + text.len() <= MAX_STRINGS_BYTES {
            self.pdf.strings.push_str(text);
            self.pdf.strings.push('\n');
        } else {
            self.pdf.cut = true;
        }
    }

    /// The files of a file specification (7.11.3).
    fn file_specification(&mut self, dict: &Dict, embedded: &Object) {
        let name = ["UF", "F"].iter().find_map(|key| match dict.get(key) {
            Some(Object::Text(name)) => Some(object::shown(name)),
            _ => None,
        });
        let embedded = self.file.resolve(embedded);
        let Some(files) = embedded.as_ref().and_then(Object::dict) else { return };
        for (_, file) in files.entries() {
            if let Object::Reference(number) = file {
                self.embedded(*number, name.as_deref());
            }
        }
    }

    fn embedded(&mut self, number: u32, name: Option<&str>) {
        if !self.embedded.insert(number) {
            return;
        }
        match self.file.stream(number, self.budget) {
            Some(content) => {
                let name = name.map_or_else(|| format!("embedded {number}"), str::to_owned);
                self.pdf.files.push((name, content));
            }
            None => self.pdf.closed = true,
        }
    }

    fn metadata(&mut self, number: u32) {
        if self.embedded.insert(number)
            && let Some(content) = self.file.stream(number, self.budget)
        {
            self.pdf.files.push(("metadata".to_owned(), content));
        }
    }

    fn page(&mut self, page: &Dict) {
        let resources = self.inherited(page, "Resources");
        let mut content = Vec::new();
        let streams = match page.get("Contents") {
            Some(Object::Array(parts)) => parts.clone(),
            Some(Object::Reference(number)) => match self.file.object(*number) {
                Some(Object::Array(parts)) => parts,
                _ => vec![Object::Reference(*number)],
            },
            _ => Vec::new(),
        };
        self.pdf.cut |= streams.len() > MAX_CONTENTS;
        for part in streams.iter().take(MAX_CONTENTS) {
            let Object::Reference(number) = part else { continue };
            if let Some(octets) = self.file.stream(*number, self.budget) {
                content.extend_from_slice(&octets);
                content.push(b'\n');
            }
        }
        match self.content_left.checked_sub(content.len()) {
            Some(left) => self.content_left = left,
            None => {
                self.content_left = 0;
                self.pdf.too_large = true;
                return;
            }
        }
        self.run(&content, resources.as_ref().and_then(Object::dict));
    }

    fn form(&mut self, number: u32, dict: &Dict) {
        self.forms.insert(number);
        let Some(content) = self.file.stream(number, self.budget) else { return };
        let resources = dict.get("Resources").and_then(|found| self.file.resolve(found));
        self.run(&content, resources.as_ref().and_then(Object::dict));
    }

    fn run(&mut self, content: &[u8], resources: Option<&Dict>) {
        if self.text_bytes >= self.most {
            self.pdf.cut = true;
            return;
        }
        let resources = Rc::new(resources.cloned().map(Resources::new).unwrap_or_default());
        let mut interpreter =
            Interpreter::new(self.file, &mut *self.budget, &mut self.fonts, &mut self.forms);
        interpreter.run(content, &resources, 0);
        let (text, unmapped, cut) = interpreter.finish();
        self.pdf.cut |= cut;
        if unmapped {
            self.pdf.unread = Some("PDF with text in a code of its own");
        }
        if !text.is_empty() {
            self.text_bytes += text.len();
            self.pdf.texts.push(text);
        }
    }

    /// An entry of the page or of the nodes above it (7.7.3.4).
    fn inherited(&self, page: &Dict, key: &str) -> Option<Object> {
        let mut node = page.clone();
        for _ in 0..MAX_PARENTS {
            if let Some(found) = node.get(key) {
                return self.file.resolve(found);
            }
            let parent = self.file.resolve(node.get("Parent")?)?;
            node = parent.dict()?.clone();
        }
        None
    }
}

/// A page by its type or, since readers that come to it from above do not ask, by what it
/// is made of.
fn is_page(dict: &Dict) -> bool {
    let has = |key: &str| dict.get(key).is_some();
    let shows = matches!(dict.get("Contents"), Some(Object::Reference(_) | Object::Array(_)));
    dict.name("Type") == Some(b"Page") || shows && (has("Parent") || has("MediaBox"))
}

#[cfg(test)]
mod tests;
