//! NSS, the library of Thunderbird, by its `cmsutil`.

use super::{Answer, GCM, GCM_ATTRIBUTES, Limit, OAEP, Peer, Sent, Shows, Side};
use crate::batch::{Batch, refused, run};
use crate::case::{Case, Form, Key, Kind};
use crate::people::{PASSPHRASE, People};
use tempfile::TempDir;

/// A certificate database with everybody in it whose key can be imported.
#[derive(Debug)]
pub struct Nss<'a> {
    people: &'a People,
    _folder: TempDir,
    database: String,
}

/// What `pk12util` says of the keys that NSS does not know.
const NO_IMPORT: &str = "SEC_ERROR_PKCS12_UNABLE_TO_IMPORT_KEY";

const RSA_AND_EC: &[Kind] = &[Kind::ForRsa, Kind::ForEc];

const LIMITS: &[Limit] = &[
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Compressed],
        when: &[],
        shows: Shows::NoWay("no option of cmsutil"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed, Kind::ForRsa, Kind::ForEc],
        when: &[("encoding", &["DER"])],
        shows: Shows::NoWay("it writes BER only"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("signer", &["RSA-2048 PSS", "RSA-3072 PSS"])],
        shows: Shows::NoWay("no option of cmsutil"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("signer", &["Ed25519"])],
        shows: Shows::NoWay("`pk12util`: `SEC_ERROR_PKCS12_UNABLE_TO_IMPORT_KEY`"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("signer named by", &["key id"])],
        shows: Shows::NoWay("no option of cmsutil"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("certificate", &["left out"])],
        shows: Shows::NoWay("no option of cmsutil"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("octets", &["0"])],
        shows: Shows::Says(
            "failed to encode data: SEC_ERROR_DIGEST_NOT_FOUND: The CMS or PKCS #7 Digest was not found in signed message.",
        ),
    },
    Limit {
        side: Side::Makes,
        kinds: RSA_AND_EC,
        when: &[("cipher", &["AES-192-CBC", "AES-256-CBC"])],
        shows: Shows::NoWay("cmsutil chooses the cipher itself"),
    },
    Limit {
        side: Side::Makes,
        kinds: RSA_AND_EC,
        when: &[("cipher", GCM)],
        shows: Shows::NoWay("cmsutil chooses the cipher itself"),
    },
    Limit {
        side: Side::Makes,
        kinds: RSA_AND_EC,
        when: &[("cipher", GCM_ATTRIBUTES)],
        shows: Shows::NoWay("cmsutil chooses the cipher itself"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForRsa],
        when: &[("transport", OAEP)],
        shows: Shows::NoWay("no option of cmsutil"),
    },
    Limit {
        side: Side::Makes,
        kinds: RSA_AND_EC,
        when: &[("recipient named by", &["key id"])],
        shows: Shows::NoWay("no option of cmsutil"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForEc],
        when: &[("key", &["X25519"])],
        shows: Shows::NoWay("`pk12util`: `SEC_ERROR_PKCS12_UNABLE_TO_IMPORT_KEY`"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForEc],
        when: &[("key", &["P-256", "P-384", "P-521"])],
        shows: Shows::Says(
            "problem enveloping: SEC_ERROR_INVALID_ALGORITHM: security library: invalid algorithm.",
        ),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::Signed],
        when: &[("content", &["opaque"]), ("octets", &["0"])],
        shows: Shows::Says(
            "problem decoding: SEC_ERROR_EXTENSION_NOT_FOUND: Certificate extension not found.",
        ),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::Signed],
        when: &[("signer", &["Ed25519"]), ("certificate", &["along"])],
        shows: Shows::Says(
            "problem decoding: SEC_ERROR_PKCS7_BAD_SIGNATURE: Signature verification failed: no signer found, too many signers found, or improper or corrupted data.",
        ),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::Signed],
        when: &[("signer", &["Ed25519"]), ("content", &["opaque"]), ("certificate", &["left out"])],
        shows: Shows::Says(
            "problem decoding: SEC_ERROR_UNRECOGNIZED_OID: Unrecognized Object Identifier.",
        ),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::Signed],
        when: &[
            ("signer", &["Ed25519"]),
            ("content", &["detached"]),
            ("certificate", &["left out"]),
        ],
        shows: Shows::Says("problem decoding: error 0: Success"),
    },
    Limit {
        side: Side::Reads,
        kinds: RSA_AND_EC,
        when: &[("cipher", GCM)],
        shows: Shows::Says(
            "problem decoding: SEC_ERROR_UNRECOGNIZED_OID: Unrecognized Object Identifier.",
        ),
    },
    Limit {
        side: Side::Reads,
        kinds: RSA_AND_EC,
        when: &[("cipher", GCM_ATTRIBUTES)],
        shows: Shows::Says(
            "problem decoding: SEC_ERROR_UNRECOGNIZED_OID: Unrecognized Object Identifier.",
        ),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::ForRsa],
        when: &[("transport", OAEP)],
        shows: Shows::Says(
            "problem decoding: SEC_ERROR_UNSUPPORTED_KEYALG: Unsupported or unknown key algorithm.",
        ),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::ForEc],
        when: &[("key", &["P-256", "P-384", "P-521", "X25519"])],
        shows: Shows::Says(
            "problem decoding: SEC_ERROR_BAD_DER: security library: improperly formatted DER-encoded message.",
        ),
    },
];

