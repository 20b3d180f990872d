//! The bucket of held mail: whether it takes, gives back and removes.

use super::Report;
use crate::complaint::Complaint;
use crate::config::Config;

/// Tries the bucket of a gateway that has one, with an object that is removed again.
pub(super) async fn check(config: &Config, report: &mut Report<'_>) {
    let name = "gateway.objects";
    match look(config).await {
        Ok(None) => {}
        Ok(Some(url)) => report.ok(name, "check-objects", &[("url", &url)]),
        Err(complaint) => report.error(name, &complaint),
    }
}

async fn look(config: &Config) -> Result<Option<String>, Complaint> {
    let objects = config.gateway()?.gateway.objects;
    let Some(url) = objects.url.clone() else { return Ok(None) };
    ssmax_gateway::try_objects(&objects).await?;
    Ok(Some(url))
}

#[cfg(test)]
mod tests {
    use super::super::{Level, role};
    use crate::config::{Config, Role};
    use ssmax_test_objects::{shared, write_key, write_key_without_rights, write_wrong_key};
    use ssmax_texts::Language;
    use std::path::Path;

    async fn found(endpoint: &str, bucket: &str, key: &Path) -> (Level, String, String) {
        let text = format!(
            "state_dir = 'state'\nrun_dir = '/run/ssmax'\n\
             [organisation]\nid = 'NTRJP-7000012050002'\nname = 'A'\ndomains = ['a.example']\n\
             [federation]\nauthority_url = 'https://authority.example'\n\
             [gateway]\nhost_name = 'a'\nnext_hop = 'smtp://127.0.0.1:25'\n\
             [gateway.objects]\nurl = 's3://{bucket}/a'\nendpoint = '{endpoint}'\n\
             credentials_file = '{}'\n",
            key.display()
        );
        let config = Config::parse(&text, Path::new("/nowhere/ssmax.toml")).unwrap();
        let found = role(&config, Role::Gateway, Language::En).await;
        let objects = found.into_iter().find(|one| one.name == "gateway.objects").unwrap();
        (objects.result, objects.what, objects.to_do)
    }

    #[tokio::test]
    async fn a_bucket_is_written_read_and_tidied_or_it_is_said_what_to_do() {
        let Some(server) = shared() else { return };
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("key");
        let (endpoint, bucket) = (server.endpoint(), server.bucket());
        write_key(&key);
        let (level, what, _) = found(&endpoint, &bucket, &key).await;
        assert_eq!(level, Level::Ok, "{what}");
        assert!(what.contains(&format!("s3://{bucket}/a")), "{what}");
        assert!(server.names(&bucket).is_empty(), "nothing is left behind");
        let bad = async |endpoint: &str, bucket: &str, says: &str| {
            let (level, what, to_do) = found(endpoint, bucket, &key).await;
            assert_eq!(level, Level::Error, "{what}");
            assert!(what.contains(says) && !to_do.is_empty(), "{what}: {to_do}");
        };
        bad(&endpoint, "nowhere", "no such bucket").await;
        bad("http://127.0.0.1:1", &bucket, "cannot be reached").await;
        write_key_without_rights(&key);
        bad(&endpoint, &bucket, "no right").await;
        write_wrong_key(&key);
        bad(&endpoint, &bucket, "key is not accepted").await;
        std::fs::remove_file(&key).unwrap();
        bad(&endpoint, &bucket, "is not there").await;
    }
}
