//! From an archive into a role's folder. An archive may have been in anybody's hands.

use crate::pack::Digesting;
use crate::{BackupError, FileFacts, MANIFEST, MAX_FILES, MAX_PATH_BYTES, Manifest, Whose};
use rustix::fs::OFlags;
use ssmax_primitives::Sha256;
use ssmax_store::files;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tar::{Archive, Entry, EntryType};

/// Where files lie until all have come and are what they were, below the role's folder.
const ARRIVING: &str = ".restore";

/// The largest manifest, in octets: a few hundred for each file.
const MAX_MANIFEST_BYTES: u64 = 512 * 1024 * 1024;

/// Who may read what is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The user who puts it back.
    Private,
    /// Everybody, as no secret is in it.
    Public,
}

impl Access {
    fn make_dir(self, dir: &Path) -> Result<(), BackupError> {
        match self {
            Self::Private => files::create_private_dir(dir)?,
            Self::Public => files::create_public_dir(dir)?,
        }
        Ok(())
    }
}

/// Reads a whole archive, and says what it has if every file is what its manifest says.
///
/// # Errors
/// [`BackupError`].
pub fn verify(input: impl Read) -> Result<Manifest, BackupError> {
    read_all(input, |name, mut content| {
        let read = io::copy(&mut content, &mut io::sink());
        read.map(drop).map_err(|_| BackupError::Changed { name: name.to_owned() })
    })
}

/// Puts the files of an archive into `dir`, which is made, or must be empty: nothing is
/// overwritten, and nothing is there to be used before all of it has come and been compared.
///
/// # Errors
/// [`BackupError`]; nothing has then been put back, unless the disk failed while files that
/// had all come were given their places.
pub fn unpack(
    input: impl Read,
    dir: &Path,
    whose: &Whose,
    access: Access,
) -> Result<Manifest, BackupError> {
    access.make_dir(dir)?;
    let arriving = Arriving::in_empty(dir)?;
    let manifest = read_all(input, |name, content| write(&arriving.0, name, content, access))?;
    if manifest.whose != *whose {
        return Err(BackupError::OfAnother { found: manifest.whose.to_string() });
    }
    for entry in fs::read_dir(&arriving.0).map_err(BackupError::of(&arriving.0))? {
        let entry = entry.map_err(BackupError::of(&arriving.0))?;
        let place = dir.join(entry.file_name());
        fs::rename(entry.path(), &place).map_err(BackupError::of(&place))?;
    }
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(BackupError::of(dir))?;
    Ok(manifest)
}

/// The folder of what arrives, gone at the end.
struct Arriving(PathBuf);

impl Arriving {
    fn in_empty(dir: &Path) -> Result<Self, BackupError> {
        let place = dir.join(ARRIVING);
        let failed = BackupError::of(dir);
        // Of one that was killed before anything had its place.
        let _ = fs::remove_dir_all(&place);
        if fs::read_dir(dir).map_err(&failed)?.next().is_some() {
            return Err(BackupError::NotEmpty { path: dir.to_owned() });
        }
        files::create_private_dir(&place)?;
        Ok(Self(place))
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Reads all entries, gives each file's content to `take`, and compares with the manifest.
fn read_all(
    input: impl Read,
    mut take: impl FnMut(&str, &mut dyn Read) -> Result<(), BackupError>,
) -> Result<Manifest, BackupError> {
    let mut archive = Archive::new(input);
    let mut found: Vec<FileFacts> = Vec::new();
    let mut manifest: Option<Manifest> = None;
    for entry in archive.entries().map_err(|error| BackupError::archive(&error))? {
        let entry = entry.map_err(|error| BackupError::archive(&error))?;
        let name = name_of(&entry)?;
        // Nothing stands behind the manifest.
        if manifest.is_some() || found.len() >= MAX_FILES {
            return Err(BackupError::ForeignEntry { name });
        }
        if name == MANIFEST {
            let mut text = Vec::new();
            entry
                .take(MAX_MANIFEST_BYTES)
                .read_to_end(&mut text)
                .map_err(|error| BackupError::archive(&error))?;
            manifest = Some(serde_json::from_slice(&text).map_err(|_| BackupError::NotWhole)?);
            continue;
        }
        let expected = entry.size();
        let mut content = Digesting { inner: entry, digest: Sha256::new(), bytes: 0 };
        take(&name, &mut content)?;
        if content.bytes != expected {
            return Err(BackupError::NotWhole);
        }
        let (bytes, sha256) = (content.bytes, hex::encode(content.digest.finish()));
        found.push(FileFacts { name, bytes, sha256 });
    }
    let manifest =
        manifest.filter(|manifest| manifest.version == 1).ok_or(BackupError::NotWhole)?;
    if let Some((here, _)) = found.iter().zip(&manifest.files).find(|(here, listed)| here != listed)
    {
        return Err(BackupError::Changed { name: here.name.clone() });
    }
    if found.len() == manifest.files.len() { Ok(manifest) } else { Err(BackupError::NotWhole) }
}

/// The name of an entry that is a file with a name of ours: no link, no folder, nothing that
/// leads out of the role's folder or to what is on its way.
fn name_of(entry: &Entry<'_, impl Read>) -> Result<String, BackupError> {
    let octets = entry.path_bytes();
    let text = String::from_utf8_lossy(&octets);
    let foreign = || BackupError::ForeignEntry { name: text.chars().take(100).collect() };
    let name = std::str::from_utf8(&octets).map_err(|_| foreign())?;
    let is_ours = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && !part.chars().any(char::is_control)
    };
    let is_file = entry.header().entry_type() == EntryType::Regular;
    if is_file && name.len() <= MAX_PATH_BYTES && name.split('/').all(is_ours) {
        Ok(name.to_owned())
    } else {
        Err(foreign())
    }
}

fn write(
    arriving: &Path,
    name: &str,
    content: &mut dyn Read,
    access: Access,
) -> Result<(), BackupError> {
    let path = arriving.join(name);
    if let Some(folder) = path.parent() {
        access.make_dir(folder)?;
    }
    let failed = BackupError::of(&path);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(&path)
        .map_err(&failed)?;
    io::copy(content, &mut file).map_err(&failed)?;
    if access == Access::Public {
        file.set_permissions(fs::Permissions::from_mode(0o644)).map_err(&failed)?;
    }
    file.sync_all().map_err(&failed)
}
