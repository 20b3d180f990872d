//! Documents of Office and what is in them: text, macros, objects, what starts programs.
#![allow(clippy::unwrap_used, reason = "tests and their steps fail by panicking")]

mod support;

use ssmax_inspection::{Direction, Limits, Outcome, Policy, Verdict, inspect_file, rule};
use support::{compound_of, file, found, zip_of};

fn inbound_file(octets: &[u8]) -> Verdict {
    inspect_file("a.bin", octets, Direction::Inbound, &Policy::default(), &Limits::default())
}

/// Rule and description of each finding.
fn told(verdict: &Verdict) -> Vec<(&str, &str)> {
    verdict.findings.iter().map(|f| (f.rule.as_str(), f.what.as_str())).collect()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn numbers_in_a_workbook_from_before_2007_are_found_under_their_heads() {
    let verdict = file("sheet.xls", include_bytes!("files/sheet.xls"));
    let numbers = [(rule::LEAK_MY_NUMBER, "********9018"), (rule::LEAK_MY_NUMBER, "********1093")];
    assert_eq!(told(&verdict), numbers);
    assert_eq!(verdict.findings[0].part, "sheet.xls!Workbook");
}

#[test]
fn numbers_in_an_outlook_message_are_found() {
    let text = wide("従業員のマイナンバーは 1234 5678 9018 です。よろしくお願いいたします。");
    let attached = zip_of(&[("a.txt", "個人番号 987654321093".as_bytes())]);
    let message = compound_of(&[
        ("__substg1.0_1000001F", &text),
        ("__attach_version1.0_#00000000/__substg1.0_37010102", &attached),
    ]);
    let verdict = file("a.msg", &message);
    let numbers = [(rule::LEAK_MY_NUMBER, "********9018"), (rule::LEAK_MY_NUMBER, "********1093")];
    assert_eq!(told(&verdict), numbers);
}

#[test]
fn a_file_packed_into_an_object_is_looked_into_by_its_name() {
    let inside = zip_of(&[("a.txt", "個人番号 987654321093".as_bytes())]);
    let mut native = vec![0, 0, 0, 0, 2, 0];
    native.extend(b"label\0C:\\x\\list.zip\0\0\0\x03\0");
    native.extend([4, 0, 0, 0]);
    native.extend(b"C:\\\0");
    native.extend((inside.len() as u32).to_le_bytes());
    native.extend(&inside);
    let object = compound_of(&[("\u{1}Ole10Native", &native)]);
    let document = zip_of(&[("word/embeddings/oleObject1.bin", &object)]);
    assert_eq!(
        found(&file("a.docx", &document)),
        [(
            rule::LEAK_MY_NUMBER,
            "a.docx!word/embeddings/oleObject1.bin!Ole10Native!list.zip!a.txt"
        )]
    );
}

#[test]
fn a_compound_file_with_a_broken_directory_is_damaged_and_its_text_still_read() {
    let text = wide("個人番号 123456789018");
    let mut octets = compound_of(&[("x", b"y")])[..512].to_vec();
    octets.extend(text);
    let verdict = inbound_file(&octets);
    assert_eq!(verdict.outcome, Outcome::Hold);
    let expected =
        [(rule::ARCHIVE_DAMAGED, "no readable directory"), (rule::LEAK_MY_NUMBER, "********9018")];
    assert_eq!(told(&verdict), expected);
}

/// A compressed container (MS-OVBA 2.4.1) of nothing but literals.
fn packed(source: &[u8]) -> Vec<u8> {
    let mut out = vec![1];
    for chunk in source.chunks(3000) {
        let mut body = Vec::new();
        for eight in chunk.chunks(8) {
            body.push(0);
            body.extend(eight);
        }
        let head = u16::try_from(body.len() - 1).unwrap() | 0xB000;
        out.extend(head.to_le_bytes());
        out.extend(body);
    }
    out
}

/// A VBA project with one module, whose source stands behind some compiled code.
fn project(storage: &str, source: &str) -> Vec<u8> {
    let code = [0xA5; 77];
    let entry = |id: u16, value: &[u8]| {
        let size = u32::try_from(value.len()).unwrap();
        [&id.to_le_bytes()[..], &size.to_le_bytes(), value].concat()
    };
    let dir = [
        entry(1, &[3, 0, 0, 0]),
        // The version: its size says four, six octets follow.
        [&[9, 0, 4, 0, 0, 0][..], &[1, 0, 0, 0, 2, 0]].concat(),
        entry(0x1A, b"Module1"),
        entry(0x32, &wide("Module1")),
        entry(0x31, &77u32.to_le_bytes()),
    ]
    .concat();
    let module = [&code[..], &packed(source.as_bytes())].concat();
    let at = |name: &str| format!("{storage}VBA/{name}");
    compound_of(&[
        (&at("dir"), &packed(&dir)),
        (&at("_VBA_PROJECT"), b"\xCC\x61"),
        (&at("Module1"), &module),
    ])
}

const AUTO: &str = "Attribute VB_Name = \"Module1\"\r\nSub AutoOpen()\r\nShell \"calc\"\r\nEnd Sub\r\nPrivate Sub Document_Open()\r\n";

#[test]
fn macros_of_a_document_of_today_are_found_whatever_the_name_of_their_part() {
    for name in ["word/vbaProject.bin", "word/media/image1.png"] {
        let document = zip_of(&[("word/document.xml", b"<document/>"), (name, &project("", AUTO))]);
        let verdict = inbound_file(&document);
        let what = "VBA macros that run by themselves: AutoOpen, Document_Open";
        assert_eq!(told(&verdict), [(rule::DOCUMENT_MACROS, what)], "{name}");
        assert_eq!(verdict.outcome, Outcome::Hold);
        assert_eq!(file("a.docm", &document).outcome, Outcome::Pass, "outbound");
    }
}

#[test]
fn macros_are_found_by_their_type_alone() {
    let types = br#"<Types><Override PartName="/x.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>"#;
    let document = zip_of(&[("[Content_Types].xml", types), ("x.bin", b"unreadable")]);
    assert_eq!(told(&inbound_file(&document)), [(rule::DOCUMENT_MACROS, "VBA macros")]);
    let sheet =
        zip_of(&[("xl/macrosheets/sheet1.xml", b"<xm:macrosheet><sheetData/></xm:macrosheet>")]);
    assert_eq!(told(&inbound_file(&sheet)), [(rule::DOCUMENT_MACROS, "Excel 4.0 macros")]);
}

#[test]
fn macros_of_old_documents_are_found_and_named() {
    let what = "VBA macros that run by themselves: AutoOpen, Document_Open";
    assert_eq!(told(&inbound_file(&project("Macros/", AUTO))), [(rule::DOCUMENT_MACROS, what)]);
    let quiet = project("_VBA_PROJECT_CUR/", "Sub Totals()\r\nEnd Sub\r\n");
    assert_eq!(told(&inbound_file(&quiet)), [(rule::DOCUMENT_MACROS, "VBA macros")]);
    let sheet = [
        &[9, 8, 4, 0, 0, 6, 5, 0][..],
        &[0x85, 0, 12, 0, 0, 0, 0, 0, 2, 1, 4, 0, b'M', b'a', b'c', b'1'],
    ]
    .concat();
    let book = compound_of(&[("Workbook", &sheet)]);
    assert_eq!(told(&inbound_file(&book)), [(rule::DOCUMENT_MACROS, "Excel 4.0 macros")]);
}

#[test]
fn macros_of_a_presentation_lie_compressed_in_its_stream() {
    let inside = project("", AUTO);
    let mut packed = vec![0x78, 0x9C];
    packed.extend(miniz_oxide::deflate::compress_to_vec(&inside, 6));
    let body = [&(inside.len() as u32).to_le_bytes()[..], &packed].concat();
    let mut stream = vec![0x0F, 0, 0xE8, 3];
    stream.extend((body.len() as u32 + 8).to_le_bytes());
    stream.extend([0x10, 0, 0x11, 0x10]);
    stream.extend((body.len() as u32).to_le_bytes());
    stream.extend(body);
    let slides = compound_of(&[("PowerPoint Document", &stream)]);
    let what = "VBA macros that run by themselves: AutoOpen, Document_Open";
    assert_eq!(told(&inbound_file(&slides)), [(rule::DOCUMENT_MACROS, what)]);
}

#[test]
fn what_starts_a_program_or_loads_from_elsewhere_is_found() {
    let field = br#"<w:document><w:p><w:fldSimple w:instr='DDEAUTO c:\\windows\\cmd.exe "/k calc"'/></w:p></w:document>"#;
    let document = zip_of(&[("word/document.xml", field)]);
    let what = "field that starts a program";
    assert_eq!(told(&inbound_file(&document)), [(rule::DOCUMENT_ACTIVE, what)]);

    let relations = br#"<Relationships><Relationship Type="http://x/attachedTemplate" Target="https://x.example/t.dotm" TargetMode="External"/></Relationships>"#;
    let document = zip_of(&[("word/_rels/settings.xml.rels", relations)]);
    let what = "attachedTemplate loaded from elsewhere";
    let verdict = inbound_file(&document);
    assert_eq!(told(&verdict), [(rule::DOCUMENT_ACTIVE, what)]);
    assert_eq!(verdict.outcome, Outcome::Hold);
}

#[test]
fn numbers_in_pdf_are_found_by_charset_by_map_and_in_tables() {
    let leaks = |octets: &[u8], expected: &[(&str, &str)]| {
        let verdict = file("a.pdf", octets);
        for (part, what) in expected {
            let leak = |f: &ssmax_inspection::Finding| f.part == *part && f.what == *what;
            assert!(verdict.findings.iter().any(leak), "{part} {what}: {:?}", verdict.findings);
        }
        let only_leaks = verdict.findings.iter().all(|f| f.rule == rule::LEAK_MY_NUMBER);
        assert!(only_leaks, "{:?}", verdict.findings);
    };
    let first = ("a.pdf", "********9018");
    let second = ("a.pdf", "********1093");
    leaks(include_bytes!("files/charset.pdf"), &[first]);
    leaks(include_bytes!("files/embedded-font.pdf"), &[first]);
    leaks(include_bytes!("files/table.pdf"), &[first, second]);
    leaks(include_bytes!("files/attached.pdf"), &[first, ("a.pdf!list.csv", "********1093")]);
}

#[test]
fn a_pdf_that_acts_says_how() {
    let objects = "1 0 obj <</Type/Page>> endobj 2 0 obj <</S/JavaScript/JS(x)>> endobj ";
    let script = format!("%PDF-1.4\n{objects}");
    let verdict = inbound_file(script.as_bytes());
    assert_eq!(told(&verdict), [(rule::DOCUMENT_SCRIPT, "PDF with JavaScript")]);
    assert_eq!(verdict.outcome, Outcome::Pass);
    let launch = format!("{script}3 0 obj <</S/Launch/F(cmd.exe)>> endobj");
    let verdict = inbound_file(launch.as_bytes());
    assert_eq!(told(&verdict)[0], (rule::DOCUMENT_ACTIVE, "PDF that starts a program"));
    assert_eq!(verdict.outcome, Outcome::Hold);
}

/// An RTF file with this data in an object.
fn rtf_with(data: &str) -> Vec<u8> {
    format!("{{\\rtf1 shown{{\\object\\objemb{{\\*\\objdata {data}}}{{\\result x}}}}}}")
        .into_bytes()
}

/// An OLE 1.0 object (MS-OLEDS 2.2.5) in hexadecimal digits.
fn ole_object(format: u32, class: &str, native: &[u8]) -> String {
    let mut octets = vec![1, 5, 0, 0];
    octets.extend(format.to_le_bytes());
    octets.extend((class.len() as u32 + 1).to_le_bytes());
    octets.extend(class.as_bytes());
    octets.extend([0; 9]);
    octets.extend((native.len() as u32).to_le_bytes());
    octets.extend(native);
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn a_file_packed_into_an_rtf_object_is_looked_into_by_its_name() {
    let inside = zip_of(&[("a.txt", "個人番号 987654321093".as_bytes())]);
    let mut native = vec![2, 0];
    native.extend(b"label\0C:\\x\\list.zip\0\0\0\x03\0");
    native.extend([4, 0, 0, 0]);
    native.extend(b"C:\\\0");
    native.extend((inside.len() as u32).to_le_bytes());
    native.extend(&inside);
    let document = rtf_with(&ole_object(2, "Package", &native));
    assert_eq!(
        found(&file("a.rtf", &document)),
        [(rule::LEAK_MY_NUMBER, "a.rtf!object 1!list.zip!a.txt")]
    );
}

#[test]
fn a_document_within_an_rtf_object_is_looked_into_like_any_other() {
    let locked = compound_of(&[("EncryptedPackage", b"x")]);
    let verdict = inbound_file(&rtf_with(&ole_object(2, "Word.Document.8", &locked)));
    assert_eq!(found(&verdict), [(rule::ARCHIVE_ENCRYPTED, "a.bin!object 1")]);
}

#[test]
fn an_rtf_object_that_is_linked_unclear_or_unknown_is_said() {
    let linked = inbound_file(&rtf_with(&ole_object(1, "Package", b"x")));
    assert_eq!(found(&linked), [(rule::DOCUMENT_ACTIVE, "a.bin!object 1")]);
    let whole = ole_object(2, "x", b"harmless");
    assert_eq!(found(&inbound_file(&rtf_with(&whole))), []);
    let unclear = inbound_file(&rtf_with(&whole.replacen("05", "0{\\x}5", 1)));
    assert_eq!(found(&unclear), [(rule::ARCHIVE_AMBIGUOUS, "a.bin!object 1")]);
    let unknown = inbound_file(&rtf_with("0011"));
    assert_eq!(found(&unknown), [(rule::ARCHIVE_UNSUPPORTED, "a.bin!object 1")]);
    let cut = inbound_file(&rtf_with(&whole[..whole.len() - 2]));
    assert_eq!(found(&cut), [(rule::ARCHIVE_UNSUPPORTED, "a.bin!object 1")]);
    let dde = br"{\rtf1{\field{\*\fldinst DDEAUTO cmd x}{\fldrslt y}}}";
    assert_eq!(found(&inbound_file(dde)), [(rule::DOCUMENT_ACTIVE, "a.bin")]);
    let updating = br"{\rtf1{\object\objautlink\objupdate}}";
    assert_eq!(found(&inbound_file(updating)), [(rule::DOCUMENT_ACTIVE, "a.bin")]);
}

#[test]
fn objects_of_rtf_count_against_the_bounds_of_archives() {
    let whole = ole_object(2, "x", b"harmless");
    let two = rtf_with(&whole).repeat(2);
    let told = |limits: Limits| {
        let verdict = inspect_file("a.bin", &two, Direction::Inbound, &Policy::default(), &limits);
        verdict.findings.iter().map(|one| one.rule.clone()).collect::<Vec<_>>()
    };
    let size = whole.len() as u64 / 2;
    let limits = |entries, bytes| Limits {
        archive_entries: entries,
        expanded_bytes: bytes,
        ..Limits::default()
    };
    assert_eq!(told(limits(2, 2 * size)), Vec::<String>::new());
    assert_eq!(told(limits(1, 2 * size)), [rule::ARCHIVE_TOO_MANY_ENTRIES]);
    assert_eq!(told(limits(2, 2 * size - 1)), [rule::ARCHIVE_TOO_LARGE]);
    assert_eq!(told(Limits { archive_depth: 0, ..Limits::default() }), [rule::ARCHIVE_TOO_DEEP]);
}
