//! What processes have used, as the kernel tells it.

use std::collections::HashMap;
use std::fs;

/// What one of the kernel's units of processor time is in milliseconds: user space is told
/// hundredths of a second on every architecture that Linux is built for today.
const TICK_MS: f64 = 10.0;

/// A moment of processor time, in milliseconds.
pub(super) type Milliseconds = f64;

/// One line of `/proc/PID/stat`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stat {
    parent: u32,
    /// User and system time, of its own and of the children it has waited for.
    used: Milliseconds,
}

/// What a process has used with all children that it has waited for; nothing of one that
/// is not there.
pub(super) fn used(pid: u32) -> Milliseconds {
    read(&format!("/proc/{pid}/stat")).map_or(0.0, |stat| stat.used)
}

/// What one thread of this process has used.
pub(super) fn used_by_thread(tid: u32) -> Milliseconds {
    read(&format!("/proc/self/task/{tid}/stat")).map_or(0.0, |stat| stat.used)
}

/// What a process has used with everything below it. Whoever has ended in between is among
/// what its parent has waited for.
pub(super) fn used_by_tree(root: u32) -> Milliseconds {
    let mut all = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        let stat = pid.and_then(|pid| Some((pid, read(&format!("/proc/{pid}/stat"))?)));
        all.extend(stat);
    }
    let is_below = |mut pid: u32| loop {
        if pid == root {
            return true;
        }
        match all.get(&pid) {
            Some(stat) if stat.parent != pid && stat.parent != 0 => pid = stat.parent,
            _ => return false,
        }
    };
    all.iter().filter(|(pid, _)| is_below(**pid)).map(|(_, stat)| stat.used).sum()
}

/// The most memory that a process has had at once since [`forget_peak`], in KiB.
pub(super) fn peak(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Begins to look for the most memory anew.
pub(super) fn forget_peak(pid: u32) {
    // proc(5): "5: Reset the peak resident set size". Where it is not possible, the peak
    // is that of the whole run, which is never too small.
    let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

fn read(path: &str) -> Option<Stat> {
    parse(&fs::read_to_string(path).ok()?)
}

/// proc(5): the name stands in brackets and may have any characters; field 4 is the parent,
/// 14 to 17 are utime, stime, cutime and cstime.
fn parse(stat: &str) -> Option<Stat> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: Option<Vec<f64>> =
        fields.get(11..15)?.iter().map(|field| field.parse().ok()).collect();
    let used = ticks?.iter().sum::<f64>() * TICK_MS;
    Some(Stat { parent: fields.get(1)?.parse().ok()?, used })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_moves_no_field() {
        let stat = "12 (a) b (c) S 7 1 1 0 -1 4194304 1 2 3 4 10 20 30 40 20 0 1 0 5 6 7";
        assert_eq!(parse(stat), Some(Stat { parent: 7, used: 1000.0 }));
        for broken in ["", "12 (a", "12 (a) S 7", "12 (a) S x 1 1 0 -1 4 1 2 3 4 1 2 3 4 5"] {
            assert_eq!(parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn work_is_seen_in_the_process_its_tree_and_a_thread() {
        let own = std::process::id();
        let before = used_by_tree(own);
        let tid = rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs();
        let mut number = 1_u64;
        while used_by_thread(tid) < 30.0 {
            for _ in 0..100_000 {
                number = std::hint::black_box(number.wrapping_mul(6_364_136_223_846_793_005) + 1);
            }
        }
        assert!(used(own) >= 30.0);
        assert!(used_by_tree(own) >= before);
        assert_eq!((used(u32::MAX), used_by_tree(u32::MAX)), (0.0, 0.0));
    }

    #[test]
    fn a_peak_is_told_of_who_is_there() {
        assert!(peak(std::process::id()).is_some_and(|kib| kib > 500));
        assert_eq!(peak(u32::MAX), None);
    }
}
