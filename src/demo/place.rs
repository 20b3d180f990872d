//! The folder of the demonstration: configurations, keys, the federation founded.

use super::hsm::Tokens;
use super::unavailable;
use crate::complaint::Complaint;
use crate::config::Config;
use crate::member;
use ssmax_daemon::ports::Ports;
use ssmax_federation::{corporate_number_check_digit, member_id};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// One of the three organisations.
pub(crate) struct Site {
    /// "a", "b" or "c".
    pub(crate) name: &'static str,
    /// Its mail domain.
    pub(crate) domain: &'static str,
    /// Its folder.
    pub(crate) dir: PathBuf,
    /// Its configuration.
    pub(crate) config: Config,
    /// Where its people submit.
    pub(crate) submission: SocketAddr,
    /// Where its gateway takes mail from others.
    pub(crate) inbound: SocketAddr,
    /// Where its people's mailers look addresses up.
    pub(crate) directory: SocketAddr,
}

impl Site {
    /// The member id.
    pub(crate) fn id(&self) -> Result<String, Complaint> {
        Ok(self.config.organisation()?.id.clone())
    }
}

/// The whole folder.
pub(crate) struct Place {
    pub(crate) dir: PathBuf,
    pub(crate) authority: Config,
    pub(crate) authority_listen: SocketAddr,
    pub(crate) a: Site,
    pub(crate) b: Site,
    pub(crate) c: Site,
    /// The network in front of A and of B.
    pub(crate) wire_a: SocketAddr,
    pub(crate) wire_b: SocketAddr,
    /// Nobody else's for as long as the demonstration runs.
    _ports: Ports,
}

/// What tells the organisations apart.
struct Outline {
    name: &'static str,
    domain: &'static str,
    id: String,
    english: &'static str,
    japanese: &'static str,
    kana: &'static str,
}

fn outlines() -> [Outline; 3] {
    // Numbers of no real organisation: twelve digits chosen, the first computed.
    let id = |twelve: &str| {
        let digit = corporate_number_check_digit(twelve).unwrap_or_default();
        member_id(&format!("{digit}{twelve}"))
    };
    [
        Outline {
            name: "a",
            domain: "a.example",
            id: id("000012050002"),
            english: "A Corporation",
            japanese: "A株式会社",
            kana: "エーカブシキガイシャ",
        },
        Outline {
            name: "b",
            domain: "b.example",
            id: id("000020131008"),
            english: "B City",
            japanese: "B市",
            kana: "ビーシ",
        },
        Outline {
            name: "c",
            domain: "c.example",
            id: id("000012990003"),
            english: "C Trading",
            japanese: "C商事",
            kana: "シーショウジ",
        },
    ]
}

impl Place {
    /// Makes the folder, or takes up the one that is there. Ports are chosen anew each
    /// time, so that a second run does not depend on what the first left free.
    pub(crate) async fn prepare(dir: &Path, tokens: Option<&Tokens>) -> Result<Self, Complaint> {
        let dir = std::path::absolute(dir).map_err(unavailable)?;
        ssmax_store::files::create_private_dir(&dir)?;
        let mut ports = Ports::claim().map_err(unavailable)?;
        let mut free = || ports.free(Ipv4Addr::LOCALHOST.into()).map_err(unavailable);
        let authority_listen = free()?;
        let url = format!("https://localhost:{}", authority_listen.port());
        let (wire_a, wire_b) = (free()?, free()?);
        let authority = write_config(&dir, "authority", &authority_text(&url, authority_listen))?;
        let [a, b, c] = outlines();
        let mut site = |outline: &Outline| -> Result<Site, Complaint> {
            let home = dir.join(outline.name);
            let (submission, inbound, directory) = (free()?, free()?, free()?);
            let mut text = member_text(outline, &home, &url, submission, inbound, wire_a, wire_b);
            text += &directory_text(directory);
            // C stays with files: both kinds of members in one federation.
            if let Some(tokens) = tokens.filter(|_| outline.name != "c") {
                text = tokens.written_into(&text, outline.name, &home)?;
            }
            Ok(Site {
                name: outline.name,
                domain: outline.domain,
                config: write_config(&dir, outline.name, &text)?,
                dir: home,
                submission,
                inbound,
                directory,
            })
        };
        let place = Self {
            a: site(&a)?,
            b: site(&b)?,
            c: site(&c)?,
            authority,
            authority_listen,
            wire_a,
            wire_b,
            dir,
            _ports: ports,
        };
        place.found().await?;
        Ok(place)
    }

