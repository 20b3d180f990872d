//! Whether those whom the settings name can do what they are named for, for who looks
//! after the keyserver: a name that is nobody's is noticed on the day that it is needed.

use crate::config::Settings;
use crate::people::signs_by_own_key;
use crate::setup::SetupError;
use ssmax_api::keyserver::UserRecord;
use ssmax_chain::binding::directory_address;
use ssmax_mail::address::Address;
use ssmax_store::{Database, StoreError, query};
use time::OffsetDateTime;

/// Of these user ids and addresses, those that are no active person's with a signing
/// certificate that is valid now and whose key the person holds. `None` while nobody is
/// registered here at all.
///
/// # Errors
/// [`SetupError`] when the state cannot be opened.
pub async fn cannot_sign(
    settings: &Settings,
    names: &[String],
) -> Result<Option<Vec<String>>, SetupError> {
    let Some(database) = crate::schema::open_if_current(settings.place()).await? else {
        return Ok(None);
    };
    let found = look(&database, names).await;
    database.close().await;
    Ok(found?)
}

async fn look(database: &Database, names: &[String]) -> Result<Option<Vec<String>>, StoreError> {
    let people: i64 = query("SELECT COUNT(*) FROM person").fetch_one(database).await?;
    if people == 0 {
        return Ok(None);
    }
    let now = OffsetDateTime::now_utc();
    let mut unable = Vec::new();
    for name in names {
        let address = Address::parse(name).map(|one| directory_address(&one)).unwrap_or_default();
        let row: Option<(Vec<u8>,)> = query(
            "SELECT record FROM person WHERE user = ?1
             OR user = (SELECT user FROM address WHERE address = ?2)",
        )
        .bind(name)
        .bind(address)
        .fetch_optional(database)
        .await?;
        let record: Option<UserRecord> =
            row.and_then(|(octets,)| ciborium::from_reader(octets.as_slice()).ok());
        if !record.is_some_and(|record| signs_by_own_key(&record, now)) {
            unable.push(name.clone());
        }
    }
    Ok(Some(unable))
}
