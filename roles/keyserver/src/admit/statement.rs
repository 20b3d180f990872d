//! Whose word is it that somebody logged in? That of a service whose key is registered.

use crate::config::Settings;
use crate::decision::{Made, Step};
use crate::setup::SetupError;
use crate::state::{Keyserver, failed};
use ssmax_api::Problem;
use ssmax_api::keyserver::{AdmitOutbound, Received};
use ssmax_chain::binding::normal_address;
use ssmax_chain::held_decision::HeldDeed;
use ssmax_chain::statement::{Statement, StatementFault, mail_digest};
use ssmax_chain::{Digest, Reason};
use ssmax_mail::address::Address;
use ssmax_store::{Database, StoreError, query};
use std::collections::HashSet;
use time::OffsetDateTime;

/// Who signs statements. A key is one service's, and what it may say follows from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementService {
    /// The gateway, of logins at its own listener and of automatic mail: once for each
    /// admission, since it makes a new one for each.
    Gateway,
    /// The MTA's submission service, of logins alone: for one mail, which the MTA may
    /// split and try again.
    Submission,
}

impl StatementService {
    /// The word in the table.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Submission => "submission",
        }
    }
}

/// A key whose statements are believed.
#[derive(Debug, Clone)]
pub(crate) struct StatementKey {
    service: StatementService,
    spki: Vec<u8>,
}

/// The services whose keys are registered, for who looks after the keyserver.
///
/// # Errors
/// [`SetupError`] when its state cannot be opened.
pub async fn statement_services(settings: &Settings) -> Result<Vec<StatementService>, SetupError> {
    let Some(database) = crate::schema::open_if_current(settings.place()).await? else {
        return Ok(Vec::new());
    };
    let keys = statement_keys(&database).await?;
    database.close().await;
    Ok(keys.iter().map(|key| key.service).collect())
}

/// The registered keys. A service that this version does not know is believed nothing.
pub(crate) async fn statement_keys(database: &Database) -> Result<Vec<StatementKey>, StoreError> {
    let rows: Vec<(String, Vec<u8>)> =
        query("SELECT service, spki FROM statement_key").fetch_all(database).await?;
    let known = [StatementService::Gateway, StatementService::Submission];
    let key = |(service, spki): (String, Vec<u8>)| {
        let service = known.into_iter().find(|one| one.as_str() == service)?;
        Some(StatementKey { service, spki })
    };
    Ok(rows.into_iter().filter_map(key).collect())
}

/// What a statement is believed to say.
pub(super) struct Believed {
    /// Its user is the person's user id, its recipients are those of this admission.
    pub(super) statement: Statement,
    /// SHA-256 of the content entity that the MTA's submission service saw.
    pub(super) seen: Option<Digest>,
    /// Envelope recipients whom the submission service has not seen.
    pub(super) unnamed: Vec<String>,
    /// Whether an officer wants to look at the mail, and has released nothing.
    pub(super) review_only: bool,
}

const INVALID: Problem = Problem::Refused(Reason::StatementInvalid);

/// A statement of later than now says that two clocks differ, and the mail waits in the MTA's
/// queue until somebody has set them: refused, all that people send would come back.
fn is_of_now(statement: &Statement, now: OffsetDateTime) -> Result<(), Problem> {
    statement.check_time(now).map_err(|fault| match fault {
        StatementFault::Ahead => Problem::Refused(Reason::TimeAhead),
        _ => INVALID,
    })
}

impl Keyserver {
    /// Believes a statement that a known service signed, within what it may say.
    pub(super) async fn believe(&self, request: &AdmitOutbound) -> Result<Believed, Problem> {
        let signed = |key: &StatementKey| {
            let statement = request.statement.verify(&key.spki).ok()?;
            Some((key.service, statement))
        };
        let (service, statement) = self.statement_keys.iter().find_map(signed).ok_or(INVALID)?;
        match (service, &request.received) {
            (StatementService::Gateway, None) => self.believe_gateway(statement).await,
            (StatementService::Submission, Some(received)) => {
                self.believe_submission(statement, received).await
            }
            _ => Err(INVALID),
        }
    }

    /// Whether the gateway vouches for logins. Where people log in at the MTA a gateway
    /// that was taken over must not be able to, unless somebody has said that it may.
    fn believes_gateway_logins(&self) -> bool {
        let at_the_mta =
            || self.statement_keys.iter().any(|key| key.service == StatementService::Submission);
        self.settings.keyserver.gateway_logins.unwrap_or_else(|| !at_the_mta())
    }

