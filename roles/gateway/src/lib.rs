//! Mail in and out: SMTP, LMTP, the journey's stages (paper: 送信/受信メール検証システム).
//!
//! [`outbound`] and [`inbound`] have the steps of the journey in files of their names,
//! [`hold`] is for mail that waits for an officer, `archive_notice` tells people of opened
//! mail;
//! [`listen`] and [`wire`] are the protocols on either side. The gateway talks to the
//! internet and holds no key but that of its submission statements.
// The journey of a mail is one future within another, deeper than the compiler looks by
// itself where it optimises.
#![recursion_limit = "256"]
#![allow(
    clippy::disallowed_methods,
    reason = "a role does I/O: sockets, files and the clock are what it is for"
)]

mod ambiguity;
mod archive_notice;
mod claim;
mod config;
pub mod dsn;
mod fate;
mod gateway;
mod hold;
mod inbound;
mod journal;
mod list;
pub mod listen;
mod member_list;
mod notice;
mod outbound;
mod preserve;
mod reply;
mod report;
mod serve;
mod system;
mod tables;
mod trail;
mod watch;
pub mod wire;

pub use config::{
    AfterOpening, Ambiguous, Delivery, FederationConfig, GatewayConfig, HoldConfig, Notify,
    Outside, Settings, VolumeConfig,
};
pub use hold::try_objects;
pub use journal::{FateRow, JourneyRow, TicketFate, fates_of, journey, list_version, ticket_fates};
pub use list::{ListConfig, ListFault, Lists, ReplyTo};
pub use serve::{ServeError, look_at_state, serve};
pub use system::SystemConfig;
pub use tables::tables;
