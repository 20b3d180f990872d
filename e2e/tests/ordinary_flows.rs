//! What happens every day in an office, through two gateways behind real mail servers:
//! full mailboxes, holidays, receipts, rooms, scanners, lists, redirects, shared
//! mailboxes, aliases, and a notice to everybody at a busy MX.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use ssmax_e2e::mailer::{self, Opened};
use ssmax_e2e::mails::{self, Mail, can_be_read};
use ssmax_e2e::member::{Member, Outline, Person};
use ssmax_e2e::needs;
use ssmax_e2e::pair::{self, Pair, arrives, copies, has, text};
use ssmax_e2e::process::wait_for;
use std::fmt::Write as _;
use std::time::Duration;

/// How long a mail may take, with a try or two in between.
const ARRIVAL: Duration = Duration::from_secs(90);

/// How many people get the notice.
const EVERYBODY: usize = 120;

const A: Outline = Outline { people: &["alice", "adam"], ..pair::A };

const B: Outline = Outline {
    people: &["bob", "dave", "erin", "frank", "room1", "office"],
    numbered: EVERYBODY,
    full: &["erin"],
    aliases: &[("info", "bob")],
    greylists: true,
    ..pair::B
};

struct Office {
    pair: Pair,
    bob: Person,
}

#[test]
fn what_happens_every_day_in_an_office_goes_on() {
    if !needs::are_met() {
        return;
    }
    let office = Office::set_up();
    office.of_a_full_mailbox_the_sender_hears_over_the_chain();
    office.a_vacation_reply_is_the_organisations_and_says_it_is_automatic();
    office.a_receipt_is_asked_for_by_the_sender_alone_and_given_by_the_reader();
    office.a_room_accepts_an_invitation();
    office.a_scanner_writes_without_a_login_and_another_machine_does_not();
    office.an_alias_is_expanded_behind_the_gateway();
    office.no_seal_leaves_by_a_redirect_of_a_mailbox_and_the_sender_hears_of_it();
    office.a_list_sends_on_as_new_mail_with_the_verified_one_attached();
    office.a_redirect_sends_on_to_another_member();
    office.a_shared_mailbox_is_read_and_answered_by_its_members();
    office.a_notice_to_everybody_reaches_each_once_through_a_greylist();
}

impl Office {
    fn set_up() -> Self {
        let pair = Pair::set_up(A, B);
        let bob = pair.b.add_person_at("bob", "鈴木 望夢", false, &["info".to_owned()]);
        Self { pair, bob }
    }

    fn of_a_full_mailbox_the_sender_hears_over_the_chain(&self) {
        let erin = self.pair.b.add_person("erin", "高橋 絵里", false);
        let before = self.pair.a.inbox(&self.pair.alice.address).len();
        let mail = mails::short("full", &self.pair.alice.address, &erin.address);
        self.alice_sends(&[&erin.address], &mail);
        let (arrived, report) = self.alice_gets(before);
        assert_eq!(report.signer, "mailer-daemon@b.example");
        assert!(has(&arrived, "automatic=yes\r\n"), "{}", text(&arrived));
        for said in ["report-type=delivery-status", "erin@b.example", "5.2.2", "rfc822-headers"] {
            assert!(has(&report.entity, said), "{said}: {}", text(&report.entity));
        }
        // The header of what was sent comes back, which only alice can read.
        assert!(!can_be_read(mails::SECRET, &arrived));
        assert!(!has(&report.entity, &format!("{}.", mails::SECRET)));
        assert_eq!(self.pair.b.inbox(&erin.address).len(), 0);

        // Whoever writes from outside hears of it too, though nothing else goes there.
        let visitor = "visitor@outside.example";
        let mail = mails::short("full-for-a-visitor", visitor, &erin.address);
        wait_for("the visitor's mail is taken", ARRIVAL, || {
            let (dir, mx) = (self.pair.place.path(), self.pair.b.mx());
            let said = mailer::hand_in(dir, mx, &[], visitor, &[&erin.address], &mail.octets);
            (said.exit == 0).then_some(())
        });
        wait_for("a report for the visitor", ARRIVAL, || {
            let log = self.pair.b.postfix().log();
            let to = format!("to=<{visitor}>");
            let left = |line: &str| line.contains(&to) && line.contains("relay=none, ");
            let left = log.lines().any(|line| left(line) && line.contains("status=sent"));
            left.then_some(())
        });
    }

