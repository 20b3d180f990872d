//! People from HR files, as an officer imports them: what a file may be, what it does, and
//! that a kill in the middle costs nothing but time.
//!
//! `SSMAX_IMPORT_PEOPLE` is how many people the long test imports (default 300):
//! `SSMAX_IMPORT_PEOPLE=14300 cargo test --release --test import -- --nocapture in_the_middle`
//! is what `docs/performance.md` says.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]

use ssmax_api::Answer;
use ssmax_api::ca::{AccountKind, OfficerRequest, Registered};
use ssmax_api::directory::{DirectoryEntry, DirectoryRequest};
use ssmax_pki::Certificate;
use ssmax_store::sqlx::{Connection as _, Row as _, SqliteConnection, query};
use ssmax_support::site::desk::processes_of;
use ssmax_support::site::{Said, Serving, Site};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROLES: [&str; 2] = ["keyserver", "ca"];
const HEAD: &str =
    "社員番号,氏名,フリガナ,英字氏名,メールアドレス,別名,所属,本人確認方法,確認日,状態\n";

fn site() -> (Site, Serving) {
    let site = Site::new();
    site.join();
    let serving = serve(&site);
    (site, serving)
}

fn serve(site: &Site) -> Serving {
    site.serve("a", &["--no-restart", "--role", "keyserver", "--role", "ca"], &ROLES)
}

fn row(number: usize, department: &str, status: &str) -> String {
    let user = 100_000 + number;
    format!(
        "{user},山田 花子{number},ヤマダ ハナコ,Hanako Yamada,p{number}@a.example,\
         alias{number}@a.example,{department},社員証,2026/04/01,{status}\n"
    )
}

fn everybody(people: usize) -> String {
    (0..people).fold(HEAD.to_owned(), |mut text, number| {
        let _ = write!(text, "{}", row(number, "営業部", ""));
        text
    })
}

fn import(site: &Site, file: &str, more: &[&str]) -> Said {
    site.member("user", &[&["import", file, "--lang", "en"], more].concat())
}

fn ask<Q: serde::Serialize, T: serde::de::DeserializeOwned>(
    site: &Site,
    caller: &str,
    request: &Q,
) -> T {
    let socket = ssmax_daemon::place::socket(&site.path("a/run"), "ca", caller);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer: Answer = runtime
        .block_on(ssmax_daemon::call::call(&socket, request, Duration::from_secs(60)))
        .unwrap();
    ssmax_api::decode(answer).unwrap()
}

fn people(site: &Site) -> Vec<Registered> {
    let all: Vec<Registered> = ask(site, "officer", &OfficerRequest::ListPeople);
    all.into_iter().filter(|one| one.kind == AccountKind::Person).collect()
}

/// What the directory gives for an address.
fn found(site: &Site, address: &str, own: bool) -> Option<DirectoryEntry> {
    ask(site, "directory", &DirectoryRequest::Find { address: address.to_owned(), own })
}

