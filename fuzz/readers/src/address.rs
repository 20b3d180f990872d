//! Addresses and lists of them (RFC 5322 3.4, RFC 6531).
//!
//! Property: an address that was read is read again from what is written of it, and a
//! display name written beside it changes nothing.

use ssmax_mail::address::{Address, parse_from, parse_list};
use ssmax_mail::compose;

use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[Pool::FieldValues];
pub(crate) const ROUNDS: usize = 1600;

pub(crate) fn made() -> Vec<Vec<u8>> {
    [
        "Alice <alice@a.example>, \"B, C\" <b@b.example>",
        "Group: a@a.example, \"b c\"@b.example;, d@d.example",
        "=?utf-8?B?5bGx55Sw?= (comment \\) \"x\") <\"quoted \\\" local\"@a.example>",
        "用户@例子.example",
        "<@relay.example:a@a.example>",
        "a@[192.0.2.1]",
    ]
    .map(|value| value.as_bytes().to_vec())
    .to_vec()
}

/// Reads the octets as one address, as From and as a list.
pub fn run(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    if let Ok(address) = Address::parse(&text) {
        whole(&address);
    }
    for list in [parse_from(&text), parse_list(&text)].into_iter().flatten() {
        for mailbox in list {
            whole(&mailbox.address);
            let _ = mailbox.shows_other_address();
            let display = mailbox.display.unwrap_or_default();
            let written = compose::mailbox(&display, &mailbox.address);
            let again = parse_from(&written).expect("a mailbox that we write is read");
            let [again] = &again[..] else { panic!("a mailbox became {}", again.len()) };
            assert_eq!(again.address, mailbox.address, "a display name changed the address");
        }
    }
}

fn whole(address: &Address) {
    let written = address.to_string();
    assert!(!written.contains(['\r', '\n', '\0']), "an address holds a line end");
    assert_eq!(Address::parse(&written).as_ref(), Ok(address), "an address changes when written");
    assert!(address.matches(address), "an address is not itself");
    assert!(address.ascii_domain().is_ascii() || !address.domain().is_ascii());
    assert_eq!(Address::new(address.local(), address.domain()).as_ref(), Ok(address));
}
