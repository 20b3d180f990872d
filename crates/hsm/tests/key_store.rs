//! What a key store keeps, and what it notices: all of it with files, and once more with
//! a token behind the store.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests look at files and fail by panic"
)]

mod softhsm;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ssmax_hsm::{HsmError, KeyPurpose, KeyStore, Token, UnlockSecret, key_id};
use ssmax_primitives::{
    SoftwareKey, SystemRandom, ephemeral_agree, rsa_encrypt_oaep, rsa_encrypt_pkcs1, verify,
};
use ssmax_store::StoreError;
use ssmax_token::{DecryptionKey, KeyAlgorithm, KeyPair, OaepHash, SigningKey, TokenError};
use tempfile::TempDir;

const EC: KeyAlgorithm = KeyAlgorithm::EcP256;

/// A store in a directory of its own, and its secret beside it.
struct Place {
    temporary: TempDir,
    unlock: UnlockSecret,
}

impl Place {
    fn new() -> Self {
        let temporary = TempDir::new().unwrap();
        let unlock =
            UnlockSecret::generate_file(&temporary.path().join("unlock"), &SystemRandom).unwrap();
        Self { temporary, unlock }
    }

    fn dir(&self) -> PathBuf {
        self.temporary.path().join("keys")
    }

    fn create(&self) -> KeyStore {
        KeyStore::create(&self.dir(), &self.unlock).unwrap().with_token(token())
    }

    /// The store as a restarted process sees it: nothing in memory.
    fn reopen(&self) -> KeyStore {
        KeyStore::open(&self.dir(), &self.unlock).unwrap().with_token(token())
    }

    fn file(&self, purpose: KeyPurpose, id: &str) -> PathBuf {
        self.dir().join("keys").join(purpose.as_str()).join(&id[..2]).join(id)
    }
}

/// This process' token, if it is the one with a token.
fn token() -> Option<Arc<Token>> {
    softhsm::home().map(|home| Token::open(&softhsm::config(&home)).unwrap())
}

fn rewrite(path: &Path, content: &[u8]) {
    fs::write(path, content).unwrap();
}

fn damaged(purpose: KeyPurpose, id: &str) -> HsmError {
    HsmError::DamagedKey { purpose, id: id.to_owned() }
}

#[test]
fn all_of_this_holds_with_a_token_behind_the_store() {
    if softhsm::home().is_none() && !softhsm::may_skip() {
        softhsm::run_again(&[], "");
    }
}

#[test]
fn a_key_signs_the_same_before_and_after_a_restart() {
    let place = Place::new();
    let store = place.create();
    for algorithm in [EC, KeyAlgorithm::Rsa2048] {
        let id = store.generate(KeyPurpose::Seal, algorithm).unwrap();
        let before = store.key(KeyPurpose::Seal, &id).unwrap();
        let after = place.reopen().key(KeyPurpose::Seal, &id).unwrap();
        assert_eq!(before.spki(), after.spki());
        assert_eq!(key_id(after.spki()), id);
        assert_eq!(after.algorithm(), algorithm);
        let signature = after.sign(b"message").unwrap();
        let algorithm = after.signature_algorithm();
        assert_eq!(verify(algorithm, before.spki(), b"message", &signature), Ok(()));
    }
}

#[test]
fn many_keys_are_made_together_and_each_is_its_purpose_s_own() {
    let place = Place::new();
    let store = place.create();
    let purposes = [KeyPurpose::UserEncryption, KeyPurpose::UserSigning].repeat(20);
    let one = store.generate(KeyPurpose::UserSigning, EC).unwrap();
    let spkis = store.generate_all(&purposes, EC).unwrap();
    let newest = store.generate(KeyPurpose::UserSigning, EC).unwrap();
    let store = place.reopen();
    for (spki, purpose) in spkis.iter().zip(&purposes) {
        let key = store.key(*purpose, &key_id(spki)).unwrap();
        assert_eq!(key.spki(), spki);
    }
    // In the order in which they were made, between those before and after.
    let listed = store.keys(KeyPurpose::UserSigning).unwrap();
    assert_eq!((listed.len(), &listed[0], &listed[21]), (22, &newest, &one));
    let made = spkis.iter().skip(1).step_by(2).map(|spki| key_id(spki));
    assert_eq!(listed[1..21].iter().rev().cloned().collect::<Vec<_>>(), made.collect::<Vec<_>>());
    assert_eq!(store.generate_all(&[], EC).unwrap(), Vec::<Vec<u8>>::new());
    assert!(matches!(
        store.generate_all(&purposes, KeyAlgorithm::Ed25519),
        Err(HsmError::Key(TokenError::WrongAlgorithm))
    ));
}

