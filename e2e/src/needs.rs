//! What these tests need of the machine.

use std::path::Path;
use std::process::Command;

/// The programs, with the Debian package that each is from.
const PROGRAMS: [(&str, &str); 6] = [
    ("postfix", "postfix"),
    ("dovecot", "dovecot-core"),
    ("swaks", "swaks"),
    ("openssl", "openssl"),
    ("setpriv", "util-linux"),
    ("timeout", "coreutils"),
];

/// What a mailer on a screen needs beside.
const PROGRAMS_OF_MAILER: [(&str, &str); 5] = [
    ("/usr/lib/thunderbird/thunderbird", "thunderbird"),
    ("Xvfb", "xvfb"),
    ("import", "imagemagick"),
    ("certutil", "libnss3-tools"),
    ("pk12util", "libnss3-tools"),
];

/// What of Dovecot comes in packages of its own.
const PROTOCOLS: [(&str, &str); 3] =
    [("imap", "dovecot-imapd"), ("lmtp", "dovecot-lmtpd"), ("../../bin/sievec", "dovecot-sieve")];

/// Where Debian keeps what [`PROTOCOLS`] are.
const DOVECOT_LIBEXEC: &str = "/usr/lib/dovecot";

/// Whether the tests can run here. Says what is missing if not.
///
/// # Panics
/// If they cannot, and the variable `CI` is `true`: there a skipped test is a failure.
pub fn are_met() -> bool {
    are_there(&PROGRAMS)
}

/// As [`are_met`], for tests with a Thunderbird too.
///
/// # Panics
/// Likewise.
pub fn are_met_with_a_mailer() -> bool {
    are_there(&[&PROGRAMS[..], &PROGRAMS_OF_MAILER].concat())
}

/// As [`are_met_with_a_mailer`], with more programs.
///
/// # Panics
/// Likewise.
pub fn are_met_with_a_mailer_and(more: &[(&str, &str)]) -> bool {
    are_there(&[&PROGRAMS[..], &PROGRAMS_OF_MAILER, more].concat())
}

/// As [`are_met`], with more programs.
///
/// # Panics
/// Likewise.
pub fn are_met_with(more: &[(&str, &str)]) -> bool {
    are_there(&[&PROGRAMS[..], more].concat())
}

fn are_there(programs: &[(&str, &str)]) -> bool {
    let Some(missing) = missing(programs) else { return true };
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!is_ci, "needed and not here: {missing}");
    println!("skipped: {missing}");
    false
}

fn missing(programs: &[(&str, &str)]) -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("mail servers are started by root only".to_owned());
    }
    let no_program = |(program, _): &&(&str, &str)| {
        Command::new("sh")
            .args(["-c", &format!("command -v {program}")])
            .output()
            .map_or(true, |found| !found.status.success())
    };
    let no_protocol = |(name, _): &&(&str, &str)| !Path::new(DOVECOT_LIBEXEC).join(name).exists();
    let program = programs.iter().find(no_program);
    let (name, package) = program.or_else(|| PROTOCOLS.iter().find(no_protocol))?;
    Some(format!("{name} (package {package}) is not installed"))
}
