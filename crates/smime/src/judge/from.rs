//! Whose mail it says to be.

use ssmax_mail::Header;
use ssmax_mail::address::{Address, parse_from};

use super::Reason;

/// The one address in From.
///
/// A display name or comment that shows another address is refused: it is what the recipient
/// reads, and no certificate speaks for it.
pub(super) fn one_from(header: &Header<'_>) -> Result<Address, Reason> {
    let field = match header.one("From") {
        Ok(Some(field)) => field,
        Ok(None) => return Err(Reason::NoFrom),
        Err(_) => return Err(Reason::SeveralFromFields),
    };
    let mailboxes = parse_from(&field.unfolded()).map_err(Reason::Address)?;
    let [mailbox] = mailboxes.as_slice() else { return Err(Reason::SeveralFromAddresses) };
    if mailbox.shows_other_address() {
        return Err(Reason::DisplayShowsOtherAddress);
    }
    Ok(mailbox.address.clone())
}

/// Whether the signed header, where it has a From of its own, names the same address.
///
/// Mailers that know protected headers (RFC 9788) show the inner From, others the
/// outer one: a signature may only count where both are one.
pub(super) fn check_inner(
    from: &Address,
    inner: Option<&Result<Address, Reason>>,
) -> Result<(), Reason> {
    match inner {
        None => Ok(()),
        Some(Ok(inner)) if inner.matches(from) => Ok(()),
        Some(_) => Err(Reason::InnerFromDiffers),
    }
}