#[test]
fn keys_of_kinds_that_no_purpose_knows_are_not_kept() {
    let place = Place::new();
    let store = place.create();
    let wrong = || HsmError::Key(TokenError::WrongAlgorithm);
    for algorithm in [KeyAlgorithm::EcP384, KeyAlgorithm::Ed25519, KeyAlgorithm::X25519] {
        assert_eq!(store.generate(KeyPurpose::Seal, algorithm).unwrap_err(), wrong());
        let foreign = SoftwareKey::generate(algorithm).unwrap().to_pkcs8();
        assert_eq!(store.import(KeyPurpose::UserEncryption, &foreign).unwrap_err(), wrong());
    }
}

#[test]
fn a_key_is_parsed_once_and_then_shared() {
    let place = Place::new();
    let id = place.create().generate(KeyPurpose::Seal, EC).unwrap();
    let store = place.reopen();
    let first = store.key(KeyPurpose::Seal, &id).unwrap();
    assert!(Arc::ptr_eq(&first, &store.key(KeyPurpose::Seal, &id).unwrap()));
}

#[test]
fn a_wrong_unlock_secret_is_told_when_the_store_is_opened() {
    let place = Place::new();
    place.create();
    let other = Place::new();
    let error = KeyStore::open(&place.dir(), &other.unlock).unwrap_err();
    assert_eq!(error, HsmError::WrongUnlockSecret);
}

#[test]
fn a_key_asked_for_with_another_purpose_is_refused_cached_or_not() {
    let place = Place::new();
    let store = place.create();
    let id = store.generate(KeyPurpose::SubmissionEncryption, EC).unwrap();
    for store in [store, place.reopen()] {
        for purpose in KeyPurpose::ALL {
            let result = store.key(purpose, &id);
            if purpose == KeyPurpose::SubmissionEncryption {
                assert!(result.is_ok());
            } else {
                assert_eq!(result.unwrap_err(), HsmError::WrongPurpose);
            }
        }
    }
}

#[test]
fn a_file_moved_to_another_purpose_does_not_change_its_key_s_purpose() {
    let place = Place::new();
    let store = place.create();
    let id = store.generate(KeyPurpose::FederationEncryption, EC).unwrap();
    let from = place.file(KeyPurpose::FederationEncryption, &id);
    let to = place.file(KeyPurpose::UserEncryption, &id);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(from, to).unwrap();

    let store = place.reopen();
    let wrong = HsmError::WrongPurpose;
    assert_eq!(store.key(KeyPurpose::UserEncryption, &id).unwrap_err(), wrong);
    assert_eq!(store.export(KeyPurpose::UserEncryption, &id).unwrap_err(), wrong);
    assert_eq!(store.keys(KeyPurpose::UserEncryption).unwrap_err(), wrong);
}

#[test]
fn every_flipped_octet_of_a_key_file_is_noticed() {
    let place = Place::new();
    let id = place.create().generate(KeyPurpose::Archive, EC).unwrap();
    let path = place.file(KeyPurpose::Archive, &id);
    let whole = fs::read(&path).unwrap();
    let store = place.reopen();
    for at in 0..whole.len() {
        let mut altered = whole.clone();
        altered[at] ^= 0x20;
        rewrite(&path, &altered);
        let error = store.key(KeyPurpose::Archive, &id).unwrap_err();
        assert_eq!(error, damaged(KeyPurpose::Archive, &id), "octet {at}");
    }
    for len in [0, 8, 9, 21, 37, whole.len() - 1] {
        rewrite(&path, &whole[..len]);
        let error = store.key(KeyPurpose::Archive, &id).unwrap_err();
        assert_eq!(error, damaged(KeyPurpose::Archive, &id), "length {len}");
    }
    rewrite(&path, &whole);
    assert!(store.key(KeyPurpose::Archive, &id).is_ok());
}

