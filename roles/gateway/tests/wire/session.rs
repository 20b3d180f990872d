//! Commands, envelopes, replies.

use std::time::Duration;

use ssmax_gateway::dsn::{MailOptions, RecipientOptions, Returned};
use ssmax_gateway::listen::{Forwarded, ListenerConfig};
use tokio::time::{sleep, timeout};

use crate::support::{Client, Recorder, lmtp, smtp, start, start_with};

const MAIL: &[u8] = b"Subject: a\r\n\r\nb\r\n.\r\n";

#[tokio::test]
async fn ehlo_offers_what_there_is_and_nothing_else() {
    let server = start(smtp()).await;
    let mut client = Client::connect(&server).await;
    assert_eq!(
        client.say("EHLO client.example").await,
        "250-gw.a.example|250-PIPELINING|250-SIZE 100000000|250-8BITMIME|250-SMTPUTF8|\
         250 ENHANCEDSTATUSCODES"
    );
    assert_eq!(client.say("HELO client.example").await, "250 gw.a.example");
}

#[tokio::test]
async fn what_was_not_offered_is_not_done() {
    let server = start(smtp()).await;
    let mut client = Client::hello(&server).await;
    client.expect("MAIL FROM:<a@a.example> RET=FULL ENVID=x", "250 2.1.0").await;
    client.expect("RCPT TO:<b@b.example> NOTIFY=SUCCESS", "250 2.1.5").await;
    client.expect("DATA", "354").await;
    client.send(MAIL).await;
    client.reply().await;
    let (envelope, _) = server.journey.mails().remove(0);
    assert_eq!(envelope.mail_options, MailOptions::default());
    assert_eq!(envelope.recipient_options, [RecipientOptions::default()]);
}

#[tokio::test]
async fn dsn_is_offered_where_it_is_set() {
    let server = start(ListenerConfig { dsn: true, ..lmtp() }).await;
    let mut client = Client::connect(&server).await;
    assert!(client.say("LHLO client.example").await.ends_with("|250 DSN"));
}

#[tokio::test]
async fn the_envelope_says_what_the_client_said() {
    let server = start(ListenerConfig { dsn: true, ..smtp() }).await;
    let mut client = Client::hello(&server).await;
    client
        .expect(
            "MAIL FROM:<太郎@a.example> SIZE=17 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=x",
            "250 2.1.0",
        )
        .await;
    client
        .expect("RCPT TO:<花子@b.example> NOTIFY=FAILURE ORCPT=rfc822;h@b.example", "250 2.1.5")
        .await;
    client.expect("RCPT TO:<Postmaster>", "250 2.1.5").await;
    client.expect("DATA", "354").await;
    client.send("Subject: 件名\r\n\r\nb\r\n.\r\n".as_bytes()).await;
    assert_eq!(client.reply().await, "250 2.0.0 taken for 花子@b.example");
    let (envelope, octets) = server.journey.mails().remove(0);
    assert_eq!(octets, "Subject: 件名\r\n\r\nb\r\n".as_bytes());
    assert_eq!(envelope.mail_from, "太郎@a.example");
    assert_eq!(envelope.recipients, ["花子@b.example", "Postmaster"]);
    let of_mail = MailOptions { returned: Some(Returned::Headers), envelope_id: Some("x".into()) };
    assert_eq!(envelope.mail_options, of_mail);
    let options = RecipientOptions {
        notify: Some("FAILURE".into()),
        orcpt: Some("rfc822;h@b.example".into()),
    };
    assert_eq!(envelope.recipient_options, [options, RecipientOptions::default()]);
    assert!(envelope.smtputf8 && envelope.body_8bit && !envelope.tls);
    assert_eq!(envelope.size, Some(17));
    assert_eq!(envelope.helo, "client.example");
    assert_eq!(envelope.peer.ip().to_string(), "127.0.0.1");
    assert_eq!((envelope.auth, envelope.xforward_ident), (None, None));
}

