//! Certificates for people. The intent is stored before each signature, so that no serial is
//! ever used without a row.

use crate::serve::{Ca, failed};
use crate::setup::linted;
use ssmax_api::Problem;
use ssmax_api::ca::{AccountKind, KeyHolder};
use ssmax_hsm::{KeyPurpose, StoredKey};
use ssmax_pki::lint::Linted;
use ssmax_pki::profile::{
    self, Basis, Generation, Identity, IdentityProof, Organisation, User, Validity,
};
use ssmax_pki::{Certificate, issue};
use ssmax_store::{Executor, query};
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// What certificates say of somebody.
pub(crate) struct Subject<'p> {
    pub(crate) kind: AccountKind,
    pub(crate) name: &'p str,
    /// The main address.
    pub(crate) address: &'p str,
    pub(crate) ial: u8,
    /// When identity was proved, in seconds since 1970.
    pub(crate) proved: i64,
}

impl Ca {
    /// Who a certificate says somebody is. An organisation vouches for its people; an ESP's
    /// proved who they are, or only that the mailbox is theirs (`spec/certificates.md` 4).
    fn identity<'a>(&'a self, subject: &Subject<'a>) -> Identity<'a> {
        let organisation = &self.settings.organisation;
        let is_esp = organisation.is_esp();
        let organisation = Organisation { name: &organisation.name, identifier: &organisation.id };
        // S/MIME BR 7.1.4.2.2 a: the certificate of a role names its organisation.
        if subject.kind != AccountKind::Person {
            return Identity::Organization(organisation);
        }
        let (surname, given_name) = split_name(subject.name);
        let common_name = subject.name;
        match (is_esp, subject.ial) {
            (true, 0) => Identity::Mailbox,
            (true, _) => Identity::Individual { surname, given_name, common_name },
            (false, _) => Identity::Sponsor { organisation, surname, given_name, common_name },
        }
    }

    /// What a certificate of a person will say: signing for a holder, or encryption.
    pub(crate) fn user_draft(
        &self,
        subject: &Subject<'_>,
        serial: Vec<u8>,
        spki: &[u8],
        holder: Option<KeyHolder>,
    ) -> Result<Linted, Problem> {
        let now = OffsetDateTime::now_utc();
        let validity = Validity {
            not_before: now - Duration::minutes(5),
            not_after: (now + Duration::days(i64::from(self.settings.ca.user_days))
                - Duration::hours(1))
            .min(self.member_ca.not_after()),
        };
        let proved = OffsetDateTime::from_unix_timestamp(subject.proved).map_err(failed)?;
        let user = User {
            address: subject.address,
            identity: self.identity(subject),
            generation: Generation::Strict,
            server_held: holder == Some(KeyHolder::Server),
            // Level 0 is no proof, and no certificate says it is one.
            identity_proof: (subject.ial > 0)
                .then(|| IdentityProof { level: subject.ial, date: proved.date() }),
        };
        let mut basis = Basis::new(spki, serial, validity);
        self.point(&mut basis, &self.member_ca);
        let draft = if holder.is_some() {
            profile::user_signing(basis, &user)
        } else {
            profile::user_encryption(basis, &user)
        };
        linted(draft).map_err(failed)
    }

    /// The key that people's certificates are signed with.
    pub(crate) fn member_key(&self) -> Result<Arc<StoredKey>, Problem> {
        self.keys
            .key(KeyPurpose::MemberCa, &ssmax_hsm::key_id(self.member_ca.spki()))
            .map_err(failed)
    }

    /// One certificate for a person: signing for a holder, or encryption.
    pub(crate) async fn user_certificate(
        &self,
        user: &str,
        subject: &Subject<'_>,
        spki: &[u8],
        holder: Option<KeyHolder>,
    ) -> Result<Certificate, Problem> {
        let serial = issue::random_serial(&self.random);
        self.intend(&serial, user, kind_of(holder)).await?;
        let linted = self.user_draft(subject, serial.clone(), spki, holder)?;
        let key = self.member_key()?;
        let certificate = issue::issue(linted, &self.member_ca, key.as_ref()).map_err(failed)?;
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
        intend(&self.database, serial, subject, kind).await
    }

    /// Stores the certificate beside its intent.
    pub(crate) async fn issued(
        &self,
        serial: &[u8],
        certificate: &Certificate,
    ) -> Result<(), Problem> {
        issued(&self.database, serial, certificate.der()).await
    }
}

/// The kind of certificate in the table.
pub(crate) fn kind_of(holder: Option<KeyHolder>) -> &'static str {
    if holder.is_some() { "user-signing" } else { "user-encryption" }
}

/// As [`Ca::intend`], with others in one transaction.
pub(crate) async fn intend(
    on: impl Executor,
    serial: &[u8],
    subject: &str,
    kind: &str,
) -> Result<(), Problem> {
    query("INSERT INTO certificate (serial, subject, kind, intended) VALUES (?, ?, ?, ?)")
        .bind(serial)
        .bind(subject)
        .bind(kind)
        .bind(OffsetDateTime::now_utc().unix_timestamp())
        .execute(on)
        .await
        .map_err(failed)?;
    Ok(())
}

/// As [`Ca::issued`], with others in one transaction.
pub(crate) async fn issued(on: impl Executor, serial: &[u8], der: &[u8]) -> Result<(), Problem> {
    query("UPDATE certificate SET der = ? WHERE serial = ?")
        .bind(der)
        .bind(serial)
        .execute(on)
        .await
        .map_err(failed)?;
    Ok(())
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
