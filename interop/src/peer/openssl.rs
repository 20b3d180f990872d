//! OpenSSL's `cms` command.

use super::{Answer, GCM, GCM_ATTRIBUTES, Limit, Peer, Sent, Shows, Side};
use crate::batch::Batch;
use crate::case::{
    Case, Certificates, Cipher, Encoding, Encrypted, Form, Kdf, Kind, Named, Signed, Transport,
    Way, Wrap,
};
use crate::people::People;

/// OpenSSL. With BER it is given `-stream`.
#[derive(Debug)]
pub struct OpenSsl<'a>(pub &'a People);

const LIMITS: &[Limit] = &[
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Compressed],
        when: &[("encoding", &["DER", "BER"])],
        shows: Shows::Says("CMS routines: unsupported compression algorithm"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("content", &["detached"]), ("encoding", &["BER"])],
        shows: Shows::NoWay("with `-outform DER -stream` the content is always in the message"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("signer", &["Ed25519"]), ("encoding", &["DER"])],
        shows: Shows::Says("Provider routines: invalid digest"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("signer", &["RSA-2048 PSS", "RSA-3072 PSS", "Ed25519"]), ("encoding", &["BER"])],
        shows: Shows::Says("asn1 encoding routines: illegal zero content"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::Signed],
        when: &[("encoding", &["BER"]), ("octets", &["0"])],
        shows: Shows::Says("Error writing CMS output"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForRsa, Kind::ForEc],
        when: &[("cipher", GCM), ("encoding", &["BER"]), ("octets", &["0"])],
        shows: Shows::Says("Error writing CMS output"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForRsa, Kind::ForEc],
        when: &[("cipher", GCM_ATTRIBUTES)],
        shows: Shows::NoWay("no option of `openssl cms`"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForEc],
        when: &[("ukm", &["32 octets"])],
        shows: Shows::NoWay("no option of `openssl cms`"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForEc],
        when: &[("derivation", &["HKDF SHA-256", "HKDF SHA-384", "HKDF SHA-512"])],
        shows: Shows::NoWay("no option of `openssl cms`"),
    },
    Limit {
        side: Side::Makes,
        kinds: &[Kind::ForEc],
        when: &[("key", &["X25519"])],
        shows: Shows::Says("digital envelope routines: operation not supported for this keytype"),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::Signed],
        when: &[("signer", &["Ed25519"])],
        shows: Shows::Says("Provider routines: invalid digest"),
    },
    Limit {
        side: Side::Reads,
        kinds: &[Kind::ForEc],
        when: &[("key", &["X25519"])],
        shows: Shows::Says("CMS routines: no matching recipient"),
    },
];

impl Peer for OpenSsl<'_> {
    fn name(&self) -> &'static str {
        "OpenSSL"
    }

    fn limits(&self) -> &'static [Limit] {
        LIMITS
    }

    fn make(&self, cases: &[Case]) -> Vec<Answer> {
        let dir = self.0.folder();
        let mut batch = Batch::new(dir.path());
        for case in cases {
            let content = batch.file("in", &case.size().content());
            let mut arguments = match case {
                Case::Signed(signed) => self.sign(signed),
                Case::Encrypted(encrypted) => self.encrypt(encrypted),
                Case::Compressed { encoding, .. } => {
                    [words("-compress"), stream(*encoding)].concat()
                }
            };
            arguments.splice(0..0, words("openssl cms"));
            arguments.extend(words("-binary -outform DER -in"));
            arguments.extend([content, "-out".to_owned(), batch.output()]);
            batch.add(&arguments, "/dev/null", None);
        }
        batch.run().into_iter().map(cleaned).collect()
    }

    fn read(&self, messages: &[Sent]) -> Vec<Answer> {
        let dir = self.0.folder();
        let mut batch = Batch::new(dir.path());
        for Sent { case, message } in messages {
            let mut arguments = words("openssl cms -binary -inform DER -in");
            arguments.extend([batch.file("p7m", message), "-out".to_owned(), batch.output()]);
            match case {
                Case::Signed(signed) => {
                    let signer = &self.0.of(signed.signer.key()).certificate_file;
                    arguments.extend(words("-verify -CAfile"));
                    arguments.extend([&self.0.ca_file, "-certfile", signer].map(str::to_owned));
                    if signed.form == Form::Detached {
                        let content = batch.file("in", &signed.size.content());
                        arguments.extend(["-content".to_owned(), content]);
                    }
                }
                Case::Encrypted(encrypted) => {
                    let reader = self.0.of(encrypted.key);
                    let files = ["-recip", &reader.certificate_file, "-inkey", &reader.key_file];
                    arguments.push("-decrypt".to_owned());
                    arguments.extend(files.map(str::to_owned));
                }
                Case::Compressed { .. } => arguments.push("-uncompress".to_owned()),
            }
            batch.add(&arguments, "/dev/null", None);
        }
        batch.run().into_iter().map(cleaned).collect()
    }
}