/// Certificates of people in the CA's own table: in force, revoked, and meant only.
fn certificates(site: &Site) -> (usize, usize, usize) {
    let path = format!("sqlite://{}?mode=ro", site.path("a/state/ca/ca.sqlite").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rows = runtime.block_on(async {
        let mut database = SqliteConnection::connect(&path).await.unwrap();
        query("SELECT serial, der, revoked FROM certificate WHERE kind LIKE 'user-%'")
            .fetch_all(&mut database)
            .await
            .unwrap()
    });
    let mut serials = BTreeSet::new();
    let (mut good, mut revoked, mut meant) = (0, 0, 0);
    for row in rows {
        assert!(serials.insert(row.get::<Vec<u8>, _>(0)), "a serial twice");
        match (row.get::<Option<Vec<u8>>, _>(1), row.get::<Option<i64>, _>(2)) {
            (Some(der), ended) => {
                let certificate = Certificate::from_der(&der).unwrap();
                assert!(serials.contains(certificate.serial()));
                if ended.is_some() { revoked += 1 } else { good += 1 }
            }
            (None, ended) => {
                assert!(ended.is_some(), "an intent that nobody ended");
                meant += 1;
            }
        }
    }
    (good, revoked, meant)
}

#[test]
fn a_file_is_read_in_both_languages_and_encodings_and_each_run_does_what_is_left() {
    let (site, _serving) = site();
    site.write("utf8.csv", &format!("\u{feff}{}", everybody(3)));
    let said = import(&site, "utf8.csv", &["--dry-run"]).ends(0);
    assert!(
        said.out.contains("join 100000 山田 花子0 <p0@a.example, alias0@a.example>"),
        "{said:?}"
    );
    assert!(said.out.contains("Would join 3, change 0, leave 0"), "{}", said.out);
    assert!(said.out.contains("6 certificates. Nothing was done"), "{}", said.out);
    assert_eq!(people(&site).len(), 0);
    let said = import(&site, "utf8.csv", &["--json"]).ends(0).json();
    assert_eq!((said["joined"].as_u64(), said["certificates"].as_u64()), (Some(3), Some(6)));
    assert_eq!(certificates(&site), (6, 0, 0));
    let registered = &people(&site)[0];
    assert_eq!(registered.person.department.as_deref(), Some("営業部"));
    assert_eq!(registered.person.evidence.proof, "employee-card");
    let entry = found(&site, "P1@a.example", true).unwrap();
    let certificate = Certificate::from_der(&entry.certificate.unwrap()).unwrap();
    assert_eq!(certificate.emails(), ["p1@a.example"]);

    // A difference in CP932: one changes the department, one leaves, one is new.
    let text = format!(
        "{HEAD}{}{}{}",
        row(0, "経理部", "在籍"),
        row(1, "営業部", "退職"),
        row(7, "営業部", ""),
    );
    let (cp932, _, lost) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!lost);
    std::fs::write(site.path("cp932.csv"), &cp932).unwrap();
    let said = import(&site, "cp932.csv", &["--dry-run", "--allow-leave", "1"]).ends(0);
    for line in [
        "change 100000 山田 花子0 <p0@a.example, alias0@a.example>: department",
        "leave 100001 山田 花子1",
        "join 100007 山田 花子7",
    ] {
        assert!(said.out.contains(line), "{line}: {}", said.out);
    }
    let said = site.member("user", &["import", "cp932.csv", "--allow-leave", "1", "--lang", "ja"]);
    let said = said.ends(0);
    assert!(said.out.contains("入社1、変更1、退職1、復帰0、変更なし0"), "{}", said.out);
    // Two of three, and two new ones; those of who left are revoked.
    assert_eq!(certificates(&site), (6, 2, 0));
    assert_eq!(found(&site, "p1@a.example", true), None);
    let said = import(&site, "cp932.csv", &["--json"]).ends(0).json();
    assert_eq!((said["unchanged"].as_u64(), said["certificates"].as_u64()), (Some(3), Some(0)));

    // Who has left comes back when that is said.
    site.write("back.csv", &format!("{HEAD}{}", row(1, "営業部", "在籍")));
    let said = import(&site, "back.csv", &[]).ends(1);
    assert!(said.err.contains("line 2: 100001 is left out"), "{}", said.err);
    assert!(said.err.contains("--again"), "{}", said.err);
    import(&site, "back.csv", &["--again"]).ends(0);
    assert_eq!(people(&site).iter().filter(|one| one.active).count(), 4);
}

#[test]
fn a_file_with_faults_does_nothing_and_one_that_was_cut_off_ends_nobodys_rights() {
    let (site, _serving) = site();
    site.write("all.csv", &everybody(40));
    import(&site, "all.csv", &[]).ends(0);
    let faults = format!(
        "{HEAD}{}100050,,,,no address,,,,2026-13-01,\n{}",
        row(41, "営業部", ""),
        row(42, "営業部", "休職"),
    );
    site.write("faults.csv", &faults);
    let said = import(&site, "faults.csv", &[]).ends(1);
    assert!(said.err.contains("line 3, column 9: \"2026-13-01\" is no date"), "{}", said.err);
    assert!(said.err.contains("line 4, column 10: \"休職\" is neither"), "{}", said.err);
    assert!(said.err.contains("2 rows of the file have faults. Nothing was done"), "{}", said.err);
    assert_eq!(people(&site).len(), 40);
    let said = import(&site, "faults.csv", &["--skip-bad", "--leave-missing"]).ends(1);
    assert!(said.out.contains("Joined 1, changed 0, left 0"), "{}", said.out);

    // Cut off, or empty but for its head: nobody leaves.
    for (name, people_left) in [("cut.csv", 30), ("empty.csv", 0)] {
        site.write(name, &everybody(people_left));
        let said = import(&site, name, &["--leave-missing"]).ends(1);
        assert!(said.err.contains("of 41 people would leave, more than 5 %"), "{}", said.err);
    }
    import(&site, "cut.csv", &["--leave-missing", "--allow-leave", "10"]).ends(1);
    import(&site, "cut.csv", &["--leave-missing", "--leave-percent", "20"]).ends(1);
    assert_eq!(people(&site).iter().filter(|one| one.active).count(), 41);
    import(&site, "cut.csv", &["--leave-missing", "--allow-leave", "11"]).ends(0);
    assert_eq!(people(&site).iter().filter(|one| one.active).count(), 30);
    // Somebody registered by hand is not the file's to end.
    let line = "add 9 --name Jiro --address jiro@a.example --proof in-person";
    site.member("user", &line.split(' ').collect::<Vec<_>>()).ends(0);
    import(&site, "cut.csv", &["--leave-missing"]).ends(0);
    assert_eq!(people(&site).iter().filter(|one| one.active).count(), 31);

    for (text, said) in [
        ("", "has no rows"),
        ("社員番号,氏名\n1,A\n", "lacks a column or has one twice: address"),
        ("社員番号,氏名,メールアドレス\n1,\"A,a@a.example\n", "line 2, column 2"),
    ] {
        site.write("bad.csv", text);
        let ended = import(&site, "bad.csv", &[]).ends(2);
        assert!(ended.err.contains(said), "{said}: {}", ended.err);
    }
}

