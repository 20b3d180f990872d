//! 7z archives, read as far as it takes to tell whether they are locked: the header
//! (7zFormat.txt of the LZMA SDK), which is mostly compressed itself.

use super::{
    Locks,
    lzma::{self, Properties},
};
use crate::zip::{u32_at, u64_at};

const MARK: &[u8] = b"7z\xBC\xAF\x27\x1C";

/// Octets of the signature header; everything counts from its end.
const START_BYTES: usize = 32;

/// Octets of an expanded header: about a hundred for each file.
const MAX_HEADER_BYTES: usize = 16 << 20;

/// How often a header may be compressed again; writers do it once.
const MAX_HEADERS: usize = 4;

/// Folders (units of compression) and coders that are looked at.
const MAX_FOLDERS: u64 = 20_000;
const MAX_CODERS: u64 = 32;

/// Ids of properties.
const END: u8 = 0x00;
const HEADER: u8 = 0x01;
const ARCHIVE_PROPERTIES: u8 = 0x02;
const ADDITIONAL_STREAMS: u8 = 0x03;
const MAIN_STREAMS: u8 = 0x04;
const PACK_INFO: u8 = 0x06;
const UNPACK_INFO: u8 = 0x07;
const SIZES: u8 = 0x09;
const CRC: u8 = 0x0A;
const FOLDER: u8 = 0x0B;
const UNPACK_SIZES: u8 = 0x0C;
const ENCODED_HEADER: u8 = 0x17;

/// Ids of coders (Methods.txt).
const COPY: &[u8] = &[0x00];
const LZMA: &[u8] = &[0x03, 0x01, 0x01];
const LZMA_2: &[u8] = &[0x21];

/// Coders that encrypt begin so: `06F10701` is AES, which all writers use; `06F10101`
/// was ZipCrypto, `06F103..` RAR's.
const CRYPTO: &[u8] = &[0x06, 0xF1];

/// What is locked in the archive that begins `octets`; `None` if none does.
pub(crate) fn locks(octets: &[u8]) -> Option<Locks> {
    octets.starts_with(MARK).then(|| Archive { octets }.locks().unwrap_or(Locks::UNKNOWN))
}

/// Where in a program an archive begins that it unpacks: the mark, and a start whose
/// checksum is right.
pub(crate) fn find_in_program(octets: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(octets, MARK).find(|at| {
        let start = octets.get(*at..).unwrap_or_default();
        start.get(12..START_BYTES).map(crc32fast::hash) == u32_at(start, 8)
    })
}

struct Archive<'o> {
    octets: &'o [u8],
}

impl Archive<'_> {
    fn locks(&self) -> Option<Locks> {
        let offset = usize::try_from(u64_at(self.octets, 12)?).ok()?;
        let size = usize::try_from(u64_at(self.octets, 20)?).ok()?;
        if size == 0 {
            return Some(Locks { locked: false, open: true });
        }
        let start = START_BYTES.checked_add(offset)?;
        let mut header = self.octets.get(start..start.checked_add(size)?)?.to_vec();
        for _ in 0..MAX_HEADERS {
            let mut fields = Fields { rest: &header };
            match fields.octet()? {
                ENCODED_HEADER => {
                    let streams = fields.streams()?;
                    if streams.folders.iter().any(Folder::is_locked) {
                        return Some(Locks { locked: true, open: false });
                    }
                    header = self.expanded(&streams)?;
                }
                HEADER => return fields.main_streams().map(|streams| streams.locks()),
                _ => return None,
            }
        }
        None
    }

    /// The header that `streams` says how to expand.
    fn expanded(&self, streams: &Streams) -> Option<Vec<u8>> {
        let folder = streams.folders.first()?;
        let start = START_BYTES.checked_add(usize::try_from(streams.pack_start).ok()?)?;
        let length = usize::try_from(*streams.pack_sizes.first()?).ok()?;
        let packed = self.octets.get(start..start.checked_add(length)?)?;
        let size = usize::try_from(*streams.unpack_sizes.first()?).ok()?;
        let [coder] = folder.coders.as_slice() else { return None };
        let mut out = Vec::new();
        match coder.id.as_slice() {
            COPY => return Some(packed.to_vec()),
            LZMA => {
                let properties = Properties::read(*coder.properties.first()?)?;
                lzma::expand(packed, properties, Some(size), MAX_HEADER_BYTES, &mut out).ok()?;
            }
            LZMA_2 => {
                lzma::expand_2(packed, size.min(MAX_HEADER_BYTES), &mut out).ok()?;
            }
            _ => return None,
        }
        Some(out)
    }
}

/// Packed streams and how they are expanded.
#[derive(Default)]
struct Streams {
    pack_start: u64,
    pack_sizes: Vec<u64>,
    folders: Vec<Folder>,
    unpack_sizes: Vec<u64>,
}

impl Streams {
    fn locks(&self) -> Locks {
        Locks {
            locked: self.folders.iter().any(Folder::is_locked),
            open: self.folders.is_empty() || self.folders.iter().any(|one| !one.is_locked()),
        }
    }
}

struct Folder {
    coders: Vec<Coder>,
    outputs: u64,
}

impl Folder {
    fn is_locked(&self) -> bool {
        self.coders.iter().any(|coder| coder.id.starts_with(CRYPTO))
    }
}

struct Coder {
    id: Vec<u8>,
    properties: Vec<u8>,
}

