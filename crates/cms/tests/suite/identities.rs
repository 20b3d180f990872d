//! Keys and certificates made once per run with `openssl`, and the running of it.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::LazyLock,
};

use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
use tempfile::TempDir;

/// A self-signed certificate and its key, on disk and in memory.
pub(crate) struct Identity {
    pub(crate) certificate: Certificate,
    pub(crate) certificate_file: String,
    pub(crate) key_file: String,
    /// Only for kinds of keys that are our own.
    key: Option<SoftwareKey>,
}

impl Identity {
    pub(crate) fn key(&self) -> &SoftwareKey {
        self.key.as_ref().expect("a key of our own kind")
    }

    fn new(name: &str, key: &[&str], extensions: &[&str]) -> Self {
        let path =
            |suffix: &str| FOLDER.path().join(format!("{name}.{suffix}")).display().to_string();
        let (certificate_file, key_file) = (path("crt"), path("key"));
        let subject = format!("/O=Test/CN={name}");
        let mut arguments = vec!["req", "-x509", "-nodes", "-days", "3650", "-subj", &subject];
        arguments.extend(key);
        for extension in extensions {
            arguments.extend(["-addext", extension]);
        }
        arguments.extend(["-keyout", &key_file, "-out", &certificate_file]);
        openssl(&arguments, b"");
        let pem = std::fs::read_to_string(&certificate_file).unwrap();
        let key_pem = std::fs::read_to_string(&key_file).unwrap();
        Self {
            certificate: Certificate::from_pem(&pem).unwrap(),
            key: SoftwareKey::from_pem(&key_pem).ok(),
            certificate_file,
            key_file,
        }
    }
}

/// Statics are never dropped, so what stays behind stays in the build folder.
static FOLDER: LazyLock<TempDir> = LazyLock::new(build_folder);

pub(crate) fn build_folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

const EC: [&str; 3] = ["-newkey", "ec", "-pkeyopt"];

fn ec(name: &str, curve: &str) -> Identity {
    let curve = format!("ec_paramgen_curve:{curve}");
    Identity::new(name, &[&EC[..], &[&curve]].concat(), &[])
}

pub(crate) static RSA: LazyLock<Identity> =
    LazyLock::new(|| Identity::new("rsa", &["-newkey", "rsa:2048"], &[]));
pub(crate) static OTHER_RSA: LazyLock<Identity> =
    LazyLock::new(|| Identity::new("other-rsa", &["-newkey", "rsa:3072"], &[]));
pub(crate) static P256: LazyLock<Identity> = LazyLock::new(|| ec("p256", "P-256"));
pub(crate) static OTHER_P256: LazyLock<Identity> = LazyLock::new(|| ec("other-p256", "P-256"));
/// With an address and usages, for programs that look at them.
pub(crate) static ALICE: LazyLock<Identity> = LazyLock::new(|| {
    let extensions = [
        "subjectAltName=email:alice@a.example",
        "keyUsage=digitalSignature,keyEncipherment,keyCertSign",
    ];
    Identity::new("alice", &["-newkey", "rsa:2048"], &extensions)
});
/// As [`ALICE`], on P-256.
pub(crate) static BOB: LazyLock<Identity> = LazyLock::new(|| {
    let extensions = [
        "subjectAltName=email:bob@b.example",
        "keyUsage=digitalSignature,keyAgreement,keyCertSign",
    ];
    Identity::new("bob", &[&EC[..], &["ec_paramgen_curve:P-256"]].concat(), &extensions)
});
pub(crate) static P384: LazyLock<Identity> = LazyLock::new(|| ec("p384", "P-384"));
pub(crate) static P521: LazyLock<Identity> = LazyLock::new(|| ec("p521", "P-521"));
pub(crate) static ED25519: LazyLock<Identity> =
    LazyLock::new(|| Identity::new("ed25519", &["-newkey", "ed25519"], &[]));

/// Too small for anything.
pub(crate) static RSA_1024: LazyLock<Identity> =
    LazyLock::new(|| Identity::new("rsa-1024", &["-newkey", "rsa:1024"], &[]));
/// Certified by [`P256`], since such a key cannot sign for itself.
pub(crate) static X25519: LazyLock<Identity> = LazyLock::new(|| {
    let path = |suffix: &str| FOLDER.path().join(format!("x25519.{suffix}")).display().to_string();
    let (certificate_file, key_file, public) = (path("crt"), path("key"), path("pub"));
    openssl(&["genpkey", "-algorithm", "X25519", "-out", &key_file], b"");
    openssl(&["pkey", "-in", &key_file, "-pubout", "-out", &public], b"");
    let extensions = file("x25519.ext", b"subjectKeyIdentifier=hash\n");
    let subject = ["-subj", "/O=Test/CN=x25519", "-days", "3650", "-set_serial", "77"];
    let issuer = ["-CA", &P256.certificate_file, "-CAkey", &P256.key_file];
    let written = ["-force_pubkey", &public, "-extfile", &extensions, "-out", &certificate_file];
    openssl(&[&["x509", "-new"][..], &subject, &issuer, &written].concat(), b"");
    let pem = std::fs::read_to_string(&certificate_file).unwrap();
    let key_pem = std::fs::read_to_string(&key_file).unwrap();
    Identity {
        certificate: Certificate::from_pem(&pem).unwrap(),
        key: SoftwareKey::from_pem(&key_pem).ok(),
        certificate_file,
        key_file,
    }
});

/// Runs `openssl` and gives what it wrote; a failure fails the test.
#[track_caller]
pub(crate) fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let output = run("openssl", arguments, input);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?}: {complaint}");
    output.stdout
}

/// Runs a program to its end with this input.
pub(crate) fn run(program: &str, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|fault| panic!("{program}: {fault}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A thread, because a program that writes before it has read all would block us.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// Whether a program is there; where it is not, a line says so, and in CI it is a failure.
pub(crate) fn has(program: &str) -> bool {
    let found = std::env::var_os("PATH").is_some_and(|paths| {
        std::env::split_paths(&paths).any(|path| path.join(program).is_file())
    });
    assert!(found || std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{program} is missing");
    if !found {
        println!("skipped: no {program}");
    }
    found
}

/// A file in the run's folder with this content.
pub(crate) fn file(name: &str, content: &[u8]) -> String {
    let path = FOLDER.path().join(name);
    std::fs::write(&path, content).unwrap();
    path.display().to_string()
}

/// A folder of the test corpora, or `None` (with a line that says so) where there are
/// none; in CI their absence is a failure.
pub(crate) fn corpus(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SSMAX_CORPORA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
        PathBuf::from,
    );
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{} is missing",
        folder.display()
    );
    println!("skipped: no corpus {name}");
    None
}
