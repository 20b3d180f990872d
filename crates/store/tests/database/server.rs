//! PostgreSQL: what it is asked to promise, and what happens when it is away.

use crate::engine::{Site, at};
use crate::{FIRST, SECOND, count, insert, open};
use ssmax_store::{Code, Database, Place, ServerFault, SqlFault, StateConfig, StoreError, query};
use ssmax_test_postgres::{Server, shared};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Within which a gateway has to answer.
const GATEWAY: Duration = Duration::from_secs(30);

fn site(server: &Server) -> Site {
    at(&server.database())
}

#[tokio::test]
async fn a_server_that_would_lose_what_it_took_is_refused() {
    let Some(server) = shared() else { return };
    let site = site(server);
    let address = site.address.clone().unwrap();
    let name = address.split(['/', '?']).nth(3).unwrap().to_owned();
    server.sql_at(&address, &format!("ALTER DATABASE {name} SET synchronous_commit = off"));
    let setting = "synchronous_commit";
    let value = "off".to_owned();
    let refused = open(&site, &[FIRST]).await.unwrap_err();
    assert_eq!(refused, StoreError::NotDurable { setting, value });
    server.sql_at(&address, &format!("ALTER DATABASE {name} SET synchronous_commit = local"));
    let database = open(&site, &[FIRST]).await.unwrap();
    // Whoever turns it off later on does not turn it off for us.
    server.sql_at(&address, &format!("ALTER DATABASE {name} SET synchronous_commit = off"));
    let commits: String =
        query("SELECT current_setting('synchronous_commit')").fetch_one(&database).await.unwrap();
    assert_eq!(commits, "local");
}

#[tokio::test]
async fn a_server_without_fsync_is_refused() {
    let Some(server) = Server::start(&["fsync=off"]) else { return };
    let refused = open(&site(&server), &[FIRST]).await.unwrap_err();
    assert_eq!(refused, StoreError::NotDurable { setting: "fsync", value: "off".to_owned() });
}

