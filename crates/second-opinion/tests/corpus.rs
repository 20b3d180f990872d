//! What becomes of real mail.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests and their steps fail by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests read files and start programs")]

mod support;

use ssmax_mail::{Limits, MailFault, parse, parse_to_mend};
use ssmax_second_opinion::{
    Ambiguous, MAX_ADDED_BYTES, MAX_GROWTH, RebuildFault, Settled, is_protected, rebuild, settle,
};
use std::collections::BTreeMap;
use support::{Mail, Python, corpus, named, reading, vectors};

/// Every real mail is either read in one way, rebuilt, or refused with a name; of those
/// that people wanted, fewer than one in two hundred is refused.
#[test]
fn fewer_than_one_in_two_hundred_wanted_mails_is_refused() {
    let mails = corpus();
    if mails.is_empty() {
        return;
    }
    let mut table: BTreeMap<(bool, String), usize> = BTreeMap::new();
    let (some, others) = mails.split_at(mails.len() / 2);
    let fates = std::thread::scope(|scope| {
        let others = scope.spawn(|| others.iter().map(fate).collect::<Vec<_>>());
        let mut all: Vec<_> = some.iter().map(fate).collect();
        all.extend(others.join().unwrap());
        all
    });
    for fate in fates {
        *table.entry(fate).or_default() += 1;
    }
    for ((is_spam, fate), count) in &table {
        println!("{count:5} {} {fate}", if *is_spam { "spam  " } else { "wanted" });
    }
    let count = |wanted: &dyn Fn(bool, &str) -> bool| -> usize {
        table.iter().filter(|((spam, fate), _)| wanted(*spam, fate)).map(|(_, n)| n).sum()
    };
    let wanted = count(&|spam, _| !spam);
    let refused = count(&|spam, fate| !spam && fate.starts_with("refused"));
    assert!(refused * 200 < wanted, "{refused} of {wanted}");
}

fn fate(mail: &Mail) -> (bool, String) {
    let fate = match settle(&mail.octets, &Limits::default(), Ambiguous::Rebuild) {
        Ok(Settled::AsItCame) => "as it came".to_owned(),
        Ok(Settled::Rebuilt(_)) => "rebuilt".to_owned(),
        Err(why) => format!("refused: {}", named(&why)),
    };
    (mail.is_spam, fate)
}

/// Every mail that can be rebuilt, wanted or not, ambiguous or not, is rebuilt here.
#[test]
fn a_rebuilt_mail_has_the_same_content_for_three_readers() {
    let mut python = Python::start();
    let mut rebuilt = 0;
    let mut wrong = Vec::new();
    // All of them with SSMAX_ALL_MAILS=1; else a share that tells as much in less time.
    let step = if std::env::var_os("SSMAX_ALL_MAILS").is_some() { 1 } else { 7 };
    for mail in corpus().into_iter().step_by(step).chain(vectors()) {
        match check(&mail, &mut python) {
            Ok(true) => rebuilt += 1,
            Ok(false) => {}
            Err(why) => wrong.push(format!("{}: {why}", mail.name)),
        }
    }
    assert!(wrong.is_empty(), "{} wrong, {rebuilt} right\n{}", wrong.len(), wrong.join("\n"));
    assert!(rebuilt > 40, "{rebuilt}");
    println!("{rebuilt} mails rebuilt and read alike");
}

/// Whether the mail was rebuilt, and then all that must be so is so.
fn check(mail: &Mail, python: &mut Python) -> Result<bool, String> {
    let limits = Limits::default();
    let Ok(mended) = parse_to_mend(&mail.octets, &limits) else { return Ok(false) };
    let octets = match rebuild(mended.entity()) {
        Ok(octets) => octets,
        Err(RebuildFault::Protected) if is_protected(mended.entity()) => return Ok(false),
        Err(RebuildFault::Protected | RebuildFault::TooLarge) => return Err("refused".to_owned()),
        Err(_) => return Ok(false),
    };
    if octets.len() > mail.octets.len() * MAX_GROWTH + MAX_ADDED_BYTES {
        return Err(format!("{} octets of {}", octets.len(), mail.octets.len()));
    }
    let again = parse(&octets, &limits).map_err(|fault| format!("rebuilt: {fault}"))?;
    if rebuild(&again).as_ref() != Ok(&octets) {
        let once_more = rebuild(&again).unwrap_or_default();
        let at = octets.iter().zip(&once_more).position(|(one, other)| one != other);
        let around = |octets: &[u8]| {
            let at = at.unwrap_or_default();
            let end = octets.len().min(at + 90);
            String::from_utf8_lossy(&octets[at.saturating_sub(90)..end]).into_owned()
        };
        let (before, after) = (around(&octets), around(&once_more));
        return Err(format!("rebuilt once more it is another: {before:?}, then {after:?}"));
    }
    // What nobody here reads in one way is refused, rebuilt or not.
    if let Some(about) = ssmax_second_opinion::disagreement(&again) {
        return match settle(&mail.octets, &limits, Ambiguous::Rebuild) {
            Err(_) | Ok(Settled::AsItCame) => Ok(false),
            other @ Ok(Settled::Rebuilt(_)) => Err(format!("{about}, yet {other:?}")),
        };
    }
    if let Ok(before) = parse(&mail.octets, &limits)
        && bodies(&before).is_ok_and(|before| bodies(&again) != Ok(before))
    {
        return Err("other content".to_owned());
    }
    let (ours, theirs) = (reading(&octets), python.reads(&octets));
    if ours == theirs { Ok(true) } else { Err(format!("we read {ours}\npython {theirs}")) }
}

type Body = (String, Option<String>, Vec<u8>);

/// Type, file name and octets of each leaf, in mails inside too.
fn bodies(mail: &ssmax_mail::Entity<'_>) -> Result<Vec<Body>, MailFault> {
    let mut found = Vec::new();
    for part in mail.walk() {
        let name = part.file_name().map(|name| support::words(&name));
        match part.message() {
            Some(inner) => found.extend(bodies(&inner?)?),
            None if part.children().is_empty() => {
                let text = part.text_in_known_charset().filter(|_| {
                    let charset = part.content_type().parameter("charset").unwrap_or_default();
                    charset.to_ascii_lowercase().starts_with("utf")
                });
                let octets = match text {
                    // UTF-7 and UTF-16 become UTF-8.
                    Some(text) => text.into_bytes(),
                    None => part.decoded_body()?,
                };
                found.push((part.content_type().essence(), name, octets));
            }
            None => {}
        }
    }
    Ok(found)
}
