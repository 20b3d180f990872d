//! A Thunderbird as a person has it: an account, a key, two anchors; driven by script, with
//! pictures of what it shows.

mod compose;
mod deployed;

use crate::dovecot::PASSWORD;
use crate::marionette::Marionette;
use crate::member::{Member, Person};
use crate::place::Place;
use crate::process::{Running, run, wait_for};
use crate::tls;
use serde_json::{Value, json};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The program itself: before it Debian puts a script that asks questions.
const PROGRAM: &str = "/usr/lib/thunderbird/thunderbird";

/// How long it may take to start, the first time, on a busy machine.
const READY: Duration = Duration::from_secs(60);

/// How long it may take to hand in a mail.
const SENT: Duration = Duration::from_secs(30);

/// TLS from the beginning, in the mailer's own numbers.
const TLS: u32 = 3;

/// No login before STARTTLS, whatever the server says.
const STARTTLS: u32 = 2;

/// The settings that are the same for everybody: nothing asks, greets, or goes to the net.
const QUIET: &str = include_str!("thunderbird/quiet.js");

/// The picture of the screen when a test failed.
const FAILED: &str = "failed.png";

/// A running Thunderbird.
#[derive(Debug)]
pub struct Thunderbird {
    session: Marionette,
    folder: PathBuf,
    display: String,
    artefacts: PathBuf,
    pictures: u32,
    // Ends before the screen that it draws on.
    _program: Running,
    _screen: Running,
}

impl Thunderbird {
    /// Makes a profile for somebody who has a signing key of their own, with their Dovecot and
    /// their organisation's submission, and starts. The organisation's servers have TLS.
    #[track_caller]
    pub fn start(place: &Place, member: &Member, person: &Person) -> Self {
        Self::start_as(place, member, person, None)
    }

    /// As [`Thunderbird::start`], where the organisation has deployed these files; the anchors
    /// are among them or nowhere.
    #[track_caller]
    pub fn start_deployed(place: &Place, member: &Member, person: &Person, files: &Path) -> Self {
        Self::start_as(place, member, person, Some(files))
    }

    #[track_caller]
    fn start_as(place: &Place, member: &Member, person: &Person, files: Option<&Path>) -> Self {
        let program = files.map(|files| deployed::install(place, files));
        let program = program.unwrap_or_else(|| PathBuf::from(PROGRAM));
        let folder = place.private_dir("thunderbird");
        let profile = folder.join("profile");
        let at = place.free(Ipv4Addr::LOCALHOST);
        fs::create_dir(&profile).unwrap();
        trust_and_keys(&profile, person, files.is_none());
        trust_servers(&profile, &member.site().path(tls::ANCHOR));
        let settings = settings(member, person, at);
        fs::write(profile.join("user.js"), format!("{QUIET}{settings}")).unwrap();
        let (screen, display) = start_screen(&folder);
        let environment = [
            format!("DISPLAY={display}"),
            format!("HOME={}", folder.display()),
            "MOZ_CRASHREPORTER_DISABLE=1".to_owned(),
            "LIBGL_ALWAYS_SOFTWARE=1".to_owned(),
        ];
        let line = [
            program.to_str().unwrap(),
            "-profile",
            profile.to_str().unwrap(),
            "-no-remote",
            "-marionette",
        ];
        let line = line.iter().copied().chain(["-remote-allow-system-access"]);
        let line: Vec<&str> = environment.iter().map(String::as_str).chain(line).collect();
        let program = Running::start(Path::new("env"), &line, &folder.join("thunderbird.log"));
        let mut session = wait_for("Thunderbird", READY, || Marionette::connect(at));
        wait_for("its window", READY, || session.go_to("/messenger.xhtml"));
        let artefacts = artefacts();
        fs::create_dir_all(&artefacts).unwrap();
        // Of an earlier run.
        let _ = fs::remove_file(artefacts.join(FAILED));
        let mut this = Self {
            session,
            folder,
            display,
            artefacts,
            pictures: 0,
            _program: program,
            _screen: screen,
        };
        this.choose_certificates(person);
        this
    }

    /// Its own version.
    #[track_caller]
    pub fn version(&mut self) -> String {
        let said = self.session.script("return Services.appinfo.version;", json!([]));
        said.as_str().unwrap().to_owned()
    }

