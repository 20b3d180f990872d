//! NSS, the library of Thunderbird, in both directions. Everything it writes has
//! indefinite lengths.

use std::sync::LazyLock;

use ssmax_cms::{
    Limits, ber,
    enveloped::{ContentCipher, Enveloped, RsaTransport, UnwrapPolicy, encrypt, recipient_info},
    signed::{SignRequest, SignedData, attribute_utf8, encryption_key_preference, sign},
};
use ssmax_primitives::{ContentKey, SystemRandom, sha256};
use tempfile::TempDir;

use crate::identities::{ALICE, BOB, Identity, build_folder, file, has, openssl, run};

const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nHello, world.\r\n";

/// A certificate database with Alice and Bob in it, both trusted.
struct Database {
    _folder: TempDir,
    name: String,
}

static DATABASE: LazyLock<Database> = LazyLock::new(|| {
    let folder = build_folder();
    let name = format!("sql:{}", folder.path().display());
    tool("certutil", &["-N", "--empty-password", "-d", &name], b"");
    for (nickname, identity) in [("alice", &*ALICE), ("bob", &*BOB)] {
        let archive = openssl(
            &[
                "pkcs12",
                "-export",
                "-passout",
                "pass:x",
                "-name",
                nickname,
                "-inkey",
                &identity.key_file,
                "-in",
                &identity.certificate_file,
            ],
            b"",
        );
        let archive = file(&format!("nss-{nickname}.p12"), &archive);
        tool("pk12util", &["-i", &archive, "-W", "x", "-d", &name], b"");
        tool("certutil", &["-M", "-n", nickname, "-t", "C,CT,C", "-d", &name], b"");
    }
    Database { _folder: folder, name }
});

fn tool(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let output = run(program, arguments, input);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {complaint}");
    output.stdout
}

/// Runs `cmsutil` over this input.
fn cmsutil(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    tool("cmsutil", &[arguments, &["-d", &DATABASE.name]].concat(), input)
}

#[test]
fn what_nss_signs_verifies() {
    if !has("cmsutil") {
        return;
    }
    for (nickname, identity) in [("alice", &*ALICE), ("bob", &BOB)] {
        for hash in ["SHA256", "SHA384", "SHA512"] {
            for detached in [false, true] {
                let mut arguments = vec!["-S", "-N", nickname, "-H", hash, "-G", "-P"];
                arguments.extend(detached.then_some("-T"));
                let message = cmsutil(&arguments, CONTENT);
                let signed = SignedData::parse(&message, &Limits::default()).unwrap();
                assert_eq!(signed.content(), (!detached).then_some(CONTENT));
                let signer = &signed.signers()[0];
                let certificate = signer.certificate(signed.certificates()).unwrap();
                assert_eq!(certificate, &identity.certificate);
                assert_eq!(signer.verify(certificate, CONTENT), Ok(()));
                assert!(signer.signing_time().is_some());
                let der = ber::to_der(&message, &Limits::default()).unwrap();
                assert_ne!(der, message, "NSS writes indefinite lengths");
            }
        }
    }
}

#[test]
fn what_nss_encrypts_opens() {
    if !has("cmsutil") {
        return;
    }
    let content = CONTENT.repeat(5_000);
    for content in [CONTENT, &content] {
        let message = cmsutil(&["-E", "-r", "alice@a.example"], content);
        let enveloped = Enveloped::parse(&message, &Limits::default()).unwrap();
        let info = &enveloped.recipients()[0];
        let policy = UnwrapPolicy { allow_pkcs1: true };
        let key_len = enveloped.cipher().key_len();
        let key = info.unwrap(&ALICE.certificate, ALICE.key(), &policy, key_len).unwrap();
        assert_eq!(*enveloped.decrypt(&key).unwrap(), content);
    }
}

#[test]
fn nss_verifies_what_we_sign() {
    if !has("cmsutil") {
        return;
    }
    let content_file = file("nss-content", CONTENT);
    for identity in [&*ALICE, &BOB] {
        for content in [None, Some(CONTENT)] {
            let message = signed_by(identity, content);
            let mut arguments = vec!["-D", "-u", "4"];
            if content.is_none() {
                arguments.extend(["-c", &content_file]);
            }
            let shown = cmsutil(&arguments, &message);
            assert!(content.is_none() || shown == CONTENT);

            let mut damaged = message.clone();
            *damaged.last_mut().unwrap() ^= 1;
            let arguments = [&arguments[..], &["-d", &DATABASE.name]].concat();
            assert!(!run("cmsutil", &arguments, &damaged).status.success());
        }
    }
}

fn signed_by(identity: &Identity, content: Option<&[u8]>) -> Vec<u8> {
    let request = SignRequest {
        content_digest: sha256(CONTENT),
        content,
        signing_time: None,
        extra_signed: vec![
            attribute_utf8("1.2.3.4", "record"),
            encryption_key_preference(&identity.certificate),
        ],
        unsigned: Vec::new(),
        certificates: std::slice::from_ref(&identity.certificate),
        signer: &identity.certificate,
    };
    sign(&request, identity.key()).unwrap()
}

#[test]
fn nss_opens_what_we_encrypt_with_cbc_and_pkcs1() {
    if !has("cmsutil") {
        return;
    }
    for cipher in [ContentCipher::Aes128Cbc, ContentCipher::Aes192Cbc, ContentCipher::Aes256Cbc] {
        let key = ContentKey::random(&SystemRandom, cipher.key_len());
        let sealed = encrypt(CONTENT, cipher, &key, &SystemRandom).unwrap();
        let info = recipient_info(&ALICE.certificate, &key, None, RsaTransport::Pkcs1).unwrap();
        assert_eq!(cmsutil(&["-D"], &sealed.with_recipients(&[info])), CONTENT);
    }
}
