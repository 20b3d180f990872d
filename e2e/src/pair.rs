//! Two organisations that serve behind their mail servers, and somebody at the first who
//! writes.

use crate::authority::Authority;
use crate::mailer;
use crate::mails::Mail;
use crate::member::{Mailers, Member, Outline, Person};
use crate::place::Place;
use crate::process::wait_for;
use std::net::Ipv4Addr;
use std::time::Duration;

/// The first organisation, with nothing special about it.
pub const A: Outline = Outline {
    name: "a",
    id: "NTRJP-7000012050002",
    japanese: "組織A",
    ip: Ipv4Addr::new(127, 0, 0, 2),
    fresh_form: "mail-cbc",
    people: &["alice"],
    numbered: 0,
    full: &[],
    aliases: &[],
    greylists: false,
    submits_at_postfix: false,
    set_up_by_command: false,
    tapped: false,
    small_disks: false,
    scanned: false,
    on_server: false,
    keys_in_token: false,
    max_mail_bytes: None,
    mailers: Mailers::InClear,
};

/// The second one, likewise.
pub const B: Outline = Outline {
    name: "b",
    id: "NTRJP-8000020131008",
    japanese: "組織B",
    ip: Ipv4Addr::new(127, 0, 0, 3),
    fresh_form: "wrapped-gcm",
    people: &["bob"],
    on_server: true,
    ..A
};

/// Everything that runs. Fields end in their order: who needs others first, the folder
/// last.
#[derive(Debug)]
pub struct Pair {
    /// alice's organisation.
    pub a: Member,
    /// The other.
    pub b: Member,
    /// The management organisation.
    pub authority: Authority,
    /// Who writes.
    pub alice: Person,
    /// The folder of it all.
    pub place: Place,
}

impl Pair {
    /// Both are members, and all roles and mail servers run.
    pub fn set_up(a: Outline, b: Outline) -> Self {
        let place = Place::new();
        let mut authority = if a.tapped && b.tapped {
            Authority::found_behind_tap(&place)
        } else {
            Authority::found(&place)
        };
        let mut a = Member::new(&place, a, &authority);
        let mut b = Member::new(&place, b, &authority);
        for member in [&a, &b] {
            authority.admit(member);
        }
        authority.serve();
        a.start_mail_servers(&place, &b);
        b.start_mail_servers(&place, &a);
        for member in [&mut a, &mut b] {
            member.serve();
            member.add_automatic_roles();
        }
        let alice = a.add_person("alice", "山田 有紗", true);
        Self { a, b, authority, alice, place }
    }

    /// Waits until both queues are empty.
    #[track_caller]
    pub fn nothing_waits(&self, within: Duration) {
        wait_for("empty queues", within, || {
            let waiting = self.a.postfix().queue().len() + self.b.postfix().queue().len();
            (waiting == 0).then_some(())
        });
    }

    /// Sends until the mail is taken; no refusal but a temporary one may come.
    pub fn alice_sends(&self, recipients: &[&str], mail: &Mail, within: Duration) {
        sends(&self.a, &self.alice, recipients, mail, within);
    }
}

/// Sends until the mail is taken; no refusal but a temporary one may come.
#[track_caller]
pub fn sends(member: &Member, who: &Person, to: &[&str], mail: &Mail, within: Duration) {
    wait_for("the mail is taken", within, || {
        let said = mailer::submit(member, who, to, &mail.octets);
        let text = said.text();
        assert!(said.exit == 0 || text.contains("<** 4"), "{text}{}", said.err);
        (said.exit == 0).then_some(())
    });
}

/// Waits for a mail, of which there must be one copy in the mailbox.
#[track_caller]
pub fn arrives(member: &Member, address: &str, mail: &Mail, within: Duration) -> Vec<u8> {
    let mut found = wait_for(&format!("{} for {address}", mail.message_id), within, || {
        Some(copies(member, address, mail)).filter(|found| !found.is_empty())
    });
    assert_eq!(found.len(), 1);
    found.pop().unwrap()
}

/// What of a mailbox is this mail.
pub fn copies(member: &Member, address: &str, mail: &Mail) -> Vec<Vec<u8>> {
    member.inbox(address).into_iter().filter(|octets| mail.is_in(octets)).collect()
}

/// Octets as text, for words and complaints.
pub fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// Whether a text stands in these octets.
pub fn has(octets: &[u8], text: &str) -> bool {
    octets.windows(text.len()).any(|window| window == text.as_bytes())
}
