//! What messages can differ in.

use crate::space::{Conjunction, Dimension};
use ssmax_cms::enveloped::ContentCipher;

/// An enum whose variants have names for tables and rules.
macro_rules! named {
    ($(#[$about:meta])* $name:ident { $($(#[$meta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$meta])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// What it is called in tables and rules.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

named! {
    /// A pair of keys of the test persons.
    Key {
        /// RSA of 2,048 bits.
        Rsa2048 = "RSA-2048",
        /// RSA of 3,072 bits.
        Rsa3072 = "RSA-3072",
        /// NIST's curve of 256 bits.
        P256 = "P-256",
        /// NIST's curve of 384 bits.
        P384 = "P-384",
        /// NIST's curve of 521 bits.
        P521 = "P-521",
        /// Edwards' curve, for signatures only.
        Ed25519 = "Ed25519",
        /// Montgomery's curve, for encryption only.
        X25519 = "X25519",
        /// A second person with RSA of 2,048 bits.
        OtherRsa = "other RSA-2048",
        /// A second person with P-256.
        OtherP256 = "other P-256",
    }
}

impl Key {
    /// Whether it is one of RSA.
    #[must_use]
    pub fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::OtherRsa)
    }
}

named! {
    /// A key and how it signs.
    Signer {
        /// RSASSA-PKCS1-v1_5.
        Rsa2048 = "RSA-2048 PKCS#1",
        /// RSASSA-PKCS1-v1_5.
        Rsa3072 = "RSA-3072 PKCS#1",
        /// RSASSA-PSS, one hash throughout, salt as long as it.
        Rsa2048Pss = "RSA-2048 PSS",
        /// As above.
        Rsa3072Pss = "RSA-3072 PSS",
        /// ECDSA.
        P256 = "ECDSA P-256",
        /// ECDSA.
        P384 = "ECDSA P-384",
        /// ECDSA.
        P521 = "ECDSA P-521",
        /// RFC 8419.
        Ed25519 = "Ed25519",
    }
}

impl Signer {
    /// Whose key it is.
    #[must_use]
    pub fn key(self) -> Key {
        match self {
            Self::Rsa2048 | Self::Rsa2048Pss => Key::Rsa2048,
            Self::Rsa3072 | Self::Rsa3072Pss => Key::Rsa3072,
            Self::P256 => Key::P256,
            Self::P384 => Key::P384,
            Self::P521 => Key::P521,
            Self::Ed25519 => Key::Ed25519,
        }
    }

    /// Whether RSA signs with PSS.
    #[must_use]
    pub fn is_pss(self) -> bool {
        matches!(self, Self::Rsa2048Pss | Self::Rsa3072Pss)
    }
}

named! {
    /// The hash of a signature.
    Digest {
        /// 256 bits.
        Sha256 = "SHA-256",
        /// 384 bits.
        Sha384 = "SHA-384",
        /// 512 bits.
        Sha512 = "SHA-512",
    }
}

impl Digest {
    /// Its length, as a part of names.
    #[must_use]
    pub fn bits(self) -> &'static str {
        match self {
            Self::Sha256 => "256",
            Self::Sha384 => "384",
            Self::Sha512 => "512",
        }
    }
}

named! {
    /// Where the signed content is.
    Form {
        /// In the message.
        Opaque = "opaque",
        /// Beside it.
        Detached = "detached",
    }
}

named! {
    /// How a message names a certificate.
    Named {
        /// By its issuer and serial number.
        IssuerSerial = "issuer and serial",
        /// By its subjectKeyIdentifier.
        KeyId = "key id",
    }
}

named! {
    /// Whether the signer's certificate is in the message.
    Certificates {
        /// It is.
        Along = "along",
        /// The reader has it.
        Known = "left out",
    }
}

named! {
    /// How the structure is encoded.
    Encoding {
        /// Each length stands in front.
        Der = "DER",
        /// Indefinite lengths, content in segments.
        Ber = "BER",
    }
}

named! {
    /// Octets of the content: around a block of AES, and around what fits into a
    /// buffer.
    Size {
        /// Nothing.
        Empty = "0",
        /// One octet.
        One = "1",
        /// A block less one.
        BlockLess = "15",
        /// A block.
        Block = "16",
        /// A block and one.
        BlockMore = "17",
        /// 1,024.
        Kilo = "1 KB",
        /// 102,400.
        Hundred = "100 KB",
    }
}

