//! Step 5: the sending inspection stops a leak before it leaves, and what passes can be read
//! nowhere but at its reader's.

use crate::stage::{ARRIVAL, SECRET, draft, with};
use ssmax_e2e::mailer;
use std::path::PathBuf;

/// A My Number with a right check digit.
const NUMBER: &str = "123456789018";

#[test]
fn s05_a_leak_is_stopped_before_it_leaves_in_clear_and_within_encryption() {
    with(|stage| {
        let (alice, to) = (stage.alice(), [stage.bob.address.as_str()]);
        let leak = format!("個人番号: {NUMBER}");
        let mut open = draft("s05-leak", alice, &stage.bob, &leak);
        (open.octets, open.entity) = mailer::sign(stage.pair.a.site(), alice, &open.octets);
        let (sealed, _) = stage.encrypted(&draft("s05-leak-inside", alice, &stage.bob, &leak));
        for (mail, answer, reason) in [
            (&open, "550 5.7.1 SSMAX-1201", "leak-found"),
            (&sealed, "550 5.7.1 SSMAX-1900", "leak-inside"),
        ] {
            let said = mailer::submit(&stage.pair.a, alice, &to, &mail.octets);
            assert!(said.exit != 0 && said.text().contains(answer), "{}", said.text());
            assert_eq!(stage.reason(&stage.pair.a, mail), reason);
            stage.went_nowhere(mail);
            // Postfix has never seen it.
            for member in [&stage.pair.a, &stage.pair.b] {
                assert!(!member.postfix().log().contains(&mail.message_id));
            }
        }
        assert_eq!(stage.pair.place.files_with(NUMBER), [] as [PathBuf; 0]);
    });
}

/// On every disk of both organisations, with the mail in a queue between them and in the
/// mailbox.
#[test]
fn s05_what_passes_can_be_read_in_no_queue_and_on_no_disk() {
    with(|stage| {
        let alice = stage.alice();
        let (sealed, _) = stage.encrypted(&draft("s05-sealed", alice, &stage.bob, "Hello."));
        let open = draft("s05-open", alice, &stage.bob, "Hello.");
        for mail in [&sealed, &open] {
            let (_, held) = stage.on_the_line(mail, &[]);
            let place = &stage.pair.place;
            assert_eq!(place.files_with(SECRET), [] as [PathBuf; 0]);
            // The search finds what is there.
            let found = place.files_with(&mail.message_id);
            assert!(
                found.iter().any(|file| file.to_string_lossy().contains("/spool/")),
                "{found:?}"
            );
            drop(held);
            let _ = stage.bob_gets(mail);
            assert_eq!(place.files_with(SECRET), [] as [PathBuf; 0]);
            if let Some(server) = ssmax_test_postgres::shared() {
                let found = place.files_with(&mail.message_id);
                assert!(found.iter().any(|file| file.starts_with(server.folder())), "{found:?}");
            }
        }
        stage.pair.nothing_waits(ARRIVAL);
    });
}
