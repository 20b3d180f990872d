//! What a sender wants to hear of a delivery reaches the next hop, if it can be told.

use std::time::Duration;

use ssmax_gateway::dsn::{MailOptions, RecipientOptions, Returned};
use ssmax_gateway::wire::{ClientSettings, OutgoingEnvelope, Reports, Route, deliver, offers_dsn};

use crate::support::{Act, next_hop, willing};

/// Three recipients: asked about, not to be heard of, with nothing said; a fourth beyond
/// what was said.
fn envelope(encrypted: bool) -> OutgoingEnvelope {
    let options = |notify: Option<&str>, orcpt: Option<&str>| RecipientOptions {
        notify: notify.map(str::to_owned),
        orcpt: orcpt.map(str::to_owned),
    };
    OutgoingEnvelope {
        mail_from: "alice@a.example".into(),
        recipients: ["b", "c", "d", "e"].map(|one| format!("{one}@b.example")).to_vec(),
        reports: Reports {
            mail: MailOptions { returned: Some(Returned::Full), envelope_id: Some("x+2B".into()) },
            recipients: vec![
                options(Some("SUCCESS,FAILURE"), Some("rfc822;team@a.example")),
                options(Some("NEVER"), Some("utf-8;\u{82b1}@b.example")),
                options(None, None),
            ],
            encrypted,
        },
        ..OutgoingEnvelope::default()
    }
}

#[tokio::test]
async fn it_can_be_asked_whether_a_next_hop_makes_reports() {
    let settings =
        ClientSettings { total: Duration::from_millis(400), ..ClientSettings::new("gw.a.example") };
    for (extensions, offers) in [("250-DSN\r\n", true), ("", false)] {
        let (address, served) = next_hop(move |line| willing(line, extensions)).await;
        let route: Route = format!("lmtp://{address}").parse().unwrap();
        assert_eq!(offers_dsn(&route, &settings).await, Ok(offers));
        assert_eq!(served.await.unwrap(), "LHLO gw.a.example\r\nQUIT\r\n");
    }
    let (address, _silent) = next_hop(|_| Act::Say(String::new())).await;
    let route: Route = format!("smtp://{address}").parse().unwrap();
    assert!(offers_dsn(&route, &settings).await.is_err());
    assert_eq!(offers_dsn(&Route::Reject, &settings).await, Ok(false));
}

/// What the next hop hears in MAIL and RCPT.
async fn heard(extensions: &'static str, envelope: &OutgoingEnvelope) -> Vec<String> {
    let (address, served) = next_hop(move |line| willing(line, extensions)).await;
    let route: Route = format!("smtp://{address}").parse().unwrap();
    let settings =
        ClientSettings { total: Duration::from_secs(5), ..ClientSettings::new("gw.a.example") };
    let deliveries = deliver(&route, envelope, b"Subject: a\r\n\r\nb\r\n", &settings).await;
    assert!(deliveries.iter().all(|(_, result)| result.is_ok()), "{deliveries:?}");
    let lines = served.await.unwrap();
    let spoken = |line: &&str| line.starts_with("MAIL ") || line.starts_with("RCPT ");
    lines.lines().filter(spoken).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_next_hop_that_offers_dsn_hears_all_and_an_address_outside_ascii_only_with_smtputf8() {
    let heard = heard("250-DSN\r\n", &envelope(false)).await;
    assert_eq!(
        heard,
        [
            "MAIL FROM:<alice@a.example> RET=FULL ENVID=x+2B",
            "RCPT TO:<b@b.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;team@a.example",
            "RCPT TO:<c@b.example> NOTIFY=NEVER",
            "RCPT TO:<d@b.example>",
            "RCPT TO:<e@b.example>",
        ]
    );
}

#[tokio::test]
async fn an_encrypted_mail_comes_back_as_its_header() {
    let heard = heard("250-DSN\r\n", &envelope(true)).await;
    assert_eq!(heard[0], "MAIL FROM:<alice@a.example> RET=HDRS ENVID=x+2B");
}

#[tokio::test]
async fn a_next_hop_without_dsn_hears_nothing_of_it() {
    let heard = heard("", &envelope(true)).await;
    assert_eq!(heard[0], "MAIL FROM:<alice@a.example>");
    assert!(heard[1..].iter().all(|line| line.ends_with("@b.example>")), "{heard:?}");
}
