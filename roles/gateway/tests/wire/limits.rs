//! Every bound, at the limit and one past it.

use std::time::{Duration, Instant};

use ssmax_gateway::listen::{Limits, ListenerConfig};
use tokio::time::sleep;

use crate::support::{Client, Recorder, lmtp, smtp, start, start_with};

const MAIL: &[u8] = b"Subject: a\r\n\r\nb\r\n.\r\n";

fn limited(limits: Limits) -> ListenerConfig {
    let mut config = smtp();
    config.limits = limits;
    config
}

#[tokio::test]
async fn a_mail_of_the_limit_is_taken_and_one_octet_more_is_refused_after_its_end() {
    let server = start(limited(Limits { max_mail_bytes: 1000, ..Limits::default() })).await;
    let mut client = Client::hello(&server).await;
    client.expect("MAIL FROM:<> SIZE=1001", "552 5.3.4").await;
    for (octets, beginning) in [(998, "250 2.0.0"), (999, "552 5.3.4"), (100_000, "552 5.3.4")] {
        client.begin(&["bob@b.example"]).await;
        client.send(&[&vec![b'x'; octets][..], b"\r\n.\r\n"].concat()).await;
        let reply = client.reply().await;
        assert!(reply.starts_with(beginning), "{octets}: {reply}");
    }
    client.expect("NOOP", "250").await;
    assert_eq!(server.journey.mails().len(), 1);
}

#[tokio::test]
async fn an_oversized_mail_over_lmtp_is_refused_for_each_recipient() {
    let mut config = lmtp();
    config.limits.max_mail_bytes = 100;
    let server = start(config).await;
    let mut client = Client::connect(&server).await;
    client.expect("LHLO c", "250").await;
    client.begin(&["a@b.example", "b@b.example", "c@b.example"]).await;
    client.send(&[&[b'x'; 200][..], b"\r\n.\r\n"].concat()).await;
    for _ in 0..3 {
        assert!(client.reply().await.starts_with("552 5.3.4 "));
    }
    client.expect("NOOP", "250 2.0.0").await;
}

#[tokio::test]
async fn a_mail_without_end_is_cut() {
    let server = start(limited(Limits { max_mail_bytes: 1000, ..Limits::default() })).await;
    let mut client = Client::hello(&server).await;
    client.begin(&["bob@b.example"]).await;
    let mut reply = String::new();
    for _ in 0..200 {
        client.send(&[b'x'; 8192]).await;
        if let Ok(found) = tokio::time::timeout(Duration::from_millis(2), client.reply()).await {
            reply = found;
            break;
        }
    }
    assert!(reply.starts_with("552 5.3.4 "), "{reply}");
}

#[tokio::test]
async fn a_long_line_of_a_mail_is_taken_up_to_its_setting() {
    let server = start(limited(Limits { max_data_line_bytes: 1000, ..Limits::default() })).await;
    let mut client = Client::hello(&server).await;
    for (octets, beginning) in [(998, "250 2.0.0"), (999, "550 5.6.0")] {
        client.begin(&["bob@b.example"]).await;
        client.send(&[&vec![b'x'; octets][..], b"\r\n.\r\n"].concat()).await;
        let reply = client.reply().await;
        assert!(reply.starts_with(beginning), "{octets}: {reply}");
    }
}

#[tokio::test]
async fn a_command_line_of_the_limit_is_read_and_one_octet_more_is_refused() {
    let server = start(smtp()).await;
    let mut client = Client::hello(&server).await;
    client.expect(&format!("NOOP {}", "x".repeat(993)), "250").await;
    client.expect(&format!("NOOP {}", "x".repeat(994)), "500 5.5.6").await;
    client.expect("NOOP", "250").await;
}

#[tokio::test]
async fn only_auth_may_use_a_longer_line() {
    let mut config = smtp();
    config.auth = ssmax_gateway::listen::AuthRule::Offered;
    config.allow_plaintext_auth = true;
    let server = start(config).await;
    let mut client = Client::hello(&server).await;
    client.expect(&format!("NOOP {}", "x".repeat(994)), "500 5.5.6").await;
    client.expect(&format!("AUTH PLAIN {}", "A".repeat(5000)), "501 5.5.2").await;
    client.expect(&format!("AUTH PLAIN {}", "A".repeat(12_288)), "500 5.5.6").await;
}

