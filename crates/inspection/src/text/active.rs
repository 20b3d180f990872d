//! What a document of today starts or fetches when it is opened (ECMA-376).

use quick_xml::events::BytesStart;

use super::{
    office::{Part, attribute, events},
    xml::local,
};

/// Kinds of relationships whose target is loaded with the document: the last step of the
/// type's address.
const LOADED: [&str; 7] = [
    "attachedTemplate",
    "oleObject",
    "frame",
    "subDocument",
    "aFChunk",
    "externalOleObject",
    "package",
];

/// Octets of field codes that are looked at.
const MAX_CODES_BYTES: usize = 1 << 20;

/// The first relationship of `xml` (part 2, 9.3) by which the document is completed from
/// elsewhere, as its kind. A template in a folder of the own machine is none: documents
/// name the one that they were made from.
pub(crate) fn loaded_from_elsewhere(xml: &str) -> Option<&'static str> {
    let mut found = None;
    let _ = events(xml, |part| {
        if let Part::Open(start) = part
            && local(start) == "Relationship"
        {
            found = loads(start);
        }
        found.is_none()
    });
    found
}

fn loads(start: &BytesStart<'_>) -> Option<&'static str> {
    let external =
        attribute(start, "TargetMode").is_some_and(|m| m.eq_ignore_ascii_case("External"));
    let kind = attribute(start, "Type")?;
    let kind = kind.rsplit('/').next().unwrap_or_default();
    let known = LOADED.iter().find(|loaded| kind.eq_ignore_ascii_case(loaded))?;
    (external && is_remote(&attribute(start, "Target")?)).then_some(*known)
}

/// An address of another machine: by a scheme other than `file`, or by a share.
fn is_remote(target: &str) -> bool {
    let target = target.trim().to_ascii_lowercase().replace('\\', "/");
    match target.split_once(':') {
        Some(("file", rest)) => {
            let path = rest.trim_start_matches('/');
            let slashes = rest.len() - path.len();
            // `file://server/share` and `file://///server/share`, not `file:///c:/x`.
            (slashes == 2 || slashes > 3) && path.as_bytes().get(1) != Some(&b':')
        }
        Some((scheme, _)) => scheme.len() > 1,
        None => target.starts_with("//"),
    }
}

/// The codes of the fields of a document (part 1, 17.16), one a line: Word cuts a code
/// into runs wherever it likes.
pub(crate) fn field_codes(xml: &str) -> String {
    let mut codes = String::new();
    let mut in_code = false;
    let _ = events(xml, |part| {
        match part {
            Part::Open(start) => match local(start).as_str() {
                "instrText" | "delInstrText" => in_code = true,
                // A field begins or its result does.
                "fldChar" => codes.push('\n'),
                "fldSimple" => {
                    codes.push('\n');
                    codes.push_str(&attribute(start, "instr").unwrap_or_default());
                    codes.push('\n');
                }
                _ => {}
            },
            Part::Close("instrText" | "delInstrText") => in_code = false,
            Part::Close(_) => {}
            Part::Text(text) if in_code => codes.push_str(text),
            Part::Text(_) => {}
        }
        codes.len() < MAX_CODES_BYTES
    });
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(kind: &str, mode: &str, target: &str) -> Option<&'static str> {
        loaded_from_elsewhere(&format!(
            "<Relationships><Relationship Id='rId1' Type='http://schemas.example/{kind}' \
             Target='{target}' TargetMode='{mode}'/></Relationships>"
        ))
    }

    #[test]
    fn what_is_loaded_from_another_machine_is_told() {
        for target in [
            "http://x.example/t.dotm",
            "https://x.example/",
            "mhtml:http://x",
            "\\\\x\\t.dotm",
            "file://x/t",
            "file://///x/t",
        ] {
            assert_eq!(
                loaded("attachedTemplate", "External", target),
                Some("attachedTemplate"),
                "{target}"
            );
        }
        assert_eq!(loaded("oleObject", "External", "http://x.example/"), Some("oleObject"));
    }

    #[test]
    fn links_local_templates_and_own_parts_are_not() {
        assert_eq!(loaded("hyperlink", "External", "http://x.example/"), None);
        assert_eq!(
            loaded("attachedTemplate", "External", "file:///C:\\Users\\x\\Normal.dotm"),
            None
        );
        assert_eq!(loaded("attachedTemplate", "External", "C:\\t.dotx"), None);
        assert_eq!(loaded("oleObject", "Internal", "http://x.example/"), None);
        assert_eq!(loaded("oleObject", "External", "embeddings/x.bin"), None);
    }

    #[test]
    fn the_code_of_a_field_is_whole_again() {
        let xml = "<w:p><w:fldChar w:fldCharType='begin'/><w:instrText>DDE</w:instrText>\
                   <w:instrText>AUTO c:\\x</w:instrText><w:fldChar w:fldCharType='separate'/>\
                   <w:t>shown</w:t><w:fldSimple w:instr='PAGE'/></w:p>";
        let codes = field_codes(xml);
        let codes: Vec<&str> = codes.lines().filter(|code| !code.is_empty()).collect();
        assert_eq!(codes, ["DDEAUTO c:\\x", "PAGE"]);
    }
}
