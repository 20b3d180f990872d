//! What these tests need of the machine.

use std::path::Path;
use std::process::Command;

/// The programs, with the Debian package that each is from.
const PROGRAMS: [(&str, &str); 10] = [
    ("openssl", "openssl"),
    ("cmsutil", "libnss3-tools"),
    ("certutil", "libnss3-tools"),
    ("pk12util", "libnss3-tools"),
    ("gpgsm", "gpgsm"),
    ("gpgconf", "gpgconf"),
    ("gpg-agent", "gpg-agent"),
    ("java", "openjdk-17-jdk-headless"),
    ("javac", "openjdk-17-jdk-headless"),
    ("timeout", "coreutils"),
];

/// Before this release OpenSSL reads no authenticated attributes ("wrong tag").
const OPENSSL: [u32; 3] = [3, 0, 22];

/// Where Debian keeps Java's libraries.
pub(crate) const JAVA_LIBRARIES: &str = "/usr/share/java";

/// Those of Bouncy Castle: messages, certificates, what they share, algorithms.
pub(crate) const BOUNCY_CASTLE: [&str; 4] =
    ["bcmail.jar", "bcpkix.jar", "bcutil.jar", "bcprov.jar"];

/// Whether the tests can run here. Says what is missing if not.
///
/// # Panics
/// If they cannot, and the variable `CI` is `true`: there a skipped test is a failure.
#[must_use]
pub fn are_met() -> bool {
    let Some(missing) = missing() else { return true };
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!is_ci, "needed and not here: {missing}");
    println!("skipped: {missing}");
    false
}

fn missing() -> Option<String> {
    let no_program = |(program, _): &&(&str, &str)| {
        Command::new("sh")
            .args(["-c", &format!("command -v {program}")])
            .output()
            .map_or(true, |found| !found.status.success())
    };
    let program = PROGRAMS.iter().find(no_program).copied();
    let library = || {
        let absent = |name: &&&str| !Path::new(JAVA_LIBRARIES).join(name).exists();
        BOUNCY_CASTLE.iter().find(absent).map(|name| (*name, "libbcmail-java"))
    };
    match program.or_else(library) {
        Some((name, package)) => Some(format!("{name} (package {package}) is not installed")),
        None => openssl_version()
            .is_none_or(|version| version < OPENSSL)
            .then(|| "openssl is older than 3.0.22".to_owned()),
    }
}

/// The release of OpenSSL, if it tells: "OpenSSL 3.0.22 25 Aug 2026 ...".
fn openssl_version() -> Option<[u32; 3]> {
    let said = Command::new("openssl").arg("version").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let mut numbers = said.split(' ').nth(1)?.splitn(3, '.').map(|number| number.parse().ok());
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}