impl Size {
    /// The number of octets.
    #[must_use]
    pub fn octets(self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One => 1,
            Self::BlockLess => 15,
            Self::Block => 16,
            Self::BlockMore => 17,
            Self::Kilo => 1_024,
            Self::Hundred => 102_400,
        }
    }

    /// The content of this size: all octets occur, and no two lines are the same.
    #[must_use]
    pub fn content(self) -> Vec<u8> {
        let mut found = Vec::new();
        let mut line = 0_u32;
        while found.len() < self.octets() {
            found.extend_from_slice(format!("line {line}: ").as_bytes());
            found.extend((0..=u8::MAX).map(|octet| octet.wrapping_add(line as u8)));
            found.extend_from_slice(b"\r\n");
            line += 1;
        }
        found.truncate(self.octets());
        found
    }
}

named! {
    /// The content cipher.
    Cipher {
        /// In EnvelopedData.
        Aes128Cbc = "AES-128-CBC",
        /// In EnvelopedData.
        Aes192Cbc = "AES-192-CBC",
        /// In EnvelopedData.
        Aes256Cbc = "AES-256-CBC",
        /// In AuthEnvelopedData.
        Aes128Gcm = "AES-128-GCM",
        /// In AuthEnvelopedData.
        Aes192Gcm = "AES-192-GCM",
        /// In AuthEnvelopedData.
        Aes256Gcm = "AES-256-GCM",
        /// With a contentType among the authAttrs.
        Aes128GcmAttributes = "AES-128-GCM, authenticated attributes",
        /// As above.
        Aes192GcmAttributes = "AES-192-GCM, authenticated attributes",
        /// As above.
        Aes256GcmAttributes = "AES-256-GCM, authenticated attributes",
    }
}

impl Cipher {
    /// Whether there are authenticated attributes.
    #[must_use]
    pub fn has_attributes(self) -> bool {
        matches!(
            self,
            Self::Aes128GcmAttributes | Self::Aes192GcmAttributes | Self::Aes256GcmAttributes
        )
    }

    /// What our library calls it.
    #[must_use]
    pub fn content_cipher(self) -> ContentCipher {
        match self {
            Self::Aes128Cbc => ContentCipher::Aes128Cbc,
            Self::Aes192Cbc => ContentCipher::Aes192Cbc,
            Self::Aes256Cbc => ContentCipher::Aes256Cbc,
            Self::Aes128Gcm | Self::Aes128GcmAttributes => ContentCipher::Aes128Gcm,
            Self::Aes192Gcm | Self::Aes192GcmAttributes => ContentCipher::Aes192Gcm,
            Self::Aes256Gcm | Self::Aes256GcmAttributes => ContentCipher::Aes256Gcm,
        }
    }
}

named! {
    /// How RSA gives the content key.
    Transport {
        /// PKCS#1 v1.5.
        Pkcs1 = "PKCS#1 v1.5",
        /// OAEP, this hash for label and mask.
        OaepSha1 = "OAEP SHA-1",
        /// As above.
        OaepSha256 = "OAEP SHA-256",
        /// As above.
        OaepSha384 = "OAEP SHA-384",
        /// As above.
        OaepSha512 = "OAEP SHA-512",
    }
}

named! {
    /// How a shared secret becomes a key.
    Kdf {
        /// X9.63 (RFC 5753).
        Sha1 = "X9.63 SHA-1",
        /// X9.63.
        Sha256 = "X9.63 SHA-256",
        /// X9.63.
        Sha384 = "X9.63 SHA-384",
        /// X9.63.
        Sha512 = "X9.63 SHA-512",
        /// HKDF (RFC 8418), for X25519 only.
        HkdfSha256 = "HKDF SHA-256",
        /// As above.
        HkdfSha384 = "HKDF SHA-384",
        /// As above.
        HkdfSha512 = "HKDF SHA-512",
    }
}

named! {
    /// AES key wrap.
    Wrap {
        /// 128 bits.
        Aes128 = "AES-128",
        /// 192 bits.
        Aes192 = "AES-192",
        /// 256 bits.
        Aes256 = "AES-256",
    }
}

