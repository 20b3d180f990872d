//! A journey that remembers, a client that talks, a next hop that follows a script.

use std::{
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use ssmax_daemon::stop::Stop;
use ssmax_gateway::listen::{Dialect, Envelope, Journey, ListenerConfig, Login, Reply, serve};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};

/// Nothing here takes longer than this unless it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Remembers mails; the local part of a recipient says what becomes of it.
#[derive(Default)]
pub(crate) struct Recorder {
    mails: Mutex<Vec<(Envelope, Vec<u8>)>>,
    log_ins: Mutex<Vec<String>>,
    /// How long a mail takes.
    delay: Duration,
}

impl Recorder {
    pub(crate) fn slow(delay: Duration) -> Self {
        Self { delay, ..Self::default() }
    }

    pub(crate) fn mails(&self) -> Vec<(Envelope, Vec<u8>)> {
        self.mails.lock().unwrap().clone()
    }

    pub(crate) fn log_ins(&self) -> Vec<String> {
        self.log_ins.lock().unwrap().clone()
    }
}

impl Journey for Recorder {
    async fn authenticate(
        &self,
        user: &str,
        password: &[u8],
        method: &str,
    ) -> Result<Option<Login>, ()> {
        self.log_ins.lock().unwrap().push(format!("{method} {user}"));
        match (user, password) {
            ("broken", _) => Err(()),
            ("alice", b"open sesame") => {
                Ok(Some(Login { user: user.into(), method: method.into(), aal: 2 }))
            }
            _ => Ok(None),
        }
    }

    async fn recipient(&self, _: &Envelope, recipient: &str) -> Result<(), Reply> {
        match recipient.split('@').next() {
            Some("unknown") => Err(Reply::new(550, "5.1.1", "no such person")),
            Some("odd") => Err(Reply::new(250, "2.0.0", "an error that says yes")),
            _ => Ok(()),
        }
    }

    async fn mail(&self, envelope: Envelope, octets: Vec<u8>) -> Vec<Reply> {
        sleep(self.delay).await;
        assert!(!envelope.recipients.iter().any(|recipient| recipient.starts_with("mistake")));
        let fate = |recipient: &String| match recipient.split('@').next() {
            Some("later") => Reply::new(451, "4.3.0", "later"),
            Some("never") => Reply::new(550, "5.7.1", "never"),
            _ => Reply::new(250, "2.0.0", format!("taken for {recipient}")),
        };
        let mut replies: Vec<_> = envelope.recipients.iter().map(fate).collect();
        if envelope.recipients.iter().any(|recipient| recipient.starts_with("miscount")) {
            replies.pop();
        }
        self.mails.lock().unwrap().push((envelope, octets));
        replies
    }
}

/// A listener in this process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) journey: Arc<Recorder>,
    pub(crate) stop: Stop,
    pub(crate) task: JoinHandle<()>,
}

pub(crate) async fn start(config: ListenerConfig) -> Server {
    start_with(config, Recorder::default()).await
}

pub(crate) async fn start_with(config: ListenerConfig, journey: Recorder) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (journey, stop) = (Arc::new(journey), Stop::new());
    let task = tokio::spawn(serve(listener, config, Arc::clone(&journey), stop.clone()));
    Server { address, journey, stop, task }
}

pub(crate) fn smtp() -> ListenerConfig {
    ListenerConfig::new(Dialect::Smtp, "gw.a.example")
}

pub(crate) fn lmtp() -> ListenerConfig {
    ListenerConfig::new(Dialect::Lmtp, "gw.a.example")
}

pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A client that says exactly what it is told to.
pub(crate) struct Client(BufReader<Box<dyn Wire>>);

impl Client {
    /// Connects and reads the greeting.
    pub(crate) async fn connect(server: &Server) -> Self {
        let mut client = Self::silent(server).await;
        let greeting = client.reply().await;
        assert!(greeting.starts_with("220 gw.a.example "), "{greeting}");
        client
    }

    /// Connects and reads nothing.
    pub(crate) async fn silent(server: &Server) -> Self {
        Self::over(TcpStream::connect(server.address).await.unwrap())
    }

    pub(crate) fn over(stream: impl Wire + 'static) -> Self {
        Self(BufReader::new(Box::new(stream)))
    }

    /// Connects and says hello in SMTP.
    pub(crate) async fn hello(server: &Server) -> Self {
        let mut client = Self::connect(server).await;
        client.expect("EHLO client.example", "250").await;
        client
    }