#[tokio::test]
async fn recipients_beyond_the_limit_are_left_for_another_mail() {
    let limits = Limits { max_recipients: 3, max_errors: 2, ..Limits::default() };
    let server = start(limited(limits)).await;
    let mut client = Client::hello(&server).await;
    client.expect("MAIL FROM:<>", "250").await;
    for beginning in ["250", "250", "250", "452 4.5.3", "452 4.5.3", "452 4.5.3"] {
        client.expect("RCPT TO:<bob@b.example>", beginning).await;
    }
    client.expect("DATA", "354").await;
    client.send(MAIL).await;
    assert!(client.reply().await.starts_with("250"));
    assert_eq!(server.journey.mails()[0].0.recipients.len(), 3);
}

#[tokio::test]
async fn a_client_that_never_stops_adding_recipients_is_cut() {
    let limits = Limits { max_recipients: 1, max_errors: 2, ..Limits::default() };
    let server = start(limited(limits)).await;
    let mut client = Client::hello(&server).await;
    client.expect("MAIL FROM:<>", "250").await;
    for beginning in ["250", "452", "452", "452", "421 4.7.0"] {
        if beginning.starts_with("421") {
            assert!(client.reply().await.starts_with(beginning));
        } else {
            client.expect("RCPT TO:<bob@b.example>", beginning).await;
        }
    }
}

