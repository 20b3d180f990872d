//! Keys that were parsed already, the ones used last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::{KeyId, KeyPurpose, StoredKey};

type Keys = HashMap<(KeyPurpose, KeyId), Arc<StoredKey>>;

/// Holds at most `capacity` keys. Two generations stand in for an order of use: when the
/// younger one is full it becomes the older one, whose keys not used since are dropped.
pub(crate) struct Cache {
    generation_len: usize,
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    younger: Keys,
    older: Keys,
}

impl Cache {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { generation_len: (capacity / 2).max(1), generations: Mutex::default() }
    }

    pub(crate) fn get(&self, purpose: KeyPurpose, id: &str) -> Option<Arc<StoredKey>> {
        let name = (purpose, id.to_owned());
        let mut generations = self.lock();
        if let Some(key) = generations.younger.get(&name) {
            return Some(Arc::clone(key));
        }
        let key = generations.older.remove(&name)?;
        generations.insert(name, Arc::clone(&key), self.generation_len);
        Some(key)
    }

    pub(crate) fn insert(&self, purpose: KeyPurpose, id: &str, key: Arc<StoredKey>) {
        self.lock().insert((purpose, id.to_owned()), key, self.generation_len);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations> {
        // A thread that panicked here left a map that is still whole.
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn insert(&mut self, name: (KeyPurpose, KeyId), key: Arc<StoredKey>, len: usize) {
        if self.younger.len() >= len {
            self.older = std::mem::take(&mut self.younger);
        }
        self.younger.insert(name, key);
    }
}

#[cfg(test)]
mod tests {
    use ssmax_primitives::SoftwareKey;
    use ssmax_token::KeyAlgorithm;

    use super::*;

    fn stored() -> Arc<StoredKey> {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        Arc::new(StoredKey::software(KeyPurpose::Seal, key))
    }

    #[test]
    fn the_cache_stays_within_its_capacity_and_keeps_what_is_used() {
        let key = stored();
        let cache = Cache::new(8);
        cache.insert(KeyPurpose::Seal, "used", Arc::clone(&key));
        for number in 0..100 {
            cache.insert(KeyPurpose::Seal, &number.to_string(), Arc::clone(&key));
            assert!(cache.get(KeyPurpose::Seal, "used").is_some(), "{number}");
            // The test's own and the cache's.
            assert!(Arc::strong_count(&key) <= 1 + 8);
        }
        assert!(cache.get(KeyPurpose::Seal, "0").is_none());
        assert!(cache.get(KeyPurpose::Seal, "99").is_some());
    }

    #[test]
    fn a_key_is_not_found_under_another_purpose() {
        let key = stored();
        let cache = Cache::new(8);
        cache.insert(KeyPurpose::Seal, "id", key);
        assert!(cache.get(KeyPurpose::Archive, "id").is_none());
    }
}
