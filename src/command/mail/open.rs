//! `ssmax mail open`: decrypt a message, judge it and show it.

use super::learnt::KnownFile;
use crate::command::Context;
use crate::command::decrypt::{self, Identity, KeyArgs, OpenArgs, Use};
use crate::command::verify::{self, TrustArgs};
use crate::complaint::{Complaint, Exit};
use crate::files;
use serde_json::{Value, json};
use ssmax_agent::learn::{learn, learn_opened};
use ssmax_agent::open::{Opened, expand, open_with};
use ssmax_mail::header_protection::text_without_legacy_display;
use ssmax_mail::{Entity, Limits};
use ssmax_smime::judge::{Question, Verdict};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `ssmax mail open`.
#[derive(Debug, clap::Args)]
pub(super) struct Open {
    /// The messages as the mailer saves them; `-` is standard input.
    #[arg(value_name = "FILE.eml", required = true)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) key: KeyArgs,
    #[command(flatten)]
    pub(super) open: OpenArgs,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    /// Where the sender's certificate is kept, if the message is good.
    #[arg(long, value_name = "FILE")]
    pub(super) known: Option<PathBuf>,
    /// Where to write the opened message, which mailers can read; one message only.
    /// Default: its text is shown.
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// Opens the messages. One that cannot be opened keeps nobody from the others, but from a
/// good end.
pub(super) fn run(args: &Open, context: &Context) -> Result<ExitCode, Complaint> {
    let identity = args.key.load(Use::Decrypting)?;
    let trust = args.trust.load()?;
    if let [file] = args.files.as_slice() {
        return one(args, file, &identity, &trust.question(), context);
    }
    if args.out.is_some() {
        return Err(Complaint::new(Exit::WrongUse, "mail-open-several"));
    }
    let mut end = ExitCode::SUCCESS;
    for file in &args.files {
        if !context.json {
            files::say(format!("== {}", verify::printable(&file.display().to_string())));
        }
        let exit = context.end(one(args, file, &identity, &trust.question(), context));
        if end == ExitCode::SUCCESS {
            end = exit;
        }
    }
    Ok(end)
}

fn one(
    args: &Open,
    file: &Path,
    identity: &Identity,
    question: &Question<'_>,
    context: &Context,
) -> Result<ExitCode, Complaint> {
    let message = verify::mail(file)?;
    let (key, certificate) = (&identity.key, identity.certificate.as_ref());
    let opened = open_with(&message, key, certificate, question, &args.open.policy())
        .map_err(|fault| decrypt::complaint(fault, file))?;
    keep(args, &message, &opened, question)?;
    if let Some(out) = &args.out {
        decrypt::write(Some(out), &opened.mail)?;
    }
    let out_is_stdout = args.out.as_deref().is_some_and(|out| out.as_os_str() == "-");
    if out_is_stdout {
        verify::say(context, false, &described(&opened, context));
    } else {
        let mut facts = facts(&opened);
        if let Some(facts) = facts.as_object_mut().filter(|_| args.files.len() > 1) {
            facts.insert("file".into(), json!(file));
        }
        context.print(&facts, || {
            let mut lines = described(&opened, context);
            if args.out.is_none() {
                lines.push_str("\n\n");
                lines.push_str(&shown(&opened, context));
            }
            lines
        });
    }
    Ok(verify::exit_of(&opened.judgement))
}

/// Keeps the sender's certificate, if the mail is good and has one.
fn keep(
    args: &Open,
    message: &[u8],
    opened: &Opened,
    question: &Question<'_>,
) -> Result<(), Complaint> {
    let Some(path) = &args.known else { return Ok(()) };
    if opened.judgement.verdict != Verdict::Good {
        return Ok(());
    }
    let learnt = match &opened.content {
        Some(content) if opened.files.is_empty() => learn_opened(message, content, question),
        _ => learn(message, question),
    };
    let Ok(learnt) = learnt else { return Ok(()) };
    let mut known = KnownFile::open(Some(path))?;
    known.add(learnt)?;
    known.save()
}

/// What `--json` prints: the judgement, whether the mail was encrypted, and how each
/// protected field stands outside.
fn facts(opened: &Opened) -> Value {
    let mut facts = json!(opened.judgement);
    if let Some(facts) = facts.as_object_mut() {
        facts.insert("files".into(), json!(opened.files));
        facts.insert("encrypted".into(), opened.content.is_some().into());
        let fields = opened.protection.iter().flat_map(|protection| &protection.fields);
        let fields = fields.map(|field| (field.name.clone(), json!(field.state.as_str())));
        facts.insert("protected".into(), Value::Object(fields.collect()));
    }
    facts
}

/// The judgement, and the fields that do not stand outside as they were protected, also
/// where no signature holds that protects them.
fn described(opened: &Opened, context: &Context) -> String {
    let mut lines = vec![verify::describe(&opened.judgement, context)];
    if !opened.files.is_empty() {
        let names = verify::printable(&opened.files.join(", "));
        lines.push(context.text("mail-files-listed", &[("names", &names)]));
    }
    if opened.judgement.fields.is_empty() {
        let fields = opened.protection.iter().flat_map(|protection| &protection.fields);
        lines.extend(
            fields.filter_map(|field| verify::describe_field(&field.name, field.state, context)),
        );
    }
    lines.join("\n")
}

/// What a person reads of a mail: some fields, its first text, the names of the rest.
pub(super) fn shown(opened: &Opened, context: &Context) -> String {
    let Ok(mail) = ssmax_mail::parse(&opened.mail, &Limits::default()) else {
        return context.text("mail-unreadable", &[]);
    };
    let mut lines = Vec::new();
    for name in ["From", "To", "Cc", "Date", "Subject"] {
        for field in mail.header().all(name) {
            lines.push(format!("{name}: {}", field.decoded()));
        }
    }
    lines.push(String::new());
    // Fields that are repeated inside stand in the content alone.
    let content = opened.content.as_ref();
    let content = content.and_then(|content| ssmax_mail::parse(content, &Limits::default()).ok());
    let entity = content.as_ref().unwrap_or(&mail);
    // An opaque signature hides its content from the parser of the mail.
    let signed = ssmax_smime::content::signed_content(entity).ok();
    let octets = signed.map(|signed| ssmax_mail::canonical::to_crlf(signed.entity()));
    let inner =
        octets.as_deref().and_then(|octets| ssmax_mail::parse(octets, &Limits::default()).ok());
    let entity = inner.as_ref().unwrap_or(entity);
    // So does a compression under the signature.
    let octets = expand(entity).map(|octets| ssmax_mail::canonical::to_crlf(&octets));
    let expanded =
        octets.as_deref().and_then(|octets| ssmax_mail::parse(octets, &Limits::default()).ok());
    let payload = expanded.as_ref().unwrap_or(entity);
    // Only of a good mail the fields above are those that its text repeats.
    let is_good = opened.judgement.verdict == Verdict::Good;
    body(payload, is_good, context, &mut lines);
    verify::printable(&lines.join("\n"))
}

fn body(payload: &Entity<'_>, is_good: bool, context: &Context, lines: &mut Vec<String>) {
    let mut has_text = false;
    for part in payload.walk().filter(|part| !part.content_type().is_multipart()) {
        let text = if is_good { text_without_legacy_display(payload, part) } else { part.text() };
        match text {
            // Who forwards writes above what was written before: both are the text.
            Some(text)
                if part.content_type().is("text", "plain")
                    && (!has_text || part.file_name().is_none()) =>
            {
                has_text = true;
                lines.push(text.replace("\r\n", "\n"));
            }
            _ => {
                let name = part.file_name().unwrap_or_else(|| part.content_type().essence());
                lines.push(context.text("mail-part", &[("name", &name)]));
            }
        }
    }
}
