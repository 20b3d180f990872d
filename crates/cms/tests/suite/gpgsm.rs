//! GnuPG's gpgsm in both directions, with RSA: version 2.2 knows nothing else for
//! encryption.

use ssmax_cms::{
    Limits,
    enveloped::{ContentCipher, Enveloped, RsaTransport, UnwrapPolicy, encrypt, recipient_info},
    signed::{SignRequest, SignedData, sign},
};
use ssmax_primitives::{ContentKey, SystemRandom, sha256};
use tempfile::TempDir;

use crate::identities::{ALICE, file, has, openssl, run};

const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nHello, world.\r\n";

/// A home with Alice's key, trusted. Its agent ends with it.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let fingerprint = openssl(
            &["x509", "-in", &ALICE.certificate_file, "-noout", "-fingerprint", "-sha1"],
            b"",
        );
        let fingerprint = String::from_utf8(fingerprint).unwrap();
        let fingerprint = fingerprint.trim().split_once('=').unwrap().1;
        let write =
            |name: &str, text: &str| std::fs::write(home.0.path().join(name), text).unwrap();
        write("trustlist.txt", &format!("{fingerprint} S relax\n"));
        write("gpg-agent.conf", "allow-loopback-pinentry\n");
        let archive = openssl(
            &[
                "pkcs12",
                "-export",
                "-passout",
                "pass:x",
                "-certpbe",
                "PBE-SHA1-3DES",
                "-keypbe",
                "PBE-SHA1-3DES",
                "-macalg",
                "sha1",
                "-inkey",
                &ALICE.key_file,
                "-in",
                &ALICE.certificate_file,
            ],
            b"",
        );
        home.gpgsm(&["--import"], &[&file("gpgsm.p12", &archive)]);
        home
    }

    /// Runs `gpgsm`, whose standard input is the passphrase, over these files.
    fn gpgsm(&self, arguments: &[&str], files: &[&str]) -> Vec<u8> {
        let home = self.0.path().display().to_string();
        let always = [
            "--homedir",
            &home,
            "--batch",
            "--pinentry-mode",
            "loopback",
            "--passphrase-fd",
            "0",
            "--disable-dirmngr",
            "--disable-crl-checks",
        ];
        let output = run("gpgsm", &[&always[..], arguments, files].concat(), b"x\n");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "gpgsm {arguments:?}: {complaint}");
        output.stdout
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let home = self.0.path().display().to_string();
        run("gpgconf", &["--homedir", &home, "--kill", "gpg-agent"], b"");
    }
}

#[test]
fn gpgsm_and_we_read_each_other() {
    if !has("gpgsm") {
        return;
    }
    let home = Home::new();
    let content = file("gpgsm-content", CONTENT);

    for options in [&["--sign"][..], &["--sign", "--detach-sign"]] {
        let message = home.gpgsm(&[options, &["-u", "alice@a.example"]].concat(), &[&content]);
        let signed = SignedData::parse(&message, &Limits::default()).unwrap();
        let opaque = options.len() == 1;
        assert_eq!(signed.content(), opaque.then_some(CONTENT));
        assert_eq!(signed.signers()[0].verify(&ALICE.certificate, CONTENT), Ok(()));
    }

    let request = SignRequest {
        content_digest: sha256(CONTENT),
        content: Some(CONTENT),
        signing_time: None,
        extra_signed: Vec::new(),
        unsigned: Vec::new(),
        certificates: std::slice::from_ref(&ALICE.certificate),
        signer: &ALICE.certificate,
    };
    let opaque = sign(&request, ALICE.key()).unwrap();
    home.gpgsm(&["--verify"], &[&file("gpgsm.p7m", &opaque)]);
    let detached = sign(&SignRequest { content: None, ..request }, ALICE.key()).unwrap();
    home.gpgsm(&["--verify"], &[&file("gpgsm.p7s", &detached), &content]);

    let message = home.gpgsm(&["--encrypt", "-r", "alice@a.example"], &[&content]);
    let enveloped = Enveloped::parse(&message, &Limits::default()).unwrap();
    let policy = UnwrapPolicy { allow_pkcs1: true };
    let (info, key_len) = (&enveloped.recipients()[0], enveloped.cipher().key_len());
    let key = info.unwrap(&ALICE.certificate, ALICE.key(), &policy, key_len).unwrap();
    assert_eq!(*enveloped.decrypt(&key).unwrap(), CONTENT);

    for cipher in [ContentCipher::Aes128Cbc, ContentCipher::Aes192Cbc, ContentCipher::Aes256Cbc] {
        let key = ContentKey::random(&SystemRandom, cipher.key_len());
        let sealed = encrypt(CONTENT, cipher, &key, &SystemRandom).unwrap();
        let info = recipient_info(&ALICE.certificate, &key, None, RsaTransport::Pkcs1).unwrap();
        let message = file("gpgsm-encrypted.p7m", &sealed.with_recipients(&[info]));
        let shown = home.gpgsm(&["--decrypt"], &[&message]);
        assert_eq!(shown, CONTENT);
    }
}
