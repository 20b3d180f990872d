//! What a change comes to, judged by what the registry has now. Nothing is stored yet.

use super::{Deed, Work};
use crate::serve::{Ca, failed};
use ssmax_api::Problem;
use ssmax_api::ca::{
    AccountKind, ApplyChanges, Change, KeyHolder, Person, Registered, changed, settled,
};
use ssmax_api::keyserver::{CaRequest, UserRecord};
use ssmax_chain::binding::directory_address;
use ssmax_mail::address::Address;
use ssmax_pki::Certificate;
use std::collections::HashSet;
use time::OffsetDateTime;

/// What there is to do for one person, before it has serials.
pub(super) struct Task {
    pub(super) work: Work,
    /// What the key server is to have, without the certificates that come.
    pub(super) record: UserRecord,
    pub(super) keys: Keys,
}

/// For which keys certificates are issued.
pub(super) enum Keys {
    /// None.
    None,
    /// One to sign and one to encrypt, which the key server makes.
    New,
    /// Those that there are.
    Same(Vec<HeldKey>),
}

/// Who holds a key, nobody one for encryption, and its public half (SPKI DER).
pub(super) type HeldKey = (Option<KeyHolder>, Vec<u8>);

/// Names that earlier changes of the batch have taken.
#[derive(Default)]
struct Taken {
    users: HashSet<String>,
    addresses: HashSet<String>,
}

impl Ca {
    /// A task for each change; none where everything is so already.
    pub(super) async fn plan(
        &self,
        request: &ApplyChanges,
    ) -> Result<Vec<Result<Option<Task>, Problem>>, Problem> {
        let mut ids = self.ids_like_addresses().await?;
        let mut taken = Taken::default();
        let mut planned = Vec::with_capacity(request.changes.len());
        for change in &request.changes {
            let task = self.plan_one(change, request.former_address, &ids, &mut taken).await;
            if let Err(Problem::Failed) = task {
                return Err(Problem::Failed);
            }
            if matches!(task, Ok(Some(_))) && change.user().contains('@') {
                ids.push(change.user().to_owned());
            }
            planned.push(task);
        }
        Ok(planned)
    }

    async fn plan_one(
        &self,
        change: &Change,
        former_address: bool,
        ids: &[String],
        taken: &mut Taken,
    ) -> Result<Option<Task>, Problem> {
        let user = change.user();
        if !taken.users.insert(user.to_owned()) {
            return Err(Problem::Malformed);
        }
        let known = self.registered(user).await?;
        // A role has no employer to tell of it.
        if known.as_ref().is_some_and(|one| one.kind != AccountKind::Person) {
            return Err(Problem::Exists);
        }
        let (person, now) = match (change, known) {
            (Change::Leave { .. }, None) => return Err(Problem::NotFound),
            (Change::Leave { .. }, Some(one)) if !one.active => return Ok(None),
            (Change::Leave { .. }, Some(one)) => return Ok(Some(leave(one.person))),
            (Change::Join(_) | Change::Return(_), Some(one)) if one.active => {
                let (Change::Join(person) | Change::Return(person)) = change else {
                    return Err(Problem::Malformed);
                };
                let is_so = changed(&one, person).is_empty();
                return if is_so { Ok(None) } else { Err(Problem::Exists) };
            }
            (Change::Join(_), Some(_)) => return Err(Problem::Ended),
            (Change::Join(person), None) => (person, None),
            (Change::Return(_) | Change::Change { .. }, None) => return Err(Problem::NotFound),
            (Change::Return(person), Some(one)) => (person, Some(one)),
            (Change::Change { .. }, Some(one)) if !one.active => return Err(Problem::Ended),
            (Change::Change { person, .. }, Some(one)) => (person, Some(one)),
        };
        // An ESP's people make the keys that open their mail, and bring them.
        if self.settings.organisation.is_esp() {
            return Err(Problem::NotAllowed);
        }
        person.check().map_err(|_| Problem::Malformed)?;
        let addresses = self.check_addresses(&person.addresses)?;
        let normal: Vec<String> = addresses.iter().map(directory_address).collect();
        let as_address = Address::parse(user).ok().map(|one| directory_address(&one));
        if normal.iter().chain(&as_address).any(|one| taken.addresses.contains(one)) {
            return Err(Problem::Exists);
        }
        self.check_addresses_free(user, &addresses, ids, former_address).await?;
        let task = match now {
            Some(now) if now.active => self.alter(&now, person, &addresses).await?,
            now => Some(self.take(now.as_ref(), person, &addresses).await?),
        };
        if task.is_some() {
            taken.addresses.extend(normal);
        }
        Ok(task)
    }

