//! An installation of Thunderbird with files in it that an organisation deploys.

use super::PROGRAM;
use crate::place::Place;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Makes one: the installed program, and all that lies in `files` over it. Nothing of the
/// installed one is changed.
#[track_caller]
pub(super) fn install(place: &Place, files: &Path) -> PathBuf {
    let installed = Path::new(PROGRAM).parent().unwrap();
    let folder = place.private_dir("thunderbird-deployed");
    for entry in fs::read_dir(installed).unwrap() {
        let path = entry.unwrap().path();
        symlink(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    // It looks for its files beside itself, and follows links to find out where that is.
    let program = folder.join("thunderbird-deployed");
    fs::copy(PROGRAM, &program).unwrap();
    let defaults = folder.join("defaults");
    fs::remove_file(&defaults).unwrap();
    copy(&installed.join("defaults"), &defaults);
    copy(files, &folder);
    program
}

/// Copies a folder, over what may be there.
#[track_caller]
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
