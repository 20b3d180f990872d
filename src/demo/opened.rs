//! Reading what arrived as its recipient would: with their key and their anchors.

use super::people::Person;
use super::place::{Place, Site};
use super::unavailable;
use crate::complaint::Complaint;
use ssmax_agent::learn::{Learnt, learn_opened};
use ssmax_agent::open::{Opened, open};
use ssmax_pki::Certificate;
use ssmax_smime::judge::{Question, Verdict};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// How long a mail may take from the last hop's 250 into the Maildir.
const ARRIVAL: Duration = Duration::from_secs(10);

/// A mail in a recipient's mailbox, opened.
pub(crate) struct Arrived {
    pub(crate) octets: Vec<u8>,
    pub(crate) opened: Opened,
    pub(crate) trust: PathBuf,
}

impl Arrived {
    /// Whether it is good, and the content is this.
    pub(crate) fn is(&self, entity: &[u8]) -> bool {
        let content = self.opened.content.as_ref().map(|content| content.to_vec());
        self.opened.judgement.verdict == Verdict::Good
            && content.is_some_and(|content| first_part(&content).as_deref() == Some(entity))
    }

    /// The certificates a mailer would learn from it.
    pub(crate) fn learn(&self, _person: &Person) -> Result<Learnt, Complaint> {
        let anchors = anchors(&self.trust)?;
        let question = question(&anchors);
        let content = self.opened.content.as_ref().ok_or_else(|| unavailable("not encrypted"))?;
        learn_opened(&self.octets, content, &question).map_err(unavailable)
    }
}

/// Waits for a mail with this Message-ID in the person's Maildir and opens it.
pub(crate) async fn wait(
    place: &Place,
    site: &Site,
    person: &Person,
    message_id: &str,
    from_inside: bool,
) -> Result<Arrived, Complaint> {
    let local = person.address.split('@').next().unwrap_or_default();
    let maildir = site.dir.join("mail").join(site.domain).join(local).join("new");
    let deadline = Instant::now() + ARRIVAL;
    let octets = loop {
        if let Some(octets) = find(&maildir, message_id) {
            break octets;
        }
        if Instant::now() > deadline {
            return Err(unavailable(format!("{message_id} did not arrive at {}", person.address)));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    // A colleague's mail is vouched for under the member CA, an outsider's under the
    // seal CA; a verifier without partial chains needs the federation's root for the
    // first.
    let trust = match from_inside {
        true => place.authority.authority()?.root_file(),
        false => person.dir.join("seal-ca.pem"),
    };
    let anchors = anchors(&trust)?;
    let (key, certificate) = &person.encryption;
    let opened = open(&octets, key, Some(certificate), &question(&anchors)).map_err(unavailable)?;
    Ok(Arrived { octets, opened, trust })
}

fn find(maildir: &Path, message_id: &str) -> Option<Vec<u8>> {
    let entries = std::fs::read_dir(maildir).ok()?;
    entries.flatten().filter_map(|entry| std::fs::read(entry.path()).ok()).find(|octets| {
        let head = octets.get(..octets.len().min(16_384)).unwrap_or_default();
        String::from_utf8_lossy(head).contains(message_id)
    })
}

fn anchors(trust: &Path) -> Result<Vec<Certificate>, Complaint> {
    let pem = std::fs::read_to_string(trust).map_err(unavailable)?;
    Ok(Certificate::all_from_pem(&pem)?)
}

fn question(anchors: &[Certificate]) -> Question<'_> {
    Question::new(anchors, OffsetDateTime::now_utc())
}

fn first_part(content: &[u8]) -> Option<Vec<u8>> {
    let entity = ssmax_mail::parse(content, &ssmax_mail::Limits::default()).ok()?;
    entity.children().first().map(|part| part.raw().to_vec())
}
