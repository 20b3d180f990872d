//! Messages of one kind from one program to another.

use crate::case::{Case, Encrypted, Kind};
use crate::peer::{Answer, Limit, Peer, Sent, Shows, Side};
use crate::space::{Conjunction, Space};

/// How many combinations are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// So many that every pair of values occurs, and each limit.
    Pairwise,
    /// All that must be read; of those that must be refused so many that every pair of
    /// values occurs.
    Full,
}

/// How many messages are in memory at a time.
const AT_A_TIME: usize = 2_000;

/// What is known of a program's limits with one kind of messages.
struct Limits<'a> {
    maker: Vec<&'a Limit>,
    reader: Vec<&'a Limit>,
}

/// One combination, and what came of it.
#[derive(Debug)]
pub struct Tried {
    /// Positions in [`Kind::dimensions`].
    pub combination: Vec<usize>,
    /// What the maker said, if it made nothing; else what the reader said.
    pub refusal: Option<(Side, String)>,
}

/// What came of one kind of messages.
#[derive(Debug)]
pub struct Outcome {
    /// Whose messages.
    pub maker: &'static str,
    /// For whom.
    pub reader: &'static str,
    /// Which messages.
    pub kind: Kind,
    /// Every combination that was tried.
    pub tried: Vec<Tried>,
    /// The limits of both that are no words, since there is no way to ask.
    pub no_way: Vec<Shown>,
    /// The limits that were shown.
    pub refusals: Vec<Shown>,
    /// What was not as it must be, each in a sentence.
    pub faults: Vec<String>,
}

/// A limit, and how often it was seen.
#[derive(Debug)]
pub struct Shown {
    /// Whose limit.
    pub who: &'static str,
    /// On which side.
    pub side: Side,
    /// Of which values together.
    pub when: Conjunction,
    /// Its words, or why there is no way.
    pub words: &'static str,
    /// Combinations refused in these words.
    pub count: usize,
}

/// Lets `maker` make messages, and `reader` read them.
#[must_use]
pub fn exchange(maker: &dyn Peer, reader: &dyn Peer, kind: Kind, extent: Extent) -> Outcome {
    let limits =
        Limits { maker: of(maker, Side::Makes, kind), reader: of(reader, Side::Reads, kind) };
    let combinations = limits.combinations(kind, extent);
    let cases: Vec<Case> = combinations.iter().map(|one| kind.case(one)).collect();
    let answers = cases.chunks(AT_A_TIME).flat_map(|cases| carried(maker, reader, cases));

    let mut faults = Vec::new();
    let mut tried = Vec::new();
    for ((combination, case), answer) in combinations.into_iter().zip(&cases).zip(answers) {
        let refusal = match answer {
            Ok(content) if content == case.size().content() => None,
            Ok(content) => {
                let text = format!("{} octets, and not the content", content.len());
                Some((Side::Reads, text))
            }
            Err(refusal) => Some(refusal),
        };
        if let Some(fault) = limits.fault(kind, &combination, refusal.as_ref()) {
            let (maker, reader) = (maker.name(), reader.name());
            let values = described(kind, &combination);
            faults.push(format!("{maker} to {reader}, {}: {values}: {fault}", kind.name()));
        }
        tried.push(Tried { combination, refusal });
    }
    let (no_way, refusals) = limits.shown(maker.name(), reader.name(), kind, &tried);
    Outcome { maker: maker.name(), reader: reader.name(), kind, tried, no_way, refusals, faults }
}

/// What comes out at the end for each case.
fn carried(
    maker: &dyn Peer,
    reader: &dyn Peer,
    cases: &[Case],
) -> Vec<Result<Vec<u8>, (Side, String)>> {
    let made = maker.make(cases);
    let sent = |(case, made): (&Case, &Answer)| {
        made.as_ref().ok().map(|message| Sent { case: *case, message: message.clone() })
    };
    let messages: Vec<Sent> = cases.iter().zip(&made).filter_map(sent).collect();
    let mut read = reader.read(&messages).into_iter();
    let end = |made: Answer| match made {
        Ok(_) => read.next().unwrap().map_err(|said| (Side::Reads, said)),
        Err(said) => Err((Side::Makes, said)),
    };
    made.into_iter().map(end).collect()
}

fn of(peer: &dyn Peer, side: Side, kind: Kind) -> Vec<&'static Limit> {
    let applies = |limit: &&Limit| limit.side == side && limit.kinds.contains(&kind);
    peer.limits().iter().filter(applies).collect()
}

/// Whether a combination has the values of a conjunction.
fn holds(kind: Kind, when: Conjunction, combination: &[usize]) -> bool {
    let dimensions = kind.dimensions();
    when.iter().all(|(name, values)| {
        let position = dimensions.iter().position(|dimension| dimension.name == *name);
        position.is_some_and(|position| {
            values.contains(&dimensions[position].values[combination[position]])
        })
    })
}

