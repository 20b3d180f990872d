//! Content streams (ISO 32000-1 7.8, 9.4): operators, of which those for text count.

use std::{
    cell::OnceCell,
    collections::{HashMap, HashSet},
    rc::Rc,
};

use memchr::memmem;

use super::{
    file::File,
    font::Font,
    layout::Layout,
    object::{Dict, Lexer, Object, is_white_space},
};

/// How deep forms may show forms.
const MAX_FORMS: usize = 8;

/// How deep graphics states may be saved.
const MAX_STATES: usize = 64;

/// Operands of one operator.
const MAX_OPERANDS: usize = 64;

/// Fonts of the whole file by the number of their object.
pub(super) type Fonts = HashMap<u32, Rc<Font>>;

/// `a b c d e f` as in 8.3.3.
type Matrix = [f64; 6];

const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

fn product(first: Matrix, second: Matrix) -> Matrix {
    let [a, b, c, d, e, f] = first;
    let [g, h, i, j, k, l] = second;
    [
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + l,
    ]
}

#[derive(Clone)]
struct State {
    matrix: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    letter_space: f64,
    word_space: f64,
    stretch: f64,
    leading: f64,
    rise: f64,
}

/// The fonts and forms that content names. Each kind is looked up once, however often the
/// content names one: a page may list as many as it shows.
#[derive(Default)]
pub(super) struct Resources {
    dict: Dict,
    fonts: OnceCell<Named>,
    forms: OnceCell<Named>,
}

type Named = HashMap<Vec<u8>, Object>;

impl Resources {
    pub(super) fn new(dict: Dict) -> Self {
        Self { dict, ..Self::default() }
    }

    /// The font of that name, not resolved itself.
    fn font(&self, file: &File<'_>, name: &[u8]) -> Option<Object> {
        self.fonts.get_or_init(|| self.named(file, "Font")).get(name).cloned()
    }

    /// The form or picture of that name, not resolved itself.
    fn form(&self, file: &File<'_>, name: &[u8]) -> Option<Object> {
        self.forms.get_or_init(|| self.named(file, "XObject")).get(name).cloned()
    }

    fn named(&self, file: &File<'_>, kind: &str) -> Named {
        let found = self.dict.get(kind).and_then(|found| file.resolve(found));
        let entries = found.as_ref().and_then(Object::dict).map(Dict::entries);
        entries.into_iter().flatten().cloned().collect()
    }
}

/// Reads content and keeps the text of one page.
pub(super) struct Interpreter<'f, 'o, 'b> {
    file: &'f File<'o>,
    budget: &'b mut u64,
    fonts: &'b mut Fonts,
    seen: &'b mut HashSet<u32>,
    layout: Layout,
    unmapped: bool,
    state: State,
    saved: Vec<State>,
    text: Matrix,
    line: Matrix,
}

impl<'f, 'o, 'b> Interpreter<'f, 'o, 'b> {
    pub(super) fn new(
        file: &'f File<'o>,
        budget: &'b mut u64,
        fonts: &'b mut Fonts,
        seen: &'b mut HashSet<u32>,
    ) -> Self {
        let state = State {
            matrix: IDENTITY,
            font: None,
            size: 1.0,
            letter_space: 0.0,
            word_space: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
        };
        Self {
            file,
            budget,
            fonts,
            seen,
            layout: Layout::default(),
            unmapped: false,
            state,
            saved: Vec::new(),
            text: IDENTITY,
            line: IDENTITY,
        }
    }

    /// The text, whether some glyphs could not be told, and whether there was more text.
    pub(super) fn finish(self) -> (String, bool, bool) {
        let cut = self.layout.cut;
        (self.layout.text(), self.unmapped, cut)
    }

    /// Runs `content` with the fonts and forms of `resources`.
    pub(super) fn run(&mut self, content: &[u8], resources: &Rc<Resources>, depth: usize) {
        let mut lexer = Lexer::new(content, 0);
        let mut operands: Vec<Object> = Vec::new();
        let mut names: HashMap<Vec<u8>, Option<Rc<Font>>> = HashMap::new();
        while lexer.at < content.len() {
            let before = lexer.at;
            let Some(object) = lexer.next() else {
                // Too deep or too many: go on behind what could be read.
                lexer.at = lexer.at.max(before + 1);
                continue;
            };
            let Object::Word(word) = &object else {
                if operands.len() < MAX_OPERANDS {
                    operands.push(object);
                }
                continue;
            };
            match word.as_slice() {
                b"ID" => lexer.at = behind_picture(content, lexer.at),
                b"Tf" => self.font(&operands, resources, &mut names),
                b"Do" => self.show_form(&operands, resources, depth),
                other => self.operator(other, &operands),
            }
            operands.clear();
        }
    }

    fn operator(&mut self, word: &[u8], operands: &[Object]) {
        let number = |index: usize| match operands.get(index) {
            Some(Object::Number(number)) => *number,
            _ => 0.0,
        };
        match word {
            b"q" if self.saved.len() < MAX_STATES => self.saved.push(self.state.clone()),
            b"Q" => {
                if let Some(state) = self.saved.pop() {
                    self.state = state;
                }
            }
            b"cm" => self.state.matrix = product(matrix(operands), self.state.matrix),
            b"BT" => {
                self.text = IDENTITY;
                self.line = IDENTITY;
            }
            b"Tc" => self.state.letter_space = number(0),
            b"Tw" => self.state.word_space = number(0),
            b"Tz" => self.state.stretch = number(0) / 100.0,
            b"TL" => self.state.leading = number(0),
            b"Ts" => self.state.rise = number(0),
            b"Td" => self.move_by(number(0), number(1)),
            b"TD" => {
                self.state.leading = -number(1);
                self.move_by(number(0), number(1));
            }
            b"Tm" => {
                self.line = matrix(operands);
                self.text = self.line;
            }
            b"T*" => self.move_by(0.0, -self.state.leading),
            b"Tj" => self.show(operands.first()),
            b"'" => {
                self.move_by(0.0, -self.state.leading);
                self.show(operands.first());
            }
            b"\"" => {
                self.state.word_space = number(0);
                self.state.letter_space = number(1);
                self.move_by(0.0, -self.state.leading);
                self.show(operands.get(2));
            }
            b"TJ" => {
                let Some(Object::Array(items)) = operands.first() else { return };
                for item in items {
                    match item {
                        Object::Number(shift) => self.advance(-shift / 1000.0 * self.state.size),
                        other => self.show(Some(other)),
                    }
                }
            }
            _ => {}
        }
    }

