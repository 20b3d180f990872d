//! Bouncy Castle, by a program of ours in Java.

use super::{Answer, Limit, Peer, Sent, Shows, Side};
use crate::case::{
    Case, Certificates, Cipher, Encrypted, Form, Kdf, Kind, Named, Signed, Signer, Transport, Ukm,
    Way, Wrap,
};
use crate::needs::{BOUNCY_CASTLE, JAVA_LIBRARIES};
use crate::ours::UKM;
use crate::people::People;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// How long Java may take for a batch, in seconds: some start-up and each message.
const LIFETIME_SECONDS: usize = 120;

/// How many messages have a second more.
const MESSAGES_PER_SECOND: usize = 10;

/// Bouncy Castle.
#[derive(Debug)]
pub struct BouncyCastle<'a>(pub &'a People);

const X963: &[&str] = &["X9.63 SHA-1", "X9.63 SHA-256", "X9.63 SHA-384", "X9.63 SHA-512"];

const LIMITS: &[Limit] = &[
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForEc],
        when: &[("key", &["X25519"]), ("derivation", X963)],
        shows: Shows::Says(
            "CMSException: cannot perform agreement step: can't identify EC private key.; InvalidKeyException: can't identify EC private key.",
        ),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::ForEc],
        when: &[("key", &["X25519"]), ("derivation", X963)],
        shows: Shows::Says(
            "CMSException: key invalid in message.; InvalidKeyException: can't identify EC private key.",
        ),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForEc],
        when: &[("derivation", &["HKDF SHA-256"])],
        shows: Shows::Says(
            "CMSException: Unknown key agreement algorithm: 1.2.840.113549.1.9.16.3.19",
        ),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::ForEc],
        when: &[("derivation", &["HKDF SHA-256"])],
        shows: Shows::Says(
            "CMSException: originator key invalid.; CMSException: cannot create key agreement: no such algorithm: 1.2.840.113549.1.9.16.3.19 for provider BC; NoSuchAlgorithmException: no such algorithm: 1.2.840.113549.1.9.16.3.19 for provider BC",
        ),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForEc],
        when: &[("derivation", &["HKDF SHA-384"])],
        shows: Shows::Says(
            "CMSException: Unknown key agreement algorithm: 1.2.840.113549.1.9.16.3.20",
        ),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::ForEc],
        when: &[("derivation", &["HKDF SHA-384"])],
        shows: Shows::Says(
            "CMSException: originator key invalid.; CMSException: cannot create key agreement: no such algorithm: 1.2.840.113549.1.9.16.3.20 for provider BC; NoSuchAlgorithmException: no such algorithm: 1.2.840.113549.1.9.16.3.20 for provider BC",
        ),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForEc],
        when: &[("derivation", &["HKDF SHA-512"])],
        shows: Shows::Says(
            "CMSException: Unknown key agreement algorithm: 1.2.840.113549.1.9.16.3.21",
        ),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::ForEc],
        when: &[("derivation", &["HKDF SHA-512"])],
        shows: Shows::Says(
            "CMSException: originator key invalid.; CMSException: cannot create key agreement: no such algorithm: 1.2.840.113549.1.9.16.3.21 for provider BC; NoSuchAlgorithmException: no such algorithm: 1.2.840.113549.1.9.16.3.21 for provider BC",
        ),
    },
];

impl Peer for BouncyCastle<'_> {
    fn name(&self) -> &'static str {
        "Bouncy Castle"
    }

    fn limits(&self) -> &'static [Limit] {
        LIMITS
    }

    fn make(&self, cases: &[Case]) -> Vec<Answer> {
        let dir = self.0.folder();
        let mut tasks = String::new();
        for (number, case) in cases.iter().enumerate() {
            let input = dir.path().join(format!("{number}.in"));
            fs::write(&input, case.size().content()).unwrap();
            let task = match case {
                Case::Signed(signed) => self.sign(signed),
                Case::Encrypted(encrypted) => self.encrypt(encrypted),
                Case::Compressed { encoding, .. } => {
                    vec!["compress".to_owned(), encoding.name().to_owned()]
                }
            };
            tasks.push_str(&line(dir.path(), number, &task));
        }
        answers(dir.path(), &tasks, cases.len())
    }

    fn read(&self, messages: &[Sent]) -> Vec<Answer> {
        let dir = self.0.folder();
        let mut tasks = String::new();
        for (number, Sent { case, message }) in messages.iter().enumerate() {
            fs::write(dir.path().join(format!("{number}.in")), message).unwrap();
            let task = match case {
                Case::Signed(signed) => {
                    let certificate = self.0.of(signed.signer.key()).certificate_file.clone();
                    let mut task = vec!["verify".to_owned(), certificate];
                    if signed.form == Form::Detached {
                        let content = dir.path().join(format!("{number}.content"));
                        fs::write(&content, signed.size.content()).unwrap();
                        task.push(content.display().to_string());
                    }
                    task
                }
                Case::Encrypted(encrypted) => {
                    let reader = self.0.of(encrypted.key);
                    let files = [&reader.certificate_file, &reader.key_file].map(String::clone);
                    [&["decrypt".to_owned()][..], &files].concat()
                }
                Case::Compressed { .. } => vec!["expand".to_owned()],
            };
            tasks.push_str(&line(dir.path(), number, &task));
        }
        answers(dir.path(), &tasks, messages.len())
    }
}

