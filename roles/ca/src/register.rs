//! Taking people in, issuing their certificates, ending their rights (step 2).

use crate::certify::Subject;
use crate::credential::{device_verifier, new_device_secret, password_verifier};
use crate::former::{archive_person, give_address};
use crate::serve::{Ca, failed};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::ca::{
    AccountKind, AddUser, Evidence, KeyHolder, NewUser, PROOFS, Person, UserEntry,
};
use ssmax_api::keyserver::{CaRequest, UserKeys, UserRecord};
use ssmax_chain::binding::directory_address;
use ssmax_mail::address::Address;
use ssmax_pki::Certificate;
use ssmax_store::{Transaction, query};
use ssmax_token::Random as _;
use time::OffsetDateTime;

/// What stands for the proof of identity where there is no person.
const NO_PERSON: &str = "organisation";

/// Local parts that only organisation certificates carry (RFC 3183 3.1.1, 4.1).
const RESERVED: [&str; 2] = ["domain-signing-authority", "domain-confidentiality-authority"];

impl Ca {
    /// Registers a person and issues certificates: the intent is stored before each
    /// signature.
    pub(crate) async fn add_user(&self, request: AddUser) -> Result<NewUser, Problem> {
        let ial = proved(&request)?;
        let addresses = self.check_addresses(&request.addresses)?;
        if request.user.is_empty() || request.name.is_empty() {
            return Err(Problem::Malformed);
        }
        self.check_free(&request, &addresses).await?;
        let main = addresses.first().ok_or(Problem::Malformed)?.to_string();
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let proved = request.details.proved.unwrap_or(now);
        let subject =
            Subject { kind: request.kind, name: &request.name, address: &main, ial, proved };

        let brought = self.brought_encryption_key(request.encryption_key_request.as_ref())?;
        let keys: UserKeys = self
            .ask_keyserver(&CaRequest::MakeUserKeys {
                encryption: brought.is_none(),
                rsa_encryption: request.rsa_encryption,
                signing: request.server_key,
            })
            .await?;
        let mut signing = Vec::new();
        for (holder, der) in [
            (KeyHolder::File, &request.file_key_request),
            (KeyHolder::Token, &request.token_key_request),
        ] {
            let Some(der) = der else { continue };
            let asked = ssmax_pki::request::parse(der).map_err(|_| Problem::Malformed)?;
            signing.push((
                holder,
                self.user_certificate(&request.user, &subject, &asked.spki, Some(holder)).await?,
            ));
        }
        if let Some(spki) = &keys.signing {
            let holder = KeyHolder::Server;
            signing.push((
                holder,
                self.user_certificate(&request.user, &subject, spki, Some(holder)).await?,
            ));
        }
        let encryption_key =
            brought.or(keys.encryption.map(ByteBuf::into_vec)).ok_or(Problem::Failed)?;
        let encryption =
            self.user_certificate(&request.user, &subject, &encryption_key, None).await?;
        let record = UserRecord {
            user: request.user.clone(),
            kind: request.kind,
            addresses: addresses.iter().map(ToString::to_string).collect(),
            active: true,
            proof: request.proof.clone(),
            ial,
            signing: signing.iter().map(|(holder, one)| (*holder, octets(one))).collect(),
            encryption: vec![octets(&encryption)],
        };
        self.ask_keyserver::<()>(&CaRequest::InstallUser(Box::new(record.clone()))).await?;
        let device_secret = request.device_secret.then(|| new_device_secret(&self.random));
        self.store_person(&request, &addresses, ial, proved, device_secret.as_deref()).await?;
        tracing::info!(user = %request.user, again = request.again, "a person is registered");
        Ok(NewUser {
            user: request.user,
            signing: record.signing,
            encryption: encryption.der().to_vec(),
            chain: vec![octets(&self.member_ca), octets(&self.issuing_ca)],
            device_secret,
        })
    }

    /// The encryption key that a person of an ESP brings; an organisation's people bring
    /// none.
    pub(crate) fn brought_encryption_key(
        &self,
        request: Option<&ByteBuf>,
    ) -> Result<Option<Vec<u8>>, Problem> {
        match (request, self.settings.organisation.is_esp()) {
            (None, false) => Ok(None),
            (Some(der), true) => {
                let asked = ssmax_pki::request::parse(der).map_err(|_| Problem::Malformed)?;
                Ok(Some(asked.spki))
            }
            _ => Err(Problem::NotAllowed),
        }
    }

    pub(crate) fn check_addresses(&self, texts: &[String]) -> Result<Vec<Address>, Problem> {
        texts
            .iter()
            .map(|text| {
                let address = Address::parse(text).map_err(|_| Problem::Malformed)?;
                let reserved =
                    RESERVED.iter().any(|local| local.eq_ignore_ascii_case(address.local()));
                if reserved || !self.settings.organisation.has_domain(address.domain()) {
                    return Err(Problem::NotAllowed);
                }
                Ok(address)
            })
            .collect()
    }