    pub(crate) fn into_stream(self) -> Box<dyn Wire> {
        self.0.into_inner()
    }

    pub(crate) async fn send(&mut self, octets: &[u8]) {
        self.0.write_all(octets).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// The next reply, its lines joined by `|`; empty if the server closed.
    pub(crate) async fn reply(&mut self) -> String {
        let mut lines: Vec<String> = Vec::new();
        loop {
            let mut line = String::new();
            let read = timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("an answer");
            if read.is_err() || line.is_empty() {
                return lines.join("|");
            }
            let text = line.strip_suffix("\r\n").expect("CRLF").to_owned();
            let last = text.as_bytes().get(3) != Some(&b'-');
            lines.push(text);
            if last {
                return lines.join("|");
            }
        }
    }

    /// Says a line and returns the reply.
    pub(crate) async fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes()).await;
        self.reply().await
    }

    /// Says a line and checks how the reply begins.
    pub(crate) async fn expect(&mut self, line: &str, beginning: &str) -> String {
        let reply = self.say(line).await;
        assert!(reply.starts_with(beginning), "{line}: {reply}");
        reply
    }

    /// MAIL, RCPT for each, DATA up to the 354.
    pub(crate) async fn begin(&mut self, recipients: &[&str]) {
        self.expect("MAIL FROM:<alice@a.example>", "250 2.1.0").await;
        for recipient in recipients {
            self.expect(&format!("RCPT TO:<{recipient}>"), "250 2.1.5").await;
        }
        self.expect("DATA", "354").await;
    }

    /// Whether the server has closed, with nothing more to say.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        let read = timeout(PATIENCE, self.0.read_to_end(&mut rest)).await.expect("the end");
        read.is_err() || rest.is_empty()
    }
}

/// What a scripted next hop does after a line.
pub(crate) enum Act {
    Say(String),
    Hang,
    Close,
}

pub(crate) fn say(text: &str) -> Act {
    Act::Say(text.to_owned())
}

/// The usual answers of a next hop that takes everything and offers `extensions`.
pub(crate) fn willing(line: &str, extensions: &str) -> Act {
    let verb = line.split([' ', ':']).next().unwrap_or_default();
    match verb {
        "greeting" => say("220 next.example ready"),
        "EHLO" | "LHLO" => Act::Say(format!("250-next.example\r\n{extensions}250 HELP")),
        "DATA" => say("354 go on"),
        "QUIT" => say("221 bye"),
        _ => say("250 2.0.0 fine"),
    }
}

/// Serves one connection by a script, which is asked with `greeting`, then each line,
/// and `.` after the content. Returns everything that the client sent.
pub(crate) async fn next_hop(
    script: impl Fn(&str) -> Act + Send + 'static,
) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        follow(stream, script).await
    });
    (address, served)
}

pub(crate) async fn follow(stream: impl Wire, script: impl Fn(&str) -> Act) -> String {
    let mut stream = BufReader::new(stream);
    let (mut sent, mut line, mut content) = (Vec::new(), "greeting".to_owned(), false);
    loop {
        if !content || line == "." {
            content = false;
            match script(&line) {
                Act::Say(text) => {
                    content = line == "DATA" && text.starts_with("354");
                    let _ = stream.write_all(format!("{text}\r\n").as_bytes()).await;
                }
                Act::Hang => sleep(PATIENCE).await,
                Act::Close => break,
            }
        }
        let mut octets = Vec::new();
        if !matches!(stream.read_until(b'\n', &mut octets).await, Ok(1..)) {
            break;
        }
        line = String::from_utf8_lossy(&octets).trim_end().to_owned();
        sent.extend(octets);
    }
    String::from_utf8_lossy(&sent).into_owned()
}

/// Makes `ca.pem`, and `server.pem` with `server.key` for `localhost`, in a directory.
pub(crate) fn make_certificates(directory: &Path) {
    let openssl = |arguments: &str| {
        let output = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(directory)
            .output()
            .expect("openssl runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    openssl(&format!(
        "{new} -keyout ca.key -out ca.pem -subj /CN=ca -addext keyUsage=critical,keyCertSign"
    ));
    openssl(&format!(
        "{new} -CA ca.pem -CAkey ca.key -keyout server.key -out server.pem -subj /CN=localhost \
         -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost"
    ));
}
