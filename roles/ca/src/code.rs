//! One-time codes (RFC 6238), which a person types behind the password: what an
//! authenticator application shows counts once, in its half minute or one beside it.

use crate::register::level_of;
use crate::serve::{Ca, failed};
use ssmax_api::Problem;
use ssmax_api::ca::{AccountKind, NewCode, RenewCode};
use ssmax_api::keyserver::CaRequest;
use ssmax_store::query;
use ssmax_token::Random as _;
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// How long a code is shown, in seconds. RFC 6238 5.2 recommends 30; applications that read
/// no `period` assume it.
const STEP_SECONDS: i64 = 30;

/// Digits of a code: what every application shows.
const DIGITS: usize = 6;

/// Octets of a secret. RFC 4226 4, R6: "RECOMMENDs a shared secret length of 160 bits".
const SECRET_BYTES: usize = 20;

/// What a person typed: a password, and the code behind it.
pub(crate) struct Typed<'s> {
    pub(crate) password: &'s [u8],
    pub(crate) code: [u8; DIGITS],
}

/// Takes a code off the end of what was typed; `None` if none stands there.
pub(crate) fn split(typed: &[u8]) -> Option<Typed<'_>> {
    let (password, code) = typed.split_last_chunk::<DIGITS>()?;
    code.iter().all(u8::is_ascii_digit).then_some(Typed { password, code: *code })
}

/// The code of a step (RFC 4226 5.3, RFC 6238 4.2).
fn code_at(secret: &[u8], step: i64) -> [u8; DIGITS] {
    let mac = ssmax_primitives::hmac_sha1(secret, &step.to_be_bytes());
    let at = usize::from(mac[19] & 0x0f);
    let four: [u8; 4] = mac
        .get(at..at + 4)
        .and_then(|four| four.try_into().ok())
        // The offset is at most 15 of 20 octets.
        .unwrap_or_default();
    let mut number = u32::from_be_bytes(four) & 0x7fff_ffff;
    let mut code = [b'0'; DIGITS];
    for digit in code.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    code
}

/// The newest step that shows this code, within the drift and past the last one used.
fn step_of(secret: &[u8], code: &[u8], now: i64, drift: u8, last: i64) -> Option<i64> {
    let current = now.div_euclid(STEP_SECONDS);
    let drift = i64::from(drift);
    (current - drift..=current + drift)
        .rev()
        .filter(|step| *step > last)
        .find(|step| ssmax_primitives::constant_time_eq(&code_at(secret, *step), code))
}

impl Ca {
    /// Whether somebody has to type a code behind the password.
    pub(crate) async fn needs_code(&self, user: &str) -> Result<bool, Problem> {
        let row: Option<(String,)> = query("SELECT user FROM one_time_code WHERE user = ?")
            .bind(user)
            .fetch_optional(&self.database)
            .await
            .map_err(failed)?;
        Ok(row.is_some())
    }

    /// Whether this is the person's code now. It counts once. Each try is counted before it
    /// is looked at, so that many at a time are no more than many one after another.
    pub(crate) async fn use_code(&self, user: &str, code: &[u8]) -> Result<bool, Problem> {
        let settings = &self.settings.ca.login;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let window = i64::from(settings.wrong_codes_minutes) * 60;
        let counted = query(
            "UPDATE one_time_code SET
                 wrong = CASE WHEN wrong_since + ?2 <= ?3 THEN 1 ELSE wrong + 1 END,
                 wrong_since = CASE WHEN wrong_since + ?2 <= ?3 THEN ?3 ELSE wrong_since END
             WHERE user = ?1 AND (wrong < ?4 OR wrong_since + ?2 <= ?3)",
        )
        .bind(user)
        .bind(window)
        .bind(now)
        .bind(i64::from(settings.wrong_codes))
        .execute(&self.database)
        .await
        .map_err(failed)?;
        if counted.rows_affected() == 0 {
            tracing::warn!(%user, "too many wrong one-time codes, none is looked at for a while");
            return Ok(false);
        }
        let (sealed, last): (Vec<u8>, i64) =
            query("SELECT secret, last_step FROM one_time_code WHERE user = ?")
                .bind(user)
                .fetch_one(&self.database)
                .await
                .map_err(failed)?;
        let secret = self
            .keys
            .open_secret(&owner(user), &sealed)
            .ok_or_else(|| failed("the secret of a one-time code does not open"))?;
        let Some(step) = step_of(&secret, code, now, settings.code_drift_steps, last) else {
            return Ok(false);
        };
        // Whoever is first has used it.
        let used = query(
            "UPDATE one_time_code SET last_step = ?2, wrong = 0 WHERE user = ?1 AND last_step < ?2",
        )
        .bind(user)
        .bind(step)
        .execute(&self.database)
        .await
        .map_err(failed)?;
        Ok(used.rows_affected() == 1)
    }

