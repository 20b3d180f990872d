//! SoftHSM with a token of its own, for a test in a process of its own: SoftHSM reads
//! where its tokens are from the environment, once per process.

use std::path::{Path, PathBuf};
use std::process::Command;

use ssmax_hsm::Pkcs11Config;

/// The label of the tests' token.
pub(crate) const LABEL: &str = "ssmax-test";
/// Its PIN.
pub(crate) const PIN: &str = "5678-geheim";

/// Names the folder for a test that runs with a token.
const HOME: &str = "SSMAX_TEST_TOKEN_HOME";

const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
];

/// Whether SoftHSM is missing, which only a developer's machine may do.
pub(crate) fn may_skip() -> bool {
    let found = Command::new("softhsm2-util").arg("--version").output();
    if found.is_ok_and(|output| output.status.success()) && module().is_some() {
        return false;
    }
    assert!(std::env::var("CI").is_err(), "softhsm2 is missing in CI");
    println!("skipped: softhsm2 is not installed");
    true
}

fn module() -> Option<PathBuf> {
    MODULES.iter().map(PathBuf::from).find(|path| path.exists())
}

/// The folder of this process' token; none in a process without one.
pub(crate) fn home() -> Option<PathBuf> {
    std::env::var_os(HOME).map(PathBuf::from)
}

/// How the token of `home` is opened.
pub(crate) fn config(home: &Path) -> Pkcs11Config {
    Pkcs11Config {
        module: module().unwrap(),
        token_label: LABEL.to_owned(),
        pin_file: home.join("pin"),
    }
}

/// Runs this test executable once more, with a new token and `arguments` to choose
/// tests. What it says is part of what this test says.
pub(crate) fn run_again(arguments: &[&str], settings: &str) {
    let home = tempfile::TempDir::new().unwrap();
    let at = |name: &str| home.path().join(name);
    std::fs::create_dir(at("tokens")).unwrap();
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n\
         slots.removable = false\n{settings}",
        at("tokens").display()
    );
    std::fs::write(at("softhsm2.conf"), text).unwrap();
    ssmax_store::files::write_private(&at("pin"), format!("{PIN}\n").as_bytes()).unwrap();
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", LABEL, "--so-pin", "12345678", "--pin", PIN])
        .env("SOFTHSM2_CONF", at("softhsm2.conf"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let again = Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .env("SOFTHSM2_CONF", at("softhsm2.conf"))
        .env(HOME, home.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success(), "{said}{}", String::from_utf8_lossy(&again.stderr));
    // A filter that chooses nothing would pass.
    assert!(!said.contains("running 0 tests"), "{said}");
}
