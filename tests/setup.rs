//! `ssmax setup postfix` on the files of a real Postfix, by its own `postconf`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests run other programs and read files"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// As somebody wrote it, with remarks, a value over two lines and odd spaces.
const MAIN: &str = "# Our mail server
compatibility_level = 3.6
myhostname=mx.a.example
mynetworks = 127.0.0.0/8
  10.0.0.0/8

message_size_limit =   0
# the end
";

const MASTER: &str = "# service type  private unpriv  chroot  wakeup  maxproc command
smtp      inet  n       -       y       -       -       smtpd
  -o smtpd_helo_required=yes
submission inet n - y - - smtpd
  -o smtpd_sasl_auth_enable=yes
pickup    unix  n       -       y       60      1       pickup
bounce    unix  -       -       y       -       0       bounce
defer     unix  -       -       y       -       0       bounce
trace     unix  -       -       y       -       0       bounce
";

const CONFIG: &str = "state_dir = 'state'
run_dir = 'run'
[organisation]
id = 'NTRJP-7000012050002'
name = 'A'
domains = ['a.example']
[federation]
authority_url = 'https://authority.example'
[gateway]
host_name = 'g.a.example'
inbound_lmtp = '127.0.0.1:10024'
submission_lmtp = '127.0.0.1:10023'
next_hop = 'smtp://127.0.0.1:10025'
[gateway.system]
lmtp = '127.0.0.1:10026'
[submission]
milter = 'unix:/var/spool/postfix/ssmax/submission.sock'
";

struct Site(TempDir);

