//! Packages that wait to be fetched: for some minutes, under a name that nobody guesses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Octets of a name: 160 bits.
pub(crate) const NAME_BYTES: usize = 20;

/// One file of a package.
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) media_type: &'static str,
    pub(crate) octets: Zeroizing<Vec<u8>>,
}

/// All packages.
pub(crate) struct Shelf {
    most: usize,
    time: Duration,
    packages: Mutex<HashMap<String, Package>>,
}

struct Package {
    made: Instant,
    files: Vec<Arc<File>>,
}

impl Shelf {
    pub(crate) fn new(most: usize, time: Duration) -> Self {
        Self { most, time, packages: Mutex::default() }
    }

    /// Whether there is room for one more.
    pub(crate) fn has_room(&self, now: Instant) -> bool {
        self.kept(now).len() < self.most
    }

    pub(crate) fn put(&self, name: String, files: Vec<File>, now: Instant) {
        let files = files.into_iter().map(Arc::new).collect();
        self.kept(now).insert(name, Package { made: now, files });
    }

    pub(crate) fn find(&self, package: &str, file: &str, now: Instant) -> Option<Arc<File>> {
        let packages = self.kept(now);
        packages.get(package)?.files.iter().find(|one| one.name == file).map(Arc::clone)
    }

    /// What is kept, without what has been there for too long.
    fn kept(&self, now: Instant) -> MutexGuard<'_, HashMap<String, Package>> {
        let mut packages = self.packages.lock().unwrap_or_else(PoisonError::into_inner);
        packages.retain(|_, package| now.saturating_duration_since(package.made) < self.time);
        packages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_there_for_its_time_and_there_is_room_for_so_many() {
        let shelf = Shelf::new(1, Duration::from_secs(60));
        let now = Instant::now();
        let file = || File {
            name: "keys.p12",
            media_type: "application/x-pkcs12",
            octets: Zeroizing::new(vec![7]),
        };
        assert!(shelf.has_room(now));
        shelf.put("a".into(), vec![file()], now);
        assert!(!shelf.has_room(now));
        assert_eq!(shelf.find("a", "keys.p12", now).unwrap().octets.as_slice(), [7]);
        assert!(
            shelf.find("a", "other", now).is_none() && shelf.find("b", "keys.p12", now).is_none()
        );
        let later = now + Duration::from_secs(60);
        assert!(shelf.find("a", "keys.p12", later).is_none() && shelf.has_room(later));
    }
}
