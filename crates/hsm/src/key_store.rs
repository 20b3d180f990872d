//! A directory of encrypted keys.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_store::{StoreError, files};
use ssmax_token::{KeyAlgorithm, KeyPair, TokenError};
use zeroize::Zeroizing;

use crate::cache::Cache;
use crate::header::{self, StoreKey};
use crate::key_file::{KeyFile, MAX_KEY_FILE_OCTETS};
use crate::{HsmError, KeyId, KeyPurpose, UnlockSecret, key_id, layout};

/// How many parsed keys are kept in memory. An RSA key takes some 10 KiB.
pub const MAX_CACHED_KEYS: usize = 4_096;

/// A directory of encrypted keys, opened. Shared between threads by reference.
///
/// All functions block on the disk; [`KeyStore::key`] does not for a key used before.
pub struct KeyStore {
    dir: PathBuf,
    store_key: StoreKey,
    cache: Cache,
    /// Held while a key is looked for and then written, so that two threads cannot put
    /// one key in for two purposes.
    writing: Mutex<()>,
    /// When the last key was put in: the next one is later even on a coarse clock.
    last_created: AtomicU64,
}

impl KeyStore {
    /// Makes an empty store in `dir`, which is made too if it is not there.
    ///
    /// # Errors
    /// [`HsmError::AlreadyAStore`] when there is one; [`HsmError::Files`] when the
    /// directory is open to others or cannot be written.
    pub fn create(dir: &Path, unlock: &UnlockSecret) -> Result<Self, HsmError> {
        files::create_private_dir(dir)?;
        let already = || HsmError::AlreadyAStore { dir: dir.to_owned() };
        // Keys without a header are a store whose header was lost: it may come back from
        // a backup, unless we write another.
        if layout::exists(&layout::keys(dir))? {
            return Err(already());
        }
        let (text, store_key) = header::make(unlock, &SystemRandom);
        files::create_private(&layout::header(dir), text.as_bytes()).map_err(|error| {
            if is_kind(&error, io::ErrorKind::AlreadyExists) { already() } else { error.into() }
        })?;
        Ok(Self::opened(dir, store_key))
    }

    /// Opens the store in `dir`.
    ///
    /// # Errors
    /// [`HsmError::WrongUnlockSecret`]; [`HsmError::NotAStore`];
    /// [`HsmError::DamagedStore`]; [`HsmError::Files`] when the directory or the store's
    /// file is open to others. A salt altered on the disk looks like a wrong secret.
    pub fn open(dir: &Path, unlock: &UnlockSecret) -> Result<Self, HsmError> {
        let path = layout::header(dir);
        let text =
            files::read_private_up_to(&path, header::MAX_HEADER_OCTETS).map_err(|error| {
                if is_kind(&error, io::ErrorKind::NotFound) {
                    HsmError::NotAStore { dir: dir.to_owned() }
                } else {
                    error.into()
                }
            })?;
        // The directory is there: this only looks at its mode and owner.
        files::create_private_dir(dir)?;
        let store_key = header::open(&text, unlock, &path)?;
        Ok(Self::opened(dir, store_key))
    }

    /// Makes a new key for `purpose`.
    ///
    /// # Errors
    /// [`HsmError::Key`] when the library fails, [`HsmError::Files`] when it cannot be
    /// written.
    pub fn generate(
        &self,
        purpose: KeyPurpose,
        algorithm: KeyAlgorithm,
    ) -> Result<KeyId, HsmError> {
        self.put(purpose, SoftwareKey::generate(algorithm)?)
    }

    /// Takes a key in that was made elsewhere (DER of PKCS#8, unencrypted). Importing it
    /// once more for the same purpose changes nothing.
    ///
    /// # Errors
    /// [`HsmError::WrongPurpose`] when the store has the key for another purpose,
    /// [`HsmError::Key`] when it is no key of ours, [`HsmError::Files`].
    pub fn import(&self, purpose: KeyPurpose, pkcs8: &[u8]) -> Result<KeyId, HsmError> {
        self.put(purpose, SoftwareKey::from_pkcs8(pkcs8)?)
    }

    /// The key of this id, for this purpose only. Parsed once, then kept in memory
    /// ([`MAX_CACHED_KEYS`]).
    ///
    /// # Errors
    /// [`HsmError::WrongPurpose`] when the key was made for another purpose, also when
    /// its file was moved; [`HsmError::UnknownKey`]; [`HsmError::DamagedKey`];
    /// [`HsmError::NotAKeyId`]; [`HsmError::Files`].
    pub fn key(&self, purpose: KeyPurpose, id: &str) -> Result<Arc<SoftwareKey>, HsmError> {
        if let Some(key) = self.cache.get(purpose, id) {
            return Ok(key);
        }
        let file = self.read(purpose, id)?;
        let damaged = || HsmError::DamagedKey { purpose, id: id.to_owned() };
        let key = SoftwareKey::from_pkcs8(&file.pkcs8).map_err(|_| damaged())?;
        if key_id(key.spki()) != id {
            return Err(damaged());
        }
        let key = Arc::new(key);
        self.cache.insert(purpose, id, Arc::clone(&key));
        Ok(key)
    }

