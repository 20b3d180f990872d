//! `ssmax setup scim`: a token for an identity provider, and the line by which it is known.

use crate::command::Context;
use crate::complaint::{Complaint, Exit};
use serde_json::json;
use ssmax_primitives::SystemRandom;
use std::process::ExitCode;

/// The most characters of a token's name.
const MAX_NAME_CHARS: usize = 64;

/// Arguments of `ssmax setup scim`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whose token it is, for the log.
    #[arg(long, value_name = "NAME", default_value = "identity-provider")]
    name: String,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name = &args.name;
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || !name.chars().all(fits) {
        return Err(Complaint::new(Exit::WrongUse, "setup-scim-name"));
    }
    let (token, sha256) = ssmax_scim::new_token(&SystemRandom);
    let line = format!("tokens = [{{ name = \"{name}\", sha256 = \"{sha256}\" }}]");
    let facts = json!({ "name": name, "token": token, "sha256": sha256 });
    context.print(&facts, || context.text("setup-scim", &[("token", &token), ("line", &line)]));
    Ok(ExitCode::SUCCESS)
}
