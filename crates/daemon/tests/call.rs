//! Calls between roles over real sockets: served well, badly, late and not at all.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ssmax_daemon::Stop;
use ssmax_daemon::call::{CallError, Client, SILENCE, call};
use ssmax_daemon::frame::{FrameError, MAX_FRAME_BYTES, read_frame, write_frame};
use ssmax_daemon::listen::{Limits, Listener, serve};
use ssmax_daemon::pace::Pace;
use tempfile::{TempDir, tempdir};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(100);

/// A role that doubles numbers; 0 takes two seconds, 13 is a bug.
struct Doubler {
    stop: Stop,
    serving: JoinHandle<()>,
    carried_out: Arc<AtomicUsize>,
}

impl Doubler {
    fn start(socket: &Path, limits: Limits) -> Self {
        let (stop, carried_out) = (Stop::new(), Arc::new(AtomicUsize::new(0)));
        let counter = Arc::clone(&carried_out);
        let answer = move |number: u64| {
            let counter = Arc::clone(&counter);
            async move {
                if number == 0 {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                }
                assert_ne!(number, 13);
                counter.fetch_add(1, Ordering::SeqCst);
                number * 2
            }
        };
        let listener = Listener::bind(socket).unwrap();
        let serving = tokio::spawn(listener.serve(limits, stop.clone(), answer));
        Self { stop, serving, carried_out }
    }

    async fn end(self) -> usize {
        let started = Instant::now();
        self.stop.trigger();
        self.serving.await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(3), "idle connections held the stop up");
        self.carried_out.load(Ordering::SeqCst)
    }
}

fn place() -> (TempDir, PathBuf) {
    let dir = tempdir().unwrap();
    let socket = dir.path().join("role.sock");
    (dir, socket)
}

async fn double(client: &Client, number: u64) -> Result<u64, CallError> {
    client.call(&number, LONG).await
}

/// A role that takes requests and hangs up before it answers, so many times.
async fn hangs_up(socket: PathBuf, times: usize) -> usize {
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    for taken in 0.. {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request: Option<u64> = read_frame(&mut stream, 1024).await.unwrap();
        if taken == times {
            write_frame(&mut stream, &(request.unwrap() * 2), 1024).await.unwrap();
            return taken + 1;
        }
    }
    unreachable!()
}

#[tokio::test]
async fn a_role_that_works_is_waited_for_and_one_that_is_gone_is_not() {
    let (_dir, socket) = place();
    let stop = Stop::new();
    let listener = Listener::bind(&socket).unwrap();
    let work = |time: Duration| tokio::time::sleep(time);
    let serving = tokio::spawn(listener.serve(Limits::default(), stop.clone(), work));
    // It takes connections, and nothing else.
    let (_gone_dir, gone) = place();
    let _gone = UnixListener::bind(&gone).unwrap();
    let patience = SILENCE * 6;
    let (long, large) = (SILENCE + Duration::from_secs(2), vec![0_u8; 10_000_000]);
    let (works, nobody) = (Client::new(&socket), Client::new(&gone));
    let all = tokio::time::timeout(SILENCE * 2, async {
        tokio::join!(
            works.call::<_, ()>(&long, patience),
            nobody.call::<_, ()>(&long, patience),
            // Nobody reads the request either.
            nobody.call::<_, ()>(&large, patience),
        )
    });
    let gone = Err(CallError::TimedOut);
    assert_eq!(all.await, Ok((Ok(()), gone, gone)));
    // The pulses have left nothing behind in the connection.
    assert_eq!(works.call::<_, ()>(&Duration::ZERO, patience).await, Ok(()));
    stop.trigger();
    serving.await.unwrap();
}

