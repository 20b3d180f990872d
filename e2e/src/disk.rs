//! A small disk of its own below a folder, which can be full.

use crate::process::run;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How large it is: what a role needs in a test, several times.
const SIZE: &str = "size=24m,mode=0700";

/// The program that makes one, with its Debian package.
pub const PROGRAM: (&str, &str) = ("mount", "mount");

/// A file system in memory, until this is dropped.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Puts it over a folder, with what is there.
    #[track_caller]
    pub fn over(folder: &Path) -> Self {
        let before = folder.with_file_name("before");
        if !folder.exists() {
            fs::create_dir(folder).unwrap();
        }
        fs::rename(folder, &before).unwrap();
        fs::create_dir(folder).unwrap();
        let line = ["-t", "tmpfs", "-o", SIZE, "ssmax-e2e"];
        let _ = run(Command::new(PROGRAM.0).args(line).arg(folder)).ends(0);
        let disk = Self { folder: folder.to_owned() };
        let all = before.join(".");
        let _ = run(Command::new("cp").arg("-a").args([all.as_path(), folder])).ends(0);
        fs::remove_dir_all(before).unwrap();
        disk
    }

    /// Takes all the room that is left; what is written again and again in the same place
    /// has none either.
    pub fn fill(&self) {
        for entry in fs::read_dir(&self.folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "sqlite") {
                crate::tables::empty_log(&path);
            }
        }
        let mut ballast = File::create(self.ballast()).unwrap();
        for size in [256 * 1024, 4096] {
            let zeros = vec![0; size];
            let full = loop {
                if let Err(error) = ballast.write_all(&zeros) {
                    break error.kind();
                }
            };
            assert_eq!(full, io::ErrorKind::StorageFull);
        }
    }

    /// Gives the room back.
    pub fn free(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whatever still has a file there keeps it to its end.
        let _ = Command::new("umount").arg("--lazy").arg(&self.folder).status();
    }
}