impl BouncyCastle<'_> {
    fn sign(&self, signed: &Signed) -> Vec<String> {
        let signer = self.0.of(signed.signer.key());
        let hash = format!("SHA{}", signed.digest.bits());
        let algorithm = match signed.signer {
            Signer::Ed25519 => "Ed25519".to_owned(),
            one if one.is_pss() => format!("{hash}WITHRSAANDMGF1"),
            one if one.key().is_rsa() => format!("{hash}withRSA"),
            _ => format!("{hash}withECDSA"),
        };
        let flag = |holds: bool| if holds { "yes" } else { "no" }.to_owned();
        vec![
            "sign".to_owned(),
            signed.encoding.name().to_owned(),
            signer.certificate_file.clone(),
            signer.key_file.clone(),
            algorithm,
            flag(signed.form == Form::Opaque),
            flag(signed.named == Named::KeyId),
            flag(signed.certificates == Certificates::Along),
        ]
    }

    fn encrypt(&self, encrypted: &Encrypted) -> Vec<String> {
        let cipher = match encrypted.cipher {
            Cipher::Aes128Cbc => "AES128_CBC",
            Cipher::Aes192Cbc => "AES192_CBC",
            Cipher::Aes256Cbc => "AES256_CBC",
            Cipher::Aes128Gcm | Cipher::Aes128GcmAttributes => "AES128_GCM",
            Cipher::Aes192Gcm | Cipher::Aes192GcmAttributes => "AES192_GCM",
            Cipher::Aes256Gcm | Cipher::Aes256GcmAttributes => "AES256_GCM",
        };
        let way = match encrypted.way {
            Way::Transport(transport) => {
                ["-", "-", "-", transport_name(transport)].map(str::to_owned)
            }
            Way::Agreement { kdf, wrap, ukm } => {
                let ukm = match ukm {
                    Ukm::Absent => "-".to_owned(),
                    Ukm::Present => UKM.iter().map(|octet| format!("{octet:02x}")).collect(),
                };
                [kdf_name(kdf).to_owned(), wrap_name(wrap).to_owned(), ukm, "-".to_owned()]
            }
        };
        let named = match encrypted.named {
            Named::IssuerSerial => "no",
            Named::KeyId => "yes",
        };
        let attributes = if encrypted.cipher.has_attributes() { "yes" } else { "no" };
        let mut task = vec!["encrypt".to_owned(), encrypted.encoding.name().to_owned()];
        task.extend([cipher, attributes, named].map(str::to_owned));
        task.extend(way);
        task.extend(encrypted.keys().iter().map(|key| self.0.of(*key).certificate_file.clone()));
        task
    }
}

fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Pkcs1 => "PKCS1",
        Transport::OaepSha1 => "SHA-1",
        Transport::OaepSha256 => "SHA-256",
        Transport::OaepSha384 => "SHA-384",
        Transport::OaepSha512 => "SHA-512",
    }
}

fn kdf_name(kdf: Kdf) -> &'static str {
    match kdf {
        Kdf::Sha1 => "ECDH_SHA1KDF",
        Kdf::Sha256 => "ECDH_SHA256KDF",
        Kdf::Sha384 => "ECDH_SHA384KDF",
        Kdf::Sha512 => "ECDH_SHA512KDF",
        Kdf::HkdfSha256 => "HKDF_SHA256",
        Kdf::HkdfSha384 => "HKDF_SHA384",
        Kdf::HkdfSha512 => "HKDF_SHA512",
    }
}

fn wrap_name(wrap: Wrap) -> &'static str {
    match wrap {
        Wrap::Aes128 => "AES128_WRAP",
        Wrap::Aes192 => "AES192_WRAP",
        Wrap::Aes256 => "AES256_WRAP",
    }
}

/// One task: what to read, where to write, what to do with what.
fn line(dir: &Path, number: usize, task: &[String]) -> String {
    let file = |suffix: &str| dir.join(format!("{number}.{suffix}")).display().to_string();
    let words = [&[file("in"), file("out")][..], task].concat();
    words.join("\t") + "\n"
}

/// Runs Java over these tasks. It answers each with a line: nothing, or the words of the
/// exception.
#[track_caller]
fn answers(dir: &Path, tasks: &str, count: usize) -> Vec<Answer> {
    let list = dir.join("tasks");
    fs::write(&list, tasks).unwrap();
    let libraries = BOUNCY_CASTLE.map(|name| format!("{JAVA_LIBRARIES}/{name}")).join(":");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/BouncyCastle.java");
    let seconds = LIFETIME_SECONDS + count / MESSAGES_PER_SECOND;
    let output = Command::new("timeout")
        .args(["--kill-after", "10", &seconds.to_string()])
        // Its compiler would warm up for longer than it runs.
        .args(["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Duser.language=en"])
        .args(["-cp", &libraries, source])
        .arg(&list)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "Java: {complaint}");
    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), count, "{said}");
    let answer = |(number, line): (usize, &&str)| match *line {
        "" => Ok(fs::read(dir.join(format!("{number}.out"))).unwrap()),
        words => Err(words.to_owned()),
    };
    lines.iter().enumerate().map(answer).collect()
}
