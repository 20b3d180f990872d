//! The folder of one run, and addresses that nobody else uses.

use crate::mails::can_be_read;
use crate::process::run;
use ssmax_daemon::ports::Ports;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use tempfile::TempDir;

/// How much of each log is shown when a test fails, in lines.
const SHOWN_LINES: usize = 60;

/// A folder that others may pass through, since mail servers give up root's rights. It
/// is removed at the end; if the test failed, its logs are shown first.
#[derive(Debug)]
pub struct Place {
    dir: TempDir,
    ports: Mutex<Ports>,
}

impl Place {
    /// Makes it.
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("ssmax-e2e-").tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self { dir, ports: Mutex::new(Ports::claim().unwrap()) }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// An address of `ip` that nobody else uses while this folder is there.
    pub fn free(&self, ip: Ipv4Addr) -> SocketAddr {
        self.ports.lock().unwrap().free(ip.into()).unwrap()
    }

    /// Prints what stands at the end of each log.
    pub fn show_logs(&self) {
        show_logs(self.path());
    }

    /// The files of the organisations in which a text can be read, as it is or through
    /// base64: all but what lies on people's own computers. With those of the PostgreSQL
    /// server that an organisation may keep its tables on.
    pub fn files_with(&self, text: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        look_for(text, self.path(), &mut found);
        if let Some(server) = ssmax_test_postgres::shared() {
            // Far larger, and nothing in it is packed in lines.
            let said = run(Command::new("grep").args(["-rlaF", text]).arg(server.folder()));
            assert!(said.exit < 2, "{}", said.err);
            found.extend(said.text().lines().map(PathBuf::from));
        }
        found
    }

    /// A new folder in it that only root can look into.
    pub fn private_dir(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
        path
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show_logs();
        }
    }
}

fn look_for(text: &str, dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let is_someones = name.to_string_lossy().starts_with("people-");
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && !is_someones {
            look_for(text, &path, found);
        } else if kind.is_file() && can_be_read(text, &fs::read(&path).unwrap_or_default()) {
            found.push(path);
        }
    }
}

fn show_logs(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_mail = ["spool", "mail"].iter().any(|name| path.ends_with(name));
        if path.is_dir() && !path.is_symlink() && !is_mail {
            show_logs(&path);
        } else if path.extension().is_some_and(|extension| extension == "log") {
            let text = fs::read(&path).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let lines: Vec<&str> = text.lines().collect();
            let shown = lines.iter().skip(lines.len().saturating_sub(SHOWN_LINES));
            eprintln!("== {}", path.display());
            shown.for_each(|line| eprintln!("{line}"));
        }
    }
}
