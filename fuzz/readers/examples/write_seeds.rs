//! Writes every target's seeds to `fuzz/corpus/TARGET`, where cargo-fuzz begins.

use ssmax_fuzz::seeds;

fn main() -> std::io::Result<()> {
    seeds::write_all(&seeds::fuzz_folder().join("corpus"))
}