impl<'a> Nss<'a> {
    /// Makes the database.
    #[must_use]
    pub fn new(people: &'a People) -> Self {
        let folder = people.folder();
        let database = format!("sql:{}", folder.path().display());
        let db = ["-d", &database];
        let _ = run("certutil", &[&["-N", "--empty-password"][..], &db].concat());
        let ca = ["-A", "-n", "ca", "-t", ",C,", "-i", &people.ca_file];
        let _ = run("certutil", &[&ca[..], &db].concat());
        for (key, person) in people.all() {
            let import = ["-i", &person.pkcs12_file, "-W", PASSPHRASE];
            let import = [&import[..], &db].concat();
            if matches!(key, Key::Ed25519 | Key::X25519) {
                let said = refused("pk12util", &import);
                assert!(said.contains(NO_IMPORT), "{key:?}: {said}");
            } else {
                let _ = run("pk12util", &import);
            }
        }
        Self { people, _folder: folder, database }
    }

    fn command(&self, options: &[&str], input: &str, output: String) -> Vec<String> {
        let mut arguments = vec!["cmsutil".to_owned()];
        arguments.extend(options.iter().map(|option| (*option).to_owned()));
        arguments.extend(["-d", &self.database, "-i", input, "-o", &output].map(str::to_owned));
        arguments
    }
}

impl Peer for Nss<'_> {
    fn name(&self) -> &'static str {
        "NSS"
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
                Case::Signed(signed) => {
                    let hash = format!("SHA{}", signed.digest.bits());
                    let name = self.people.of(signed.signer.key()).name;
                    let mut options = vec!["-S", "-G", "-P", "-N", name, "-H", &hash];
                    options.extend((signed.form == Form::Detached).then_some("-T"));
                    self.command(&options, &content, batch.output())
                }
                Case::Encrypted(encrypted) => {
                    let keys = encrypted.keys();
                    let names = keys.iter().map(|key| self.people.of(*key).name);
                    let names = names.collect::<Vec<_>>().join(",");
                    self.command(&["-E", "-r", &names], &content, batch.output())
                }
                Case::Compressed { .. } => vec!["false".to_owned()],
            };
            batch.add(&arguments, "/dev/null", None);
        }
        batch.run().into_iter().map(cleaned).collect()
    }

    fn read(&self, messages: &[Sent]) -> Vec<Answer> {
        let dir = self.people.folder();
        let mut batch = Batch::new(dir.path());
        for Sent { case, message } in messages {
            let message = batch.file("p7m", message);
            match case {
                Case::Signed(signed) if signed.form == Form::Detached => {
                    let content = batch.file("in", &signed.size.content());
                    let options = ["-D", "-c", &content];
                    let arguments = self.command(&options, &message, batch.output());
                    batch.add(&arguments, "/dev/null", Some(&content));
                }
                _ => {
                    let arguments = self.command(&["-D"], &message, batch.output());
                    batch.add(&arguments, "/dev/null", None);
                }
            }
        }
        batch.run().into_iter().map(cleaned).collect()
    }
}

/// The last line, which names the error. Addresses of a crash are left out.
fn cleaned(answer: Answer) -> Answer {
    answer.map_err(|said| {
        let line = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("(nothing)");
        line.trim().trim_start_matches("cmsutil: ").to_owned()
    })
}
