use super::*;
use crate::config::Limits;
use ssmax_chain::statement::{SignedStatement, Statement};
use ssmax_token::TokenError;
use time::OffsetDateTime;
use tokio::io::AsyncReadExt as _;

const OFFER: &[u8] = b"\0\0\0\x0dO\0\0\0\x06\0\0\0\x11\0\x18\x03\xc3";
const ANSWER: &[u8] = b"\0\0\0\x0dO\0\0\0\x06\0\0\0\x11\0\x18\x03\xc3";
const LOGIN: &[u8] = b"\0\0\0\x28DM{auth_type}\0PLAIN\0{auth_authen}\0alice\0";
const MAIL: &[u8] = b"\0\0\0\x04M<>\0";

struct NoWord;

impl Stating for NoWord {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH
    }

    fn nonce(&self) -> [u8; 16] {
        [0; 16]
    }

    fn sign(&self, _: &Statement) -> Result<SignedStatement, TokenError> {
        Err(TokenError::Unavailable)
    }
}

/// A milter on a socket in a folder of its own.
struct Served {
    path: PathBuf,
    stop: Stop,
    task: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

impl Served {
    async fn start(limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.sock");
        let mut config = config(&path);
        config.limits = limits;
        let door = Door::open(&config).await.unwrap();
        let stop = Stop::new();
        let serving = serve_connections(door, Arc::new(config), Arc::new(NoWord), stop.clone());
        Self { path, stop, task: tokio::spawn(serving), _dir: dir }
    }

    async fn connect(&self) -> UnixStream {
        UnixStream::connect(&self.path).await.unwrap()
    }
}

fn config(path: &Path) -> SubmissionConfig {
    toml::from_str(&format!("milter = 'unix:{}'\npeers = []", path.display())).unwrap()
}

async fn say(stream: &mut UnixStream, octets: &[u8]) {
    stream.write_all(octets).await.unwrap();
}

async fn hear(stream: &mut UnixStream, expected: &[u8]) {
    let mut octets = vec![0; expected.len()];
    let read = timeout(Duration::from_secs(10), stream.read_exact(&mut octets));
    read.await.unwrap().unwrap();
    assert_eq!(octets, expected, "{}", octets.escape_ascii());
}

/// Whether the other side ends the connection without another word.
async fn ends(stream: &mut UnixStream) -> bool {
    let mut octets = [0; 1];
    let read = timeout(Duration::from_secs(10), stream.read(&mut octets)).await.unwrap();
    !matches!(read, Ok(1))
}

#[tokio::test]
async fn the_socket_is_for_its_group_and_goes_when_the_role_stops() {
    let served = Served::start(Limits::default()).await;
    let mode = fs::metadata(&served.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    served.stop.trigger();
    served.task.await.unwrap();
    assert!(!served.path.exists());
}

#[tokio::test]
async fn a_socket_that_is_served_or_another_file_is_not_replaced() {
    let served = Served::start(Limits::default()).await;
    let again = Door::open(&config(&served.path)).await.err().unwrap();
    assert!(matches!(&again, ServeError::Io(error) if error.kind() == io::ErrorKind::AddrInUse));
    let file = served.path.with_file_name("file");
    fs::write(&file, b"").unwrap();
    let again = Door::open(&config(&file)).await.err().unwrap();
    assert!(
        matches!(&again, ServeError::Io(error) if error.kind() == io::ErrorKind::AlreadyExists)
    );
    let left = served.path.with_file_name("left");
    drop(std::os::unix::net::UnixListener::bind(&left).unwrap());
    assert!(Door::open(&config(&left)).await.is_ok());
}

#[tokio::test]
async fn a_peer_who_does_not_exist_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&dir.path().join("m.sock"));
    config.peers = vec!["nobody-of-this-name".to_owned()];
    let fault = Door::open(&config).await.err().unwrap();
    assert!(matches!(&fault, ServeError::NoUser(name) if name == "nobody-of-this-name"));
}

