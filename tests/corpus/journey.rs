//! One mail from its sender to its reader.

use crate::people::{NOW, People};
use ssmax_agent::encrypt::encrypt;
use ssmax_agent::sign::{SignFault, Signer, sign};
use ssmax_cms::enveloped::RsaTransport;
use ssmax_mail::address::parse_from;
use ssmax_mail::canonical::{content_entity, is_content_field, is_seven_bit};
use ssmax_mail::{Entity, Limits, MailFault, TransferEncoding, parse};
use ssmax_primitives::SystemRandom;
use ssmax_second_opinion::{Ambiguous, Settled, Unsettled, settle};
use ssmax_smime::choice::{self, Recipient};
use ssmax_smime::decrypt::{OpenPolicy, decrypt};
use ssmax_smime::judge::{Outcome as Ending, Question, Verdict, judge_opened};
use ssmax_smime::rewrap::{Request, rewrap};
use zeroize::Zeroizing;

/// What may be wrong with a mail that we signed and carried well: a display name that
/// reads as another address, a Date that cannot be read or lies in the future.
const SENDERS_DOING: [&str; 3] =
    ["display-shows-other-address", "date-unreadable", "signed-before-date"];

/// How a mail was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    /// In one way; not one octet is changed.
    AsItCame,
    /// In several ways, so it was rebuilt; what follows is about the rebuilt octets.
    Rebuilt(String),
    /// In several ways or in none: it goes no further.
    Refused(String),
}

/// What became of a mail that was read. A journey that breaks off anywhere is a fault of
/// ours and no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// Every octet in its place, and the signature good.
    Good,
    /// Every octet in its place, and still not to be believed: for what the sender wrote.
    NotGood(String),
    /// Every octet in its place; but nobody could sign it, since its From is not one
    /// usable address.
    Unsigned(String),
}

/// The whole way. `index` chooses among the keys.
///
/// # Errors
/// What broke.
pub(crate) fn run(
    octets: &[u8],
    people: &People,
    index: usize,
) -> Result<(Reading, Option<End>), String> {
    let limits = Limits::default();
    match settle(octets, &limits, Ambiguous::Rebuild) {
        Ok(Settled::AsItCame) => Ok((Reading::AsItCame, Some(send(octets, people, index)?))),
        Ok(Settled::Rebuilt(rebuilt)) => {
            let why = settle(octets, &limits, Ambiguous::Refuse).err();
            let why = why.as_ref().map(code).ok_or("rebuilt without a reason")?;
            Ok((Reading::Rebuilt(why), Some(send(&rebuilt, people, index)?)))
        }
        Err(unsettled) => Ok((Reading::Refused(code(&unsettled)), None)),
    }
}

fn send(mail: &[u8], people: &People, index: usize) -> Result<End, String> {
    let signed = signed(mail, people, index)?;
    let sent = signed.as_deref().unwrap_or(mail);
    let delivered = travel(sent, people, index)?;
    if let Err(why) = signed {
        return Ok(End::Unsigned(why));
    }
    Ok(delivered.judge(people)?.map_or(End::Good, End::NotGood))
}

fn code(unsettled: &Unsettled) -> String {
    match unsettled {
        Unsettled::Fault(fault) => fault.code().to_owned(),
        Unsettled::Disagreement(about) | Unsettled::NotRebuilt { about, .. } => {
            about.what.code().to_owned()
        }
        other => other.to_string(),
    }
}

/// The mail signed by its From, or why nobody can.
fn signed(mail: &[u8], people: &People, index: usize) -> Result<Result<Vec<u8>, String>, String> {
    let read = parse(mail, &Limits::default()).map_err(broken("parse"))?;
    let addresses: Vec<String> = read
        .header()
        .all("From")
        .filter_map(|field| parse_from(&field.unfolded()).ok())
        .flatten()
        .map(|mailbox| mailbox.address.to_string())
        .collect();
    let [address] = addresses.as_slice() else {
        let count =
            if addresses.is_empty() { "no address in From" } else { "several addresses in From" };
        return Ok(Err(count.to_owned()));
    };
    let Some((key, certificate)) = people.signer(address, index) else {
        return Ok(Err("an address that no certificate may carry".to_owned()));
    };
    let signer = Signer { key, certificate: &certificate, chain: &[], encryption: None };
    match sign(mail, &signer, NOW, &SystemRandom) {
        Ok(signed) => {
            same_content(&read, &signed)?;
            Ok(Ok(signed))
        }
        Err(SignFault::Mail(fault)) => Ok(Err(fault.code().to_owned())),
        Err(SignFault::SignedAlready) => Ok(Err("an S/MIME signature".to_owned())),
        Err(fault) => Err(format!("sign: {fault}")),
    }
}

