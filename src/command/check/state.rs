//! The database server of a role: whether it answers, keeps what it takes, and lets us in.

use super::{Report, of};
use crate::complaint::Complaint;
use crate::config::{Config, Role};
use ssmax_store::Looked;

/// Tries the server of a role that has one; nothing is changed there.
pub(super) async fn check(config: &Config, role: Role, report: &mut Report<'_>) {
    let name = of(role, "state.server");
    match look(config, role).await {
        Ok(databases) => {
            for found in databases {
                let (version, known) = (found.version.to_string(), found.known.to_string());
                let arguments = [
                    ("database", found.name),
                    ("server", &found.server),
                    ("version", &version),
                    ("known", &known),
                ];
                report.ok(&name, "check-server", &arguments);
            }
        }
        Err(complaint) => report.error(&name, &complaint),
    }
}

async fn look(config: &Config, role: Role) -> Result<Vec<Looked>, Complaint> {
    Ok(match role {
        Role::Keyserver => ssmax_keyserver::look_at_state(&config.keyserver()?.place()).await?,
        Role::Ca => ssmax_ca::look_at_state(&config.ca()?.place()).await?,
        Role::Gateway => ssmax_gateway::look_at_state(&config.gateway()?.place()).await?,
        Role::Authority => ssmax_authority::look_at_state(&config.authority()?).await?,
        Role::Inspector
        | Role::Submission
        | Role::Directory
        | Role::Enrol
        | Role::Scim
        | Role::Watch => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Level, role};
    use crate::config::{Config, Role};
    use ssmax_texts::Language;
    use std::path::Path;

    async fn found(url: &str) -> (Level, String) {
        let text = format!(
            "state_dir = 'state'\nrun_dir = '/run/ssmax'\n\
             [organisation]\nid = 'NTRJP-7000012050002'\nname = 'A'\ndomains = ['a.example']\n\
             [ca]\nunlock_file = 'unlock'\n[ca.state]\nurl = '{url}'\n"
        );
        let config = Config::parse(&text, Path::new("/nowhere/ssmax.toml")).unwrap();
        let found = role(&config, Role::Ca, Language::En).await;
        let server = found.into_iter().find(|one| one.name == "ca.state.server").unwrap();
        (server.result, server.what)
    }

    #[tokio::test]
    async fn a_server_is_tried_and_not_changed() {
        let Some(server) = ssmax_test_postgres::shared() else { return };
        let address = server.database();
        for _ in 0..2 {
            let (level, what) = found(&address).await;
            assert_eq!(level, Level::Ok, "{what}");
            assert!(what.contains("its schema is at version 0 of "), "{what}");
        }
        let name = address.split(['/', '?']).nth(3).unwrap();
        server.sql_at(&address, &format!("ALTER DATABASE {name} SET synchronous_commit = off"));
        let (level, what) = found(&address).await;
        assert_eq!(level, Level::Error);
        assert!(what.contains("synchronous_commit = off"), "{what}");
        let away = "postgresql://ssmax@127.0.0.1:1/ssmax";
        assert_eq!(found(away).await.0, Level::Error);
    }
}
