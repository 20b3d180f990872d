//! A token that is not what it should be: lost, locked, lacking, or with objects that
//! somebody with its PIN has exchanged.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests look at files and fail by panic"
)]

mod softhsm;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cryptoki::context::Pkcs11;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use ssmax_hsm::{
    Backend, HsmError, KeyPurpose, KeyStore, ObjectFault, StoredKey, Token, UnlockSecret,
};
use ssmax_primitives::{SystemRandom, rsa_encrypt_oaep, verify};
use ssmax_token::{DecryptionKey, KeyAlgorithm, KeyPair, OaepHash, SigningKey, TokenError};

const EC: KeyAlgorithm = KeyAlgorithm::EcP256;

/// Runs `test` in a process of its own, with a token of its own.
fn with_token(name: &str, settings: &str, test: fn(PathBuf)) {
    match softhsm::home() {
        Some(home) => test(home),
        None if softhsm::may_skip() => {}
        None => softhsm::run_again(&["--exact", name], settings),
    }
}

/// A store in the token's folder.
fn store(home: &std::path::Path) -> KeyStore {
    let token = Token::open(&softhsm::config(home)).unwrap();
    let (dir, unlock) = (home.join("keys"), home.join("unlock"));
    if dir.exists() {
        let unlock = UnlockSecret::from_file(&unlock).unwrap();
        return KeyStore::open(&dir, &unlock).unwrap().with_token(Some(token));
    }
    let unlock = UnlockSecret::generate_file(&unlock, &SystemRandom).unwrap();
    KeyStore::create(&dir, &unlock).unwrap().with_token(Some(token))
}

/// The token as somebody with its PIN sees it. The store's login counts for the process.
fn intruder(home: &std::path::Path) -> Session {
    let library = Pkcs11::new(softhsm::config(home).module).unwrap();
    let slot = library
        .get_slots_with_token()
        .unwrap()
        .into_iter()
        .find(|slot| library.get_token_info(*slot).unwrap().label() == softhsm::LABEL)
        .unwrap();
    library.open_rw_session_no_drop(slot).unwrap()
}

fn private_object(session: &Session, id: &str) -> ObjectHandle {
    let id = Attribute::Id(hex::decode(id).unwrap());
    session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY), id]).unwrap()[0]
}

fn signs(key: &StoredKey) -> Result<(), TokenError> {
    let signature = key.sign(b"message")?;
    assert_eq!(verify(key.signature_algorithm(), key.spki(), b"message", &signature), Ok(()));
    Ok(())
}

fn foreign(purpose: KeyPurpose, id: &str, fault: ObjectFault) -> HsmError {
    HsmError::ForeignObject { purpose, id: id.to_owned(), fault }
}

#[test]
fn an_object_labelled_for_another_purpose_is_not_used_for_either() {
    with_token("an_object_labelled_for_another_purpose_is_not_used_for_either", "", |home| {
        let id = store(&home).generate(KeyPurpose::SubmissionEncryption, EC).unwrap();
        let session = intruder(&home);
        let label = Attribute::Label(b"federation-encryption".to_vec());
        session.update_attributes(private_object(&session, &id), &[label]).unwrap();
        let store = store(&home);
        let error = store.key(KeyPurpose::SubmissionEncryption, &id).unwrap_err();
        let purpose = KeyPurpose::SubmissionEncryption;
        assert_eq!(error, foreign(purpose, &id, ObjectFault::Label));
        let error = store.key(KeyPurpose::FederationEncryption, &id).unwrap_err();
        assert_eq!(error, HsmError::WrongPurpose);
    });
}

#[test]
fn a_decryption_key_made_to_sign_is_not_used() {
    with_token("a_decryption_key_made_to_sign_is_not_used", "", |home| {
        let purpose = KeyPurpose::FederationEncryption;
        let id = store(&home).generate(purpose, EC).unwrap();
        let session = intruder(&home);
        session.update_attributes(private_object(&session, &id), &[Attribute::Sign(true)]).unwrap();
        let error = store(&home).key(purpose, &id).unwrap_err();
        assert_eq!(error, foreign(purpose, &id, ObjectFault::Use));
    });
}