#[tokio::test]
async fn what_may_be_asked_again_is_asked_once_more_and_nothing_else_is() {
    for (times, again, answer, asked) in [
        (0, true, Ok(42), 1),
        (1, true, Ok(42), 2),
        (2, true, Err(CallError::Interrupted), 2),
        (1, false, Err(CallError::Interrupted), 1),
    ] {
        let (_dir, socket) = place();
        let role = tokio::spawn(hangs_up(socket.clone(), times));
        while !socket.exists() {
            tokio::task::yield_now().await;
        }
        let client = Client::new(&socket);
        let answered: Result<u64, CallError> = if again {
            client.call_again(&21_u64, LONG).await
        } else {
            client.call(&21_u64, LONG).await
        };
        assert_eq!(answered, answer, "{times} {again}");
        if answer.is_ok() {
            assert_eq!(role.await.unwrap(), asked);
        } else {
            role.abort();
        }
    }
}

#[tokio::test]
async fn a_call_is_answered() {
    let (_dir, socket) = place();
    let role = Doubler::start(&socket, Limits::default());
    assert_eq!(call::<u64, u64>(&socket, &21, LONG).await, Ok(42));
    assert_eq!(role.end().await, 1);
}

#[tokio::test]
async fn serve_binds_answers_and_ends_without_a_socket_left() {
    let (dir, _) = place();
    let socket = dir.path().join("run").join("role.sock");
    let stop = Stop::new();
    let (path, stopping) = (socket.clone(), stop.clone());
    let serving = tokio::spawn(async move {
        serve(&path, stopping, |text: String| async move { text.len() }).await
    });
    while !socket.exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&socket), mode(&dir.path().join("run"))), (0o600, 0o700));
    assert_eq!(call::<_, usize>(&socket, &"abc", LONG).await, Ok(3));
    stop.trigger();
    serving.await.unwrap().unwrap();
    assert!(fs::read_dir(dir.path().join("run")).unwrap().next().is_none());
}

#[tokio::test]
async fn calls_at_the_same_time_get_their_own_answers() {
    let (_dir, socket) = place();
    let role = Doubler::start(&socket, Limits::default());
    let client = Arc::new(Client::new(&socket));
    for _ in 0..2 {
        let mut calls = Vec::new();
        for number in 1..=12 {
            let client = Arc::clone(&client);
            calls.push(tokio::spawn(async move { double(&client, number).await }));
        }
        for (number, call) in (1..=12).zip(calls) {
            assert_eq!(call.await.unwrap(), Ok(number * 2));
        }
    }
    assert_eq!(role.end().await, 24);
}

