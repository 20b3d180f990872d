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
    let (name, package) = program.or_else(library)?;
    Some(format!("{name} (package {package}) is not installed"))
}