    /// Gives a person a new secret for codes, or ends what there is. The one before counts
    /// no longer.
    ///
    /// # Errors
    /// [`Problem::ProofTooWeak`] when identity is proved less well than at registration;
    /// [`Problem::Malformed`] for what is no person, or has no password to type a code
    /// behind.
    pub(crate) async fn renew_code(&self, request: &RenewCode) -> Result<NewCode, Problem> {
        let user = self.account(&request.user).await?;
        let (kind,): (String,) = query("SELECT kind FROM person WHERE user = ?")
            .bind(&user)
            .fetch_one(&self.database)
            .await
            .map_err(failed)?;
        let password: Option<(String,)> =
            query("SELECT user FROM credential WHERE user = ? AND method = 'password'")
                .bind(&user)
                .fetch_optional(&self.database)
                .await
                .map_err(failed)?;
        if kind != AccountKind::Person.as_str()
            || level_of(&request.proof).is_none()
            || (password.is_none() && !request.end)
        {
            return Err(Problem::Malformed);
        }
        self.check_proof(&user, &request.proof).await?;
        let method = if request.end { "password" } else { "password-otp" };
        // Without it in the log that nobody can change unseen, nothing changes.
        self.ask_keyserver::<()>(&CaRequest::NoteSecret {
            user: user.clone(),
            method: method.to_owned(),
            proof: request.proof.clone(),
        })
        .await?;
        if request.end {
            query("DELETE FROM one_time_code WHERE user = ?")
                .bind(&user)
                .execute(&self.database)
                .await
                .map_err(failed)?;
            tracing::warn!(%user, proof = %request.proof, "a person needs no one-time code any more");
            return Ok(NewCode { user, uri: None });
        }
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        self.random.fill(secret.as_mut_slice());
        let sealed = self.keys.seal_secret(&owner(&user), secret.as_slice()).map_err(failed)?;
        query(
            "INSERT INTO one_time_code (user, secret, last_step, wrong, wrong_since)
             VALUES (?, ?, 0, 0, 0)
             ON CONFLICT (user) DO UPDATE SET secret = excluded.secret, last_step = 0,
                 wrong = 0, wrong_since = 0",
        )
        .bind(&user)
        .bind(sealed)
        .execute(&self.database)
        .await
        .map_err(failed)?;
        tracing::warn!(%user, proof = %request.proof, "a person has a new secret for one-time codes");
        let (address,): (String,) = query(
            "SELECT address FROM address WHERE user = ? AND ended IS NULL ORDER BY position LIMIT 1",
        )
        .bind(&user)
        .fetch_one(&self.database)
        .await
        .map_err(failed)?;
        let uri = uri(&self.settings.organisation.name, &address, secret.as_slice());
        Ok(NewCode { user, uri: Some(uri) })
    }
}

/// What the secret is sealed as: another person's row does not open.
fn owner(user: &str) -> String {
    format!("one-time code of {user}")
}

/// The key URI that applications read from a QR code.
fn uri(issuer: &str, address: &str, secret: &[u8]) -> String {
    let issuer = escaped(issuer);
    format!(
        "otpauth://totp/{issuer}:{}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
        escaped(address),
        base32(secret)
    )
}

/// RFC 3986 2.1: everything but unreserved characters.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    out
}

/// RFC 4648 6, without padding, which applications refuse. Only for whole groups of five
/// octets, as [`SECRET_BYTES`] has them.
fn base32(octets: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = String::new();
    for group in octets.chunks_exact(5) {
        let number = group.iter().fold(0_u64, |number, octet| number << 8 | u64::from(*octet));
        for letter in (0..8).rev() {
            let index = (number >> (letter * 5) & 31) as usize;
            out.push(char::from(ALPHABET.get(index).copied().unwrap_or_default()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the rows with SHA-1; the last six of eight digits.
    #[test]
    fn codes_are_those_of_rfc_6238() {
        let secret = b"12345678901234567890";
        for (at, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(secret, at / STEP_SECONDS), code.as_bytes(), "{at}");
        }
    }

    #[test]
    fn a_code_counts_within_the_drift_and_never_again() {
        let secret = b"12345678901234567890";
        let now = 1_111_111_111;
        let current = now / STEP_SECONDS;
        for (offset, drift, found) in
            [(0, 0, true), (1, 0, false), (-1, 1, true), (1, 1, true), (2, 1, false), (-2, 2, true)]
        {
            let code = code_at(secret, current + offset);
            let step = step_of(secret, &code, now, drift, 0);
            assert_eq!(step.is_some(), found, "{offset} {drift}");
        }
        let code = code_at(secret, current);
        assert_eq!(step_of(secret, &code, now, 1, current - 1), Some(current));
        assert_eq!(step_of(secret, &code, now, 1, current), None);
        assert_eq!(step_of(secret, b"000000", now, 1, 0), None);
    }

    #[test]
    fn the_code_is_the_six_digits_at_the_end() {
        let typed = split("正しい馬 7123456".as_bytes()).unwrap();
        assert_eq!(typed.password, "正しい馬 7".as_bytes());
        assert_eq!(&typed.code, b"123456");
        assert_eq!(split(b"123456").unwrap().password, b"");
        for bad in [&b"12345"[..], b"password", b"password12345 ", b"", "x１２３４５６".as_bytes()]
        {
            assert!(split(bad).is_none(), "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn the_uri_holds_what_applications_read() {
        let said = uri("A & 会社", "a+b@a.example", b"12345678901234567890");
        assert_eq!(
            said,
            "otpauth://totp/A%20%26%20%E4%BC%9A%E7%A4%BE:a%2Bb%40a.example?\
             secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A%20%26%20%E4%BC%9A%E7%A4%BE\
             &algorithm=SHA1&digits=6&period=30"
        );
    }
}