#[test]
fn swapped_files_of_two_keys_are_both_noticed() {
    let place = Place::new();
    let store = place.create();
    let ids = [(); 2].map(|()| store.generate(KeyPurpose::UserSigning, EC).unwrap());
    let paths = ids.each_ref().map(|id| place.file(KeyPurpose::UserSigning, id));
    let contents = paths.each_ref().map(|path| fs::read(path).unwrap());
    rewrite(&paths[0], &contents[1]);
    rewrite(&paths[1], &contents[0]);

    let store = place.reopen();
    for id in &ids {
        let error = store.key(KeyPurpose::UserSigning, id).unwrap_err();
        assert_eq!(error, damaged(KeyPurpose::UserSigning, id));
        let error = store.export(KeyPurpose::UserSigning, id).unwrap_err();
        assert_eq!(error, damaged(KeyPurpose::UserSigning, id));
    }
}

#[test]
fn a_file_of_another_store_with_the_same_secret_is_no_key_here() {
    let place = Place::new();
    let id = place.create().generate(KeyPurpose::Seal, EC).unwrap();
    let other_dir = place.temporary.path().join("other");
    let other = KeyStore::create(&other_dir, &place.unlock).unwrap();
    let path = other_dir.join("keys/seal").join(&id[..2]).join(&id);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::copy(place.file(KeyPurpose::Seal, &id), path).unwrap();
    let error = other.key(KeyPurpose::Seal, &id).unwrap_err();
    assert_eq!(error, damaged(KeyPurpose::Seal, &id));
}

#[test]
fn a_key_file_that_others_can_read_is_refused() {
    let place = Place::new();
    let id = place.create().generate(KeyPurpose::Seal, EC).unwrap();
    let path = place.file(KeyPurpose::Seal, &id);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = place.reopen().key(KeyPurpose::Seal, &id).unwrap_err();
    assert_eq!(error, HsmError::Files(StoreError::OpenToOthers { path, mode: 0o644 }));
}

#[test]
fn a_directory_that_others_can_enter_is_refused() {
    let place = Place::new();
    place.create();
    let dir = place.dir();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o750)).unwrap();
    let error = KeyStore::open(&dir, &place.unlock).unwrap_err();
    assert_eq!(error, HsmError::Files(StoreError::OpenToOthers { path: dir, mode: 0o750 }));
}

#[test]
fn everything_in_a_store_is_for_its_owner_only_and_no_key_is_readable() {
    let place = Place::new();
    let store = place.create();
    let id = store.generate(KeyPurpose::UserEncryption, EC).unwrap();
    let pkcs8 = store.export(KeyPurpose::UserEncryption, &id).unwrap();

    let mut open = vec![place.dir()];
    let mut files = 0;
    while let Some(path) = open.pop() {
        let metadata = fs::metadata(&path).unwrap();
        let mode = metadata.permissions().mode() & 0o7777;
        if metadata.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            assert_eq!(mode, 0o600, "{}", path.display());
            let content = fs::read(path).unwrap();
            let found = content.windows(16).any(|w| pkcs8.windows(16).any(|k| w == k));
            assert!(!found);
            files += 1;
        }
    }
    assert_eq!(files, 2);
}

#[test]
fn keys_are_listed_newest_first_and_by_purpose() {
    let place = Place::new();
    let store = place.create();
    let mut made: Vec<_> =
        (0..20).map(|_| store.generate(KeyPurpose::FederationEncryption, EC).unwrap()).collect();
    store.generate(KeyPurpose::Archive, EC).unwrap();
    made.reverse();
    assert_eq!(store.keys(KeyPurpose::FederationEncryption).unwrap(), made);
    assert_eq!(place.reopen().keys(KeyPurpose::FederationEncryption).unwrap(), made);
    assert_eq!(store.keys(KeyPurpose::Root).unwrap(), Vec::<String>::new());
}

#[test]
fn what_a_crash_left_half_written_is_not_listed() {
    let place = Place::new();
    let store = place.create();
    let id = store.generate(KeyPurpose::Seal, EC).unwrap();
    let path = place.file(KeyPurpose::Seal, &id);
    rewrite(&path.with_file_name(format!(".{id}.123-0.tmp")), b"half");
    rewrite(&place.dir().join("keys/seal/notes"), b"not a folder");
    assert_eq!(store.keys(KeyPurpose::Seal).unwrap(), [id]);
}