#[test]
fn another_key_under_the_id_of_a_key_is_found_out() {
    with_token("another_key_under_the_id_of_a_key_is_found_out", "", |home| {
        for (purpose, algorithm) in [
            (KeyPurpose::Seal, EC),
            (KeyPurpose::Archive, EC),
            (KeyPurpose::Archive, KeyAlgorithm::Rsa2048),
        ] {
            let make = || store(&home).generate(purpose, algorithm).unwrap();
            let (id, other) = (make(), make());
            let session = intruder(&home);
            let renamed = Attribute::Id(hex::decode(&id).unwrap());
            session.update_attributes(private_object(&session, &other), &[renamed]).unwrap();
            let error = store(&home).key(purpose, &id).unwrap_err();
            assert_eq!(error, foreign(purpose, &id, ObjectFault::NotOne));
            let objects = session
                .find_objects(&[
                    Attribute::Class(ObjectClass::PRIVATE_KEY),
                    Attribute::Id(hex::decode(&id).unwrap()),
                ])
                .unwrap();
            // Whichever goes first, one of the two stores below sees the other one.
            session.destroy_object(objects[0]).unwrap();
            let result = store(&home).key(purpose, &id);
            match result {
                Ok(key) => assert_eq!(ssmax_hsm::key_id(key.spki()), id),
                Err(error) => assert_eq!(error, foreign(purpose, &id, ObjectFault::OtherKey)),
            }
        }
    });
}

#[test]
fn the_one_object_left_under_an_id_must_be_the_private_half() {
    with_token("the_one_object_left_under_an_id_must_be_the_private_half", "", |home| {
        for (purpose, algorithm) in [
            (KeyPurpose::Seal, EC),
            (KeyPurpose::Seal, KeyAlgorithm::Rsa2048),
            (KeyPurpose::Archive, EC),
            (KeyPurpose::Archive, KeyAlgorithm::Rsa2048),
        ] {
            let make = || store(&home).generate(purpose, algorithm).unwrap();
            let (id, other) = (make(), make());
            let session = intruder(&home);
            session.destroy_object(private_object(&session, &id)).unwrap();
            let missing = HsmError::NotInToken { purpose, id: id.clone() };
            assert_eq!(store(&home).key(purpose, &id).unwrap_err(), missing);
            let session = intruder(&home);
            let renamed = Attribute::Id(hex::decode(&id).unwrap());
            session.update_attributes(private_object(&session, &other), &[renamed]).unwrap();
            let error = store(&home).key(purpose, &id).unwrap_err();
            assert_eq!(error, foreign(purpose, &id, ObjectFault::OtherKey), "{algorithm:?}");
        }
    });
}

#[test]
fn no_private_key_leaves_the_token() {
    with_token("no_private_key_leaves_the_token", "", |home| {
        let store = store(&home);
        for algorithm in [EC, KeyAlgorithm::Rsa2048] {
            let id = store.generate(KeyPurpose::OrganisationSigning, algorithm).unwrap();
            let session = intruder(&home);
            let object = private_object(&session, &id);
            let secret = [
                AttributeType::Value,
                AttributeType::PrivateExponent,
                AttributeType::Prime1,
                AttributeType::Extractable,
                AttributeType::Sensitive,
                AttributeType::NeverExtractable,
            ];
            let mut told = session.get_attributes(object, &secret).unwrap();
            told.sort_by_key(|attribute| format!("{attribute:?}"));
            let want = [
                Attribute::Extractable(false),
                Attribute::NeverExtractable(true),
                Attribute::Sensitive(true),
            ];
            assert_eq!(told, want);
            let back = session.update_attributes(object, &[Attribute::Extractable(true)]);
            assert!(back.is_err());
        }
    });
}

#[test]
fn a_token_that_was_lost_is_used_again_when_it_is_back() {
    with_token("a_token_that_was_lost_is_used_again_when_it_is_back", "", |home| {
        let store = store(&home);
        let purpose = KeyPurpose::Seal;
        let id = store.generate(purpose, EC).unwrap();
        let key = store.key(purpose, &id).unwrap();
        signs(&key).unwrap();

        let (here, away) = (home.join("tokens"), home.join("away"));
        std::fs::rename(&here, &away).unwrap();
        std::fs::create_dir(&here).unwrap();
        Pkcs11::new(softhsm::config(&home).module).unwrap().finalize().unwrap();
        std::thread::sleep(Duration::from_millis(600));
        for _ in 0..3 {
            assert_eq!(signs(&key).unwrap_err(), TokenError::Unavailable);
        }
        let none = HsmError::TokenNotFound { label: softhsm::LABEL.to_owned(), found: 0 };
        std::thread::sleep(Duration::from_millis(600));
        assert_eq!(store.generate(purpose, EC).unwrap_err(), none);

        std::fs::remove_dir(&here).unwrap();
        std::fs::rename(&away, &here).unwrap();
        let patience = Instant::now();
        while signs(&key).is_err() {
            assert!(patience.elapsed() < Duration::from_secs(10), "the token is not found again");
            std::thread::sleep(Duration::from_millis(100));
        }
        store.generate(purpose, EC).unwrap();
    });
}

