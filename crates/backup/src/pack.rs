//! From a role's folder into an archive.

use crate::{BackupError, FileFacts, MANIFEST, MAX_FILES, MAX_PATH_BYTES, Manifest, Whose};
use rustix::fs::{Mode, OFlags};
use ssmax_primitives::Sha256;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, Header};

/// What SQLite keeps beside a database; the snapshot has it.
const BESIDE_DATABASES: [&str; 3] = [".sqlite-wal", ".sqlite-shm", ".sqlite-journal"];

/// Where snapshots of databases are meanwhile, below the role's folder. What begins with a
/// dot is on its way somewhere and in no archive.
const SNAPSHOTS: &str = ".backup";

/// Writes what is in `dir` as an archive. A file that is gone when its turn comes was given
/// up meanwhile, and is left out; every database is as one moment after the start saw it.
///
/// # Errors
/// [`BackupError`]; what has been written is then of no use.
pub async fn pack(
    dir: &Path,
    whose: Whose,
    at: i64,
    out: impl Write,
) -> Result<Manifest, BackupError> {
    let snapshots = Snapshots::make(dir)?;
    let mut builder = Builder::new(out);
    let mut files = Vec::new();
    let mut names = names_in(dir)?;
    // Databases first: a file that one of them names is written before its row, so what is
    // missing afterwards was given up and not yet to come.
    names.sort_by_key(|name| (!is_database(name), name.clone()));
    for name in names {
        let path =
            if is_database(&name) { snapshots.of(dir, &name).await? } else { dir.join(&name) };
        match append(&mut builder, &name, &path, at) {
            Err(BackupError::File { kind: io::ErrorKind::NotFound, .. }) => {}
            added => files.push(added?),
        }
    }
    let manifest = Manifest { version: 1, whose, at, files };
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|_| BackupError::Archive(io::ErrorKind::InvalidInput))?;
    let mut header = header(text.len() as u64, at);
    builder
        .append_data(&mut header, MANIFEST, text.as_slice())
        .and_then(|()| builder.into_inner()?.flush())
        .map_err(|error| BackupError::archive(&error))?;
    Ok(manifest)
}

/// The folder of snapshots, empty again at the end.
struct Snapshots(PathBuf);

impl Snapshots {
    fn make(dir: &Path) -> Result<Self, BackupError> {
        let place = dir.join(SNAPSHOTS);
        // Of a backup that was killed.
        match fs::remove_dir_all(&place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(BackupError::of(&place)(error));
            }
            _ => {}
        }
        ssmax_store::files::create_private_dir(&place)?;
        Ok(Self(place))
    }

    async fn of(&self, dir: &Path, name: &str) -> Result<PathBuf, BackupError> {
        let snapshot = self.0.join(name);
        ssmax_store::snapshot(&dir.join(name), &snapshot).await?;
        Ok(snapshot)
    }
}

impl Drop for Snapshots {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Databases lie in a role's folder itself.
fn is_database(name: &str) -> bool {
    !name.contains('/') && name.ends_with(".sqlite")
}

/// The names of all files below `dir`.
fn names_in(dir: &Path) -> Result<Vec<String>, BackupError> {
    let mut names = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let path = dir.join(&folder);
        for entry in fs::read_dir(&path).map_err(BackupError::of(&path))? {
            let entry = entry.map_err(BackupError::of(&path))?;
            let foreign = || BackupError::ForeignKind { path: entry.path() };
            let last = entry.file_name().into_string().map_err(|_| foreign())?;
            if last.starts_with('.') || BESIDE_DATABASES.iter().any(|end| last.ends_with(end)) {
                continue;
            }
            let name = if folder.is_empty() { last } else { format!("{folder}/{last}") };
            if name.len() > MAX_PATH_BYTES || names.len() >= MAX_FILES {
                return Err(BackupError::TooMany);
            }
            let kind = entry.file_type().map_err(BackupError::of(&entry.path()))?;
            if kind.is_dir() {
                folders.push(name);
            } else if kind.is_file() {
                names.push(name);
            } else {
                return Err(foreign());
            }
        }
    }
    Ok(names)
}

fn append(
    builder: &mut Builder<impl Write>,
    name: &str,
    path: &Path,
    at: i64,
) -> Result<FileFacts, BackupError> {
    let failed = BackupError::of(path);
    // Between the look and this another kind of file may have come.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(
        rustix::fs::open(path, flags, Mode::empty()).map_err(|error| failed(error.into()))?,
    );
    let metadata = file.metadata().map_err(&failed)?;
    if !metadata.is_file() {
        return Err(BackupError::ForeignKind { path: path.to_owned() });
    }
    let bytes = metadata.len();
    let mut header = header(bytes, at);
    let mut read = Digesting { inner: file.take(bytes), digest: Sha256::new(), bytes: 0 };
    builder
        .append_data(&mut header, name, &mut read)
        .map_err(|error| BackupError::archive(&error))?;
    if read.bytes != bytes {
        // Nothing of ours shrinks while it is there.
        return Err(BackupError::Changed { name: name.to_owned() });
    }
    Ok(FileFacts { name: name.to_owned(), bytes, sha256: hex::encode(read.digest.finish()) })
}

fn header(bytes: u64, at: i64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_mtime(u64::try_from(at).unwrap_or(0));
    header
}

/// A reader that remembers what went through.
pub(crate) struct Digesting<R> {
    pub(crate) inner: R,
    pub(crate) digest: Sha256,
    pub(crate) bytes: u64,
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.digest.update(buffer.get(..read).unwrap_or_default());
        self.bytes += read as u64;
        Ok(read)
    }
}
