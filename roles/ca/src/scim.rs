//! Users as an identity provider has them, beside the people of the registry. The service
//! that speaks with the provider has no store: what it is told is kept here, and carried out
//! before it is kept, so that a provider that hears of success may believe it.

use crate::serve::{Ca, failed, gave};
use ssmax_api::ca::{ApplyChanges, Change, Outcome};
use ssmax_api::scim::{Key, MAX_PAGE, Page, Put, PutAnswer, ScimRequest, ScimUser};
use ssmax_api::{Answer, Problem};
use ssmax_daemon::listen::Peer;
use ssmax_store::{Row, query};
use ssmax_token::Random as _;
use time::OffsetDateTime;

/// A user with whom they are in the registry.
struct Known {
    user: ScimUser,
    person: Option<String>,
}

impl Ca {
    /// Answers the SCIM service.
    pub(crate) async fn answer_scim(&self, request: ScimRequest, peer: &Peer) -> Answer {
        match request {
            ScimRequest::Get { id } => {
                let known = self.scim_known(&id).await?;
                ssmax_api::encode(Ok(known.map(|known| known.user)))
            }
            ScimRequest::Find { by, value } => ssmax_api::encode(self.scim_find(by, &value).await),
            ScimRequest::Page { skip, count } => {
                ssmax_api::encode(self.scim_page(skip, count).await)
            }
            ScimRequest::Put(put) => {
                let _changing = self.changing.lock().await;
                self.resume_changes().await?;
                ssmax_api::encode(self.scim_put(*put).await)
            }
            ScimRequest::Delete { id } => {
                let _changing = self.changing.lock().await;
                self.resume_changes().await?;
                ssmax_api::encode(self.scim_delete(&id).await)
            }
            ScimRequest::RenewTransport { request } => {
                gave("transport", self.renew_transport("scim", peer.certificate(), &request).await)
            }
        }
    }

    async fn scim_known(&self, id: &str) -> Result<Option<Known>, Problem> {
        let row: Option<Row> = query(
            "SELECT id, resource, created, modified, version, person FROM scim_user WHERE id = ?",
        )
        .bind(id)
        .fetch_optional(&self.database)
        .await
        .map_err(failed)?;
        row.map(|row| {
            let person = row.try_get("person").map_err(failed)?;
            Ok(Known { user: user(&row)?, person })
        })
        .transpose()
    }

    async fn scim_find(&self, by: Key, value: &str) -> Result<Vec<ScimUser>, Problem> {
        let (statement, value) = match by {
            Key::UserName => (
                "SELECT id, resource, created, modified, version FROM scim_user
                 WHERE user_name = ? ORDER BY number",
                value.to_lowercase(),
            ),
            Key::ExternalId => (
                "SELECT id, resource, created, modified, version FROM scim_user
                 WHERE external_id = ? ORDER BY number LIMIT 100",
                value.to_owned(),
            ),
        };
        let found: Vec<Row> =
            query(statement).bind(value).fetch_all(&self.database).await.map_err(failed)?;
        found.iter().map(user).collect()
    }

    async fn scim_page(&self, skip: u64, count: u32) -> Result<Page, Problem> {
        let mut snapshot = self.database.begin_read().await.map_err(failed)?;
        let total: i64 = query("SELECT count(*) FROM scim_user")
            .fetch_one(&mut snapshot)
            .await
            .map_err(failed)?;
        let found: Vec<Row> = query(
            "SELECT id, resource, created, modified, version FROM scim_user
             ORDER BY number LIMIT ? OFFSET ?",
        )
        .bind(i64::from(count.min(MAX_PAGE)))
        .bind(i64::try_from(skip).unwrap_or(i64::MAX))
        .fetch_all(&mut snapshot)
        .await
        .map_err(failed)?;
        snapshot.rollback().await.map_err(failed)?;
        let users = found.iter().map(user).collect::<Result<_, _>>()?;
        Ok(Page { total: u64::try_from(total).map_err(failed)?, users })
    }

    /// The caller holds [`Ca::changing`].
    async fn scim_put(&self, put: Put) -> Result<PutAnswer, Problem> {
        let before = match &put.of {
            None => None,
            Some((id, version)) => match self.scim_known(id).await? {
                Some(known) if known.user.version == *version => Some(known),
                _ => return Ok(PutAnswer::Changed),
            },
        };
        let own = before.as_ref().map(|known| known.user.id.as_str());
        let namesakes = self.scim_find(Key::UserName, &put.user_name).await?;
        if namesakes.iter().any(|one| Some(one.id.as_str()) != own) {
            return Ok(PutAnswer::NameTaken);
        }
        let bound = before.as_ref().and_then(|known| known.person.clone());
        let person = match (bound, &put.person) {
            (Some(bound), Some(person)) if bound != person.user => {
                return Ok(PutAnswer::OtherPerson);
            }
            (None, Some(person)) => {
                if self.scim_has(&person.user).await? {
                    return Ok(PutAnswer::Refused(Problem::Exists));
                }
                Some(person.user.clone())
            }
            // Who had an address of ours stays who they were.
            (bound, _) => bound,
        };
        if let Err(problem) = self.scim_carry_out(person.as_deref(), &put).await? {
            return Ok(PutAnswer::Refused(problem));
        }
        self.scim_keep(before.map(|known| known.user), person, &put).await.map(PutAnswer::Kept)
    }

