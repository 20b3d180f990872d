//! `ssmax bench members`: member lists of made-up federations, loaded, asked and brought
//! forward as a gateway does it.

use crate::command::Context;
use crate::complaint::{Complaint, Exit};
use serde_json::{Value, json};
use ssmax_federation::checkpoint::Checkpoint;
use ssmax_federation::signed::{open, open_deltas, sign, sign_checkpoint, sign_delta};
use ssmax_federation::{
    Capabilities, Delta, Directory, Kind, Limits, ListFault, Member, MemberList, Names, Standing,
    StandingState, corporate_number_check_digit, member_id,
};
use ssmax_pki::profile::{self, Basis, Validity};
use ssmax_pki::{Certificate, issue, lint};
use ssmax_primitives::{SoftwareKey, SystemRandom, sha256};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use std::fs;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;
use time::{Duration, OffsetDateTime};

/// What loading may take, in milliseconds, and a look-up, in microseconds.
const LOAD_GOAL: f64 = 2000.0;
const LOOK_UP_GOAL: f64 = 1000.0;

/// Look-ups of each kind.
const LOOK_UPS: usize = 100_000;

/// Certificates of each member: signing, two for encryption, member CA.
const CERTIFICATES: usize = 4;

/// Arguments of `ssmax bench members`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many members.
    #[arg(long, value_name = "NUMBERS", default_value = "1000,100000", value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(2..=150_000))]
    members: Vec<u32>,
}

/// Of one federation.
struct Row {
    members: u32,
    list_octets: usize,
    checkpoint_octets: usize,
    delta_octets: usize,
    sign_ms: f64,
    load_ms: f64,
    advance_ms: f64,
    look_up_us: f64,
    unknown_us: f64,
    proof_hashes: usize,
    memory_kib: Option<u64>,
}

/// Measures and reports.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let signer = Signer::new()?;
    let rows: Vec<Row> =
        args.members.iter().map(|count| measure(*count, &signer)).collect::<Result<_, _>>()?;
    let facts: Vec<Value> = rows.iter().map(Row::json).collect();
    context.print(&json!({ "rows": facts }), || describe(&rows, context));
    Ok(ExitCode::SUCCESS)
}

struct Signer {
    root: Certificate,
    certificate: Certificate,
    key: SoftwareKey,
    at: OffsetDateTime,
}

impl Signer {
    fn new() -> Result<Self, Complaint> {
        let generate = || SoftwareKey::generate(KeyAlgorithm::EcP256).map_err(failed);
        let (root_key, key) = (generate()?, generate()?);
        let now = OffsetDateTime::now_utc();
        let at = now.replace_nanosecond(0).unwrap_or(now);
        let basis = |key: &SoftwareKey, days| {
            let validity = Validity::days(at - Duration::HOUR, days);
            Basis::new(key.spki(), issue::random_serial(&SystemRandom), validity)
        };
        let linted = |draft| lint::lint(draft).map_err(|_| failed("lint"));
        let draft = profile::root(basis(&root_key, 2), "Measurement", "Measurement Root");
        let root = issue::self_signed(linted(draft)?, &root_key)?;
        let draft = profile::list_signer(basis(&key, 1), "Measurement", "Measurement List");
        let certificate = issue::issue(linted(draft)?, &root, &root_key)?;
        Ok(Self { root, certificate, key, at })
    }

    fn chain(&self) -> &[Certificate] {
        std::slice::from_ref(&self.certificate)
    }

    fn roots(&self) -> &[Certificate] {
        std::slice::from_ref(&self.root)
    }
}

fn measure(count: u32, signer: &Signer) -> Result<Row, Complaint> {
    let at = signer.at;
    let list = MemberList {
        version: 1,
        issued: at,
        expires: at + Duration::hours(24),
        members: (0..count).map(|number| member(number, at)).collect(),
    };
    let start = Instant::now();
    let signed = sign(&list, signer.chain(), &signer.key, at).map_err(refused)?;
    let sign_ms = milliseconds(start);

    // One member is suspended.
    let mut suspended = list.members.first().cloned().ok_or_else(|| failed("members"))?;
    suspended.standing =
        Standing { state: StandingState::Suspended, since: at, reason: "measured".to_owned() };
    let mut after = list;
    after.version = 2;
    if let Some(first) = after.members.first_mut() {
        first.clone_from(&suspended);
    }
    let after = Directory::new(after).map_err(refused)?;
    let checkpoint = Checkpoint::of(&after, b"");
    let id = suspended.id.clone();
    drop(after);
    let delta = Delta { from: 1, version: 2, changed: vec![suspended] };
    let delta = sign_delta(&delta, signer.chain(), &signer.key, at).map_err(refused)?;
    let signed_checkpoint =
        sign_checkpoint(&checkpoint, signer.chain(), &signer.key, at).map_err(refused)?;

    let before = resident();
    let start = Instant::now();
    let loaded = open(&signed, signer.roots(), at).and_then(Directory::new).map_err(refused)?;
    let load_ms = milliseconds(start);
    let memory_kib = before.zip(resident()).map(|(before, after)| after.saturating_sub(before));

    let known: Vec<String> = (0..LOOK_UPS).map(|number| domain(scattered(number, count))).collect();
    let look_up_us = each(&known, |name| loaded.member_of_domain(name).is_some())?;
    let unknown: Vec<String> = (0..LOOK_UPS).map(|number| format!("x{number}.example")).collect();
    let unknown_us = each(&unknown, |name| loaded.member_of_domain(name).is_none())?;

    let start = Instant::now();
    let steps = open_deltas(&[&delta], signer.roots(), at).map_err(refused)?;
    let advanced = loaded.advanced(&steps, &checkpoint).map_err(refused)?;
    let advance_ms = milliseconds(start);
    let (_, proof) = advanced.inclusion(&id).ok_or_else(|| failed("inclusion"))?;
    Ok(Row {
        members: count,
        list_octets: signed.len(),
        checkpoint_octets: signed_checkpoint.len(),
        delta_octets: delta.len(),
        sign_ms,
        load_ms,
        advance_ms,
        look_up_us,
        unknown_us,
        proof_hashes: proof.len(),
        memory_kib,
    })
}

