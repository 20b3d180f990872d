//! `ssmax demo`: an authority and three organisations on loopback, real mails through
//! both gateways, and the bad ones stopped.
//!
//! [`hsm`] makes tokens, [`place`] makes the folder, [`people`] enrols, [`mails`] writes what is sent, [`wire`]
//! is the network between organisations, [`attack`] is what others try, [`cases`] sends
//! it all, [`opened`] reads what arrived as its recipient would, [`record`] writes
//! `demo.json`, [`story`] tells it.

mod attack;
mod cases;
mod hsm;
mod mails;
mod opened;
mod people;
mod place;
mod processes;
mod record;
mod story;
mod submit;
mod wire;

use crate::command::Context;
use crate::complaint::{Complaint, Exit};
use place::Place;
use processes::Processes;
use record::Record;
use std::path::PathBuf;
use std::process::ExitCode;
use story::Story;
use wire::Wires;

/// Arguments of `ssmax demo`.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The folder to make or to use again.
    pub(crate) dir: PathBuf,
    /// Whether everything stays up after the mails are through.
    pub(crate) stay: bool,
    /// Whether a role that has ended is left alone.
    pub(crate) no_restart: bool,
    /// Whether the keys of A and B are kept in SoftHSM.
    pub(crate) hsm: bool,
}

/// What comes before everything else: with SoftHSM, this process starts once more, with
/// the environment that the module reads.
///
/// # Errors
/// SoftHSM that is not installed, a folder that cannot be made.
pub(crate) fn set_out(plan: &Plan) -> Result<(), Complaint> {
    hsm::set_out(plan)
}

/// Runs the demonstration.
pub(crate) async fn run(plan: &Plan, context: &Context) -> Result<ExitCode, Complaint> {
    let story = Story::new(context);
    let tokens = hsm::Tokens::of(plan)?;
    let place = Place::prepare(&plan.dir, tokens.as_ref()).await?;
    story.begin(&place);
    if let Some(tokens) = &tokens {
        story.tokens(tokens);
    }
    let wires = Wires::start(&place).await?;
    let processes = Processes::start(&place, plan.no_restart, context).await?;
    let people = people::enrol(&place).await?;
    story.enrolled(&place);
    let mut record = Record::new(&place, &processes)?;
    let sent = cases::run(&place, &people, &wires, &mut record, &story).await;
    record.write(&place)?;
    let good = match sent {
        Ok(()) => story.end(&record, &place),
        Err(complaint) => {
            processes.stop().await;
            return Err(complaint);
        }
    };
    if plan.stay {
        story.stay(&place, &people);
        let stop = ssmax_daemon::Stop::on_signals().map_err(unavailable)?;
        stop.stopped().await;
    }
    processes.stop().await;
    wires.stop();
    Ok(if good { ExitCode::SUCCESS } else { Exit::Bad.into() })
}

/// Something the demonstration needs has failed.
pub(crate) fn unavailable(error: impl std::fmt::Display) -> Complaint {
    Complaint::new(Exit::Unavailable, "failed").with("reason", error)
}