#[tokio::test]
async fn a_database_that_is_not_utf_8_is_refused() {
    let Some(server) = shared() else { return };
    server.sql("postgres", "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    let refused = open(&at(&server.address("latin")), &[FIRST]).await.unwrap_err();
    let StoreError::ServerUnfit { setting: "server_encoding", value, .. } = refused else {
        unreachable!("{refused:?}")
    };
    assert_eq!(value, "LATIN1");
}

#[tokio::test]
async fn a_user_needs_its_own_schema_and_no_other_right() {
    let Some(server) = shared() else { return };
    let site = site(server);
    let address = site.address.clone().unwrap();
    server.sql_at(
        &address,
        "DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN;
         CREATE SCHEMA ssmax_journal AUTHORIZATION plain",
    );
    let plain = at(&address.replace("ssmax@", "plain@"));
    let database = open(&plain, &[FIRST]).await.unwrap();
    insert(&database, "a").await.unwrap();
    let other = Database::open(plain.place.clone(), "other", &[FIRST]).await.unwrap_err();
    let code = Code::State(*b"42501");
    assert_eq!(other, StoreError::Sql(SqlFault::Refused { code }));
    assert!(!other.is_temporary());
}

#[tokio::test]
async fn a_password_comes_from_its_private_file_and_is_never_told() {
    let Some(server) = Server::start(&[]) else { return };
    let address = server.database();
    server.sql_at(&address, "CREATE ROLE secretive LOGIN SUPERUSER PASSWORD 'correct horse'");
    let hba = "local all ssmax trust\nlocal all all scram-sha-256\n";
    server.put("pg_hba.conf", hba.as_bytes());
    server.sql_at(&address, "SELECT pg_reload_conf()");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let dir = crate::engine::private_dir();
    let file = dir.path().join("password");
    let place = |password: Option<&str>| {
        let set = password.map(|password| {
            ssmax_store::files::write_private(&file, password.as_bytes()).unwrap();
            file.clone()
        });
        let url = Some(address.replace("ssmax@", "secretive@"));
        let state = StateConfig { url, password_file: set, ..StateConfig::default() };
        Place::new(dir.path().to_owned(), &state)
    };
    let opened = async |password| Database::open(place(password), "journal", &[FIRST]).await;
    assert!(opened(Some("correct horse\n")).await.is_ok());
    let wrong = opened(Some("battery staple")).await.unwrap_err();
    let code = Code::State(*b"28P01");
    assert_eq!(wrong, StoreError::Sql(SqlFault::Refused { code }));
    assert!(!format!("{wrong} {wrong:?}").contains("battery"));
    let two = opened(Some("one\ntwo")).await.unwrap_err();
    assert_eq!(two, StoreError::ServerAddress(ServerFault::PasswordFile));
    assert!(!format!("{:?}", place(Some("battery"))).contains("battery"));
}

#[tokio::test]
async fn a_connection_that_is_killed_fails_what_is_under_way_and_no_more() {
    let Some(server) = shared() else { return };
    let site = site(server);
    let address = site.address.clone().unwrap();
    let database = open(&site, &[FIRST]).await.unwrap();
    let mut transaction = database.begin_write().await.unwrap();
    let add = "INSERT INTO journal (id, size) VALUES (?, 1)";
    query(add).bind("a").execute(&mut transaction).await.unwrap();
    server.end_connections(&address);
    let failed = query(add).bind("b").execute(&mut transaction).await.unwrap_err();
    assert_eq!(failed, StoreError::Sql(SqlFault::Unreachable));
    assert!(failed.is_temporary());
    assert_eq!(transaction.commit().await.unwrap_err(), failed);
    insert(&database, "c").await.unwrap();
    let ids: Vec<String> = query("SELECT id FROM journal").fetch_all(&database).await.unwrap();
    assert_eq!(ids, ["c"]);
}

#[tokio::test]
async fn a_server_that_goes_and_comes_back_is_used_again_and_has_lost_nothing() {
    let Some(server) = Server::start(&[]) else { return };
    let site = site(&server);
    let database = open(&site, &[FIRST]).await.unwrap();
    insert(&database, "a").await.unwrap();
    server.stop();
    let began = Instant::now();
    let away = insert(&database, "b").await.unwrap_err();
    assert_eq!(away, StoreError::Sql(SqlFault::Unreachable));
    assert!(began.elapsed() < GATEWAY, "{:?}", began.elapsed());
    server.run();
    insert(&database, "c").await.unwrap();
    assert_eq!(count(&database).await, 2);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_in_time() {
    // It accepts connections, as the kernel does for it, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let site = at(&format!("postgresql://ssmax@127.0.0.1:{port}/ssmax"));
    let began = Instant::now();
    let refused = open(&site, &[FIRST]).await.unwrap_err();
    assert_eq!(refused, StoreError::Sql(SqlFault::Unreachable));
    assert!(began.elapsed() < GATEWAY);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_in_time_and_its_connections_with_it() {
    let Some(server) = Server::start(&[]) else { return };
    let site = site(&server);
    let database = open(&site, &[FIRST]).await.unwrap();
    insert(&database, "a").await.unwrap();
    server.freeze(true);
    let began = Instant::now();
    let silent = insert(&database, "b").await.unwrap_err();
    assert_eq!(silent, StoreError::Sql(SqlFault::Unreachable));
    assert!(began.elapsed() < GATEWAY, "{:?}", began.elapsed());
    server.freeze(false);
    insert(&database, "c").await.unwrap();
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended() {
    let Some(server) = shared() else { return };
    let database = open(&site(server), &[FIRST]).await.unwrap();
    let began = Instant::now();
    let slow = query("SELECT 1 FROM (SELECT pg_sleep(60)) AS slow").execute(&database).await;
    assert_eq!(slow.unwrap_err(), StoreError::Sql(SqlFault::Busy));
    assert!(began.elapsed() < GATEWAY);
    assert_eq!(count(&database).await, 0);
}

#[tokio::test]
async fn a_lock_is_held_by_one_process_until_it_is_given_up_or_its_connection_ends() {
    let Some(server) = shared() else { return };
    let site = site(server);
    let address = site.address.clone().unwrap();
    let (one, other) = (open(&site, &[FIRST]).await.unwrap(), open(&site, &[FIRST]).await.unwrap());
    let (one, other) = (one.locks().unwrap(), other.locks().unwrap());
    let held = one.take("mail").await.unwrap().unwrap();
    assert!(one.take("mail").await.unwrap().is_none());
    assert!(other.take("mail").await.unwrap().is_none());
    let _another = other.take("another").await.unwrap().unwrap();
    drop(held);
    // Given up by the time this process has an answer to anything else.
    assert!(one.take("another").await.unwrap().is_none());
    let held = other.take("mail").await.unwrap().unwrap();
    assert!(one.take("mail").await.unwrap().is_none());
    server.end_connections(&address);
    // Each notices by the first question that fails.
    let mut taken = one.take("mail").await;
    if taken.is_err() {
        taken = one.take("mail").await;
    }
    assert!(taken.unwrap().is_some());
    drop(held);
}

#[tokio::test]
async fn who_held_a_lock_for_good_learns_that_another_has_it() {
    let Some(server) = shared() else { return };
    let site = site(server);
    let address = site.address.clone().unwrap();
    let (one, other) = (open(&site, &[FIRST]).await.unwrap(), open(&site, &[FIRST]).await.unwrap());
    let (one, other) = (one.locks().unwrap(), other.locks().unwrap());
    let held = one.take("serve").await.unwrap().unwrap();
    server.end_connections(&address);
    let _taken = other.take("serve").await.unwrap().unwrap();
    tokio::time::timeout(GATEWAY, one.lost(&held)).await.unwrap();
}

#[tokio::test]
async fn one_process_serves_alone_and_the_next_when_it_has_ended() {
    let Some(server) = shared() else { return };
    let site = site(server);
    let (one, other) = (open(&site, &[FIRST]).await.unwrap(), open(&site, &[FIRST]).await.unwrap());
    let alone = one.serve_alone().await.unwrap();
    assert_eq!(other.serve_alone().await.map(drop).unwrap_err(), StoreError::InUse);
    // One that ends meanwhile is waited for.
    let ending = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(alone);
    });
    other.serve_alone().await.unwrap();
    ending.await.unwrap();
}

#[tokio::test]
async fn a_database_is_looked_at_without_changing_it() {
    let Some(server) = shared() else { return };
    let site = site(server);
    let look = async || Database::look(&site.place, "journal", &[FIRST, SECOND]).await;
    let found = look().await.unwrap().unwrap();
    assert_eq!((found.version, found.known), (0, 2));
    assert_eq!(look().await.unwrap().unwrap().version, 0);
    open(&site, &[FIRST]).await.unwrap();
    assert_eq!(look().await.unwrap().unwrap().version, 1);
    let newer = Database::look(&site.place, "journal", &[]).await.unwrap_err();
    assert_eq!(newer, StoreError::DatabaseNewer { found: 1, known: 0 });
    let address = site.address.as_deref().unwrap();
    server.sql_at(address, "DROP ROLE IF EXISTS onlooker; CREATE ROLE onlooker LOGIN");
    let plain = at(&address.replace("ssmax@", "onlooker@"));
    let refused = Database::look(&plain.place, "journal", &[FIRST]).await.unwrap_err();
    let code = Code::State(*b"42501");
    assert_eq!(refused, StoreError::Sql(SqlFault::Refused { code }));
}

#[tokio::test]
async fn a_database_on_a_server_has_a_size() {
    let Some(server) = shared() else { return };
    let database = open(&site(server), &[FIRST]).await.unwrap();
    assert!(database.server_octets().await.unwrap() > 0);
    assert_eq!(database.path(), None);
}

#[tokio::test]
async fn a_server_elsewhere_is_who_its_certificate_says_and_no_other() {
    let Some(server) = Server::start(&[]) else { return };
    let address = server.database();
    let dir = crate::engine::private_dir();
    let authorities = ["ours", "another"].map(|name| authority(dir.path(), name));
    certify(&server, dir.path(), "ours");
    server.sql_at(&address, "ALTER SYSTEM SET ssl = on");
    server.sql_at(&address, "SELECT pg_reload_conf()");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let name = address.split(['/', '?']).nth(3).unwrap();
    let opened = async |host: &str, root: &Path| {
        let (port, root) = (server.port(), root.display());
        let url = format!(
            "postgresql://ssmax@{host}:{port}/{name}?sslmode=verify-full&sslrootcert={root}"
        );
        open(&at(&url), &[FIRST]).await
    };
    let [ours, another] = &authorities;
    let database = opened("localhost", ours).await.unwrap();
    let select = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert!(query(select).fetch_one::<bool>(&database).await.unwrap());
    for (host, root) in [("localhost", another), ("127.0.0.1", ours)] {
        let refused = opened(host, root).await.unwrap_err();
        assert_eq!(refused, StoreError::Sql(SqlFault::Untrusted), "{host}");
        assert!(!refused.is_temporary());
    }
}

fn openssl(dir: &Path, arguments: &str) {
    let output =
        Command::new("openssl").args(arguments.split(' ')).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A CA; gives its certificate.
fn authority(dir: &Path, name: &str) -> PathBuf {
    openssl(
        dir,
        &format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
             -keyout {name}.key -out {name}.pem -subj /CN={name}"
        ),
    );
    dir.join(format!("{name}.pem"))
}

/// Gives the server a certificate for `localhost`.
fn certify(server: &Server, dir: &Path, authority: &str) {
    openssl(
        dir,
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr \
         -subj /CN=localhost",
    );
    std::fs::write(dir.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    openssl(
        dir,
        &format!(
            "x509 -req -in server.csr -CA {authority}.pem -CAkey {authority}.key -days 2 \
             -extfile names -out server.crt"
        ),
    );
    for file in ["server.crt", "server.key"] {
        server.put(file, &std::fs::read(dir.join(file)).unwrap());
    }
}