#[tokio::test]
async fn nobody_at_the_socket_is_unavailable_at_once() {
    let (_dir, socket) = place();
    let started = Instant::now();
    assert_eq!(call::<u64, u64>(&socket, &1, LONG).await, Err(CallError::Unavailable));
    drop(UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    assert_eq!(call::<u64, u64>(&socket, &1, LONG).await, Err(CallError::Unavailable));
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn the_restart_of_a_role_goes_unnoticed() {
    let (_dir, socket) = place();
    let client = Client::new(&socket);
    let role = Doubler::start(&socket, Limits::default());
    assert_eq!(double(&client, 1).await, Ok(2));
    role.end().await;
    assert_eq!(double(&client, 1).await, Err(CallError::Unavailable));
    for _ in 0..3 {
        let role = Doubler::start(&socket, Limits::default());
        assert_eq!(double(&client, 2).await, Ok(4));
        assert_eq!(role.end().await, 1);
    }
}

#[tokio::test]
async fn a_kept_connection_that_the_role_found_idle_is_replaced() {
    let (_dir, socket) = place();
    let limits = Limits { idle: Duration::from_millis(20), ..Limits::default() };
    let role = Doubler::start(&socket, limits);
    let client = Client::new(&socket);
    // Waits around the idle time hit the moment in which the role closes.
    for wait in 15..30 {
        assert_eq!(double(&client, 5).await, Ok(10));
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    assert_eq!(role.end().await, 15);
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed_after_the_idle_time_and_not_before() {
    let (_dir, socket) = place();
    let limits = Limits { idle: Duration::from_millis(300), ..Limits::default() };
    let role = Doubler::start(&socket, limits);
    let mut stream = UnixStream::connect(&socket).await.unwrap();
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        write_frame(&mut stream, &1_u64, 100).await.unwrap();
        assert_eq!(read_frame(&mut stream, 100).await, Ok(Some(2_u64)));
    }
    let started = Instant::now();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    let idle = started.elapsed();
    assert!(idle > Duration::from_millis(250) && idle < Duration::from_secs(2), "{idle:?}");
    role.end().await;
}

#[tokio::test]
async fn a_request_that_was_taken_is_never_sent_again() {
    let (_dir, socket) = place();
    let listener = UnixListener::bind(&socket).unwrap();
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    tokio::spawn(async move {
        // Answers the first request of each connection and dies over the second.
        while let Ok((mut stream, _)) = listener.accept().await {
            for turn in 0..2 {
                let request: Option<u64> = read_frame(&mut stream, 100).await.unwrap();
                if request.is_some() {
                    counter.fetch_add(1, Ordering::SeqCst);
                }
                if turn == 0 {
                    write_frame(&mut stream, &1_u64, 100).await.unwrap();
                }
            }
        }
    });
    let client = Client::new(&socket);
    assert_eq!(double(&client, 1).await, Ok(1));
    assert_eq!(double(&client, 2).await, Err(CallError::Interrupted));
    assert_eq!(taken.load(Ordering::SeqCst), 2);
    assert_eq!(double(&client, 3).await, Ok(1));
}

#[tokio::test]
async fn a_silent_role_is_timed_out_and_its_late_answer_goes_to_nobody() {
    let (_dir, socket) = place();
    let role = Doubler::start(&socket, Limits::default());
    let client = Client::new(&socket);
    let started = Instant::now();
    let silent: Result<u64, _> = client.call(&0_u64, Duration::from_millis(300)).await;
    assert_eq!(silent, Err(CallError::TimedOut));
    assert!(started.elapsed() < Duration::from_secs(1));
    assert_eq!(double(&client, 4).await, Ok(8));
    // The request that was given up on is finished all the same.
    assert_eq!(role.end().await, 2);
}

#[tokio::test]
async fn a_role_that_never_accepts_is_timed_out() {
    let (_dir, socket) = place();
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert_eq!(call::<u64, u64>(&socket, &1, SHORT).await, Err(CallError::TimedOut));
}

#[tokio::test]
async fn a_full_queue_is_waited_for() {
    let (_dir, socket) = place();
    let limits = Limits { max_connections: 1, ..Limits::default() };
    let role = Doubler::start(&socket, limits);
    let mut calls = Vec::new();
    for _ in 0..2000 {
        let socket = socket.clone();
        calls.push(tokio::spawn(async move { call::<u64, u64>(&socket, &1, LONG).await }));
    }
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(2));
    }
    assert_eq!(role.end().await, 2000);
}

#[tokio::test]
async fn connections_past_the_limit_wait_for_a_place() {
    let (_dir, socket) = place();
    let limits = Limits { max_connections: 2, ..Limits::default() };
    let role = Doubler::start(&socket, limits);
    let first = UnixStream::connect(&socket).await.unwrap();
    assert_eq!(call::<u64, u64>(&socket, &1, LONG).await, Ok(2));
    let _second = UnixStream::connect(&socket).await.unwrap();
    tokio::time::sleep(SHORT).await;
    assert_eq!(call::<u64, u64>(&socket, &1, SHORT).await, Err(CallError::TimedOut));
    drop(first);
    assert_eq!(call::<u64, u64>(&socket, &1, LONG).await, Ok(2));
    role.end().await;
}

/// A role that answers every request with these octets and closes.
fn answers_with(socket: &Path, octets: &'static [u8]) {
    let listener = UnixListener::bind(socket).unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _: Option<u64> = read_frame(&mut stream, 100).await.unwrap();
            stream.write_all(octets).await.unwrap();
        }
    });
}