    fn a_vacation_reply_is_the_organisations_and_says_it_is_automatic(&self) {
        let dave = self.pair.b.add_person("dave", "佐藤 大輔", false);
        let script = "require \"vacation\";\r\n\
            vacation :days 1 :subject \"Away\" \"I am away until Monday.\";\r\n";
        self.pair.b.dovecot().filter(&dave.address, script);
        let before = self.pair.a.inbox(&self.pair.alice.address).len();
        let mail = mails::short("holiday", &self.pair.alice.address, &dave.address);
        self.alice_sends(&[&dave.address], &mail);
        let (arrived, reply) = self.alice_gets(before);
        assert_eq!(reply.signer, "auto-reply@b.example");
        for field in [
            "\r\nFrom: \"dave (automatic)\" <auto-reply@b.example>\r\n",
            "\r\nReply-To: dave@b.example\r\n",
            "\r\nAuto-Submitted: auto-replied",
            "automatic=yes\r\n",
        ] {
            assert!(has(&arrived, field), "{field}: {}", text(&arrived));
        }
        assert!(has(&reply.entity, "I am away until Monday."));
        // Nothing that was sent automatically is answered: one reply, no more.
        self.one_copy(&self.pair.b, &dave.address, &mail);
    }

    fn a_receipt_is_asked_for_by_the_sender_alone_and_given_by_the_reader(&self) {
        let (alice, bob) = (&self.pair.alice, &self.bob);
        let asking = |name: &str, whom: &str| {
            let fields = format!(
                "From: {}\r\nTo: {}\r\nSubject: Please confirm\r\n\
                 Disposition-Notification-To: {whom}\r\n",
                alice.address, bob.address
            );
            Mail::new(name, &fields, b"Content-Type: text/plain\r\n\r\nRead me.\r\n".to_vec())
        };
        let own = asking("receipt", &alice.address);
        let other = asking("receipt-for-another", "mallory@outside.example");
        for mail in [&own, &other] {
            self.alice_sends(&[&bob.address], mail);
        }
        let field = format!("\r\nDisposition-Notification-To: {}\r\n", alice.address);
        assert!(has(&self.one_copy(&self.pair.b, &bob.address, &own), &field));
        let arrived = self.one_copy(&self.pair.b, &bob.address, &other);
        assert!(!has(&arrived, "Disposition-Notification-To"), "{}", text(&arrived));

        let fields = format!(
            "From: {}\r\nTo: {}\r\nSubject: Read: Please confirm\r\n",
            bob.address, alice.address
        );
        let entity = format!(
            "Content-Type: multipart/report; report-type=disposition-notification;\r\n \
             boundary=\"=_receipt\"\r\n\r\n--=_receipt\r\n\r\nIt was read.\r\n\
             --=_receipt\r\nContent-Type: message/disposition-notification\r\n\r\n\
             Final-Recipient: rfc822;{}\r\nOriginal-Message-ID: {}\r\n\
             Disposition: manual-action/MDN-sent-manually; displayed\r\n--=_receipt--\r\n",
            bob.address, own.message_id
        );
        let receipt = Mail::new("read", &fields, entity.into_bytes());
        let login = ["--auth", "PLAIN", "--auth-user", &bob.address, "--auth-password"];
        let login = [&login[..], &[&bob.secret]].concat();
        let to = [alice.address.as_str()];
        let at = self.pair.b.submission();
        let said = mailer::hand_in(&bob.dir, at, &login, "<>", &to, &receipt.octets);
        let _ = said.ends(0);
        let arrived = self.one_copy(&self.pair.a, &alice.address, &receipt);
        assert!(has(&arrived, "signed-by=server; auth=device-secret"), "{}", text(&arrived));
        let opened = mailer::open(alice, &arrived);
        assert_eq!(opened.signer, bob.address);
        assert!(has(&opened.entity, "MDN-sent-manually; displayed"));
    }

