//! Charsets in which a text is another to readers who do not know them.

use crate::work;
use encoding_rs::Encoding;
use memchr::memmem;
use ssmax_mail::Entity;

/// Names that mailers use, the Encoding Standard does not list, and whose octets below
/// 128 are ASCII: code pages of DOS and Windows, and words for "not known".
const ASCII_BELOW_128: &[&str] = &[
    "",
    "0",
    "8bit",
    "7bit",
    "none",
    "default",
    "default_charset",
    "unknown",
    "x-unknown",
    "unknown-8bit",
    "x-unknown-8bit",
    "iso646-us",
    "us",
    "ascii-us",
    "usascii",
    "us_ascii",
    "x-us-ascii",
    "cp367",
    "cp437",
    "ibm437",
    "cp737",
    "cp775",
    "cp850",
    "ibm850",
    "cp852",
    "ibm852",
    "cp855",
    "ibm855",
    "cp857",
    "cp858",
    "cp860",
    "cp861",
    "cp862",
    "cp863",
    "cp865",
    "cp869",
    "cp932",
    "ms932",
    "x-ms-cp932",
    "cp936",
    "ms936",
    "cp949",
    "ms949",
    "cp950",
    "ms950",
    "cp874",
    "cp51932",
    "eucjp",
    "eucjp-ms",
    "euc-tw",
    "euc-cn",
    "x-euc-tw",
    "koi8-t",
    "x-mac-ce",
    "x-mac-greek",
    "x-mac-turkish",
    "x-mac-japanese",
    "big5-eten",
    "iso-8859-12",
    "utf-8-sig",
    "utf8mb4",
];

/// ISO-2022-JP by its names. Its escapes lead out of ASCII, but every mailer reads it.
const ISO_2022_JP: &[&str] =
    &["iso-2022-jp", "iso-2022-jp-1", "iso-2022-jp-ms", "csiso2022jp", "cp50220", "cp50221"];

/// Whether the text's charset is one in which ASCII octets are not ASCII, or may be so to
/// somebody; or whether it switches to such a one though it says otherwise.
pub(super) fn hides_text(entity: &Entity<'_>) -> bool {
    let label = entity.content_type().parameter("charset").unwrap_or("us-ascii");
    if !is_ascii_compatible(label) {
        return true;
    }
    let label = label.trim().to_ascii_lowercase();
    // Mailers in Japan leave the charset out, and then everybody goes by the escapes.
    if matches!(label.as_str(), "" | "us-ascii" | "ascii") || ISO_2022_JP.contains(&&*label) {
        return false;
    }
    work::spend(entity.body().len());
    let Ok(octets) = entity.decoded_body() else { return false };
    [&b"\x1b$B"[..], b"\x1b$@", b"\x1b$(D"]
        .iter()
        .any(|escape| memmem::find(&octets, escape).is_some())
}

/// Whether octets below 128 are ASCII in a charset of that name, to every reader that
/// knows it. Of a name that nobody here knows, it is not known.
pub(crate) fn is_ascii_compatible(label: &str) -> bool {
    let label = label.trim().to_ascii_lowercase();
    ASCII_BELOW_128.contains(&&*label)
        || ISO_2022_JP.contains(&&*label)
        || Encoding::for_label(label.as_bytes()).is_some_and(Encoding::is_ascii_compatible)
}
