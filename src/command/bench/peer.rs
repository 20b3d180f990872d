//! The other side of `ssmax bench cms`: libcrypto's CMS functions in a small C program,
//! compiled when it is needed and told on its standard input what to do.
//!
//! A process of its own, because this executable links one crypto library only. It is
//! timed by its own clock, so what crosses the pipes costs it nothing.

use super::ours::{Figure, Person, Work};
use crate::complaint::{Complaint, Exit};
use std::fs::DirBuilder;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

const SOURCE: &str = include_str!("libcrypto.c");
const COMPILER: &str = "cc";

/// The longest answer that is more than a line, in bytes.
const MAX_OBJECT_BYTES: u64 = 256 * 1024 * 1024;
/// The longest line of an answer, in bytes.
const MAX_LINE_BYTES: u64 = 1024;

/// The program, running.
pub(super) struct Peer {
    version: String,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Peer {
    /// Compiles and starts it.
    ///
    /// # Errors
    /// `bench-no-compiler`, `bench-no-libcrypto`, and `failed` where the temporary
    /// directory cannot be used.
    pub(super) fn start() -> Result<Self, Complaint> {
        let dir = Folder::new()?;
        let program = dir.0.join("libcrypto");
        compile(&dir.0, &program)?;
        let mut child = Command::new(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        // What runs needs its file no more: the folder goes with `dir`.
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(broken("start"));
        };
        let output = BufReader::new(output);
        let mut peer = Self { version: String::new(), child, input: Some(input), output };
        let line = peer.line("start")?;
        peer.version = line.strip_prefix("libcrypto ").ok_or_else(|| broken("start"))?.to_owned();
        Ok(peer)
    }

    /// What it calls itself.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Gives it the key and certificates that are used from now on.
    pub(super) fn take_person(&mut self, person: &Person) -> Result<(), Complaint> {
        let key = person.key.to_pkcs8();
        self.send("key", &[&key, person.signing.der(), person.encryption.der()])
    }

    /// Gives it what is signed, verified, encrypted and decrypted from now on.
    pub(super) fn take_work(&mut self, work: &Work<'_>) -> Result<(), Complaint> {
        self.send("content", &[&work.entity])?;
        self.send("signed", &[&work.signature])?;
        self.send("enveloped", &[&work.encrypted])
    }

    /// What `operation` gives, once.
    pub(super) fn make(&mut self, operation: &'static str) -> Result<Vec<u8>, Complaint> {
        self.write(operation, format!("make {operation}\n").as_bytes())?;
        let line = self.line(operation)?;
        let len = line.strip_prefix("octets ").and_then(|len| len.parse().ok());
        let len = len.filter(|len| *len <= MAX_OBJECT_BYTES).ok_or_else(|| broken(operation))?;
        let mut made = Vec::new();
        (&mut self.output).take(len).read_to_end(&mut made).map_err(|_| broken(operation))?;
        if made.len() as u64 == len { Ok(made) } else { Err(broken(operation)) }
    }

    /// Lets it repeat `operation` for at least `wanted`.
    pub(super) fn repeat(
        &mut self,
        operation: &'static str,
        wanted: Duration,
    ) -> Result<Figure, Complaint> {
        let command = format!("run {operation} {}\n", wanted.as_nanos());
        self.write(operation, command.as_bytes())?;
        figure(&self.line(operation)?).ok_or_else(|| broken(operation))
    }

    fn send(&mut self, name: &'static str, parts: &[&[u8]]) -> Result<(), Complaint> {
        let lens: Vec<String> = parts.iter().map(|part| part.len().to_string()).collect();
        self.write(name, format!("{name} {}\n", lens.join(" ")).as_bytes())?;
        for part in parts {
            self.write(name, part)?;
        }
        if self.line(name)? == "ok" { Ok(()) } else { Err(broken(name)) }
    }

    fn write(&mut self, what: &'static str, octets: &[u8]) -> Result<(), Complaint> {
        let input = self.input.as_mut().ok_or_else(|| broken(what))?;
        input.write_all(octets).and_then(|()| input.flush()).map_err(|_| broken(what))
    }

    fn line(&mut self, what: &'static str) -> Result<String, Complaint> {
        let mut line = String::new();
        let mut bounded = (&mut self.output).take(MAX_LINE_BYTES);
        bounded.read_line(&mut line).map_err(|_| broken(what))?;
        match line.strip_suffix('\n') {
            Some(line) if !line.starts_with("fault") => Ok(line.to_owned()),
            _ => Err(broken(what)),
        }
    }
}

impl Drop for Peer {
    /// The end of its input is the end of the program.
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// `done COUNT NANOSECONDS`.
fn figure(line: &str) -> Option<Figure> {
    let (count, nanoseconds) = line.strip_prefix("done ")?.split_once(' ')?;
    let time = Duration::from_nanos(nanoseconds.parse().ok()?);
    Some(Figure { count: count.parse().ok()?, time })
}

fn compile(dir: &Path, program: &Path) -> Result<(), Complaint> {
    let source = dir.join("libcrypto.c");
    std::fs::write(&source, SOURCE).map_err(failed)?;
    let output = Command::new(COMPILER)
        .arg("-O2")
        .arg("-o")
        .arg(program)
        .arg(&source)
        .arg("-lcrypto")
        .output()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => Complaint::new(Exit::Unavailable, "bench-no-compiler"),
            _ => failed(error),
        })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().find(|line| line.contains("error")).unwrap_or_default();
    Err(Complaint::new(Exit::Unavailable, "bench-no-libcrypto").with("reason", said))
}

/// A folder for its owner alone, removed with what is in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Complaint> {
        let name = format!("ssmax-bench-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // Fails where somebody else has made one of that name.
        DirBuilder::new().mode(0o700).create(&path).map_err(failed)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn failed(error: std::io::Error) -> Complaint {
    Complaint::new(Exit::Unavailable, "failed").with("reason", error)
}

/// libcrypto did not do what it was told.
fn broken(what: &'static str) -> Complaint {
    Complaint::new(Exit::Unavailable, "bench-peer").with("operation", what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_a_count_and_nanoseconds() {
        let expected = Figure { count: 3, time: Duration::from_micros(2) };
        assert_eq!(figure("done 3 2000"), Some(expected));
        for line in ["done", "done 3", "done x 1", "done 3 -1", "ok"] {
            assert_eq!(figure(line), None, "{line}");
        }
    }
}
