//! People as they come: names of all scripts and lengths, addresses that are allowed.

use ssmax_pki::profile::{Generation, Identity, Organisation};

/// Letters that names are made of, Latin and Japanese.
const LATIN: &str = "abcdefghijklmnopqrstuvwxyzéüßøłñ'-";
const JAPANESE: &str = "山田花子太郎齋藤邊邉髙﨑𠮷あいうえおんアイウエオヴー々〆";
/// What a local part is made of (RFC 5322 atext), beside letters and digits.
const SIGNS: &str = "!#$%&'*+-/=?^_`{|}~.";
const PLAIN: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// The same people each time, so that what is found is found again (xorshift64).
pub(crate) struct People(u64);

pub(crate) struct Person {
    pub(crate) surname: String,
    pub(crate) given_name: String,
    pub(crate) common_name: String,
    pub(crate) address: String,
}

impl People {
    pub(crate) fn new() -> Self {
        Self(0x5353_4d41_5831)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    fn letters(&mut self, alphabet: &str, most: usize) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..1 + self.below(most)).map(|_| alphabet[self.below(alphabet.len())]).collect()
    }

    /// Signs alone are no name.
    fn name(&mut self, alphabet: &str, most: usize) -> String {
        let name = self.letters(alphabet, most);
        if name.contains(char::is_alphanumeric) { name } else { format!("{name}o") }
    }

    pub(crate) fn next(&mut self, domain: &str) -> Person {
        let (alphabet, most) = if self.below(2) == 0 { (LATIN, 31) } else { (JAPANESE, 12) };
        let (surname, given_name) = (self.name(alphabet, most), self.name(alphabet, most));
        let common_name = format!("{surname} {given_name}");
        let local = match self.below(8) {
            0 => self.letters(JAPANESE, 8),
            1 => self.letters(PLAIN, 63),
            // Dots that RFC 5321 does not allow are another test's.
            2 => format!("a{}z", self.letters(SIGNS, 12)).replace("..", ".b"),
            _ => self.letters(PLAIN, 12),
        };
        Person { surname, given_name, common_name, address: format!("{local}@{domain}") }
    }
}

/// The validations and generations that are issued, each with pkilint's word for it.
pub(crate) fn identities<'a>(
    person: &'a Person,
    organisation: Organisation<'a>,
) -> Vec<(String, Identity<'a>, Generation)> {
    let Person { surname, given_name, common_name, .. } = person;
    let (surname, given_name) = (surname.as_str(), given_name.as_str());
    let generations = [Generation::Strict, Generation::Multipurpose];
    let issued = generations.into_iter().flat_map(|generation| {
        [
            ("sponsored", Identity::Sponsor { organisation, surname, given_name, common_name }),
            ("individual", Identity::Individual { surname, given_name, common_name }),
            ("organization", Identity::Organization(organisation)),
            ("mailbox", Identity::Mailbox),
        ]
        .map(|(word, identity)| {
            (format!("{word}-{generation:?}").to_lowercase(), identity, generation)
        })
    });
    issued.collect()
}