    /// The room's robot has the room's key, and no login.
    fn a_room_accepts_an_invitation(&self) {
        let room = self.pair.b.add_person("room1", "会議室 一", false);
        let alice = &self.pair.alice.address;
        let fields = format!("From: {alice}\r\nTo: {}\r\nSubject: Budget\r\n", room.address);
        let calendar = |method: &str| {
            format!(
                "Content-Type: text/calendar; method={method}; charset=utf-8\r\n\r\n\
                 BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\n\
                 UID:budget-2026@a.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
            )
        };
        let invitation = Mail::new("invitation", &fields, calendar("REQUEST").into_bytes());
        self.alice_sends(&[&room.address], &invitation);
        let arrived = self.one_copy(&self.pair.b, &room.address, &invitation);
        let opened = mailer::open(&room, &arrived);
        assert!(has(&opened.entity, "UID:budget-2026@a.example"));

        let fields = format!(
            "From: {}\r\nTo: {alice}\r\nSubject: Accepted: Budget\r\nIn-Reply-To: {}\r\n\
             Auto-Submitted: auto-replied\r\n",
            room.address, invitation.message_id
        );
        let answer = Mail::new("accepted", &fields, calendar("REPLY").into_bytes());
        let at = self.pair.b.machines();
        let said = mailer::hand_in(&room.dir, at, &[], "<>", &[alice], &answer.octets);
        let _ = said.ends(0);
        let arrived = self.one_copy(&self.pair.a, alice, &answer);
        assert!(has(&arrived, "\r\nFrom: \"room1 (automatic)\" <auto-reply@b.example>\r\n"));
        assert!(has(&arrived, "automatic=yes\r\n"));
        let opened = mailer::open(&self.pair.alice, &arrived);
        assert!(has(&opened.entity, "METHOD:REPLY") && has(&opened.entity, "UID:budget-2026@"));
    }

    fn a_scanner_writes_without_a_login_and_another_machine_does_not(&self) {
        self.pair.b.add_role("scanner", "system", "Scanner");
        let (alice, bob) = (&self.pair.alice.address, &self.bob.address);
        let fields = format!("From: scanner@b.example\r\nTo: {alice}, {bob}\r\nSubject: Scan\r\n");
        let entity = "Content-Type: application/pdf; name=scan.pdf\r\n\
            Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQKJSVFT0YK\r\n";
        let scan = |name: &str| Mail::new(name, &fields, entity.as_bytes().to_vec());
        let to = [alice.as_str(), bob];
        let hand_in = |from_ip: &str, mail: &Mail| {
            let more = ["--local-interface", from_ip];
            let (dir, at) = (self.pair.place.path(), self.pair.b.machines());
            let said = mailer::hand_in(dir, at, &more, "scanner@b.example", &to, &mail.octets);
            let _ = said.ends(0);
        };
        let good = scan("scan");
        hand_in("127.0.0.9", &good);
        let at_a = self.one_copy(&self.pair.a, alice, &good);
        let at_b = self.one_copy(&self.pair.b, bob, &good);
        for arrived in [&at_a, &at_b] {
            assert!(has(arrived, "signed-by=system; auth=system"), "{}", text(arrived));
        }
        assert_eq!(mailer::open(&self.pair.alice, &at_a).signer, "scanner@b.example");
        assert_eq!(mailer::open_from_inside(&self.bob, &at_b).signer, "scanner@b.example");
        hand_in("127.0.0.10", &scan("not-a-scan"));
        self.in_the_log_of_b("SSMAX-1120");
    }

    fn an_alias_is_expanded_behind_the_gateway(&self) {
        let mail = mails::short("alias", &self.pair.alice.address, "info@b.example");
        self.alice_sends(&["info@b.example"], &mail);
        let arrived = self.one_copy(&self.pair.b, &self.bob.address, &mail);
        let opened = mailer::open(&self.bob, &arrived);
        assert_eq!(opened.signer, self.pair.alice.address);
        assert_eq!(opened.entity, mail.entity);
    }