    async fn take(
        &self,
        before: Option<&Registered>,
        person: &Person,
        addresses: &[Address],
    ) -> Result<Task, Problem> {
        if before.is_some() {
            self.check_proof(&person.user, &person.evidence.proof).await?;
        }
        let mut person = settled(before, person);
        let now = OffsetDateTime::now_utc().unix_timestamp();
        person.evidence.proved = person.evidence.proved.or(Some(now));
        let ial = person.evidence.level().ok_or(Problem::Malformed)?;
        let record = UserRecord {
            user: person.user.clone(),
            kind: AccountKind::Person,
            addresses: addresses.iter().map(ToString::to_string).collect(),
            active: true,
            proof: person.evidence.proof.clone(),
            ial,
            signing: vec![],
            encryption: vec![],
        };
        Ok(task(Deed::Take, person, ial, record, Keys::New))
    }

    async fn alter(
        &self,
        now: &Registered,
        wanted: &Person,
        addresses: &[Address],
    ) -> Result<Option<Task>, Problem> {
        let fields = changed(now, wanted);
        if fields.is_empty() {
            return Ok(None);
        }
        let mut person = settled(Some(now), wanted);
        let kept = now.person.evidence.proved;
        person.evidence.proved = person.evidence.proved.or(kept);
        let ial = person.evidence.level().ok_or(Problem::Malformed)?;
        let record: Option<UserRecord> =
            self.ask_keyserver(&CaRequest::Person { user: person.user.clone() }).await?;
        let mut record = record
            .filter(|one| one.active)
            .ok_or_else(|| failed("the key server does not know somebody whom the registry has"))?;
        record.addresses = addresses.iter().map(ToString::to_string).collect();
        record.proof.clone_from(&person.evidence.proof);
        record.ial = ial;
        let keys = if fields.iter().any(|field| field.is_certified()) {
            Keys::Same(newest_keys(&record))
        } else {
            Keys::None
        };
        Ok(Some(task(Deed::Alter, person, ial, record, keys)))
    }
}

fn task(deed: Deed, person: Person, ial: u8, record: UserRecord, keys: Keys) -> Task {
    let work = Work { user: person.user.clone(), deed, person, ial, certificates: vec![] };
    Task { work, record, keys }
}

fn leave(person: Person) -> Task {
    let record = UserRecord {
        user: person.user.clone(),
        kind: AccountKind::Person,
        addresses: vec![],
        active: false,
        proof: String::new(),
        ial: 0,
        signing: vec![],
        encryption: vec![],
    };
    task(Deed::End, person, 0, record, Keys::None)
}

/// The newest key of each holder, and the newest for encryption, while their certificates
/// run: what has run out is renewed by its owner.
fn newest_keys(record: &UserRecord) -> Vec<HeldKey> {
    let now = OffsetDateTime::now_utc();
    let mut newest: Vec<HeldKey> = Vec::new();
    let signing = record.signing.iter().map(|(holder, der)| (Some(*holder), der));
    for (holder, der) in signing.chain(record.encryption.iter().map(|der| (None, der))) {
        let Ok(certificate) = Certificate::from_der(der) else { continue };
        let is_first = newest.iter().all(|(one, _)| *one != holder);
        if is_first && now <= certificate.not_after() {
            newest.push((holder, certificate.spki().to_vec()));
        }
    }
    newest
}
