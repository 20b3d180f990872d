//! One function for each reader of foreign octets.
//!
//! Each module is a target: `run` gives the octets to a reader and asserts what has to
//! hold whatever they are. A target never cares whether the octets are accepted, only
//! that nothing panics, hangs or grows without bound, and that its property holds. The
//! same functions run under libFuzzer (the folder above) and, with every seed and some
//! changes of each, as tests on the stable compiler (`tests/seeds.rs`).
//!
//! [`TARGETS`] is the list; `README.md` in the folder above says which reader belongs to
//! which target.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a target reports what it finds by panicking, and seeds are files"
)]

pub mod address;
pub mod attachments;
pub mod certificate;
pub mod checkpoint;
pub mod clamd_reply;
pub mod cms_ber;
pub mod cms_capabilities;
pub mod cms_compressed;
pub mod cms_enveloped;
pub mod cms_recipient;
pub mod cms_signed;
pub mod cms_signer;
pub mod configuration;
pub mod crl;
pub mod decrypt;
pub mod directory;
pub mod evidence;
pub mod frame;
pub mod header;
pub mod header_protection;
pub mod hop_mail;
pub mod hop_record;
pub mod inspection_compound;
pub mod inspection_container;
pub mod inspection_file;
pub mod inspection_mail;
pub mod inspection_pdf;
pub mod join_files;
pub mod judge;
pub mod key_file;
pub mod known_people;
pub mod ldap_answer;
pub mod lmtp_session;
pub mod mail;
pub mod member_list;
pub mod milter;
pub mod next_hop;
pub mod ocsp;
pub mod ocsp_request;
pub mod path;
pub mod pem;
pub mod person_request;
pub mod request;
pub mod scim;
pub mod seal_record;
pub mod sealed_record;
pub mod second_opinion;
pub mod signed_list;
pub mod smtp_session;
pub mod statement;
pub mod submission;
pub mod transfer;

pub mod mutate;
pub mod seeds;

mod fixed;
mod memory;
mod session;

use self::seeds::Pool;

/// A reader of foreign octets, ready to be tried.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name of the module, of the libFuzzer target and of the folders of seeds.
    pub name: &'static str,
    /// Gives the octets to the reader.
    pub run: fn(&[u8]),
    /// Where its seeds come from, besides `seeds/NAME` and `regressions/NAME`.
    pub pools: &'static [Pool],
    /// Seeds that are written down in the target itself.
    pub made: fn() -> Vec<Vec<u8>>,
    /// How many changed seeds the stable test tries: fewer where one costs much.
    pub rounds: usize,
}

/// For a target whose seeds are all files.
fn nothing_made() -> Vec<Vec<u8>> {
    Vec::new()
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        &[$(Target {
            name: stringify!($name),
            run: $name::run,
            pools: $name::POOLS,
            made: $name::made,
            rounds: $name::ROUNDS,
        }),*]
    };
}

/// All targets, in the order of their names.
pub const TARGETS: &[Target] = targets![
    address,
    attachments,
    certificate,
    checkpoint,
    clamd_reply,
    cms_ber,
    cms_capabilities,
    cms_compressed,
    cms_enveloped,
    cms_recipient,
    cms_signed,
    cms_signer,
    configuration,
    crl,
    decrypt,
    directory,
    evidence,
    frame,
    header,
    header_protection,
    hop_mail,
    hop_record,
    inspection_compound,
    inspection_container,
    inspection_file,
    inspection_mail,
    inspection_pdf,
    join_files,
    judge,
    key_file,
    known_people,
    ldap_answer,
    lmtp_session,
    mail,
    member_list,
    milter,
    next_hop,
    ocsp,
    ocsp_request,
    path,
    pem,
    person_request,
    request,
    seal_record,
    sealed_record,
    scim,
    second_opinion,
    signed_list,
    smtp_session,
    statement,
    submission,
    transfer,
];

/// The target of that name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
