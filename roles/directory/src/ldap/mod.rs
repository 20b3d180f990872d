//! LDAP version 3 (RFC 4511) as far as mailers speak it: read here, answered here, nothing
//! done here.

pub(crate) mod answer;
pub mod filter;
pub mod request;

pub use answer::Code;
pub use filter::{Attribute, Filter, FilterFault, FilterLimits, Pieces};
pub use request::{Bind, Message, Operation, Scope, Search};
pub(crate) use ssmax_ldap::ber;
pub use ssmax_ldap::ber::{BerFault, whole};
