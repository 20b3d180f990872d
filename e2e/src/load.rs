//! Somebody who writes all the time: mails to one to five people, each tried until it is
//! taken, as a mailer's outbox does.

use crate::mailer;
use crate::mails::Mail;
use crate::random::Random;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long the outbox waits after a failure.
const PAUSE: Duration = Duration::from_millis(300);

/// How long one mail may be tried: a role that was killed is back long before.
const PATIENCE: Duration = Duration::from_secs(120);

/// A mail that was taken.
#[derive(Debug, Clone)]
pub struct Sent {
    /// It.
    pub mail: Mail,
    /// Whom it is for.
    pub recipients: Vec<String>,
    /// How often it was tried.
    pub tries: usize,
}

/// Who writes: several outboxes at once.
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    sent: Arc<Mutex<Vec<Sent>>>,
    outboxes: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts to write from `sender` to any of `people`.
    pub fn start(
        account: &mailer::Account,
        people: &[String],
        outboxes: usize,
        random: &mut Random,
    ) -> Self {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let numbers = Arc::new(AtomicUsize::new(0));
        let outboxes = (0..outboxes).map(|_| {
            let outbox = Outbox {
                account: account.clone(),
                people: people.to_vec(),
                random: random.fork(),
                stop: Arc::clone(&stop),
                sent: Arc::clone(&sent),
                numbers: Arc::clone(&numbers),
            };
            thread::spawn(move || outbox.write())
        });
        Self { outboxes: outboxes.collect(), stop, sent }
    }

    /// How many mails have been taken.
    pub fn taken(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// Writes no more; what is begun is sent.
    pub fn end(self) -> Vec<Sent> {
        self.stop.store(true, Ordering::SeqCst);
        for outbox in self.outboxes {
            outbox.join().unwrap();
        }
        std::mem::take(&mut self.sent.lock().unwrap())
    }
}

struct Outbox {
    account: mailer::Account,
    people: Vec<String>,
    random: Random,
    stop: Arc<AtomicBool>,
    sent: Arc<Mutex<Vec<Sent>>>,
    numbers: Arc<AtomicUsize>,
}

impl Outbox {
    fn write(mut self) {
        while !self.stop.load(Ordering::SeqCst) {
            let number = self.numbers.fetch_add(1, Ordering::SeqCst);
            let mut people = self.people.clone();
            self.random.shuffle(&mut people);
            people.truncate(1 + self.random.below(self.people.len()));
            // No two mails are alike.
            let name = format!("load-{number}-{:016x}", self.random.number());
            let fields = format!("From: {}\r\nTo: {}\r\n", self.account.address, people.join(", "));
            let body = format!("Mail {name}\r\n").repeat(1 + self.random.below(200));
            let entity = format!("Content-Type: text/plain; charset=us-ascii\r\n\r\n{body}");
            let mail = Mail::new(&name, &fields, entity.into_bytes());
            let tries = self.send(&mail, &people);
            self.sent.lock().unwrap().push(Sent { mail, recipients: people, tries });
        }
    }

    fn send(&self, mail: &Mail, people: &[String]) -> usize {
        let began = Instant::now();
        let asked: Vec<_> = people.iter().map(|one| (one.as_str(), "")).collect();
        for tries in 1.. {
            let answer = mailer::try_submit(&self.account, "", &asked, &mail.octets);
            match &answer {
                Ok(said) if said.starts_with('2') => return tries,
                Ok(said) => assert!(said.starts_with('4'), "{}: {said}", mail.message_id),
                Err(_) => {}
            }
            assert!(began.elapsed() < PATIENCE, "{} is not taken: {answer:?}", mail.message_id);
            thread::sleep(PAUSE);
        }
        unreachable!()
    }
}
