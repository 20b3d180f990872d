//! `ssmax verify`: judge one message offline.

use super::Context;
use crate::complaint::{Complaint, Exit};
use crate::files;
use serde_json::json;
use ssmax_mail::canonical::to_crlf;
use ssmax_pki::Certificate;
use ssmax_pki::crl::{Crl, MAX_CRL_BYTES};
use ssmax_smime::judge::{Covers, Judgement, Question, Reason, Record, Verdict, judge};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The largest mail that is read, in bytes.
pub(super) const MAX_MAIL_BYTES: usize = 128 * 1024 * 1024;
/// The largest file of certificates that is read, in bytes.
const MAX_CERTIFICATES_BYTES: usize = 16 * 1024 * 1024;

/// Arguments of `ssmax verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The message as the mailer saves it; `-` is standard input.
    #[arg(value_name = "FILE.eml")]
    file: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
}

/// What signatures are judged by.
#[derive(Debug, clap::Args)]
pub(super) struct TrustArgs {
    /// Certificates of CAs to trust, PEM or DER; may be given several times.
    #[arg(long, value_name = "CA.pem")]
    trust: Vec<PathBuf>,
    /// Revocation lists, PEM or DER; may be given several times.
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    /// The moment for which to judge, as 2026-01-02T03:04:05Z. Default: now.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// [`TrustArgs`] read.
pub(super) struct Trust {
    anchors: Vec<Certificate>,
    crls: Vec<Crl>,
    at: OffsetDateTime,
}

impl TrustArgs {
    /// One anchor, now.
    #[cfg(test)]
    pub(super) fn of(path: &Path) -> Self {
        Self { trust: vec![path.to_owned()], crl: Vec::new(), at: None }
    }

    /// Reads the files.
    pub(super) fn load(&self) -> Result<Trust, Complaint> {
        let mut anchors = Vec::new();
        for path in &self.trust {
            anchors.extend(certificates(path)?);
        }
        let mut crls = Vec::new();
        for path in &self.crl {
            crls.extend(revocation_lists(path)?);
        }
        let at = match &self.at {
            None => OffsetDateTime::now_utc(),
            Some(text) => OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
                Complaint::new(Exit::WrongUse, "time-unreadable").with("value", text)
            })?,
        };
        Ok(Trust { anchors, crls, at })
    }
}

impl Trust {
    /// The question that it makes.
    pub(super) fn question(&self) -> Question<'_> {
        Question { anchors: &self.anchors, intermediates: &[], crls: &self.crls, at: self.at }
    }
}

/// Judges the message: 0 only for a good one.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(verify(&args, context))
}

fn verify(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let trust = args.trust.load()?;
    let message = mail(&args.file)?;
    let judgement = judge(&message, &trust.question());
    context.print(&json!(judgement), || describe(&judgement, context));
    Ok(exit_of(&judgement))
}

/// 0 for a good mail, 1 for every other.
pub(super) fn exit_of(judgement: &Judgement) -> ExitCode {
    if judgement.verdict == Verdict::Good { ExitCode::SUCCESS } else { Exit::Bad.into() }
}

/// A judgement for a person.
pub(super) fn describe(judgement: &Judgement, context: &Context) -> String {
    let none = context.text("cli-none", &[]);
    let verdict = match judgement.verdict {
        Verdict::Good => "cli-verdict-good",
        Verdict::Bad => "cli-verdict-bad",
        Verdict::None => "cli-verdict-none",
    };
    let covers = match judgement.covers {
        Covers::Whole => "verify-covers-whole",
        Covers::Part => "verify-covers-part",
        Covers::None => "verify-covers-none",
    };
    let from = judgement.from.as_deref().unwrap_or(&none);
    let signer = judgement.signer.as_deref().unwrap_or(&none);
    let mut lines = vec![
        context.text("verify-verdict", &[("verdict", &context.text(verdict, &[]))]),
        context.text("cli-from", &[("address", from)]),
        context.text("cli-signer", &[("address", signer)]),
        context.text(covers, &[]),
    ];
    for check in &judgement.checks {
        let result = context.text(&format!("cli-check-{}", check.result.as_str()), &[]);
        let name = context.text(&format!("verify-check-{}", check.name.as_str()), &[]);
        let reason = describe_reason(check.reason, context);
        lines.push(format!("  {result}: {name} ({reason})"));
    }
    for record in &judgement.chain {
        let (id, from_org, to_org, at) = match record {
            Record::Seal(record) => ("verify-seal", &record.from_org, &record.to_org, record.at),
            Record::Hop(record) => ("verify-hop", &record.from_org, &record.to_org, record.at),
        };
        let at = at.format(&Rfc3339).unwrap_or_default();
        lines.push(
            context.text(
                id,
                &[("from", &printable(from_org)), ("to", &printable(to_org)), ("at", &at)],
            ),
        );
    }
    lines.join("\n")
}