named! {
    /// User keying material of a key agreement.
    Ukm {
        /// None.
        Absent = "without",
        /// 32 octets.
        Present = "32 octets",
    }
}

named! {
    /// How many can read it.
    Recipients {
        /// The reader alone.
        One = "1",
        /// The reader is the second.
        Three = "3",
    }
}

/// A signed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is told by its type")]
pub struct Signed {
    pub signer: Signer,
    pub digest: Digest,
    pub form: Form,
    pub named: Named,
    pub certificates: Certificates,
    pub encoding: Encoding,
    pub size: Size,
}

/// An encrypted message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is told by its type")]
pub struct Encrypted {
    pub key: Key,
    pub way: Way,
    pub cipher: Cipher,
    pub recipients: Recipients,
    pub named: Named,
    pub encoding: Encoding,
    pub size: Size,
}

impl Encrypted {
    /// All who can read it, in their order. RSA and EC are not mixed.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        match (self.recipients, self.key) {
            (Recipients::One, key) => vec![key],
            (Recipients::Three, Key::Rsa2048) => vec![Key::OtherRsa, self.key, Key::Rsa3072],
            (Recipients::Three, key) if key.is_rsa() => vec![Key::OtherRsa, key, Key::Rsa2048],
            (Recipients::Three, Key::P256) => vec![Key::OtherP256, self.key, Key::P384],
            (Recipients::Three, key) => vec![Key::OtherP256, key, Key::P256],
        }
    }
}

/// How the content key is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is told by its type")]
pub enum Way {
    /// With RSA.
    Transport(Transport),
    /// With an elliptic curve.
    Agreement { kdf: Kdf, wrap: Wrap, ukm: Ukm },
}

/// One message to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is told by its type")]
pub enum Case {
    Signed(Signed),
    Encrypted(Encrypted),
    /// CompressedData (RFC 3274).
    Compressed {
        encoding: Encoding,
        size: Size,
    },
}

impl Case {
    /// The size of its content.
    #[must_use]
    pub fn size(&self) -> Size {
        match self {
            Self::Signed(Signed { size, .. })
            | Self::Encrypted(Encrypted { size, .. })
            | Self::Compressed { size, .. } => *size,
        }
    }
}

named! {
    /// The kinds of messages, each with its own dimensions.
    Kind {
        /// SignedData.
        Signed = "signed",
        /// EnvelopedData and AuthEnvelopedData with key transport.
        ForRsa = "encrypted for RSA",
        /// As above with key agreement.
        ForEc = "encrypted for elliptic curves",
        /// CompressedData.
        Compressed = "compressed",
    }
}

const CURVES: [Key; 4] = [Key::P256, Key::P384, Key::P521, Key::X25519];
const RSA: [Key; 2] = [Key::Rsa2048, Key::Rsa3072];

macro_rules! dimension {
    ($name:literal, $values:expr) => {
        Dimension { name: $name, values: $values.iter().map(|value| value.name()).collect() }
    };
}

impl Kind {
    /// What messages of this kind differ in.
    #[must_use]
    pub fn dimensions(self) -> Vec<Dimension> {
        match self {
            Self::Signed => vec![
                dimension!("signer", Signer::ALL),
                dimension!("digest", Digest::ALL),
                dimension!("content", Form::ALL),
                dimension!("signer named by", Named::ALL),
                dimension!("certificate", Certificates::ALL),
                dimension!("encoding", Encoding::ALL),
                dimension!("octets", Size::ALL),
            ],
            Self::ForRsa => vec![
                dimension!("key", RSA),
                dimension!("transport", Transport::ALL),
                dimension!("cipher", Cipher::ALL),
                dimension!("recipients", Recipients::ALL),
                dimension!("recipient named by", Named::ALL),
                dimension!("encoding", Encoding::ALL),
                dimension!("octets", Size::ALL),
            ],
            Self::ForEc => vec![
                dimension!("key", CURVES),
                dimension!("derivation", Kdf::ALL),
                dimension!("wrap", Wrap::ALL),
                dimension!("ukm", Ukm::ALL),
                dimension!("cipher", Cipher::ALL),
                dimension!("recipients", Recipients::ALL),
                dimension!("recipient named by", Named::ALL),
                dimension!("encoding", Encoding::ALL),
                dimension!("octets", Size::ALL),
            ],
            Self::Compressed => {
                vec![dimension!("encoding", Encoding::ALL), dimension!("octets", Size::ALL)]
            }
        }
    }

