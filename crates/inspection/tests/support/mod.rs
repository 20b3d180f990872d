//! What the tests are made of: numbers by a seed, spreadsheets, mails.

#![allow(dead_code, reason = "each test file uses its share")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "only tests call these, and some run other programs on files"
)]

use std::{
    fs,
    io::{Cursor, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use ssmax_inspection::{Direction, Limits, Policy, Verdict, inspect, inspect_file};
use zip::{ZipWriter, write::SimpleFileOptions};

/// A small generator (xorshift64*), so that a failure can be repeated by its seed.
pub(crate) struct Seeded(u64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16) % bound
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len() as u64) as usize]
    }

    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }

    /// A My Number: eleven random digits and the check digit of 平成26年総務省令第85号.
    pub(crate) fn my_number(&mut self) -> String {
        let body = self.digits(11);
        let sum: u32 = body
            .bytes()
            .rev()
            .zip([2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6])
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .sum();
        let check = if sum % 11 <= 1 { 0 } else { 11 - sum % 11 };
        if body.bytes().all(|digit| digit == b'0') {
            self.my_number()
        } else {
            format!("{body}{check}")
        }
    }
}

pub(crate) fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A cell of a test sheet.
pub(crate) enum Cell<'a> {
    Empty,
    Shared(&'a str),
    Inline(&'a str),
    /// As it stands in the file: `1.23E11`.
    Number(&'a str),
}

/// A workbook of one sheet as Excel writes it, strings behind the sheet.
pub(crate) fn xlsx(rows: &[Vec<Cell<'_>>]) -> Vec<u8> {
    let mut strings = String::new();
    let mut count = 0;
    let mut sheet = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>",
    );
    for (row, cells) in rows.iter().enumerate() {
        sheet.push_str(&format!("<row r=\"{}\">", row + 1));
        for (column, cell) in cells.iter().enumerate() {
            let at = format!("{}{}", char::from(b'A' + column as u8), row + 1);
            match cell {
                Cell::Empty => {}
                Cell::Shared(text) => {
                    strings.push_str(&format!("<si><t>{text}</t></si>"));
                    sheet.push_str(&format!("<c r=\"{at}\" t=\"s\"><v>{count}</v></c>"));
                    count += 1;
                }
                Cell::Inline(text) => sheet
                    .push_str(&format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")),
                Cell::Number(number) => {
                    sheet.push_str(&format!("<c r=\"{at}\" s=\"1\"><v>{number}</v></c>"));
                }
            }
        }
        sheet.push_str("</row>");
    }
    sheet.push_str("</sheetData></worksheet>");
    let strings = format!("<?xml version=\"1.0\"?><sst count=\"{count}\">{strings}</sst>");
    zip_of(&[
        ("[Content_Types].xml", b"<?xml version=\"1.0\"?><Types/>"),
        ("xl/workbook.xml", b"<?xml version=\"1.0\"?><workbook><sheets><sheet name=\"Sheet1\"/></sheets></workbook>"),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ("xl/sharedStrings.xml", strings.as_bytes()),
    ])
}

/// A document of Word with `paragraphs`, each cut into two runs.
pub(crate) fn docx(paragraphs: &[&str]) -> Vec<u8> {
    let body: String = paragraphs
        .iter()
        .map(|text| {
            let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
            let (first, second) = text.split_at(middle);
            format!("<w:p><w:r><w:t>{first}</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>{second}</w:t></w:r></w:p>")
        })
        .collect();
    let document =
        format!("<?xml version=\"1.0\"?><w:document><w:body>{body}</w:body></w:document>");
    zip_of(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", document.as_bytes())])
}

/// A document of Word with one table.
pub(crate) fn docx_table(rows: &[[&str; 3]]) -> Vec<u8> {
    let cell = |text: &&str| {
        format!("<w:tc><w:tcPr><w:tcW/></w:tcPr><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>")
    };
    let row =
        |cells: &[&str; 3]| format!("<w:tr>{}</w:tr>", cells.iter().map(cell).collect::<String>());
    let rows: String = rows.iter().map(row).collect();
    let document = format!(
        "<?xml version=\"1.0\"?><w:document><w:body><w:tbl>{rows}</w:tbl></w:body></w:document>"
    );
    zip_of(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", document.as_bytes())])
}

/// A presentation of one slide.
pub(crate) fn pptx(text: &str) -> Vec<u8> {
    let slide =
        format!("<p:sld><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sld>");
    zip_of(&[("[Content_Types].xml", b"<Types/>"), ("ppt/slides/slide1.xml", slide.as_bytes())])
}

pub(crate) fn base64(octets: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for (index, group) in octets.chunks(3).enumerate() {
        if index > 0 && index % 19 == 0 {
            out.push_str("\r\n");
        }
        let bits =
            (0..3).fold(0u32, |bits, at| bits << 8 | u32::from(*group.get(at).unwrap_or(&0)));
        for at in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at > group.len() { '=' } else { char::from(digit) });
        }
    }
    out + "\r\n"
}

/// A mail of a text and an attachment.
pub(crate) fn mail_with(subject: &str, text: &str, name: &str, attachment: &[u8]) -> Vec<u8> {
    format!(
        "From: alice@a.example\r\nTo: bob@b.example\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n--=_b\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n--=_b\r\nContent-Type: application/octet-stream; name=\"{name}\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}--=_b--\r\n",
        base64(attachment)
    )
    .into_bytes()
}

pub(crate) fn outbound(raw: &[u8]) -> Verdict {
    inspect_mail(raw, Direction::Outbound)
}

pub(crate) fn inbound(raw: &[u8]) -> Verdict {
    inspect_mail(raw, Direction::Inbound)
}

fn inspect_mail(raw: &[u8], direction: Direction) -> Verdict {
    let mail = ssmax_mail::parse(raw, &ssmax_mail::Limits::default()).unwrap();
    inspect(&mail, direction, &Policy::default(), &Limits::default())
}

pub(crate) fn file(name: &str, octets: &[u8]) -> Verdict {
    inspect_file(name, octets, Direction::Outbound, &Policy::default(), &Limits::default())
}

/// Rule and part of each finding.
pub(crate) fn found(verdict: &Verdict) -> Vec<(&str, &str)> {
    verdict.findings.iter().map(|f| (f.rule.as_str(), f.part.as_str())).collect()
}

/// A compound file with these streams; storages are made as their paths need them.
pub(crate) fn compound_of(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    for (path, content) in streams {
        if let Some((storage, _)) = path.rsplit_once('/') {
            file.create_storage_all(format!("/{storage}")).unwrap();
        }
        file.create_stream(format!("/{path}")).unwrap().write_all(content).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

/// A PDF of one page with the lines of `text`, in a font with a predefined Japanese CMap.
pub(crate) fn pdf(text: &str) -> Vec<u8> {
    let mut content = String::from("BT /F1 10 Tf 14 TL 50 800 Td\n");
    for line in text.lines() {
        let hex: String = line.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
        content.push_str(&format!("<{hex}> Tj T*\n"));
    }
    content.push_str("ET\n");
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(content.as_bytes(), 6);
    let mut out = b"%PDF-1.5\n%\xE2\xE3\xCF\xD3\n".to_vec();
    for object in [
        "1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n",
        "2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1/Resources<</Font<</F1 5 0 R>>>>>> endobj\n",
        "3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>> endobj\n",
        "5 0 obj <</Type/Font/Subtype/Type0/BaseFont/Ryumin/Encoding/UniJIS-UTF16-H/DescendantFonts[6 0 R]>> endobj\n",
        "6 0 obj <</Type/Font/Subtype/CIDFontType0/BaseFont/Ryumin/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 2>>>> endobj\n",
    ] {
        out.extend(object.bytes());
    }
    out.extend(format!("4 0 obj <</Filter/FlateDecode/Length {}>> stream\n", packed.len()).bytes());
    out.extend(packed);
    out.extend(b"\nendstream endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n");
    out
}

/// A folder of this test alone, with a file of each kind in it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("秘密の見積書.txt"), "個人番号は1234-5678-9018です。\n").unwrap();
        // NFD: the sound mark is a character of its own, as on macOS.
        fs::write(path.join("ホ\u{309A}スター.txt"), "text ".repeat(100)).unwrap();
        Self(path)
    }

    /// Runs a program here; `None` where it is not installed, which is a failure with
    /// `CI=true`.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Option<()> {
        let command = Command::new(program)
            .args(arguments)
            .current_dir(&self.0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        match command {
            Ok(status) => {
                assert!(status.success(), "{program} {arguments:?}");
                Some(())
            }
            Err(fault) => {
                assert!(std::env::var("CI").as_deref() != Ok("true"), "{program}: {fault}");
                println!("skipped: {program} is not installed");
                None
            }
        }
    }

    pub(crate) fn write(&self, name: &str, octets: &[u8]) {
        fs::write(self.0.join(name), octets).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap()
    }
}
