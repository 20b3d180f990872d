//! The keys and certificates of a run, made by OpenSSL.

use crate::batch::run;
use crate::case::Key;
use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// The passphrase of the PKCS#12 files.
pub(crate) const PASSPHRASE: &str = "x";

/// One person: a key pair, and the certificate for it.
#[derive(Debug)]
pub struct Person {
    /// What the person is called in certificate and address: letters and digits.
    pub name: &'static str,
    /// Of the certificate.
    pub address: String,
    /// PEM.
    pub certificate_file: String,
    /// PEM, PKCS#8, open.
    pub key_file: String,
    /// Both and the CA's certificate, in the ciphers that every program reads.
    pub pkcs12_file: String,
    /// The certificate.
    pub certificate: Certificate,
    /// The key; none of a kind that our library does not know.
    pub key: Option<SoftwareKey>,
}

/// Everybody, certified by one CA.
#[derive(Debug)]
pub struct People {
    dir: TempDir,
    /// The CA's certificate, PEM.
    pub ca_file: String,
    persons: BTreeMap<Key, Person>,
}

impl People {
    /// Makes keys and certificates; takes about two seconds.
    #[must_use]
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("ssmax-interop-").tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let (ca_file, ca_key) = (path("ca.crt"), path("ca.key"));
        let arguments = ["req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "3650"];
        let extensions = [
            ["-addext", "basicConstraints=critical,CA:TRUE"],
            ["-addext", "keyUsage=critical,keyCertSign,cRLSign"],
        ];
        let files = ["-subj", "/O=Test/CN=Test CA", "-keyout", &ca_key, "-out", &ca_file];
        let _ = run("openssl", &[&arguments[..], &extensions.concat(), &files].concat());
        let person = |key: &Key| (*key, Person::new(dir.path(), *key));
        let persons = Key::ALL.iter().map(person).collect();
        Self { ca_file, persons, dir }
    }

    /// Whose key this is.
    ///
    /// # Panics
    /// Never: everybody has been made.
    #[must_use]
    pub fn of(&self, key: Key) -> &Person {
        self.persons.get(&key).expect("everybody has been made")
    }

    /// Everybody.
    pub fn all(&self) -> impl Iterator<Item = (Key, &Person)> {
        self.persons.iter().map(|(key, person)| (*key, person))
    }

    /// A new folder that only its owner can look into.
    #[must_use]
    pub fn folder(&self) -> TempDir {
        tempfile::tempdir_in(self.dir.path()).unwrap()
    }
}

impl Default for People {
    fn default() -> Self {
        Self::new()
    }
}

impl Person {
    fn new(dir: &Path, key: Key) -> Self {
        let (name, generation) = generation(key);
        let path = |suffix: &str| dir.join(format!("{name}.{suffix}")).display().to_string();
        let (key_file, public_file) = (path("key"), path("pub"));
        let (certificate_file, pkcs12_file) = (path("crt"), path("p12"));
        let address = format!("{name}@interop.example");
        let _ = run("openssl", &[&["genpkey", "-out", &key_file], generation].concat());
        let _ = run("openssl", &["pkey", "-in", &key_file, "-pubout", "-out", &public_file]);

        let extensions = path("ext");
        fs::write(&extensions, profile(key, &address)).unwrap();
        let ca = |suffix: &str| dir.join(format!("ca.{suffix}")).display().to_string();
        let (ca_file, ca_key) = (ca("crt"), ca("key"));
        let subject = format!("/O=Test/CN={name}");
        let request = ["x509", "-new", "-force_pubkey", &public_file, "-subj", &subject];
        let issuer = ["-CA", &ca_file, "-CAkey", &ca_key, "-sha256", "-days", "800"];
        let files = ["-extfile", &extensions, "-out", &certificate_file];
        let _ = run("openssl", &[&request[..], &issuer, &files].concat());

        let certificate = fs::read_to_string(&certificate_file).unwrap();
        let pem = fs::read_to_string(&key_file).unwrap();
        let person = Self {
            name,
            address,
            certificate: Certificate::from_pem(&certificate).unwrap(),
            key: SoftwareKey::from_pem(&pem).ok(),
            certificate_file,
            key_file,
            pkcs12_file,
        };
        person.write_pkcs12(&person.pkcs12_file, &ca_file);
        person
    }

    /// Writes key and certificates under [`PASSPHRASE`], each time with another salt.
    pub(crate) fn write_pkcs12(&self, file: &str, ca_file: &str) {
        let Self { key_file, certificate_file, .. } = self;
        let parts = ["-inkey", key_file, "-in", certificate_file, "-certfile", ca_file];
        // What gpgsm 2.2 reads.
        let ciphers = ["-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"];
        let pass = format!("pass:{PASSPHRASE}");
        let options = ["-name", self.name, "-passout", &pass, "-out", file];
        let _ = run("openssl", &[&["pkcs12", "-export"][..], &parts, &ciphers, &options].concat());
    }

    /// The private key.
    ///
    /// # Errors
    /// A sentence, if our library knows no such keys.
    pub(crate) fn key(&self) -> Result<&SoftwareKey, String> {
        self.key.as_ref().ok_or_else(|| format!("no key of {} can be read", self.name))
    }
}

/// Name, and what OpenSSL is told to make a key.
fn generation(key: Key) -> (&'static str, &'static [&'static str]) {
    match key {
        Key::Rsa2048 => ("rsa2048", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
        Key::Rsa3072 => ("rsa3072", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"]),
        Key::OtherRsa => ("otherrsa", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
        Key::P256 => ("p256", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
        Key::P384 => ("p384", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        Key::P521 => ("p521", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"]),
        Key::OtherP256 => {
            ("otherp256", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
        }
        Key::Ed25519 => ("ed25519", &["-algorithm", "ED25519"]),
        Key::X25519 => ("x25519", &["-algorithm", "X25519"]),
    }
}

/// The extensions of a certificate for signing and encryption, as far as the key can.
fn profile(key: Key, address: &str) -> String {
    let usage = match key {
        Key::Ed25519 => "digitalSignature",
        Key::X25519 => "keyAgreement",
        key if key.is_rsa() => "digitalSignature,keyEncipherment",
        _ => "digitalSignature,keyAgreement",
    };
    format!(
        "basicConstraints=CA:FALSE\nkeyUsage=critical,{usage}\nextendedKeyUsage=emailProtection\n\
         subjectAltName=email:{address}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )
}