    /// Opens the mail with this Message-ID (with its brackets) and the panel about its
    /// security, keeps a picture, and tells what is shown.
    #[track_caller]
    pub fn open(&mut self, message_id: &str, picture: &str) -> Shown {
        let message_id = message_id.trim_matches(['<', '>']);
        wait_for("its window", READY, || self.session.go_to("/messenger.xhtml"));
        let given = json!({
            "message_id": message_id, "password": PASSWORD, "folder": self.folder.to_str().unwrap(),
        });
        let said = self.session.steps(include_str!("thunderbird/open.js"), given);
        self.picture(picture);
        let close = "document.getElementById('tabmail').currentAboutMessage.document
             .getElementById('messageSecurityPanel').hidePopup();";
        self.session.script(close, json!([]));
        Shown::new(&said)
    }

    /// Answers the mail that is open, by the buttons that a person has for it, with what
    /// Thunderbird itself chooses; a picture is taken before it is sent. What the window said
    /// before.
    #[track_caller]
    pub fn reply(&mut self, text: &str, picture: &str) -> Value {
        let click = "document.getElementById('tabmail').currentAboutMessage.document
             .getElementById('hdrReplyButton').click();";
        self.session.script(click, json!([]));
        wait_for("the window of the reply", SENT, || self.session.go_to("/messengercompose.xhtml"));
        let given = json!({"text": text});
        let said = self.session.steps(include_str!("thunderbird/reply.js"), given);
        self.picture(picture);
        // It answers when the window is gone.
        let send = "window.setTimeout(() => window.goDoCommand('cmd_sendNow'), 0);";
        self.session.script(send, json!([]));
        // Whatever asks or complains instead fails this, or is waited for in vain.
        wait_for("its window", SENT, || self.session.go_to("/messenger.xhtml"));
        let open = "return Services.wm.getMostRecentWindow('msgcompose') != null;";
        wait_for("the reply is sent", SENT, || {
            (self.session.script(open, json!([])) == false).then_some(())
        });
        said
    }

    /// Trusts one more CA for mail.
    #[track_caller]
    pub fn trust(&mut self, certificate: &Path) {
        let pem = fs::read_to_string(certificate).unwrap();
        let script = "
            const db = Cc['@mozilla.org/security/x509certdb;1'].getService(Ci.nsIX509CertDB);
            db.addCertFromBase64(given.pem.replace(/-----[^-]*-----|\\s/g, ''), 'CT,C,C');";
        self.session.steps(script, json!({"pem": pem}));
    }

    /// Keeps a picture of the screen, with all that lies over the windows.
    fn picture(&mut self, name: &str) {
        self.pictures += 1;
        let file = self.artefacts.join(format!("{}-{name}.png", self.pictures));
        let line = ["-display", &self.display, "-window", "root", file.to_str().unwrap()];
        let _ = run(Command::new("import").args(line)).ends(0);
    }

    /// As a person does under "End-to-End Encryption" in the settings of the account.
    #[track_caller]
    fn choose_certificates(&mut self, person: &Person) {
        let script = include_str!("thunderbird/choose.js");
        let given = json!({
            "signing": fingerprint(person, "signing-file.pem"),
            "encryption": fingerprint(person, "encryption.pem"),
            "password": person.secret,
        });
        self.session.steps(script, given);
    }
}

impl Drop for Thunderbird {
    fn drop(&mut self) {
        // Nothing in here may fail: the test has failed already.
        if std::thread::panicking() {
            let file = self.artefacts.join(FAILED);
            let line = ["-display", &self.display, "-window", "root"];
            let _ = Command::new("import").args(line).arg(file).status();
        }
    }
}

/// What Thunderbird shows of a mail.
#[derive(Debug)]
pub struct Shown {
    /// Its words for the state of the signature: `SUCCESS` if it is good.
    pub signature: String,
    /// Likewise for the encryption.
    pub encryption: String,
    /// The file of the icon for the signature; empty if there is none.
    pub signature_icon: String,
    /// Likewise for the encryption.
    pub encryption_icon: String,
    /// The address in the certificate of whoever signed; empty if nobody did.
    pub signer: String,
    /// All texts of the panel "Message Security".
    pub panel: String,
    /// The subject.
    pub subject: String,
    /// Who the mail is from.
    pub from: String,
    /// The text, attachments not among it.
    pub body: String,
    /// Names and octets, as they are saved.
    pub attachments: Vec<(String, Vec<u8>)>,
}

impl Shown {
    #[track_caller]
    fn new(said: &Value) -> Self {
        let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        let panel = said["panel"].as_array().unwrap().iter().filter_map(Value::as_str);
        let attachments = said["attachments"].as_array().unwrap().iter().map(|one| {
            let octets = fs::read(one["path"].as_str().unwrap()).unwrap();
            (one["name"].as_str().unwrap().to_owned(), octets)
        });
        Self {
            signature: text("signature"),
            encryption: text("encryption"),
            signature_icon: text("signature_icon"),
            encryption_icon: text("encryption_icon"),
            signer: text("signer"),
            panel: panel.collect::<Vec<_>>().join("\n"),
            subject: text("subject"),
            from: text("from"),
            body: text("body"),
            attachments: attachments.collect(),
        }
    }
}

