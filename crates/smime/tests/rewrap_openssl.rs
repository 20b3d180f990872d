//! What OpenSSL encrypts for one key is given to another here, and OpenSSL reads it: every
//! pair of keys, every cipher, BER and DER.
#![allow(clippy::disallowed_methods, reason = "a peer program reads files")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use ssmax_cms::Limits;
use ssmax_cms::enveloped::{ContentCipher, Enveloped};
use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
use ssmax_smime::choice::{self, Recipient};
use ssmax_smime::decrypt::{DecryptFault, OpenPolicy};
use ssmax_smime::rewrap::{Request, RewrapFault, Rewrapped, rewrap};

const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nA secret for you.\r\n";

const KEYS: [(&str, &[&str]); 5] = [
    ("rsa2048", &["-newkey", "rsa:2048"]),
    ("rsa3072", &["-newkey", "rsa:3072"]),
    ("rsa4096", &["-newkey", "rsa:4096"]),
    ("p256", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    ("p384", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"]),
];

const CIPHERS: [(&str, ContentCipher); 5] = [
    ("-aes-128-cbc", ContentCipher::Aes128Cbc),
    ("-aes-192-cbc", ContentCipher::Aes192Cbc),
    ("-aes-256-cbc", ContentCipher::Aes256Cbc),
    ("-aes-128-gcm", ContentCipher::Aes128Gcm),
    ("-aes-256-gcm", ContentCipher::Aes256Gcm),
];

struct Person {
    name: &'static str,
    key: SoftwareKey,
    certificate: Certificate,
}

struct World {
    dir: tempfile::TempDir,
    people: Vec<Person>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("content"), CONTENT).unwrap();
    let people = KEYS.map(|(name, options)| {
        let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
        let subject = format!("/CN={name}");
        let mut line = vec!["req", "-x509", "-nodes", "-days", "30", "-subj", &subject];
        line.extend(options);
        line.extend(["-keyout", &key, "-out", &certificate]);
        openssl(dir.path(), &line);
        let text = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        Person {
            name,
            key: SoftwareKey::from_pem(&text(&key)).unwrap(),
            certificate: Certificate::from_pem(&text(&certificate)).unwrap(),
        }
    });
    World { dir, people: people.into() }
});

