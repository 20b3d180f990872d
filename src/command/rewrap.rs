//! `ssmax rewrap`: give an encrypted message to other recipients, its content untouched.

use super::Context;
use super::decrypt::{self, EncryptedFile, KeyArgs, Use};
use super::mail::encrypt::{Padding, name};
use super::verify;
use crate::complaint::{Complaint, Exit};
use serde_json::{Value, json};
use ssmax_cms::enveloped::Kind;
use ssmax_pki::Certificate;
use ssmax_smime::choice::{self, ChoiceFault, Family, Recipient};
use ssmax_smime::decrypt::OpenPolicy;
use ssmax_smime::rewrap::{Request, RewrapFault, Rewrapped, rewrap};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::OffsetDateTime;

/// Arguments of `ssmax rewrap`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The message as the mailer saves it, or an encrypted file (DER, PEM); `-` is
    /// standard input.
    #[arg(value_name = "FILE.eml")]
    file: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Refuse RSA PKCS#1 v1.5, which most mailers write.
    #[arg(long)]
    refuse_pkcs1: bool,
    /// The certificates of all recipients to come; who is not named cannot read it any
    /// more.
    #[arg(long, value_name = "CERT.pem", required = true, num_args = 1..)]
    to: Vec<PathBuf>,
    /// How RSA keys get the content key: auto (as their certificates say), oaep or pkcs1.
    #[arg(long, value_name = "PADDING", default_value = "auto", hide_possible_values = true)]
    rsa: Padding,
    /// Where to write it, replacing what is there. Default: standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Re-wraps the message.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(rewrap_file(&args, context))
}

