//! Who makes and reads messages.

mod bouncy_castle;
mod gpgsm;
mod nss;
mod openssl;
mod ours;

pub use self::{bouncy_castle::BouncyCastle, gpgsm::Gpgsm, nss::Nss, openssl::OpenSsl, ours::Ours};
use crate::case::{Case, Kind};
use crate::space::Conjunction;

/// What somebody made or read, or the words in which the program refused.
pub type Answer = Result<Vec<u8>, String>;

/// A message on its way.
#[derive(Debug, Clone)]
pub struct Sent {
    /// What it was to be.
    pub case: Case,
    /// What it is.
    pub message: Vec<u8>,
}

/// A program that speaks CMS. Whatever it is asked at a time it does in one process, as
/// far as it can.
pub trait Peer {
    /// Its name.
    fn name(&self) -> &'static str;

    /// What it cannot do.
    fn limits(&self) -> &'static [Limit];

    /// Makes messages with the content that goes with each size.
    fn make(&self, cases: &[Case]) -> Vec<Answer>;

    /// Reads messages as the person that the case names, checking signatures, and gives
    /// the content; of a detached signature the content that was given along.
    fn read(&self, messages: &[Sent]) -> Vec<Answer>;
}

/// Which side of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Makes messages.
    Makes,
    /// Reads messages.
    Reads,
}

/// Something that a program cannot do.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// On which side.
    pub side: Side,
    /// With which kinds of messages.
    pub kinds: &'static [Kind],
    /// With which values together.
    pub when: Conjunction,
    /// How this shows.
    pub shows: Shows,
}

/// How it shows that a program cannot do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// It says so, when asked, in these words.
    Says(&'static str),
    /// There is no way to ask for it; why.
    NoWay(&'static str),
}

/// The ciphers of AuthEnvelopedData, without attributes.
const GCM: &[&str] = &["AES-128-GCM", "AES-192-GCM", "AES-256-GCM"];

/// The same with authenticated attributes.
const GCM_ATTRIBUTES: &[&str] = &[
    "AES-128-GCM, authenticated attributes",
    "AES-192-GCM, authenticated attributes",
    "AES-256-GCM, authenticated attributes",
];

/// Every transport but PKCS#1 v1.5.
const OAEP: &[&str] = &["OAEP SHA-1", "OAEP SHA-256", "OAEP SHA-384", "OAEP SHA-512"];
