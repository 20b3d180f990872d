//! Many commands in one process: a shell that runs them one after the other.

use crate::peer::Answer;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// How long one command may take, in seconds, far longer than any does.
const LIFETIME_SECONDS: usize = 20;

/// The least that a shell is given, in seconds.
const START_SECONDS: usize = 60;

/// Commands for one shell, and where they leave what they make.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    dir: &'a Path,
    script: String,
    outputs: Vec<PathBuf>,
}

impl<'a> Batch<'a> {
    /// None yet; `dir` must be empty.
    pub(crate) fn new(dir: &'a Path) -> Self {
        Self { dir, script: String::new(), outputs: Vec::new() }
    }

    /// A new file with this content, for a command to read.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.dir.join(format!("{}.{name}", self.outputs.len()));
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// Where the next command shall write.
    pub(crate) fn output(&self) -> String {
        self.dir.join(format!("{}.out", self.outputs.len())).display().to_string()
    }

    /// The next command; its standard input is this file. What counts is what it leaves
    /// in [`Batch::output`], or in `instead` if it writes nothing.
    pub(crate) fn add(&mut self, arguments: &[String], input: &str, instead: Option<&str>) {
        let number = self.outputs.len();
        let command: Vec<String> = arguments.iter().map(|argument| quoted(argument)).collect();
        let dir = quoted(&self.dir.display().to_string());
        self.script.push_str(&format!(
            "{} <{} >/dev/null 2>{dir}/{number}.err; echo $? >{dir}/{number}.exit\n",
            command.join(" "),
            quoted(input),
        ));
        let output = instead.map_or_else(|| self.output(), str::to_owned);
        self.outputs.push(output.into());
    }

    /// Runs them all. A command that ends with another code than 0 has what it wrote to
    /// standard error as its answer.
    #[track_caller]
    pub(crate) fn run(self) -> Vec<Answer> {
        let script = self.dir.join("script.sh");
        fs::write(&script, &self.script).unwrap();
        let seconds = START_SECONDS + self.outputs.len() * LIFETIME_SECONDS;
        let status = Command::new("timeout")
            .args(["--kill-after", "10", &seconds.to_string(), "sh"])
            .arg(&script)
            .env("LANG", "C.UTF-8")
            .env_remove("LC_ALL")
            .env_remove("LC_MESSAGES")
            .stdin(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{}: {status}", script.display());
        let answer = |(number, output): (usize, &PathBuf)| {
            let exit = fs::read_to_string(self.dir.join(format!("{number}.exit"))).unwrap();
            if exit.trim() == "0" {
                Ok(fs::read(output).unwrap_or_default())
            } else {
                let said = fs::read(self.dir.join(format!("{number}.err"))).unwrap_or_default();
                Err(String::from_utf8_lossy(&said).into_owned())
            }
        };
        self.outputs.iter().enumerate().map(answer).collect()
    }
}

/// A word that the shell takes as it is.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Runs one program to its end and gives what it said.
///
/// # Panics
/// If it does not end with 0.
#[track_caller]
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = output(program, arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {complaint}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs one program that must refuse, and gives its complaint.
///
/// # Panics
/// If it ends with 0.
#[track_caller]
pub(crate) fn refused(program: &str, arguments: &[&str]) -> String {
    let output = output(program, arguments);
    assert!(!output.status.success(), "{program} {arguments:?} is done");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn output(program: &str, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_its_own_answer() {
        let dir = tempfile::tempdir().unwrap();
        let mut batch = Batch::new(dir.path());
        for command in ["cat >\"$0\"; echo ignored", "echo 'it''s' bad >&2; exit 3", "true"] {
            let input = batch.file("in", b"it's read");
            let arguments = ["sh", "-c", command, &batch.output()].map(str::to_owned);
            batch.add(&arguments, &input, None);
        }
        let other = batch.file("other", b"other");
        batch.add(&["true".to_owned()], "/dev/null", Some(&other));
        let answers = batch.run();
        let expected = [
            Ok(b"it's read".to_vec()),
            Err("its bad\n".to_owned()),
            Ok(Vec::new()),
            Ok(b"other".to_vec()),
        ];
        assert_eq!(answers, expected);
    }
}