#[test]
fn an_imported_key_has_one_purpose_for_ever() {
    let place = Place::new();
    let store = place.create();
    let key = SoftwareKey::generate(EC).unwrap();
    if store.token().is_some() {
        let purpose = KeyPurpose::MemberCa;
        let result = store.import(purpose, &key.to_pkcs8());
        assert_eq!(result, Err(HsmError::NotImportable { purpose }));
        assert_eq!(store.import(KeyPurpose::UserEncryption, &key.to_pkcs8()).unwrap().len(), 32);
        return;
    }
    let id = store.import(KeyPurpose::MemberCa, &key.to_pkcs8()).unwrap();
    assert_eq!(id, key_id(key.spki()));
    assert_eq!(store.import(KeyPurpose::MemberCa, &key.to_pkcs8()), Ok(id.clone()));
    let other = store.import(KeyPurpose::SealCa, &key.to_pkcs8());
    assert_eq!(other, Err(HsmError::WrongPurpose));
    assert_eq!(store.keys(KeyPurpose::MemberCa).unwrap(), [id]);
    assert_eq!(store.keys(KeyPurpose::SealCa).unwrap(), Vec::<String>::new());
}

#[test]
fn what_is_no_key_is_not_imported() {
    let store = Place::new().create();
    let error = store.import(KeyPurpose::UserEncryption, b"no key").unwrap_err();
    assert_eq!(error, HsmError::Key(TokenError::Malformed));
}

#[test]
fn only_keys_of_users_are_given_out() {
    let place = Place::new();
    let store = place.create();
    for purpose in KeyPurpose::ALL {
        let id = store.generate(purpose, EC).unwrap();
        let result = store.export(purpose, &id);
        let in_token = store.token().is_some() && purpose.lives_in_token();
        assert_eq!(store.key(purpose, &id).unwrap().is_in_token(), in_token);
        if matches!(purpose, KeyPurpose::UserSigning | KeyPurpose::UserEncryption) && !in_token {
            let exported = SoftwareKey::from_pkcs8(&result.unwrap()).unwrap();
            assert_eq!(key_id(exported.spki()), id);
        } else {
            assert_eq!(result, Err(HsmError::NotExportable { purpose }));
        }
    }
    // Nor does a key leave under the name of a purpose that would let it.
    let id = store.generate(KeyPurpose::Seal, EC).unwrap();
    let result = store.export(KeyPurpose::UserSigning, &id);
    assert_eq!(result, Err(HsmError::WrongPurpose));
}

#[test]
fn a_key_does_what_its_purpose_does_and_nothing_else() {
    let place = Place::new();
    let store = place.create();
    let wrong = TokenError::WrongAlgorithm;
    for algorithm in [EC, KeyAlgorithm::Rsa2048] {
        let id = store.generate(KeyPurpose::Archive, algorithm).unwrap();
        let key = store.key(KeyPurpose::Archive, &id).unwrap();
        assert_eq!(key.sign(b"message").unwrap_err(), wrong);
        let id = store.generate(KeyPurpose::OrganisationSigning, algorithm).unwrap();
        let key = store.key(KeyPurpose::OrganisationSigning, &id).unwrap();
        assert!(key.sign(b"message").is_ok());
        let (point, _) = ephemeral_agree(SoftwareKey::generate(EC).unwrap().spki()).unwrap();
        assert_eq!(key.agree(&point).unwrap_err(), wrong);
        assert_eq!(key.decrypt_oaep(OaepHash::Sha1, &[1; 256]).unwrap_err(), wrong);
        assert_eq!(key.decrypt_pkcs1(&[1; 256], 32).unwrap_err(), wrong);
    }
}

