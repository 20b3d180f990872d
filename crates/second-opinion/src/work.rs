//! A meter of our own work, so that a test can show linear time without a clock.

#[cfg(test)]
thread_local! {
    static SPENT: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Counts `steps` (octets looked at) in tests and is nothing otherwise.
#[inline]
pub(crate) fn spend(steps: usize) {
    #[cfg(test)]
    SPENT.with(|spent| spent.set(spent.get() + steps as u64));
    #[cfg(not(test))]
    let _ = steps;
}

/// The steps that `run` takes on this thread.
#[cfg(test)]
pub(crate) fn measure(run: impl FnOnce()) -> u64 {
    let before = SPENT.with(std::cell::Cell::get);
    run();
    SPENT.with(std::cell::Cell::get) - before
}

#[cfg(test)]
mod tests {
    use super::measure;
    use crate::{Ambiguous, Settled, settle};
    use ssmax_mail::Limits;

    fn mixed(content: &str) -> String {
        format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{content}\r\n--b--\r\n")
    }

    /// Mails that grow with `count`, each of which has to be rebuilt.
    fn growing(count: usize) -> Vec<(&'static str, String)> {
        let attached =
            "Content-Type: a/b; name=x\r\nContent-Disposition: attachment; filename=y\r\n\r\n";
        let quoted = "Content-Transfer-Encoding: quoted-printable\r\n";
        vec![
            ("body", mixed(&format!("{attached}{}", "x --\r\n".repeat(count)))),
            ("boundary in lines", mixed(&format!("\r\n{}", "x --b\r\n".repeat(count)))),
            ("parts", mixed(&format!("{attached}{}", "\r\n--b\r\n\r\nx".repeat(count.min(450))))),
            ("fields", format!("{}{}", "X-A: b\r\n".repeat(count), mixed(attached))),
            ("epilogue", format!("{}{}", mixed("\r\nx"), "Content-X: y\r\n".repeat(count))),
            ("false sequences", format!("{quoted}\r\n{}", "=x\r\n".repeat(count))),
            (
                "subject",
                format!(
                    "Subject: {}\r\n{}",
                    "=?utf-8?q?=E3=81=82?= ".repeat(count),
                    mixed(attached)
                ),
            ),
            (
                "recipients",
                format!("To: {}\r\n{}", "a <a@b.example>, ".repeat(count), mixed(attached)),
            ),
            // Too many to be merged: refused, and in no time either.
            ("field twice", format!("{}{}", "To: a@b.example\r\n".repeat(count), mixed(attached))),
            ("field twice", format!("{}{}", "Date: x\r\n".repeat(count), mixed(attached))),
        ]
    }

    #[test]
    fn settling_takes_linear_work() {
        for ((name, small), (_, large)) in growing(400).iter().zip(growing(800).iter()) {
            let steps = |mail: &String| {
                measure(|| {
                    let settled = settle(mail.as_bytes(), &Limits::default(), Ambiguous::Rebuild);
                    let ended = match &settled {
                        Err(why) => *name == "field twice" && why.is_ambiguity(),
                        Ok(settled) => matches!(settled, Settled::Rebuilt(_)),
                    };
                    assert!(ended, "{name}: {settled:?}");
                })
            };
            let (once, twice) = (steps(small), steps(large));
            // Of a mail refused for its header, the header alone was looked at.
            assert!(once * 2 >= small.len() as u64, "{name}: the meter misses work");
            assert!(twice * 10 <= once * 23, "{name}: {once} steps, doubled {twice}");
        }
    }
}
