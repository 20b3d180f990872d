//! Step 9: re-encrypted for the recipient, by the receiving organisation.

use crate::stage::{ARRIVAL, SECRET, draft, with};
use crate::wire::OnTheLine;
use ssmax_e2e::mails::can_be_read;
use ssmax_e2e::openssl::openssl;
use ssmax_e2e::pair::{arrives, has};
use ssmax_e2e::parts;

#[test]
fn s09_each_recipient_gets_a_copy_that_nobody_else_can_read() {
    with(|stage| {
        let (bob, dave) = (&stage.bob, &stage.dave);
        let (mail, _) = stage.encrypted(&draft("s09", stage.alice(), bob, "Hello."));
        let (line, held) = stage.on_the_line(&mail, &[dave]);
        let of_the_line = OnTheLine::of(&line[0].octets).objects[0].clone();
        drop(held);
        let desk = stage.desk();
        for (reader, other) in [(bob, dave), (dave, bob)] {
            let arrived = arrives(&stage.pair.b, &reader.address, &mail, ARRIVAL);
            assert!(!can_be_read(SECRET, &arrived));
            let object = parts::decoded(&arrived);
            // The reader, and the archive of the own organisation.
            assert_eq!(desk.recipients(&object), ["kari", "kari"]);
            let is_for = |file: &str, person: &ssmax_e2e::member::Person| {
                let names = desk.names(&person.dir.join(file));
                names.iter().any(|name| object.windows(name.len()).any(|at| at == name))
            };
            assert!(is_for("encryption.pem", reader) && !is_for("encryption.pem", other));
            assert!(!is_for("encryption.pem", stage.alice()));
            // A new key and a new ciphertext: what the line carried opens nothing here.
            let end = &of_the_line[of_the_line.len() - 256..];
            assert!(!object.windows(256).any(|at| at == end));
            desk.put("arrived.der", &object);
            let path = desk.path("arrived.der");
            let open = |person: &ssmax_e2e::member::Person| {
                let line = format!(
                    "cms -decrypt -inform DER -in {} -recip encryption.pem \
                     -inkey encryption-key.pem -out opened.eml",
                    path.display()
                );
                openssl(&person.dir, &line).exit
            };
            assert_eq!(open(reader), 0);
            assert_ne!(open(other), 0);
            assert_ne!(open(stage.alice()), 0);
            // A hidden recipient is named in no field.
            assert!(!has(&arrived, &dave.address) || reader.address == dave.address);
        }
    });
}
