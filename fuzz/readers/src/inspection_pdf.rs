//! PDF: objects, filters, fonts and their maps, content, layout.
//!
//! The octets are a file, its mark put in front where it is missing. Properties: as for
//! any file.

use ssmax_inspection::Direction;

use crate::inspection_file::look;
use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 600;

/// Content, a font with a map, and objects in a stream, without compression, so that
/// changes reach every reader.
pub(crate) fn made() -> Vec<Vec<u8>> {
    let content = "BT /F 9 Tf 2 Tr 12 TL (a\\101) Tj [<0041> -300 (b)] TJ T* 1 0 0 1 5 5 Tm (c) ' ET q /X Do Q BI /W 1 ID x EI";
    let map = "1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfrange <41> <43> <0031> endbfrange 1 beginbfchar <61> <500B4EBA> endbfchar";
    let inner = "7 0 8 20 <</V(value)/T(t)>>  <</S/JavaScript/JS(x)>>";
    let stream = |number: u8, dict: &str, body: &str| {
        format!(
            "{number} 0 obj <<{dict}/Length {}>> stream\n{body}\nendstream endobj\n",
            body.len()
        )
    };
    let file = [
        "%PDF-1.7\n1 0 obj <</Type/Page/Contents 2 0 R/Resources<</Font<</F 3 0 R>>/XObject<</X 5 0 R>>>>>> endobj\n".to_owned(),
        stream(2, "", content),
        "3 0 obj <</Subtype/TrueType/ToUnicode 4 0 R/FirstChar 65/Widths[500 600]/Encoding<</Differences[65/one/two]>>>> endobj\n".to_owned(),
        stream(4, "", map),
        stream(5, "/Subtype/Form/Matrix[1 0 0 1 0 9]", content),
        stream(6, "/Type/ObjStm/N 2/First 9", inner),
        stream(9, "/Type/EmbeddedFile/Filter[/A85/AHx/RL/LZW]", "87cURD]i,\"Ebo80~>"),
        "10 0 obj <</Subtype/Type0/Encoding/90ms-RKSJ-H/DescendantFonts[<</DW 900/W[1[2 3] 4 5 6]>>]>> endobj\ntrailer <</Root 1 0 R>>".to_owned(),
    ];
    vec![file.concat().into_bytes()]
}

/// Looks into the octets as a PDF.
pub fn run(octets: &[u8]) {
    let mark: &[u8] = if octets.starts_with(b"%PDF-") { b"" } else { b"%PDF-1.7\n" };
    look("a.pdf", &[mark, octets].concat(), Direction::Outbound);
}
