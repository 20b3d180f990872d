//! A process that gets no more file descriptors.

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use std::path::Path;

/// What is left of them to a process, until this is dropped.
#[derive(Debug)]
pub struct Starved {
    process: Pid,
    before: Rlimit,
}

impl Starved {
    /// Leaves nothing but what it has open.
    #[track_caller]
    pub fn of(process: i32) -> Self {
        Self::at(process, 0)
    }

    /// Leaves it those that it has open below the first that is free: what it closes of them
    /// can be had again.
    #[track_caller]
    pub fn of_new_ones(process: i32) -> Self {
        let is_free = |number: &u64| !Path::new(&format!("/proc/{process}/fd/{number}")).exists();
        Self::at(process, (0..).find(is_free).unwrap())
    }

    fn at(process: i32, limit: u64) -> Self {
        let process = Pid::from_raw(process).unwrap();
        let own = getrlimit(Resource::Nofile);
        let limit = Rlimit { current: Some(limit), maximum: own.maximum };
        let before = prlimit(Some(process), Resource::Nofile, limit).unwrap();
        Self { process, before }
    }
}

impl Drop for Starved {
    fn drop(&mut self) {
        // One that has ended needs none.
        let before = Rlimit { current: self.before.current, maximum: self.before.maximum };
        let _ = prlimit(Some(self.process), Resource::Nofile, before);
    }
}
