//! The sample mails of docs/clients.md, made by the lines that stand there: each is what the
//! page says of it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ssmax_e2e::needs;
use ssmax_e2e::pair::has;
use ssmax_e2e::place::Place;
use ssmax_e2e::process::{Said, run};
use ssmax_e2e::ssmax::Site;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The two pages.
const PAGES: [&str; 2] = ["docs/clients.md", "docs/clients.ja.md"];

#[test]
fn the_lines_in_both_languages_make_the_sample_mails_that_the_page_describes() {
    if !needs::are_met() {
        return;
    }
    let lines = PAGES.map(lines_of);
    assert_eq!(lines[0], lines[1]);
    let place = Place::new();
    let site = Site::new(place.private_dir("trial"), "");
    let _ = site.run(&["demo", "--dir", "demo"]).ends(0);
    let script = ["-e", "-c", &lines[0]];
    let _ = run(Command::new("sh").args(script).current_dir(&site.dir)).ends(0);

    let samples = Samples { dir: site.path("demo/samples") };
    for (name, digits) in [("text", "10"), ("same", "10"), ("gcm", "10"), ("changed", "11")] {
        samples.says(name, &format!("(B{digits}\u{1b}$B"));
        let said = samples.verify();
        let is_good = said.exit == 0;
        assert_eq!(is_good, name != "changed", "{name}: {}", said.err);
        assert!(is_good || said.err.contains("CMS_SignerInfo_verify_content"), "{}", said.err);
    }
    for (name, cipher) in [("same", "aes-256-cbc"), ("gcm", "aes-256-gcm")] {
        let said = samples.openssl(&format!("cms -cmsout -print -noout -in {name}.eml")).ends(0);
        assert!(said.text().contains(cipher), "{}", said.text());
    }
    samples.says("files", "application/pdf");
    let _ = samples.verify().ends(0);
    for key in ["encryption", "signing", "encryption-3des", "signing-3des"] {
        let said = samples
            .openssl(&format!("pkcs12 -in {key}.p12 -passin pass:sample -nodes -info -noout"));
        let is_old = said.err.contains("pbeWithSHA1And3-KeyTripleDES-CBC");
        assert_eq!((said.exit, is_old), (0, key.ends_with("-3des")), "{key}: {}", said.err);
    }
    for (certificate, is_root) in [("seal-ca", true), ("member-ca", false)] {
        let line = format!("x509 -inform DER -in {certificate}.cer -noout -subject -issuer");
        let text = samples.openssl(&line).ends(0).text();
        let names: Vec<&str> =
            text.lines().filter_map(|line| line.split_once('=')).map(|(_, name)| name).collect();
        assert_eq!(names[0] == names[1], is_root, "{text}");
    }
}

/// The lines of the page's one block of shell.
fn lines_of(page: &str) -> String {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = fs::read_to_string(top.join(page)).unwrap();
    let (_, block) = text.split_once("\n```sh\n").unwrap();
    let (lines, rest) = block.split_once("\n```\n").unwrap();
    assert!(!rest.contains("```sh"), "{page}");
    lines.to_owned()
}

/// The folder that the lines have made.
struct Samples {
    dir: PathBuf,
}

impl Samples {
    /// Decrypts a sample with bob's key, and finds these words in it.
    #[track_caller]
    fn says(&self, name: &str, words: &str) {
        let line = format!(
            "cms -decrypt -in {name}.eml -inkey ../b/people/bob/encryption.key.pem \
             -recip ../b/people/bob/encryption.crt.pem -out opened"
        );
        let _ = self.openssl(&line).ends(0);
        let opened = fs::read(self.dir.join("opened")).unwrap();
        assert!(has(&opened, words), "{name}: {}", String::from_utf8_lossy(&opened));
    }

    /// Verifies what was opened last under the seal CA.
    fn verify(&self) -> Said {
        self.openssl("cms -verify -in opened -CAfile seal-ca.pem -out entity")
    }

    fn openssl(&self, line: &str) -> Said {
        let line = line.replace("seal-ca.pem", "../b/people/bob/seal-ca.pem");
        let arguments = line.split_whitespace();
        run(Command::new("openssl").args(arguments).current_dir(&self.dir))
    }
}
