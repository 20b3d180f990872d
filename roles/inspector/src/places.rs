//! Who may have a worker now. Mail from outside, which anybody may send, leaves one place
//! to the members' own.

use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

/// The places of all workers.
pub(crate) struct Places {
    all: Semaphore,
    /// Those of them that mail from outside may have at a time.
    from_outside: Semaphore,
}

/// A place, for as long as this lives.
pub(crate) struct Place<'a> {
    _of_all: SemaphorePermit<'a>,
    _from_outside: Option<SemaphorePermit<'a>>,
}

impl Places {
    /// `workers` places, at least one. Where it is the only one, mail from outside takes
    /// it too.
    pub(crate) fn new(workers: usize) -> Self {
        let workers = workers.clamp(1, Semaphore::MAX_PERMITS);
        let from_outside = (workers - 1).max(1);
        Self { all: Semaphore::new(workers), from_outside: Semaphore::new(from_outside) }
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// Never while this lives.
    pub(crate) async fn take(&self, is_from_outside: bool) -> Result<Place<'_>, AcquireError> {
        // In this order: who waits here keeps nothing from the others.
        let from_outside =
            if is_from_outside { Some(self.from_outside.acquire().await?) } else { None };
        Ok(Place { _of_all: self.all.acquire().await?, _from_outside: from_outside })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// The place, if there is one at once.
    fn take(places: &Places, is_from_outside: bool) -> Option<Place<'_>> {
        let taken =
            pin!(places.take(is_from_outside)).poll(&mut Context::from_waker(Waker::noop()));
        match taken {
            Poll::Ready(place) => Some(place.unwrap()),
            Poll::Pending => None,
        }
    }

    #[test]
    fn mail_from_outside_leaves_one_place_to_the_members() {
        for workers in [2, 4] {
            let places = Places::new(workers);
            let mut strangers: Vec<_> = (1..workers).map(|_| take(&places, true)).collect();
            assert!(strangers.iter().all(Option::is_some), "{workers}");
            assert!(take(&places, true).is_none(), "{workers}");
            // However many of them wait.
            let mut waiting = pin!(places.take(true));
            let mut context = Context::from_waker(Waker::noop());
            assert!(waiting.as_mut().poll(&mut context).is_pending());
            let own = take(&places, false);
            assert!(own.is_some() && take(&places, false).is_none(), "{workers}");
            strangers.pop();
            assert!(waiting.as_mut().poll(&mut context).is_ready());
        }
    }

    #[test]
    fn members_have_all_places_and_a_single_one_is_everybodys() {
        let places = Places::new(3);
        let own = [(); 3].map(|()| take(&places, false));
        assert!(own.iter().all(Option::is_some) && take(&places, true).is_none());
        for workers in [0, 1] {
            let places = Places::new(workers);
            let one = take(&places, true);
            assert!(one.is_some() && take(&places, false).is_none());
            drop(one);
            assert!(take(&places, false).is_some());
        }
    }
}
