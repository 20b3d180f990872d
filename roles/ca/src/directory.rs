//! What mailers look up: with what mail to an address is encrypted, and whom of the
//! colleagues somebody means. Asked by the directory role, which holds no key and reads
//! the octets of strangers; so what it may cost is bounded here.
//! Specification: `spec/certificates.md`, "Relay certificates".

use crate::relay::Kind;
use crate::serve::{Ca, failed, gave};
use serde_bytes::ByteBuf;
use ssmax_api::ca::AccountKind;
use ssmax_api::directory::{
    DirectoryEntry, DirectoryRequest, Field, Fragment, Suggestions, folded,
};
use ssmax_api::keyserver::{CaRequest, RelayKeys, UserRecord};
use ssmax_api::{Answer, Problem};
use ssmax_chain::binding::directory_address;
use ssmax_daemon::listen::Peer;
use ssmax_mail::address::Address;
use ssmax_metrics::list as metrics;
use ssmax_pki::Certificate;
use ssmax_store::query;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the list of people is searched before it is read again: somebody types a name
/// letter by letter, and each asks anew.
const LIST_AGE: Duration = Duration::from_secs(5);

const HOUR: Duration = Duration::from_secs(3600);

/// Somebody who may be suggested.
pub(crate) struct Known {
    name: String,
    address: String,
    folded_name: String,
    folded_address: String,
}

/// What is kept for the directory between requests.
#[derive(Default)]
pub(crate) struct Kept {
    list: tokio::sync::Mutex<Option<(Instant, Arc<Vec<Known>>)>>,
    issued: Mutex<Option<(Instant, u32)>>,
}

impl Kept {
    /// Whether one more certificate may be issued in this hour.
    fn may_issue(&self, now: Instant, most: u32) -> bool {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = match *issued {
            Some((since, count)) if now.saturating_duration_since(since) < HOUR => (since, count),
            _ => (now, 0),
        };
        let may = count < most;
        *issued = Some((since, count.saturating_add(u32::from(may))));
        may
    }
}

impl Known {
    fn new(address: String, name: String) -> Self {
        let (folded_name, folded_address) = (folded(&name), folded(&address));
        Self { name, address, folded_name, folded_address }
    }

    fn has(&self, fragment: &Fragment) -> bool {
        fragment.is_in(match fragment.field {
            Field::Name => &self.folded_name,
            Field::Address => &self.folded_address,
        })
    }
}

impl Ca {
    /// Answers the directory.
    pub(crate) async fn answer_directory(&self, request: DirectoryRequest, peer: &Peer) -> Answer {
        match request {
            DirectoryRequest::Find { address, own } => {
                let found = self.find(&address, own).await;
                if let Ok(Some(_)) = found {
                    metrics::ISSUED.count(["directory".into()]);
                }
                ssmax_api::encode(found)
            }
            DirectoryRequest::Suggest { clauses, limit } => {
                ssmax_api::encode(self.suggest(&clauses, limit).await)
            }
            DirectoryRequest::CheckCredential { user, secret } => {
                self.answer_login(&user, secret).await
            }
            DirectoryRequest::RenewTransport { request } => gave(
                "transport",
                self.renew_transport("directory", peer.certificate(), &request).await,
            ),
        }
    }

    /// Who is at an address. Nobody is invented: a colleague is registered, and mail to
    /// somebody outside would be encrypted.
    async fn find(&self, address: &str, own: bool) -> Result<Option<DirectoryEntry>, Problem> {
        let Ok(address) = Address::parse(address) else { return Ok(None) };
        if self.is_inside(&address) {
            return self.find_colleague(&address, own).await;
        }
        let asked = CaRequest::IsReached { address: address.to_string() };
        if !self.ask_keyserver::<bool>(&asked).await? {
            return Ok(None);
        }
        let certificate = self.relay_to_encrypt(&address, None).await?;
        let name = certificate.common_name().unwrap_or_else(|| address.to_string());
        Ok(Some(entry(address.to_string(), name, Some(certificate.der()))))
    }