    async fn store_person(
        &self,
        request: &AddUser,
        addresses: &[Address],
        ial: u8,
        proved: i64,
        device_secret: Option<&str>,
    ) -> Result<(), Problem> {
        let mut verifiers = Vec::new();
        if let Some(password) = &request.password {
            let mut salt = [0; 16];
            self.random.fill(&mut salt);
            let verifier = password_verifier(password.as_bytes(), &salt).ok_or(Problem::Failed)?;
            verifiers.push(("password", verifier));
        }
        if let Some(secret) = device_secret {
            verifiers.push(("device-secret", device_verifier(secret.as_bytes())));
        }
        let mut write = self.database.begin_write().await.map_err(failed)?;
        archive_person(&mut write, &request.user).await?;
        insert_person(&mut write, &as_person(request, proved), request.kind, ial).await?;
        give_addresses(&mut write, &request.user, addresses).await?;
        for (method, verifier) in verifiers {
            query("INSERT INTO credential (user, method, verifier) VALUES (?, ?, ?)")
                .bind(&request.user)
                .bind(method)
                .bind(verifier)
                .execute(&mut write)
                .await
                .map_err(failed)?;
        }
        write.commit().await.map_err(failed)
    }

    /// The addresses that a person has, the main one first.
    pub(crate) async fn addresses_of(&self, user: &str) -> Result<Vec<String>, Problem> {
        let rows: Vec<(String,)> =
            query("SELECT address FROM address WHERE user = ? AND ended IS NULL ORDER BY position")
                .bind(user)
                .fetch_all(&self.database)
                .await
                .map_err(failed)?;
        Ok(rows.into_iter().map(|(address,)| address).collect())
    }

    /// All people.
    pub(crate) async fn list_users(&self) -> Result<Vec<UserEntry>, Problem> {
        let people: Vec<(String, String, String, Option<i64>)> =
            query("SELECT user, name, kind, ended FROM person ORDER BY user")
                .fetch_all(&self.database)
                .await
                .map_err(failed)?;
        let mut entries = Vec::with_capacity(people.len());
        for (user, name, kind, ended) in people {
            let kind = AccountKind::from_word(&kind).ok_or_else(|| failed("an unknown kind"))?;
            let addresses = self.addresses_of(&user).await?;
            let former = self.former_addresses(&user).await?;
            let active = ended.is_none();
            entries.push(UserEntry { user, name, addresses, former, kind, active, ended });
        }
        Ok(entries)
    }
}

/// The record of who is registered by hand.
fn as_person(request: &AddUser, proved: i64) -> Person {
    let details = request.details.clone();
    Person {
        user: request.user.clone(),
        name: request.name.clone(),
        kana: details.kana,
        english: details.english,
        addresses: request.addresses.clone(),
        department: details.department,
        evidence: Evidence {
            proof: request.proof.clone(),
            reference: details.reference,
            proved: Some(proved),
            by: details.by,
        },
        source: "hand".to_owned(),
    }
}

/// Stores a person who is new or comes back.
///
/// # Errors
/// [`Problem::Exists`] if there is an active one of this user id.
pub(crate) async fn insert_person(
    write: &mut Transaction,
    person: &Person,
    kind: AccountKind,
    ial: u8,
) -> Result<(), Problem> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let stored = query(
        "INSERT INTO person (user, name, kind, proof, ial, active, registered, kana, english,
             department, proof_reference, proved, proved_by, source)
         VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (user) DO UPDATE SET name = excluded.name, proof = excluded.proof,
             ial = excluded.ial, active = 1, registered = excluded.registered, ended = NULL,
             kana = excluded.kana, english = excluded.english, department = excluded.department,
             proof_reference = excluded.proof_reference, proved = excluded.proved,
             proved_by = excluded.proved_by, source = excluded.source, erased = NULL
         WHERE person.active = 0",
    )
    .bind(&person.user)
    .bind(&person.name)
    .bind(kind.as_str())
    .bind(&person.evidence.proof)
    .bind(ial)
    .bind(now)
    .bind(person.kana.clone())
    .bind(person.english.clone())
    .bind(person.department.clone())
    .bind(person.evidence.reference.clone())
    .bind(person.evidence.proved.unwrap_or(now))
    .bind(person.evidence.by.clone())
    .bind(&person.source)
    .execute(&mut *write)
    .await
    .map_err(failed)?;
    if stored.rows_affected() == 1 { Ok(()) } else { Err(Problem::Exists) }
}

/// Gives addresses to a person, the first as the main one.
///
/// # Errors
/// [`Problem::Exists`] if one is somebody else's.
pub(crate) async fn give_addresses(
    write: &mut Transaction,
    user: &str,
    addresses: &[Address],
) -> Result<(), Problem> {
    for (position, address) in (0_i64..).zip(addresses) {
        give_address(write, &directory_address(address), user, position).await?;
    }
    Ok(())
}

/// The level of a proof of identity, by its word.
pub(crate) fn level_of(proof: &str) -> Option<u8> {
    PROOFS.iter().find(|(word, _)| *word == proof).map(|(_, level)| *level)
}

/// The level of the proof of identity. What is no person has none, and nobody logs in or
/// signs as it but the keyserver.
fn proved(request: &AddUser) -> Result<u8, Problem> {
    if request.kind == AccountKind::Person {
        return level_of(&request.proof).ok_or(Problem::Malformed);
    }
    let is_bare = request.proof == NO_PERSON
        && request.password.is_none()
        && !request.device_secret
        && request.file_key_request.is_none()
        && request.token_key_request.is_none()
        && request.server_key;
    if is_bare { Ok(0) } else { Err(Problem::Malformed) }
}

fn octets(certificate: &Certificate) -> ByteBuf {
    ByteBuf::from(certificate.der().to_vec())
}
