//! `ssmax user invite`: a link by which a person gets their keys, once.

use super::ask;
use crate::command::{ConfigFile, Context};
use crate::complaint::{Complaint, Exit};
use serde_json::json;
use ssmax_api::ca::{Invite, NewInvitation, OfficerRequest};
use std::process::ExitCode;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Arguments of `ssmax user invite`.
#[derive(Debug, clap::Args)]
pub(super) struct InviteArgs {
    /// The user id or one of the addresses.
    user: String,
    /// Ask for a code as well, which is handed over another way than the link.
    #[arg(long)]
    code: bool,
    /// The person has a card: its certificate request is asked for, and counts as a card's.
    #[arg(long)]
    card: bool,
    /// End the invitation that is there.
    #[arg(long, conflicts_with_all = ["code", "card"])]
    end: bool,
    #[command(flatten)]
    config: ConfigFile,
}

pub(super) fn run(args: &InviteArgs, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    if config.organisation()?.is_esp() {
        return Err(Complaint::new(Exit::WrongUse, "esp-keeps-no-keys").with("user", &args.user));
    }
    let url = config.enrol_url();
    if url.is_none() && !args.end {
        return Err(Complaint::new(Exit::WrongUse, "invite-no-page"));
    }
    let request =
        Invite { user: args.user.clone(), code: args.code, card: args.card, end: args.end };
    let new: NewInvitation =
        ask(&config, &OfficerRequest::Invite(request), &args.user).map_err(|complaint| {
            match complaint.name {
                "user-proof-too-weak" => {
                    Complaint::new(Exit::Bad, "invite-unproved").with("user", &args.user)
                }
                _ => complaint,
            }
        })?;
    let link = new.secret.as_ref().map(|secret| format!("{}/e/{secret}", url.unwrap_or_default()));
    let expires = OffsetDateTime::from_unix_timestamp(new.expires)
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_default();
    let facts = json!({ "user": new.user, "link": link, "code": new.code, "expires": expires });
    context.print(&facts, || match &link {
        None => context.text("cli-user-invitation-ended", &[("user", &new.user)]),
        Some(link) => {
            let facts = [("user", new.user.as_str()), ("link", link), ("expires", &expires)];
            let mut said = vec![context.text("cli-user-invited", &facts)];
            if let Some(code) = &new.code {
                said.push(context.text("cli-user-invited-code", &[("code", code)]));
            }
            said.join("\n")
        }
    });
    Ok(ExitCode::SUCCESS)
}
