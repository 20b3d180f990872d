//! `ssmax user secret`: a new secret for somebody who has lost theirs.

use super::{Proof, ask};
use crate::command::{ConfigFile, Context};
use crate::complaint::Complaint;
use crate::files;
use serde_json::json;
use ssmax_api::ca::{NewSecret, OfficerRequest, RenewSecret};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `ssmax user secret`.
#[derive(Debug, clap::Args)]
pub(super) struct Secret {
    /// The user id or one of the addresses.
    user: String,
    /// How identity was proved now: no weaker than at registration.
    #[arg(long, value_name = "PROOF", hide_possible_values = true)]
    proof: Proof,
    /// A new password instead, on the first line of this file; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

pub(super) fn renew(args: &Secret, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let password = args.password_file.as_deref().map(files::read_password).transpose()?;
    let request = RenewSecret {
        user: args.user.clone(),
        proof: args.proof.as_str().to_owned(),
        password: password.as_deref().cloned(),
    };
    let new: NewSecret = ask(&config, &OfficerRequest::RenewSecret(request), &args.user)?;
    let facts = json!({ "user": new.user, "device_secret": new.device_secret });
    context.print(&facts, || match &new.device_secret {
        Some(secret) => {
            let shown = context.text("cli-user-device-secret", &[("secret", secret)]);
            format!("{}\n{shown}", context.text("cli-user-secret-renewed", &[("user", &new.user)]))
        }
        None => context.text("cli-user-password-renewed", &[("user", &new.user)]),
    });
    Ok(ExitCode::SUCCESS)
}
