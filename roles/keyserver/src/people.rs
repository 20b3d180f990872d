//! People as the keyserver knows them: rights, certificates, keys held for them.

mod install;

use crate::state::{Keyserver, failed};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::ca::{AccountKind, KeyHolder, PROOFS, SECRETS};
use ssmax_api::keyserver::{CaRequest, ERASED, MAX_ERASED, PrivateKey, RelayKeys, UserRecord};
use ssmax_chain::binding::directory_address;
use ssmax_hsm::KeyPurpose;
use ssmax_mail::address::Address;
use ssmax_pki::Certificate;
use ssmax_store::query;
use ssmax_token::KeyPair as _;
use time::OffsetDateTime;

impl Keyserver {
    /// Answers the CA.
    pub(crate) async fn answer_ca(&self, request: CaRequest) -> ssmax_api::Answer {
        let entry = crate::audit::Entry::of_ca(&request);
        let answer = self.carry_out_for_ca(request).await;
        self.recorded(entry, None, answer).await
    }

    async fn carry_out_for_ca(&self, request: CaRequest) -> ssmax_api::Answer {
        match request {
            CaRequest::MakeUserKeys { encryption, rsa_encryption, signing } => {
                ssmax_api::encode(self.make_user_keys(encryption, rsa_encryption, signing))
            }
            CaRequest::MakeKeysForMany { people } => {
                ssmax_api::encode(self.make_keys_for_many(people).await)
            }
            CaRequest::InstallUser(record) => ssmax_api::encode(self.install_user(&record).await),
            CaRequest::InstallUsers(records) => {
                ssmax_api::encode(self.install_users(&records).await)
            }
            CaRequest::ExportEncryptionKey { user } => {
                ssmax_api::encode(self.export_encryption_key(&user).await)
            }
            CaRequest::Delegate(delegation) => ssmax_api::encode(self.delegate(&delegation).await),
            CaRequest::EndDelegation { owner, actor } => {
                ssmax_api::encode(self.end_delegation(&owner, &actor).await)
            }
            CaRequest::NoteSecret { user, method, proof } => {
                ssmax_api::encode(self.note_secret(&user, &method, &proof).await)
            }
            CaRequest::NoteErasure { class, whose } => {
                let known = ERASED.contains(&class.as_str());
                let fits = (1..=MAX_ERASED).contains(&whose.len());
                ssmax_api::encode(if known && fits { Ok(()) } else { Err(Problem::Malformed) })
            }
            CaRequest::ListDelegations => ssmax_api::encode(self.list_delegations().await),
            CaRequest::ExportEarlierKeys { user } => {
                ssmax_api::encode(self.export_earlier_keys(&user).await)
            }
            CaRequest::Person { user } => ssmax_api::encode(self.person(&user).await),
            CaRequest::IsReached { address } => ssmax_api::encode(self.is_reached(&address).await),
            CaRequest::RelayKeys => ssmax_api::encode(self.relay_keys()),
        }
    }

    /// That a person may log in: a new secret of nobody else is worth a row in the log.
    async fn note_secret(&self, user: &str, method: &str, proof: &str) -> Result<(), Problem> {
        if !SECRETS.contains(&method) || !PROOFS.iter().any(|(word, _)| *word == proof) {
            return Err(Problem::Malformed);
        }
        let record = self.person(user).await?;
        let is_active = record.is_some_and(|one| one.active && one.kind == AccountKind::Person);
        if is_active { Ok(()) } else { Err(Problem::NotFound) }
    }

    async fn export_encryption_key(&self, user: &str) -> Result<PrivateKey, Problem> {
        self.not_at_an_esp()?;
        let record = self.person(user).await?.filter(|record| record.active);
        let record = record.ok_or(Problem::NotFound)?;
        let newest = record.encryption.first().ok_or(Problem::NotFound)?;
        let certificate = Certificate::from_der(newest).map_err(|_| Problem::Failed)?;
        let id = ssmax_hsm::key_id(certificate.spki());
        let key = self.keys.export(KeyPurpose::UserEncryption, &id).map_err(failed)?;
        tracing::warn!(%user, key = %id, "an encryption key was exported for its owner's mailer");
        Ok(PrivateKey(key.to_vec()))
    }

