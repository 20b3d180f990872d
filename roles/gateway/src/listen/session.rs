//! One client's session: lines in, replies out, until somebody has had enough.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ssmax_daemon::stop::Stop;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout, timeout_at},
};
use zeroize::Zeroizing;

use crate::{
    listen::{
        AuthRule, Dialect, Envelope, Forwarded, Journey, ListenerConfig, Login, Reply,
        command::{self, Attribute, Command, CommandFault},
        guesses::Guesses,
    },
    wire::{
        line::{Channel, LineFault, Stream},
        path::PathFault,
    },
};

/// Mail in memory is counted in pieces of this many octets.
pub(super) const BUFFER_UNIT_BYTES: usize = 64 * 1024;
/// Replies to pipelined commands are sent when there are this many octets of them.
const MAX_QUEUED_BYTES: usize = 16 * 1024;

/// How long, and how much, a client may still send to a session that is over.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);
const MAX_DRAINED_BYTES: usize = 1024 * 1024;

/// What all sessions of a listener share.
pub(super) struct Shared<J> {
    pub(super) config: ListenerConfig,
    pub(super) journey: Arc<J>,
    pub(super) stop: Stop,
    /// Memory for mails in units of [`BUFFER_UNIT_BYTES`].
    pub(super) memory: Arc<Semaphore>,
    pub(super) guesses: Guesses,
}

impl<J> Shared<J> {
    pub(super) fn new(config: ListenerConfig, journey: Arc<J>, stop: Stop) -> Self {
        let units = config.limits.max_buffered_bytes.div_ceil(BUFFER_UNIT_BYTES);
        let memory = Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS)));
        let guesses = Guesses::new(config.limits.failed_logins_per_hour);
        Self { config, journey, stop, memory, guesses }
    }
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// QUIT.
    Quit,
    /// The client closed, or the connection broke.
    Gone,
    /// The client was too slow.
    TimedOut,
    /// We are stopping.
    Stopped,
    /// The client was told off and cut.
    Refused,
}

/// Goes on, or ends the session.
pub(super) type Step<T = ()> = Result<T, End>;

/// One client.
pub(super) struct Session<J> {
    pub(super) channel: Channel,
    pub(super) shared: Arc<Shared<J>>,
    pub(super) peer: SocketAddr,
    pub(super) helo: Option<String>,
    pub(super) tls: bool,
    /// What the client has shown in the handshake, with its key.
    pub(super) certificate: Option<Vec<u8>>,
    pub(super) login: Option<Login>,
    pub(super) auth_attempts: u32,
    pub(super) xforward_ident: Option<String>,
    pub(super) forwarded: Forwarded,
    pub(super) transaction: Option<Envelope>,
    /// RCPTs of this transaction, accepted or not.
    pub(super) recipient_attempts: usize,
    /// Commands since the last mail that brought none forward.
    pub(super) idle_commands: u32,
    errors: u32,
}

impl<J: Journey> Session<J> {
    pub(super) fn new(
        stream: impl Stream + 'static,
        peer: SocketAddr,
        shared: Arc<Shared<J>>,
    ) -> Self {
        Self {
            channel: Channel::new(stream),
            shared,
            peer,
            helo: None,
            tls: false,
            certificate: None,
            login: None,
            auth_attempts: 0,
            xforward_ident: None,
            forwarded: Forwarded::default(),
            transaction: None,
            recipient_attempts: 0,
            idle_commands: 0,
            errors: 0,
        }
    }

    /// Talks to the client until the end.
    pub(super) async fn run(mut self) {
        let end = self.talk().await;
        let farewell = match end {
            End::TimedOut => Some(Reply::new(421, "4.4.2", "you were too slow, closing")),
            End::Stopped => Some(Reply::new(421, "4.3.2", "shutting down, try again later")),
            End::Quit | End::Gone | End::Refused => None,
        };
        if let Some(reply) = farewell {
            self.queue(&reply);
        }
        if end != End::Gone {
            // A client that does not read its farewell may go without it.
            let _ = timeout(self.shared.config.limits.tls_timeout, self.close()).await;
        }
        tracing::debug!(peer.address = %self.peer, end = ?end, "a session ended");
    }

    async fn close(&mut self) {
        if self.channel.flush().await.is_ok() {
            self.channel.shutdown().await;
            let _ = timeout(DRAIN_TIMEOUT, self.channel.drain(MAX_DRAINED_BYTES)).await;
        }
    }

    async fn talk(&mut self) -> End {
        let greeting = match self.shared.config.dialect {
            Dialect::Smtp => "ESMTP",
            Dialect::Lmtp => "LMTP",
        };
        let greeting = format!("220 {} {greeting} SSMAX\r\n", self.shared.config.host_name);
        self.channel.queue(greeting.as_bytes());
        loop {
            if let Err(end) = self.next_command().await {
                return end;
            }
        }
    }

