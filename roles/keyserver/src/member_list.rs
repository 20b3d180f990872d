//! The member list as the keyserver judges by it. It trusts the authority's signature
//! alone, not the gateway that brings the list.

mod kept;

use crate::state::Keyserver;
use crate::ticket::lock;
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::keyserver::ListInstalled;
use ssmax_chain::seal_record::MailClass;
use ssmax_chain::{Digest, Reason};
use ssmax_federation::{Directory, Freshness, ListFault, Member, freshness, signed};
use ssmax_pki::Certificate;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use time::OffsetDateTime;

/// How many certificates a gateway is asked for at a time.
const MISSING_AT_ONCE: usize = 256;

/// The list in force, with the certificates it names.
#[derive(Default)]
pub(crate) struct ListState {
    pub(crate) list: Option<Arc<Directory>>,
    pub(crate) high_water: u64,
    certificates: Certificates,
}

/// Certificates that a list named. A federation has three for each member and more, so
/// only those are at hand that a mail can need.
#[derive(Default)]
struct Certificates {
    /// All that the store has, by SHA-256.
    stored: HashSet<[u8; 32]>,
    /// DER of those that mail is encrypted for, and of our own.
    at_hand: HashMap<[u8; 32], Box<[u8]>>,
}

impl Certificates {
    fn keep(&mut self, certificate: &Certificate, own: &str) {
        let sha256 = certificate.sha256();
        self.stored.insert(sha256);
        let ours = || certificate.organization_identifier().as_deref() == Some(own);
        if !certificate.is_ca() && (certificate.allows_encryption() || ours()) {
            self.at_hand.insert(sha256, certificate.der().into());
        }
    }

    fn of<'a>(&'a self, member: &'a Member) -> impl Iterator<Item = Certificate> + 'a {
        hashes(member)
            .filter_map(|hash| self.at_hand.get(&hash))
            .filter_map(|der| Certificate::from_der(der).ok())
    }
}

fn hashes(member: &Member) -> impl Iterator<Item = [u8; 32]> + '_ {
    member.certificates.iter().filter_map(|hash| Some(Digest::from_hex(hash).ok()?.0))
}

impl ListState {
    /// The list, if it is fresh enough to judge by.
    fn usable(&self, now: OffsetDateTime) -> Result<&Arc<Directory>, Problem> {
        match &self.list {
            Some(list) if freshness(list.list(), now) != Freshness::Outdated => Ok(list),
            _ => Err(Problem::Refused(Reason::MemberListOutdated)),
        }
    }
}

impl Keyserver {
    /// The list in force, if it is fresh enough to judge by.
    pub(crate) fn member_list(&self) -> Result<Arc<Directory>, Problem> {
        lock(&self.list).usable(Self::now()).cloned()
    }

    /// What a proved mail of a member is at most: past a day the list may have missed a
    /// suspension. Spec "member list", section 6.
    pub(crate) fn class_of_members(&self) -> Result<MailClass, Problem> {
        let list = self.member_list()?;
        Ok(match freshness(list.list(), Self::now()) {
            Freshness::Fresh => MailClass::Verified,
            Freshness::StaleStatus | Freshness::Outdated => MailClass::Authenticated,
        })
    }

    /// The highest version ever accepted.
    pub(crate) fn list_version(&self) -> u64 {
        lock(&self.list).high_water
    }

    /// The newest federation encryption certificate of a member that is valid now.
    pub(crate) fn member_encryption_certificate(
        &self,
        member: &Member,
        now: OffsetDateTime,
    ) -> Option<Certificate> {
        let state = lock(&self.list);
        let all = state.certificates.of(member);
        all.filter(Certificate::allows_encryption)
            .filter(|one| one.not_before() <= now && now <= one.not_after())
            .max_by_key(Certificate::not_before)
    }

