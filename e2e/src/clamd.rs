//! A real clamd with one signature of its own, and a tap at its socket.

use crate::place::Place;
use crate::process::{Running, wait_for};
use crate::tap::Tap;
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// The program, with its Debian package.
pub const PROGRAM: (&str, &str) = ("clamd", "clamav-daemon");

/// How long it may take to load its signatures, on a busy machine.
const READY: Duration = Duration::from_secs(60);

/// A running clamd.
#[derive(Debug)]
pub struct Clamd {
    tap: Tap,
    section: String,
    _running: Running,
}

impl Clamd {
    /// Starts one for an organisation.
    #[track_caller]
    pub fn start(place: &Place, name: &str) -> Self {
        let dir = place.private_dir(&format!("clamd-{name}"));
        let path = |name: &str| dir.join(name).display().to_string();
        for folder in ["db", "tmp"] {
            fs::create_dir(dir.join(folder)).unwrap();
        }
        fs::write(dir.join("db/own.ndb"), "Own.Sample:0:*:53534d41582d53414d504c45\n").unwrap();
        let conf = format!(
            "Foreground yes\nLocalSocket {}\nDatabaseDirectory {}\nTemporaryDirectory {}\n\
             AlertExceedsMax yes\nAlertEncrypted yes\n",
            path("ctl"),
            path("db"),
            path("tmp"),
        );
        fs::write(dir.join("clamd.conf"), conf).unwrap();
        let arguments = ["--config-file".to_owned(), path("clamd.conf")];
        let running = Running::start(Path::new(PROGRAM.0), &arguments, &dir.join("clamd.log"));
        let socket = dir.join("ctl");
        wait_for("clamd listens", READY, || UnixStream::connect(&socket).ok());
        let section =
            format!("clamav = \"unix:{}\"\nclamd_conf = \"{}\"\n", path("ctl"), path("clamd.conf"));
        Self { tap: Tap::socket(&socket), section, _running: running }
    }

    /// The lines of `[inspector]` that name it.
    pub fn section(&self) -> &str {
        &self.section
    }

    /// What lies between it and who asks it.
    pub fn tap(&self) -> &Tap {
        &self.tap
    }
}
