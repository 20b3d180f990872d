//! `ssmax verify`: judge one message offline.

use super::Context;
use crate::complaint::{Complaint, Exit};
use crate::files;
use serde_json::json;
use ssmax_mail::canonical::file_into_crlf;
use ssmax_mail::header_protection::FieldState;
use ssmax_pki::Certificate;
use ssmax_pki::crl::{Crl, MAX_CRL_BYTES};
use ssmax_pki::ocsp::{MAX_RESPONSE_BYTES, Response};
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
    /// Let a signature over SHA-1 count, to read old mail.
    #[arg(long)]
    allow_sha1: bool,
}

/// What signatures are judged by.
#[derive(Debug, Default, clap::Args)]
pub(super) struct TrustArgs {
    /// Certificates of CAs to trust, PEM or DER; may be given several times.
    #[arg(long, value_name = "CA.pem")]
    trust: Vec<PathBuf>,
    /// Certificates that may lie on the way, trusted for nothing; may be given several
    /// times.
    #[arg(long, value_name = "FILE")]
    intermediate: Vec<PathBuf>,
    /// Revocation lists, PEM or DER; may be given several times.
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    /// OCSP responses, PEM or DER; may be given several times.
    #[arg(long, value_name = "FILE")]
    ocsp: Vec<PathBuf>,
    /// The moment for which to judge, as 2026-01-02T03:04:05Z. Default: now.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// [`TrustArgs`] read.
pub(super) struct Trust {
    anchors: Vec<Certificate>,
    intermediates: Vec<Certificate>,
    crls: Vec<Crl>,
    ocsp: Vec<Response>,
    at: OffsetDateTime,
}

impl TrustArgs {
    /// One anchor, now.
    #[cfg(test)]
    pub(super) fn of(path: &Path) -> Self {
        Self { trust: vec![path.to_owned()], ..Self::default() }
    }

    /// Reads the files.
    pub(super) fn load(&self) -> Result<Trust, Complaint> {
        let anchors = all(&self.trust, certificates)?;
        let intermediates = all(&self.intermediate, certificates)?;
        let crls = all(&self.crl, revocation_lists)?;
        let ocsp = all(&self.ocsp, ocsp_responses)?;
        let at = match &self.at {
            None => OffsetDateTime::now_utc(),
            Some(text) => OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
                Complaint::new(Exit::WrongUse, "time-unreadable").with("value", text)
            })?,
        };
        Ok(Trust { anchors, intermediates, crls, ocsp, at })
    }
}

impl Trust {
    /// The question that it makes.
    pub(super) fn question(&self) -> Question<'_> {
        Question {
            intermediates: &self.intermediates,
            crls: &self.crls,
            ocsp: &self.ocsp,
            ..Question::new(&self.anchors, self.at)
        }
    }
}

/// Judges the message: 0 only for a good one.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(verify(&args, context))
}