/// The middle would hide what a few look-ups cost, so this is the time of all by their
/// number.
fn each(names: &[String], right: impl Fn(&str) -> bool) -> Result<f64, Complaint> {
    let start = Instant::now();
    let all = names.iter().all(|name| black_box(right(name)));
    let taken = start.elapsed().as_secs_f64() * 1e6;
    #[allow(clippy::cast_precision_loss, reason = "exact below 2^53")]
    let mean = taken / names.len() as f64;
    if all { Ok(mean) } else { Err(failed("look-up")) }
}

fn member(number: u32, at: OffsetDateTime) -> Member {
    let assigned = format!("{:012}", 10_000_000_000_u64 + u64::from(number));
    let corporate_number =
        format!("{}{assigned}", corporate_number_check_digit(&assigned).unwrap_or_default());
    let certificate = |which| hex::encode(sha256(format!("{number} {which}").as_bytes()));
    Member {
        id: member_id(&corporate_number),
        kind: Kind::Organisation,
        names: Names {
            ja: format!("株式会社測定用組織{number}"),
            kana: format!("カブシキガイシャソクテイヨウソシキ{number}"),
            en: format!("Measurement Organisation {number} Ltd."),
        },
        corporate_number,
        domains: vec![domain(number)],
        certificates: (0..CERTIFICATES).map(certificate).collect(),
        standing: Standing { state: StandingState::Good, since: at, reason: String::new() },
        rating: None,
        incident_contact: format!("abuse@{}", domain(number)),
        capabilities: Capabilities::default(),
    }
}

fn domain(number: u32) -> String {
    format!("organisation{number}.example")
}

/// A member far from the one asked for before, so that no cache helps.
fn scattered(number: usize, count: u32) -> u32 {
    let wide = u64::try_from(number).unwrap_or_default().wrapping_mul(2_654_435_761);
    u32::try_from(wide % u64::from(count)).unwrap_or_default()
}

/// What of this process is in memory.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn milliseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn refused(fault: ListFault) -> Complaint {
    failed(fault)
}

fn failed(operation: impl std::fmt::Display) -> Complaint {
    Complaint::new(Exit::Unavailable, "bench-failed").with("operation", operation)
}

impl Row {
    fn json(&self) -> Value {
        json!({
            "members": self.members,
            "list_octets": self.list_octets,
            "checkpoint_octets": self.checkpoint_octets,
            "delta_octets": self.delta_octets,
            "sign_ms": self.sign_ms,
            "load_ms": self.load_ms,
            "load_met": self.load_ms <= LOAD_GOAL,
            "advance_ms": self.advance_ms,
            "look_up_us": self.look_up_us,
            "unknown_us": self.unknown_us,
            "look_up_met": self.look_up_us.max(self.unknown_us) <= LOOK_UP_GOAL,
            "proof_hashes": self.proof_hashes,
            "memory_kib": self.memory_kib,
        })
    }

    fn line(&self, context: &Context) -> String {
        let outcome = |met| context.text(if met { "bench-met" } else { "bench-missed" }, &[]);
        let memory = self.memory_kib.map_or_else(|| "?".to_owned(), |kib| (kib / 1024).to_string());
        context.text(
            "bench-members-line",
            &[
                ("members", &self.members.to_string()),
                ("list", &(self.list_octets / 1024).to_string()),
                ("checkpoint", &self.checkpoint_octets.to_string()),
                ("delta", &self.delta_octets.to_string()),
                ("sign", &format!("{:.0}", self.sign_ms)),
                ("load", &format!("{:.0}", self.load_ms)),
                ("loadgoal", &outcome(self.load_ms <= LOAD_GOAL)),
                ("advance", &format!("{:.1}", self.advance_ms)),
                ("lookup", &format!("{:.2}", self.look_up_us)),
                ("unknown", &format!("{:.2}", self.unknown_us)),
                ("lookupgoal", &outcome(self.look_up_us.max(self.unknown_us) <= LOOK_UP_GOAL)),
                ("proof", &self.proof_hashes.to_string()),
                ("memory", &memory),
            ],
        )
    }
}

fn describe(rows: &[Row], context: &Context) -> String {
    let limit = Limits::default().max_members.to_string();
    let mut lines = vec![context.text("bench-members-what", &[("limit", &limit)])];
    if cfg!(debug_assertions) {
        lines.push(context.text("bench-not-optimised", &[]));
    }
    lines.extend(rows.iter().map(|row| row.line(context)));
    lines.join("\n")
}