fn openssl(dir: &Path, line: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").current_dir(dir).args(line).output().unwrap();
    assert!(output.status.success(), "{line:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn encrypted(options: &[&str], to: &Person) -> Vec<u8> {
    let certificate = format!("{}.pem", to.name);
    let mut line = vec!["cms", "-encrypt", "-binary", "-in", "content"];
    line.extend(options);
    line.push(&certificate);
    openssl(WORLD.dir.path(), &line)
}

fn decrypted(file: &str, form: &str, by: &Person) -> Vec<u8> {
    let (key, certificate) = (format!("{}.key", by.name), format!("{}.pem", by.name));
    openssl(
        WORLD.dir.path(),
        &[
            "cms",
            "-decrypt",
            "-binary",
            "-inform",
            form,
            "-in",
            file,
            "-inkey",
            &key,
            "-recip",
            &certificate,
        ],
    )
}

fn rewrapped(file: &[u8], from: &Person, to: &[&Person]) -> Result<Rewrapped, RewrapFault> {
    rewrapped_with(file, from, to, OpenPolicy::default())
}

fn rewrapped_with(
    file: &[u8],
    from: &Person,
    to: &[&Person],
    open: OpenPolicy,
) -> Result<Rewrapped, RewrapFault> {
    let to: Vec<_> = to.iter().map(|person| Recipient::from(&person.certificate)).collect();
    let certificate = Some(&from.certificate);
    let choice = choice::Policy::default();
    rewrap(file, &Request { key: &from.key, certificate, open, to: &to, choice })
}

/// All pairs of one cipher, from BER or DER.
fn every_pair(option: &str, cipher: ContentCipher, more: &[&str]) {
    let world = &*WORLD;
    for from in &world.people {
        let before = encrypted(&[&[option, "-outform", "DER"], more].concat(), from);
        let tail = Enveloped::parse(&before, &Limits::default()).unwrap().tail();
        for to in &world.people {
            let what = format!("{} to {}, {option} {more:?}", from.name, to.name);
            let after = rewrapped(&before, from, &[to]).unwrap_or_else(|fault| {
                panic!("{what}: {fault}");
            });
            assert_eq!((after.cipher, after.tail), (cipher, tail), "{what}");
            let parsed = Enveloped::parse(&after.octets, &Limits::default()).unwrap();
            assert_eq!(parsed.tail(), tail, "{what}");
            assert_eq!(parsed.recipients().len(), 1, "{what}");
            let file = format!("{}-{}{option}{}.der", from.name, to.name, more.len());
            std::fs::write(world.dir.path().join(&file), &after.octets).unwrap();
            assert_eq!(decrypted(&file, "DER", to), CONTENT, "{what}");
        }
    }
}

#[test]
fn openssl_reads_every_pair_with_every_cipher_from_der() {
    for (option, cipher) in CIPHERS {
        every_pair(option, cipher, &[]);
    }
}

#[test]
fn openssl_reads_every_pair_with_every_cipher_from_ber() {
    for (option, cipher) in CIPHERS {
        every_pair(option, cipher, &["-stream"]);
    }
}

#[test]
fn a_mail_stays_a_mail_and_a_pem_file_one() {
    let [rsa, other, ..] = &*WORLD.people else { panic!("no people") };
    for (form, file) in [("SMIME", "mail.eml"), ("PEM", "mail.pem")] {
        let before = encrypted(&["-aes256", "-outform", form], rsa);
        let before = match form {
            "SMIME" => ssmax_mail::canonical::to_crlf(&before),
            _ => before,
        };
        let after = rewrapped(&before, rsa, &[other]).unwrap();
        std::fs::write(WORLD.dir.path().join(file), &after.octets).unwrap();
        assert_eq!(decrypted(file, form, other), CONTENT);
    }
}

#[test]
fn stray_recipients_are_dropped_and_all_new_ones_read_it() {
    let [rsa2048, rsa3072, rsa4096, ..] = &*WORLD.people else { panic!("no people") };
    let before = encrypted(&["-aes256", "-outform", "DER", "rsa4096.pem", "p256.pem"], rsa2048);
    assert_eq!(Enveloped::parse(&before, &Limits::default()).unwrap().recipients().len(), 3);
    let after = rewrapped(&before, rsa2048, &[rsa3072, rsa4096]).unwrap();
    std::fs::write(WORLD.dir.path().join("two.der"), &after.octets).unwrap();
    for person in [rsa3072, rsa4096] {
        assert_eq!(decrypted("two.der", "DER", person), CONTENT);
    }
    let parsed = Enveloped::parse(&after.octets, &Limits::default()).unwrap();
    assert_eq!(parsed.recipients().len(), 2);
    assert!(!parsed.recipients().iter().any(|info| info.names(&rsa2048.certificate)));
}

#[test]
fn old_mail_with_triple_des_is_not_made_new_even_where_it_may_be_opened() {
    let [rsa2048, rsa3072, ..] = &*WORLD.people else { panic!("no people") };
    let before = encrypted(&["-des3", "-outform", "DER"], rsa2048);
    for allow_triple_des in [false, true] {
        let open = OpenPolicy { allow_triple_des, ..OpenPolicy::default() };
        let found = rewrapped_with(&before, rsa2048, &[rsa3072], open);
        assert_eq!(found, Err(RewrapFault::TripleDes));
    }
    // Other old ciphers nothing opens.
    let before = encrypted(&["-camellia128", "-outform", "DER"], rsa2048);
    let refused = DecryptFault::Object(ssmax_cms::CmsError::CipherRefused);
    assert_eq!(rewrapped(&before, rsa2048, &[rsa3072]), Err(RewrapFault::Open(refused)));
}

/// Changed keys: whatever is wrong behind the use of the key has the same answer. Of an RSA
/// key (PKCS#1 v1.5) it is implicit rejection, a random content key.
#[test]
fn a_changed_recipient_has_one_answer_and_no_other() {
    let world = &*WORLD;
    let ciphers = ["-aes-256-gcm", "-aes256"];
    for (from, cipher) in world.people.iter().flat_map(|from| ciphers.map(|cipher| (from, cipher)))
    {
        let before = encrypted(&[cipher, "-outform", "DER"], from);
        let parsed = Enveloped::parse(&before, &Limits::default()).unwrap();
        let info = parsed.recipients()[0].der();
        let at = before.windows(info.len()).position(|window| window == info).unwrap();
        let mut changed = before.clone();
        // The last octet of the encrypted key.
        changed[at + info.len() - 1] ^= 1;
        let found = rewrapped(&changed, from, &[&world.people[0]]);
        // A file alone may hold anything, so only its padding tells: one random key in 256
        // passes.
        if from.name.starts_with("rsa") && cipher == "-aes256" && found.is_ok() {
            continue;
        }
        let failed = RewrapFault::Open(DecryptFault::Failed);
        assert_eq!(found, Err(failed), "{} {cipher}", from.name);
    }
}
