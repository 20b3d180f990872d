//! Two organisations of one federation: A, whose people write, with two gateways; and B,
//! whose people get mail. Founded by the functions of `ssmax org` and `ssmax authority`,
//! served by `ssmax serve`.

use super::failed;
use super::place::{Addresses, Place};
use crate::command::Context;
use crate::complaint::{Complaint, Exit};
use crate::config::Config;
use crate::member;
use rustix::process::{Pid, Signal, kill_process};
use ssmax_api::Answer;
use ssmax_api::ca::{AddUser, NewUser, OfficerRequest};
use ssmax_federation::{corporate_number_check_digit, member_id};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// How long the roles may take to be ready, and an officer's request.
const READY: Duration = Duration::from_secs(60);

/// How long they may take to end.
const END: Duration = Duration::from_secs(15);

/// Who writes, and to whom. The second of B's domains is where mails are made that come
/// in later; mail for it goes from A to the collector.
pub(super) const SENDER: &str = "alice@a.example";
pub(super) const RECIPIENT: &str = "bob@b.example";
pub(super) const COLLECTED: &str = "bob@collected.example";

/// Whose configuration it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    A,
    /// The second gateway of A: keys, people and inspectors are those of the first.
    SecondOfA,
    B,
}

/// A role that serves.
#[derive(Debug, Clone)]
pub(super) struct Serving {
    /// Its name, with the organisation in front: `a.gateway`.
    pub(super) name: String,
    pub(super) role: String,
    pub(super) pid: u32,
}

/// Everything of ours that runs.
#[derive(Debug)]
pub(super) struct Members {
    parents: Vec<Child>,
    serving: Vec<Serving>,
    pub(super) a: Config,
    pub(super) b: Config,
}

impl Members {
    /// Founds, admits, starts, and registers two people.
    pub(super) async fn start(
        place: &Place,
        database: Option<&str>,
        context: &Context,
    ) -> Result<Self, Complaint> {
        let addresses = &place.addresses;
        let member_text = |whose| member_text(whose, addresses, database);
        let dir = &place.dir;
        let authority = write_config(dir, "authority", &authority_text(addresses.authority))?;
        let now = OffsetDateTime::now_utc();
        let founded = authority.authority()?;
        ssmax_authority::init(&founded, now).await?;
        let root = fs::read_to_string(founded.root_file()).map_err(failed)?;
        let root = hex::encode(ssmax_pki::Certificate::from_pem(&root)?.sha256());
        let a = write_config(dir, "a", &member_text(Whose::A))?;
        let b = write_config(dir, "b", &member_text(Whose::B))?;
        for member in [&a, &b] {
            let made = member::initialise(member).await?;
            let answered = ssmax_authority::admit(&founded, &made.application, now).await?;
            member::install(member, &answered.admission, &root).await?;
        }
        let second = write_config(dir, "a2", &member_text(Whose::SecondOfA))?;
        join(&a, &second)?;
        let mut members = Self { parents: Vec::new(), serving: Vec::new(), a, b };
        let of_member = ["keyserver", "ca", "inspector", "gateway"];
        let with_milter = ["keyserver", "ca", "inspector", "gateway", "submission"];
        members.serve("authority", &authority, &["authority"], context).await?;
        members.serve("a", &members.a.clone(), &with_milter, context).await?;
        members.serve("a2", &second, &["gateway"], context).await?;
        members.serve("b", &members.b.clone(), &of_member, context).await?;
        register(&members.a, "alice", &[SENDER]).await?;
        register(&members.b, "bob", &[RECIPIENT, COLLECTED]).await?;
        Ok(members)
    }

    /// The roles that have a part in a mail.
    pub(super) fn of<'a>(&'a self, members: &'a [&str]) -> impl Iterator<Item = &'a Serving> {
        self.serving.iter().filter(|one| {
            one.name.split_once('.').is_some_and(|(member, _)| members.contains(&member))
        })
    }

