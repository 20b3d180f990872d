//! GnuPG's gpgsm.

use super::{Answer, GCM, GCM_ATTRIBUTES, Limit, OAEP, Peer, Sent, Shows, Side};
use crate::batch::{Batch, run};
use crate::case::{Case, Certificates, Cipher, Encrypted, Form, Key, Kind, Signed};
use crate::people::{PASSPHRASE, People, Person};
use std::fs;
use tempfile::TempDir;

/// A home with everybody's certificate, and the keys that gpg-agent takes. The agent
/// ends with this value.
#[derive(Debug)]
pub struct Gpgsm<'a> {
    people: &'a People,
    folder: TempDir,
    passphrase_file: String,
}

/// How many PKCS#12 files of a key are tried.
const IMPORT_ATTEMPTS: usize = 5;

const LIMITS: &[Limit] = &[
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Compressed],
        when: &[],
        shows: Shows::NoWay("no option of gpgsm"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed, Kind::ForRsa],
        when: &[("encoding", &["DER"])],
        shows: Shows::NoWay("it writes BER only"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("signer", &["RSA-2048 PSS", "RSA-3072 PSS"])],
        shows: Shows::NoWay("no option of gpgsm"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("signer named by", &["key id"])],
        shows: Shows::NoWay("no option of gpgsm"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("content", &["opaque"]), ("octets", &["0"])],
        shows: Shows::Says("cannot sign an empty message"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("signer", &["ECDSA P-384", "ECDSA P-521"]), ("digest", &["SHA-256"])],
        shows: Shows::Says("error creating signature: Invalid length <GPG Agent>"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("signer", &["ECDSA P-521"]), ("digest", &["SHA-384"])],
        shows: Shows::Says("error creating signature: Invalid length <GPG Agent>"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("signer", &["Ed25519"])],
        shows: Shows::Says("can't sign using … No secret key"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForRsa],
        when: &[("transport", OAEP)],
        shows: Shows::NoWay("no option of gpgsm"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForRsa],
        when: &[("cipher", GCM)],
        shows: Shows::NoWay("no option of gpgsm"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForRsa],
        when: &[("cipher", GCM_ATTRIBUTES)],
        shows: Shows::NoWay("no option of gpgsm"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForRsa],
        when: &[("recipient named by", &["key id"])],
        shows: Shows::NoWay("no option of gpgsm"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForEc],
        when: &[("key", &["P-256", "P-384", "P-521", "X25519"])],
        shows: Shows::Says("can't encrypt to … Wrong key usage"),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::Signed],
        when: &[("signer", &["ECDSA P-521", "Ed25519"])],
        shows: Shows::Says("DSA requires the hash length to be a multiple of 8 bits"),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::ForRsa, Kind::ForEc],
        when: &[("cipher", GCM)],
        shows: Shows::Says("error getting IV: Buffer too short"),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::ForRsa, Kind::ForEc],
        when: &[("cipher", GCM_ATTRIBUTES)],
        shows: Shows::Says("error getting IV: Buffer too short"),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::ForRsa],
        when: &[("transport", OAEP)],
        shows: Shows::Says("recp 0 - error getting encrypted session key"),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::ForRsa],
        when: &[("transport", OAEP), ("recipient named by", &["key id"])],
        shows: Shows::Says("message decryption failed: BER error <KSBA>"),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::ForRsa, Kind::ForEc],
        when: &[("recipient named by", &["key id"])],
        shows: Shows::Says("recp 0 - error getting info: General error"),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::ForEc],
        when: &[("key", &["P-256", "P-384", "P-521"])],
        shows: Shows::Says("decrypting session key failed: Invalid session key"),
    },
    // Of three recipients the first has a key that the agent knows.
    Limit {
        side: Side::Reads,
        kinds: &[Kind::ForEc],
        when: &[("key", &["X25519"]), ("recipients", &["3"])],
        shows: Shows::Says("decrypting session key failed: Invalid session key"),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::ForEc],
        when: &[("key", &["X25519"]), ("recipients", &["1"])],
        shows: Shows::Says("recp 0 - error getting encrypted session key"),
    },
];

