//! `ssmax`: one executable, eight roles.
//!
//! [`cli`] is what people type, [`command`] has one file per command, [`config`] is
//! `ssmax.toml`, [`member`] sets up a member's keys and certificates; [`complaint`] and
//! [`explain`] turn what went wrong into sentences with a way out.
#![allow(
    clippy::disallowed_methods,
    reason = "the executable is where clock, files and the network come from"
)]

mod cli;
mod command;
mod complaint;
mod config;
mod demo;
mod explain;
mod files;
mod help;
#[cfg(test)]
mod hints;
mod member;
mod part;
mod sample;
mod words;

use std::process::ExitCode;

fn main() -> ExitCode {
    // The worker shuts itself in before it reads a mail: no runtime, no log, no
    // argument parser may have opened anything by then.
    if std::env::args_os().nth(1).is_some_and(|name| name == command::INSPECT_WORKER) {
        return command::inspect_worker();
    }
    if std::env::args_os().nth(1).is_some_and(|name| name == part::ROLE_PART) {
        return part::main();
    }
    match cli::parse() {
        Ok((command, context)) => command.run(&context),
        Err(exit) => exit,
    }
}
