//! `ssmax user otp`: one-time codes behind a person's password.

use super::{Proof, ask};
use crate::command::{ConfigFile, Context};
use crate::complaint::{Complaint, Exit};
use qrcodegen::{QrCode, QrCodeEcc};
use serde_json::json;
use ssmax_api::ca::{NewCode, OfficerRequest, RenewCode};
use std::process::ExitCode;

/// Light modules around a QR code (ISO/IEC 18004 6.3.8: four).
const QUIET: i32 = 4;

/// Arguments of `ssmax user otp`.
#[derive(Debug, clap::Args)]
pub(super) struct Otp {
    /// The user id or one of the addresses.
    user: String,
    /// How identity was proved now: no weaker than at registration.
    #[arg(long, value_name = "PROOF", hide_possible_values = true)]
    proof: Proof,
    /// The password alone is enough from now on.
    #[arg(long)]
    end: bool,
    #[command(flatten)]
    config: ConfigFile,
}

pub(super) fn renew(args: &Otp, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let request =
        RenewCode { user: args.user.clone(), proof: args.proof.as_str().to_owned(), end: args.end };
    let answer = ask::<NewCode>(&config, &OfficerRequest::RenewCode(request), &args.user);
    let new = answer.map_err(|complaint| match complaint.name {
        "user-malformed" => {
            Complaint::new(Exit::Bad, "otp-without-password").with("user", &args.user)
        }
        _ => complaint,
    })?;
    context.print(&json!({ "user": new.user, "uri": new.uri }), || match &new.uri {
        Some(uri) => {
            let begun = context.text("cli-user-otp", &[("user", &new.user)]);
            let shown = context.text("cli-user-otp-uri", &[("uri", uri)]);
            format!("{begun}\n{}{shown}", picture(uri))
        }
        None => context.text("cli-user-otp-ended", &[("user", &new.user)]),
    });
    Ok(ExitCode::SUCCESS)
}

/// A QR code in characters, two rows of modules to a line. Light is drawn, so that it reads
/// on a dark terminal; applications read it inverted as well. Nothing for a text that does
/// not fit, which stands below in letters anyway.
fn picture(text: &str) -> String {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return String::new() };
    let is_light = |x: i32, y: i32| !code.get_module(x, y);
    let mut drawn = String::new();
    for y in (-QUIET..code.size() + QUIET).step_by(2) {
        for x in -QUIET..code.size() + QUIET {
            drawn.push(match (is_light(x, y), is_light(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        drawn.push('\n');
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_a_square_with_a_light_border() {
        let drawn = picture("otpauth://totp/A:a%40a.example?secret=GEZDGNBVGY3TQOJQ");
        let lines: Vec<&str> = drawn.lines().collect();
        let width = lines[0].chars().count();
        assert!(lines.iter().all(|line| line.chars().count() == width), "{drawn}");
        assert_eq!(lines.len(), width.div_ceil(2));
        let is_border = |line: &str| line.chars().all(|module| module == '█');
        assert!(is_border(lines[0]) && is_border(lines[1]) && !is_border(lines[2]), "{drawn}");
        assert!(lines.iter().all(|line| line.starts_with("████")), "{drawn}");
        assert_eq!(picture(&"x".repeat(5000)), "");
    }
}