    async fn serve(
        &mut self,
        name: &str,
        config: &Config,
        roles: &[&str],
        context: &Context,
    ) -> Result<(), Complaint> {
        ssmax_store::files::create_private_dir(config.run_dir())?;
        let log = File::create(config.run_dir().join("serve.log")).map_err(failed)?;
        let parent = Command::new(std::env::current_exe().map_err(failed)?)
            .args(["--lang", context.language.code(), "serve", "--no-restart", "--config"])
            .arg(config.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(failed)?;
        self.parents.push(parent);
        let records = ssmax_daemon::ready::wait_ready(config.run_dir(), roles, READY)
            .await
            .map_err(failed)?;
        self.serving.extend(records.into_iter().map(|(role, record)| Serving {
            name: format!("{name}.{role}"),
            role,
            pid: record.pid,
        }));
        Ok(())
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        for parent in &self.parents {
            let _ = kill_process(Pid::from_child(parent), Signal::TERM);
        }
        self.parents.iter_mut().for_each(|parent| end(parent, END));
    }
}

/// Waits for a process that was told to end, and makes it end.
pub(super) fn end(child: &mut Child, patience: Duration) {
    const LOOK_EVERY: Duration = Duration::from_millis(20);
    let began = Instant::now();
    while began.elapsed() < patience {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Gives a second gateway of the host what the first has been given: the federation, the
/// statement key, and the way to the other roles.
fn join(first: &Config, second: &Config) -> Result<(), Complaint> {
    ssmax_store::files::create_private_dir(second.state_dir())?;
    ssmax_store::files::create_private_dir(second.run_dir())?;
    let gateway = (first.gateway()?.dir(), second.gateway()?.dir());
    for (from, to) in [gateway, (first.federation_dir(), second.federation_dir())] {
        ssmax_store::files::create_private_dir(&to)?;
        for entry in fs::read_dir(&from).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            fs::copy(entry.path(), to.join(entry.file_name())).map_err(failed)?;
        }
    }
    for role in ["keyserver", "inspector", "ca"] {
        let socket =
            |config: &Config| ssmax_daemon::place::socket(config.run_dir(), role, "gateway");
        std::os::unix::fs::symlink(socket(first), socket(second)).map_err(failed)?;
    }
    Ok(())
}

async fn register(config: &Config, user: &str, addresses: &[&str]) -> Result<(), Complaint> {
    let request = AddUser {
        user: user.to_owned(),
        name: user.to_owned(),
        addresses: addresses.iter().map(|address| (*address).to_owned()).collect(),
        proof: "in-person".to_owned(),
        device_secret: true,
        server_key: true,
        ..AddUser::default()
    };
    let socket = ssmax_daemon::place::socket(config.run_dir(), "ca", "officer");
    let request = OfficerRequest::AddUser(Box::new(request));
    let answer: Answer =
        ssmax_daemon::call::call(&socket, &request, READY).await.map_err(failed)?;
    let made: Result<NewUser, _> = ssmax_api::decode(answer);
    made.map(drop).map_err(|problem| {
        Complaint::new(Exit::Unavailable, "failed").with("reason", format!("CA: {problem}"))
    })
}

fn write_config(dir: &Path, name: &str, text: &str) -> Result<Config, Complaint> {
    let home = dir.join(name);
    ssmax_store::files::create_private_dir(&home)?;
    let path = home.join("ssmax.toml");
    ssmax_store::files::write_private(&path, text.as_bytes())?;
    Config::load(&path)
}

fn authority_text(listen: SocketAddr) -> String {
    format!(
        "state_dir = \"state\"\nrun_dir = \"run\"\n\n\
         [authority]\nname = \"Measured Federation\"\nurl = \"https://{listen}\"\n\
         listen = \"{listen}\"\nunlock_file = \"unlock\"\n"
    )
}

fn member_text(whose: Whose, addresses: &Addresses, database: Option<&str>) -> String {
    let (twelve, name, domains) = match whose {
        Whose::A | Whose::SecondOfA => ("000012050002", "A", "\"a.example\""),
        Whose::B => ("000020131008", "B", "\"b.example\", \"collected.example\""),
    };
    let digit = corporate_number_check_digit(twelve).unwrap_or_default();
    let id = member_id(&format!("{digit}{twelve}"));
    let Addresses { authority, reinjection, collector, milter, stated, inbound, .. } = addresses;
    let mut text = format!(
        "state_dir = \"state\"\nrun_dir = \"run\"\n\n\
         [organisation]\nid = \"{id}\"\nname = \"Organisation {name}\"\n\
         name_ja = \"組織{name}\"\ndomains = [{domains}]\n\
         incident_contact = \"abuse@b.example\"\n\n\
         [federation]\nauthority_url = \"https://{authority}\"\nenforce = \"refuse\"\n\n"
    );
    if whose != Whose::SecondOfA {
        text.push_str(
            "[keyserver]\nunlock_file = \"unlock-keyserver\"\nsign_for_users = true\n\n\
             [keyserver.limits]\nmails_per_hour = 100000000\nrecipients_per_hour = 100000000\n\
             member_mails_per_hour = 100000000\n\n\
             [ca]\nunlock_file = \"unlock-ca\"\n\n[inspector]\n\n",
        );
    }
    if whose == Whose::A {
        text.push_str(&format!("[submission]\nmilter = \"inet:{milter}\"\naal = 2\n\n"));
    }
    let [first, second] = stated;
    let listens = match whose {
        Whose::A => format!("submission_lmtp = \"{first}\""),
        Whose::SecondOfA => format!("submission_lmtp = \"{second}\""),
        Whose::B => format!("inbound_lmtp = \"{inbound}\""),
    };
    text.push_str(&format!(
        "[gateway]\nhost_name = \"ssmax.{}.example\"\n{listens}\n\
         next_hop = \"smtp://{reinjection}\"\n",
        name.to_lowercase()
    ));
    if let Some(url) = database.filter(|_| whose != Whose::B) {
        text.push_str(&format!("\n[gateway.state]\nurl = \"{url}\"\n"));
    }
    // One person writes all of it.
    text.push_str(
        "\n[gateway.volume]\nrecipients_per_hour = 100000000\nrecipients_per_day = 100000000\n",
    );
    if whose == Whose::A {
        let route = format!("\n[gateway.routes]\n\"collected.example\" = \"smtp://{collector}\"\n");
        text.push_str(&route);
    }
    text
}
