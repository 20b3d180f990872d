//! Any target: the one that `SSMAX_FUZZ_TARGET` names. With `SSMAX_FUZZ_SEEDS` nothing is
//! fuzzed; the seeds of all targets are written to the folder that it names.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ssmax_fuzz::{Target, seeds, target};

static CHOSEN: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("SSMAX_FUZZ_TARGET").expect("SSMAX_FUZZ_TARGET names a target");
    target(&name).unwrap_or_else(|| panic!("there is no target {name}"))
});

fuzz_target!(
    init: {
        if let Some(folder) = std::env::var_os("SSMAX_FUZZ_SEEDS") {
            seeds::write_all(Path::new(&folder)).expect("the folder can be written to");
            std::process::exit(0);
        }
    },
    |octets: &[u8]| (CHOSEN.run)(octets)
);