    async fn next_command(&mut self) -> Step {
        let limits = &self.shared.config.limits;
        let max_line_bytes = limits.max_line_bytes;
        let longest = match self.shared.config.auth {
            AuthRule::Off => max_line_bytes,
            AuthRule::Offered | AuthRule::Required => {
                max_line_bytes.max(limits.max_auth_line_bytes)
            }
        };
        let Some(line) = self.next_line(longest).await? else { return Ok(()) };
        let is_auth = line.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH"));
        if line.len() + 2 > max_line_bytes && !is_auth {
            return self.blame(500, "5.5.6", "the line is too long");
        }
        if is_auth {
            self.channel.wipe_consumed();
        }
        let smtputf8 = self.transaction.as_ref().is_some_and(|envelope| envelope.smtputf8);
        match command::parse(&line, smtputf8) {
            Ok(command) => self.obey(command).await,
            Err(fault) => self.reject(fault),
        }
    }

    /// The next line; `None` if it was unusable, which the client has been told.
    pub(super) async fn next_line(&mut self, limit: usize) -> Step<Option<Zeroizing<Vec<u8>>>> {
        if self.channel.queued() > MAX_QUEUED_BYTES {
            self.flush().await?;
        }
        let deadline = Instant::now() + self.shared.config.limits.command_timeout;
        let line = tokio::select! {
            biased;
            () = self.shared.stop.stopped() => return Err(End::Stopped),
            line = timeout_at(deadline, self.channel.line(limit)) => line,
        };
        match line.map_err(|_| End::TimedOut)? {
            Ok(line) => Ok(Some(Zeroizing::new(line))),
            Err(LineFault::TooLong) => {
                self.blame(500, "5.5.6", "the line is too long").map(|()| None)
            }
            Err(LineFault::BareCr) => {
                self.blame(500, "5.5.2", "a command holds a bare CR").map(|()| None)
            }
            Err(LineFault::BareLf) => self.cut(500, "5.5.2", "a line ends with a bare LF"),
            Err(LineFault::Endless) => self.cut(500, "5.5.6", "the line has no end"),
            Err(LineFault::Closed | LineFault::Broken) => Err(End::Gone),
        }
    }