impl Site {
    /// `None` where there is no Postfix; in CI that is a failure.
    fn new() -> Option<Self> {
        let installed = Command::new("postconf").args(["-d", "mail_version"]).output().is_ok();
        let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(installed || !is_ci, "postconf (package postfix) is needed");
        if !installed {
            println!("skipped: postconf (package postfix) is not installed");
            return None;
        }
        let site = Self(tempfile::tempdir().unwrap());
        fs::create_dir(site.path("etc")).unwrap();
        fs::write(site.path("etc/main.cf"), MAIN).unwrap();
        fs::write(site.path("etc/master.cf"), MASTER).unwrap();
        fs::write(site.path("ssmax.toml"), CONFIG).unwrap();
        Some(site)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn setup(&self, more: &[&str], exit: i32) -> String {
        let said = Command::new(env!("CARGO_BIN_EXE_ssmax"))
            .args(["--lang", "en", "setup", "postfix", "--config-dir", "etc"])
            .args(more)
            .current_dir(self.0.path())
            .output()
            .unwrap();
        let text = both(&said);
        assert_eq!(said.status.code(), Some(exit), "{text}");
        text
    }

    fn check(&self) -> String {
        both(
            &Command::new(env!("CARGO_BIN_EXE_ssmax"))
                .args(["--lang", "en", "check"])
                .env("MAIL_CONFIG", self.path("etc"))
                .current_dir(self.0.path())
                .output()
                .unwrap(),
        )
    }

    /// What Postfix itself understands of its files.
    fn understood(&self) -> String {
        ["-n", "-M", "-P"]
            .map(|what| {
                let said =
                    Command::new("postconf").arg("-c").arg(self.path("etc")).arg(what).output();
                let said = said.unwrap();
                assert!(said.status.success() && said.stderr.is_empty(), "{}", both(&said));
                String::from_utf8(said.stdout).unwrap()
            })
            .concat()
    }
}

fn both(said: &Output) -> String {
    [&said.stdout, &said.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat()
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn what_is_written_is_all_there_and_what_is_taken_back_is_octet_for_octet_as_before() {
    let Some(site) = Site::new() else { return };
    let before = site.understood();
    let shown = site.setup(&[], 0);
    assert!(shown.contains("disable_mime_output_conversion = yes"), "{shown}");
    assert!(shown.contains("  -o content_filter=ssmax:[127.0.0.1]:10024"), "{shown}");
    assert!(shown.contains("smtp/inet/content_filter: not set -> "), "{shown}");
    assert_eq!(
        (site.text("etc/main.cf"), site.text("etc/master.cf")),
        (MAIN.into(), MASTER.into())
    );

    site.setup(&["--write"], 0);
    let written = site.understood();
    for line in [
        "disable_mime_output_conversion = yes",
        // No limit is not made one.
        "message_size_limit = 0",
        "mailbox_size_limit = 0",
        "smtp/inet/smtpd_helo_required = yes",
        "smtp/inet/content_filter = ssmax:[127.0.0.1]:10024",
        "smtp/inet/receive_override_options = no_address_mappings",
        "submission/inet/smtpd_milters = unix:ssmax/submission.sock",
        "submission/inet/milter_default_action = tempfail",
        "submission/inet/message_size_limit = 72310656",
        "ssmax-submission/unix/lmtp_line_length_limit = 0",
        "ssmax-cleanup/unix/header_checks = static:{FILTER ssmax-system:[127.0.0.1]:10026}",
        "bounce/unix/cleanup_service_name = ssmax-cleanup",
        "127.0.0.1:10025/inet/smtpd_authorized_xforward_hosts = 127.0.0.0/8",
    ] {
        assert!(written.lines().any(|one| one.trim() == line), "{line}:\n{written}");
    }
    let undo = site.path("etc/ssmax-setup.json");
    assert_eq!(fs::metadata(&undo).unwrap().permissions().mode() & 0o777, 0o600);

    // Once more changes nothing, and nothing is asked for.
    let files = || (site.text("etc/main.cf"), site.text("etc/master.cf"));
    let (once, kept) = (files(), fs::read(&undo).unwrap());
    assert!(site.setup(&["--write"], 0).contains("has all of it"));
    assert!(site.setup(&[], 0).contains("has all of it"));
    assert_eq!((files(), fs::read(&undo).unwrap()), (once, kept));

    site.setup(&["--undo"], 0);
    assert_eq!(files(), (MAIN.into(), MASTER.into()));
    assert_eq!(site.understood(), before);
    assert!(!undo.exists());
    assert!(site.setup(&["--undo"], 1).contains("Nothing was written"));
}

/// As a run leaves them that was killed on its way: nobody can tell afterwards who changed what.
#[test]
fn after_a_run_that_did_not_finish_nothing_of_others_is_taken_back() {
    let Some(site) = Site::new() else { return };
    site.setup(&["--write"], 0);
    let undo = site.path("etc/ssmax-setup.json");
    let mut kept: serde_json::Value = serde_json::from_slice(&fs::read(&undo).unwrap()).unwrap();
    for text in kept["texts"].as_array_mut().unwrap() {
        text["after"] = "".into();
    }
    fs::write(&undo, kept.to_string()).unwrap();
    let main = site.path("etc/main.cf");
    edit(&main, "disable_mime_output_conversion = yes", "relayhost = [10.0.0.1]");
    site.setup(&["--write"], 0);
    // Where somebody has laid a link, nothing is written through it.
    std::os::unix::fs::symlink(site.path("ssmax.toml"), site.path("etc/main.ssmax-new")).unwrap();
    site.setup(&["--undo"], 0);
    assert!(site.text("etc/main.cf").contains("relayhost = [10.0.0.1]"));
    assert!(!site.understood().contains("disable_mime_output_conversion = yes"));
    assert_eq!(site.text("ssmax.toml"), CONFIG);
}

#[test]
fn what_others_change_afterwards_stays_and_the_rest_is_taken_back() {
    let Some(site) = Site::new() else { return };
    let before = site.understood();
    site.setup(&["--write"], 0);
    let main = site.path("etc/main.cf");
    edit(&main, "disable_mime_output_conversion = yes", "disable_mime_output_conversion = no");
    edit(&main, "# Our mail server", "# Our mail server, since May\nbiff = no");
    let said = site.setup(&["--undo"], 1);
    assert!(said.contains("disable_mime_output_conversion was changed"), "{said}");
    let after = site.understood();
    let more = "biff = no\ndisable_mime_output_conversion = no\n";
    let mut expected: Vec<&str> = before.lines().chain(more.lines()).collect();
    let mut found: Vec<&str> = after.lines().collect();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
    assert!(site.text("etc/main.cf").contains("since May"));
}

#[test]
fn a_service_that_was_made_and_then_changed_by_others_is_named_and_stays() {
    let Some(site) = Site::new() else { return };
    let before = site.understood();
    site.setup(&["--write"], 0);
    // More checks than ours, on a service of ours.
    let postconf = Command::new("postconf")
        .arg("-c")
        .arg(site.path("etc"))
        .args(["-P", "127.0.0.1:10025/inet/smtpd_client_connection_count_limit=7"])
        .status();
    assert!(postconf.unwrap().success());
    let said = site.setup(&["--undo"], 1);
    assert!(said.contains("127.0.0.1:10025/inet was changed"), "{said}");
    let after = site.understood();
    let limit = "127.0.0.1:10025/inet/smtpd_client_connection_count_limit = 7";
    assert!(after.contains(limit), "{after}");
    let others = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| !line.starts_with("127.0.0.1:10025"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(others(&after), others(&before));
}

#[test]
fn values_of_the_configuration_that_change_are_written_anew_and_the_first_ones_restored() {
    let Some(site) = Site::new() else { return };
    site.setup(&["--write"], 0);
    edit(&site.path("ssmax.toml"), ":10024", ":20024");
    edit(&site.path("ssmax.toml"), ":10026", ":20026");
    site.setup(&["--write"], 0);
    let written = site.understood();
    assert!(written.contains("smtp/inet/content_filter = ssmax:[127.0.0.1]:20024"), "{written}");
    assert!(written.contains("{FILTER ssmax-system:[127.0.0.1]:20026}"), "{written}");
    assert!(!written.contains(":10024") && !written.contains(":10026"), "{written}");
    site.setup(&["--undo"], 0);
    assert_eq!(
        (site.text("etc/main.cf"), site.text("etc/master.cf")),
        (MAIN.into(), MASTER.into())
    );
}

#[test]
fn what_somebody_else_has_set_is_named_and_replaced_only_when_told_so() {
    let Some(site) = Site::new() else { return };
    let main = site.path("etc/main.cf");
    edit(&main, "# the end", "content_filter = amavis:[127.0.0.1]:10030\n# the end");
    let there = site.text("etc/main.cf");
    let said = site.setup(&["--write"], 1);
    assert!(said.contains("content_filter = amavis:[127.0.0.1]:10030"), "{said}");
    assert_eq!(
        (site.text("etc/main.cf"), site.text("etc/master.cf")),
        (there.clone(), MASTER.into())
    );
    site.setup(&["--write", "--replace"], 0);
    assert!(!site.understood().contains("amavis"));
    // Also value by value, the earlier one comes back.
    edit(&main, "# the end", "# the very end");
    site.setup(&["--undo"], 0);
    assert!(site.understood().contains("content_filter = amavis:[127.0.0.1]:10030"));
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&site.text("etc/main.cf")), lines(&there.replace("the end", "the very end")));
}

#[test]
fn check_says_when_postfix_is_told_something_else() {
    let Some(site) = Site::new() else { return };
    let said = site.check();
    assert!(said.contains("[warning] postfix: Postfix in"), "{said}");
    assert!(said.contains("smtp/inet/content_filter"), "{said}");
    site.setup(&["--write"], 0);
    assert!(site.check().contains("[ok] postfix: Postfix in"), "{}", site.check());
    edit(&site.path("etc/master.cf"), "ssmax:[127.0.0.1]:10024", "ssmax:[127.0.0.1]:10099");
    let said = site.check();
    assert!(said.contains("would write: smtp/inet/content_filter\n"), "{said}");
    edit(&site.path("etc/master.cf"), "ssmax:[127.0.0.1]:10099", "ssmax:[127.0.0.1]:10024");
    // More than surely fits at other members; less may be anybody's wish.
    edit(&site.path("etc/master.cf"), "limit=72310656", "limit=72310657");
    let said = site.check();
    assert!(said.contains("would write: submission/inet/message_size_limit\n"), "{said}");
    edit(&site.path("etc/master.cf"), "limit=72310657", "limit=30000000");
    assert!(site.check().contains("[ok] postfix: Postfix in"), "{}", site.check());
}