    /// All but the newest: a mailer wants them for old mail.
    async fn export_earlier_keys(&self, user: &str) -> Result<Vec<(ByteBuf, PrivateKey)>, Problem> {
        self.not_at_an_esp()?;
        let record = self.person(user).await?.filter(|record| record.active);
        let record = record.ok_or(Problem::NotFound)?;
        let newest = record.encryption.first().ok_or(Problem::NotFound)?;
        let mut exported = Vec::new();
        for certificate in self.escrowed(user).await? {
            if certificate.der() == newest.as_slice() {
                continue;
            }
            let id = ssmax_hsm::key_id(certificate.spki());
            let key = self.keys.export(KeyPurpose::UserEncryption, &id).map_err(failed)?;
            tracing::warn!(%user, key = %id, "an earlier encryption key was exported");
            exported.push((ByteBuf::from(certificate.der().to_vec()), PrivateKey(key.to_vec())));
        }
        Ok(exported)
    }

    fn relay_keys(&self) -> Result<RelayKeys, Problem> {
        let public = |purpose, rsa| {
            self.newest_key(purpose, rsa).map(|key| key.map(|key| key.spki().to_vec()))
        };
        Ok(RelayKeys {
            seal: public(KeyPurpose::Seal, false)?.ok_or(Problem::Failed)?,
            submission: public(KeyPurpose::SubmissionEncryption, false)?.ok_or(Problem::Failed)?,
            submission_rsa: public(KeyPurpose::SubmissionEncryption, true)?.map(ByteBuf::from),
        })
    }

    /// The person of this user id.
    pub(crate) async fn person(&self, user: &str) -> Result<Option<UserRecord>, Problem> {
        let row: Option<(Vec<u8>,)> = query("SELECT record FROM person WHERE user = ?")
            .bind(user)
            .fetch_optional(&self.database)
            .await
            .map_err(failed)?;
        row.map(|(octets,)| ciborium::from_reader(octets.as_slice()).map_err(failed)).transpose()
    }

    /// The person behind an address.
    pub(crate) async fn person_at(&self, address: &Address) -> Result<Option<UserRecord>, Problem> {
        let row: Option<(String,)> = query("SELECT user FROM address WHERE address = ?")
            .bind(directory_address(address))
            .fetch_optional(&self.database)
            .await
            .map_err(failed)?;
        match row {
            Some((user,)) => self.person(&user).await,
            None => Ok(None),
        }
    }

    /// The encryption certificate that mail for this address is encrypted with: the
    /// newest one that is valid now, of an active person.
    pub(crate) async fn encryption_certificate(
        &self,
        address: &Address,
    ) -> Result<Option<Certificate>, Problem> {
        let Some(person) = self.person_at(address).await? else { return Ok(None) };
        // Machines read no mail, and what is for a list goes on as new mail.
        if !person.active || !person.kind.is_read() {
            return Ok(None);
        }
        Ok(self.certificate_of(&person))
    }

    /// The newest encryption certificate of a person that is valid now.
    pub(crate) fn certificate_of(&self, person: &UserRecord) -> Option<Certificate> {
        let now = Self::now();
        person.encryption.iter().filter_map(|der| Certificate::from_der(der).ok()).find(|one| {
            one.not_before() <= now && now <= one.not_after() && one.allows_encryption()
        })
    }
}

/// The person's signing certificate that the keyserver holds the key of.
pub(crate) fn server_held(person: &UserRecord) -> Option<&ByteBuf> {
    person.signing.iter().find(|(holder, _)| *holder == KeyHolder::Server).map(|(_, der)| der)
}

/// Whether somebody is an active person with a signing certificate that is valid now and
/// whose key the person holds.
pub(crate) fn signs_by_own_key(record: &UserRecord, now: OffsetDateTime) -> bool {
    record.active
        && record.kind == AccountKind::Person
        && record
            .signing
            .iter()
            .filter(|(holder, _)| *holder != KeyHolder::Server)
            .filter_map(|(_, der)| Certificate::from_der(der).ok())
            .any(|one| one.not_before() <= now && now <= one.not_after() && one.allows_signing())
}

/// Whether the person has a card: then nobody else signs for them.
pub(crate) fn has_token(person: &UserRecord) -> bool {
    person.signing.iter().any(|(holder, _)| *holder == KeyHolder::Token)
}

/// A person as others know them.
pub(crate) fn shown(person: &UserRecord) -> String {
    match person.addresses.first() {
        Some(address) => format!("{} <{address}>", person.user),
        None => person.user.clone(),
    }
}

/// Whether one of the person's addresses is this one.
pub(crate) fn may_send_as(person: &UserRecord, from: &Address) -> bool {
    person.addresses.iter().any(|own| Address::parse(own).is_ok_and(|own| own.matches(from)))
}