    /// Our own end-entity certificates that the list names, of any age.
    pub(crate) fn own_listed_certificates(&self) -> Vec<Certificate> {
        let state = lock(&self.list);
        let own = &self.settings.organisation.id;
        let Some(entry) = state.list.as_ref().and_then(|list| list.member(own)) else {
            return Vec::new();
        };
        let ours = |one: &Certificate| one.organization_identifier().as_ref() == Some(own);
        state.certificates.of(entry).filter(ours).collect()
    }

    /// Installs a list that is newer than the one in force.
    pub(crate) async fn install_list(
        &self,
        signed: &[u8],
        certificates: &[ByteBuf],
    ) -> Result<ListInstalled, Problem> {
        let now = Self::now();
        let opened = signed::open(signed, self.list_roots(), now)
            .and_then(Directory::new)
            .map_err(refuse_list)?;
        let (current, high_water) = self.in_force();
        let list = ssmax_federation::accept(current.as_deref(), high_water, opened, now)
            .map_err(refuse_list)?;
        self.keep_list(list.list().version, signed).await?;
        self.put_in_force(list, certificates).await
    }

    /// Brings the list in force forward to a checkpoint.
    pub(crate) async fn advance_list(
        &self,
        checkpoint: &[u8],
        deltas: &[ByteBuf],
        certificates: &[ByteBuf],
    ) -> Result<ListInstalled, Problem> {
        let now = Self::now();
        let (current, high_water) = self.in_force();
        // Only a whole list can be the first.
        let current = current.ok_or(Problem::NotAllowed)?;
        let opened =
            signed::open_checkpoint(checkpoint, self.list_roots(), now).map_err(refuse_list)?;
        let newer = ssmax_federation::accept_checkpoint(Some(&current), high_water, &opened, now)
            .map_err(refuse_list)?;
        let list = if newer {
            let steps = signed::open_deltas(deltas, self.list_roots(), now).map_err(refuse_list)?;
            current.advanced(&steps, &opened).map_err(refuse_list)?
        } else {
            let mut list = current.as_ref().clone();
            list.renew(&opened);
            list
        };
        let deltas = if newer { deltas } else { &[] };
        self.keep_step(current.list().version, list.list().version, checkpoint, deltas).await?;
        self.put_in_force(list, certificates).await
    }

    fn list_roots(&self) -> &[Certificate] {
        std::slice::from_ref(&self.own.root)
    }

    fn in_force(&self) -> (Option<Arc<Directory>>, u64) {
        let state = lock(&self.list);
        (state.list.clone(), state.high_water)
    }

    /// Takes an accepted list, and of the certificates those that it names.
    async fn put_in_force(
        &self,
        list: Directory,
        certificates: &[ByteBuf],
    ) -> Result<ListInstalled, Problem> {
        let version = list.list().version;
        let named: HashSet<[u8; 32]> = list.list().members.iter().flat_map(hashes).collect();
        let brought: Vec<Certificate> = certificates
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok())
            .filter(|certificate| named.contains(&certificate.sha256()))
            .collect();
        for certificate in &brought {
            self.keep_certificate(certificate).await?;
        }
        let mut state = lock(&self.list);
        for certificate in &brought {
            state.certificates.keep(certificate, &self.settings.organisation.id);
        }
        // Another, newer one may have been installed since this one was compared.
        if version < state.high_water {
            return Err(Problem::NotAllowed);
        }
        if version > state.high_water {
            let members = list.list().members.len();
            tracing::info!(version, members, "a newer member list is in force");
        }
        state.high_water = version;
        state.list = Some(Arc::new(list));
        let missing = named.iter().filter(|hash| !state.certificates.stored.contains(*hash));
        let missing = missing.take(MISSING_AT_ONCE).copied().map(Digest).collect();
        Ok(ListInstalled { version, missing })
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn refuse_list(fault: ListFault) -> Problem {
    tracing::warn!(%fault, "a member list is refused");
    Problem::NotAllowed
}
