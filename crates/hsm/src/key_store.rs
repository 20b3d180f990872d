//! A directory of keys: encrypted, or references to those in a token.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_store::{StoreError, files};
use ssmax_token::{KeyAlgorithm, KeyPair, TokenError};
use zeroize::Zeroizing;

use crate::cache::Cache;
use crate::header::{self, StoreKey};
use crate::key_file::{Held, KeyFile, MAX_KEY_FILE_OCTETS};
use crate::pkcs11::{TokenKey, patiently};
use crate::{HsmError, KeyId, KeyPurpose, StoredKey, Token, UnlockSecret, key_id, layout};

/// How many parsed keys are kept in memory. An RSA key takes some 10 KiB.
pub const MAX_CACHED_KEYS: usize = 4_096;

/// A file to be written.
type NewFile = (PathBuf, Vec<u8>);

/// A key of a store, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEntry {
    /// Its name.
    pub id: KeyId,
    /// When it was made or imported.
    pub created: SystemTime,
    /// Whether it lives in a token.
    pub in_token: bool,
}

/// A directory of keys, opened. Shared between threads by reference.
///
/// With a token ([`KeyStore::with_token`]) new keys are made there, where their purpose
/// lets them ([`KeyPurpose::lives_in_token`]); the directory then holds what is known of
/// each, encrypted like a key. Keys from before stay what they are and are found.
///
/// All functions block on the disk and the token; [`KeyStore::key`] does not for a key
/// used before.
pub struct KeyStore {
    dir: PathBuf,
    token: Option<Arc<Token>>,
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

    /// The same store, with a token for its new keys; without one if there is none.
    #[must_use]
    pub fn with_token(mut self, token: Option<Arc<Token>>) -> Self {
        self.token = token;
        self
    }

    /// The token that new keys are made in.
    #[must_use]
    pub fn token(&self) -> Option<&Token> {
        self.token.as_deref()
    }

    /// Makes a new key for `purpose`, in the token if there is one for it.
    ///
    /// # Errors
    /// [`HsmError::Key`] when library or token fail, [`HsmError::Files`] when it cannot be
    /// written, and those of a token that is away.
    pub fn generate(
        &self,
        purpose: KeyPurpose,
        algorithm: KeyAlgorithm,
    ) -> Result<KeyId, HsmError> {
        check_kind(algorithm)?;
        match &self.token {
            Some(token) if purpose.lives_in_token() => self.generate_in(token, purpose, algorithm),
            _ => self.put(purpose, SoftwareKey::generate(algorithm)?),
        }
    }