fn describe_reason(reason: Reason, context: &Context) -> String {
    let code = reason.code();
    match reason {
        Reason::Mail(_) => context.text("verify-reason-mail", &[("code", code)]),
        Reason::Address(_) => context.text("verify-reason-address", &[("code", code)]),
        _ => context.text(&format!("verify-reason-{code}"), &[]),
    }
}

/// Text out of a mail without what a terminal would take for a command.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(
            |char| {
                if char.is_control() && char != '\n' { char::REPLACEMENT_CHARACTER } else { char }
            },
        )
        .collect()
}

/// Reads a mail. Local line ends become CRLF, and the line that mailboxes of the mbox
/// kind put first is dropped.
pub(super) fn mail(path: &Path) -> Result<Vec<u8>, Complaint> {
    let octets = read(path, MAX_MAIL_BYTES)?;
    let octets = match octets.strip_prefix(b"From ") {
        Some(rest) => rest.splitn(2, |octet| *octet == b'\n').nth(1).unwrap_or_default(),
        None => &octets,
    };
    let name_length =
        octets.iter().take_while(|octet| octet.is_ascii_graphic() && **octet != b':').count();
    let begins_with_field = name_length > 0
        && octets
            .get(name_length..)
            .is_some_and(|rest| rest.trim_ascii_start().first() == Some(&b':'));
    if !begins_with_field {
        return Err(Complaint::new(Exit::WrongUse, "not-a-mail")
            .with("path", path.display())
            .with_text("reason", "mail-no-header"));
    }
    Ok(to_crlf(octets))
}

/// Reads certificates: every PEM block, or one in DER.
pub(super) fn certificates(path: &Path) -> Result<Vec<Certificate>, Complaint> {
    let octets = read(path, MAX_CERTIFICATES_BYTES)?;
    let found = match pem(&octets) {
        Some(text) => Certificate::all_from_pem(text),
        None => Certificate::from_der(&octets).map(|one| vec![one]),
    };
    found.ok().filter(|found| !found.is_empty()).ok_or_else(|| {
        Complaint::new(Exit::WrongUse, "not-a-certificate").with("path", path.display())
    })
}

fn revocation_lists(path: &Path) -> Result<Vec<Crl>, Complaint> {
    const BEGIN: &str = "-----BEGIN X509 CRL-----";
    let octets = read(path, MAX_CRL_BYTES * 2)?;
    let found: Result<Vec<Crl>, _> = match pem(&octets) {
        Some(text) => text
            .match_indices(BEGIN)
            .map(|(at, _)| Crl::from_pem(text.get(at..).unwrap_or_default()))
            .collect(),
        None => Crl::from_der(&octets).map(|one| vec![one]),
    };
    found
        .ok()
        .filter(|found| !found.is_empty())
        .ok_or_else(|| Complaint::new(Exit::WrongUse, "not-a-crl").with("path", path.display()))
}

fn pem(octets: &[u8]) -> Option<&str> {
    std::str::from_utf8(octets).ok().filter(|text| text.contains("-----BEGIN "))
}