    fn move_by(&mut self, x: f64, y: f64) {
        self.line = product([1.0, 0.0, 0.0, 1.0, x, y], self.line);
        self.text = self.line;
    }

    /// Moves the pen, along the line.
    fn advance(&mut self, by: f64) {
        let vertical = self.state.font.as_ref().is_some_and(|font| font.vertical);
        let (x, y) = if vertical { (0.0, by) } else { (by * self.state.stretch, 0.0) };
        self.text = product([1.0, 0.0, 0.0, 1.0, x, y], self.text);
    }

    fn pen(&self) -> (f64, f64) {
        let [.., x, y] = product(
            [1.0, 0.0, 0.0, 1.0, 0.0, self.state.rise],
            product(self.text, self.state.matrix),
        );
        (x, y)
    }

    fn show(&mut self, string: Option<&Object>) {
        let (Some(Object::Text(string)), Some(font)) = (string, self.state.font.clone()) else {
            return;
        };
        let [a, b, c, d, ..] = product(self.text, self.state.matrix);
        let size = (a.hypot(b)).max(c.hypot(d)) * self.state.size;
        for glyph in font.glyphs(string) {
            let from = self.pen();
            let word = if glyph.is_space { self.state.word_space } else { 0.0 };
            let width = if font.vertical { -1.0 } else { glyph.width };
            self.advance(width * self.state.size);
            let to = self.pen();
            self.advance(self.state.letter_space + word);
            match glyph.text {
                Some(text) => self.layout.put(&text, from, to, size),
                None => self.unmapped = true,
            }
        }
    }

    fn font(
        &mut self,
        operands: &[Object],
        resources: &Resources,
        names: &mut HashMap<Vec<u8>, Option<Rc<Font>>>,
    ) {
        let [Object::Name(name), Object::Number(size), ..] = operands else { return };
        self.state.size = *size;
        if let Some(known) = names.get(name) {
            self.state.font = known.clone();
            return;
        }
        let found = resources.font(self.file, name);
        let font = match found {
            Some(Object::Reference(number)) => {
                if let Some(known) = self.fonts.get(&number) {
                    Some(Rc::clone(known))
                } else {
                    let dict = self.file.object(number);
                    let font = dict
                        .as_ref()
                        .and_then(Object::dict)
                        .map(|dict| Rc::new(Font::read(self.file, dict, self.budget)));
                    if let Some(font) = &font {
                        self.fonts.insert(number, Rc::clone(font));
                    }
                    font
                }
            }
            Some(Object::Dict(dict)) => Some(Rc::new(Font::read(self.file, &dict, self.budget))),
            _ => None,
        };
        self.unmapped |= font.is_none();
        names.insert(name.clone(), font.clone());
        self.state.font = font;
    }

    /// Shows a form (8.10), each once in the file: forms within forms grow like a power.
    fn show_form(&mut self, operands: &[Object], resources: &Rc<Resources>, depth: usize) {
        let Some(Object::Name(name)) = operands.first() else { return };
        if depth >= MAX_FORMS {
            return;
        }
        let Some(Object::Reference(number)) = resources.form(self.file, name) else { return };
        if self.seen.contains(&number) {
            return;
        }
        let Some(Object::Dict(form)) = self.file.object(number) else { return };
        if form.name("Subtype") != Some(b"Form") {
            return;
        }
        self.seen.insert(number);
        let Some(content) = self.file.stream(number, self.budget) else { return };
        let own = form.get("Resources").and_then(|found| self.file.resolve(found));
        let own = match own {
            Some(Object::Dict(dict)) => Rc::new(Resources::new(dict)),
            _ => Rc::clone(resources),
        };
        let (state, saved) = (self.state.clone(), std::mem::take(&mut self.saved));
        if let Some(Object::Array(numbers)) = form.get("Matrix") {
            self.state.matrix = product(matrix(numbers), self.state.matrix);
        }
        self.run(&content, &own, depth + 1);
        (self.state, self.saved) = (state, saved);
    }
}

fn matrix(operands: &[Object]) -> Matrix {
    let mut matrix = IDENTITY;
    for (field, operand) in matrix.iter_mut().zip(operands) {
        if let Object::Number(number) = operand {
            *field = *number;
        }
    }
    matrix
}

/// Where a picture in the content ends (8.9.7): `EI` between white space.
fn behind_picture(content: &[u8], at: usize) -> usize {
    let rest = content.get(at..).unwrap_or_default();
    let end = memmem::find_iter(rest, b"EI").find(|end| {
        let before = end.checked_sub(1).and_then(|at| rest.get(at));
        let after = rest.get(end + 2);
        before.is_some_and(|octet| is_white_space(*octet))
            && after.is_none_or(|octet| is_white_space(*octet))
    });
    end.map_or(content.len(), |end| at + end + 2)
}