impl<'a> Gpgsm<'a> {
    /// Makes the home.
    #[must_use]
    pub fn new(people: &'a People) -> Self {
        let folder = people.folder();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let print = ["x509", "-noout", "-fingerprint", "-sha1", "-in", &people.ca_file];
        let print = run("openssl", &print);
        let (_, print) = print.trim().split_once('=').unwrap();
        write("trustlist.txt", &format!("{print} S relax\n"));
        write("gpg-agent.conf", "allow-loopback-pinentry\n");
        write("passphrase", &format!("{PASSPHRASE}\n"));
        let passphrase_file = folder.path().join("passphrase").display().to_string();
        let home = Self { people, folder, passphrase_file };
        home.import();
        home
    }

    /// Of an EC key only the certificate is imported, since gpgsm 2.2 crashes over such
    /// a PKCS#12 file; the key is put where the agent looks for it.
    fn import(&self) {
        let _ = self.imported(&self.people.ca_file).unwrap();
        for (key, person) in self.people.all() {
            if key.is_rsa() {
                self.import_pkcs12(person);
            } else {
                let _ = self.imported(&person.certificate_file).unwrap();
            }
        }
        for (key, person) in self.people.all() {
            let curve = match key {
                Key::P256 | Key::OtherP256 => "NIST P-256",
                Key::P384 => "NIST P-384",
                Key::P521 => "NIST P-521",
                _ => continue,
            };
            let file = format!("{}.key", self.key_grip(person));
            let path = self.folder.path().join("private-keys-v1.d").join(file);
            fs::write(path, private_key(curve, person)).unwrap();
        }
    }

    /// About one PKCS#12 file in sixty gpgsm 2.2 takes for one in another character set,
    /// and does not read it; the same key under another salt it reads.
    fn import_pkcs12(&self, person: &Person) {
        let file = self.folder.path().join("import.p12").display().to_string();
        let attempt = |_| {
            person.write_pkcs12(&file, &self.people.ca_file);
            self.imported(&file).err()
        };
        let failures: Vec<_> = (0..IMPORT_ATTEMPTS).map_while(attempt).collect();
        assert!(failures.len() < IMPORT_ATTEMPTS, "{}: {failures:?}", person.name);
    }

    fn imported(&self, file: &str) -> Answer {
        let dir = self.people.folder();
        let mut batch = Batch::new(dir.path());
        let arguments = self.command(&["--import"], None, &[file]);
        batch.add(&arguments, &self.passphrase_file, None);
        batch.run().remove(0)
    }

    /// What the agent calls a key.
    fn key_grip(&self, person: &Person) -> String {
        let options = ["-k", "--with-keygrip", "--with-colons", &exactly(person)];
        let home = self.folder.path().display().to_string();
        let list =
            run("gpgsm", &[&["--homedir", &home, "--disable-dirmngr"][..], &options].concat());
        let grip = list.lines().find(|line| line.starts_with("grp:")).unwrap();
        grip.split(':').nth(9).unwrap().to_owned()
    }

    fn command(&self, options: &[&str], output: Option<String>, files: &[&str]) -> Vec<String> {
        let home = self.folder.path().display().to_string();
        let always = [
            "gpgsm",
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
        let output = output.map(|output| ["--output".to_owned(), output]);
        let owned =
            |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        [owned(&always), output.into_iter().flatten().collect(), owned(options), owned(files)]
            .concat()
    }

    fn sign(&self, signed: &Signed, content: &str, output: String) -> Vec<String> {
        let digest = format!("SHA{}", signed.digest.bits());
        let count = match signed.certificates {
            Certificates::Along => "1",
            Certificates::Known => "0",
        };
        let user = exactly(self.people.of(signed.signer.key()));
        let mut options =
            vec!["--digest-algo", &digest, "--include-certs", count, "-u", &user, "--sign"];
        options.extend((signed.form == Form::Detached).then_some("--detach-sign"));
        self.command(&options, Some(output), &[content])
    }

    fn encrypt(&self, encrypted: &Encrypted, content: &str, output: String) -> Vec<String> {
        let cipher = match encrypted.cipher {
            Cipher::Aes128Cbc => "AES128",
            Cipher::Aes192Cbc => "AES192",
            _ => "AES256",
        };
        let users: Vec<_> =
            encrypted.keys().iter().map(|key| exactly(self.people.of(*key))).collect();
        let mut options = vec!["--cipher-algo", cipher, "--encrypt"];
        options.extend(users.iter().flat_map(|user| ["-r", user.as_str()]));
        self.command(&options, Some(output), &[content])
    }
}

impl Drop for Gpgsm<'_> {
    fn drop(&mut self) {
        let home = self.folder.path().display().to_string();
        let _ = run("gpgconf", &["--homedir", &home, "--kill", "gpg-agent"]);
    }
}

