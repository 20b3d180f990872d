//! What a person does with a key when the mailer cannot.
//!
//! [`sign`] and [`encrypt`] make S/MIME mails out of ordinary ones, [`attach`] encrypts
//! attachments one by one, [`forward`] gives a received mail on, [`submission`] hands them
//! to the own mail server, [`open`] decrypts and judges what came back, [`learn`]
//! takes their writers' encryption certificates out of them and [`known`] keeps those.
//! [`rekey`] asks the own keyserver to give old mail to a new key, [`circulated`] is what two
//! officers sign together, [`archive`] what they name of mail of others. [`key`] reads the files that keys come in. Only [`submission`] does I/O.
#![allow(
    clippy::disallowed_methods,
    reason = "handing a mail to a server is I/O; everything else takes octets"
)]

pub mod archive;
pub mod attach;
pub mod circulated;
pub mod encrypt;
pub mod forward;
pub mod hold;
pub mod key;
pub mod known;
pub mod learn;
pub mod open;
pub mod rekey;
pub mod sign;
pub mod submission;

mod parts;