#[test]
fn a_decryption_key_opens_what_was_encrypted_for_its_public_half() {
    let place = Place::new();
    let store = place.create();
    for purpose in KeyPurpose::ALL.into_iter().filter(|purpose| !purpose.signs()) {
        let id = store.generate(purpose, EC).unwrap();
        let key = store.key(purpose, &id).unwrap();
        // Some secrets begin with zeros, which must not get lost.
        for _ in 0..40 {
            let (point, shared) = ephemeral_agree(key.spki()).unwrap();
            assert_eq!(*key.agree(&point).unwrap(), *shared);
        }
        let mut off_curve = ephemeral_agree(key.spki()).unwrap().0;
        off_curve[64] ^= 1;
        assert_eq!(key.agree(&off_curve).unwrap_err(), TokenError::Failed);
        assert_eq!(key.agree(b"").unwrap_err(), TokenError::Failed);

        let id = store.generate(purpose, KeyAlgorithm::Rsa2048).unwrap();
        let key = store.key(purpose, &id).unwrap();
        let content_key = [7; 32];
        let hash = key.oaep_hash().unwrap().unwrap();
        let sealed = rsa_encrypt_oaep(key.spki(), hash, &content_key).unwrap();
        assert_eq!(key.decrypt_oaep(hash, &sealed).unwrap().as_slice(), content_key);
        let mut broken = sealed;
        broken[100] ^= 1;
        assert_eq!(key.decrypt_oaep(hash, &broken).unwrap_err(), TokenError::Failed);
        assert_eq!(key.decrypt_oaep(hash, b"short").unwrap_err(), TokenError::Failed);

        let sealed = rsa_encrypt_pkcs1(key.spki(), &content_key).unwrap();
        assert_eq!(key.decrypt_pkcs1(&sealed, 32).unwrap().as_slice(), content_key);
        // Bad padding and a wrong length are answered alike, and each time the same.
        let mut broken = sealed.clone();
        broken[100] ^= 1;
        for bad in [(&broken, 32), (&sealed, 24)] {
            let fake = key.decrypt_pkcs1(bad.0, bad.1).unwrap();
            assert_eq!(fake.len(), bad.1);
            assert_ne!(fake.as_slice(), &content_key[..bad.1]);
            let again = place.reopen().key(purpose, &id).unwrap();
            assert_eq!(again.decrypt_pkcs1(bad.0, bad.1).unwrap(), fake);
        }
    }
}

#[test]
fn many_threads_use_one_key_at_once() {
    let place = Place::new();
    let store = place.create();
    let id = store.generate(KeyPurpose::Seal, EC).unwrap();
    let key = store.key(KeyPurpose::Seal, &id).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8_u8 {
            let key = &key;
            scope.spawn(move || {
                for number in 0..20 {
                    let message = [thread, number];
                    let signature = key.sign(&message).unwrap();
                    let algorithm = key.signature_algorithm();
                    assert_eq!(verify(algorithm, key.spki(), &message, &signature), Ok(()));
                }
            });
        }
    });
}

#[test]
fn nothing_but_a_key_id_ever_becomes_a_path() {
    let place = Place::new();
    let store = place.create();
    let id = store.generate(KeyPurpose::Seal, EC).unwrap();
    let long = format!("{id}0");
    let upper = id.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A");
    let climbing = format!("../{}", &id[3..]);
    for bad in ["", "..", "ab", "/etc/passwd", "é", &long, &upper, &climbing, &id[1..]] {
        assert_eq!(store.key(KeyPurpose::Seal, bad).unwrap_err(), HsmError::NotAKeyId, "{bad}");
    }
    let unknown = "0".repeat(32);
    let error = store.key(KeyPurpose::Seal, &unknown).unwrap_err();
    assert_eq!(error, HsmError::UnknownKey { purpose: KeyPurpose::Seal, id: unknown });
}

#[test]
fn a_store_is_never_made_over_another_or_over_its_keys() {
    let place = Place::new();
    let store = place.create();
    let already = HsmError::AlreadyAStore { dir: place.dir() };
    assert_eq!(KeyStore::create(&place.dir(), &place.unlock).unwrap_err(), already);
    store.generate(KeyPurpose::Seal, EC).unwrap();
    fs::remove_file(place.dir().join("keystore")).unwrap();
    assert_eq!(KeyStore::create(&place.dir(), &place.unlock).unwrap_err(), already);
    let error = KeyStore::open(&place.dir(), &place.unlock).unwrap_err();
    assert_eq!(error, HsmError::NotAStore { dir: place.dir() });
}

#[test]
fn a_directory_that_is_not_there_is_no_store_and_is_not_made_by_opening() {
    let place = Place::new();
    let error = KeyStore::open(&place.dir(), &place.unlock).unwrap_err();
    assert_eq!(error, HsmError::NotAStore { dir: place.dir() });
    assert!(!place.dir().exists());
}