impl Peer for Gpgsm<'_> {
    fn name(&self) -> &'static str {
        "gpgsm"
    }

    fn limits(&self) -> &'static [Limit] {
        LIMITS
    }

    fn make(&self, cases: &[Case]) -> Vec<Answer> {
        let dir = self.people.folder();
        let mut batch = Batch::new(dir.path());
        for case in cases {
            let content = batch.file("in", &case.size().content());
            let arguments = match case {
                Case::Signed(signed) => self.sign(signed, &content, batch.output()),
                Case::Encrypted(encrypted) => self.encrypt(encrypted, &content, batch.output()),
                Case::Compressed { .. } => vec!["false".to_owned()],
            };
            batch.add(&arguments, &self.passphrase_file, None);
        }
        batch.run().into_iter().map(cleaned).collect()
    }

    fn read(&self, messages: &[Sent]) -> Vec<Answer> {
        let dir = self.people.folder();
        let mut batch = Batch::new(dir.path());
        for Sent { case, message } in messages {
            let message = batch.file("p7m", message);
            let output = Some(batch.output());
            match case {
                Case::Signed(signed) if signed.form == Form::Detached => {
                    let content = batch.file("in", &signed.size.content());
                    let arguments = self.command(&["--verify"], None, &[&message, &content]);
                    batch.add(&arguments, &self.passphrase_file, Some(&content));
                }
                Case::Signed(_) => {
                    let arguments = self.command(&["--verify"], output, &[&message]);
                    batch.add(&arguments, &self.passphrase_file, None);
                }
                Case::Encrypted(_) | Case::Compressed { .. } => {
                    let arguments = self.command(&["--decrypt"], output, &[&message]);
                    batch.add(&arguments, &self.passphrase_file, None);
                }
            }
        }
        batch.run().into_iter().map(cleaned).collect()
    }
}

/// What only this person's certificate has. Without brackets a part of an address is
/// enough.
fn exactly(person: &Person) -> String {
    format!("<{}>", person.address)
}

/// A private key as gpg-agent keeps it: a canonical S-expression.
fn private_key(curve: &str, person: &Person) -> Vec<u8> {
    let text = run("openssl", &["pkey", "-in", &person.key_file, "-noout", "-text"]);
    let number = |from: &str, to: &str| {
        let (_, rest) = text.split_once(from).unwrap();
        let (digits, _) = rest.split_once(to).unwrap();
        let octets = digits.split([':', '\n', ' ']).filter(|octet| !octet.is_empty());
        octets.map(|octet| u8::from_str_radix(octet, 16).unwrap()).collect::<Vec<_>>()
    };
    let mut found = b"(11:private-key(3:ecc".to_vec();
    for (name, value) in [
        ("5:curve", curve.as_bytes().to_vec()),
        ("1:q", number("pub:", "ASN1 OID")),
        ("1:d", number("priv:", "pub:")),
    ] {
        found.extend_from_slice(format!("({name}{}:", value.len()).as_bytes());
        found.extend_from_slice(&value);
        found.push(b')');
    }
    found.extend_from_slice(b"))");
    found
}

/// Lines that tell what is done, not what is wrong with it.
const CHATTER: [&str; 10] = [
    "ksba: ",
    // Of an X25519 key in its store, now and then, whatever it is doing.
    "can't calculate keygrip",
    "CRLs not checked",
    "DBG:",
    "Signature made",
    "               using ",
    "encrypted to ",
    "certificate is not usable",
    "certificate should not have been used",
    "encrypted data created",
];

/// The first line that tells an error; of whose certificate is left out.
fn cleaned(answer: Answer) -> Answer {
    answer.map_err(|said| {
        let lines = said.lines().map(|line| line.strip_prefix("gpgsm: ").unwrap_or(line));
        let is_chatter = |line: &&str| CHATTER.iter().any(|start| line.starts_with(start));
        let mut errors = lines.filter(|line| !line.is_empty() && !is_chatter(line));
        let error = errors.next().unwrap_or("(nothing)");
        let is_address = |word: &str| word.contains("@interop.example");
        let words = error.split(' ').map(|word| if is_address(word) { "…" } else { word });
        words.collect::<Vec<_>>().join(" ")
    })
}