fn verify(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let trust = args.trust.load()?;
    let message = mail(&args.file)?;
    let question = Question { allow_sha1: args.allow_sha1, ..trust.question() };
    let judgement = judge(&message, &question);
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
    ];
    if let Some(actor) = acted(judgement) {
        let arguments = [("actor", printable(actor)), ("from", printable(from))];
        let arguments = arguments.each_ref().map(|(name, value)| (*name, value.as_str()));
        lines.push(context.text("verify-on-behalf", &arguments));
    }
    lines.push(context.text(covers, &[]));
    for check in &judgement.checks {
        let result = context.text(&format!("cli-check-{}", check.result.as_str()), &[]);
        let name = context.text(&format!("verify-check-{}", check.name.as_str()), &[]);
        let reason = describe_reason(check.reason, context);
        lines.push(format!("  {result}: {name} ({reason})"));
    }
    for field in &judgement.fields {
        lines.extend(describe_field(&field.name, field.state, context));
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

/// How a protected field stands outside; nothing for one that stands there as inside.
pub(super) fn describe_field(name: &str, state: FieldState, context: &Context) -> Option<String> {
    let id = match state {
        FieldState::Differs | FieldState::Missing => "mail-field-differs",
        FieldState::Obscured | FieldState::Removed => "mail-field-kept",
        FieldState::OnlyOuter => "mail-field-only-outer",
        FieldState::Same => return None,
    };
    Some(context.text(id, &[("name", &printable(name))]))
}

fn describe_reason(reason: Reason, context: &Context) -> String {
    let code = reason.code();
    match reason {
        Reason::Mail(_) => context.text("verify-reason-mail", &[("code", code)]),
        Reason::Address(_) => context.text("verify-reason-address", &[("code", code)]),
        _ => context.text(&format!("verify-reason-{code}"), &[]),
    }
}

/// Who wrote a good mail in the name of From, as the organisation that sealed it says.
fn acted(judgement: &Judgement) -> Option<&str> {
    if judgement.verdict != Verdict::Good {
        return None;
    }
    judgement.chain.iter().find_map(|record| match record {
        Record::Seal(seal) => seal.sender.on_behalf.as_deref(),
        Record::Hop(_) => None,
    })
}

/// Text of others without what a terminal would take for a command, and without what
/// makes it look like another text.
pub(crate) fn printable(text: &str) -> String {
    let shown = |char| {
        let acts = is_control(char) && char != '\n';
        if acts { char::REPLACEMENT_CHARACTER } else { char }
    };
    text.chars().map(shown).collect()
}

/// Whether a character is not shown but acts: a control character, a change of direction
/// (UAX #9), a line or paragraph separator, or one without a width. Variation selectors are
/// parts of Japanese names.
pub(crate) fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{3164}' | '\u{ffa0}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
}

/// Reads a mail. Local line ends become CRLF, where its header has no other (a file with both is
/// left to be refused), and the line that mailboxes of the mbox kind put first is dropped.
pub(super) fn mail(path: &Path) -> Result<Vec<u8>, Complaint> {
    into_mail(read(path, MAX_MAIL_BYTES)?, path)
}

