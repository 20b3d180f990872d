use super::attach::SigningArgs;
use super::encrypt::{Encrypt, Padding};
use super::open::{Open, shown};
use super::*;
use crate::command::decrypt::KeyArgs;
use crate::command::verify::TrustArgs;
use ssmax_agent::attach::AttachFault;
use ssmax_agent::encrypt::EncryptFault;
use ssmax_agent::forward::ForwardFault;
use ssmax_agent::open::Opened;
use ssmax_mail::MailFault;
use ssmax_mail::address::AddressFault;
use ssmax_mail::header_protection::HeaderProtectionFault;
use ssmax_pki::Certificate;
use ssmax_smime::judge::{Question, Verdict, judge};
use ssmax_texts::Language;

#[test]
fn every_complaint_about_making_a_mail_has_its_texts() {
    let path = Path::new("x");
    let certificate = certificate();
    let weak = certificate.clone();
    let complaints = [
        sign_complaint(SignFault::Mail(MailFault::TooDeep), path),
        sign_complaint(SignFault::NotOneFrom, path),
        sign_complaint(SignFault::SignedAlready, path),
        sign_complaint(SignFault::OtherAddress, path),
        sign_complaint(SignFault::NotForSigning, path),
        sign_complaint(SignFault::NotValidNow, path),
        sign_complaint(SignFault::Key(ssmax_cms::CmsError::KeyMismatch), path),
        encrypt::complaint(&EncryptFault::NoRecipient, path),
        encrypt::complaint(&EncryptFault::NotForEncryption(certificate.clone()), path),
        encrypt::complaint(&EncryptFault::NotValidNow(certificate.clone()), path),
        encrypt::complaint(&EncryptFault::Key(certificate), path),
        encrypt::complaint(&EncryptFault::TooManyRecipients, path),
        encrypt::complaint(&EncryptFault::WeakMailer(weak), path),
        encrypt::complaint(&EncryptFault::Mixed, path),
        encrypt::complaint(&EncryptFault::SubjectNotInside, path),
        encrypt::complaint(&EncryptFault::Header(HeaderProtectionFault::FieldTwice), path),
        encrypt::complaint(&EncryptFault::Cipher(ssmax_cms::CmsError::TooLarge), path),
        sign_complaint(SignFault::Header(HeaderProtectionFault::FieldTwice), path),
        envelope_complaint(EnvelopeFault::NoRecipient, path),
        envelope_complaint(
            EnvelopeFault::Recipients { field: "Cc", fault: AddressFault::NoAddress },
            path,
        ),
        attach::complaint(&AttachFault::NoAttachment, path),
        attach::complaint(&AttachFault::AttachmentBelow, path),
        attach::complaint(&AttachFault::Name("x".to_owned()), path),
        attach::complaint(&AttachFault::TooMany, path),
        Complaint::new(Exit::WrongUse, "sign-key-needed"),
        forward::forward_complaint(&ForwardFault::NotAsListed, path),
        Complaint::new(Exit::Bad, "mail-forward-not-good").with("path", "x"),
        Complaint::new(Exit::WrongUse, "mail-forward-no-certificate").with("to", "x"),
        Complaint::new(Exit::WrongUse, "mail-forward-needs-address").with("to", "x"),
        forward::forward_complaint(&ForwardFault::KeyNeeded, path),
        forward::forward_complaint(&ForwardFault::NoSuchAttachment("x".to_owned()), path),
        Complaint::new(Exit::WrongUse, "mail-split-needs-out"),
        Complaint::new(Exit::Bad, "mail-teaches-nothing").with("path", "x"),
        Complaint::new(Exit::Bad, "mail-nothing-learnt").with("path", "x"),
        Complaint::new(Exit::WrongUse, "certificate-needed"),
    ];
    for complaint in complaints {
        for language in Language::ALL {
            let what = complaint.what(language);
            assert!(!what.starts_with("err-") && !what.contains("{$"), "{what}");
            assert!(!complaint.to_do(language).is_empty(), "{}", complaint.name);
        }
    }
}