#[test]
fn a_restart_of_the_token_s_module_is_not_noticed() {
    with_token("a_restart_of_the_token_s_module_is_not_noticed", "", |home| {
        let store = store(&home);
        let sign = store.generate(KeyPurpose::Seal, EC).unwrap();
        let open = store.generate(KeyPurpose::Archive, KeyAlgorithm::Rsa2048).unwrap();
        let sign = store.key(KeyPurpose::Seal, &sign).unwrap();
        let open = store.key(KeyPurpose::Archive, &open).unwrap();
        let sealed = rsa_encrypt_oaep(open.spki(), OaepHash::Sha1, b"key").unwrap();
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(600));
            Pkcs11::new(softhsm::config(&home).module).unwrap().finalize().unwrap();
            signs(&sign).unwrap();
            std::thread::sleep(Duration::from_millis(600));
            let library = Pkcs11::new(softhsm::config(&home).module).unwrap();
            library.finalize().unwrap();
            assert_eq!(open.decrypt_oaep(OaepHash::Sha1, &sealed).unwrap().as_slice(), b"key");
        }
    });
}

#[test]
fn bad_input_costs_no_login_and_no_restart() {
    with_token("bad_input_costs_no_login_and_no_restart", "", |home| {
        let store = store(&home);
        let purpose = KeyPurpose::Archive;
        let id = store.generate(purpose, KeyAlgorithm::Rsa2048).unwrap();
        let key = store.key(purpose, &id).unwrap();
        let session = intruder(&home);
        std::thread::sleep(Duration::from_millis(600));
        for _ in 0..20 {
            let result = key.decrypt_oaep(OaepHash::Sha1, &[1; 256]);
            assert_eq!(result.unwrap_err(), TokenError::Failed);
        }
        // A restart would have ended this session.
        assert!(session.get_session_info().is_ok());
    });
}

#[test]
fn a_wrong_pin_is_tried_once_and_never_told() {
    with_token("a_wrong_pin_is_tried_once_and_never_told", "", |home| {
        let config = softhsm::config(&home);
        let write = |pin: &str| {
            std::fs::remove_file(&config.pin_file).unwrap();
            ssmax_store::files::write_private(&config.pin_file, pin.as_bytes()).unwrap();
        };
        write("nicht-die-PIN");
        let error = Token::open(&config).unwrap_err();
        assert_eq!(error, HsmError::WrongPin);
        let told = format!("{error} {error:?}");
        assert!(!told.contains("nicht-die-PIN"), "{told}");
        write(softhsm::PIN);
        let token = Token::open(&config).unwrap();
        assert!(!format!("{token:?}").contains(softhsm::PIN));
        // Another PIN than the one that opened the token is wrong, without asking it.
        write("nicht-die-PIN");
        assert_eq!(Token::open(&config).unwrap_err(), HsmError::WrongPin);

        // The PIN is changed behind a running role: one try, then no more.
        write(softhsm::PIN);
        let store = store(&home);
        let id = store.generate(KeyPurpose::Seal, EC).unwrap();
        let key = store.key(KeyPurpose::Seal, &id).unwrap();
        let session = intruder(&home);
        let (old, new) = (AuthPin::from(softhsm::PIN.to_owned()), AuthPin::from("neu".repeat(3)));
        session.set_pin(&old, &new).unwrap();
        std::thread::sleep(Duration::from_millis(600));
        Pkcs11::new(&config.module).unwrap().finalize().unwrap();
        assert_eq!(signs(&key).unwrap_err(), TokenError::Unavailable);
        // Were the PIN tried again now, it would fit.
        let session = intruder(&home);
        session.login(UserType::User, Some(&new)).unwrap();
        session.set_pin(&new, &old).unwrap();
        session.logout().unwrap();
        std::thread::sleep(Duration::from_millis(600));
        assert_eq!(signs(&key).unwrap_err(), TokenError::Unavailable);
        let again = store.generate(KeyPurpose::Seal, EC).unwrap_err();
        assert_eq!(again, HsmError::WrongPin);
    });
}

#[test]
fn a_pin_file_that_others_can_read_is_refused() {
    with_token("a_pin_file_that_others_can_read_is_refused", "", |home| {
        use std::os::unix::fs::PermissionsExt as _;
        let config = softhsm::config(&home);
        let open = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(&config.pin_file, open).unwrap();
        let error = Token::open(&config).unwrap_err();
        assert!(matches!(error, HsmError::Files(ssmax_store::StoreError::OpenToOthers { .. })));
    });
}