    /// The gateway's own statement, once.
    async fn believe_gateway(&self, statement: Statement) -> Result<Believed, Problem> {
        let now = Self::now();
        if statement.source.is_none() && !self.believes_gateway_logins() {
            return Err(INVALID);
        }
        is_of_now(&statement, now)?;
        let added =
            query("INSERT INTO statement_nonce (nonce, used) VALUES (?, ?) ON CONFLICT DO NOTHING")
                .bind(&statement.nonce)
                .bind(now.unix_timestamp())
                .execute(&self.database)
                .await
                .map_err(failed)?;
        if added.rows_affected() == 0 {
            return Err(Problem::Refused(Reason::StatementReplayed));
        }
        Ok(Believed { statement, seen: None, unnamed: Vec::new(), review_only: false })
    }

    /// A statement that came through the MTA with the mail that it is about, for some of
    /// the recipients that it names. It may come again: who has the mail already is the
    /// gateway's to know, and on another mail it is worth nothing.
    async fn believe_submission(
        &self,
        mut statement: Statement,
        received: &Received,
    ) -> Result<Believed, Problem> {
        // Without a login there is nothing for this service to say.
        if statement.source.is_some() {
            return Err(INVALID);
        }
        if !is_about(&statement, received) {
            return Err(Problem::Refused(Reason::StatementOfAnotherMail));
        }
        let first_used = self.first_used(&statement.nonce).await?;
        let decided = self.decided_about(received, &statement.body).await?;
        let judged_at = first_used.filter(|_| decided.is_some()).unwrap_or_else(Self::now);
        is_of_now(&statement, judged_at)?;
        let stated: HashSet<String> =
            statement.recipients.iter().filter_map(|one| normal(one)).collect();
        let is_named = |one: &String| normal(one).is_some_and(|one| stated.contains(&one));
        let (named, unnamed): (Vec<String>, Vec<String>) =
            received.recipients.iter().cloned().partition(is_named);
        if named.is_empty() {
            return Err(Problem::Refused(Reason::StatementOfAnotherMail));
        }
        if first_used.is_none() {
            self.remember_use(&statement.nonce).await?;
        }
        statement.user = self.user_of_login(&statement.user).await?;
        statement.recipients = named;
        let review_only = decided == Some(HeldDeed::HoldShow);
        Ok(Believed { statement, seen: Some(received.entity), unnamed, review_only })
    }

    /// What an officer wants done with this mail, by the officer's own word. The gateway
    /// could say of any mail that it has waited, and a statement would serve for months.
    async fn decided_about(
        &self,
        received: &Received,
        body: &Digest,
    ) -> Result<Option<HeldDeed>, Problem> {
        let Some(nonce) = &received.decision else { return Ok(None) };
        let fits = |made: &Made| made.asked.mail == *body && made.asked.op != HeldDeed::HoldDelete;
        match self.carry_out_decision(nonce, Step::Admit, fits).await {
            Ok(made) => Ok(Some(made.asked.op)),
            Err(Problem::NotAllowed) => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Whose login it is, by their user id or by one of their addresses: what people log in
    /// with is the MTA's to choose.
    async fn user_of_login(&self, login: &str) -> Result<String, Problem> {
        let refused = Problem::Refused(Reason::FromNotSubmitter);
        let by_id = self.person(login).await?.map(|person| person.user);
        let by_address = match Address::parse(login) {
            Ok(address) => self.person_at(&address).await?.map(|person| person.user),
            Err(_) => None,
        };
        match (by_id, by_address) {
            // One person's user id that is another's address names nobody.
            (Some(one), Some(other)) if one != other => Err(refused),
            (Some(user), _) | (None, Some(user)) => Ok(user),
            (None, None) => Err(refused),
        }
    }

    async fn first_used(&self, nonce: &str) -> Result<Option<OffsetDateTime>, Problem> {
        let row: Option<(i64,)> =
            query("SELECT first_used FROM submitted_statement WHERE nonce = ?")
                .bind(nonce)
                .fetch_optional(&self.database)
                .await
                .map_err(failed)?;
        row.map(|(at,)| OffsetDateTime::from_unix_timestamp(at).map_err(failed)).transpose()
    }

    async fn remember_use(&self, nonce: &str) -> Result<(), Problem> {
        query("INSERT INTO submitted_statement (nonce, first_used) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(nonce)
            .bind(Self::now().unix_timestamp())
            .execute(&self.database)
            .await
            .map_err(failed)?;
        Ok(())
    }
}

/// Whether this is the mail that the submission service saw.
fn is_about(statement: &Statement, received: &Received) -> bool {
    let same = |one: &str, other: &str| match (normal(one), normal(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one.is_empty() && other.is_empty(),
    };
    same(&statement.from, &received.from)
        && same(&statement.mail_from, &received.mail_from)
        && statement.body == mail_digest(&received.headers, &received.entity)
}

fn normal(address: &str) -> Option<String> {
    Address::parse(address).ok().map(|address| normal_address(&address))
}