    fn no_seal_leaves_by_a_redirect_of_a_mailbox_and_the_sender_hears_of_it(&self) {
        let frank = self.pair.b.add_person("frank", "田中 一郎", false);
        let before = self.pair.a.inbox(&self.pair.alice.address).len();
        let elsewhere = "frank@outside.example";
        self.pair.b.dovecot().filter(&frank.address, &format!("redirect \"{elsewhere}\";\r\n"));
        let mail = mails::short("redirected", &self.pair.alice.address, &frank.address);
        self.alice_sends(&[&frank.address], &mail);
        let (_, report) = self.alice_gets(before);
        assert_eq!(report.signer, "mailer-daemon@b.example");
        assert!(has(&report.entity, elsewhere) && has(&report.entity, "SSMAX-1120"));
        let log = self.pair.b.postfix().log();
        let left = |line: &&str| line.contains(elsewhere) && line.contains("status=sent");
        assert_eq!(log.lines().find(left), None);
    }

    fn a_list_sends_on_as_new_mail_with_the_verified_one_attached(&self) {
        self.pair.b.add_role("team", "list", "The team");
        let adam = self.pair.a.add_person("adam", "小林 亘", false);
        let mail = mails::short("to-the-team", &self.pair.alice.address, "team@b.example");
        self.alice_sends(&["team@b.example"], &mail);
        let at_b = next_of(&self.pair.b, &self.bob.address, "X-Loop: team@b.example");
        let at_a = next_of(&self.pair.a, &adam.address, "X-Loop: team@b.example");
        for arrived in [&at_b, &at_a] {
            for field in [
                "\r\nFrom: \"alice (a.example) via team\" <team@b.example>\r\n",
                "\r\nReply-To: team@b.example\r\n",
                "\r\nList-Id: <team.b.example>\r\n",
                "signed-by=system; auth=list",
            ] {
                assert!(has(arrived, field), "{field}: {}", text(arrived));
            }
            assert!(!can_be_read(mails::SECRET, arrived), "{}", text(arrived));
        }
        mailer::judge(self.pair.a.site(), &adam, &at_a);
        let read = [mailer::open_from_inside(&self.bob, &at_b), mailer::open(&adam, &at_a)];
        for opened in read {
            assert_eq!(opened.signer, "team@b.example");
            // The mail as alice wrote it, with its subject and under her own signature.
            let entity = text(&opened.entity);
            let (_, attached) = entity.split_once("Content-Type: message/rfc822").unwrap();
            assert!(attached.contains(&format!("Message-ID: {}", mail.message_id)), "{entity}");
            assert!(attached.contains(&format!("Subject: {}", mails::SECRET)), "{entity}");
            assert!(attached.contains(&text(&mail.entity)), "{entity}");
            assert!(attached.contains("multipart/signed"), "{entity}");
        }
        // A colleague's mail goes on too, and nobody's from outside.
        let colleagues = mails::short("from-a-colleague", &self.bob.address, "team@b.example");
        let to = ["team@b.example"];
        let _ = mailer::submit(&self.pair.b, &self.bob, &to, &colleagues.octets).ends(0);
        let _ = next_of(&self.pair.a, &adam.address, "bob (b.example) via team");
        let (dir, stranger) = (self.pair.place.path(), "stranger@outside.example");
        let mail = mails::short("from-outside", stranger, "team@b.example");
        let _ = mailer::hand_in(dir, self.pair.b.mx(), &[], stranger, &to, &mail.octets).ends(0);
        self.in_the_log_of_b("SSMAX-1121");
    }

    fn a_redirect_sends_on_to_another_member(&self) {
        self.pair.b.add_role("former", "list", "Somebody who left");
        let mail = mails::short("to-who-left", &self.pair.alice.address, "former@b.example");
        self.alice_sends(&["former@b.example"], &mail);
        let arrived = next_of(&self.pair.a, "adam@a.example", "alice (a.example) via former");
        assert!(has(&arrived, "\r\nReply-To: alice@a.example\r\n"), "{}", text(&arrived));
    }

