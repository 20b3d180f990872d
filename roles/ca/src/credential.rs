//! Proving a login. The answer takes as long for an unknown name as for a known one.

use crate::code;
use crate::serve::{Ca, failed};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use ssmax_api::Problem;
use ssmax_api::ca::{KeyHolder, Login};
use ssmax_api::keyserver::{CaRequest, UserRecord};
use ssmax_chain::binding::directory_address;
use ssmax_mail::address::Address;
use ssmax_pki::Certificate;
use ssmax_store::query;
use ssmax_token::Random;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// The level of a password alone (NIST SP 800-63B 4.1).
const PASSWORD_AAL: u8 = 1;

/// The level of a password with a one-time code (NIST SP 800-63B 4.2.1: a memorized secret
/// and a single-factor OTP device).
const CODE_AAL: u8 = 2;

/// The longest secret that is looked at, in octets: hashing costs.
const MAX_SECRET_BYTES: usize = 256;

/// How many secrets are hashed at a time: each takes 19 MiB, and anybody may ask.
static HASHING: Semaphore = Semaphore::const_new(4);

/// How long a login waits for its turn before it is a temporary failure.
const HASHING_WAIT: Duration = Duration::from_secs(5);

impl Ca {
    /// Whether `secret` is one of the person's; `None` when not.
    pub(crate) async fn check_credential(
        &self,
        user: &str,
        secret: Vec<u8>,
    ) -> Result<Option<Login>, Problem> {
        let secret = Zeroizing::new(secret);
        if secret.len() > MAX_SECRET_BYTES {
            return Ok(None);
        }
        let person = self.active_user(user).await?;
        let verifiers: Vec<(String, String)> =
            query("SELECT method, verifier FROM credential WHERE user = ?")
                .bind(person.as_deref().unwrap_or_default())
                .fetch_all(&self.database)
                .await
                .map_err(failed)?;
        // A device secret costs nothing to check, and must not wait behind guesses.
        let device_aal = self.settings.ca.device_secret_aal;
        if let Some(login) = prove_device(person.as_deref(), &verifiers, &secret, device_aal) {
            return Ok(Some(login));
        }
        // Who has a generator of codes needs one: a password that was found out is then not
        // enough. How long this takes says nothing of the name, for each hashes once.
        let user = person.clone();
        let needs_code = match &user {
            Some(user) => self.needs_code(user).await?,
            None => false,
        };
        let typed = if needs_code { code::split(&secret) } else { None };
        let (password, code) = match typed {
            Some(typed) => (Zeroizing::new(typed.password.to_vec()), Some(typed.code)),
            None => (secret, None),
        };
        let place = tokio::time::timeout(HASHING_WAIT, HASHING.acquire())
            .await
            .map_err(failed)?
            .map_err(failed)?;
        // Argon2 takes tens of milliseconds of one core: not on the runtime's threads.
        let proved =
            tokio::task::spawn_blocking(move || prove_password(person, &verifiers, &password))
                .await
                .map_err(failed);
        drop(place);
        match (proved?, needs_code, code) {
            (Some(login), false, _) => Ok(Some(login)),
            // Only behind the right password is a code a try: else anybody could use up the
            // tries of others.
            (Some(login), true, Some(code)) if self.use_code(&login.user, &code).await? => {
                Ok(Some(Login { method: "password-otp".to_owned(), aal: CODE_AAL, ..login }))
            }
            _ => Ok(None),
        }
    }

    /// Whose certificate this is, if they may log in with it: a signing certificate that
    /// counts now and whose key the person holds. That the client has the key, whoever
    /// speaks TLS with it has seen. `named` is whom the client says to be; empty for nobody.
    pub(crate) async fn check_certificate(
        &self,
        certificate: &[u8],
        named: &str,
    ) -> Result<Option<Login>, Problem> {
        let settings = &self.settings.ca.login;
        let Ok(shown) = Certificate::from_der(certificate) else { return Ok(None) };
        let now = OffsetDateTime::now_utc();
        if !settings.certificates || now < shown.not_before() || shown.not_after() < now {
            return Ok(None);
        }
        // Compared octet for octet with what was issued: nothing of it has to be believed.
        let row: Option<(String,)> = query(
            "SELECT subject FROM certificate WHERE der = ? AND kind = 'user-signing'
             AND revoked IS NULL",
        )
        .bind(shown.der())
        .fetch_optional(&self.database)
        .await
        .map_err(failed)?;
        let Some((user,)) = row else { return Ok(None) };
        if self.active_user(&user).await?.as_deref() != Some(user.as_str())
            || !(named.is_empty() || self.active_user(named).await?.as_deref() == Some(&user))
        {
            return Ok(None);
        }
        let record: Option<UserRecord> =
            self.ask_keyserver(&CaRequest::Person { user: user.clone() }).await?;
        let holder = record.filter(|record| record.active).and_then(|record| {
            let found = record.signing.iter().find(|(_, der)| der.as_slice() == shown.der());
            found.map(|(holder, _)| *holder)
        });
        let aal = match holder {
            Some(KeyHolder::Token) => settings.card_aal,
            Some(KeyHolder::File) => settings.key_file_aal,
            Some(KeyHolder::Server) | None => return Ok(None),
        };
        Ok(Some(Login { user, method: "client-certificate".to_owned(), aal }))
    }