    async fn find_colleague(
        &self,
        address: &Address,
        own: bool,
    ) -> Result<Option<DirectoryEntry>, Problem> {
        let row: Option<(String, String, String)> = query(
            "SELECT person.user, person.name, person.kind FROM address JOIN person USING (user)
             WHERE address.address = ? AND address.ended IS NULL AND person.ended IS NULL",
        )
        .bind(directory_address(address))
        .fetch_optional(&self.database)
        .await
        .map_err(failed)?;
        let Some((user, name, kind)) = row else { return Ok(None) };
        let kind = AccountKind::from_word(&kind).ok_or_else(|| failed("an unknown kind"))?;
        if kind == AccountKind::System {
            return Ok(None);
        }
        // Nobody has a list's own key.
        let certificate = if own && kind.is_read() {
            let person = CaRequest::Person { user };
            let person: Option<UserRecord> = self.ask_keyserver(&person).await?;
            let newest = person.and_then(|record| record.encryption.into_iter().next());
            let Some(newest) = newest else { return Ok(None) };
            newest.into_vec()
        } else {
            self.relay_to_encrypt(address, Some(&name)).await?.der().to_vec()
        };
        Ok(Some(entry(directory_address(address), name, Some(&certificate))))
    }

    /// The relay certificate to encrypt with: the one that is there, under whatever name a
    /// mail of that person has brought, or a new one, of which an hour has a certain number.
    async fn relay_to_encrypt(
        &self,
        address: &Address,
        name: Option<&str>,
    ) -> Result<Certificate, Problem> {
        let keys: RelayKeys = self.ask_keyserver(&CaRequest::RelayKeys).await?;
        let submission = keys.submission.as_slice();
        // Nothing is verified about a person outside, so the address is the name.
        let asked = self.relay_name(address, name.unwrap_or_default());
        let wanted = name.is_some().then_some(asked.as_str());
        let kept = self.kept_relay(address, wanted, Kind::Encryption, submission).await?;
        if let Some(certificate) = kept {
            return Ok(certificate);
        }
        if !self.directory.may_issue(Instant::now(), self.settings.ca.directory_relays_per_hour) {
            tracing::warn!("the directory has had all relay certificates of this hour");
            return Err(Problem::NotAllowed);
        }
        self.one(address, &asked, Kind::Encryption, submission).await
    }

    async fn suggest(&self, clauses: &[Vec<Fragment>], limit: u32) -> Result<Suggestions, Problem> {
        // Without a clause everybody would fit.
        if clauses.is_empty() {
            return Err(Problem::Malformed);
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let people = self.people().await?;
        let fits = |one: &&Known| {
            clauses.iter().all(|clause| clause.iter().any(|fragment| one.has(fragment)))
        };
        let mut found = people.iter().filter(fits);
        let entries = found.by_ref().take(limit);
        let entries = entries.map(|one| entry(one.address.clone(), one.name.clone(), None));
        let entries = entries.collect();
        Ok(Suggestions { entries, more: found.next().is_some() })
    }

    /// All who may be suggested, by name.
    async fn people(&self) -> Result<Arc<Vec<Known>>, Problem> {
        let mut list = self.directory.list.lock().await;
        if let Some((since, people)) = &*list
            && since.elapsed() < LIST_AGE
        {
            return Ok(Arc::clone(people));
        }
        let rows: Vec<(String, String)> = query(
            "SELECT address.address, person.name FROM address JOIN person USING (user)
             WHERE address.ended IS NULL AND person.ended IS NULL AND person.kind <> 'system'
             ORDER BY person.user, address.position",
        )
        .fetch_all(&self.database)
        .await
        .map_err(failed)?;
        let mut people: Vec<Known> =
            rows.into_iter().map(|(address, name)| Known::new(address, name)).collect();
        people.sort_by(|one, other| one.folded_name.cmp(&other.folded_name));
        let people = Arc::new(people);
        *list = Some((Instant::now(), Arc::clone(&people)));
        Ok(people)
    }
}

fn entry(address: String, name: String, certificate: Option<&[u8]>) -> DirectoryEntry {
    DirectoryEntry {
        address,
        name,
        certificate: certificate.map(|der| ByteBuf::from(der.to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_a_certain_number_of_certificates() {
        let kept = Kept::default();
        let now = Instant::now();
        assert!(kept.may_issue(now, 2) && kept.may_issue(now, 2));
        assert!(!kept.may_issue(now + HOUR - Duration::from_secs(1), 2));
        assert!(kept.may_issue(now + HOUR, 2));
        assert!(!kept.may_issue(now + HOUR, 0));
    }

    #[test]
    fn a_fragment_is_looked_for_in_its_own_field() {
        let alice = Known::new("alice@a.example".to_owned(), "山田 有紗".to_owned());
        let fragment = |field, initial: &str| Fragment {
            field,
            initial: folded(initial),
            any: vec![],
            ending: String::new(),
            whole: false,
        };
        assert!(alice.has(&fragment(Field::Name, "山田")));
        assert!(alice.has(&fragment(Field::Address, "Alice@")));
        assert!(!alice.has(&fragment(Field::Name, "alice")));
    }
}
