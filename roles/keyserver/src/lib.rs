//! Every private key of a member, used only on a ticket (paper: 鍵管理サーバ).
//!
//! A ticket stands for one mail whose sender the keyserver itself has verified; each
//! operation asks whether the ticket allows it. The rooms:
//! [`admit`] opens tickets; [`release`] hands content keys to one worker and takes its
//! verdict, [`verify`] does so at an ESP; [`rewrap`] makes the copies for other members,
//! [`preserve`] those for recipients here; [`sign_hop`], [`seal`] and [`sign_user`] sign
//! what they build themselves; [`person`] does what people ask for on their own word,
//! [`hold`] is for mail that waits for an officer, [`decision`] takes what one decides, [`archive`] for mail of others, [`identify`] for the person behind a mail; [`audit`] writes down all of it, [`limits`]
//! bounds it, [`again`] answers the same request the same way; [`people`] and [`member_list`] are what
//! it judges by; [`setup`] makes and installs the keys.
#![allow(clippy::disallowed_methods, reason = "a role has clock, files and sockets")]

mod admit;
mod again;
mod archive;
mod audit;
mod config;
mod decision;
mod delegation;
mod hold;
mod identify;
mod levels;
mod limits;
mod list_post;
mod member_list;
mod named;
mod outside;
mod own_keys;
mod people;
mod person;
mod preserve;
mod release;
mod rewrap;
mod rotate;
mod schema;
mod seal;
mod serve;
mod setup;
mod sign_hop;
mod sign_user;
mod state;
mod ticket;
mod verdict;
mod verify;
mod watch;

pub use admit::{StatementService, statement_services};
pub use audit::{
    AuditFault, AuditReport, Head, TicketRow, TicketTrace, newest_head, ticket_rows,
    verify as verify_audit,
};
pub use config::{ArchiveConfig, KeyserverConfig, Settings, TraceConfig};
pub use levels::{Below, Expected, Level, Levels, Signature};
pub use limits::Limits;
pub use named::cannot_sign;
pub use outside::OutsideCertificates;
pub use rotate::{Rotation, rotate};
pub use serve::{Keyserver, look_at_state, serve};
pub use setup::{
    PublicKeys, SetupError, initialise, install_admission, install_renewal, public_keys,
    trust_statement_key,
};

/// The keyserver's databases, for who carries them elsewhere.
#[must_use]
pub fn tables() -> Vec<ssmax_store::Tables> {
    let log =
        ssmax_store::Tables { name: audit::DATABASE, migrations: audit::MIGRATIONS, files: None };
    vec![
        ssmax_store::Tables { name: "keyserver", migrations: schema::MIGRATIONS, files: None },
        log,
    ]
}