#[tokio::test]
async fn each_kind_of_bad_answer_has_its_own_error() {
    let cases: [(&str, &[u8], CallError); 6] = [
        ("no answer", b"", CallError::Interrupted),
        ("half a header", b"\0\0", CallError::Interrupted),
        ("half a content", b"\0\0\0\x09\x1b", CallError::Interrupted),
        ("another type", b"\0\0\0\x04\x63abc", CallError::Malformed),
        ("not CBOR", b"\0\0\0\x01\xff", CallError::Malformed),
        ("HTTP", b"HTTP/1.1 200 OK\r\n\r\n", CallError::TooLarge),
    ];
    for (case, octets, error) in cases {
        let (_dir, socket) = place();
        answers_with(&socket, octets);
        assert_eq!(call::<u64, u64>(&socket, &1, LONG).await, Err(error), "{case}");
        assert_eq!(double(&Client::new(&socket), 1).await, Err(error), "{case}");
    }
}

#[tokio::test]
async fn an_answer_that_comes_unasked_is_not_taken_for_the_next_one() {
    let (_dir, socket) = place();
    // The first connection brings two answers to one request.
    answers_with(&socket, b"\0\0\0\x01\x07\0\0\0\x01\x63");
    let client = Client::new(&socket);
    assert_eq!(double(&client, 1).await, Ok(7));
    tokio::time::sleep(SHORT).await;
    assert_eq!(double(&client, 1).await, Ok(7));
}

#[tokio::test]
async fn a_request_that_is_too_large_is_not_sent() {
    let (_dir, socket) = place();
    let request = "x".repeat(MAX_FRAME_BYTES);
    assert_eq!(call::<_, u64>(&socket, &request, LONG).await, Err(CallError::TooLarge));
}

/// What the role answers to octets that are no request: nothing, and it closes.
async fn closes_without_an_answer(socket: &Path, octets: &[u8]) {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    stream.write_all(octets).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(LONG, stream.read_to_end(&mut answer)).await.unwrap();
    assert!(read.map_or_else(|error| error.kind() == ErrorKind::ConnectionReset, |read| read == 0));
    assert!(answer.is_empty());
}

#[tokio::test]
async fn octets_that_are_no_request_end_their_connection_only() {
    let (_dir, socket) = place();
    let limits = Limits { max_frame_bytes: 100, ..Limits::default() };
    let role = Doubler::start(&socket, limits);
    let client = Client::new(&socket);
    assert_eq!(double(&client, 1).await, Ok(2));
    closes_without_an_answer(&socket, b"EHLO client.example\r\n").await;
    closes_without_an_answer(&socket, b"\0\0\0\x65").await;
    closes_without_an_answer(&socket, b"\xff\xff\xff\xff").await;
    closes_without_an_answer(&socket, b"\0\0\0\x04\x63abc").await;
    closes_without_an_answer(&socket, b"\0\0\0\x02\x01\x01").await;
    assert_eq!(double(&client, 2).await, Ok(4));
    assert_eq!(role.end().await, 2);
}

#[tokio::test]
async fn one_octet_at_a_time_is_cut_off_and_slows_nobody() {
    let (_dir, socket) = place();
    let limits = Limits {
        pace: Pace { patience: Duration::from_millis(300), ..Pace::default() },
        ..Limits::default()
    };
    let role = Doubler::start(&socket, limits);
    let mut slow = UnixStream::connect(&socket).await.unwrap();
    slow.write_all(&[0]).await.unwrap();
    let started = Instant::now();
    assert_eq!(call::<u64, u64>(&socket, &1, LONG).await, Ok(2));
    assert!(started.elapsed() < Duration::from_millis(250));
    let read = slow.read(&mut [0; 8]).await.unwrap();
    assert_eq!(read, 0);
    assert!(started.elapsed() < Duration::from_secs(2));
    role.end().await;
}

#[tokio::test]
async fn a_fault_in_a_handler_ends_its_connection_only() {
    let (_dir, socket) = place();
    let role = Doubler::start(&socket, Limits::default());
    assert_eq!(call::<u64, u64>(&socket, &13, LONG).await, Err(CallError::Interrupted));
    assert_eq!(call::<u64, u64>(&socket, &1, LONG).await, Ok(2));
    role.end().await;
}