    /// Whether a person is some user's already.
    async fn scim_has(&self, person: &str) -> Result<bool, Problem> {
        let count: i64 = query("SELECT count(*) FROM scim_user WHERE person = ?")
            .bind(person)
            .fetch_one(&self.database)
            .await
            .map_err(failed)?;
        Ok(count != 0)
    }

    /// Does for the person what it takes to be as the provider says.
    async fn scim_carry_out(
        &self,
        user: Option<&str>,
        put: &Put,
    ) -> Result<Result<(), Problem>, Problem> {
        let Some(user) = user else { return Ok(Ok(())) };
        let known = self.registered(user).await?;
        let wanted = put.person.clone().filter(|_| put.active);
        let change = match (known, wanted) {
            (None, Some(person)) => Change::Join(person),
            (Some(one), Some(person)) if one.active => Change::Change { person, fields: vec![] },
            (Some(_), Some(person)) => Change::Return(person),
            (Some(one), None) if one.active => Change::Leave { user: user.to_owned() },
            (_, None) => return Ok(Ok(())),
        };
        let request = ApplyChanges { changes: vec![change], former_address: false };
        match self.apply_changes(&request).await?.first() {
            Some(Outcome::Refused(problem)) => Ok(Err(*problem)),
            Some(Outcome::Done { .. } | Outcome::Unchanged) => Ok(Ok(())),
            None => Err(Problem::Failed),
        }
    }

    async fn scim_keep(
        &self,
        before: Option<ScimUser>,
        person: Option<String>,
        put: &Put,
    ) -> Result<ScimUser, Problem> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let user = match before {
            Some(before) => ScimUser {
                resource: put.resource.clone(),
                modified: now,
                version: before.version + 1,
                ..before
            },
            None => ScimUser {
                id: self.scim_id(),
                resource: put.resource.clone(),
                created: now,
                modified: now,
                version: 1,
            },
        };
        query(
            "INSERT INTO scim_user
                 (id, user_name, external_id, person, resource, created, modified, version)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET user_name = excluded.user_name,
                 external_id = excluded.external_id, person = excluded.person,
                 resource = excluded.resource, modified = excluded.modified,
                 version = excluded.version",
        )
        .bind(&user.id)
        .bind(put.user_name.to_lowercase())
        .bind(put.external_id.as_deref())
        .bind(person.as_deref())
        .bind(&user.resource)
        .bind(user.created)
        .bind(user.modified)
        .bind(user.version)
        .execute(&self.database)
        .await
        .map_err(failed)?;
        tracing::info!(user = %user.id, person, "a user of the identity provider is as it says");
        Ok(user)
    }

    /// An id that nobody can guess another's from.
    fn scim_id(&self) -> String {
        let mut octets = [0; 16];
        self.random.fill(&mut octets);
        hex::encode(octets)
    }

    /// The caller holds [`Ca::changing`].
    async fn scim_delete(&self, id: &str) -> Result<bool, Problem> {
        let Some(known) = self.scim_known(id).await? else { return Ok(false) };
        if let Some(person) = &known.person
            && self.registered(person).await?.is_some_and(|one| one.active)
        {
            let changes = vec![Change::Leave { user: person.clone() }];
            let request = ApplyChanges { changes, former_address: false };
            if let Some(Outcome::Refused(problem)) = self.apply_changes(&request).await?.first() {
                return Err(*problem);
            }
        }
        query("DELETE FROM scim_user WHERE id = ?")
            .bind(id)
            .execute(&self.database)
            .await
            .map_err(failed)?;
        tracing::info!(user = id, person = known.person, "a user is gone at the identity provider");
        Ok(true)
    }
}

fn user(row: &Row) -> Result<ScimUser, Problem> {
    Ok(ScimUser {
        id: row.try_get("id").map_err(failed)?,
        resource: row.try_get("resource").map_err(failed)?,
        created: row.try_get("created").map_err(failed)?,
        modified: row.try_get("modified").map_err(failed)?,
        version: row.try_get("version").map_err(failed)?,
    })
}