impl OpenSsl<'_> {
    fn sign(&self, signed: &Signed) -> Vec<String> {
        let signer = self.0.of(signed.signer.key());
        let files = ["-signer", &signer.certificate_file, "-inkey", &signer.key_file];
        let mut arguments = words("-sign");
        arguments.extend(files.map(str::to_owned));
        arguments.extend(["-md".to_owned(), format!("sha{}", signed.digest.bits())]);
        if signed.signer.is_pss() {
            arguments.extend(words("-keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:-1"));
        }
        arguments.extend(when(signed.form == Form::Opaque, "-nodetach"));
        arguments.extend(when(signed.named == Named::KeyId, "-keyid"));
        arguments.extend(when(signed.certificates == Certificates::Known, "-nocerts"));
        arguments.extend(stream(signed.encoding));
        arguments
    }

    fn encrypt(&self, encrypted: &Encrypted) -> Vec<String> {
        let cipher = match encrypted.cipher {
            Cipher::Aes128Cbc => "-aes-128-cbc",
            Cipher::Aes192Cbc => "-aes-192-cbc",
            Cipher::Aes256Cbc => "-aes-256-cbc",
            Cipher::Aes128Gcm | Cipher::Aes128GcmAttributes => "-aes-128-gcm",
            Cipher::Aes192Gcm | Cipher::Aes192GcmAttributes => "-aes-192-gcm",
            Cipher::Aes256Gcm | Cipher::Aes256GcmAttributes => "-aes-256-gcm",
        };
        let mut arguments = words("-encrypt");
        arguments.push(cipher.to_owned());
        if let Way::Agreement { wrap, .. } = encrypted.way {
            arguments.extend(words(match wrap {
                Wrap::Aes128 => "-aes128-wrap",
                Wrap::Aes192 => "-aes192-wrap",
                Wrap::Aes256 => "-aes256-wrap",
            }));
        }
        for key in encrypted.keys() {
            arguments.extend(["-recip".to_owned(), self.0.of(key).certificate_file.clone()]);
            arguments.extend(words(key_options(encrypted.way)));
        }
        arguments.extend(when(encrypted.named == Named::KeyId, "-keyid"));
        arguments.extend(stream(encrypted.encoding));
        arguments
    }
}

fn key_options(way: Way) -> &'static str {
    match way {
        Way::Transport(Transport::Pkcs1) => "-keyopt rsa_padding_mode:pkcs1",
        Way::Transport(Transport::OaepSha1) => "-keyopt rsa_padding_mode:oaep",
        Way::Transport(Transport::OaepSha256) => {
            "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256"
        }
        Way::Transport(Transport::OaepSha384) => {
            "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha384"
        }
        Way::Transport(Transport::OaepSha512) => {
            "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha512"
        }
        Way::Agreement { kdf: Kdf::Sha1, .. } => "-keyopt ecdh_kdf_md:sha1",
        Way::Agreement { kdf: Kdf::Sha256 | Kdf::HkdfSha256, .. } => "-keyopt ecdh_kdf_md:sha256",
        Way::Agreement { kdf: Kdf::Sha384 | Kdf::HkdfSha384, .. } => "-keyopt ecdh_kdf_md:sha384",
        Way::Agreement { kdf: Kdf::Sha512 | Kdf::HkdfSha512, .. } => "-keyopt ecdh_kdf_md:sha512",
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn when(holds: bool, option: &str) -> Option<String> {
    holds.then(|| option.to_owned())
}

fn stream(encoding: Encoding) -> Vec<String> {
    when(encoding == Encoding::Ber, "-stream").into_iter().collect()
}

/// Of an error queue, library and reason of the first entry: what failed, before it is
/// said what failed with it. Process, function and line may change.
fn cleaned(answer: Answer) -> Answer {
    answer.map_err(|said| {
        let entry = said.lines().find_map(|line| line.split_once(":error:"));
        let Some((_, entry)) = entry else { return said.trim().to_owned() };
        let mut fields = entry.split(':').skip(1);
        let library = fields.next().unwrap_or_default();
        let reason = fields.nth(1).unwrap_or_default();
        format!("{library}: {reason}")
    })
}
