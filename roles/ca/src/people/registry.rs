//! The records of people as they are stored.

use crate::serve::{Ca, failed};
use ssmax_api::Problem;
use ssmax_api::ca::{AccountKind, Evidence, Person, Registered};
use ssmax_store::{FromValue, Row, query};
use std::collections::HashMap;

impl Ca {
    /// All people and roles.
    pub(crate) async fn list_people(&self) -> Result<Vec<Registered>, Problem> {
        let rows: Vec<Row> = query(
            "SELECT user, name, kind, proof, active, ended, kana, english, department,
                 proof_reference, proved, proved_by, source FROM person ORDER BY user",
        )
        .fetch_all(&self.database)
        .await
        .map_err(failed)?;
        let owned: Vec<(String, String, Option<i64>)> =
            query("SELECT user, address, ended FROM address ORDER BY user, position, address")
                .fetch_all(&self.database)
                .await
                .map_err(failed)?;
        let mut addresses: HashMap<String, Vec<(String, Option<i64>)>> = HashMap::new();
        for (user, address, ended) in owned {
            addresses.entry(user).or_default().push((address, ended));
        }
        rows.iter()
            .map(|row| {
                let user: String = get(row, "user")?;
                registered(row, addresses.remove(&user).unwrap_or_default())
            })
            .collect()
    }

    /// The person or role of this user id.
    pub(crate) async fn registered(&self, user: &str) -> Result<Option<Registered>, Problem> {
        let row: Option<Row> = query(
            "SELECT user, name, kind, proof, active, ended, kana, english, department,
                 proof_reference, proved, proved_by, source FROM person WHERE user = ?",
        )
        .bind(user)
        .fetch_optional(&self.database)
        .await
        .map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let addresses: Vec<(String, Option<i64>)> = query(
            "SELECT address, ended FROM address WHERE user = ?
             ORDER BY position, address",
        )
        .bind(user)
        .fetch_all(&self.database)
        .await
        .map_err(failed)?;
        registered(&row, addresses).map(Some)
    }
}

/// Of somebody active the addresses in use, else those that rest with them.
fn registered(row: &Row, addresses: Vec<(String, Option<i64>)>) -> Result<Registered, Problem> {
    let active: bool = get(row, "active")?;
    let kind: String = get(row, "kind")?;
    let kept = addresses.into_iter().filter(|(_, ended)| ended.is_none() == active);
    let person = Person {
        user: get(row, "user")?,
        name: get(row, "name")?,
        kana: get(row, "kana")?,
        english: get(row, "english")?,
        addresses: kept.map(|(address, _)| address).collect(),
        department: get(row, "department")?,
        evidence: Evidence {
            proof: get(row, "proof")?,
            reference: get(row, "proof_reference")?,
            proved: Some(get(row, "proved")?),
            by: get(row, "proved_by")?,
        },
        source: get(row, "source")?,
    };
    let kind = AccountKind::from_word(&kind).ok_or_else(|| failed("an unknown kind"))?;
    Ok(Registered { person, kind, active, ended: get(row, "ended")? })
}

fn get<T: FromValue>(row: &Row, column: &str) -> Result<T, Problem> {
    row.try_get(column).map_err(failed)
}
