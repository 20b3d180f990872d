//! `ssmax card` with SoftHSM as somebody's card, as a person types it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
];

const PIN: &str = "2468";

/// A reader with cards in it, and a folder to work in.
struct Desk {
    dir: tempfile::TempDir,
    module: &'static str,
}

impl Desk {
    /// `None` where SoftHSM is missing, which only a developer's machine may do.
    fn new() -> Option<Self> {
        let Some(module) = MODULES.into_iter().find(|path| Path::new(path).exists()) else {
            assert!(std::env::var("CI").is_err(), "softhsm2 is missing in CI");
            println!("skipped: softhsm2 is not installed");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("tokens")).unwrap();
        let text = format!(
            "directories.tokendir = {}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n",
            dir.path().display()
        );
        fs::write(dir.path().join("softhsm2.conf"), text).unwrap();
        let desk = Self { dir, module };
        desk.write_private("pin", PIN);
        desk.write_private("wrong-pin", "1357");
        Some(desk)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write_private(&self, name: &str, line: &str) {
        fs::write(self.path(name), format!("{line}\n")).unwrap();
        fs::set_permissions(self.path(name), Permissions::from_mode(0o600)).unwrap();
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SOFTHSM2_CONF", self.path("softhsm2.conf")).current_dir(self.dir.path());
        command
    }

    /// Puts another card in.
    fn insert(&self, label: &str) {
        let line = ["--init-token", "--free", "--label", label, "--so-pin", "12345678"];
        let made = self.command("softhsm2-util").args(line).args(["--pin", PIN]).output().unwrap();
        assert!(made.status.success(), "{made:?}");
    }

    fn uri(&self, path: &str) -> String {
        format!("pkcs11:{path}?module-path={}", self.module)
    }

    /// What `ssmax` says, which ends with `exit`; nobody is at a terminal.
    #[track_caller]
    fn ssmax(&self, exit: i32, line: &str, uri: &str) -> String {
        let mut command = self.command("setsid");
        command.args(["--wait", env!("CARGO_BIN_EXE_ssmax"), "--lang", "en"]);
        let output = command.args(line.split(' ')).args(["--pkcs11", uri]);
        said(&output.stdin(Stdio::null()).output().unwrap(), exit)
    }

    #[track_caller]
    fn openssl(&self, line: &str) -> String {
        said(&self.command("openssl").args(line.split(' ')).output().unwrap(), 0)
    }
}

#[track_caller]
fn said(output: &Output, exit: i32) -> String {
    let text = [&output.stdout[..], &output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert_eq!(output.status.code(), Some(exit), "{text}");
    text
}

const MAKE: &str = "card make --address hanako@a.example --out request.pem --pin-file pin";

#[test]
fn a_key_is_made_certified_and_signs_and_openssl_says_so() {
    let Some(desk) = Desk::new() else { return };
    desk.insert("Hanako");
    for (name, more) in [("mail", ""), ("old", " --rsa")] {
        let _ = fs::remove_file(desk.path("request.pem"));
        let uri = desk.uri(&format!("token=Hanako;object={name}"));
        let made: serde_json::Value =
            serde_json::from_str(&desk.ssmax(0, &format!("{MAKE} --json{more}"), &uri)).unwrap();
        assert_eq!(made["request"], "request.pem");
        desk.openssl("req -in request.pem -noout -verify");
        // A CA of nobody: what it certifies is for this key all the same.
        desk.openssl(
            "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=CA -days 2",
        );
        fs::write(
            desk.path("ext"),
            "subjectAltName=email:hanako@a.example\nkeyUsage=digitalSignature\n\
             extendedKeyUsage=emailProtection\nbasicConstraints=CA:FALSE\n",
        )
        .unwrap();
        desk.openssl(
            "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -days 2 -extfile ext -out own.pem",
        );
        // By the URI that it said, and twice: a second time changes nothing.
        let uri = made["pkcs11"].as_str().unwrap();
        for _ in 0..2 {
            desk.ssmax(0, "card install own.pem --pin-file pin", uri);
        }
        let listed = desk.ssmax(0, "card list --json", &desk.uri(""));
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        let keys = listed["cards"][0]["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["label"] == name).unwrap();
        assert_eq!(key["certificates"].as_array().unwrap().len(), 1);
        assert_eq!(key["certificates"][0]["emails"][0], "hanako@a.example");

        let mail = b"From: hanako@a.example\r\nTo: bob@b.example\r\nSubject: s\r\n\r\nHello.\r\n";
        fs::write(desk.path("mail.eml"), mail).unwrap();
        // The certificate is taken from the card.
        let line = "mail sign mail.eml --pin-file pin --chain ca.pem --out signed.eml";
        desk.ssmax(0, line, key["pkcs11"].as_str().unwrap());
        desk.openssl("cms -verify -in signed.eml -CAfile ca.pem -purpose smimesign -out entity");
    }
    // Two keys: which one has to be said.
    let line = "mail sign mail.eml --pin-file pin --out again.eml";
    let told = desk.ssmax(3, line, &desk.uri("token=Hanako"));
    assert!(told.contains("2 signing keys on the card fit"), "{told}");
    let told = desk.ssmax(3, line, &desk.uri("object=other"));
    assert!(told.contains("0 signing keys on the card fit"), "{told}");
    // The last certificate is the RSA key's.
    let told = desk.ssmax(2, "card install own.pem --pin-file pin", &desk.uri("object=mail"));
    assert!(told.contains("not for this key"), "{told}");
}

#[test]
fn what_is_missing_wrong_or_open_to_others_is_told_and_changes_nothing() {
    let Some(desk) = Desk::new() else { return };
    let told = desk.ssmax(3, "card list", &desk.uri(""));
    assert!(told.contains("0 cards fit"), "{told}");
    desk.insert("One");
    desk.insert("Two");
    let told = desk.ssmax(3, MAKE, &desk.uri(""));
    assert!(told.contains("2 cards fit"), "{told}");
    let one = desk.uri("token=One");
    let told = desk.ssmax(2, "card make --address a@a.example --out request.pem", &one);
    assert!(told.contains("no terminal to ask at"), "{told}");
    let told = desk.ssmax(3, &MAKE.replace("--pin-file pin", "--pin-file wrong-pin"), &one);
    assert!(told.contains("does not accept the PIN"), "{told}");
    fs::set_permissions(desk.path("pin"), Permissions::from_mode(0o644)).unwrap();
    let told = desk.ssmax(3, MAKE, &one);
    assert!(told.contains("pin"), "{told}");
    fs::set_permissions(desk.path("pin"), Permissions::from_mode(0o600)).unwrap();
    for (uri, words) in [
        (format!("{one}&pin-value={PIN}"), "can be read by everybody"),
        ("pkcs11:token=One".to_owned(), "does not name the library"),
        (desk.uri("slot-id=0"), "cannot be followed"),
    ] {
        let told = desk.ssmax(2, MAKE, &uri);
        assert!(told.contains(words), "{told}");
    }
    let told = desk.ssmax(3, MAKE, "pkcs11:?module-path=/nowhere.so");
    assert!(told.contains("/nowhere.so"), "{told}");
    assert!(!desk.path("request.pem").exists());
    let listed = desk.ssmax(0, "card list --json", &desk.uri(""));
    assert!(!listed.contains("\"id="), "{listed}");
    fs::write(desk.path("request.pem"), "mine").unwrap();
    desk.ssmax(2, MAKE, &one);
    assert_eq!(fs::read(desk.path("request.pem")).unwrap(), b"mine");
    let told = desk.ssmax(2, "mail sign request.pem --key pin", &one);
    assert!(told.contains("--pkcs11"), "{told}");
}

#[test]
fn a_pin_is_typed_unseen() {
    let Some(desk) = Desk::new() else { return };
    desk.insert("Hanako");
    let line = format!(
        "{} card make --address hanako@a.example --out request.pem --pkcs11 '{}'",
        env!("CARGO_BIN_EXE_ssmax"),
        desk.uri("token=Hanako")
    );
    // A terminal of its own.
    let mut script = desk.command("script");
    let script = script.args(["-qefc", &line, "/dev/null"]);
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut shown = Vec::new();
    while !shown.ends_with(b"PIN (Hanako): ") {
        let mut octet = [0];
        assert_eq!(out.read(&mut octet).unwrap(), 1, "{}", String::from_utf8_lossy(&shown));
        shown.push(octet[0]);
    }
    child.stdin.as_ref().unwrap().write_all(format!("{PIN}\n").as_bytes()).unwrap();
    out.read_to_end(&mut shown).unwrap();
    let shown = String::from_utf8_lossy(&shown);
    assert!(child.wait().unwrap().success(), "{shown}");
    assert!(!shown.contains(PIN), "{shown}");
    desk.openssl("req -in request.pem -noout -verify");
}
