//! Every sentence a person reads, in Japanese and English.
//!
//! The sentences are Fluent messages in `i18n/{ja,en}/*.ftl`, built into the
//! executable. Their ids say what they are for: `err-*` is what happened, `rec-*` of
//! the same name what to do about it, `cli-*` belongs to the command line.
//!
//! ```
//! use ssmax_texts::{Language, text};
//!
//! let said = text(Language::En, "err-config-missing-field", &[
//!     ("path", "ssmax.toml"),
//!     ("line", "3"),
//!     ("field", "state_dir"),
//! ]);
//! assert_eq!(said, "ssmax.toml, line 3: the field state_dir is missing");
//! ```

mod catalogue;
mod language;

pub use catalogue::{FILES, has, text};
pub use language::Language;