fn rewrap_file(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let certificates = new_recipients(&args.to)?;
    let identity = args.key.load(Use::Decrypting)?;
    let file = decrypt::encrypted_file(&args.file)?;
    let to: Vec<Recipient<'_>> = certificates.iter().map(Recipient::from).collect();
    let request = Request {
        key: &identity.key,
        certificate: identity.certificate.as_ref(),
        open: OpenPolicy { allow_pkcs1: !args.refuse_pkcs1, ..OpenPolicy::default() },
        to: &to,
        choice: choice::Policy { rsa: args.rsa.into(), ..choice::Policy::default() },
    };
    let mut rewrapped = rewrap(&file.octets, &request)
        .map_err(|fault| complaint(fault, &certificates, &args.file))?;
    let octets = octets(&file, std::mem::take(&mut rewrapped.octets));
    decrypt::write(args.out.as_deref(), &octets)?;
    let out_is_stdout = args.out.as_deref().is_none_or(|out| out.as_os_str() == "-");
    let facts = facts(&rewrapped, &certificates);
    if !out_is_stdout {
        let people: Vec<String> = certificates.iter().map(name).collect();
        context.print(&facts, || context.text("rewrapped", &[("people", &people.join(", "))]));
    } else if context.json {
        verify::say(context, false, &facts.to_string());
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the certificates, each once, and checks that mail may be encrypted to them now.
fn new_recipients(paths: &[PathBuf]) -> Result<Vec<Certificate>, Complaint> {
    let now = OffsetDateTime::now_utc();
    let mut certificates: Vec<Certificate> = Vec::new();
    for path in paths {
        for certificate in decrypt::recipient_certificates(path)? {
            let whose = |name| {
                Complaint::new(Exit::WrongUse, name).with("subject", certificate.subject_text())
            };
            if !certificate.allows_encryption() {
                return Err(whose("mail-not-for-encryption"));
            }
            if now < certificate.not_before() || now > certificate.not_after() {
                return Err(whose("mail-recipient-not-valid-now"));
            }
            if !certificates.contains(&certificate) {
                certificates.push(certificate);
            }
        }
    }
    Ok(certificates)
}

/// With the line ends that the file had.
pub(super) fn octets(file: &EncryptedFile, mut rewrapped: Vec<u8>) -> Vec<u8> {
    if file.had_local_line_ends {
        // A mail that is re-wrapped has base64 for a body, so every CR belongs to a line
        // end.
        rewrapped.retain(|octet| *octet != b'\r');
    }
    rewrapped
}

fn facts(rewrapped: &Rewrapped, certificates: &[Certificate]) -> Value {
    let kind = match rewrapped.kind {
        Kind::Enveloped => "enveloped-data",
        Kind::AuthEnveloped => "authEnveloped-data",
    };
    let recipients: Vec<Value> = certificates
        .iter()
        .map(|certificate| {
            json!({ "recipient": name(certificate), "certificate": hex::encode(certificate.sha256()) })
        })
        .collect();
    json!({
        "kind": kind,
        "cipher": rewrapped.cipher.name(),
        "tail": hex::encode(rewrapped.tail),
        "keys": if rewrapped.group.family == Family::Rsa { "rsa" } else { "ec" },
        "recipients": recipients,
    })
}

pub(super) fn complaint(
    fault: RewrapFault,
    certificates: &[Certificate],
    path: &Path,
) -> Complaint {
    let of = |name| Complaint::new(Exit::WrongUse, name).with("path", path.display());
    match fault {
        RewrapFault::Open(fault) => decrypt::complaint(fault, path),
        RewrapFault::SignedAround => of("rewrap-signed-around"),
        RewrapFault::Mixed => of("rewrap-mixed-keys"),
        RewrapFault::TripleDes => {
            Complaint::new(Exit::Bad, "rewrap-triple-des").with("path", path.display())
        }
        RewrapFault::Choice(ChoiceFault::TooManyRecipients) => {
            of("too-many-recipients").with("max", choice::MAX_RECIPIENTS)
        }
        RewrapFault::Choice(ChoiceFault::Key(index)) => {
            let subject = certificates.get(index).map(Certificate::subject_text);
            Complaint::new(Exit::WrongUse, "mail-recipient-key")
                .with("subject", subject.unwrap_or_default())
        }
        _ => Complaint::new(Exit::WrongUse, "mail-no-certificate"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_smime::decrypt::DecryptFault;
    use ssmax_texts::Language;

    #[test]
    fn every_complaint_about_rewrapping_has_its_texts() {
        for (fault, exit) in [
            (RewrapFault::Open(DecryptFault::Failed), Exit::Bad),
            (RewrapFault::Open(DecryptFault::NotARecipient), Exit::Bad),
            (RewrapFault::SignedAround, Exit::WrongUse),
            (RewrapFault::Mixed, Exit::WrongUse),
            (RewrapFault::TripleDes, Exit::Bad),
            (RewrapFault::Choice(ChoiceFault::TooManyRecipients), Exit::WrongUse),
            (RewrapFault::Choice(ChoiceFault::Key(0)), Exit::WrongUse),
            (RewrapFault::Choice(ChoiceFault::NoRecipient), Exit::WrongUse),
        ] {
            let complaint = complaint(fault, &[], Path::new("x"));
            assert_eq!(complaint.exit, exit, "{fault:?}");
            for language in Language::ALL {
                let what = complaint.what(language);
                assert!(!what.starts_with("err-") && !what.contains("{$"), "{what}");
                assert!(!complaint.to_do(language).is_empty(), "{}", complaint.name);
            }
        }
    }

    const CONTEXT: Context = Context { language: Language::En, json: false };

    fn openssl(dir: &Path, line: &str) -> Vec<u8> {
        let command =
            std::process::Command::new("openssl").current_dir(dir).args(line.split(' ')).output();
        let output = command.unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// A mail by OpenSSL for alice (RSA), and a certificate of bob (EC).
    fn mail_to_alice(dir: &Path) -> PathBuf {
        let req = "req -x509 -nodes -days 30 -newkey";
        openssl(dir, &format!("{req} rsa:2048 -subj /CN=alice -keyout alice.key -out alice.pem"));
        let ec = "ec -pkeyopt ec_paramgen_curve:P-256";
        openssl(dir, &format!("{req} {ec} -subj /CN=bob -keyout bob.key -out bob.pem"));
        std::fs::write(dir.join("content"), "Content-Type: text/plain\n\nHello\n").unwrap();
        let headers = "-from x@a.example -to y@b.example -subject Hi";
        openssl(dir, &format!("cms -encrypt -aes256 -in content -out mail {headers} alice.pem"));
        dir.join("mail")
    }

    fn args(dir: &Path, to: &[&str]) -> Args {
        Args {
            file: dir.join("mail"),
            key: KeyArgs::of(&dir.join("alice.key")),
            refuse_pkcs1: false,
            to: to.iter().map(|name| dir.join(name)).collect(),
            rsa: Padding::Auto,
            out: Some(dir.join("out")),
        }
    }

    #[test]
    fn a_saved_mail_keeps_its_header_and_bob_reads_it_with_openssl() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let before = std::fs::read_to_string(mail_to_alice(dir)).unwrap();
        rewrap_file(&args(dir, &["bob.pem"]), &CONTEXT).unwrap();
        let after = std::fs::read_to_string(dir.join("out")).unwrap();
        let header = |mail: &str| mail.split_once("\n\n").unwrap().0.to_owned();
        assert_eq!(header(&after), header(&before));
        let content = openssl(dir, "cms -decrypt -in out -inkey bob.key -recip bob.pem");
        assert!(content.ends_with(b"Hello\r\n"));
    }

    #[test]
    fn what_cannot_be_made_is_said_before_anything_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        mail_to_alice(dir);
        let name = |args: &Args| rewrap_file(args, &CONTEXT).unwrap_err().name;
        assert_eq!(name(&args(dir, &["alice.pem", "bob.pem"])), "rewrap-mixed-keys");
        let by_bob = Args { key: KeyArgs::of(&dir.join("bob.key")), ..args(dir, &["bob.pem"]) };
        assert_eq!(name(&by_bob), "not-a-recipient");
        assert_eq!(name(&args(dir, &["content"])), "not-a-certificate");
        assert!(!dir.join("out").exists());
    }

    #[test]
    fn what_the_owner_of_the_key_refuses_is_told_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        mail_to_alice(dir);
        let fault = |args: &Args| rewrap_file(args, &CONTEXT).unwrap_err();
        let refusing = Args { refuse_pkcs1: true, ..args(dir, &["bob.pem"]) };
        assert_eq!(fault(&refusing).name, "pkcs1-refused");
        openssl(dir, "cms -encrypt -des3 -in content -out mail -subject Hi alice.pem");
        let fault = fault(&args(dir, &["bob.pem"]));
        assert_eq!((fault.name, fault.exit), ("rewrap-triple-des", Exit::Bad));
        assert!(fault.to_do(Language::En).contains("--allow-3des"));
        assert!(!dir.join("out").exists());
    }

    #[test]
    fn facts_name_the_ciphertext_and_each_recipient_once() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        mail_to_alice(dir);
        let certificates = new_recipients(&[dir.join("bob.pem"), dir.join("bob.pem")]).unwrap();
        let to: Vec<_> = certificates.iter().map(Recipient::from).collect();
        let identity = KeyArgs::of(&dir.join("alice.key")).load(Use::Decrypting).unwrap();
        let request = Request {
            key: &identity.key,
            certificate: None,
            open: OpenPolicy::default(),
            to: &to,
            choice: choice::Policy::default(),
        };
        let file = decrypt::encrypted_file(&dir.join("mail")).unwrap();
        let rewrapped = rewrap(&file.octets, &request).unwrap();
        let facts = facts(&rewrapped, &certificates);
        assert_eq!(facts["kind"], "enveloped-data");
        assert_eq!(facts["cipher"], "aes256-cbc");
        assert_eq!(facts["keys"], "ec");
        assert_eq!(facts["tail"], hex::encode(rewrapped.tail));
        assert_eq!(facts["recipients"].as_array().unwrap().len(), 1);
        assert_eq!(facts["recipients"][0]["recipient"], "CN=bob");
    }

    #[test]
    fn line_ends_come_back_as_they_were() {
        let file = |had_local_line_ends| EncryptedFile { octets: vec![], had_local_line_ends };
        assert_eq!(octets(&file(true), b"a\r\n\r\nb\r\n".to_vec()), b"a\n\nb\n");
        assert_eq!(octets(&file(false), b"\x30\r\n".to_vec()), b"\x30\r\n");
    }
}