/// Where pictures are kept: what `SSMAX_ARTEFACTS` names, or below the build's folder.
fn artefacts() -> PathBuf {
    let built = || {
        // target/debug/deps/TEST
        let test = std::env::current_exe().unwrap();
        test.ancestors().nth(3).unwrap().join("artefacts/thunderbird")
    };
    std::env::var_os("SSMAX_ARTEFACTS").map_or_else(built, PathBuf::from)
}

/// What README tells people to give their mailer: their keys, the seal CA, the own member CA.
#[track_caller]
fn trust_and_keys(profile: &Path, person: &Person, with_anchors: bool) {
    let database = format!("sql:{}", profile.display());
    let command = |program: &str, arguments: &[&str]| {
        let _ = run(Command::new(program).args(arguments).current_dir(&person.dir)).ends(0);
    };
    command("certutil", &["-N", "-d", &database, "--empty-password"]);
    // Of a file with a chain the first is taken, which is the member CA.
    command("openssl", &["x509", "-in", "chain.pem", "-out", "member-ca.pem"]);
    let anchors = [("seal CA", "seal-ca.pem"), ("member CA", "member-ca.pem")];
    for (name, file) in anchors.into_iter().filter(|_| with_anchors) {
        command("certutil", &["-A", "-d", &database, "-n", name, "-t", ",C,", "-i", file]);
    }
    let pairs = [("signing-key.pem", "signing-file.pem"), ("encryption-key.pem", "encryption.pem")];
    for (key, certificate) in pairs {
        let line = ["pkcs12", "-export", "-passout", "pass:x", "-out", "key.p12"];
        command("openssl", &[&line[..], &["-inkey", key, "-in", certificate]].concat());
        command("pk12util", &["-i", "key.p12", "-d", &database, "-W", "x", "-K", ""]);
    }
}

/// What the organisation's servers are believed by, and nothing else.
#[track_caller]
fn trust_servers(profile: &Path, anchor: &Path) {
    let database = format!("sql:{}", profile.display());
    let line = ["-A", "-d", &database, "-n", "servers", "-t", "C,,", "-i"];
    let _ = run(Command::new("certutil").args(line).arg(anchor)).ends(0);
}

#[track_caller]
fn fingerprint(person: &Person, certificate: &str) -> String {
    let line = ["x509", "-noout", "-fingerprint", "-sha256", "-in", certificate];
    let said = run(Command::new("openssl").args(line).current_dir(&person.dir)).ends(0).text();
    said.trim().rsplit_once('=').unwrap().1.to_owned()
}

/// Starts a screen on which nobody looks; it chooses its own number and says it.
#[track_caller]
fn start_screen(folder: &Path) -> (Running, String) {
    let log = folder.join("screen.log");
    let line = ["-displayfd", "1", "-screen", "0", "1280x960x24", "-nolisten", "tcp"];
    let screen = Running::start(Path::new("Xvfb"), &line, &log);
    let number = wait_for("a screen", READY, || {
        let said = fs::read_to_string(&log).ok()?;
        said.lines().find_map(|line| line.parse::<u32>().ok())
    });
    (screen, format!(":{number}"))
}

/// The account.
fn settings(member: &Member, person: &Person, marionette: SocketAddr) -> String {
    let (imaps, submission) = (member.dovecot().imaps.unwrap(), member.submission());
    let lines = [
        ("marionette.port", json!(marionette.port())),
        ("mail.identity.id1.useremail", json!(person.address)),
        ("mail.server.server1.hostname", json!(imaps.ip())),
        ("mail.server.server1.port", json!(imaps.port())),
        ("mail.server.server1.socketType", json!(TLS)),
        ("mail.server.server1.userName", json!(person.address)),
        ("mail.server.server1.name", json!(person.address)),
        ("mail.smtpserver.smtp1.hostname", json!(submission.ip())),
        ("mail.smtpserver.smtp1.port", json!(submission.port())),
        ("mail.smtpserver.smtp1.try_ssl", json!(STARTTLS)),
        ("mail.smtpserver.smtp1.username", json!(person.address)),
    ];
    let line = |(name, value): &(&str, Value)| format!("user_pref(\"{name}\", {value});\n");
    lines.iter().map(line).collect()
}