    /// The three organisations.
    pub(crate) fn sites(&self) -> [&Site; 3] {
        [&self.a, &self.b, &self.c]
    }

    /// Founds the federation and admits the organisations, as far as that has not been
    /// done; whoever was suspended by an earlier run is in good standing again.
    async fn found(&self) -> Result<(), Complaint> {
        let now = OffsetDateTime::now_utc();
        let authority = self.authority.authority()?;
        if !authority.root_file().exists() {
            ssmax_authority::init(&authority, now).await?;
        }
        let root = std::fs::read_to_string(authority.root_file()).map_err(unavailable)?;
        let root = ssmax_pki::Certificate::from_pem(&root)?;
        for site in self.sites() {
            if member::installed(&site.config)?.is_none() {
                let made = member::initialise(&site.config).await?;
                let answered = ssmax_authority::admit(&authority, &made.application, now).await?;
                let admission = answered.admission;
                member::install(&site.config, &admission, &hex::encode(root.sha256())).await?;
            }
            ssmax_authority::reinstate(&authority, &site.id()?, "demonstration", now).await?;
        }
        Ok(())
    }
}

fn write_config(dir: &Path, name: &str, text: &str) -> Result<Config, Complaint> {
    let home = dir.join(name);
    ssmax_store::files::create_private_dir(&home)?;
    let path = home.join("ssmax.toml");
    ssmax_store::files::write_private(&path, text.as_bytes())?;
    Config::load(&path)
}

fn authority_text(url: &str, listen: SocketAddr) -> String {
    format!(
        "# Written by `ssmax demo`; the ports change with every run.\n\
         state_dir = \"state\"\nrun_dir = \"run\"\nlog = \"info\"\n\n\
         [authority]\nname = \"Demo Federation\"\nurl = \"{url}\"\nlisten = \"{listen}\"\n\
         # Beside the state only because this is a demonstration: keep it elsewhere.\n\
         unlock_file = \"unlock.secret\"\n"
    )
}

/// On loopback, nobody else listens.
fn directory_text(directory: SocketAddr) -> String {
    format!(
        "\n[directory]\nldap = \"{directory}\"\nallow_plaintext = true\n\
         networks = [\"127.0.0.0/8\"]\n"
    )
}

fn member_text(
    outline: &Outline,
    home: &Path,
    url: &str,
    submission: SocketAddr,
    inbound: SocketAddr,
    wire_a: SocketAddr,
    wire_b: SocketAddr,
) -> String {
    let Outline { name, domain, id, english, japanese, kana } = outline;
    let mail = home.join("mail");
    let mail = mail.display();
    let own_route = |other: &str, wire: SocketAddr| match *domain == other {
        true => format!("\"{other}\" = \"maildir:{mail}/{{domain}}/{{local}}\"\n"),
        false => format!("\"{other}\" = \"smtp://{wire}\"\n"),
    };
    let mut routes = own_route("a.example", wire_a) + &own_route("b.example", wire_b);
    if *name == "c" {
        routes += &own_route("c.example", wire_a);
    }
    format!(
        "# Written by `ssmax demo`; the ports change with every run.\n\
         state_dir = \"state\"\nrun_dir = \"run\"\nlog = \"info\"\n\n\
         [organisation]\nid = \"{id}\"\nname = \"{english}\"\nname_ja = \"{japanese}\"\n\
         name_kana = \"{kana}\"\ndomains = [\"{domain}\"]\n\
         incident_contact = \"abuse@{domain}\"\n\n\
         [federation]\nauthority_url = \"{url}\"\npoll_seconds = 1\nenforce = \"refuse\"\n\n\
         [keyserver]\n\
         # Beside the state only because this is a demonstration: keep it elsewhere.\n\
         unlock_file = \"unlock.secret\"\nsign_for_users = true\n\n\
         [ca]\nunlock_file = \"unlock-ca.secret\"\n\
         # A demonstration's word: no second factor was proved before handing them out.\n\
         device_secret_aal = 2\n\n\
         [inspector]\nworkers = 2\n\n\
         [gateway]\nhost_name = \"mx.{domain}\"\nsubmission = \"{submission}\"\n\
         inbound_smtp = \"{inbound}\"\nallow_plaintext_auth = true\nnext_hop = \"reject\"\n\n\
         [gateway.routes]\n{routes}"
    )
}
