//! What a person reads while it happens, in their language.

use super::hsm::Tokens;
use super::opened::Arrived;
use super::people::{People, Person};
use super::place::Place;
use super::record::{Record, Stopped};
use super::wire::Seen;
use crate::command::Context;
use crate::{files, words};
use ssmax_chain::{Digest, hop_mail};
use ssmax_smime::judge::Verdict;

/// Tells the story, on standard output.
pub(crate) struct Story<'a> {
    context: &'a Context,
}

impl<'a> Story<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    fn say(&self, id: &str, arguments: &[(&str, &str)]) {
        if !self.context.json {
            files::say(self.context.text(id, arguments));
        }
    }

    pub(crate) fn begin(&self, place: &Place) {
        self.say("demo-begin", &[("dir", &place.dir.display().to_string())]);
        self.say("demo-unlock-beside", &[]);
    }

    /// The keys of two organisations are in tokens.
    pub(crate) fn tokens(&self, tokens: &Tokens) {
        self.say("demo-tokens", &[("path", &tokens.conf().display().to_string())]);
    }

    pub(crate) fn enrolled(&self, place: &Place) {
        for site in place.sites() {
            let name = site.name.to_uppercase();
            let at = site.submission.to_string();
            self.say("demo-site", &[("name", &name), ("domain", site.domain), ("at", &at)]);
        }
    }

    /// A mail was taken; what travels between the organisations is told.
    pub(crate) fn sent(&self, case: &str, reply: &str, seen: Option<&Seen>) {
        self.title(case);
        self.say("demo-submitted", &[("reply", reply)]);
        let Some(seen) = seen else { return };
        let Ok(mail) = ssmax_mail::parse(&seen.octets, &ssmax_mail::Limits::default()) else {
            return;
        };
        let Some(hop) = hop_mail::take_apart(&mail) else { return };
        let Ok(record) = super::attack::hop_record(&hop.signed_data) else { return };
        let part = record.parts.first();
        let tail = part.map(|part| part.tail.to_string()).unwrap_or_default();
        self.say(
            "demo-hop",
            &[
                ("id", &record.id.to_string()),
                ("from", &record.from_org),
                ("to", &record.to_org),
                ("cipher", part.map_or("", |part| part.alg.as_str())),
                ("tail", short(&tail)),
                ("size", &seen.octets.len().to_string()),
            ],
        );
        if let Some(reply) = &seen.reply {
            self.say("demo-hop-reply", &[("reply", reply)]);
        }
    }

    /// A mail is in its recipient's mailbox and was opened there.
    pub(crate) fn arrived(&self, _case: &str, person: &Person, arrived: &Arrived, entity: &[u8]) {
        let judgement = &arrived.opened.judgement;
        let verdict = match judgement.verdict {
            Verdict::Good => "cli-verdict-good",
            Verdict::Bad => "cli-verdict-bad",
            Verdict::None => "cli-verdict-none",
        };
        let same = if arrived.is(entity) { "cli-yes" } else { "cli-no" };
        self.say(
            "demo-arrived",
            &[
                ("recipient", &person.address),
                ("verdict", &self.context.text(verdict, &[])),
                ("signer", judgement.signer.as_deref().unwrap_or("-")),
                ("entity", short(&Digest::of(entity).to_string())),
                ("same", &self.context.text(same, &[])),
            ],
        );
    }

    /// A mail was stopped.
    pub(crate) fn stopped(&self, stopped: &Stopped, expected: &str) {
        self.title(&stopped.case);
        let why = self.context.text(&format!("err-{}", stopped.reason), &[]);
        let id = if stopped.reason == expected { "demo-stopped" } else { "demo-not-stopped" };
        self.say(
            id,
            &[
                ("at", &stopped.at.to_uppercase()),
                ("place", &self.place(&stopped.place)),
                ("why", &why),
                ("reply", &stopped.reply),
            ],
        );
    }

    /// `outbound.inspect` in words.
    fn place(&self, place: &str) -> String {
        let Some((direction, stage)) = place.split_once('.') else { return place.to_owned() };
        let direction = words::word(self.context, "direction", direction);
        let stage = words::word(self.context, "stage", stage);
        self.context.text("demo-place", &[("direction", &direction), ("stage", &stage)])
    }

    fn title(&self, case: &str) {
        let words = self.context.text(&format!("demo-case-{case}"), &[]);
        // A case of two mails has a word behind its number.
        let case = case.split('-').next().unwrap_or(case);
        self.say("demo-title", &[("case", case), ("words", &words)]);
    }

    /// The end; whether all was as it must be.
    pub(crate) fn end(&self, record: &Record, place: &Place) -> bool {
        let file = place.dir.join("demo.json").display().to_string();
        if self.context.json {
            files::say(serde_json::to_string(record).unwrap_or_default());
        }
        let good = record.failed.is_empty();
        let (delivered, stopped) =
            (record.delivered.len().to_string(), record.stopped.len().to_string());
        if good {
            self.say(
                "demo-good",
                &[("delivered", &delivered), ("stopped", &stopped), ("file", &file)],
            );
        } else {
            self.say("demo-bad", &[("cases", &record.failed.join(", ")), ("file", &file)]);
        }
        good
    }

    /// How to go on by hand.
    pub(crate) fn stay(&self, place: &Place, people: &People) {
        let (alice, bob) = (&people.alice, &people.bob);
        let maildir = place.b.dir.join("mail/b.example/bob").display().to_string();
        self.say("demo-stay", &[("maildir", &maildir)]);
        files::say(format!(
            "swaks --server {} --auth PLAIN --auth-user {} --auth-password {} --from {} --to {} \
             --header \"Subject: Hello from A\" --body \"Written by hand.\"",
            place.a.submission, alice.address, alice.secret, alice.address, bob.address
        ));
        self.say("demo-stay-directory", &[("submission", &place.a.submission.to_string())]);
        files::say(format!(
            "ldapsearch -x -LLL -H ldap://{} -b dc=a,dc=example \"(mail={})\" \
             \"userCertificate;binary\"",
            place.a.directory, bob.address
        ));
        self.say("demo-stop", &[]);
    }
}

/// The first digits of a digest: enough to compare by eye.
fn short(digest: &str) -> &str {
    digest.get(..16).unwrap_or(digest)
}
