//! What a panic says: where it was, and nothing of what was being worked on.

use std::panic::PanicHookInfo;

/// From here on a panic in this process prints its place only. Its message may quote what
/// was being read, and that is somebody's mail; also of a panic that is caught.
pub fn tell_place_only() {
    std::panic::set_hook(Box::new(|panic| eprintln!("{}", told(panic))));
}

fn told(panic: &PanicHookInfo<'_>) -> String {
    match panic.location() {
        Some(place) => format!("panic at {}:{}", place.file(), place.line()),
        None => "panic".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn a_panic_tells_its_place_and_not_its_message() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&heard);
        let before = std::panic::take_hook();
        // Other tests of this process may panic meanwhile, too.
        std::panic::set_hook(Box::new(move |panic| {
            if let Ok(mut heard) = writer.lock() {
                heard.push(told(panic));
            }
        }));
        let caught = std::panic::catch_unwind(|| panic!("secret {}", 42));
        std::panic::set_hook(before);
        assert!(caught.is_err());
        let heard = heard.lock().unwrap().join("\n");
        assert!(heard.contains("panics.rs:") && !heard.contains("secret"), "{heard}");
    }
}
