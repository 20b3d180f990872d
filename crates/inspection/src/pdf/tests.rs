//! Files made by hand, with what other writers are known to do.

use super::{Pdf, read};

fn pdf(octets: &[u8]) -> Pdf {
    read(octets, &mut 1_000_000, 1_000_000)
}

/// A file of these objects, numbered from 1, as they stand.
fn file(objects: &[&str]) -> Vec<u8> {
    let mut out = b"%PDF-1.4\n".to_vec();
    for (number, object) in (1..).zip(objects) {
        out.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    out.extend(b"trailer\n<</Root 1 0 R>>\n%%EOF");
    out
}

fn stream(dict: &str, content: &str) -> String {
    format!("<<{dict}/Length {}>>\nstream\n{content}\nendstream", content.len())
}

const FONT: &str = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>";
const PAGE: &str =
    "<</Type/Page/Contents 2 0 R/Resources<</Font<</F 3 0 R>>/XObject<</X 4 0 R>>>>>>";

fn page(content: &str) -> Pdf {
    pdf(&file(&[PAGE, &stream("", content), FONT]))
}

#[test]
fn strings_in_every_operator_are_read_in_lines() {
    let shown = page(
        "BT /F 10 Tf 20 TL 50 700 Td (ab) Tj [(c) -50 (d) -2500 (e)] TJ T* <66> Tj (g) ' 0 0 (h) \" ET",
    );
    assert_eq!(shown.texts, ["abcd\te\nf\ng\nh\n"]);
    assert_eq!(shown.unread, None);
}

#[test]
fn a_string_before_any_font_and_a_picture_in_the_content_harm_nothing() {
    let shown = page("(x) Tj BI /W 1 ID \x00 (y) Tj EI BT /F 9 Tf (z) Tj ET");
    assert_eq!(shown.texts, ["z\n"]);
}

#[test]
fn a_wrong_length_does_not_hide_a_stream() {
    let wrong = "<</Length 3>>\nstream\nBT /F 9 Tf (found) Tj ET\nendstream";
    assert_eq!(pdf(&file(&[PAGE, wrong, FONT])).texts, ["found\n"]);
}

#[test]
fn a_page_that_does_not_say_so_is_read() {
    let page = PAGE.replace("/Type/Page", "/MediaBox[0 0 9 9]");
    let shown = pdf(&file(&[&page, &stream("", "BT /F 9 Tf (quiet) Tj ET"), FONT]));
    assert_eq!((shown.texts, shown.unread), (vec!["quiet\n".to_owned()], None));
}

#[test]
fn forms_are_read_once_however_often_they_show_each_other() {
    let form = stream(
        "/Subtype/Form/Resources<</Font<</F 3 0 R>>/XObject<</X 4 0 R>>>>",
        "BT /F 9 Tf (in form) Tj ET /X Do /X Do",
    );
    let shown = pdf(&file(&[PAGE, &stream("", "/X Do /X Do"), FONT, &form]));
    assert_eq!(shown.texts, ["in form\n"]);
}

#[test]
fn notes_fields_and_titles_are_read() {
    let note = "<</Type/Annot/Contents(a note)/V(a value)>>";
    let shown = pdf(&file(&[PAGE, &stream("", ""), FONT, note, "<</Title<FEFF500B4EBA>>>"]));
    assert_eq!(shown.strings, "a note\na value\n個人\n");
}

#[test]
fn scripts_programs_and_embedded_files_are_told() {
    let script = "<</S/JavaScript/JS(app.alert\\(1\\))>>";
    let launch = "<</S/Launch/F(cmd.exe)>>";
    let specification = "<</Type/Filespec/UF(a.zip)/EF<</F 7 0 R>>>>";
    let embedded = stream("/Type/EmbeddedFile", "content");
    let blank = stream("", "");
    let shown = pdf(&file(&[PAGE, &blank, FONT, script, launch, specification, &embedded]));
    assert!(shown.has_script && shown.launches);
    assert!(shown.strings.contains("app.alert(1)"));
    assert_eq!(shown.files, [("a.zip".to_owned(), b"content".to_vec())]);
}

#[test]
fn an_encrypted_file_says_so_by_its_trailer_or_its_table() {
    let mut octets = file(&[PAGE]);
    let at = octets.windows(5).rposition(|five| five == b"<</Ro").unwrap();
    octets.splice(at + 2..at + 2, b"/Encrypt 9 0 R".iter().copied());
    assert!(pdf(&octets).locked);
    assert!(pdf(&file(&[PAGE, &stream("/Type/XRef/Encrypt 9 0 R", "x")])).locked);
    assert!(!pdf(&file(&[PAGE])).locked);
}

#[test]
fn objects_in_object_streams_are_found() {
    let inner = "1 0 5 88 <</Type/Page/Contents 2 0 R/Resources<</Font<</F 5 0 R>>>>>>                        <</Subtype/Type1>>";
    let first = inner.find('<').unwrap();
    let second = inner.rfind("<</Sub").unwrap() - first;
    let inner = inner.replacen("88", &second.to_string(), 1);
    let holder = stream(&format!("/Type/ObjStm/N 2/First {first}"), &inner);
    let octets = file(&["null", &stream("", "BT /F 9 Tf (deep) Tj ET"), &holder]);
    assert_eq!(pdf(&octets).texts, ["deep\n"]);
}

#[test]
fn what_swells_or_has_no_pages_is_told() {
    let zeros = miniz_oxide::deflate::compress_to_vec_zlib(&[b' '; 100_000], 9);
    let mut octets = b"%PDF-1.4\n1 0 obj ".to_vec();
    octets.extend(PAGE.bytes());
    octets.extend(format!("endobj 2 0 obj <</Filter/Fl/Length {}>>stream\n", zeros.len()).bytes());
    octets.extend(&zeros);
    octets.extend(b"\nendstream endobj");
    assert!(read(&octets, &mut 50_000, 1000).too_large);
    assert!(!read(&octets, &mut 500_000, 1000).too_large);
    assert_eq!(pdf(b"%PDF-1.4\n").unread, Some("PDF without pages"));
}

#[test]
fn pages_that_share_their_content_show_no_more_than_the_bound() {
    let content = stream("", &" ".repeat(super::MAX_CONTENT_BYTES / 5));
    let page = "<</Type/Page/Contents 1 0 R>>";
    let shared = |pages: usize| {
        let pages = std::iter::repeat_n(page, pages);
        let objects: Vec<&str> = std::iter::once(content.as_str()).chain(pages).collect();
        read(&file(&objects), &mut 1_000_000_000, 1000).too_large
    };
    // Each page's content ends with a line end of its own.
    assert!(!shared(4));
    assert!(shared(5));
}

#[test]
fn objects_within_each_other_do_not_cost_more_than_the_budget() {
    let octets = b"1 0 obj (".repeat(20_000);
    assert!(pdf(&octets).too_large);
}

#[test]
fn an_embedded_file_that_a_page_shows_too_is_taken_out() {
    let specification = "<</Type/Filespec/UF(a.zip)/EF<</F 4 0 R>>>>";
    let form = stream("/Subtype/Form", "content");
    let shown = pdf(&file(&[PAGE, &stream("", "/X Do"), FONT, &form, specification]));
    assert_eq!(shown.files, [("a.zip".to_owned(), b"content".to_vec())]);
    let unnamed = stream("/Type/EmbeddedFile/Subtype/Form", "content");
    let shown = pdf(&file(&[PAGE, &stream("", "/X Do"), FONT, &unnamed]));
    assert_eq!(shown.files, [("embedded 4".to_owned(), b"content".to_vec())]);
}

#[test]
fn an_embedded_file_that_is_not_decoded_is_told() {
    let embedded = |filters: &str| {
        let dict = format!("/Type/EmbeddedFile/Filter[{filters}]");
        pdf(&file(&[PAGE, &stream("", ""), FONT, &stream(&dict, "00>")])).closed
    };
    assert!(!embedded("/AHx"));
    assert!(embedded("/Unknown"));
    assert!(!embedded(&"/Crypt".repeat(8)));
    assert!(embedded(&"/Crypt".repeat(9)));
}

#[test]
fn an_object_that_is_too_deep_or_too_much_is_told() {
    let nested = |depth: usize| {
        let launch = "<</S/Launch/F(cmd.exe)>>";
        let object = format!("{}{launch}{}", "[".repeat(depth), "]".repeat(depth));
        pdf(&file(&[PAGE, &stream("", ""), FONT, &object]))
    };
    assert!(nested(31).launches && !nested(31).too_large);
    assert!(nested(32).too_large);
    let many = |count: usize| format!("[{}]", "0 ".repeat(count));
    assert!(!pdf(&file(&[PAGE, &stream("", ""), FONT, &many(199_999)])).too_large);
    assert!(pdf(&file(&[PAGE, &stream("", ""), FONT, &many(200_001)])).too_large);
}

#[test]
fn a_page_that_lists_and_shows_many_forms_is_looked_up_once() {
    const FORMS: usize = 20_000;
    let names = (0..FORMS).map(|form| format!("/X{form} {} 0 R", form % 2 + 5));
    let list = format!("<<{}>>", names.collect::<String>());
    let shows: String = (0..FORMS).map(|form| format!("/X{form} Do ")).collect();
    let form = |text: &str| stream("/Subtype/Form", &format!("BT /F 9 Tf ({text}) Tj ET"));
    let font = "<</F 3 0 R>>";
    // Each time the list is parsed counts against the budget of the file.
    let page = format!("<</Type/Page/Contents 2 0 R/Resources<</Font{font}/XObject 4 0 R>>>>");
    let (first, second) = (form("a"), form("b"));
    let octets = file(&[&page, &stream("", &shows), FONT, &list, &first, &second]);
    let shown = read(&octets, &mut 10_000_000, 1_000_000);
    assert!(!shown.too_large);
    assert_eq!(shown.texts.concat().matches(['a', 'b']).count(), 2);
}

#[test]
fn strings_and_streams_beyond_their_bounds_are_told() {
    let titled = |length: usize| {
        let title = format!("<</Title({})>>", "x".repeat(length));
        pdf(&file(&[PAGE, &stream("", ""), FONT, &title])).cut
    };
    assert!(!titled(super::MAX_STRINGS_BYTES));
    assert!(titled(super::MAX_STRINGS_BYTES + 1));
    let contents = |count: usize| {
        let page = format!("<</Type/Page/Contents[{}]>>", "2 0 R ".repeat(count));
        pdf(&file(&[&page, &stream("", "")])).cut
    };
    assert!(!contents(super::MAX_CONTENTS));
    assert!(contents(super::MAX_CONTENTS + 1));
}
