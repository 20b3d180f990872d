//! SMTP smuggling: one DATA is one mail, or a refusal.

use std::time::Duration;

use ssmax_gateway::listen::{Envelope, ListenerConfig};
use tokio::time::sleep;

use crate::support::{Client, lmtp, smtp, start};

/// Every form that some program has taken for the end of data, but the real one.
const FALSE_ENDS: [&[u8]; 12] = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r.\r",
    b"\r.\r\n",
    b"\r.\n",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\n.\r",
    b"\n\n.\n",
    b"\r\n\x00.\r\n.\n",
    b"\r\r\n.\r",
    b"\r\n.\r\r\n",
];

const SMUGGLED: &[u8] =
    b"MAIL FROM:<boss@a.example>\r\nRCPT TO:<bob@b.example>\r\nDATA\r\nSubject: forged\r\n\r\nx\r\n";

/// Sends a mail with a false end in it, in one packet or octet by octet at the end.
async fn smuggle(
    config: ListenerConfig,
    hello: &str,
    end: &[u8],
    split: bool,
) -> (String, Vec<(Envelope, Vec<u8>)>) {
    let server = start(config).await;
    let mut client = Client::connect(&server).await;
    client.expect(hello, "250").await;
    client.begin(&["bob@b.example"]).await;
    client.send(b"Subject: a\r\n\r\ntext").await;
    match split {
        false => client.send(&[end, SMUGGLED].concat()).await,
        true => {
            for octet in end {
                client.send(&[*octet]).await;
                sleep(Duration::from_millis(2)).await;
            }
            client.send(SMUGGLED).await;
        }
    }
    client.send(b"\r\n.\r\n").await;
    let reply = client.reply().await;
    // The session goes on where the real end was.
    client.expect("NOOP", "250 2.0.0").await;
    (reply, server.journey.mails())
}

#[tokio::test]
async fn a_false_end_of_data_is_one_refused_mail_over_smtp() {
    for end in FALSE_ENDS {
        for split in [false, true] {
            let (reply, mails) = smuggle(smtp(), "EHLO c", end, split).await;
            assert!(reply.starts_with("550 5.6.0 "), "{}: {reply}", end.escape_ascii());
            assert!(mails.is_empty(), "{}", end.escape_ascii());
        }
    }
}

#[tokio::test]
async fn a_false_end_of_data_is_one_refused_mail_over_lmtp() {
    for end in FALSE_ENDS {
        let (reply, mails) = smuggle(lmtp(), "LHLO c", end, true).await;
        assert!(reply.starts_with("550 5.6.0 "), "{}: {reply}", end.escape_ascii());
        assert!(mails.is_empty(), "{}", end.escape_ascii());
    }
}

#[tokio::test]
async fn commands_within_a_mail_are_its_text() {
    let server = start(smtp()).await;
    let mut client = Client::hello(&server).await;
    client.begin(&["bob@b.example"]).await;
    client.send(&[b"Subject: a\r\n\r\n", SMUGGLED, b"..\r\n.\r\n"].concat()).await;
    assert!(client.reply().await.starts_with("250 "));
    let mails = server.journey.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].1, [b"Subject: a\r\n\r\n", SMUGGLED, b".\r\n"].concat());
}

#[tokio::test]
async fn the_end_of_data_may_come_in_five_packets() {
    let server = start(smtp()).await;
    let mut client = Client::hello(&server).await;
    client.begin(&["bob@b.example"]).await;
    client.send(b"Subject: a\r\n\r\nb").await;
    for octet in b"\r\n.\r\n" {
        client.send(&[*octet]).await;
        sleep(Duration::from_millis(5)).await;
    }
    assert!(client.reply().await.starts_with("250 "));
    assert_eq!(server.journey.mails()[0].1, b"Subject: a\r\n\r\nb\r\n");
}

#[tokio::test]
async fn a_bare_lf_in_a_command_ends_the_session() {
    let server = start(smtp()).await;
    let mut client = Client::hello(&server).await;
    client.send(b"MAIL FROM:<a@b.example>\nRCPT TO:<bob@b.example>\r\n").await;
    assert!(client.reply().await.starts_with("500 5.5.2 "));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn a_bare_cr_in_a_command_is_refused_and_the_session_goes_on() {
    let server = start(smtp()).await;
    let mut client = Client::hello(&server).await;
    client.send(b"MAIL FROM:<a@b.example>\rRCPT TO:<bob@b.example>\r\n").await;
    assert!(client.reply().await.starts_with("500 5.5.2 "));
    client.expect("RCPT TO:<bob@b.example>", "503 5.5.1").await;
}

#[tokio::test]
async fn content_that_does_not_wait_for_the_answer_to_data_ends_the_session() {
    let server = start(smtp()).await;
    let mut client = Client::hello(&server).await;
    client.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<unknown@b.example>\r\nDATA\r\nMAIL FROM:<x@y.example>\r\n").await;
    assert!(client.reply().await.starts_with("250 "));
    assert!(client.reply().await.starts_with("550 5.1.1 "));
    assert!(client.reply().await.starts_with("554 5.5.0 "));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn a_browser_is_sent_away_with_its_first_line() {
    let server = start(smtp()).await;
    let mut client = Client::connect(&server).await;
    client.send(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nEHLO x\r\nMAIL FROM:<a@b>\r\n").await;
    assert!(client.reply().await.starts_with("500 5.5.1 "));
    assert!(client.is_closed().await);
}
