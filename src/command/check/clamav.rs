//! ClamAV beside the inspector: whether it answers, and whether it keeps plaintext off
//! the disk and says what it has not looked at.

use super::{Report, of};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use ssmax_inspector::InspectorConfig;
use ssmax_inspector::clamav::ClamdAddress;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long clamd may take to say that it is there.
const ANSWER: Duration = Duration::from_secs(5);

/// Octets of the largest configuration of clamd that is read.
const MAX_CONF_BYTES: usize = 256 * 1024;

/// What clamd takes of one stream where its configuration says nothing (clamd.conf(5)).
const DEFAULT_STREAM_BYTES: u64 = 100 << 20;

/// File systems in memory (statfs(2)): tmpfs and ramfs.
const IN_MEMORY: [u32; 2] = [0x0102_1994, 0x8584_58f6];

pub(super) fn check(config: &Config, report: &mut Report<'_>) {
    // Without the role there is nothing to check, and without the setting nobody asks.
    let Ok(settings) = config.inspector() else { return };
    let inspector = &settings.inspector;
    let Some(address) = &inspector.clamav else { return };
    let name = of(Role::Inspector, "clamav");
    let told = address.to_string();
    if answers(address) {
        report.ok(&name, "check-clamd", &[("address", &told)]);
    } else {
        let complaint = Complaint::new(Exit::Unavailable, "clamd-unreachable");
        report.error(&name, &complaint.with("address", told));
    }
    match super::super::verify::read(&inspector.clamd_conf, MAX_CONF_BYTES) {
        Ok(text) => {
            let conf = Conf(String::from_utf8_lossy(&text).into_owned());
            temporary_files(&conf, inspector, report);
            promises(&conf, inspector, report);
        }
        Err(_) => {
            let complaint = Complaint::new(Exit::Bad, "clamd-conf");
            let path = inspector.clamd_conf.display();
            report.error(&of(Role::Inspector, "clamav-conf"), &complaint.with("path", path));
        }
    }
}

/// Asks clamd for a sign of life.
fn answers(address: &ClamdAddress) -> bool {
    let asked = match address {
        ClamdAddress::Unix(path) => UnixStream::connect(path).and_then(|stream| {
            stream.set_read_timeout(Some(ANSWER))?;
            ping(stream)
        }),
        ClamdAddress::Tcp(address) => {
            TcpStream::connect_timeout(address, ANSWER).and_then(|stream| {
                stream.set_read_timeout(Some(ANSWER))?;
                ping(stream)
            })
        }
    };
    asked.unwrap_or(false)
}

fn ping(mut stream: impl Read + Write) -> std::io::Result<bool> {
    const PONG: &[u8] = b"PONG\0";
    stream.write_all(b"zPING\0")?;
    let mut said = [0; PONG.len()];
    stream.read_exact(&mut said)?;
    Ok(said == PONG)
}

/// clamd writes what it is given, and what it unpacks, to files while it looks.
fn temporary_files(conf: &Conf, inspector: &InspectorConfig, report: &mut Report<'_>) {
    let name = of(Role::Inspector, "clamav-temporary");
    let told = inspector.clamd_conf.display();
    if conf.says_yes("LeaveTemporaryFiles") {
        let complaint = Complaint::new(Exit::Bad, "clamd-leaves-files").with("conf", &told);
        report.error(&of(Role::Inspector, "clamav-leaves-files"), &complaint);
    }
    let folder = conf.temporary_directory();
    let path = folder.display().to_string();
    if in_memory(&folder) {
        report.ok(&name, "check-clamd-temporary", &[("path", &path)]);
    } else {
        let complaint = Complaint::new(Exit::Bad, "clamd-temporary");
        report.error(&name, &complaint.with("path", path).with("conf", told));
    }
}

/// What the inspector relies on: that clamd tells what it has not looked at.
fn promises(conf: &Conf, inspector: &InspectorConfig, report: &mut Report<'_>) {
    let path = inspector.clamd_conf.display().to_string();
    let mut complaints = Vec::new();
    if !conf.says_yes("AlertExceedsMax") {
        complaints.push(("clamav-limits", Complaint::new(Exit::Bad, "clamd-limits")));
    }
    if !conf.says_yes("AlertEncrypted") {
        complaints.push(("clamav-encrypted", Complaint::new(Exit::Bad, "clamd-encrypted")));
    }
    let stream = conf.value("StreamMaxLength").and_then(octets).unwrap_or(DEFAULT_STREAM_BYTES);
    // 0 is no limit.
    if stream != 0 && stream < inspector.clamav_bytes {
        let complaint = Complaint::new(Exit::Bad, "clamd-stream")
            .with("octets", stream)
            .with("max", inspector.clamav_bytes);
        complaints.push(("clamav-stream", complaint));
    }
    if complaints.is_empty() {
        report.ok(&of(Role::Inspector, "clamav-conf"), "check-clamd-settings", &[("path", &path)]);
    }
    for (name, complaint) in complaints {
        report.warning(&of(Role::Inspector, name), &complaint.with("conf", &path));
    }
}

