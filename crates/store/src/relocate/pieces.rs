//! Octets that are files on one side and rows, in pieces, on the other.

use super::Values;
use crate::error::{FileAction, StoreError};
use crate::files;
use crate::query::Parameter;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Octets of one row: what is in memory at once. The gateway writes the same.
const PIECE_BYTES: u64 = 1024 * 1024;

/// Reads files as the rows that they are on a server.
pub(super) struct PieceReader {
    folder: PathBuf,
    names: std::vec::IntoIter<String>,
    open: Option<(String, File, i64)>,
}

impl PieceReader {
    pub(super) fn new(folder: PathBuf, names: Vec<String>) -> Self {
        Self { folder, names: names.into_iter(), open: None }
    }

    pub(super) fn next(&mut self) -> Result<Option<Values>, StoreError> {
        loop {
            let Some((name, file, place)) = &mut self.open else {
                let Some(name) = self.names.next() else { return Ok(None) };
                let path = self.folder.join(&name);
                let file = File::open(&path)
                    .map_err(|error| StoreError::file(FileAction::Read, &path, &error))?;
                files::check_private_file(&file, &path)?;
                self.open = Some((name, file, 0));
                continue;
            };
            let mut octets = Vec::new();
            let read = std::io::Read::by_ref(file).take(PIECE_BYTES).read_to_end(&mut octets);
            read.map_err(|error| {
                StoreError::file(FileAction::Read, &self.folder.join(&*name), &error)
            })?;
            if octets.is_empty() {
                self.open = None;
                continue;
            }
            let row =
                vec![Parameter::from(&*name), Parameter::from(*place), Parameter::from(octets)];
            *place += 1;
            return Ok(Some(row));
        }
    }
}

/// Writes rows as the files that they are here.
#[derive(Default)]
pub(super) struct PieceWriter {
    open: Option<(PathBuf, File)>,
}

impl PieceWriter {
    pub(super) fn write(&mut self, folder: &Path, row: &Values) -> Result<(), StoreError> {
        let [Parameter::Text(Some(name)), _, Parameter::Octets(Some(octets))] = row.as_slice()
        else {
            return Err(StoreError::NotTheSame { table: folder.display().to_string() });
        };
        // It becomes a name in a folder.
        if name.is_empty() || !name.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'-') {
            return Err(StoreError::DatabaseName);
        }
        let path = folder.join(name);
        if self.open.as_ref().is_none_or(|(open, _)| *open != path) {
            self.finish()?;
            files::create_private_dir(folder)?;
            // What an earlier run has left there is of no row.
            files::remove(&path)?;
            let file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(files::PRIVATE_FILE_MODE)
                .open(&path)
                .map_err(|error| StoreError::file(FileAction::Create, &path, &error))?;
            self.open = Some((path, file));
        }
        if let Some((path, file)) = &mut self.open {
            file.write_all(octets)
                .map_err(|error| StoreError::file(FileAction::Write, path, &error))?;
        }
        Ok(())
    }

    /// Has all of it on the disk.
    pub(super) fn finish(&mut self) -> Result<(), StoreError> {
        let Some((path, file)) = self.open.take() else { return Ok(()) };
        file.sync_all().map_err(|error| StoreError::file(FileAction::Write, &path, &error))?;
        files::sync_directory_of(&path)
    }
}