    /// The ids of all keys for `purpose`, the one that came last first.
    ///
    /// Reads every file of that purpose, because when a key came is authenticated inside
    /// it: some microseconds for each. The order follows this machine's clock.
    ///
    /// # Errors
    /// [`HsmError::DamagedKey`] for the first file that is not what was written, as a
    /// list without it would name a wrong key as the newest; [`HsmError::Files`].
    pub fn keys(&self, purpose: KeyPurpose) -> Result<Vec<KeyId>, HsmError> {
        let mut found = Vec::new();
        for id in layout::ids(&self.dir, purpose)? {
            found.push((self.read(purpose, &id)?.created, id));
        }
        found.sort_by(|a, b| b.cmp(a));
        Ok(found.into_iter().map(|(_, id)| id).collect())
    }

    /// The private key itself as DER of PKCS#8, unencrypted: for [`KeyPurpose::UserSigning`]
    /// and [`KeyPurpose::UserEncryption`], whose owners are entitled to it.
    ///
    /// # Errors
    /// [`HsmError::NotExportable`] for every other purpose, else as [`KeyStore::key`].
    pub fn export(&self, purpose: KeyPurpose, id: &str) -> Result<Zeroizing<Vec<u8>>, HsmError> {
        if !purpose.is_exportable() {
            return Err(HsmError::NotExportable { purpose });
        }
        Ok(self.read(purpose, id)?.pkcs8)
    }

    fn opened(dir: &Path, store_key: StoreKey) -> Self {
        Self {
            dir: dir.to_owned(),
            store_key,
            cache: Cache::new(MAX_CACHED_KEYS),
            writing: Mutex::new(()),
            last_created: AtomicU64::new(0),
        }
    }

    fn put(&self, purpose: KeyPurpose, key: SoftwareKey) -> Result<KeyId, HsmError> {
        // The purposes know P-256 and RSA; other kinds are for reading foreign mail.
        if key.algorithm() != KeyAlgorithm::EcP256 && !key.algorithm().is_rsa() {
            return Err(TokenError::WrongAlgorithm.into());
        }
        let id = key_id(key.spki());
        // A thread that panicked here left no more behind than a crash does.
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        match self.purpose_of(&id)? {
            Some(known) if known != purpose => return Err(HsmError::WrongPurpose),
            Some(_) => {
                self.read(purpose, &id)?;
                return Ok(id);
            }
            None => {}
        }
        let file = KeyFile { created: self.next_created(), pkcs8: key.to_pkcs8() };
        let octets = file.seal(&self.store_key, purpose, &id, &SystemRandom)?;
        let path = layout::key(&self.dir, purpose, &id);
        layout::make_folders(&self.dir, &path)?;
        match files::create_private(&path, &octets) {
            Ok(()) => self.cache.insert(purpose, &id, Arc::new(key)),
            // Another process was quicker with the same key.
            Err(error) if is_kind(&error, io::ErrorKind::AlreadyExists) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(id)
    }

    fn read(&self, purpose: KeyPurpose, id: &str) -> Result<KeyFile, HsmError> {
        if !layout::is_key_id(id) {
            return Err(HsmError::NotAKeyId);
        }
        let path = layout::key(&self.dir, purpose, id);
        let octets = match files::read_private_up_to(&path, MAX_KEY_FILE_OCTETS) {
            Ok(octets) => octets,
            Err(error) if is_kind(&error, io::ErrorKind::NotFound) => {
                return Err(match self.purpose_of(id)? {
                    Some(_) => HsmError::WrongPurpose,
                    None => HsmError::UnknownKey { purpose, id: id.to_owned() },
                });
            }
            Err(error) => return Err(error.into()),
        };
        let open = |purpose| KeyFile::open(&octets, &self.store_key, purpose, id);
        open(purpose).ok_or_else(|| {
            // A whole file in the wrong folder was moved there; a person should know.
            if KeyPurpose::ALL.into_iter().any(|other| open(other).is_some()) {
                HsmError::WrongPurpose
            } else {
                HsmError::DamagedKey { purpose, id: id.to_owned() }
            }
        })
    }

    /// For which purpose there is a file of this id.
    fn purpose_of(&self, id: &str) -> Result<Option<KeyPurpose>, HsmError> {
        for purpose in KeyPurpose::ALL {
            if layout::exists(&layout::key(&self.dir, purpose, id))? {
                return Ok(Some(purpose));
            }
        }
        Ok(None)
    }

    /// Now in nanoseconds since 1970, later than for any key put in before.
    fn next_created(&self) -> u64 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        // Only called with `writing` held.
        let created = now.max(self.last_created.load(Ordering::Relaxed).saturating_add(1));
        self.last_created.store(created, Ordering::Relaxed);
        created
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStore").field("dir", &self.dir).finish_non_exhaustive()
    }
}

fn is_kind(error: &StoreError, wanted: io::ErrorKind) -> bool {
    matches!(error, StoreError::File { kind, .. } if *kind == wanted)
}