#[test]
fn a_header_that_is_not_exactly_ours_is_refused_by_name() {
    let place = Place::new();
    place.create();
    let path = place.dir().join("keystore");
    let text = fs::read_to_string(&path).unwrap();
    let open = |text: &str| {
        rewrite(&path, text.as_bytes());
        KeyStore::open(&place.dir(), &place.unlock).err()
    };
    assert_eq!(open(&text), None);

    let damaged = Some(HsmError::DamagedStore { path: path.clone() });
    assert_eq!(open(""), damaged);
    assert_eq!(open(text.trim_end()), damaged);
    assert_eq!(open(&format!("{text}\n")), damaged);
    assert_eq!(open(&text.replace("salt ", "salt  ")), damaged);
    assert_eq!(open(&text.replace("salt ", "salt 00")), damaged);
    assert_eq!(open(&text.replace("check", "cheque")), damaged);
    assert_eq!(open(&text.replacen("ssmax", "other", 1)), damaged);
    let newer = text.replacen("store 1", "store 2", 1);
    assert_eq!(open(&newer), Some(HsmError::UnsupportedVersion { path: path.clone() }));

    // Salt and check value hang together: another salt is another secret.
    let at = text.find("salt ").unwrap() + 5;
    let mut other_salt = text.clone();
    other_salt.replace_range(at..at + 1, if &text[at..=at] == "0" { "1" } else { "0" });
    assert_eq!(open(&other_salt), Some(HsmError::WrongUnlockSecret));
}

#[test]
fn threads_putting_in_the_same_key_for_two_purposes_leave_it_with_one() {
    if softhsm::home().is_some() {
        // Nothing is imported into a token.
        return;
    }
    let place = Place::new();
    let store = place.create();
    for _ in 0..10 {
        let pkcs8 = SoftwareKey::generate(EC).unwrap().to_pkcs8();
        let results = std::thread::scope(|scope| {
            [KeyPurpose::Seal, KeyPurpose::Archive, KeyPurpose::Seal, KeyPurpose::Archive]
                .map(|purpose| {
                    let (store, pkcs8) = (&store, &pkcs8);
                    (purpose, scope.spawn(move || store.import(purpose, pkcs8)))
                })
                .map(|(purpose, thread)| (purpose, thread.join().unwrap()))
        });
        let winner = results.iter().find(|(_, result)| result.is_ok()).unwrap().0;
        for (purpose, result) in results {
            assert_eq!(result.err(), (purpose != winner).then_some(HsmError::WrongPurpose));
        }
    }
}

#[test]
fn debug_output_of_a_store_shows_its_directory_only() {
    let place = Place::new();
    let text = format!("{:?}", place.create());
    assert_eq!(text, format!("KeyStore {{ dir: {:?}, .. }}", place.dir()));
}

#[test]
fn keys_spread_over_folders_named_by_the_first_two_digits() {
    let place = Place::new();
    let store = place.create();
    let ids: Vec<_> =
        (0..300).map(|_| store.generate(KeyPurpose::UserEncryption, EC).unwrap()).collect();
    for id in &ids {
        assert!(place.file(KeyPurpose::UserEncryption, id).is_file());
    }
    let folders = fs::read_dir(place.dir().join("keys/user-encryption")).unwrap().count();
    assert!((100..=256).contains(&folders), "{folders}");
    let mut newest_first = ids;
    newest_first.reverse();
    assert_eq!(place.reopen().keys(KeyPurpose::UserEncryption).unwrap(), newest_first);
}

#[test]
fn a_small_secret_opens_in_its_store_as_its_owners_and_unchanged_only() {
    let place = Place::new();
    let store = place.create();
    let sealed = store.seal_secret("code alice", b"twenty random octets").unwrap();
    assert_eq!(
        place.reopen().open_secret("code alice", &sealed).unwrap().as_slice(),
        b"twenty random octets"
    );
    assert!(store.open_secret("code bob", &sealed).is_none());
    assert!(Place::new().create().open_secret("code alice", &sealed).is_none());
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(store.open_secret("code alice", &changed).is_none(), "octet {at}");
    }
    assert!(store.open_secret("code alice", &sealed[..10]).is_none());
    assert_ne!(sealed, store.seal_secret("code alice", b"twenty random octets").unwrap());
}