    /// The user id behind a user id or an address, if the person is active. What is one
    /// person's user id and another's address names nobody.
    pub(crate) async fn active_user(&self, name: &str) -> Result<Option<String>, Problem> {
        let address = Address::parse(name).map(|a| directory_address(&a)).unwrap_or_default();
        let named: Vec<(String, bool)> = query(
            "SELECT user, active FROM person WHERE
             user = ?1 OR user = (SELECT user FROM address WHERE address = ?2 AND ended IS NULL)",
        )
        .bind(name)
        .bind(address)
        .fetch_all(&self.database)
        .await
        .map_err(failed)?;
        Ok(match named.as_slice() {
            [(user, true)] => Some(user.clone()),
            _ => None,
        })
    }
}

fn verifier<'v>(verifiers: &'v [(String, String)], wanted: &str) -> Option<&'v str> {
    verifiers.iter().find(|(method, _)| method == wanted).map(|(_, verifier)| verifier.as_str())
}

/// Whether the secret is the one of the person's mailer.
fn prove_device(
    person: Option<&str>,
    verifiers: &[(String, String)],
    secret: &[u8],
    aal: u8,
) -> Option<Login> {
    let known = verifier(verifiers, "device-secret")?;
    let given = device_verifier(secret);
    if !ssmax_primitives::constant_time_eq(known.as_bytes(), given.as_bytes()) {
        return None;
    }
    Some(Login { user: person?.to_owned(), method: "device-secret".to_owned(), aal })
}

/// Whether the secret is the person's password.
fn prove_password(
    person: Option<String>,
    verifiers: &[(String, String)],
    secret: &[u8],
) -> Option<Login> {
    let known = match verifier(verifiers, "password") {
        Some(known) => known,
        // Somebody unknown, or without a password: do the same work for nothing.
        None => {
            let _ = password_verifier(secret, &[0; 16]);
            return None;
        }
    };
    let hash = PasswordHash::new(known).ok()?;
    Argon2::default().verify_password(secret, &hash).ok()?;
    Some(Login { user: person?, method: "password".to_owned(), aal: PASSWORD_AAL })
}

/// What is stored of a password: argon2id in PHC form.
pub(crate) fn password_verifier(secret: &[u8], salt: &[u8; 16]) -> Option<String> {
    Argon2::default().hash_password_with_salt(secret, salt).ok().map(|hash| hash.to_string())
}

/// What is stored of a device secret. It has 160 random bits, so a plain hash will do.
pub(crate) fn device_verifier(secret: &[u8]) -> String {
    hex::encode(ssmax_primitives::sha256(secret))
}

/// A new device secret: 160 random bits as 40 hexadecimal digits.
pub(crate) fn new_device_secret(random: &dyn Random) -> String {
    let mut octets = [0; 20];
    random.fill(&mut octets);
    hex::encode(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verifiers() -> Vec<(String, String)> {
        vec![
            ("password".into(), password_verifier(b"correct horse", &[7; 16]).unwrap()),
            ("device-secret".into(), device_verifier(b"0123")),
        ]
    }

    #[test]
    fn each_secret_proves_its_own_level() {
        let login = prove_password(Some("alice".into()), &verifiers(), b"correct horse").unwrap();
        assert_eq!((login.method.as_str(), login.aal), ("password", 1));
        let login = prove_device(Some("alice"), &verifiers(), b"0123", 2).unwrap();
        assert_eq!((login.method.as_str(), login.aal), ("device-secret", 2));
        assert_eq!(prove_password(Some("alice".into()), &verifiers(), b"wrong"), None);
        assert_eq!(prove_device(Some("alice"), &verifiers(), b"wrong", 2), None);
    }

    #[test]
    fn nobody_logs_in_as_nobody() {
        assert_eq!(prove_password(None, &verifiers(), b"correct horse"), None);
        assert_eq!(prove_device(None, &verifiers(), b"0123", 2), None);
        assert_eq!(prove_password(Some("bob".into()), &[], b""), None);
        assert_eq!(prove_device(Some("bob"), &[], b"", 2), None);
    }
}
