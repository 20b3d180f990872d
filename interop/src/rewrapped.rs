//! What one program makes, given by us to another key, and read by another program.

use crate::case::{
    Case, Cipher, Encoding, Encrypted, Kdf, Key, Kind, Named, Recipients, Size, Transport, Ukm,
    Way, Wrap,
};
use crate::exchange::{Extent, is_within};
use crate::ours::rewrap;
use crate::peer::{Limit, Peer, Sent, Shows, Side};
use crate::people::People;
use crate::space::{Dimension, Space};

/// A key and how it gets the content key.
type Target = (&'static str, Key, Way);

const fn agreement(kdf: Kdf) -> Way {
    Way::Agreement { kdf, wrap: Wrap::Aes256, ukm: Ukm::Absent }
}

/// From whom and to whom is rewrapped.
const TARGETS: [Target; 6] = [
    ("RSA-2048 PKCS#1 v1.5", Key::Rsa2048, Way::Transport(Transport::Pkcs1)),
    ("RSA-3072 OAEP SHA-256", Key::Rsa3072, Way::Transport(Transport::OaepSha256)),
    ("other RSA-2048 OAEP SHA-1", Key::OtherRsa, Way::Transport(Transport::OaepSha1)),
    ("P-256", Key::P256, agreement(Kdf::Sha256)),
    ("P-384", Key::P384, agreement(Kdf::Sha384)),
    ("P-521", Key::P521, agreement(Kdf::Sha512)),
];

/// The sizes of content, since the ciphertext stays as it is.
const SIZES: [Size; 3] = [Size::Empty, Size::BlockMore, Size::Hundred];

/// What came of a pair of programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Whose messages.
    pub maker: &'static str,
    /// Who read them in the end.
    pub reader: &'static str,
    /// Combinations that were tried.
    pub tried: usize,
    /// Those that were read.
    pub good: usize,
}

/// What came of it all.
#[derive(Debug)]
pub struct Rewrapped {
    /// Of each pair.
    pub pairs: Vec<Pair>,
    /// What readers refused, as they must: who, which cipher, in which words.
    pub refused: Vec<(&'static str, &'static str, String)>,
    /// How often each value occurred, by dimension.
    pub values: Vec<(&'static str, Vec<(&'static str, usize)>)>,
    /// What was not read, each in a sentence.
    pub faults: Vec<String>,
}

/// A combination of [`dimensions`].
struct Journey {
    maker: usize,
    reader: usize,
    from: Encrypted,
    to: Encrypted,
}

/// Lets each of `peers` make messages and each read them, after we have given the
/// content key to another.
#[must_use]
pub fn rewrapped(peers: &[&dyn Peer], people: &People, extent: Extent) -> Rewrapped {
    let dimensions = dimensions(peers);
    let space = Space::without(&dimensions, excluded(peers));
    let combinations = match extent {
        Extent::Pairwise => space.pairwise(),
        Extent::Full => space.product(),
    };
    let journeys: Vec<Journey> = combinations.iter().map(|one| journey(one)).collect();
    let ends = travel(peers, people, &journeys);

    let mut faults = Vec::new();
    let mut pairs: Vec<Pair> = Vec::new();
    for maker in peers {
        for reader in peers {
            let (maker, reader) = (maker.name(), reader.name());
            pairs.push(Pair { maker, reader, tried: 0, good: 0 });
        }
    }
    for (journey, end) in journeys.iter().zip(ends) {
        let pair = &mut pairs[journey.maker * peers.len() + journey.reader];
        pair.tried += 1;
        match end {
            Ok(content) if content == journey.from.size.content() => pair.good += 1,
            Ok(_) => faults.push(format!("{}: another content", journey.described(peers))),
            Err(end) => faults.push(format!("{}: {end:?}", journey.described(peers))),
        }
    }
    let probes = unreadable(peers);
    let mut refused = Vec::new();
    for (probe, end) in probes.iter().zip(travel(peers, people, &probes)) {
        let reader = peers[probe.reader];
        match end {
            Err(End::Reader(said)) if words(reader, &probe.to).any(|words| said == words) => {
                refused.push((reader.name(), probe.to.cipher.name(), said));
            }
            end => faults.push(format!("{}: {end:?}", probe.described(peers))),
        }
    }
    let values = dimensions.iter().enumerate().map(|(position, dimension)| {
        let count = |value| combinations.iter().filter(|one| one[position] == value).count();
        let values = dimension.values.iter().enumerate();
        (dimension.name, values.map(|(value, name)| (*name, count(value))).collect())
    });
    Rewrapped { pairs, refused, values: values.collect(), faults }
}

/// Where a message was stopped, and with which words.
#[derive(Debug, Clone)]
#[allow(dead_code, reason = "shown if the test fails")]
enum End {
    Nowhere,
    Maker(String),
    Rewrap(String),
    Reader(String),
}

/// One batch for each maker, then ours, then one for each reader.
fn travel(peers: &[&dyn Peer], people: &People, journeys: &[Journey]) -> Vec<Result<Vec<u8>, End>> {
    let mut found: Vec<Result<Vec<u8>, End>> = vec![Err(End::Nowhere); journeys.len()];
    for (number, peer) in peers.iter().enumerate() {
        let own = |one: &(usize, &Journey)| one.1.maker == number;
        let own: Vec<_> = journeys.iter().enumerate().filter(own).collect();
        let cases: Vec<Case> = own.iter().map(|(_, one)| Case::Encrypted(one.from)).collect();
        for ((place, journey), made) in own.iter().zip(peer.make(&cases)) {
            found[*place] = made.map_err(End::Maker).and_then(|message| {
                rewrap(people, &message, &journey.from, &journey.to).map_err(End::Rewrap)
            });
        }
    }
    for (number, peer) in peers.iter().enumerate() {
        let own = |place: &usize| journeys[*place].reader == number && found[*place].is_ok();
        let own: Vec<usize> = (0..journeys.len()).filter(own).collect();
        let sent = |place: &usize| Sent {
            case: Case::Encrypted(journeys[*place].to),
            message: found[*place].clone().unwrap_or_default(),
        };
        let messages: Vec<Sent> = own.iter().map(sent).collect();
        for (place, read) in own.iter().zip(peer.read(&messages)) {
            found[*place] = read.map_err(End::Reader);
        }
    }
    found
}

