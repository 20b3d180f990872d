//! One turn of one line: so many mails handed in, until the sink has them all.

use super::lane::{Direction, Lane, Way};
use super::member::{COLLECTED, Members, RECIPIENT, SENDER, Serving};
use super::mta::Postfix;
use super::needs::find;
use super::peers::{Collector, Copier, Dkim, Sink};
use super::place::Place;
use super::report::{Measured, Peak};
use super::{Args, cost, failed};
use crate::command::Context;
use crate::command::bench::cms::Size;
use crate::complaint::{Complaint, Exit};
use ssmax_gateway::wire::{self, ClientSettings, OutgoingEnvelope, Route};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::process::Command;

/// How often each session sends before anything is measured: connections, caches and the
/// processes of Postfix are there then.
const WARMING: u32 = 3;

/// Everything that runs. What others still talk to ends after them.
#[derive(Debug)]
pub(super) struct Course<'a> {
    args: &'a Args,
    /// Lines of Postfix's log about mails that were put off while nothing was measured.
    not_measured: Cell<usize>,
    postfix: Postfix,
    members: Members,
    dkim: Dkim,
    copier: Copier,
    collector: Collector,
    sink: Sink,
    place: Place,
}

/// Mails of A's gateway to B, each to be handed in once: B's knows one that comes again.
#[derive(Debug, Clone, Default)]
pub(super) struct HopMails(Arc<Vec<Vec<u8>>>);

impl<'a> Course<'a> {
    /// Starts everything and sends the first mails.
    pub(super) async fn start(args: &'a Args, context: &Context) -> Result<Self, Complaint> {
        let place = Place::new()?;
        let sink = Sink::start(&place).await?;
        let collector = Collector::start(&place).await?;
        let dkim = Dkim::start(&place).await?;
        let members = Members::start(&place, args.database.as_deref(), context).await?;
        let postfix = Postfix::start(&place, &members).await?;
        // It connects to the listener that takes back.
        let copier = Copier::start(&place).await?;
        let not_measured = Cell::new(0);
        Ok(Self { args, not_measured, postfix, members, dkim, copier, collector, sink, place })
    }

    /// The version of Postfix.
    pub(super) fn version(&self) -> &str {
        &self.postfix.version
    }

    /// Sends along every line, without measuring, and forgets what was the most memory.
    pub(super) async fn warm(&self, size: &Size) -> Result<(), Complaint> {
        let before = self.put_off();
        let few = self.args.sessions * WARMING;
        let hop_mails = self.hop_mails(size, few).await?;
        for lane in Lane::ALL {
            self.send(lane, size, &hop_mails, few).await?;
        }
        self.serving(&["a", "a2", "b"]).for_each(|one| cost::forget_peak(one.pid));
        self.not_measured.set(self.not_measured.get() + self.put_off() - before);
        Ok(())
    }

    /// Has A's gateway make mails for B.
    pub(super) async fn hop_mails(&self, size: &Size, count: u32) -> Result<HopMails, Complaint> {
        let at = self.addresses().submission;
        self.smtp_source(at, COLLECTED, size, count).await?;
        let mails = self.collector.take(count as usize).await?;
        Ok(HopMails(Arc::new(mails)))
    }

    /// One turn.
    pub(super) async fn round(
        &self,
        lane: Lane,
        size: &Size,
        hop_mails: &HopMails,
    ) -> Result<Measured, Complaint> {
        let mails = self.args.mails;
        let (own, postfix) = (self.own(lane), cost::used_by_tree(self.postfix.pid()));
        let seconds = self.send(lane, size, hop_mails, mails).await?;
        let mails = f64::from(mails);
        let mut own_after = self.own(lane);
        for (name, used) in &mut own_after {
            *used = (*used - own.get(name).copied().unwrap_or_default()) / mails;
        }
        Ok(Measured {
            per_second: mails / seconds,
            postfix_ms: (cost::used_by_tree(self.postfix.pid()) - postfix) / mails,
            own_ms: own_after,
        })
    }

    /// The most memory of each role since the last [`Course::warm`].
    pub(super) fn peaks(&self) -> Vec<Peak> {
        let all = self.serving(&["a", "a2", "b"]);
        all.filter_map(|one| Some(Peak { name: one.name.clone(), kib: cost::peak(one.pid)? }))
            .collect()
    }

    /// How often Postfix had to try again while it was measured.
    pub(super) fn tried_again(&self) -> usize {
        self.put_off().saturating_sub(self.not_measured.get())
    }

    fn put_off(&self) -> usize {
        self.postfix.log().matches("status=deferred").count()
    }

    fn addresses(&self) -> &super::place::Addresses {
        &self.place.addresses
    }

