//! A member and its authority that began small move their tables to a PostgreSQL server, and
//! nothing of what they knew is lost.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ssmax_store::{Database, Place, StateConfig};
use ssmax_support::site::{Said, Site};
use ssmax_test_postgres::{Server, shared};
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

const ROLES: [&str; 4] = ["keyserver", "ca", "inspector", "gateway"];

/// Those that keep tables.
const MOVING: [&str; 3] = ["keyserver", "ca", "gateway"];

fn plain(id: &str) -> String {
    format!(
        "From: alice@a.example\r\nTo: carol@a.example\r\nSubject: Offer\r\n\
         Message-ID: <{id}@a.example>\r\nDate: Mon, 30 Nov 2026 09:00:00 +0900\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nThe old text.\r\n"
    )
}

/// One that nobody can look into wholly, so that it is held; large.
fn incomplete() -> String {
    let long = "See the other half.\r\n".repeat(150_000);
    format!(
        "From: alice@a.example\r\nTo: carol@a.example\r\nSubject: Half\r\n\
         Message-ID: <held@a.example>\r\nDate: Mon, 30 Nov 2026 09:00:00 +0900\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_one\"\r\n\r\n\
         --=_one\r\nContent-Type: text/plain\r\n\r\n{long}\r\n\
         --=_one\r\nContent-Type: message/partial; id=\"x@a\"; number=1; total=2\r\n\r\n\
         From: alice@a.example\r\n\r\nhalf\r\n--=_one--\r\n"
    )
}

fn answer(reader: &mut impl BufRead) -> String {
    loop {
        let mut line = String::new();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0, "the gateway hung up");
        if line.as_bytes().get(3) != Some(&b'-') {
            return line;
        }
    }
}

/// Submits as alice until it is taken: the member list may not have come yet.
fn submit(site: &Site, secret: &str, mail: &str) -> String {
    let said = site.eventually(0, || {
        let mut stream = TcpStream::connect(("127.0.0.1", site.submission_port)).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        answer(&mut reader);
        let plain = STANDARD.encode(format!("\0alice@a.example\0{secret}"));
        for line in [
            "EHLO mailer.example".to_owned(),
            format!("AUTH PLAIN {plain}"),
            "MAIL FROM:<alice@a.example>".to_owned(),
            "RCPT TO:<carol@a.example>".to_owned(),
            "DATA".to_owned(),
        ] {
            stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
            let said = answer(&mut reader);
            if !said.starts_with(['2', '3']) {
                return Said { exit: 1, out: said, err: String::new() };
            }
        }
        stream.write_all(format!("{mail}.\r\n").as_bytes()).unwrap();
        let reply = answer(&mut reader);
        let exit = i32::from(!reply.starts_with("250"));
        Said { exit, out: reply, err: String::new() }
    });
    said.out
}

fn delivered(site: &Site, id: &str) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(site.path("a/mail/a.example/carol/new")) else {
        return Vec::new();
    };
    let octets = entries.map(|entry| fs::read(entry.unwrap().path()).unwrap());
    octets.filter(|octets| String::from_utf8_lossy(octets).contains(&format!("<{id}@"))).collect()
}

fn opens(site: &Site, mail: &[u8], keys: &str) {
    fs::write(site.path("arrived.eml"), mail).unwrap();
    let _ = fs::remove_file(site.path("opened.txt"));
    let key = format!("{keys}/encryption-key.pem");
    site.ssmax(&["decrypt", "arrived.eml", "--key", &key, "--out", "opened.txt"]).ends(0);
    assert!(fs::read_to_string(site.path("opened.txt")).unwrap().contains("The old text."));
}

fn small_config(site: &Site) -> String {
    site.member_config().replace("[ca]\n", "sign_for_users = true\n[ca]\ndevice_secret_aal = 2\n")
}

/// The one line for each role.
fn on_server(config: &str, roles: &[&str], address: &str) -> String {
    let sections = roles.iter().map(|role| format!("\n[{role}.state]\nurl = \"{address}\"\n"));
    sections.fold(config.to_owned(), |config, section| config + &section)
}

fn move_role(site: &Site, name: &str, role: &str, to: &str) -> Said {
    let config = format!("{name}/ssmax.toml");
    site.ssmax(&["store", "move", "--role", role, "--to", to, "--config", &config, "--json"])
}