    pub(super) async fn flush(&mut self) -> Step {
        let limit = self.shared.config.limits.command_timeout;
        match timeout(limit, self.channel.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::TimedOut),
        }
    }

    async fn obey(&mut self, command: Command) -> Step {
        match command {
            Command::Ehlo(name) => self.hello(name, Dialect::Smtp, true),
            Command::Helo(name) => self.hello(name, Dialect::Smtp, false),
            Command::Lhlo(name) => self.hello(name, Dialect::Lmtp, true),
            Command::Mail(mail) => self.mail(mail),
            Command::Rcpt(rcpt) => self.recipient(rcpt).await,
            Command::Data => self.data().await,
            Command::Rset => {
                self.reset();
                self.idle(250, "2.0.0", "reset")
            }
            Command::Noop => self.idle(250, "2.0.0", "still here"),
            Command::Vrfy => self.idle(252, "2.5.2", "send mail and see"),
            Command::Quit => {
                self.queue(&Reply::new(221, "2.0.0", "goodbye"));
                Err(End::Quit)
            }
            Command::StartTls => self.start_tls().await,
            Command::Auth(auth) => self.auth(auth).await,
            Command::Xforward(attributes) => self.xforward(attributes),
            Command::NotImplemented => self.blame(502, "5.5.1", "the command is not implemented"),
            Command::Foreign => self.cut(500, "5.5.1", "this is a mail server"),
        }
    }

    fn hello(&mut self, name: String, dialect: Dialect, extended: bool) -> Step {
        let ours = self.shared.config.dialect;
        if dialect != ours {
            let text = match ours {
                Dialect::Smtp => "this is SMTP, say EHLO",
                Dialect::Lmtp => "this is LMTP, say LHLO",
            };
            return self.blame(500, "5.5.1", text);
        }
        self.reset();
        self.helo = Some(name);
        self.count_idle()?;
        let host_name = self.shared.config.host_name.clone();
        if !extended {
            self.channel.queue(format!("250 {host_name}\r\n").as_bytes());
            return Ok(());
        }
        let mut lines = vec![host_name];
        lines.extend(self.extensions());
        let last = lines.len() - 1;
        for (at, line) in lines.iter().enumerate() {
            let mark = if at == last { ' ' } else { '-' };
            self.channel.queue(format!("250{mark}{line}\r\n").as_bytes());
        }
        Ok(())
    }

    fn extensions(&self) -> Vec<String> {
        let config = &self.shared.config;
        let mut offered = vec![
            "PIPELINING".to_owned(),
            format!("SIZE {}", config.limits.max_mail_bytes),
            "8BITMIME".to_owned(),
            "SMTPUTF8".to_owned(),
            "ENHANCEDSTATUSCODES".to_owned(),
        ];
        if config.dsn {
            offered.push("DSN".to_owned());
        }
        if config.tls.is_some() && !self.tls {
            offered.push("STARTTLS".to_owned());
        }
        if self.may_log_in() && self.login.is_none() {
            let external = if self.certificate.is_some() { " EXTERNAL" } else { "" };
            offered.push(format!("AUTH PLAIN LOGIN{external}"));
        }
        if self.may_forward() {
            offered.push("XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE".to_owned());
        }
        offered
    }

    /// Forgets the transaction, and what XFORWARD said about it.
    pub(super) fn reset(&mut self) {
        self.transaction = None;
        self.recipient_attempts = 0;
        self.xforward_ident = None;
        self.forwarded = Forwarded::default();
    }

    /// STARTTLS, RFC 3207. What was said before it does not count afterwards.
    async fn start_tls(&mut self) -> Step {
        let Some(tls) = self.shared.config.tls.clone() else {
            return self.blame(502, "5.5.1", "STARTTLS is not offered");
        };
        if self.tls {
            return self.blame(503, "5.5.1", "TLS is already there");
        }
        if !self.channel.buffered().is_empty() {
            return self.cut(554, "5.5.0", "commands behind STARTTLS are refused");
        }
        self.queue(&Reply::new(220, "2.0.0", "start TLS"));
        self.flush().await?;
        // Discards the buffer too, were there anything in it.
        let nothing = Channel::new(tokio::io::empty());
        let stream = std::mem::replace(&mut self.channel, nothing).into_stream();
        let limit = self.shared.config.limits.tls_timeout;
        let stream = match timeout(limit, tls.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!(peer.address = %self.peer, %error, "a TLS handshake failed");
                return Err(End::Gone);
            }
            Err(_) => return Err(End::Gone),
        };
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        self.certificate = shown.map(|certificate| certificate.to_vec());
        self.channel = Channel::new(stream);
        self.reset();
        self.helo = None;
        self.login = None;
        self.tls = true;
        Ok(())
    }

    fn may_forward(&self) -> bool {
        self.shared.config.xforward_peers.contains(&self.peer.ip())
    }

    fn xforward(&mut self, attributes: Vec<(Attribute, Option<String>)>) -> Step {
        if !self.may_forward() {
            return self.blame(550, "5.7.0", "XFORWARD is not for you");
        }
        if self.transaction.is_some() {
            return self.blame(503, "5.5.1", "XFORWARD comes before MAIL");
        }
        for (attribute, value) in attributes {
            match attribute {
                Attribute::Name => self.forwarded.name = value,
                Attribute::Address => self.forwarded.address = value,
                Attribute::Helo => self.forwarded.helo = value,
                Attribute::Ident => self.xforward_ident = value,
                Attribute::Other => {}
            }
        }
        self.idle(250, "2.0.0", "noted")
    }

    fn reject(&mut self, fault: CommandFault) -> Step {
        let (code, enhanced, text) = match fault {
            CommandFault::Characters => {
                (500, "5.5.2", "the line holds characters that no command has")
            }
            CommandFault::Unknown => (500, "5.5.1", "the command is not known"),
            CommandFault::Syntax => (501, "5.5.4", "the arguments do not fit the command"),
            CommandFault::Argument => (501, "5.5.4", "the command takes no argument"),
            CommandFault::Sender(PathFault::NeedsSmtpUtf8)
            | CommandFault::Recipient(PathFault::NeedsSmtpUtf8) => {
                (553, "5.6.7", "an address outside ASCII needs SMTPUTF8")
            }
            CommandFault::Sender(_) => (501, "5.1.7", "the sender's address is malformed"),
            CommandFault::Recipient(_) => (501, "5.1.3", "the recipient's address is malformed"),
            CommandFault::UnknownParameter => (555, "5.5.4", "a parameter is not known"),
            CommandFault::Parameter => (501, "5.5.4", "a parameter is malformed or comes twice"),
        };
        self.blame(code, enhanced, text)
    }

    /// Puts a reply in the queue.
    pub(super) fn queue(&mut self, reply: &Reply) {
        let smtputf8 = self.transaction.as_ref().is_some_and(|envelope| envelope.smtputf8);
        self.channel.queue(reply.render(smtputf8).as_bytes());
    }

    /// Answers a command that brings no mail forward.
    fn idle(&mut self, code: u16, enhanced: &str, text: &str) -> Step {
        self.queue(&Reply::new(code, enhanced, text));
        self.count_idle()
    }

    fn count_idle(&mut self) -> Step {
        self.idle_commands = self.idle_commands.saturating_add(1);
        if self.idle_commands > self.shared.config.limits.max_idle_commands {
            return self.count_error();
        }
        Ok(())
    }

    /// Answers what the client did wrong, and counts it.
    pub(super) fn blame(&mut self, code: u16, enhanced: &str, text: &str) -> Step {
        self.queue(&Reply::new(code, enhanced, text));
        self.count_error()
    }

    pub(super) fn count_error(&mut self) -> Step {
        self.errors = self.errors.saturating_add(1);
        if self.errors >= self.shared.config.limits.max_errors {
            tracing::warn!(peer.address = %self.peer, "a session was cut for its many errors");
            return self.cut(421, "4.7.0", "too many errors, closing");
        }
        Ok(())
    }

    /// Answers and closes.
    pub(super) fn cut<T>(&mut self, code: u16, enhanced: &str, text: &str) -> Step<T> {
        self.queue(&Reply::new(code, enhanced, text));
        Err(End::Refused)
    }
}