/// Fields of a header that are still to be read.
struct Fields<'h> {
    rest: &'h [u8],
}

impl<'h> Fields<'h> {
    fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take(&mut self, length: u64) -> Option<&'h [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    /// A number: as many octets follow the first as it has leading ones, and the bits
    /// left in it are the highest.
    fn number(&mut self) -> Option<u64> {
        let first = self.octet()?;
        let following = first.leading_ones();
        let mut value = 0u64;
        for place in 0..following {
            value |= u64::from(self.octet()?) << (8 * place);
        }
        let high = u64::from(first) & (0x7F >> following);
        Some(value | high.checked_shl(8 * following).unwrap_or(0))
    }

    fn expect(&mut self, id: u8) -> Option<()> {
        (self.octet()? == id).then_some(())
    }

    /// The streams of the files, in front of which others may stand.
    fn main_streams(&mut self) -> Option<Streams> {
        loop {
            match self.octet()? {
                ARCHIVE_PROPERTIES => {
                    while self.octet()? != END {
                        let size = self.number()?;
                        self.take(size)?;
                    }
                }
                ADDITIONAL_STREAMS => {
                    self.streams()?;
                }
                MAIN_STREAMS => return self.streams(),
                // An archive of empty files and folders has none.
                _ => return Some(Streams::default()),
            }
        }
    }

    fn streams(&mut self) -> Option<Streams> {
        let mut streams = Streams::default();
        loop {
            match self.octet()? {
                PACK_INFO => self.pack_info(&mut streams)?,
                UNPACK_INFO => {
                    self.unpack_info(&mut streams)?;
                    // What follows says how folders are cut into files.
                    return Some(streams);
                }
                END => return Some(streams),
                _ => return None,
            }
        }
    }

    fn pack_info(&mut self, streams: &mut Streams) -> Option<()> {
        streams.pack_start = self.number()?;
        let count = self.number()?;
        loop {
            match self.octet()? {
                SIZES => {
                    for _ in 0..count {
                        let size = self.number()?;
                        streams.pack_sizes.push(size);
                    }
                }
                CRC => self.checksums(count)?,
                END => return Some(()),
                _ => return None,
            }
        }
    }

    fn unpack_info(&mut self, streams: &mut Streams) -> Option<()> {
        self.expect(FOLDER)?;
        let count = self.number().filter(|count| *count <= MAX_FOLDERS)?;
        // Folders that stand elsewhere: no writer makes them.
        self.expect(0)?;
        for _ in 0..count {
            let folder = self.folder()?;
            streams.folders.push(folder);
        }
        self.expect(UNPACK_SIZES)?;
        for folder in &streams.folders {
            for _ in 0..folder.outputs {
                streams.unpack_sizes.push(self.number()?);
            }
        }
        loop {
            match self.octet()? {
                CRC => self.checksums(count)?,
                END => return Some(()),
                _ => return None,
            }
        }
    }

    fn folder(&mut self) -> Option<Folder> {
        let count = self.number().filter(|count| (1..=MAX_CODERS).contains(count))?;
        let mut coders = Vec::new();
        let (mut inputs, mut outputs) = (0u64, 0u64);
        for _ in 0..count {
            let flags = self.octet()?;
            let id = self.take(u64::from(flags & 0x0F))?.to_vec();
            let (of_coder_in, of_coder_out) =
                if flags & 0x10 != 0 { (self.number()?, self.number()?) } else { (1, 1) };
            if of_coder_in > MAX_CODERS || of_coder_out > MAX_CODERS {
                return None;
            }
            inputs += of_coder_in;
            outputs += of_coder_out;
            let length = if flags & 0x20 != 0 { self.number()? } else { 0 };
            let properties = self.take(length)?.to_vec();
            coders.push(Coder { id, properties });
        }
        let pairs = outputs.checked_sub(1)?;
        for _ in 0..pairs.checked_mul(2)? {
            self.number()?;
        }
        let packed = inputs.checked_sub(pairs)?;
        for _ in 0..if packed > 1 { packed } else { 0 } {
            self.number()?;
        }
        Some(Folder { coders, outputs })
    }

    /// Checksums of some of `count` streams.
    fn checksums(&mut self, count: u64) -> Option<()> {
        let present = if self.octet()? != 0 {
            count
        } else {
            let bits = self.take(count.div_ceil(8))?;
            bits.iter().map(|octet| u64::from(octet.count_ones())).sum()
        };
        self.take(present.checked_mul(4)?).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_octets_as_their_first_one_says() {
        for (octets, value) in [
            (&[0x7F][..], 0x7F),
            (&[0x80, 0x80], 0x80),
            (&[0x81, 0x02], 0x102),
            (&[0xC1, 0x02, 0x03], 0x1_0302),
            (&[0xFF, 1, 2, 3, 4, 5, 6, 7, 8], 0x0807_0605_0403_0201),
        ] {
            assert_eq!(Fields { rest: octets }.number(), Some(value), "{octets:?}");
        }
        assert_eq!(Fields { rest: &[0xC1, 2] }.number(), None);
    }

    #[test]
    fn what_is_cut_short_is_unknown_and_nothing_else_is_an_archive() {
        assert_eq!(locks(MARK), Some(Locks::UNKNOWN));
        assert_eq!(locks(b"7z and more"), None);
    }
}