/// Reads a file of at most `max` bytes; `-` is standard input.
pub(super) fn read(path: &Path, max: usize) -> Result<Vec<u8>, Complaint> {
    let failed = |error: std::io::Error| Complaint::from_io(path, error.kind(), Exit::WrongUse);
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    let mut content = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(limit).read_to_end(&mut content)
    } else {
        std::fs::File::open(path).map_err(failed)?.take(limit).read_to_end(&mut content)
    }
    .map_err(failed)?;
    if content.len() > max {
        return Err(Complaint::new(Exit::WrongUse, "file-too-large")
            .with("path", path.display())
            .with("max", max));
    }
    Ok(content)
}

/// Says something on standard error that changes nothing about the answer.
pub(super) fn warn(context: &Context, what: &str) {
    eprintln!("{}", context.text("cli-warning", &[("what", what)]));
}

/// Says facts where standard output is taken by a mail.
pub(super) fn say(context: &Context, out_is_file: bool, lines: &str) {
    if out_is_file && !context.json {
        files::say(lines);
    } else {
        eprintln!("{lines}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_smime::judge::CheckName;
    use ssmax_texts::{Language, has};

    fn written(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mail.eml");
        std::fs::write(&path, content).unwrap();
        (dir, path)
    }

    #[test]
    fn a_mail_is_read_with_local_line_ends_and_out_of_a_mailbox() {
        let (_dir, path) = written(b"Subject: s\n\nx\n");
        assert_eq!(mail(&path).unwrap(), b"Subject: s\r\n\r\nx\r\n");
        let (_dir, path) = written(b"From - Mon Jan  1 00:00:00 2026\r\nSubject: s\r\n\r\nx");
        assert_eq!(mail(&path).unwrap(), b"Subject: s\r\n\r\nx");
    }

    #[test]
    fn what_is_no_mail_is_said_so() {
        for octets in [&b""[..], b"\n", b"hello\n", b"\x30\x82\x01", b"From x\n", b": x\n"] {
            let (_dir, path) = written(octets);
            assert_eq!(mail(&path).unwrap_err().name, "not-a-mail", "{octets:?}");
        }
    }

    #[test]
    fn a_file_of_the_largest_size_is_read_and_one_octet_more_is_not() {
        let (_dir, path) = written(b"12345");
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert_eq!(read(&path, 4).unwrap_err().name, "file-too-large");
    }

    #[test]
    fn files_that_hold_something_else_are_told() {
        let (_dir, path) = written(b"-----BEGIN NOTHING-----\n-----END NOTHING-----\n");
        assert_eq!(certificates(&path).unwrap_err().name, "not-a-certificate");
        assert_eq!(revocation_lists(&path).map(drop).unwrap_err().name, "not-a-crl");
        let args = TrustArgs { trust: vec![], crl: vec![], at: Some("tomorrow".into()) };
        assert_eq!(args.load().map(drop).unwrap_err().name, "time-unreadable");
    }

    #[test]
    fn every_check_and_every_own_reason_has_a_text() {
        for name in CheckName::ALL {
            assert!(has(&format!("verify-check-{}", name.as_str())), "{name:?}");
        }
        for reason in Reason::ALL_OWN {
            assert!(has(&format!("verify-reason-{}", reason.code())), "{reason:?}");
        }
    }

    #[test]
    fn an_unsigned_mail_is_described_line_by_line() {
        let question = Question {
            anchors: &[],
            intermediates: &[],
            crls: &[],
            at: OffsetDateTime::UNIX_EPOCH,
        };
        let judgement = judge(b"From: a@a.example\r\n\r\nx", &question);
        let context = Context { language: Language::En, json: false };
        let text = describe(&judgement, &context);
        assert!(text.starts_with("Verdict: unsigned\nFrom: a@a.example\nSigner: none\n"), "{text}");
        assert_eq!(text.lines().count(), 14);
    }

    #[test]
    fn escape_sequences_out_of_a_mail_never_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31m\nb\r"), "a\u{fffd}[31m\nb\u{fffd}");
    }
}
