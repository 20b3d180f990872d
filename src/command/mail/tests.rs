use super::*;
use ssmax_mail::MailFault;
use ssmax_smime::judge::{Question, Verdict, judge};
use ssmax_texts::Language;

#[test]
fn every_complaint_about_making_a_mail_has_its_texts() {
    let path = Path::new("x");
    let certificate = certificate();
    let complaints = [
        sign_complaint(SignFault::Mail(MailFault::TooDeep), path),
        sign_complaint(SignFault::NotOneFrom, path),
        sign_complaint(SignFault::OtherAddress, path),
        sign_complaint(SignFault::NotForSigning, path),
        sign_complaint(SignFault::NotValidNow, path),
        sign_complaint(SignFault::Key(ssmax_cms::CmsError::KeyMismatch), path),
        encrypt_complaint(&EncryptFault::NoRecipient, path),
        encrypt_complaint(&EncryptFault::NotForEncryption(certificate.clone()), path),
        encrypt_complaint(&EncryptFault::NotValidNow(certificate.clone()), path),
        encrypt_complaint(&EncryptFault::Key(certificate), path),
        encrypt_complaint(&EncryptFault::Cipher(ssmax_cms::CmsError::TooLarge), path),
        envelope_complaint(EnvelopeFault::NoRecipient, path),
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
    let path = dir.join("alice.pem");
    let output = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-subj", "/CN=alice", "-days", "30", "-addext"])
        .args(["subjectAltName=email:alice@a.example", "-addext"])
        .args(["keyUsage=digitalSignature,keyAgreement", "-addext"])
        .args(["basicConstraints=critical,CA:false", "-keyout", "-"])
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

#[test]
fn a_mail_signed_encrypted_and_opened_by_these_commands_is_good_again() {
    let context = Context { language: Language::En, json: false };
    let dir = tempfile::tempdir().unwrap();
    let person = person(dir.path());
    let [file, signed, encrypted, opened] =
        ["mail", "signed", "encrypted", "opened"].map(|name| dir.path().join(name));
    std::fs::write(&file, "From: alice@a.example\nTo: alice@a.example\n\nHello\n").unwrap();
    let args = Sign {
        file,
        key: KeyArgs::of(&person),
        chain: vec![],
        encryption_cert: None,
        out: Some(signed.clone()),
    };
    sign_mail(&args, &context).unwrap();
    for rsa in [Padding::Oaep, Padding::Pkcs1] {
        for (to, learn_from) in [(vec![person.clone()], vec![]), (vec![], vec![signed.clone()])] {
            let trust = TrustArgs::of(&person);
            let file = signed.clone();
            let args = Encrypt { file, to, learn_from, trust, rsa, out: Some(encrypted.clone()) };
            encrypt_mail(&args).unwrap();
            let args = Open {
                file: encrypted.clone(),
                key: KeyArgs::of(&person),
                trust: TrustArgs::of(&person),
                out: Some(opened.clone()),
            };
            assert_eq!(open_mail(&args, &context).unwrap(), ExitCode::SUCCESS);
        }
    }
    let anchors = verify::certificates(&person).unwrap();
    let at = OffsetDateTime::now_utc();
    let question = Question { anchors: &anchors, intermediates: &[], crls: &[], at };
    assert_eq!(judge(&verify::mail(&opened).unwrap(), &question).verdict, Verdict::Good);
}

#[test]
fn an_opened_mail_is_shown_with_its_text_and_the_names_of_its_parts() {
    let context = Context { language: Language::En, json: false };
    let mail = b"From: a@a.example\r\nSubject: =?utf-8?q?=E3=81=82=1B?=\r\n\
        Content-Type: multipart/mixed; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/plain\r\n\r\nHello\r\n\
        --x\r\nContent-Type: application/pdf; name=\"a.pdf\"\r\n\r\nx\r\n--x--\r\n";
    let question =
        Question { anchors: &[], intermediates: &[], crls: &[], at: OffsetDateTime::UNIX_EPOCH };
    let opened =
        Opened { judgement: judge(mail, &question), mail: mail.to_vec().into(), content: None };
    let text = shown(&opened, &context);
    assert_eq!(text, "From: a@a.example\nSubject: あ\u{fffd}\n\nHello\nAttachment: a.pdf");
}