/// What we never make, and so see refused only here: authenticated attributes, for every
/// reader that cannot read them.
fn unreadable(peers: &[&dyn Peer]) -> Vec<Journey> {
    let mut found = Vec::new();
    for reader in 0..peers.len() {
        for cipher in 0..Cipher::ALL.len() {
            let by = |maker| journey(&[maker, reader, 0, 0, cipher, 0, 1]);
            let mut makers = (0..peers.len()).map(by);
            let made = makers.find(|one| can(peers[one.maker], Side::Makes, &one.from));
            let is_wanted = Cipher::ALL[cipher].has_attributes();
            let journey = made.filter(|one| is_wanted && !can(peers[reader], Side::Reads, &one.to));
            found.extend(journey);
        }
    }
    found
}

fn dimensions(peers: &[&dyn Peer]) -> Vec<Dimension> {
    let names: Vec<_> = peers.iter().map(|peer| peer.name()).collect();
    let targets: Vec<_> = TARGETS.iter().map(|(name, ..)| *name).collect();
    vec![
        Dimension { name: "made by", values: names.clone() },
        Dimension { name: "read by", values: names },
        Dimension { name: "from", values: targets.clone() },
        Dimension { name: "to", values: targets },
        Dimension {
            name: "cipher",
            values: Cipher::ALL.iter().map(|cipher| cipher.name()).collect(),
        },
        Dimension { name: "encoding", values: vec![Encoding::Der.name(), Encoding::Ber.name()] },
        Dimension { name: "octets", values: SIZES.iter().map(|size| size.name()).collect() },
    ]
}

fn journey(combination: &[usize]) -> Journey {
    let &[maker, reader, from, to, cipher, encoding, size] = combination else {
        panic!("{combination:?}")
    };
    let encrypted = |target: usize, encoding| {
        let (_, key, way) = TARGETS[target];
        let (cipher, size) = (Cipher::ALL[cipher], SIZES[size]);
        let (named, recipients) = (Named::IssuerSerial, Recipients::One);
        Encrypted { key, way, cipher, recipients, named, encoding, size }
    };
    let encoding = Encoding::ALL[encoding];
    // What is rewrapped is DER, whatever it was.
    Journey { maker, reader, from: encrypted(from, encoding), to: encrypted(to, Encoding::Der) }
}

impl Journey {
    fn described(&self, peers: &[&dyn Peer]) -> String {
        let Self { maker, reader, from, to } = self;
        let (maker, reader) = (peers[*maker].name(), peers[*reader].name());
        format!("{maker} to {reader}, from {from:?} to {to:?}")
    }
}

/// What makers cannot make and readers cannot read.
fn excluded(peers: &[&dyn Peer]) -> Vec<Vec<(usize, Vec<usize>)>> {
    let mut found = Vec::new();
    for (number, peer) in peers.iter().enumerate() {
        for target in 0..TARGETS.len() {
            for cipher in 0..Cipher::ALL.len() {
                for size in 0..SIZES.len() {
                    for encoding in 0..Encoding::ALL.len() {
                        let one =
                            journey(&[number, number, target, target, cipher, encoding, size]);
                        let is_read = can(*peer, Side::Reads, &one.to);
                        if !can(*peer, Side::Makes, &one.from) {
                            let rest = [(4, cipher), (5, encoding), (6, size)];
                            let rule = [&[(0, number), (2, target)][..], &rest].concat();
                            found.push(rule.into_iter().map(|(a, b)| (a, vec![b])).collect());
                        }
                        if !is_read && encoding == 0 {
                            let rule = [(1, number), (3, target), (4, cipher), (6, size)];
                            found.push(rule.into_iter().map(|(a, b)| (a, vec![b])).collect());
                        }
                    }
                }
            }
        }
    }
    found
}

fn can(peer: &dyn Peer, side: Side, encrypted: &Encrypted) -> bool {
    limits(peer, side, encrypted).next().is_none()
}

/// The words in which a reader refuses.
fn words(peer: &dyn Peer, encrypted: &Encrypted) -> impl Iterator<Item = &'static str> {
    limits(peer, Side::Reads, encrypted).filter_map(|limit| match limit.shows {
        Shows::Says(words) => Some(words),
        Shows::NoWay(_) => None,
    })
}

fn limits(
    peer: &dyn Peer,
    side: Side,
    encrypted: &Encrypted,
) -> impl Iterator<Item = &'static Limit> {
    // Whoever else has a key of the same kind is as good.
    let key = if encrypted.key == Key::OtherRsa { Key::Rsa2048 } else { encrypted.key };
    let case = Encrypted { key, ..*encrypted };
    let kind = if key.is_rsa() { Kind::ForRsa } else { Kind::ForEc };
    peer.limits().iter().filter(move |limit| {
        limit.side == side && limit.kinds.contains(&kind) && is_within(kind, limit.when, &case)
    })
}