    /// What no norm knows, and nobody is asked for.
    #[must_use]
    pub fn nonexistent(self) -> &'static [Conjunction] {
        match self {
            // RFC 8419 3.1: "the message digest algorithm MUST be SHA-512".
            Self::Signed => &[&[("signer", &["Ed25519"]), ("digest", &["SHA-256", "SHA-384"])]],
            // RFC 8418 has X9.63 and HKDF; RFC 5753 only the former.
            Self::ForEc => &[&[
                ("key", &["P-256", "P-384", "P-521"]),
                ("derivation", &["HKDF SHA-256", "HKDF SHA-384", "HKDF SHA-512"]),
            ]],
            Self::ForRsa | Self::Compressed => &[],
        }
    }

    /// The message with the values at these positions of [`Kind::dimensions`].
    ///
    /// # Panics
    /// If there are no such positions.
    #[must_use]
    pub fn case(self, positions: &[usize]) -> Case {
        match (self, positions) {
            (Self::Signed, &[signer, digest, form, named, certificates, encoding, size]) => {
                Case::Signed(Signed {
                    signer: Signer::ALL[signer],
                    digest: Digest::ALL[digest],
                    form: Form::ALL[form],
                    named: Named::ALL[named],
                    certificates: Certificates::ALL[certificates],
                    encoding: Encoding::ALL[encoding],
                    size: Size::ALL[size],
                })
            }
            (Self::ForRsa, &[key, transport, cipher, recipients, named, encoding, size]) => {
                Case::Encrypted(Encrypted {
                    key: RSA[key],
                    way: Way::Transport(Transport::ALL[transport]),
                    cipher: Cipher::ALL[cipher],
                    recipients: Recipients::ALL[recipients],
                    named: Named::ALL[named],
                    encoding: Encoding::ALL[encoding],
                    size: Size::ALL[size],
                })
            }
            (Self::ForEc, &[key, kdf, wrap, ukm, cipher, recipients, named, encoding, size]) => {
                Case::Encrypted(Encrypted {
                    key: CURVES[key],
                    way: Way::Agreement {
                        kdf: Kdf::ALL[kdf],
                        wrap: Wrap::ALL[wrap],
                        ukm: Ukm::ALL[ukm],
                    },
                    cipher: Cipher::ALL[cipher],
                    recipients: Recipients::ALL[recipients],
                    named: Named::ALL[named],
                    encoding: Encoding::ALL[encoding],
                    size: Size::ALL[size],
                })
            }
            (Self::Compressed, &[encoding, size]) => {
                Case::Compressed { encoding: Encoding::ALL[encoding], size: Size::ALL[size] }
            }
            _ => panic!("{self:?} has no {positions:?}"),
        }
    }

    /// The positions of [`Kind::dimensions`] that make [`Kind::case`] give this message;
    /// none if no positions do.
    #[must_use]
    pub fn positions(self, encrypted: &Encrypted) -> Option<Vec<usize>> {
        fn at<T: PartialEq>(all: &[T], one: &T) -> Option<usize> {
            all.iter().position(|other| other == one)
        }
        let mut found = match (self, encrypted.way) {
            (Self::ForRsa, Way::Transport(transport)) => {
                vec![at(&RSA, &encrypted.key)?, at(Transport::ALL, &transport)?]
            }
            (Self::ForEc, Way::Agreement { kdf, wrap, ukm }) => vec![
                at(&CURVES, &encrypted.key)?,
                at(Kdf::ALL, &kdf)?,
                at(Wrap::ALL, &wrap)?,
                at(Ukm::ALL, &ukm)?,
            ],
            _ => return None,
        };
        found.extend([
            at(Cipher::ALL, &encrypted.cipher)?,
            at(Recipients::ALL, &encrypted.recipients)?,
            at(Named::ALL, &encrypted.named)?,
            at(Encoding::ALL, &encrypted.encoding)?,
            at(Size::ALL, &encrypted.size)?,
        ]);
        Some(found)
    }
}