/// A self-signed person: key file and certificate, made by OpenSSL.
fn person(dir: &Path) -> PathBuf {
    person_with(dir, "alice.pem", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
}

fn person_with(dir: &Path, name: &str, key: &[&str]) -> PathBuf {
    let path = dir.join(name);
    let output = std::process::Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-subj", "/CN=alice", "-days", "30", "-addext"])
        .args(["subjectAltName=email:alice@a.example", "-addext"])
        .args(["keyUsage=digitalSignature,keyAgreement,keyEncipherment", "-addext"])
        .args(["basicConstraints=critical,CA:false", "-keyout", "-"])
        .args(key)
        .output()
        .unwrap();
    assert!(output.status.success());
    std::fs::write(&path, output.stdout).unwrap();
    path
}

fn certificate() -> Certificate {
    let dir = tempfile::tempdir().unwrap();
    verify::certificates(&person(dir.path())).unwrap().remove(0)
}

/// Arguments that encrypt for the owner of a file, as it is.
fn encrypt_for(to: &Path, file: &Path, out: &Path) -> Encrypt {
    Encrypt {
        file: file.to_owned(),
        to: vec![to.to_owned()],
        learn_from: vec![],
        known: None,
        trust: TrustArgs::of(to),
        rsa: Padding::Auto,
        attachments: false,
        signing: SigningArgs::default(),
        split: false,
        hide_subject: false,
        no_header_protection: false,
        out: Some(out.to_owned()),
    }
}

fn sign_as(person: &Path, file: &Path, out: &Path) -> Sign {
    Sign {
        file: file.to_owned(),
        key: SigningKeyArgs::of(person),
        chain: vec![],
        encryption_cert: None,
        hide_subject: false,
        no_header_protection: false,
        out: Some(out.to_owned()),
    }
}

fn open_as(person: &Path, file: &Path, out: &Path) -> Open {
    Open {
        files: vec![file.to_owned()],
        key: KeyArgs::of(person),
        open: decrypt::OpenArgs::default(),
        trust: TrustArgs::of(person),
        known: None,
        out: Some(out.to_owned()),
    }
}

const CONTEXT: Context = Context { language: Language::En, json: false };

#[test]
fn a_mail_signed_encrypted_and_opened_by_these_commands_is_good_again() {
    let dir = tempfile::tempdir().unwrap();
    let person = person(dir.path());
    let [file, signed, encrypted, opened, known] =
        ["mail", "signed", "encrypted", "opened", "known"].map(|name| dir.path().join(name));
    std::fs::write(&file, "From: alice@a.example\nTo: alice@a.example\n\nHello\n").unwrap();
    sign_mail(&sign_as(&person, &file, &signed), &CONTEXT).unwrap();
    let encrypting = || encrypt_for(&person, &signed, &encrypted);
    let opening = || open_as(&person, &encrypted, &opened);
    let keeping = || Open { known: Some(known.clone()), ..opening() };
    for args in [
        encrypting(),
        Encrypt { rsa: Padding::Oaep, ..encrypting() },
        Encrypt { rsa: Padding::Pkcs1, ..encrypting() },
        Encrypt { to: vec![], learn_from: vec![signed.clone()], ..encrypting() },
    ] {
        encrypt::run(&args, &CONTEXT).unwrap();
        assert_eq!(open::run(&keeping(), &CONTEXT).unwrap(), ExitCode::SUCCESS);
    }
    let anchors = verify::certificates(&person).unwrap();
    let question = Question::new(&anchors, OffsetDateTime::now_utc());
    assert_eq!(judge(&verify::mail(&opened).unwrap(), &question).verdict, Verdict::Good);
    // What opening taught is enough to answer.
    let args = Encrypt { to: vec![], known: Some(known.clone()), ..encrypting() };
    encrypt::run(&args, &CONTEXT).unwrap();
    assert_eq!(open::run(&opening(), &CONTEXT).unwrap(), ExitCode::SUCCESS);
}

#[test]
fn a_recipient_without_a_domain_does_not_stop_the_others_from_being_encrypted_for() {
    let dir = tempfile::tempdir().unwrap();
    let person = person(dir.path());
    let [file, signed, encrypted] =
        ["mail", "signed", "encrypted"].map(|name| dir.path().join(name));
    let mail = "From: alice@a.example\nTo: alice@a.example\nCc: \"Doe, J\" <j>, bob\n\nHello\n";
    std::fs::write(&file, mail).unwrap();
    sign_mail(&sign_as(&person, &file, &signed), &CONTEXT).unwrap();
    let args = encrypt_for(&person, &signed, &encrypted);
    let args = Encrypt { to: vec![], learn_from: vec![signed.clone()], ..args };
    encrypt::run(&args, &CONTEXT).unwrap();
    // Nobody sends it so: those in that field would be hidden recipients.
    let fault = ssmax_agent::submission::Envelope::of(&verify::mail(&signed).unwrap());
    let complaint = envelope_complaint(fault.unwrap_err(), &signed);
    assert_eq!(complaint.name, "mail-recipients-unreadable");
    assert!(complaint.what(Language::En).contains("Cc has an entry that is no address"));
}

#[test]
fn rsa_and_ec_recipients_are_refused_or_get_a_file_each() {
    let dir = tempfile::tempdir().unwrap();
    let ec = person(dir.path());
    let rsa = person_with(dir.path(), "rsa.pem", &["-newkey", "rsa:2048"]);
    let [file, out, second, opened] =
        ["mail.eml", "out.eml", "out-2.eml", "opened"].map(|name| dir.path().join(name));
    std::fs::write(&file, "From: alice@a.example\nTo: alice@a.example\n\nHello\n").unwrap();
    let both = || Encrypt { to: vec![ec.clone(), rsa.clone()], ..encrypt_for(&ec, &file, &out) };
    let fault = encrypt::run(&both(), &CONTEXT).unwrap_err();
    assert_eq!((fault.name, fault.exit), ("mail-mixed-keys", Exit::WrongUse));
    assert!(!out.exists());
    let args = Encrypt { split: true, out: None, ..both() };
    assert_eq!(encrypt::run(&args, &CONTEXT).unwrap_err().name, "mail-split-needs-out");
    encrypt::run(&Encrypt { split: true, ..both() }, &CONTEXT).unwrap();
    for (person, file, other) in [(&rsa, &out, &second), (&ec, &second, &out)] {
        // Encrypted without a signature, so it is opened and not good.
        let exit = open::run(&open_as(person, file, &opened), &CONTEXT).unwrap();
        assert_eq!(exit, Exit::Bad.into());
        let fault = open::run(&open_as(person, other, &opened), &CONTEXT).unwrap_err();
        assert_eq!(fault.name, "not-a-recipient");
    }
}

#[test]
fn a_hidden_subject_needs_a_signature_that_covers_it() {
    let dir = tempfile::tempdir().unwrap();
    let person = person(dir.path());
    let [file, signed, encrypted, opened] =
        ["mail", "signed", "encrypted", "opened"].map(|name| dir.path().join(name));
    let mail = "From: alice@a.example\nTo: alice@a.example\nSubject: Secret\n\nHello\n";
    std::fs::write(&file, mail).unwrap();
    sign_mail(&sign_as(&person, &file, &signed), &CONTEXT).unwrap();
    let args = || Encrypt { hide_subject: true, ..encrypt_for(&person, &signed, &encrypted) };
    assert_eq!(encrypt::run(&args(), &CONTEXT).unwrap_err().name, "mail-subject-not-inside");
    let hiding = Sign { hide_subject: true, ..sign_as(&person, &file, &signed) };
    sign_mail(&hiding, &CONTEXT).unwrap();
    encrypt::run(&args(), &CONTEXT).unwrap();
    let mail = std::fs::read_to_string(&encrypted).unwrap();
    assert!(mail.contains("Subject: [...]\r\n") && !mail.contains("Secret"));
    let exit = open::run(&open_as(&person, &encrypted, &opened), &CONTEXT).unwrap();
    assert_eq!(exit, ExitCode::SUCCESS);
    assert!(std::fs::read_to_string(&opened).unwrap().contains("\r\nFrom: alice@a.example\r\n"));
    assert!(std::fs::read_to_string(&opened).unwrap().contains("Subject: Secret\r\n"));
}

#[test]
fn an_opened_mail_is_shown_with_its_text_and_the_names_of_its_parts() {
    let mail = b"From: a@a.example\r\nSubject: =?utf-8?q?=E3=81=82=1B?=\r\n\
        Content-Type: multipart/mixed; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/plain\r\n\r\nHello\r\n\
        --x\r\nContent-Type: application/pdf; name=\"a.pdf\"\r\n\r\nx\r\n--x--\r\n";
    let question = Question::new(&[], OffsetDateTime::UNIX_EPOCH);
    let judgement = judge(mail, &question);
    let mail = mail.to_vec().into();
    let (content, protection, files) = (None, None, vec![]);
    let opened = Opened { judgement, mail, content, protection, files };
    let text = shown(&opened, &CONTEXT);
    assert_eq!(text, "From: a@a.example\nSubject: あ\u{fffd}\n\nHello\nAttachment: a.pdf");
}
