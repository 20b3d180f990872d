//! Small changes of a seed, the same ones at every run.

/// What readers of mail, CMS and SMTP stumble over.
const PIECES: [&[u8]; 40] = [
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\r\n ",
    b"\r\n\t",
    b"\r\n.\r\n",
    b"\n.\n",
    b"\r\n.\n",
    b".",
    b"--",
    b"\"",
    b"\\",
    b"(",
    b")",
    b"<",
    b">",
    b",",
    b";",
    b":",
    b"@",
    b"=?utf-8?B?",
    b"?=",
    b"*0*=",
    b"%00",
    b"=\r\n",
    b"boundary=",
    b"Content-Type: ",
    b"From: b@b.example\r\n",
    b"\x30\x80",
    b"\x00\x00",
    b"\x24\x80",
    b"\xa0\x80",
    b"\x30\x84\xff\xff\xff\xff",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"{\"",
    b"18446744073709551616",
];

/// Octets at which a length or a number turns over.
const EDGES: [u8; 8] = [0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0xfe, 0xff];

/// Makes changed copies of seeds; the same name gives the same copies.
#[derive(Debug)]
pub struct Mutator(u64);

impl Mutator {
    /// A mutator whose changes follow from the name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        // FNV-1a, so that each target has changes of its own.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash | 1)
    }

    /// A copy of `seed` with one to four changes; `other` lends octets for splicing.
    #[must_use]
    pub fn change(&mut self, seed: &[u8], other: &[u8]) -> Vec<u8> {
        let mut octets = seed.to_vec();
        for _ in 0..=self.below(4) {
            self.step(&mut octets, other);
        }
        octets
    }

    fn step(&mut self, octets: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(octets.len() + 1);
        let until = at + self.below((octets.len() - at).min(64) + 1);
        match self.below(9) {
            0 => {
                let bit = self.below(8);
                octets.get_mut(at).into_iter().for_each(|octet| *octet ^= 1 << bit);
            }
            1 => {
                let edge = self.pick(&EDGES);
                octets.get_mut(at).into_iter().for_each(|octet| *octet = edge);
            }
            2 => octets.truncate(at),
            3 => drop(octets.drain(at..until)),
            4 => {
                let copy: Vec<u8> = octets.drain(at..until).collect();
                octets.splice(at..at, [&copy[..], &copy[..]].concat());
            }
            5 => drop(octets.splice(at..at, self.pick(&PIECES).iter().copied())),
            6 => drop(octets.splice(at..until, self.pick(&PIECES).iter().copied())),
            7 => self.change_length(octets),
            _ => {
                let from = self.below(other.len() + 1);
                octets.truncate(at);
                octets.extend_from_slice(other.get(from..).unwrap_or_default());
            }
        }
    }

    /// Changes the octet behind something that looks like a tag of DER: its length.
    fn change_length(&mut self, octets: &mut [u8]) {
        let is_tag = |octet: u8| matches!(octet, 0x02..=0x06 | 0x0c | 0x30 | 0x31 | 0x80..=0x83 | 0xa0..=0xa4);
        let start = self.below(octets.len() + 1);
        let found = octets.iter().skip(start).position(|&octet| is_tag(octet));
        let change = self.below(6);
        let edge = self.pick(&EDGES);
        let Some(length) = found.and_then(|found| octets.get_mut(start + found + 1)) else {
            return;
        };
        *length = match change {
            0 => length.wrapping_add(1),
            1 => length.wrapping_sub(1),
            2 => 0x80,
            3 => length.wrapping_mul(2),
            _ => edge,
        };
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let at = self.below(choices.len());
        *choices.get(at).expect("an index below the length")
    }

    /// A number below `limit`, 0 for a limit of 0. xorshift64*.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap_or(0) % limit.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_follow_from_the_name_alone() {
        let changes = |name: &str| {
            let mut mutator = Mutator::new(name);
            (0..50).map(|_| mutator.change(b"\x30\x03abc", b"other")).collect::<Vec<_>>()
        };
        assert_eq!(changes("mail"), changes("mail"));
        assert_ne!(changes("mail"), changes("judge"));
    }

    #[test]
    fn nothing_can_be_changed_too() {
        let mut mutator = Mutator::new("empty");
        let longest = (0..1000).map(|_| mutator.change(b"", b"").len()).max();
        assert!(longest > Some(0));
    }
}