fn wanted() -> usize {
    std::env::var("SSMAX_IMPORT_PEOPLE").map_or(300, |text| text.parse().unwrap())
}

fn kill_roles(site: &Site, serving: Serving) {
    for role in ROLES {
        for pid in processes_of(site, &format!("--role\0{role}")) {
            // It may have ended by itself.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
    serving.kill();
    // Who was killed takes nothing away: the next start would seem ready at once.
    for role in ROLES {
        let _ = std::fs::remove_file(site.path(&format!("a/run/{role}.ready")));
    }
}

fn background(site: &Site, file: &str) -> Child {
    Command::new(ssmax_support::executable())
        .args(["user", "import", file, "--config", "a/ssmax.toml"])
        .current_dir(site.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_kill_in_the_middle_of_everybody_costs_nobody_and_no_serial_is_used_twice() {
    let (site, mut serving) = site();
    let all = wanted();
    site.write("all.csv", &everybody(all));
    let begun = Instant::now();
    // Twice killed, each time somewhere else in the work.
    for part in [3, 2] {
        let mut running = background(&site, "all.csv");
        let deadline = Instant::now() + Duration::from_secs(600);
        while people(&site).len() < all / part && running.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "it does not go on");
            std::thread::sleep(Duration::from_millis(20));
        }
        kill_roles(&site, serving);
        assert!(!running.wait().unwrap().success());
        serving = serve(&site);
        let there = people(&site).len();
        assert!(there < all, "killed too late: {there}");
    }
    let said = import(&site, "all.csv", &["--json"]).ends(0).json();
    let (joined, unchanged) =
        (said["joined"].as_u64().unwrap(), said["unchanged"].as_u64().unwrap());
    assert_eq!(joined + unchanged, u64::try_from(all).unwrap());
    assert!(unchanged > 0 && joined > 0, "{said}");
    println!("with two kills: {all} people in {:.1?}", begun.elapsed());
    assert_eq!(people(&site).iter().filter(|one| one.active).count(), all);
    let (good, revoked, meant) = certificates(&site);
    assert_eq!((good, revoked), (2 * all, 0), "{meant} were meant when it was killed");
    for number in [0, all / 2, all - 1] {
        for own in [true, false] {
            let entry = found(&site, &format!("alias{number}@a.example"), own).unwrap();
            assert_eq!(entry.name, format!("山田 花子{number}"));
            assert!(entry.certificate.is_some());
        }
    }
}

#[test]
fn everybody_and_a_difference_in_their_time() {
    let (site, _serving) = site();
    let all = wanted();
    let (join, leave, change) = (all * 300 / 14_300, all * 200 / 14_300, all * 500 / 14_300);
    site.write("all.csv", &everybody(all));
    let said = import(&site, "all.csv", &["--json"]).ends(0).json();
    println!("everybody: {said}");
    assert_eq!(said["joined"].as_u64(), u64::try_from(all).ok());
    assert_eq!(certificates(&site), (2 * all, 0, 0));
    let mut text = HEAD.to_owned();
    for number in 0..change {
        // Half of them have another name, which certificates say.
        let line = row(number, "経理部", "");
        let line = if number % 2 == 0 { line.replace("山田", "鈴木") } else { line };
        text.push_str(&line);
    }
    (change..change + leave).for_each(|number| text.push_str(&row(number, "営業部", "退職")));
    (all..all + join).for_each(|number| text.push_str(&row(number, "営業部", "")));
    site.write("difference.csv", &text);
    let said = import(&site, "difference.csv", &["--json"]).ends(0).json();
    println!("the difference: {said}");
    for (name, count) in [("joined", join), ("left", leave), ("changed", change)] {
        assert_eq!(said[name].as_u64(), u64::try_from(count).ok(), "{name}");
    }
    let renamed = change.div_ceil(2);
    let (good, revoked, meant) = certificates(&site);
    assert_eq!(meant, 0);
    // Of who has another name the signing certificate before is replaced.
    assert_eq!(good, 2 * (all + join - leave) + renamed);
    assert_eq!(revoked, 2 * leave + renamed);
}
