//! From octets to the text that a reader sees.

pub(crate) mod active;
pub(crate) mod charset;
pub(crate) mod html;
pub(crate) mod normalise;
pub(crate) mod office;
pub(crate) mod rtf;
pub(crate) mod xml;
