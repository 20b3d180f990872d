//! Taking people in, issuing their certificates, ending their rights (step 2).

use crate::credential::{device_verifier, new_device_secret, password_verifier};
use crate::former::{archive_person, give_address};
use crate::serve::{Ca, failed};
use crate::setup::linted;
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::ca::{AccountKind, AddUser, KeyHolder, NewUser, PROOFS, UserEntry};
use ssmax_api::keyserver::{CaRequest, UserKeys, UserRecord};
use ssmax_chain::binding::directory_address;
use ssmax_hsm::KeyPurpose;
use ssmax_mail::address::Address;
use ssmax_pki::profile::{
    self, Basis, Generation, Identity, IdentityProof, Organisation, User, Validity,
};
use ssmax_pki::{Certificate, issue};
use ssmax_store::query;
use ssmax_token::Random as _;
use time::{Duration, OffsetDateTime};

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
                self.user_certificate(&request, &main, ial, &asked.spki, Some(holder)).await?,
            ));
        }
        if let Some(spki) = &keys.signing {
            let holder = KeyHolder::Server;
            signing.push((
                holder,
                self.user_certificate(&request, &main, ial, spki, Some(holder)).await?,
            ));
        }
        let encryption_key =
            brought.or(keys.encryption.map(ByteBuf::into_vec)).ok_or(Problem::Failed)?;
        let encryption = self.user_certificate(&request, &main, ial, &encryption_key, None).await?;
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
        self.store_person(&request, &addresses, ial, device_secret.as_deref()).await?;
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

    /// Who a certificate says somebody is. An organisation vouches for its people; an ESP's
    /// proved who they are, or only that the mailbox is theirs (`spec/certificates.md` 4).
    fn identity<'a>(&'a self, request: &'a AddUser, ial: u8) -> Identity<'a> {
        let organisation = &self.settings.organisation;
        let is_esp = organisation.is_esp();
        let organisation = Organisation { name: &organisation.name, identifier: &organisation.id };
        // S/MIME BR 7.1.4.2.2 a: the certificate of a role names its organisation.
        if request.kind != AccountKind::Person {
            return Identity::Organization(organisation);
        }
        let (surname, given_name) = split_name(&request.name);
        let common_name = &request.name;
        match (is_esp, ial) {
            (true, 0) => Identity::Mailbox,
            (true, _) => Identity::Individual { surname, given_name, common_name },
            (false, _) => Identity::Sponsor { organisation, surname, given_name, common_name },
        }
    }

    fn check_addresses(&self, texts: &[String]) -> Result<Vec<Address>, Problem> {
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

    /// One certificate for a person: signing for a holder, or encryption.
    pub(crate) async fn user_certificate(
        &self,
        request: &AddUser,
        address: &str,
        ial: u8,
        spki: &[u8],
        holder: Option<KeyHolder>,
    ) -> Result<Certificate, Problem> {
        let now = OffsetDateTime::now_utc();
        let serial = issue::random_serial(&self.random);
        let kind = if holder.is_some() { "user-signing" } else { "user-encryption" };
        self.intend(&serial, &request.user, kind).await?;
        let validity = Validity {
            not_before: now - Duration::minutes(5),
            not_after: (now + Duration::days(i64::from(self.settings.ca.user_days))
                - Duration::hours(1))
            .min(self.member_ca.not_after()),
        };
        let user = User {
            address,
            identity: self.identity(request, ial),
            generation: Generation::Strict,
            server_held: holder == Some(KeyHolder::Server),
            // Level 0 is no proof, and no certificate says it is one.
            identity_proof: (ial > 0).then(|| IdentityProof { level: ial, date: now.date() }),
        };
        let mut basis = Basis::new(spki, serial.clone(), validity);
        self.point(&mut basis, &self.member_ca);
        let draft = if holder.is_some() {
            profile::user_signing(basis, &user)
        } else {
            profile::user_encryption(basis, &user)
        };
        let key = self
            .keys
            .key(KeyPurpose::MemberCa, &ssmax_hsm::key_id(self.member_ca.spki()))
            .map_err(failed)?;
        let certificate =
            issue::issue(linted(draft).map_err(failed)?, &self.member_ca, key.as_ref())
                .map_err(failed)?;
        self.issued(&serial, &certificate).await?;
        Ok(certificate)
    }

    /// Stores that a certificate with this serial is about to be signed.
    pub(crate) async fn intend(
        &self,
        serial: &[u8],
        subject: &str,
        kind: &str,
    ) -> Result<(), Problem> {
        query("INSERT INTO certificate (serial, subject, kind, intended) VALUES (?, ?, ?, ?)")
            .bind(serial)
            .bind(subject)
            .bind(kind)
            .bind(OffsetDateTime::now_utc().unix_timestamp())
            .execute(&self.database)
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// Stores the certificate beside its intent.
    pub(crate) async fn issued(
        &self,
        serial: &[u8],
        certificate: &Certificate,
    ) -> Result<(), Problem> {
        query("UPDATE certificate SET der = ? WHERE serial = ?")
            .bind(certificate.der())
            .bind(serial)
            .execute(&self.database)
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn store_person(
        &self,
        request: &AddUser,
        addresses: &[Address],
        ial: u8,
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
        let stored = query(
            "INSERT INTO person (user, name, kind, proof, ial, active, registered)
             VALUES (?, ?, ?, ?, ?, 1, ?)
             ON CONFLICT (user) DO UPDATE SET name = excluded.name, proof = excluded.proof,
                 ial = excluded.ial, active = 1, registered = excluded.registered, ended = NULL
             WHERE person.active = 0",
        )
        .bind(&request.user)
        .bind(&request.name)
        .bind(request.kind.as_str())
        .bind(&request.proof)
        .bind(ial)
        .bind(OffsetDateTime::now_utc().unix_timestamp())
        .execute(&mut write)
        .await
        .map_err(failed)?;
        if stored.rows_affected() != 1 {
            return Err(Problem::Exists);
        }
        for (position, address) in (0_i64..).zip(addresses) {
            let address = directory_address(address);
            give_address(&mut write, &address, &request.user, position).await?;
        }
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
            let addresses: Vec<(String,)> = query(
                "SELECT address FROM address WHERE user = ? AND ended IS NULL ORDER BY position",
            )
            .bind(&user)
            .fetch_all(&self.database)
            .await
            .map_err(failed)?;
            let addresses = addresses.into_iter().map(|(address,)| address).collect();
            let former = self.former_addresses(&user).await?;
            let active = ended.is_none();
            entries.push(UserEntry { user, name, addresses, former, kind, active, ended });
        }
        Ok(entries)
    }
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

/// Surname and given name as the person writes them: the first word is the surname
/// when the name is not in Latin letters, the last word otherwise.
fn split_name(name: &str) -> (&str, &str) {
    let latin = name.is_ascii();
    let parts = if latin {
        name.rsplit_once([' ', '\u{3000}'])
    } else {
        name.split_once([' ', '\u{3000}'])
    };
    match parts {
        Some((given, surname)) if latin => (surname, given),
        Some((surname, given)) => (surname, given),
        None => (name, name),
    }
}

fn octets(certificate: &Certificate) -> ByteBuf {
    ByteBuf::from(certificate.der().to_vec())
}

#[cfg(test)]
mod tests {
    use super::split_name;

    #[test]
    fn names_are_split_as_people_write_them() {
        assert_eq!(split_name("山田 花子"), ("山田", "花子"));
        assert_eq!(split_name("山田　花子"), ("山田", "花子"));
        assert_eq!(split_name("Alice B. Carroll"), ("Carroll", "Alice B."));
        assert_eq!(split_name("Prince"), ("Prince", "Prince"));
    }
}
