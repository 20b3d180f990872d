//! The story of a mail, as each member tells it afterwards.

use crate::stage::{SECRET, draft, with};
use serde_json::Value;

fn operations(arrival: &Value) -> Vec<&str> {
    let all = arrival["key_operations"].as_array().unwrap();
    all.iter().map(|row| row["operation"].as_str().unwrap()).collect()
}

fn stages(arrival: &Value) -> Vec<&str> {
    let all = arrival["stages"].as_array().unwrap();
    all.iter().map(|row| row["stage"].as_str().unwrap()).collect()
}

/// The one arrival of a mail.
#[track_caller]
fn arrival(told: &Value) -> &Value {
    let arrivals = told["arrivals"].as_array().unwrap();
    assert_eq!(arrivals.len(), 1, "{told}");
    &arrivals[0]
}

#[test]
fn both_members_tell_a_mails_story_and_their_logs_are_whole() {
    with(|stage| {
        let alice = stage.alice();
        let (mail, _) = stage.encrypted(&draft("story", alice, &stage.bob, "Hello."));
        stage.submits(&mail, &[]);
        let _ = stage.bob_gets(&mail);
        let (a, b) = (stage.pair.a.site(), stage.pair.b.site());

        let told = a.facts(&["journey", &mail.message_id]);
        let sent = arrival(&told);
        assert_eq!(sent["direction"], "outbound", "{told}");
        assert_eq!(sent["listener"], "submission", "{told}");
        assert_eq!(sent["inspection"]["outcome"], "pass", "{told}");
        for stage in ["accept", "authenticate", "inspect", "reencrypt", "sign", "transmit"] {
            assert!(stages(sent).contains(&stage), "{stage}: {told}");
        }
        for operation in ["admit-outbound", "release", "verdict", "rewrap", "sign-hop"] {
            assert!(operations(sent).contains(&operation), "{operation}: {told}");
        }
        let copy = &sent["recipients"][0];
        assert_eq!(
            (&copy["recipient"], &copy["fate"]),
            (&stage.bob.address.as_str().into(), &"passed".into()),
            "{told}"
        );
        assert_eq!(copy["to_org"], stage.pair.b.id(), "{told}");
        let hop = copy["hop"].as_str().unwrap();

        // The other member knows it by the hop that both name.
        let told = b.facts(&["journey", hop]);
        let came = arrival(&told);
        assert_eq!(came["direction"], "inbound", "{told}");
        assert_eq!(came["message_id"], mail.message_id.as_str(), "{told}");
        for operation in ["admit-inbound", "release", "verdict", "seal"] {
            assert!(operations(came).contains(&operation), "{operation}: {told}");
        }

        // The sender is found by the hop: the login is the employee number of one person.
        let traced = a.facts(&["journey", hop]);
        let number = arrival(&traced)["login"].as_str().unwrap();
        assert_eq!(number, alice.number, "{traced}");
        let people = a.facts(&["user", "list"]);
        let people = people["users"].as_array().unwrap_or_else(|| panic!("{people}"));
        let found: Vec<&Value> = people.iter().filter(|one| one["user"] == number).collect();
        assert_eq!(found.len(), 1);
        assert!(found[0].to_string().contains(&alice.address), "{found:?}");
        // The receiver's side does not have the number.
        assert!(!told.to_string().contains(&alice.number), "{told}");

        for site in [a, b] {
            let said = site.facts(&["audit", "verify"]);
            assert_eq!(said["verdict"], "good", "{said}");
            let text = site.run(&["journey", &mail.message_id]).ends(0).text();
            assert!(!text.contains(SECRET));
        }
    });
}