/// Whether an encrypted message has the values of a conjunction.
pub(crate) fn is_within(kind: Kind, when: Conjunction, encrypted: &Encrypted) -> bool {
    kind.positions(encrypted).is_some_and(|combination| holds(kind, when, &combination))
}

/// A combination in words.
fn described(kind: Kind, combination: &[usize]) -> String {
    let dimensions = kind.dimensions();
    let values = dimensions.iter().zip(combination);
    let word = |(dimension, value): (&crate::space::Dimension, &usize)| {
        format!("{} {}", dimension.name, dimension.values[*value])
    };
    values.map(word).collect::<Vec<_>>().join(", ")
}

impl Limits<'_> {
    fn all(&self) -> impl Iterator<Item = &Limit> {
        self.maker.iter().chain(&self.reader).copied()
    }

    /// What cannot be asked for.
    fn impossible(&self, kind: Kind) -> Vec<Conjunction> {
        let no_way = self.all().filter(|limit| matches!(limit.shows, Shows::NoWay(_)));
        kind.nonexistent().iter().copied().chain(no_way.map(|limit| limit.when)).collect()
    }

    /// The limits that can show, since what they are about can be asked for.
    fn said(&self, kind: Kind) -> Vec<&Limit> {
        let space = Space::new(&kind.dimensions(), &self.impossible(kind));
        let is_said = |limit: &&Limit| {
            matches!(limit.shows, Shows::Says(_)) && !space.examples(limit.when).is_empty()
        };
        self.all().filter(is_said).collect()
    }

    fn combinations(&self, kind: Kind, extent: Extent) -> Vec<Vec<usize>> {
        let dimensions = kind.dimensions();
        let impossible = self.impossible(kind);
        let said = self.said(kind);
        let without = |limits: &mut dyn Iterator<Item = &Limit>| {
            let whens = impossible.iter().copied().chain(limits.map(|limit| limit.when));
            Space::new(&dimensions, &whens.collect::<Vec<_>>())
        };
        let readable = without(&mut said.iter().copied());
        let mut found = match extent {
            Extent::Pairwise => readable.pairwise(),
            Extent::Full => {
                let all = without(&mut std::iter::empty());
                [readable.product(), all.pairwise()].concat()
            }
        };
        for limit in &said {
            // If it can be, nothing else is in the way of what is to be shown.
            let mut others = said.iter().copied().filter(|other| !std::ptr::eq(*other, *limit));
            let mut examples = without(&mut others).examples(limit.when);
            if examples.is_empty() {
                examples = without(&mut std::iter::empty()).examples(limit.when);
            }
            found.extend(examples);
        }
        found
    }

    /// What is wrong, if anything is.
    fn fault(
        &self,
        kind: Kind,
        combination: &[usize],
        refusal: Option<&(Side, String)>,
    ) -> Option<String> {
        let words = |limits: &[&Limit]| {
            let applies = limits.iter().filter(|limit| holds(kind, limit.when, combination));
            let say = applies.filter_map(|limit| match limit.shows {
                Shows::Says(words) => Some(words),
                Shows::NoWay(_) => None,
            });
            say.collect::<Vec<_>>()
        };
        let (makes, reads) = (words(&self.maker), words(&self.reader));
        let expected = if makes.is_empty() { (Side::Reads, reads) } else { (Side::Makes, makes) };
        match refusal {
            None if expected.1.is_empty() => None,
            None => Some(format!("must be refused with one of {:?}", expected.1)),
            Some((side, said)) => {
                let is_known = *side == expected.0 && expected.1.contains(&said.as_str());
                let who = if *side == Side::Makes { "maker" } else { "reader" };
                (!is_known).then(|| format!("the {who} says {said:?}"))
            }
        }
    }

    /// Those that are no words, and those that are, each with its count.
    fn shown(
        &self,
        maker: &'static str,
        reader: &'static str,
        kind: Kind,
        tried: &[Tried],
    ) -> (Vec<Shown>, Vec<Shown>) {
        let count = |limit: &Limit, words: &str| {
            let is_it = |one: &&Tried| {
                one.refusal
                    .as_ref()
                    .is_some_and(|(side, said)| *side == limit.side && said == words)
                    && holds(kind, limit.when, &one.combination)
            };
            tried.iter().filter(is_it).count()
        };
        let (mut no_way, mut refusals) = (Vec::new(), Vec::new());
        let said = self.said(kind);
        let can_show = |limit: &&Limit| {
            matches!(limit.shows, Shows::NoWay(_))
                || said.iter().any(|said| std::ptr::eq(*said, *limit))
        };
        for limit in self.all().filter(can_show) {
            let who = if limit.side == Side::Makes { maker } else { reader };
            let (Limit { side, when, .. }, who) = (*limit, who);
            match limit.shows {
                Shows::NoWay(words) => no_way.push(Shown { who, side, when, words, count: 0 }),
                Shows::Says(words) => {
                    let count = count(limit, words);
                    refusals.push(Shown { who, side, when, words, count });
                }
            }
        }
        (no_way, refusals)
    }
}