/// As [`mail`] for octets that were read from `path`.
pub(super) fn into_mail(mut octets: Vec<u8>, path: &Path) -> Result<Vec<u8>, Complaint> {
    if octets.starts_with(b"From ") {
        let line = octets.iter().position(|octet| *octet == b'\n');
        octets.drain(..line.map_or(octets.len(), |end| end + 1));
    }
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
    Ok(file_into_crlf(octets))
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

/// Reads revocation lists: every PEM block, or one in DER.
pub(super) fn revocation_lists(path: &Path) -> Result<Vec<Crl>, Complaint> {
    let octets = read(path, MAX_CRL_BYTES * 2)?;
    let found = match pem(&octets) {
        Some(text) => Crl::all_from_pem(text),
        None => Crl::from_der(&octets).map(|one| vec![one]),
    };
    found
        .ok()
        .filter(|found| !found.is_empty())
        .ok_or_else(|| Complaint::new(Exit::WrongUse, "not-a-crl").with("path", path.display()))
}

/// Reads OCSP responses: every PEM block, or one in DER.
pub(super) fn ocsp_responses(path: &Path) -> Result<Vec<Response>, Complaint> {
    let octets = read(path, MAX_RESPONSE_BYTES * 2)?;
    let found = match pem(&octets) {
        Some(text) => Response::all_from_pem(text),
        None => Response::from_der(&octets).map(|one| vec![one]),
    };
    found.ok().filter(|found| !found.is_empty()).ok_or_else(|| {
        Complaint::new(Exit::WrongUse, "not-an-ocsp-response").with("path", path.display())
    })
}

/// What all files hold, in order.
pub(super) fn all<T>(
    paths: &[PathBuf],
    read: impl Fn(&Path) -> Result<Vec<T>, Complaint>,
) -> Result<Vec<T>, Complaint> {
    paths
        .iter()
        .map(|path| read(path))
        .collect::<Result<Vec<_>, _>>()
        .map(|found| found.into_iter().flatten().collect())
}

/// The text, if it holds PEM.
pub(super) fn pem(octets: &[u8]) -> Option<&str> {
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
        let file = std::fs::File::open(path).map_err(failed)?;
        // Growing by doubling would take up to twice as much for a large file.
        let size = file.metadata().map(|metadata| metadata.len()).unwrap_or_default();
        content.reserve_exact(usize::try_from(size.min(limit)).unwrap_or_default());
        file.take(limit).read_to_end(&mut content)
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
    use ssmax_chain::seal_record::{MailClass, SealRecord, ShownAssertion};
    use ssmax_chain::sealed_record::SignedBy;
    use ssmax_smime::judge::{CheckName, SignedField};
    use ssmax_texts::{Language, has};

    fn written(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mail.eml");
        std::fs::write(&path, content).unwrap();
        (dir, path)
    }

    #[test]
    fn who_acted_for_from_is_shown_of_a_good_mail_and_of_no_other() {
        let seal = |on_behalf: Option<&str>| {
            let nothing = ssmax_chain::Digest([0; 32]);
            let at = OffsetDateTime::UNIX_EPOCH;
            Record::Seal(Box::new(SealRecord {
                v: 1,
                hop: 3,
                id: ssmax_chain::HopId::new(at, [7; 10]),
                from_org: "NTRJP-7000012050002".into(),
                to_org: "NTRJP-8000020131008".into(),
                at,
                list: 1,
                recipient: "bob@b.example".into(),
                headers: nothing,
                entity: nothing,
                derived: false,
                class: MailClass::Verified,
                standing: "good".into(),
                sender: ShownAssertion {
                    proof: "in-person".into(),
                    ial: 2,
                    auth: "password".into(),
                    aal: 1,
                    signed_by: SignedBy::Server,
                    on_behalf: on_behalf.map(str::to_owned),
                },
                prev: None,
            }))
        };
        let judgement = |verdict, on_behalf| Judgement {
            verdict,
            from: Some("alice@a.example".into()),
            signer: Some("alice@a.example".into()),
            checks: vec![],
            chain: vec![seal(on_behalf)],
            covers: Covers::Whole,
            fields: vec![],
        };
        let secretary = Some("carol@a.example\u{202e}");
        for language in Language::ALL {
            let context = Context { language, json: false };
            let said = describe(&judgement(Verdict::Good, secretary), &context);
            assert!(said.contains("carol@a.example\u{fffd}"), "{said}");
            let said = describe(&judgement(Verdict::Good, None), &context);
            assert!(!said.contains("carol"), "{said}");
            let said = describe(&judgement(Verdict::Bad, secretary), &context);
            assert!(!said.contains("carol"), "{said}");
        }
    }

    #[test]
    fn what_is_not_shown_but_acts_is_replaced_and_all_else_is_left() {
        let acting = [
            ("escape", '\u{1b}'),
            ("carriage return", '\r'),
            ("C1 control", '\u{9b}'),
            ("Arabic letter mark", '\u{61c}'),
            ("combining grapheme joiner", '\u{34f}'),
            ("hangul filler", '\u{3164}'),
            ("halfwidth hangul filler", '\u{ffa0}'),
            ("tag", '\u{e0041}'),
            ("zero-width space", '\u{200b}'),
            ("zero-width non-joiner", '\u{200c}'),
            ("zero-width joiner", '\u{200d}'),
            ("left-to-right mark", '\u{200e}'),
            ("right-to-left mark", '\u{200f}'),
            ("line separator", '\u{2028}'),
            ("paragraph separator", '\u{2029}'),
            ("left-to-right embedding", '\u{202a}'),
            ("right-to-left embedding", '\u{202b}'),
            ("pop directional formatting", '\u{202c}'),
            ("left-to-right override", '\u{202d}'),
            ("right-to-left override", '\u{202e}'),
            ("word joiner", '\u{2060}'),
            ("left-to-right isolate", '\u{2066}'),
            ("right-to-left isolate", '\u{2067}'),
            ("first strong isolate", '\u{2068}'),
            ("pop directional isolate", '\u{2069}'),
            ("byte order mark", '\u{feff}'),
        ];
        for (name, character) in acting {
            assert_eq!(printable(&format!("a{character}b")), "a\u{fffd}b", "{name}");
        }
        for shown in [
            "a\nb",
            "見積 100 円",
            "é",
            "e\u{301}",
            "שלום",
            "🙂",
            "葛\u{e0100}城",
            "❤\u{fe0f}",
            "a\u{2027}b\u{202f}c",
        ] {
            assert_eq!(printable(shown), shown);
        }
    }

    #[test]
    fn a_mail_is_read_with_local_line_ends_and_out_of_a_mailbox() {
        let (_dir, path) = written(b"Subject: s\n\nx\n");
        assert_eq!(mail(&path).unwrap(), b"Subject: s\r\n\r\nx\r\n");
        let (_dir, path) = written(b"From - Mon Jan  1 00:00:00 2026\r\nSubject: s\r\n\r\nx");
        assert_eq!(mail(&path).unwrap(), b"Subject: s\r\n\r\nx");
    }

    #[test]
    fn a_lone_line_end_beside_others_is_left_to_be_refused() {
        let mail_with = |octets: &[u8]| {
            let (_dir, path) = written(octets);
            mail(&path).unwrap()
        };
        let octets = mail_with(b"From: a@a.example\r\nX: y\nReply-To: b@b.example\r\n\r\nx\r\n");
        let judgement = judge(&octets, &Question::new(&[], OffsetDateTime::UNIX_EPOCH));
        let check = judgement.check(CheckName::Structure).unwrap();
        assert_eq!((judgement.verdict, check.reason.code()), (Verdict::Bad, "bare-lf"));
        assert_eq!(mail_with(b"A: b\n\nx\ry\n"), b"A: b\r\n\r\nx\ry\r\n");
    }

    #[test]
    fn fields_that_are_not_as_signed_are_told_in_the_text() {
        let context = Context { language: Language::En, json: false };
        let field =
            |state| SignedField { name: "reply-to\u{1b}".to_owned(), state, covers: "none" };
        let question = Question::new(&[], OffsetDateTime::UNIX_EPOCH);
        let unsigned = judge(b"From: a@a.example\r\n\r\nx", &question);
        for (state, told) in [
            (FieldState::OnlyOuter, Some("only outside, where anybody could have put it")),
            (FieldState::Differs, Some("what stands outside is not what the sender protected")),
            (FieldState::Missing, Some("what stands outside is not what the sender protected")),
            (FieldState::Obscured, Some("the sender kept it inside")),
            (FieldState::Same, None),
        ] {
            let judgement = Judgement { fields: vec![field(state)], ..unsigned.clone() };
            let text = describe(&judgement, &context);
            let line = text.lines().find(|line| line.starts_with("reply-to\u{fffd}: "));
            match told {
                Some(told) => assert!(line.unwrap().contains(told), "{text}"),
                None => assert_eq!(line, None),
            }
        }
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
        assert_eq!(ocsp_responses(&path).map(drop).unwrap_err().name, "not-an-ocsp-response");
        let args = TrustArgs { at: Some("tomorrow".into()), ..TrustArgs::default() };
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
        let question = Question::new(&[], OffsetDateTime::UNIX_EPOCH);
        let judgement = judge(b"From: a@a.example\r\n\r\nx", &question);
        let context = Context { language: Language::En, json: false };
        let text = describe(&judgement, &context);
        assert!(
            text.starts_with("Verdict: none ")
                && text.contains("\nFrom: a@a.example\nSigner: none\n"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 14);
    }

    #[test]
    fn escape_sequences_out_of_a_mail_never_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31m\nb\r"), "a\u{fffd}[31m\nb\u{fffd}");
    }
}