#[tokio::test]
async fn the_last_error_of_the_limit_ends_the_session() {
    let server = start(limited(Limits { max_errors: 3, ..Limits::default() })).await;
    let mut client = Client::hello(&server).await;
    for _ in 0..3 {
        client.expect("NONSENSE", "500 5.5.1").await;
    }
    assert!(client.reply().await.starts_with("421 4.7.0 "));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn commands_that_lead_nowhere_become_errors_and_a_mail_makes_up_for_them() {
    let limits = Limits { max_idle_commands: 2, max_errors: 1, ..Limits::default() };
    let server = start(limited(limits)).await;
    let mut client = Client::hello(&server).await;
    client.expect("NOOP", "250").await;
    client.begin(&["bob@b.example"]).await;
    client.send(MAIL).await;
    client.reply().await;
    client.expect("NOOP", "250").await;
    client.expect("RSET", "250").await;
    client.expect("NOOP", "250").await;
    assert!(client.reply().await.starts_with("421 4.7.0 "));
}

#[tokio::test]
async fn refused_recipients_are_no_errors_of_the_client() {
    let server = start(limited(Limits { max_errors: 1, ..Limits::default() })).await;
    let mut client = Client::hello(&server).await;
    client.expect("MAIL FROM:<>", "250").await;
    for _ in 0..5 {
        client.expect("RCPT TO:<unknown@b.example>", "550 5.1.1").await;
    }
    client.expect("RCPT TO:<bob@b.example>", "250").await;
}

#[tokio::test]
async fn a_client_that_says_nothing_or_a_letter_a_moment_is_cut_in_time() {
    let limits = Limits { command_timeout: Duration::from_millis(300), ..Limits::default() };
    let server = start(limited(limits)).await;
    let mut silent = Client::connect(&server).await;
    let began = Instant::now();
    assert!(silent.reply().await.starts_with("421 4.4.2 "));
    assert!(silent.is_closed().await);
    let mut slow = Client::connect(&server).await;
    for _ in 0..4 {
        slow.send(b"N").await;
        sleep(Duration::from_millis(50)).await;
    }
    assert!(slow.reply().await.starts_with("421 4.4.2 "));
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn content_that_drips_is_cut_though_it_never_falls_silent() {
    let limits = Limits {
        data_grace: Duration::from_millis(300),
        min_data_bytes_per_second: 1000,
        ..Limits::default()
    };
    let server = start(limited(limits)).await;
    let mut client = Client::hello(&server).await;
    client.begin(&["bob@b.example"]).await;
    let began = Instant::now();
    let dripping = async {
        loop {
            client.send(b"x").await;
            if let Ok(reply) = tokio::time::timeout(Duration::from_millis(50), client.reply()).await
            {
                break reply;
            }
        }
    };
    assert!(dripping.await.starts_with("421 4.4.2 "));
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(server.journey.mails().is_empty());
}

#[tokio::test]
async fn content_that_falls_silent_is_cut_and_no_rate_is_asked_of_it_if_the_rate_is_zero() {
    let limits = Limits {
        data_timeout: Duration::from_millis(300),
        data_grace: Duration::ZERO,
        min_data_bytes_per_second: 0,
        ..Limits::default()
    };
    let server = start(limited(limits)).await;
    let mut client = Client::hello(&server).await;
    client.begin(&["bob@b.example"]).await;
    for _ in 0..5 {
        client.send(b"x").await;
        sleep(Duration::from_millis(100)).await;
    }
    assert!(client.reply().await.starts_with("421 4.4.2 "));
}

#[tokio::test]
async fn connections_beyond_the_limits_are_turned_away_and_welcome_later() {
    for (all, per_address, beginning) in [(2, 9, "421 4.3.2"), (9, 2, "421 4.7.0")] {
        let limits = Limits {
            max_connections: all,
            max_connections_per_address: per_address,
            ..Limits::default()
        };
        let server = start(limited(limits)).await;
        let first = Client::connect(&server).await;
        let _second = Client::connect(&server).await;
        let mut third = Client::silent(&server).await;
        assert!(third.reply().await.starts_with(beginning));
        assert!(third.is_closed().await);
        drop(first);
        sleep(Duration::from_millis(100)).await;
        Client::connect(&server).await;
    }
}

#[tokio::test]
async fn mails_beyond_the_memory_of_all_sessions_wait_at_the_client() {
    let mut config = smtp();
    config.limits.max_buffered_bytes = 128 * 1024;
    let recorder = Recorder::slow(Duration::from_millis(500));
    let server = start_with(config, recorder).await;
    let large = [vec![b'x'; 100 * 1024], b"\r\n.\r\n".to_vec()].concat();
    let mut first = Client::hello(&server).await;
    first.begin(&["bob@b.example"]).await;
    first.send(&large).await;
    sleep(Duration::from_millis(100)).await;
    let mut second = Client::hello(&server).await;
    second.begin(&["bob@b.example"]).await;
    second.send(&large).await;
    assert!(second.reply().await.starts_with("452 4.3.1 "));
    assert!(first.reply().await.starts_with("250 "));
    // What the first mail held is free again.
    second.begin(&["bob@b.example"]).await;
    second.send(&large).await;
    assert!(second.reply().await.starts_with("250 "));
}

#[tokio::test]
async fn a_dripping_client_does_not_slow_another() {
    let server = start(smtp()).await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut client = Client::hello(&server).await;
        client.begin(&["bob@b.example"]).await;
        client.send(b"S").await;
        slow.push(client);
    }
    let began = Instant::now();
    let mut client = Client::hello(&server).await;
    client.begin(&["bob@b.example"]).await;
    client.send(MAIL).await;
    assert!(client.reply().await.starts_with("250 "));
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn reading_a_mail_is_linear_in_its_length() {
    let server = start(smtp()).await;
    let mut times = Vec::new();
    for megabytes in [4, 8] {
        let mail = [&b"line of a mail\r\n".repeat(megabytes * 65_536)[..], b".\r\n"].concat();
        let mut best = Duration::MAX;
        for _ in 0..3 {
            let mut client = Client::hello(&server).await;
            client.begin(&["bob@b.example"]).await;
            let began = Instant::now();
            client.send(&mail).await;
            assert!(client.reply().await.starts_with("250 "));
            best = best.min(began.elapsed());
        }
        times.push(best);
    }
    // Wide, for a busy machine: quadratic would be 4.
    assert!(times[1] < times[0] * 3, "{times:?}");
}
