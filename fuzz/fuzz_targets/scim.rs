#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| ssmax_fuzz::scim::run(octets));
