//! `ssmax bench inspect`: mails through a worker, from its start to its end, as the
//! inspector has them looked at; with ClamAV and without in turn.

use super::cms::{Size, seconds, size};
use crate::command::{Context, INSPECT_WORKER, block_on};
use crate::complaint::{Complaint, Exit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use ssmax_api::inspector::ScanFile;
use ssmax_inspection::{Direction, Outcome};
use ssmax_inspector::clamav::ClamdAddress;
use ssmax_inspector::{InspectorConfig, Settings, scan};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Arguments of `ssmax bench inspect`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Time for each figure, in seconds.
    #[arg(long, value_name = "N", default_value = "2", value_parser = seconds)]
    seconds: Duration,
    /// Sizes of the mails.
    #[arg(long, value_name = "SIZES", default_value = "10k,100k,1m,10m", value_delimiter = ',',
        value_parser = size)]
    sizes: Vec<Size>,
    /// Where clamd listens: unix:/PATH or tcp:127.0.0.1:PORT. Default: without ClamAV only.
    #[arg(long, value_name = "ADDRESS", value_parser = clamd)]
    clamav: Option<ClamdAddress>,
}

/// The middle time for one mail, in milliseconds, without ClamAV and with it.
struct Row {
    size: String,
    without_ms: f64,
    with_ms: Option<f64>,
}

/// Measures and reports.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let rows = block_on(async {
        let mut rows = Vec::new();
        for size in &args.sizes {
            rows.push(measure(args, size).await?);
        }
        Ok(rows)
    })?;
    let facts: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "size": row.size,
                "without_clamav_ms": row.without_ms,
                "with_clamav_ms": row.with_ms,
            })
        })
        .collect();
    context.print(&json!({ "rows": facts }), || describe(&rows, context));
    Ok(ExitCode::SUCCESS)
}

/// Both ways in turn, so that what slows the machine for a while slows both.
async fn measure(args: &Args, size: &Size) -> Result<Row, Complaint> {
    let mail = Arc::new(mail(size.octets));
    let without = settings(None);
    let with = args.clamav.clone().map(|address| settings(Some(address)));
    // What the first worker needs from the disk is not what is measured.
    once(&without, &mail).await?;
    let (mut without_ms, mut with_ms) = (Vec::new(), Vec::new());
    let start = Instant::now();
    loop {
        without_ms.push(once(&without, &mail).await?);
        if let Some(with) = &with {
            with_ms.push(once(with, &mail).await?);
        }
        if start.elapsed() >= args.seconds {
            break;
        }
    }
    let with_ms = (!with_ms.is_empty()).then(|| middle(with_ms));
    Ok(Row { size: size.name.clone(), without_ms: middle(without_ms), with_ms })
}

/// One mail, in milliseconds. It has to pass: what is stopped early is not measured.
async fn once(settings: &Settings, mail: &Arc<Vec<u8>>) -> Result<f64, Complaint> {
    let file = ScanFile {
        name: "mail.eml".to_owned(),
        direction: Some(Direction::Inbound),
        octets: Arc::clone(mail),
    };
    let failed = || Complaint::new(Exit::Bad, "bench-failed").with("operation", "inspect");
    let start = Instant::now();
    let verdict = scan(settings, file).await.map_err(|error| match &settings.inspector.clamav {
        Some(address) if error == ssmax_inspector::ScanError::Clamd => {
            Complaint::new(Exit::Unavailable, "clamd-unreachable").with("address", address)
        }
        _ => failed(),
    })?;
    let elapsed = start.elapsed().as_secs_f64() * 1000.0;
    if verdict.outcome == Outcome::Pass { Ok(elapsed) } else { Err(failed()) }
}

fn settings(clamav: Option<ClamdAddress>) -> Settings {
    Settings {
        run_dir: PathBuf::new(),
        transport: ssmax_transport::Transport::local(),
        inspector: InspectorConfig { clamav, ..InspectorConfig::default() },
        worker: vec![PathBuf::from("/proc/self/exe"), PathBuf::from(INSPECT_WORKER)],
        verify_only: false,
    }
}

/// A mail of about so many octets: a quarter Japanese text, the rest a file in base64
/// whose octets cannot be compressed, as those of pictures.
fn mail(octets: usize) -> Vec<u8> {
    const LINE: &str = "いつもお世話になっております。添付の資料をご確認ください。\r\n";
    let text = LINE.repeat(octets / 4 / LINE.len() + 1);
    // xorshift64: the same mail in every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let random = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    let file: Vec<u8> = random.flatten().take(octets / 2).collect();
    let mut mail = format!(
        "From: a@a.example\r\nTo: b@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=b\"\r\n\r\n--=b\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         {text}\r\n--=b\r\nContent-Type: image/jpeg; name=\"a.jpg\"\r\n\
         Content-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"a.jpg\"\r\n\r\n"
    );
    for line in file.chunks(57) {
        mail.push_str(&STANDARD.encode(line));
        mail.push_str("\r\n");
    }
    mail.push_str("--=b--\r\n");
    mail.into_bytes()
}

pub(super) fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn describe(rows: &[Row], context: &Context) -> String {
    let mut lines = vec![context.text("bench-inspect-what", &[])];
    if cfg!(debug_assertions) {
        lines.push(context.text("bench-not-optimised", &[]));
    }
    for row in rows {
        let without = format!("{:.1}", row.without_ms);
        let arguments = [("size", row.size.as_str()), ("without", &without)];
        lines.push(match row.with_ms {
            None => context.text("bench-inspect-line", &arguments),
            Some(with) => {
                let (with, more) = (format!("{with:.1}"), format!("{:.1}", with - row.without_ms));
                let [size, without] = arguments;
                let arguments = [size, without, ("with", &with), ("more", &more)];
                context.text("bench-inspect-line-clamav", &arguments)
            }
        });
    }
    lines.join("\n")
}

fn clamd(text: &str) -> Result<ClamdAddress, String> {
    text.parse().map_err(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mail_is_about_as_large_as_asked_and_one_that_passes() {
        for octets in [10 * 1024, 1024 * 1024] {
            let mail = mail(octets);
            let share = mail.len() as f64 / octets as f64;
            assert!((0.85..=1.15).contains(&share), "{octets}: {}", mail.len());
            let read = ssmax_mail::parse(&mail, &ssmax_mail::Limits::default()).unwrap();
            assert_eq!(read.children().len(), 2);
        }
    }

    #[test]
    fn the_middle_is_neither_the_fastest_nor_the_slowest() {
        assert_eq!(middle(vec![9.0, 1.0, 2.0]), 2.0);
    }
}
