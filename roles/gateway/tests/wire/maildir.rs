//! Delivery into a Maildir.

use std::{fs, os::unix::fs::PermissionsExt as _};

use ssmax_gateway::wire::{ClientSettings, Outcome, OutgoingEnvelope, Route, deliver};

const MAIL: &[u8] = b"Subject: a\r\n\r\n.b\r\n";

fn envelope(recipients: &[&str]) -> OutgoingEnvelope {
    OutgoingEnvelope {
        mail_from: String::new(),
        recipients: recipients.iter().map(ToString::to_string).collect(),
        smtputf8: false,
        body_8bit: false,
        ..OutgoingEnvelope::default()
    }
}

#[tokio::test]
async fn a_mail_lies_in_new_octet_for_octet_and_nothing_in_tmp() {
    let directory = tempfile::tempdir().unwrap();
    let template = format!("maildir:{}/{{domain}}/{{local}}", directory.path().display());
    let route: Route = template.parse().unwrap();
    let settings = ClientSettings::new("gw.b.example");
    let all = ["bob@B.example", "../x@b.example", "dave@b.example", "bob@b.example"];
    let deliveries = deliver(&route, &envelope(&all), MAIL, &settings).await;
    let taken: Vec<_> = deliveries.iter().map(|(_, result)| result.is_ok()).collect();
    assert_eq!(taken, [true, false, true, true]);
    assert!(
        matches!(&deliveries[1].1, Err(Outcome::Permanent(reply)) if reply.enhanced == "5.1.3")
    );
    for (local, copies) in [("bob", 2), ("dave", 1)] {
        let mailbox = directory.path().join("b.example").join(local);
        assert_eq!(fs::read_dir(mailbox.join("tmp")).unwrap().count(), 0);
        assert_eq!(fs::read_dir(mailbox.join("cur")).unwrap().count(), 0);
        let mails: Vec<_> =
            fs::read_dir(mailbox.join("new")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(mails.len(), copies);
        for mail in mails {
            assert_eq!(fs::read(&mail).unwrap(), MAIL);
            assert_eq!(fs::metadata(&mail).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::metadata(&mailbox).unwrap().permissions().mode() & 0o777, 0o700);
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_maildir_that_cannot_be_written_is_temporary_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("bob"), b"a file where the Maildir should be").unwrap();
    let route: Route = format!("maildir:{}/{{local}}", directory.path().display()).parse().unwrap();
    let settings = ClientSettings::new("gw.b.example");
    let deliveries = deliver(&route, &envelope(&["bob@b.example"]), MAIL, &settings).await;
    assert!(
        matches!(&deliveries[0].1, Err(Outcome::Temporary(reply)) if reply.enhanced == "4.2.0")
    );
}

#[tokio::test]
async fn many_deliveries_at_once_into_a_new_maildir_all_arrive() {
    let directory = tempfile::tempdir().unwrap();
    let route: Route =
        format!("maildir:{}/a/b/{{local}}", directory.path().display()).parse().unwrap();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let route = route.clone();
        running.spawn(async move {
            let settings = ClientSettings::new("gw.b.example");
            deliver(&route, &envelope(&["bob@b.example"]), MAIL, &settings).await
        });
    }
    for deliveries in running.join_all().await {
        assert!(deliveries[0].1.is_ok(), "{deliveries:?}");
    }
    let new = directory.path().join("a/b/bob/new");
    assert_eq!(fs::read_dir(new).unwrap().count(), 20);
}