fn in_memory(folder: &Path) -> bool {
    rustix::fs::statfs(folder)
        .is_ok_and(|found| u32::try_from(found.f_type).is_ok_and(|kind| IN_MEMORY.contains(&kind)))
}

/// clamd.conf(5): a name and a value on each line, `#` before remarks.
struct Conf(String);

impl Conf {
    /// The last value of this name.
    fn value(&self, name: &str) -> Option<&str> {
        let mut values = self.0.lines().filter_map(|line| {
            let (found, value) = line.trim().split_once(char::is_whitespace)?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
        });
        values.next_back()
    }

    fn says_yes(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| {
            ["yes", "true", "1"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
        })
    }

    /// Where temporary files are: without a setting, where all programs have theirs.
    fn temporary_directory(&self) -> PathBuf {
        PathBuf::from(self.value("TemporaryDirectory").unwrap_or("/tmp"))
    }
}

/// A size of clamd.conf(5): `25M`, `1G`, `100000`.
fn octets(size: &str) -> Option<u64> {
    let unit = size.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let number: u64 = size.strip_suffix(unit)?.parse().ok()?;
    let shift = match unit.to_ascii_uppercase().as_str() {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        _ => return None,
    };
    number.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Context;
    use crate::sample;
    use ssmax_texts::Language;

    #[test]
    fn settings_of_clamd_are_found_and_remarks_are_not() {
        let conf = Conf(
            "# TemporaryDirectory /run/x\nTemporaryDirectory \"/run/clamav/tmp\"\n\
             alertexceedsmax true\nAlertEncrypted no\nStreamMaxLength 25M\n"
                .to_owned(),
        );
        assert_eq!(conf.temporary_directory(), Path::new("/run/clamav/tmp"));
        assert!(conf.says_yes("AlertExceedsMax"));
        assert!(!conf.says_yes("AlertEncrypted"));
        assert!(!conf.says_yes("LeaveTemporaryFiles"));
        assert_eq!(conf.value("StreamMaxLength").and_then(octets), Some(25 << 20));
        assert_eq!(Conf(String::new()).temporary_directory(), Path::new("/tmp"));
    }

    /// What the documentation tells to write is what is asked for here.
    #[test]
    fn the_documented_configuration_of_clamd_belongs_to_our_defaults() {
        let context = Context { language: Language::En, json: true };
        let file = sample::text(sample::Sample::Member, Language::En);
        let config = Config::parse(&file, Path::new("/etc/ssmax/ssmax.toml")).unwrap();
        let inspector = config.inspector().unwrap().inspector;
        for page in [
            include_str!("../../../docs/operator/en/clamav.md"),
            include_str!("../../../docs/operator/ja/clamav.md"),
        ] {
            let (_, behind) = page.split_once("```\n# /etc/clamav/clamd.conf\n").unwrap();
            let (text, _) = behind.split_once("```").unwrap();
            let conf = Conf(text.to_owned());
            let mut report = Report::new(&context);
            promises(&conf, &inspector, &mut report);
            assert_eq!((report.warnings, report.errors), (0, 0), "{:?}", report.checks);
            assert!(!conf.says_yes("LeaveTemporaryFiles"));
            let number = |name| conf.value(name).and_then(octets).unwrap();
            assert!(number("MaxFileSize") >= inspector.clamav_bytes);
            assert!(number("MaxScanTime") < 1000 * inspector.clamav_seconds);
            // The line for the tmpfs is for the very folder.
            let folder = conf.temporary_directory().display().to_string();
            assert!(page.contains(&format!("tmpfs {folder} tmpfs ")), "{folder}");
        }
    }

    #[test]
    fn sizes_have_units() {
        let read = ["100000", "2k", "25M", "1G"].map(octets);
        assert_eq!(read, [Some(100_000), Some(2048), Some(25 << 20), Some(1 << 30)]);
        assert_eq!(["", "M", "1T", "-1", "1 M"].map(octets), [None; 5]);
    }

    #[test]
    fn a_folder_in_memory_is_told_from_one_on_a_disk() {
        assert!(!in_memory(Path::new(env!("CARGO_MANIFEST_DIR"))));
        assert!(!in_memory(Path::new("/no/such/folder")));
        if Path::new("/dev/shm").exists() {
            assert!(in_memory(Path::new("/dev/shm")));
        }
    }
}