#[test]
fn a_member_that_began_small_goes_on_on_a_server_and_could_go_back() {
    let Some(server) = shared() else { return };
    let site = Site::new();
    site.write("a/ssmax.toml", &small_config(&site));
    site.join();
    let authority = site.serve("authority", &[], &["authority"]);
    let serving = site.serve("a", &[], &ROLES);
    let people = ["alice", "carol"]
        .map(|user| site.enrol(user, &["--device-secret", "--server-key"]).ends(0).json());
    let secret = people[0]["device_secret"].as_str().unwrap();
    submit(&site, secret, &plain("before"));
    assert!(submit(&site, secret, &incomplete()).contains("kept for review"));
    let list = site.member("user", &["list", "--json"]).ends(0).json();
    let held = site.member("hold", &["list", "--json"]).ends(0).json();
    let members = site.authority(&["members", "--json"]).ends(0).json();
    site.member("audit", &["verify"]).ends(0);
    let [address, of_authority] = [server.database(), server.database()];
    for role in MOVING {
        let said = move_role(&site, "a", role, &address).ends(2);
        assert!(said.err.contains(&format!("The role {role} is running")), "{}", said.err);
    }
    let said = move_role(&site, "a", "inspector", &address);
    assert!(said.ends(2).err.contains("is running"));
    serving.stop();
    authority.stop();
    assert!(move_role(&site, "a", "inspector", &address).ends(2).err.contains("keeps no tables"));
    assert!(move_role(&site, "a", "ca", "default").ends(2).err.contains("are there already"));
    killed_in_the_middle_it_left_nothing(&site, server, &address);
    for role in MOVING {
        let said = move_role(&site, "a", role, &address).ends(0).json();
        assert_eq!((&said["role"], &said["again"]), (&role.into(), &false.into()));
    }
    let said = move_role(&site, "authority", "authority", &of_authority).ends(0).json();
    let rows = |table: &str| {
        let tables = said["tables"].as_array().unwrap();
        tables.iter().find(|one| one["table"] == table).unwrap()["rows"].clone()
    };
    assert_eq!(rows("member"), 1);
    what_still_points_at_the_source_does_not_start(&site);
    site.write("a/ssmax.toml", &on_server(&small_config(&site), &MOVING, &address));
    let config = on_server(&site.authority_config(), &["authority"], &of_authority);
    site.write("authority/ssmax.toml", &config);

    assert_eq!(site.authority(&["members", "--json"]).ends(0).json(), members);
    let authority = site.serve("authority", &[], &["authority"]);
    let serving = site.serve("a", &[], &ROLES);
    assert_eq!(site.member("user", &["list", "--json"]).ends(0).json(), list);
    assert_eq!(site.member("hold", &["list", "--json"]).ends(0).json(), held);
    site.member("audit", &["verify"]).ends(0);
    // Mail from before opens, and is known when it comes again.
    site.member("user", &["export", "carol@a.example", "--out", "again"]).ends(0);
    opens(&site, &delivered(&site, "before")[0], "again");
    submit(&site, secret, &plain("before"));
    assert_eq!(delivered(&site, "before").len(), 1);
    submit(&site, secret, &plain("after"));
    assert_eq!(delivered(&site, "after").len(), 1);
    // The held mail is released.
    let mail = &held["held"][0];
    let (id, digest) = (mail["id"].as_str().unwrap(), mail["digest"].as_str().unwrap());
    site.decides("carol", &["release", id, "--mail", digest, "--reason", "agreed"]).ends(0);
    assert_eq!(delivered(&site, "held").len(), 1);
    site.member("audit", &["verify"]).ends(0);
    serving.stop();
    authority.stop();
    and_back_again(&site, secret);
}

/// Everything but the journal has come when this is killed; then nothing is there.
fn killed_in_the_middle_it_left_nothing(site: &Site, server: &Server, address: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let state = StateConfig { url: Some(address.to_owned()), ..StateConfig::default() };
        for set in ssmax_gateway::tables() {
            let place = Place::new(site.path("a/state/gateway"), &state);
            Database::open(place, set.name, set.migrations).await.unwrap().close().await;
        }
    });
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let lock =
                "BEGIN; LOCK TABLE ssmax_hold.held IN SHARE MODE; SELECT pg_sleep(5); COMMIT";
            server.sql_at(address, lock);
        });
        std::thread::sleep(Duration::from_millis(500));
        let mut moving = Command::new(ssmax_support::executable())
            .args(["store", "move", "--role", "gateway", "--to", address])
            .args(["--config", "a/ssmax.toml"])
            .current_dir(site.path("."))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let waits = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted
                     AND relation = 'ssmax_hold.held'::regclass";
        while server.sql_at(address, waits) == "0" {
            assert!(moving.try_wait().unwrap().is_none(), "it did not wait");
            std::thread::sleep(Duration::from_millis(20));
        }
        moving.kill().unwrap();
        moving.wait().unwrap();
    });
    for table in ["ssmax_gateway.journal", "ssmax_gateway.sent", "ssmax_hold.held"] {
        let rows = server.sql_at(address, &format!("SELECT COUNT(*) FROM {table}"));
        assert_eq!(rows, "0", "{table}");
    }
}

fn what_still_points_at_the_source_does_not_start(site: &Site) {
    for (name, role) in
        [("a", "gateway"), ("a", "keyserver"), ("a", "ca"), ("authority", "authority")]
    {
        let config = format!("{name}/ssmax.toml");
        let said = site.ssmax(&["serve", "--role", role, "--config", &config]).ends(3);
        let what = "tables were moved to a PostgreSQL server";
        assert!(said.err.contains(what), "{role}: {}", said.err);
    }
}

fn and_back_again(site: &Site, secret: &str) {
    for role in MOVING {
        let said = move_role(site, "a", role, "default").ends(3);
        assert!(said.err.contains("were moved to a PostgreSQL server"), "{}", said.err);
        let dir = site.path(&format!("a/state/{role}"));
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().contains(".sqlite") {
                fs::remove_file(path).unwrap();
            }
        }
        move_role(site, "a", role, "default").ends(0);
    }
    site.write("a/ssmax.toml", &small_config(site));
    move_role(site, "authority", "authority", "default").ends(3);
    let _authority = site.serve("authority", &[], &["authority"]);
    let _serving = site.serve("a", &[], &ROLES);
    submit(site, secret, &plain("after"));
    assert_eq!(delivered(site, "after").len(), 1);
    site.member("audit", &["verify"]).ends(0);
}
