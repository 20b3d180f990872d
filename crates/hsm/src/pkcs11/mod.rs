//! Keys in a token behind PKCS#11: a hardware security module, a card, SoftHSM.
//!
//! [`config`] names the token; [`module`] loads the vendor's library once per process and
//! starts it anew when a token was lost; [`token`] logs in and lends sessions; [`object`]
//! makes key objects and checks whose they are; [`key`] uses them; [`probe`] finds out
//! what the token really does. People's cards are used by [`crate::card`] with the same parts.
//!
//! The library is the vendor's code in this process, and trusted like the token itself.

pub(crate) mod config;
pub(crate) mod fault;
pub(crate) mod key;
pub(crate) mod module;
mod new_token;
pub(crate) mod object;
pub(crate) mod pin;
mod probe;
mod token;
mod turn;

pub(crate) use key::TokenKey;
pub use new_token::new_token;
pub use probe::Capabilities;
pub use token::Token;
pub(crate) use token::patiently;