/// What was signed is what stood there: octet for octet where it was 7bit, and else
/// every part after decoding.
fn same_content(mail: &Entity<'_>, signed: &[u8]) -> Result<(), String> {
    let signed = parse(signed, &Limits::default()).map_err(broken("parse signed"))?;
    same_fields(mail, &signed)?;
    let entity = signed.children().first().ok_or("no signed part")?;
    // What says "binary" of itself is made to say "7bit".
    let binary = |part: &Entity<'_>| part.transfer_encoding() == TransferEncoding::Binary;
    let stays = is_seven_bit(mail.raw()) && !mail.walk().any(binary);
    if stays && !entity.raw().ends_with(&content_entity(mail)) {
        return Err("other octets signed".to_owned());
    }
    let before = leaves(mail).map_err(broken("leaves"))?;
    let after = leaves(entity).map_err(broken("signed leaves"))?;
    if before == after { Ok(()) } else { Err("another content signed".to_owned()) }
}

/// Type and decoded octets of every part that has some, also inside embedded mails.
fn leaves(entity: &Entity<'_>) -> Result<Vec<(String, Vec<u8>)>, MailFault> {
    let mut found = Vec::new();
    for part in entity.walk().filter(|part| !part.content_type().is_multipart()) {
        match part.message() {
            Some(Ok(message)) => found.extend(leaves(&message)?),
            _ => {
                // What cannot be decoded travels as it stands.
                let octets = part.decoded_body().unwrap_or_else(|_| part.body().to_vec());
                found.push((part.content_type().essence(), octets));
            }
        }
    }
    Ok(found)
}

/// The fields that do not describe the body stay as they are, in their order.
fn same_fields(before: &Entity<'_>, after: &Entity<'_>) -> Result<(), String> {
    fn kept<'e>(mail: &'e Entity<'_>) -> impl Iterator<Item = &'e [u8]> {
        let describes = |name: &str| is_content_field(name) || name == "mime-version";
        mail.header()
            .fields()
            .iter()
            .filter(move |field| !describes(&field.name().to_ascii_lowercase()))
            .map(|field| field.raw())
    }
    if kept(before).eq(kept(after)) { Ok(()) } else { Err("other header fields".to_owned()) }
}

/// What the second reader has in hand.
struct Delivered {
    mail: Vec<u8>,
    content: Zeroizing<Vec<u8>>,
}

/// Encrypted to one reader, given to the other, and decrypted.
fn travel(sent: &[u8], people: &People, index: usize) -> Result<Delivered, String> {
    let [one, other] = &people.readers;
    // Half of the mails come signed with one kind of key and encrypted to the other.
    let (first, second) = if index % 4 < 2 { (one, other) } else { (other, one) };
    let to = [first.certificate.clone()];
    let encrypted = encrypt(sent, &to, RsaTransport::OaepSha256, NOW, &SystemRandom)
        .map_err(|fault| format!("encrypt: {fault}"))?;
    let to = [Recipient::from(&second.certificate)];
    let request = Request {
        key: &first.key,
        certificate: Some(&first.certificate),
        open: OpenPolicy::default(),
        to: &to,
        choice: choice::Policy::default(),
    };
    let mail = rewrap(&encrypted, &request).map_err(|fault| format!("rewrap: {fault}"))?.octets;
    let content = decrypt(&mail, &second.key, Some(&second.certificate))
        .map_err(|fault| format!("decrypt: {fault}"))?;

    let limits = Limits::default();
    let before = parse(sent, &limits).map_err(broken("parse sent"))?;
    let after = parse(&mail, &limits).map_err(broken("parse delivered"))?;
    same_fields(&before, &after)?;
    if !content.ends_with(&content_entity(&before)) {
        return Err("another content decrypted".to_owned());
    }
    if decrypt(&mail, &first.key, Some(&first.certificate)).is_ok() {
        return Err("the first reader can still read it".to_owned());
    }
    Ok(Delivered { mail, content })
}

impl Delivered {
    /// Why it is not good, where that is the sender's doing.
    fn judge(&self, people: &People) -> Result<Option<String>, String> {
        let question = Question::new(people.anchors(), NOW);
        let judgement = judge_opened(&self.mail, &self.content, &question);
        if judgement.verdict == Verdict::Good {
            return Ok(None);
        }
        let failed = judgement.checks.iter().filter(|check| check.result == Ending::Fail);
        let reasons: Vec<&str> = failed.map(|check| check.reason.code()).collect();
        match reasons.first() {
            Some(first) if reasons.iter().all(|reason| SENDERS_DOING.contains(reason)) => {
                Ok(Some((*first).to_owned()))
            }
            _ => Err(format!("judged {:?}: {}", judgement.verdict, reasons.join(", "))),
        }
    }
}

fn broken(step: &'static str) -> impl Fn(MailFault) -> String {
    move |fault| format!("{step}: {fault}")
}
