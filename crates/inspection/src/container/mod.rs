//! Containers beside zip: what can be opened, and what can at least be told to be locked.

pub(crate) mod ar;
pub(crate) mod bzip2;
pub(crate) mod cpio;
pub(crate) mod lzma;
pub(crate) mod rar;
pub(crate) mod rtf_lz;
pub(crate) mod seven_zip;
pub(crate) mod tar;
pub(crate) mod tnef;
pub(crate) mod xz;

/// What of an archive that we cannot open is locked with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Locks {
    /// Something is: the headers, or the content of a file.
    pub(crate) locked: bool,
    /// Something is not, or could not be told.
    pub(crate) open: bool,
}

impl Locks {
    /// Nothing could be told.
    const UNKNOWN: Self = Self { locked: false, open: true };
}

/// A file in an archive that stores its files as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member<'o> {
    pub(crate) name: String,
    pub(crate) content: &'o [u8],
}

/// The files of such an archive, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing<'o> {
    pub(crate) members: Vec<Member<'o>>,
    /// Broken from here on.
    pub(crate) damaged: Option<&'static str>,
    /// Two programs may read it differently.
    pub(crate) ambiguous: Option<&'static str>,
    /// More members than asked for.
    pub(crate) too_many: bool,
}

impl<'o> Listing<'o> {
    /// Takes a member up, as long as there are fewer than `most`.
    fn push(&mut self, most: usize, name: String, content: &'o [u8]) -> bool {
        self.too_many = self.members.len() >= most;
        if !self.too_many {
            self.members.push(Member { name, content });
        }
        !self.too_many
    }
}

/// A name for a person: UTF-8, or what Japanese Windows writes.
fn shown_name(octets: &[u8]) -> String {
    let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
    let octets = octets.get(..end).unwrap_or_default();
    match std::str::from_utf8(octets) {
        Ok(name) => name.to_owned(),
        Err(_) => encoding_rs::SHIFT_JIS.decode(octets).0.into_owned(),
    }
}

/// A number in digits of `radix`, blanks and zero octets around it.
fn number(octets: &[u8], radix: u32) -> Option<usize> {
    let text = std::str::from_utf8(octets).ok()?.trim_matches([' ', '\0']);
    if text.is_empty() { Some(0) } else { usize::from_str_radix(text, radix).ok() }
}
