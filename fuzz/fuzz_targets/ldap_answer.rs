#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| ssmax_fuzz::ldap_answer::run(octets));