#[tokio::test]
async fn the_stop_lets_running_requests_finish_and_takes_no_new_ones() {
    let (_dir, socket) = place();
    let role = Doubler::start(&socket, Limits::default());
    let path = socket.clone();
    let running = tokio::spawn(async move { call::<u64, u64>(&path, &0, LONG).await });
    let _idle = UnixStream::connect(&socket).await.unwrap();
    tokio::time::sleep(SHORT).await;
    role.stop.trigger();
    tokio::time::sleep(SHORT).await;
    assert_eq!(call::<u64, u64>(&socket, &1, LONG).await, Err(CallError::Unavailable));
    assert_eq!(running.await.unwrap(), Ok(0));
    assert_eq!(role.end().await, 1);
}

#[tokio::test]
async fn requests_that_outlast_the_drain_are_cut_off() {
    let (_dir, socket) = place();
    let role = Doubler::start(&socket, Limits { drain: SHORT, ..Limits::default() });
    let path = socket.clone();
    let running = tokio::spawn(async move { call::<u64, u64>(&path, &0, LONG).await });
    tokio::time::sleep(SHORT).await;
    assert_eq!(role.end().await, 0);
    assert_eq!(running.await.unwrap(), Err(CallError::Interrupted));
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_sent() {
    let (_dir, socket) = place();
    let stop = Stop::new();
    let limits = Limits { max_frame_bytes: 100, ..Limits::default() };
    let listener = Listener::bind(&socket).unwrap();
    let answer = |length: usize| async move { "x".repeat(length) };
    let serving = tokio::spawn(listener.serve(limits, stop.clone(), answer));
    let whole = "x".repeat(98);
    assert_eq!(call::<_, String>(&socket, &98_u64, LONG).await, Ok(whole));
    assert_eq!(call::<_, String>(&socket, &99_u64, LONG).await, Err(CallError::Interrupted));
    stop.trigger();
    serving.await.unwrap();
}

#[tokio::test]
async fn a_socket_left_by_a_crash_is_replaced_and_a_served_one_is_not() {
    let (_dir, socket) = place();
    drop(UnixListener::bind(&socket).unwrap());
    let role = Doubler::start(&socket, Limits::default());
    assert_eq!(Listener::bind(&socket).unwrap_err().kind(), ErrorKind::AddrInUse);
    assert_eq!(call::<u64, u64>(&socket, &1, LONG).await, Ok(2));
    role.end().await;
}

#[tokio::test]
async fn a_file_or_a_link_in_the_place_of_the_socket_is_left_alone() {
    let (dir, socket) = place();
    fs::write(&socket, b"mine").unwrap();
    assert_eq!(Listener::bind(&socket).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&socket).unwrap(), b"mine");
    let link = dir.path().join("link.sock");
    std::os::unix::fs::symlink(&socket, &link).unwrap();
    assert_eq!(Listener::bind(&link).unwrap_err().kind(), ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn an_ending_listener_does_not_remove_its_successors_socket() {
    let (_dir, socket) = place();
    let first = Listener::bind(&socket).unwrap();
    fs::remove_file(&socket).unwrap();
    let second = Listener::bind(&socket).unwrap();
    drop(first);
    assert!(socket.exists());
    drop(second);
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_refused() {
    let dir = tempdir().unwrap();
    let refused = Listener::bind(&dir.path().join("x".repeat(120)).join("s")).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_reader_at_the_other_end_sees_frames_of_the_protocol() {
    let (_dir, socket) = place();
    let role = Doubler::start(&socket, Limits::default());
    let mut stream = UnixStream::connect(&socket).await.unwrap();
    // Two requests in one write: the second waits for its turn.
    stream.write_all(b"\0\0\0\x01\x03\0\0\0\x01\x04").await.unwrap();
    let answers: [Result<Option<u64>, FrameError>; 2] =
        [read_frame(&mut stream, 100).await, read_frame(&mut stream, 100).await];
    assert_eq!(answers, [Ok(Some(6)), Ok(Some(8))]);
    role.end().await;
}