    fn a_shared_mailbox_is_read_and_answered_by_its_members(&self) {
        let (alice, bob) = (&self.pair.alice, &self.bob);
        let office = self.pair.b.add_shared("office", &[bob]);
        let question = mails::short("question", &alice.address, &office.address);
        self.alice_sends(&[&office.address], &question);
        let arrived = self.one_copy(&self.pair.b, &office.address, &question);
        assert_eq!(mailer::open(&office, &arrived).entity, question.entity);

        let answer = mails::short("answer-of-the-office", &office.address, &alice.address);
        let said = mailer::submit(&self.pair.b, bob, &[&alice.address], &answer.octets);
        let _ = said.ends(0);
        let arrived = self.one_copy(&self.pair.a, &alice.address, &answer);
        assert!(has(&arrived, "on-behalf-by=bob@b.example\r\n"), "{}", text(&arrived));
        assert_eq!(mailer::open(alice, &arrived).signer, office.address);
        // Nobody else may.
        let frank = self.pair.b.add_person("grace", "伊藤 恵", false);
        let said = mailer::submit(&self.pair.b, &frank, &[&alice.address], &answer.octets);
        assert!(said.exit != 0 && said.text().contains("SSMAX-1102"), "{}", said.text());
    }

    fn a_notice_to_everybody_reaches_each_once_through_a_greylist(&self) {
        let local: Vec<String> = (1..=EVERYBODY).map(|number| format!("u{number}")).collect();
        let everybody = self.pair.b.add_person_at("everybody", "職員 一同", false, &local);
        let addresses: Vec<String> = local.iter().map(|one| format!("{one}@b.example")).collect();
        let to: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let before = self.pair.b.put_off();
        let mut field = String::new();
        for address in &addresses {
            let _ = write!(field, "{}{address}", if field.is_empty() { "" } else { ",\r\n " });
        }
        let notice = mails::short("notice", &self.pair.alice.address, &field);
        self.alice_sends(&to, &notice);
        let mut arrived = Vec::new();
        for address in &addresses {
            arrived.push(self.one_copy(&self.pair.b, address, &notice));
        }
        assert_eq!(self.pair.b.put_off() - before, EVERYBODY);
        let opened = mailer::open(&everybody, arrived.last().unwrap());
        assert_eq!(
            (opened.signer.as_str(), opened.entity),
            ("alice@a.example", notice.entity.clone())
        );
        self.pair.nothing_waits(ARRIVAL);
        for address in &addresses {
            assert_eq!(copies(&self.pair.b, address, &notice).len(), 1, "{address}");
        }
        for member in [&self.pair.a, &self.pair.b] {
            let log = member.postfix().log();
            let lost = |line: &&str| line.contains("to=<u") && line.contains("status=bounced");
            assert_eq!(log.lines().find(lost), None);
        }
    }

    /// Submits as alice. What is put off is tried again, as a mailer's outbox does.
    fn alice_sends(&self, recipients: &[&str], mail: &Mail) {
        self.pair.alice_sends(recipients, mail, ARRIVAL);
    }

    /// The next mail in alice's mailbox, as it came and opened.
    #[track_caller]
    fn alice_gets(&self, before: usize) -> (Vec<u8>, Opened) {
        let arrived = wait_for("a mail for alice", ARRIVAL, || {
            let mut inbox = self.pair.a.inbox(&self.pair.alice.address);
            (inbox.len() > before).then(|| inbox.pop()).flatten()
        });
        assert!(has(&arrived, "class=verified"), "{}", text(&arrived));
        let opened = mailer::open(&self.pair.alice, &arrived);
        (arrived, opened)
    }

    #[track_caller]
    fn one_copy(&self, member: &Member, address: &str, mail: &Mail) -> Vec<u8> {
        arrives(member, address, mail, ARRIVAL)
    }

    #[track_caller]
    fn in_the_log_of_b(&self, words: &str) {
        wait_for(words, ARRIVAL, || self.pair.b.postfix().log().contains(words).then_some(()));
    }
}

/// Waits for a mail with these words in its header, of which there must be one.
#[track_caller]
fn next_of(member: &Member, address: &str, words: &str) -> Vec<u8> {
    let mut found = wait_for(&format!("{words} for {address}"), ARRIVAL, || {
        let mut inbox = member.inbox(address);
        inbox.retain(|octets| has(octets, words));
        Some(inbox).filter(|found| !found.is_empty())
    });
    assert_eq!(found.len(), 1);
    found.pop().unwrap()
}