    fn serving<'b>(&'b self, members: &'b [&str]) -> impl Iterator<Item = &'b Serving> {
        self.members.of(members)
    }

    /// What stands between Postfix and the sink has used so far.
    fn own(&self, lane: Lane) -> BTreeMap<String, cost::Milliseconds> {
        let members: &[&str] = match (lane.way, lane.direction) {
            (Way::Plain, _) => return BTreeMap::new(),
            (Way::PassThrough, _) => return [("copier".to_owned(), self.copier.used())].into(),
            (Way::Milter, _) => return [("opendkim".to_owned(), self.dkim.used())].into(),
            (Way::Gateway, Direction::Outbound) => &["a"],
            (Way::TwoGateways, Direction::Outbound) => &["a", "a2"],
            (Way::Gateway | Way::TwoGateways, Direction::Inbound) => &["b"],
        };
        let mut all = BTreeMap::new();
        for one in self.serving(members) {
            let second = one.name.starts_with("a2.");
            let name = if second { format!("second {}", one.role) } else { one.role.clone() };
            *all.entry(name).or_default() += cost::used(one.pid);
        }
        all
    }

    /// Hands in, and waits for the sink. How many seconds that took.
    async fn send(
        &self,
        lane: Lane,
        size: &Size,
        hop_mails: &HopMails,
        count: u32,
    ) -> Result<f64, Complaint> {
        let wanted = self.sink.count() + u64::from(count);
        let at = self.entrance(lane);
        let began = Instant::now();
        match lane.direction {
            Direction::Outbound => self.smtp_source(at, RECIPIENT, size, count).await?,
            Direction::Inbound => self.hand_over(at, hop_mails).await?,
        }
        let last = self.sink.reaches(wanted).await?;
        Ok(last.saturating_duration_since(began).as_secs_f64().max(f64::EPSILON))
    }

    fn entrance(&self, lane: Lane) -> SocketAddr {
        let addresses = self.addresses();
        match (lane.way, lane.direction) {
            (Way::Plain, _) => addresses.plain,
            (Way::PassThrough, _) => addresses.pass_through,
            (Way::Milter, _) => addresses.signed,
            (Way::Gateway, Direction::Outbound) => addresses.submission,
            (Way::TwoGateways, Direction::Outbound) => addresses.shared_submission,
            (Way::Gateway | Way::TwoGateways, Direction::Inbound) => addresses.mx,
        }
    }

    /// smtp-source gives every mail a Message-ID of its own.
    async fn smtp_source(
        &self,
        at: SocketAddr,
        to: &str,
        size: &Size,
        count: u32,
    ) -> Result<(), Complaint> {
        let sessions = self.args.sessions.min(count);
        let said = Command::new(find("smtp-source").unwrap_or_else(|| "smtp-source".into()))
            .args(["-s", &sessions.to_string(), "-m", &count.to_string()])
            .args(["-l", &size.octets.to_string(), "-f", SENDER, "-t", to])
            .arg(format!("inet:{at}"))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(failed)?;
        if said.status.success() {
            return Ok(());
        }
        let reason = String::from_utf8_lossy(&said.stderr).trim().to_owned();
        Err(failed(format!("smtp-source: {reason}")))
    }

    /// Hands over what another member's gateway has made: as many sessions as smtp-source
    /// has, a connection for each mail as it makes them.
    async fn hand_over(&self, at: SocketAddr, hop_mails: &HopMails) -> Result<(), Complaint> {
        let route: Route = format!("smtp://{at}").parse().map_err(failed)?;
        let next = Arc::new(Mutex::new(0..hop_mails.0.len()));
        let mut sessions = tokio::task::JoinSet::<Result<(), Complaint>>::new();
        for _ in 0..self.args.sessions {
            let (route, next, mails) = (route.clone(), Arc::clone(&next), Arc::clone(&hop_mails.0));
            sessions.spawn(async move {
                let envelope = OutgoingEnvelope {
                    mail_from: SENDER.to_owned(),
                    recipients: vec![COLLECTED.to_owned()],
                    ..OutgoingEnvelope::default()
                };
                let settings = ClientSettings::new("ssmax.a.example");
                let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
                while let Some(mail) = take().and_then(|index| mails.get(index)) {
                    for (_, taken) in wire::deliver(&route, &envelope, mail, &settings).await {
                        taken.map_err(|outcome| refused(outcome.reply()))?;
                    }
                }
                Ok(())
            });
        }
        while let Some(ended) = sessions.join_next().await {
            ended.map_err(failed)??;
        }
        Ok(())
    }
}

fn refused(reply: &wire::Reply) -> Complaint {
    Complaint::new(Exit::Bad, "bench-mail-refused").with("reply", reply)
}
