//! A meter of work, so that a test can show linear time without a clock.

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
    use crate::{Entity, Limits, address, canonical, parse, parse_to_mend};

    /// Reads everything there is, as an inspector does.
    fn read_all(octets: &[u8]) {
        if let Ok(mended) = parse_to_mend(octets, &Limits::default()) {
            for part in mended.entity().walk() {
                drop((part.decoded_body(), part.decodes_to(b"x")));
            }
        }
        let Ok(mail) = parse(octets, &Limits::default()) else { return };
        for part in mail.walk() {
            drop((part.decoded_body(), part.text(), part.file_name(), part.notes()));
            for field in part.header().fields() {
                drop((field.decoded(), address::parse_list(&field.unfolded())));
            }
            drop(part.message());
        }
    }

    /// Mails that grow with `count` where a careless reader would work in its square.
    fn growing(count: usize) -> Vec<(&'static str, String)> {
        let around = |content: &str| {
            format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{content}\r\n--b--")
        };
        vec![
            ("text", format!("\r\n{}", "Hello\r\n".repeat(count))),
            ("dashes", around(&format!("\r\n{}", "--\r\n--a\r\n".repeat(count)))),
            ("parts", around(&"\r\nx\r\n--b\r\n".repeat(count.min(900)))),
            ("fields", format!("{}\r\n", "A: =?utf-8?q?b?=\r\n".repeat(count))),
            ("folds", format!("A:{}\r\n\r\n", "\r\n =?utf-8?b?QQ==?=".repeat(count))),
            ("false words", format!("A: {}\r\n\r\n", "=?a?q?".repeat(count))),
            ("comments", format!("A: {}\r\n\r\n", "(a)".repeat(count))),
            ("open comments", format!("A: {}\r\n\r\n", "(".repeat(count))),
            ("quotes", format!("A: {}\r\n\r\n", "\"a\" ".repeat(count))),
            ("addresses", format!("A: {}\r\n\r\n", "a@b,".repeat(count))),
            ("brackets", format!("A: {}\r\n\r\n", "<".repeat(count))),
            (
                "base64",
                format!("Content-Transfer-Encoding: base64\r\n\r\n{}", "QUJD\r\n".repeat(count)),
            ),
            (
                "quoted-printable",
                format!(
                    "Content-Transfer-Encoding: quoted-printable\r\n\r\n{}",
                    "= \r\n=4".repeat(count)
                ),
            ),
            (
                "blanks at line ends",
                format!("Content-Transfer-Encoding: quoted-printable\r\n\r\n{}", " ".repeat(count)),
            ),
            (
                "file name",
                format!("Content-Type: a/b; name=\"{}\"\r\n\r\n", "=?utf-8?q?a?= ".repeat(count)),
            ),
            (
                "unquoted words",
                format!("Content-Type: a/b; name={}\r\n\r\n", "=?utf-8?q?a?= ".repeat(count)),
            ),
            ("comments of a type", format!("Content-Type: a/b {}\r\n\r\n", "(a) ".repeat(count))),
            (
                "open comments of a type",
                format!("Content-Type: a/b{}\r\n\r\n", "; (".repeat(count)),
            ),
            ("semicolons", format!("Content-Type: a/b{}\r\n\r\n", "; ".repeat(count))),
            (
                "utf-7",
                format!("Content-Type: text/plain; charset=utf-7\r\n\r\n{}", "+AGEA".repeat(count)),
            ),
            (
                "escapes",
                format!(
                    "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n{}",
                    "\x1b(B\x1b$B".repeat(count)
                ),
            ),
        ]
    }

    #[test]
    fn reading_takes_linear_work() {
        for ((name, small), (_, large)) in growing(4000).iter().zip(growing(8000).iter()) {
            let (once, twice) =
                (measure(|| read_all(small.as_bytes())), measure(|| read_all(large.as_bytes())));
            assert!(once >= small.len() as u64, "{name}: the meter misses work");
            assert!(twice * 10 <= once * 23, "{name}: {once} steps, doubled {twice}");
        }
    }

    #[test]
    fn nesting_costs_at_most_its_depth() {
        let mut mail = format!("\r\n{}", "text\r\n".repeat(1000));
        for level in 0..20 {
            let boundary = format!("level{level:02}_");
            mail = format!(
                "Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n--{boundary}\r\n{mail}\r\n--{boundary}--"
            );
        }
        let steps = measure(|| drop(parse(mail.as_bytes(), &Limits::default()).unwrap()));
        assert!(steps <= 25 * mail.len() as u64, "{steps}");
    }

    #[test]
    fn making_it_seven_bit_takes_linear_work() {
        let steps = |count: usize| {
            let octets = [b"\r\n".to_vec(), b"\xff\r\n".repeat(count)].concat();
            let mail: Entity<'_> = parse(&octets, &Limits::default()).unwrap();
            measure(|| drop(canonical::to_seven_bit(&mail).unwrap()))
        };
        assert!(steps(8000) * 10 <= steps(4000) * 23);
    }
}