    /// Makes a new key for each of `purposes` and gives their public halves (SPKI, DER) in that
    /// order. Keys in files share their writes to the disk and are made on all processors;
    /// they are not kept in memory, where those in use would make way for them.
    ///
    /// # Errors
    /// As [`KeyStore::generate`]; some of the keys may be there then, and are nobody's.
    pub fn generate_all(
        &self,
        purposes: &[KeyPurpose],
        algorithm: KeyAlgorithm,
    ) -> Result<Vec<Vec<u8>>, HsmError> {
        check_kind(algorithm)?;
        let in_token = |purpose: &KeyPurpose| self.token.is_some() && purpose.lives_in_token();
        if purposes.iter().any(in_token) {
            return purposes
                .iter()
                .map(|purpose| {
                    let id = self.generate(*purpose, algorithm)?;
                    Ok(self.key(*purpose, &id)?.spki().to_vec())
                })
                .collect();
        }
        let first = {
            let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            self.next_created_of(purposes.len())
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = purposes.len().div_ceil(threads).max(1);
        let created: Vec<(u64, KeyPurpose)> = (first..).zip(purposes.iter().copied()).collect();
        let made = std::thread::scope(|scope| {
            let parts: Vec<_> = created
                .chunks(share)
                .map(|part| {
                    scope.spawn(move || {
                        part.iter()
                            .map(|(created, purpose)| self.sealed(*purpose, algorithm, *created))
                            .collect::<Result<Vec<_>, _>>()
                    })
                })
                .collect();
            let mut made = Vec::with_capacity(created.len());
            for part in parts {
                made.extend(part.join().map_err(|_| HsmError::Encryption)??);
            }
            Ok::<_, HsmError>(made)
        })?;
        let (spkis, files): (Vec<_>, Vec<_>) = made.into_iter().unzip();
        for (path, _) in &files {
            layout::make_folders(&self.dir, path)?;
        }
        files::create_private_all(&self.dir, &files)?;
        Ok(spkis)
    }

    /// A new key as a file.
    fn sealed(
        &self,
        purpose: KeyPurpose,
        algorithm: KeyAlgorithm,
        created: u64,
    ) -> Result<(Vec<u8>, NewFile), HsmError> {
        let key = SoftwareKey::generate(algorithm)?;
        let id = key_id(key.spki());
        let file = KeyFile { created, held: Held::Here(key.to_pkcs8()) };
        let octets = file.seal(&self.store_key, purpose, &id, &SystemRandom)?;
        Ok((key.spki().to_vec(), (layout::key(&self.dir, purpose, &id), octets)))
    }

    /// Takes a key in that was made elsewhere (DER of PKCS#8, unencrypted). Importing it
    /// once more for the same purpose changes nothing.
    ///
    /// # Errors
    /// [`HsmError::WrongPurpose`] when the store has the key for another purpose,
    /// [`HsmError::NotImportable`] when keys of it are made in a token,
    /// [`HsmError::Key`] when it is no key of ours, [`HsmError::Files`].
    pub fn import(&self, purpose: KeyPurpose, pkcs8: &[u8]) -> Result<KeyId, HsmError> {
        if self.token.is_some() && purpose.lives_in_token() {
            return Err(HsmError::NotImportable { purpose });
        }
        self.put(purpose, SoftwareKey::from_pkcs8(pkcs8)?)
    }

    /// The key of this id, for this purpose only. Parsed once, then kept in memory
    /// ([`MAX_CACHED_KEYS`]).
    ///
    /// # Errors
    /// [`HsmError::WrongPurpose`] when the key was made for another purpose, also when
    /// its file was moved; [`HsmError::UnknownKey`]; [`HsmError::DamagedKey`];
    /// [`HsmError::NotAKeyId`]; [`HsmError::Files`]. For a key in a token also
    /// [`HsmError::WithoutToken`], [`HsmError::NotInToken`], [`HsmError::ForeignObject`],
    /// and those of a token that is away.
    pub fn key(&self, purpose: KeyPurpose, id: &str) -> Result<Arc<StoredKey>, HsmError> {
        if let Some(key) = self.cache.get(purpose, id) {
            return Ok(key);
        }
        let file = self.read(purpose, id)?;
        let damaged = || HsmError::DamagedKey { purpose, id: id.to_owned() };
        let key = match file.held {
            Held::Here(pkcs8) => {
                let key = SoftwareKey::from_pkcs8(&pkcs8).map_err(|_| damaged())?;
                StoredKey::software(purpose, key)
            }
            Held::InToken(spki) => {
                let without = || HsmError::WithoutToken { purpose, id: id.to_owned() };
                let token = Arc::clone(self.token.as_ref().ok_or_else(without)?);
                let rejection = self.store_key.rejection_secret(id);
                let key = TokenKey::open(token, purpose, id, spki, rejection)?;
                StoredKey::in_token(purpose, key)
            }
        };
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
        Ok(self.entries(purpose)?.into_iter().map(|entry| entry.id).collect())
    }

    /// As [`KeyStore::keys`], with what is known of each.
    ///
    /// # Errors
    /// As [`KeyStore::keys`].
    pub fn entries(&self, purpose: KeyPurpose) -> Result<Vec<KeyEntry>, HsmError> {
        let mut found = Vec::new();
        for id in layout::ids(&self.dir, purpose)? {
            let file = self.read(purpose, &id)?;
            let created = SystemTime::UNIX_EPOCH + Duration::from_nanos(file.created);
            let in_token = matches!(file.held, Held::InToken(_));
            found.push(KeyEntry { id, created, in_token });
        }
        found.sort_by(|a, b| (b.created, &b.id).cmp(&(a.created, &a.id)));
        Ok(found)
    }

    /// The private key itself as DER of PKCS#8, unencrypted: for [`KeyPurpose::UserSigning`]
    /// and [`KeyPurpose::UserEncryption`], whose owners are entitled to it.
    ///
    /// # Errors
    /// [`HsmError::NotExportable`] for every other purpose, and for a key that lives in a
    /// token; else as [`KeyStore::key`].
    pub fn export(&self, purpose: KeyPurpose, id: &str) -> Result<Zeroizing<Vec<u8>>, HsmError> {
        if !purpose.is_exportable() {
            return Err(HsmError::NotExportable { purpose });
        }
        match self.read(purpose, id)?.held {
            Held::Here(pkcs8) => Ok(pkcs8),
            Held::InToken(_) => Err(HsmError::NotExportable { purpose }),
        }
    }

    /// Encrypts a small secret that a role keeps in its tables; it opens only as that of
    /// `of`, in this store.
    ///
    /// # Errors
    /// [`HsmError::Encryption`] when the library fails.
    pub fn seal_secret(&self, of: &str, secret: &[u8]) -> Result<Vec<u8>, HsmError> {
        crate::secret::seal(&self.store_key, of, secret, &SystemRandom)
    }

    /// What [`KeyStore::seal_secret`] encrypted; `None` if any octet, the owner or the store
    /// is another.
    #[must_use]
    pub fn open_secret(&self, of: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        crate::secret::open(&self.store_key, of, sealed)
    }

    fn opened(dir: &Path, store_key: StoreKey) -> Self {
        Self {
            dir: dir.to_owned(),
            token: None,
            store_key,
            cache: Cache::new(MAX_CACHED_KEYS),
            writing: Mutex::new(()),
            last_created: AtomicU64::new(0),
        }
    }

    fn generate_in(
        &self,
        token: &Arc<Token>,
        purpose: KeyPurpose,
        algorithm: KeyAlgorithm,
    ) -> Result<KeyId, HsmError> {
        let spki = patiently(|| token.make(purpose, algorithm))?;
        let id = key_id(&spki);
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let file = KeyFile { created: self.next_created(), held: Held::InToken(spki) };
        match self.write(purpose, &id, &file) {
            Ok(_) => Ok(id),
            Err(error) => {
                // Without its reference nobody would ever use it.
                token.destroy(purpose, &id, algorithm);
                Err(error)
            }
        }
    }

    fn put(&self, purpose: KeyPurpose, key: SoftwareKey) -> Result<KeyId, HsmError> {
        check_kind(key.algorithm())?;
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
        let file = KeyFile { created: self.next_created(), held: Held::Here(key.to_pkcs8()) };
        if self.write(purpose, &id, &file)? {
            self.cache.insert(purpose, &id, Arc::new(StoredKey::software(purpose, key)));
        }
        Ok(id)
    }

    /// Whether the file is the one just written; another process may have been quicker
    /// with the same key.
    fn write(&self, purpose: KeyPurpose, id: &str, file: &KeyFile) -> Result<bool, HsmError> {
        let octets = file.seal(&self.store_key, purpose, id, &SystemRandom)?;
        let path = layout::key(&self.dir, purpose, id);
        layout::make_folders(&self.dir, &path)?;
        match files::create_private(&path, &octets) {
            Ok(()) => Ok(true),
            Err(error) if is_kind(&error, io::ErrorKind::AlreadyExists) => Ok(false),
            Err(error) => Err(error.into()),
        }
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
        self.next_created_of(1)
    }

    /// As [`KeyStore::next_created`], the first of so many.
    fn next_created_of(&self, keys: usize) -> u64 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        // Only called with `writing` held.
        let created = now.max(self.last_created.load(Ordering::Relaxed).saturating_add(1));
        let last =
            created.saturating_add(u64::try_from(keys).unwrap_or(u64::MAX)).saturating_sub(1);
        self.last_created.store(last, Ordering::Relaxed);
        created
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStore").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// The purposes know P-256 and RSA; other kinds are for reading foreign mail.
fn check_kind(algorithm: KeyAlgorithm) -> Result<(), HsmError> {
    match algorithm {
        KeyAlgorithm::EcP256 => Ok(()),
        other if other.is_rsa() => Ok(()),
        _ => Err(TokenError::WrongAlgorithm.into()),
    }
}

fn is_kind(error: &StoreError, wanted: io::ErrorKind) -> bool {
    matches!(error, StoreError::File { kind, .. } if *kind == wanted)
}