#[tokio::test]
async fn commands_out_of_order_are_refused() {
    let server = start(smtp()).await;
    let mut client = Client::connect(&server).await;
    client.expect("MAIL FROM:<>", "503 5.5.1").await;
    client.expect("LHLO c", "500 5.5.1").await;
    client.expect("EHLO c", "250").await;
    client.expect("RCPT TO:<bob@b.example>", "503 5.5.1").await;
    client.expect("DATA", "503 5.5.1").await;
    client.expect("MAIL FROM:<>", "250 2.1.0").await;
    client.expect("MAIL FROM:<>", "503 5.5.1").await;
    client.expect("DATA", "554 5.5.1").await;
    client.expect("RCPT TO:<unknown@b.example>", "550 5.1.1 no such person").await;
    client.expect("DATA", "554 5.5.1").await;
    client.expect("STARTTLS", "502 5.5.1").await;
    client.expect("AUTH PLAIN AGEAYg==", "502 5.5.1").await;
    client.expect("XFORWARD NAME=x", "550 5.7.0").await;
    client.expect("EXPN staff", "502 5.5.1").await;
    client.expect("VRFY bob", "252 2.5.2").await;
    client.expect("WHATEVER", "500 5.5.1").await;
    client.expect("QUIT", "221 2.0.0").await;
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn each_fault_of_an_address_or_parameter_has_its_reply() {
    let server = start(smtp()).await;
    let mut client = Client::hello(&server).await;
    client.expect("MAIL FROM:alice@a.example", "501 5.1.7").await;
    client.expect("MAIL FROM:<太郎@a.example>", "553 5.6.7").await;
    client.expect("MAIL FROM:<a@a.example> SIZE=x", "501 5.5.4").await;
    client.expect("MAIL FROM:<a@a.example> MT-PRIORITY=3", "555 5.5.4").await;
    client.expect("MAIL FROM:<a@a.example>", "250 2.1.0").await;
    client.expect("RCPT TO:<a b@b.example>", "501 5.1.3").await;
    client.expect("RCPT TO:<花子@b.example>", "553 5.6.7").await;
    client.expect("RCPT TO:<odd@b.example>", "451 4.3.0").await;
}

#[tokio::test]
async fn rset_and_ehlo_forget_the_envelope() {
    let server = start(smtp()).await;
    let mut client = Client::hello(&server).await;
    for forget in ["RSET", "EHLO c"] {
        client.expect("MAIL FROM:<a@a.example>", "250").await;
        client.expect("RCPT TO:<bob@b.example>", "250").await;
        client.expect(forget, "250").await;
        client.expect("RCPT TO:<bob@b.example>", "503 5.5.1").await;
    }
}

#[tokio::test]
async fn pipelined_commands_are_answered_in_order_up_to_data() {
    let server = start(smtp()).await;
    let mut client = Client::hello(&server).await;
    client
        .send(b"MAIL FROM:<a@a.example>\r\nRCPT TO:<unknown@b.example>\r\nRCPT TO:<bob@b.example>\r\nDATA\r\n")
        .await;
    for beginning in ["250 2.1.0", "550 5.1.1", "250 2.1.5", "354"] {
        let reply = client.reply().await;
        assert!(reply.starts_with(beginning), "{reply}");
    }
    // The next transaction may come along with the end of this one.
    client.send(&[MAIL, b"MAIL FROM:<>\r\nRCPT TO:<bob@b.example>\r\n"].concat()).await;
    for beginning in ["250 2.0.0", "250 2.1.0", "250 2.1.5"] {
        let reply = client.reply().await;
        assert!(reply.starts_with(beginning), "{reply}");
    }
    assert_eq!(server.journey.mails()[0].0.recipients, ["bob@b.example"]);
}

#[tokio::test]
async fn five_lmtp_recipients_have_five_fates_and_five_replies() {
    let server = start(lmtp()).await;
    let mut client = Client::connect(&server).await;
    client.expect("EHLO c", "500 5.5.1").await;
    client.expect("LHLO c", "250").await;
    client.expect("MAIL FROM:<>", "250").await;
    client.expect("DATA", "503 5.5.1").await;
    for local in ["ok1", "later", "unknown", "never", "ok2", "ok1"] {
        let reply = client.say(&format!("RCPT TO:<{local}@b.example>")).await;
        assert_eq!(reply.starts_with("250"), local != "unknown", "{reply}");
    }
    client.expect("DATA", "354").await;
    client.send(MAIL).await;
    for expected in [
        "250 2.0.0 taken for ok1@b.example",
        "451 4.3.0 later",
        "550 5.7.1 never",
        "250 2.0.0 taken for ok2@b.example",
        "250 2.0.0 taken for ok1@b.example",
    ] {
        assert_eq!(client.reply().await, expected);
    }
    client.expect("NOOP", "250").await;
}

#[tokio::test]
async fn smtp_gives_one_reply_that_passes_nobody_over() {
    let server = start(smtp()).await;
    let mut client = Client::hello(&server).await;
    for (recipients, beginning) in [
        (&["ok1@b.example", "ok2@b.example"][..], "250 2.0.0 taken for ok1@b.example"),
        (&["ok1@b.example", "never@b.example", "later@b.example"], "451 4.3.0 later"),
        (&["never@b.example"], "550 5.7.1 never"),
        (&["ok1@b.example", "never@b.example"], "550 5.7.1 NOT delivered to never@b.example,"),
        (&["ok1@b.example", "miscount@b.example"], "451 4.3.0"),
    ] {
        client.begin(recipients).await;
        client.send(MAIL).await;
        let reply = client.reply().await;
        assert!(reply.starts_with(beginning), "{reply}");
    }
    client.expect("NOOP", "250").await;
}

#[tokio::test]
async fn xforward_is_believed_from_a_listed_peer_for_one_mail() {
    let mut config = smtp();
    config.xforward_peers = vec!["127.0.0.1".parse().unwrap()];
    let server = start(config).await;
    let mut client = Client::connect(&server).await;
    let offered = client.say("EHLO mta.example").await;
    assert!(offered.contains("XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"), "{offered}");
    client.expect("XFORWARD NAME=mx.c.example ADDR=192.0.2.7 PORT=4711 HELO=c", "250 2.0.0").await;
    client.expect("XFORWARD IDENT=4ZxQ1+2B SOURCE=REMOTE", "250 2.0.0").await;
    for _ in 0..2 {
        client.begin(&["bob@b.example"]).await;
        client.send(MAIL).await;
        client.reply().await;
    }
    client.expect("MAIL FROM:<>", "250").await;
    client.expect("XFORWARD IDENT=x", "503 5.5.1").await;
    let mails = server.journey.mails();
    assert_eq!(mails[0].0.xforward_ident.as_deref(), Some("4ZxQ1+"));
    let forwarded = Forwarded {
        name: Some("mx.c.example".into()),
        address: Some("192.0.2.7".into()),
        helo: Some("c".into()),
    };
    assert_eq!(mails[0].0.forwarded, forwarded);
    assert_eq!(mails[1].0.xforward_ident, None);
    assert_eq!(mails[1].0.forwarded, Forwarded::default());
}

#[tokio::test]
async fn stopping_cuts_waiting_clients_and_lets_a_mail_be_answered() {
    let recorder = Recorder::slow(Duration::from_millis(300));
    let server = start_with(smtp(), recorder).await;
    let mut idle = Client::hello(&server).await;
    let mut sending = Client::hello(&server).await;
    sending.begin(&["bob@b.example"]).await;
    sending.send(b"Subject: half").await;
    let mut busy = Client::hello(&server).await;
    busy.begin(&["bob@b.example"]).await;
    busy.send(MAIL).await;
    sleep(Duration::from_millis(100)).await;
    server.stop.trigger();
    for waiting in [&mut idle, &mut sending] {
        assert!(waiting.reply().await.starts_with("421 4.3.2 "));
        assert!(waiting.is_closed().await);
    }
    assert!(busy.reply().await.starts_with("250 2.0.0 "));
    assert!(busy.reply().await.starts_with("421 4.3.2 "));
    timeout(Duration::from_secs(5), server.task).await.expect("serve returns").unwrap();
    assert_eq!(server.journey.mails().len(), 1);
}

#[tokio::test]
async fn a_mail_that_the_journey_has_is_not_given_up_with_the_client() {
    let recorder = Recorder::slow(Duration::from_millis(200));
    let server = start_with(smtp(), recorder).await;
    let mut client = Client::hello(&server).await;
    client.begin(&["bob@b.example"]).await;
    client.send(MAIL).await;
    sleep(Duration::from_millis(50)).await;
    drop(client);
    sleep(Duration::from_millis(400)).await;
    assert_eq!(server.journey.mails().len(), 1);
}

#[tokio::test]
async fn a_client_that_leaves_within_a_mail_has_sent_none() {
    let server = start(smtp()).await;
    let mut client = Client::hello(&server).await;
    client.begin(&["bob@b.example"]).await;
    client.send(b"Subject: a\r\n\r\nb\r\n.\r").await;
    drop(client);
    sleep(Duration::from_millis(100)).await;
    assert!(server.journey.mails().is_empty());
}

#[tokio::test]
async fn a_mistake_in_the_journey_costs_its_own_session_only() {
    let mut config = smtp();
    config.limits.max_connections = 2;
    let server = start(config).await;
    let mut other = Client::hello(&server).await;
    for _ in 0..3 {
        let mut client = Client::hello(&server).await;
        client.begin(&["mistake@b.example"]).await;
        client.send(MAIL).await;
        assert_eq!(client.reply().await, "");
        sleep(Duration::from_millis(50)).await;
    }
    other.expect("NOOP", "250").await;
}