#[tokio::test]
async fn a_process_of_another_user_is_a_stranger() {
    let (one, _other) = UnixStream::pair().unwrap();
    let own = geteuid().as_raw();
    assert!(is_of(&one, &HashSet::from([own])));
    assert!(!is_of(&one, &HashSet::from([own + 1])));
    let passwd = "root:x:0:0:root:/root:/bin/sh\npostfix:x:104:111::/var/spool/postfix:/no\n";
    assert_eq!(find_user(passwd, "postfix"), Some(104));
    assert_eq!(find_user(passwd, "post"), None);
    assert_eq!(find_user("postfix:x\n", "postfix"), None);
}

#[tokio::test]
async fn a_frame_beyond_the_bound_or_no_command_ends_the_connection() {
    let served = Served::start(Limits { max_frame_bytes: 100, ..Limits::default() }).await;
    for bad in [&b"\0\0\0\x65"[..], b"\0\0\0\0", b"\0\0\0\x01X", b"GET / HTTP/1.1\r\n"] {
        let mut stream = served.connect().await;
        say(&mut stream, OFFER).await;
        hear(&mut stream, ANSWER).await;
        say(&mut stream, bad).await;
        assert!(ends(&mut stream).await, "{}", bad.escape_ascii());
    }
    // Of the bound itself: a macro that nobody needs.
    let mut stream = served.connect().await;
    say(&mut stream, OFFER).await;
    hear(&mut stream, ANSWER).await;
    let long = [b"\0\0\0\x64DXv\0", "x".repeat(95).as_bytes(), b"\0"].concat();
    say(&mut stream, &long).await;
    say(&mut stream, b"\0\0\0\x01T").await;
    hear(&mut stream, b"\0\0\0\x01c").await;
}

#[tokio::test]
async fn who_is_silent_for_too_long_is_left() {
    let limits = Limits { idle: Duration::from_millis(50), ..Limits::default() };
    let served = Served::start(limits).await;
    let mut stream = served.connect().await;
    say(&mut stream, OFFER).await;
    hear(&mut stream, ANSWER).await;
    assert!(ends(&mut stream).await);
}

#[tokio::test]
async fn one_connection_too_many_is_closed_at_once() {
    let served = Served::start(Limits { max_connections: 1, ..Limits::default() }).await;
    let mut first = served.connect().await;
    say(&mut first, OFFER).await;
    hear(&mut first, ANSWER).await;
    let mut second = served.connect().await;
    assert!(ends(&mut second).await);
    say(&mut first, b"\0\0\0\x01Q").await;
    assert!(ends(&mut first).await);
    // The place is free as soon as the task has ended.
    for _ in 0..100 {
        let mut third = served.connect().await;
        let said = third.write_all(OFFER).await;
        let mut octets = [0; 4];
        if said.is_ok() && third.read_exact(&mut octets).await.is_ok() {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("no place became free");
}

#[tokio::test]
async fn a_mail_on_its_way_is_finished_when_the_role_stops() {
    let served = Served::start(Limits::default()).await;
    let (mut idle, mut busy) = (served.connect().await, served.connect().await);
    for stream in [&mut idle, &mut busy] {
        say(stream, OFFER).await;
        hear(stream, ANSWER).await;
    }
    say(&mut busy, LOGIN).await;
    say(&mut busy, MAIL).await;
    hear(&mut busy, b"\0\0\0\x01c").await;
    served.stop.trigger();
    assert!(ends(&mut idle).await);
    say(&mut busy, b"\0\0\0\x17LFrom\0 alice@a.example\0\0\0\0\x01E").await;
    // The key is away, so the mail is put off; it was answered all the same.
    hear(&mut busy, b"\0\0\0\x01t").await;
    assert!(ends(&mut busy).await);
    served.task.await.unwrap();
}