#[test]
fn a_token_without_elliptic_curves_is_refused_by_what_it_lacks() {
    with_token(
        "a_token_without_elliptic_curves_is_refused_by_what_it_lacks",
        "slots.mechanisms = CKM_RSA_PKCS_KEY_PAIR_GEN,CKM_RSA_PKCS,CKM_RSA_PKCS_OAEP\n",
        |home| {
            let error = Token::open(&softhsm::config(&home)).unwrap_err();
            assert_eq!(error, HsmError::TokenLacks { operation: "CKM_EC_KEY_PAIR_GEN" });
        },
    );
}

#[test]
fn what_the_token_can_do_is_tried_not_believed() {
    with_token("what_the_token_can_do_is_tried_not_believed", "", |home| {
        let store = store(&home);
        let can = store.token().unwrap().capabilities().unwrap().clone();
        assert!(can.ecdsa && can.ecdh && can.rsa && can.oaep_sha1 && can.rsa_raw);
        // SoftHSM 2.6 names OAEP, and takes one hash of it.
        let id = store.generate(KeyPurpose::Archive, KeyAlgorithm::Rsa2048).unwrap();
        let key = store.key(KeyPurpose::Archive, &id).unwrap();
        let sealed = rsa_encrypt_oaep(key.spki(), OaepHash::Sha256, b"key").unwrap();
        let opened = key.decrypt_oaep(OaepHash::Sha256, &sealed);
        if can.oaep_sha256 {
            assert_eq!(opened.unwrap().as_slice(), b"key");
        } else {
            assert_eq!(opened.unwrap_err(), TokenError::WrongAlgorithm);
            assert_eq!(key.oaep_hash(), Ok(Some(OaepHash::Sha1)));
        }
        assert_eq!(
            key.decrypt_oaep(OaepHash::Sha512, &sealed).unwrap_err(),
            TokenError::WrongAlgorithm
        );
    });
}

#[test]
fn a_token_that_does_not_exist_or_exists_twice_is_none() {
    with_token("a_token_that_does_not_exist_or_exists_twice_is_none", "", |home| {
        let mut config = softhsm::config(&home);
        config.token_label = "other".to_owned();
        let found = |found| HsmError::TokenNotFound { label: "other".to_owned(), found };
        assert_eq!(Token::open(&config).unwrap_err(), found(0));
        for _ in 0..2 {
            let made = std::process::Command::new("softhsm2-util")
                .args(["--init-token", "--free", "--label", "other"])
                .args(["--so-pin", "12345678", "--pin", softhsm::PIN])
                .output()
                .unwrap();
            assert!(made.status.success());
        }
        std::thread::sleep(Duration::from_millis(600));
        assert_eq!(Token::open(&config).unwrap_err(), found(2));
        config.module = home.join("no-such-module.so");
        let error = Token::open(&config).unwrap_err();
        assert_eq!(error, HsmError::Module { path: config.module.clone() });
        let named = Backend::Pkcs11.open(None).unwrap_err();
        assert_eq!(named, HsmError::TokenNotNamed);
        assert!(Backend::File.open(Some(&config)).unwrap().is_none());
    });
}

#[test]
fn a_token_that_is_not_seen_at_the_first_look_is_waited_for() {
    with_token("a_token_that_is_not_seen_at_the_first_look_is_waited_for", "", |home| {
        let (here, away) = (home.join("tokens"), home.join("away"));
        std::fs::rename(&here, &away).unwrap();
        std::fs::create_dir(&here).unwrap();
        let back = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            std::fs::remove_dir(&here).unwrap();
            std::fs::rename(&away, &here).unwrap();
        });
        let opened = Token::open(&softhsm::config(&home));
        back.join().unwrap();
        opened.unwrap();
    });
}

#[test]
fn keys_from_before_the_token_stay_in_use_and_those_in_it_need_it() {
    with_token("keys_from_before_the_token_stay_in_use_and_those_in_it_need_it", "", |home| {
        let with = store(&home);
        let unlock = UnlockSecret::from_file(&home.join("unlock")).unwrap();
        let without = KeyStore::open(&home.join("keys"), &unlock).unwrap();
        let purpose = KeyPurpose::SubmissionEncryption;
        let old = without.generate(purpose, EC).unwrap();
        let new = with.generate(purpose, EC).unwrap();
        assert_eq!(with.keys(purpose).unwrap(), [new.clone(), old.clone()]);
        let listed = without.entries(purpose).unwrap();
        assert_eq!(listed.iter().map(|entry| entry.in_token).collect::<Vec<_>>(), [true, false]);
        let key: Arc<StoredKey> = with.key(purpose, &old).unwrap();
        assert!(!key.is_in_token());
        assert!(with.key(purpose, &new).unwrap().is_in_token());
        let error = without.key(purpose, &new).unwrap_err();
        assert_eq!(error, HsmError::WithoutToken { purpose, id: new });
    });
}
