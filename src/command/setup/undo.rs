//! What was there before: kept in a file of its own beside main.cf, readable by its owner
//! alone, and restored from there.
//!
//! Where nobody has changed the two files since, they are restored octet for octet, remarks
//! and blank lines included; else value by value, and what somebody changed is left.

use super::plan::{Change, Place, Plan};
use super::postfix::Postfix;
use super::wanted::Services;
use crate::complaint::{Complaint, Exit};
use serde::{Deserialize, Serialize};
use ssmax_store::StoreError;
use ssmax_store::files;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// The name of the file.
const NAME: &str = "ssmax-setup.json";

/// The files of a Postfix that are changed.
const FILES: [&str; 2] = ["main.cf", "master.cf"];

/// The version of the form.
const VERSION: u32 = 1;

/// A file as it was and as we left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Text {
    name: String,
    before: String,
    /// Empty while we have not finished.
    after: String,
}

/// What we changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Undo {
    version: u32,
    /// The services that the changes were made for.
    pub(super) services: Services,
    changes: Vec<Change>,
    texts: Vec<Text>,
}

/// Where it is.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

impl Undo {
    /// What is remembered of this folder, if anything was written there.
    pub(super) fn read(dir: &Path) -> Result<Option<Self>, Complaint> {
        let path = path(dir);
        let text = match files::read_private(&path) {
            Ok(text) => text,
            Err(StoreError::File { kind: ErrorKind::NotFound, .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let damaged =
            || Complaint::new(Exit::Unavailable, "setup-undo-damaged").with("path", path.display());
        let undo: Self = serde_json::from_slice(&text).map_err(|_| damaged())?;
        if undo.version == VERSION { Ok(Some(undo)) } else { Err(damaged()) }
    }

    /// The same for who may not read it, as a role's user: then nothing is known of it.
    pub(super) fn read_if_allowed(dir: &Path) -> Result<Option<Self>, Complaint> {
        match files::read_private(&path(dir)) {
            Err(StoreError::File { kind: ErrorKind::PermissionDenied, .. }) => Ok(None),
            _ => Self::read(dir),
        }
    }

    /// Whether what a change finds is what we wrote.
    pub(super) fn wrote(&self, change: &Change) -> bool {
        self.changes
            .iter()
            .any(|one| one.place == change.place && change.before.as_ref() == Some(&one.after))
    }

    /// Whether we made a service.
    pub(super) fn made(&self, service: &str) -> bool {
        self.changes.iter().any(|one| {
            one.before.is_none() && matches!(&one.place, Place::Service(name) if name == service)
        })
    }

    /// Restores what was there, and forgets it. What could not be restored, since somebody
    /// else has changed it, is the answer.
    pub(super) fn restore(self, postfix: &Postfix) -> Result<Vec<Change>, Complaint> {
        let dir = postfix.dir();
        let is_as_left = |text: &Text| {
            std::fs::read(dir.join(&text.name)).is_ok_and(|now| now == text.after.as_bytes())
        };
        let mut left = Vec::new();
        if !self.texts.is_empty() && self.texts.iter().all(is_as_left) {
            for text in &self.texts {
                replace(&dir.join(&text.name), text.before.as_bytes())?;
            }
        } else {
            for change in self.changes.iter().rev() {
                // Read anew each time: an option that was restored is one of its service.
                let found = postfix.read()?.at(&change.place);
                if found.as_deref().is_some_and(|found| change.is_as_written(found)) {
                    postfix.change(&change.place, change.before.as_deref())?;
                } else if found != change.before {
                    left.push(change.clone());
                }
            }
        }
        files::remove(&path(dir))?;
        Ok(left)
    }

    fn save(&self, dir: &Path) -> Result<(), Complaint> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| Complaint::new(Exit::Unavailable, "failed").with("reason", error))?;
        Ok(files::write_private(&path(dir), &text)?)
    }
}

/// Makes the changes. What was there is on the disk before the first.
pub(super) fn write(
    postfix: &Postfix,
    plan: &Plan,
    before: Option<Undo>,
    services: Services,
) -> Result<(), Complaint> {
    let dir = postfix.dir();
    let mut undo = match before {
        Some(undo) => Undo { services, ..undo },
        None => Undo { version: VERSION, services, changes: Vec::new(), texts: texts(dir)? },
    };
    for change in &plan.changes {
        match undo.changes.iter_mut().find(|one| one.place == change.place) {
            // What was there before us stays what is restored.
            Some(known) => known.after.clone_from(&change.after),
            None => undo.changes.push(change.clone()),
        }
    }
    // What somebody changed between two of our runs would be lost if both were restored whole;
    // after a run that did not finish nobody can tell it from our own.
    let is_as_left = |text: &Text| {
        let left = if text.after.is_empty() { &text.before } else { &text.after };
        std::fs::read(dir.join(&text.name)).is_ok_and(|now| now == left.as_bytes())
    };
    if !undo.texts.iter().all(is_as_left) {
        undo.texts.clear();
    }
    undo.save(dir)?;
    for change in &plan.changes {
        postfix.change(&change.place, Some(&change.after))?;
    }
    for text in &mut undo.texts {
        text.after = read(&dir.join(&text.name))?;
    }
    undo.save(dir)
}

/// Both files, if both are text.
fn texts(dir: &Path) -> Result<Vec<Text>, Complaint> {
    FILES
        .iter()
        .map(|name| {
            let before = read(&dir.join(name))?;
            Ok(Text { name: (*name).to_owned(), before, after: String::new() })
        })
        .collect()
}

fn read(path: &Path) -> Result<String, Complaint> {
    std::fs::read_to_string(path)
        .map_err(|error| Complaint::from_io(path, error.kind(), Exit::Unavailable))
}

/// Puts other content in place of a file's, whole or not at all, under its owner and rights.
fn replace(path: &Path, content: &[u8]) -> Result<(), Complaint> {
    let beside = path.with_extension("ssmax-new");
    let replaced = || {
        let now = std::fs::metadata(path)?;
        // Of a run that was killed, or a link that somebody has laid.
        let _ = std::fs::remove_file(&beside);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(content)?;
        fchown(&file, Some(now.uid()), Some(now.gid()))?;
        file.set_permissions(now.permissions())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    };
    replaced()
        .map_err(|error: std::io::Error| Complaint::from_io(path, error.kind(), Exit::Unavailable))
}
