//! The enrolment page as an administrator, a person, a mail scanner and a stranger meet it:
//! the real roles, curl, OpenSSL, and Chromium where it is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test"
)]

use ssmax_daemon::ports::Ports;
use ssmax_support::site::{Serving, Site};
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

const ROLES: [&str; 5] = ["keyserver", "ca", "inspector", "gateway", "enrol"];

/// A member with the page, and four people.
struct Page {
    site: Site,
    serving: Serving,
    url: String,
}

fn run(site: &Site, program: &str, line: &str) -> Output {
    let mut command = Command::new(program);
    command.args(line.split_whitespace()).current_dir(site.path("")).output().unwrap()
}

fn may_skip(program: &str) -> bool {
    let missing = Command::new(program).arg("--version").output().is_err();
    assert!(!missing || std::env::var_os("CI").is_none(), "{program} is missing");
    if missing {
        println!("skipped: {program} is missing");
    }
    missing
}

impl Page {
    fn open() -> Self {
        let site = Site::new();
        site.join();
        let made = run(
            &site,
            "openssl",
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
             -addext subjectAltName=DNS:localhost -keyout a/enrol.key.pem -out a/enrol.pem",
        );
        assert!(made.status.success());
        let mut ports = Ports::claim().unwrap();
        let address = ports.free(Ipv4Addr::LOCALHOST.into()).unwrap();
        let url = format!("https://localhost:{}", address.port());
        let section = format!(
            "\n[enrol]\nlisten = '{address}'\nurl = '{url}'\ntls_certificate = 'enrol.pem'\n\
             tls_key = 'enrol.key.pem'\n[enrol.limits]\nfailures_per_hour = 12\n\
             max_form_bytes = 8192\n[ca.login]\ninvitation_tries = 2\n"
        );
        site.write("a/ssmax.toml", &(site.member_config() + &section));
        let serving = site.serve("a", &["--no-restart"], &ROLES);
        for (user, name, proof) in [
            ("1001", "山田 <花子>", "in-person"),
            ("1002", "Card Holder", "employee-card"),
            ("1003", "Unproved", "e-mail"),
            ("1004", "Coded", "in-person"),
        ] {
            let address = format!("p{user}@a.example");
            let line = ["add", user, "--name", name, "--address", &address, "--proof", proof];
            site.member("user", &[&line[..], &["--device-secret"]].concat()).ends(0);
        }
        Self { site, serving, url }
    }

    fn invite(&self, user: &str, more: &[&str]) -> (String, Option<String>) {
        let said = self.site.member("user", &[&["invite", user, "--json"], more].concat());
        let facts = said.ends(0).json();
        let link = facts["link"].as_str().unwrap().to_owned();
        (link, facts["code"].as_str().map(str::to_owned))
    }

    /// Status, header and body of what curl gets.
    fn curl(&self, arguments: &[&str]) -> (String, String, String) {
        let output = Command::new("curl")
            .args(["-sS", "--cacert", "a/enrol.pem", "-D", "head", "-o", "body"])
            .args(["-w", "%{http_code}"])
            .args(arguments)
            .current_dir(self.site.path(""))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let status = String::from_utf8(output.stdout).unwrap();
        let read = |name: &str| {
            let octets = fs::read(self.site.path(name)).unwrap_or_default();
            let _ = fs::remove_file(self.site.path(name));
            String::from_utf8_lossy(&octets).into_owned()
        };
        (status, read("head").to_ascii_lowercase(), read("body"))
    }

    fn look(&self, link: &str, code: &str) -> (String, String) {
        let code = format!("code={code}");
        let (status, _, body) =
            self.curl(&["--data-urlencode", "step=look", "--data-urlencode", &code, link]);
        (status, body)
    }

    fn fetch(&self, link: &str, code: &str, platform: &str, request: &str) -> (String, String) {
        let fields =
            [format!("code={code}"), format!("platform={platform}"), format!("request={request}")];
        let mut line = vec!["--data-urlencode", "step=fetch"];
        for field in &fields {
            line.extend(["--data-urlencode", field]);
        }
        line.push(link);
        let (status, _, body) = self.curl(&line);
        (status, body)
    }

    /// Fetches a file that a page names.
    fn file(&self, page: &str, name: &str) -> Vec<u8> {
        let (path, _) = page
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split_once('"'))
            .find(|(path, _)| path.ends_with(&format!("/{name}")))
            .unwrap_or_else(|| panic!("no {name}: {page}"));
        let output = Command::new("curl")
            .args(["-sSf", "--cacert", "a/enrol.pem", &format!("{}{path}", self.url)])
            .current_dir(self.site.path(""))
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}");
        fs::write(self.site.path(name), &output.stdout).unwrap();
        output.stdout
    }
}

fn password(page: &str) -> &str {
    let (_, rest) = page.split_once("<code>").unwrap();
    rest.split_once("</code>").unwrap().0
}

#[test]
fn a_link_gives_a_persons_keys_once_and_nobody_else_anything() {
    if may_skip("curl") || may_skip("openssl") {
        return;
    }
    let page = Page::open();
    only_who_was_proved_is_invited(&page);
    what_scans_mail_uses_nothing_up(&page);
    a_person_gets_a_package_that_openssl_opens(&page);
    a_card_keeps_its_key(&page);
    a_code_is_asked_for_and_may_be_tried_twice(&page);
    an_invitation_ends(&page);
    a_browser_shows_it(&page);
    what_is_no_form_of_the_page_is_refused(&page);
    who_guesses_is_stopped(&page);
    assert_eq!(page.serving.stop(), Some(0));
}

fn only_who_was_proved_is_invited(page: &Page) {
    let said = page.site.member("user", &["invite", "1003"]).ends(1);
    assert!(said.err.contains("proved") || said.err.contains("確認"), "{}", said.err);
    page.site.member("user", &["invite", "nobody"]).ends(1);
}

fn what_scans_mail_uses_nothing_up(page: &Page) {
    let (link, code) = page.invite("1001", &[]);
    assert_eq!(code, None);
    assert!(link.starts_with(&format!("{}/e/", page.url)) && link.len() >= page.url.len() + 43);
    let none = format!("{}/e/{}", page.url, "0".repeat(40));
    let (status, head, good) = page.curl(&[&link]);
    assert_eq!(status, "200");
    for field in [
        "cache-control: no-store",
        "referrer-policy: no-referrer",
        "content-security-policy: default-src 'none'; style-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
        "x-frame-options: deny",
        "strict-transport-security: max-age=",
        "x-content-type-options: nosniff",
    ] {
        assert!(head.contains(field), "{field}: {head}");
    }
    assert!(!good.contains("花子") && !good.contains("p1001"), "{good}");
    // Whether a link is one, nobody learns by opening it.
    let (status, _, bad) = page.curl(&[&none]);
    assert_eq!(status, "200");

    let own = link.rsplit('/').next().unwrap();
    assert_eq!(good.replace(own, ""), bad.replace(&"0".repeat(40), ""));
    for _ in 0..3 {
        assert_eq!(page.curl(&["--head", &link]).0, "200");
    }
    let (status, _, body) = page.curl(&["-H", "Accept-Language: ja", &link]);
    assert!(status == "200" && body.contains("<html lang=\"ja\">") && body.contains("続ける"));
    let (status, shown) = page.look(&link, "");
    assert_eq!(status, "200");
    assert!(shown.contains("山田 &lt;花子&gt;") && shown.contains("p1001@a.example"), "{shown}");
    assert_eq!(page.look(&link, "").0, "200");
}

fn a_person_gets_a_package_that_openssl_opens(page: &Page) {
    let (link, _) = page.invite("1001", &[]);
    assert_eq!(page.fetch(&link, "", "windows", "no request").0, "400");
    assert_eq!(page.fetch(&link, "", "toaster", "").0, "400");
    let (status, made) = page.fetch(&link, "", "windows", "");
    assert_eq!(status, "200", "{made}");
    let password = password(&made).to_owned();
    assert_eq!((password.len(), password.split('-').count()), (23, 4));
    page.file(&made, "keys.p12");
    let opened = run(
        &page.site,
        "openssl",
        &format!("pkcs12 -in keys.p12 -passin pass:{password} -nodes -info"),
    );
    let text = String::from_utf8_lossy(&opened.stdout);
    assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
    assert_eq!(text.matches("-----BEGIN PRIVATE KEY-----").count(), 3, "{text}");
    assert!(text.contains("friendlyName: p1001@a.example sign"), "{text}");
    let script = page.file(&made, "install.ps1");
    assert!(String::from_utf8(script).unwrap().contains("Import-PfxCertificate"));
    assert!(page.file(&made, "keys.zip").starts_with(b"PK\x03\x04"));
    let steps = String::from_utf8(page.file(&made, "STEPS.txt")).unwrap();
    assert!(steps.contains("Outlook") && !steps.contains(&password));
    // Trusted by the anchors that came along, and the organisation knows it as a file's.
    page.file(&made, "seal-ca.crt");
    page.file(&made, "member-ca.crt");
    page.site.write("pw", &password);
    fs::set_permissions(page.site.path("pw"), fs::Permissions::from_mode(0o600)).unwrap();
    page.site.write("m.eml", "From: p1001@a.example\r\nTo: b@b.example\r\nSubject: s\r\n\r\nx\r\n");
    let line =
        ["mail", "sign", "m.eml", "--key", "keys.p12", "--password-file", "pw", "--out", "s.eml"];
    page.site.ssmax(&line).ends(0);
    let said = page.site.ssmax(&["verify", "s.eml", "--trust", "member-ca.crt", "--json"]).ends(0);
    assert_eq!(said.json()["signer"], "p1001@a.example");
    // A link counts once, and what is used up looks like what never was.
    let (status, used) = page.look(&link, "");
    let (_, never) = page.look(&format!("{}/e/{}", page.url, "1".repeat(40)), "");
    assert_eq!((status.as_str(), used.as_str()), ("404", never.as_str()));
    assert_eq!(page.fetch(&link, "", "windows", "").0, "404");
    let (status, _, body) = page.curl(&[&format!("{}/d/{}/keys.p12", page.url, "2".repeat(40))]);
    assert_eq!((status.as_str(), body.as_str()), ("404", never.as_str()));
    // Apple's devices.
    let (link, _) = page.invite("1001", &[]);
    let (_, made) = page.fetch(&link, "", "apple", "");
    let profile = String::from_utf8(page.file(&made, "keys.mobileconfig")).unwrap();
    assert!(profile.contains("com.apple.security.pkcs12"), "{profile}");
}

fn a_card_keeps_its_key(page: &Page) {
    let (link, _) = page.invite("1002", &["--card"]);
    let (status, shown) = page.look(&link, "");
    assert!(status == "200" && shown.contains("required></textarea>"), "{shown}");
    assert_eq!(page.fetch(&link, "", "thunderbird", "").0, "400");
    let made = run(&page.site, "openssl", "ecparam -name prime256v1 -genkey -noout -out card.key");
    assert!(made.status.success());
    let made = run(&page.site, "openssl", "req -new -key card.key -subj /CN=card -out card.csr");
    assert!(made.status.success());
    let request = fs::read_to_string(page.site.path("card.csr")).unwrap();
    let (status, made) = page.fetch(&link, "", "thunderbird", &request);
    assert_eq!(status, "200", "{made}");
    page.file(&made, "signing.pem");
    let key = run(&page.site, "openssl", "pkey -in card.key -pubout").stdout;
    assert_eq!(run(&page.site, "openssl", "x509 -in signing.pem -noout -pubkey").stdout, key);
    // Only the encryption keys are in the package.
    page.file(&made, "keys.p12");
    let line = format!("pkcs12 -in keys.p12 -passin pass:{} -nodes", password(&made));
    let opened = run(&page.site, "openssl", &line).stdout;
    let opened = String::from_utf8_lossy(&opened).into_owned();
    assert!(!opened.contains("sign 2") && opened.contains("p1002@a.example encrypt"), "{opened}");
}

fn a_code_is_asked_for_and_may_be_tried_twice(page: &Page) {
    let (link, code) = page.invite("1004", &["--code"]);
    let code = code.unwrap();
    assert!(code.len() == 8 && code.bytes().all(|digit| digit.is_ascii_digit()), "{code}");
    let wrong = if code == "00000000" { "11111111" } else { "00000000" };
    let (status, refused) = page.look(&link, wrong);
    let (_, never) = page.look(&format!("{}/e/{}", page.url, "1".repeat(40)), "");
    assert_eq!((status.as_str(), refused.as_str()), ("404", never.as_str()));
    // Grouped as people write it; the right one gives the try back.
    let grouped = format!("{} {}", &code[..4], &code[4..]);
    for _ in 0..3 {
        assert_eq!(page.look(&link, &grouped).0, "200");
    }
    assert_eq!(page.look(&link, "").0, "404");
    assert_eq!(page.look(&link, &code).0, "404", "two wrong ones were all");
    let (link, code) = page.invite("1004", &["--code"]);
    assert_eq!(page.fetch(&link, &code.unwrap(), "android", "").0, "200");
}

fn an_invitation_ends(page: &Page) {
    let (first, _) = page.invite("1004", &[]);
    let (second, _) = page.invite("1004", &[]);
    assert_eq!(
        (page.look(&first, "").0.as_str(), page.look(&second, "").0.as_str()),
        ("404", "200")
    );
    page.site.member("user", &["invite", "1004", "--end"]).ends(0);
    assert_eq!(page.look(&second, "").0, "404");
}

/// Chromium, in Japanese; the picture is kept where `SSMAX_PICTURES` says.
fn a_browser_shows_it(page: &Page) {
    let Some(browser) = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|program| Command::new(program).arg("--version").output().is_ok())
    else {
        let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!is_ci, "needed and not here: chromium");
        println!("skipped: chromium is missing");
        return;
    };
    let (link, _) = page.invite("1001", &[]);
    let profile = page.site.path("profile").display().to_string();
    let shown = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--ignore-certificate-errors"])
        .args(["--lang=ja", "--accept-lang=ja"])
        .args([&format!("--user-data-dir={profile}"), "--window-size=800,900"])
        .args(["--screenshot=page.png", &link])
        .current_dir(page.site.path(""))
        .output()
        .unwrap();
    let picture = fs::read(page.site.path("page.png")).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&shown.stderr));
    });
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 5_000, "{}", picture.len());
    if let Some(folder) = std::env::var_os("SSMAX_PICTURES") {
        fs::write(std::path::Path::new(&folder).join("enrol-landing.png"), picture).unwrap();
    }
    // A browser has opened it, and it is still good.
    assert_eq!(page.look(&link, "").0, "200");
}

fn what_is_no_form_of_the_page_is_refused(page: &Page) {
    let (link, _) = page.invite("1001", &[]);
    let large = format!("request={}", "x".repeat(8200));
    for (arguments, status) in [
        (vec!["-X", "DELETE", &link], "405"),
        (vec!["-H", "Content-Type: application/json", "-d", "{}", &link], "415"),
        (vec!["-d", "user=1001", &link], "400"),
        (vec!["-d", "step=look&step=fetch", &link], "400"),
        (vec!["-d", "step=steal", &link], "400"),
        (vec!["-d", &large, &link], "413"),
    ] {
        assert_eq!(page.curl(&arguments).0, status, "{arguments:.60?}");
    }
    for path in ["/", "/e/", "/e/abc", "/../etc/passwd", "/d/x", "/favicon.ico"] {
        let (status, head, _) = page.curl(&["--path-as-is", &format!("{}{path}", page.url)]);
        assert_eq!(status, "404", "{path}");
        assert!(head.contains("cache-control: no-store"), "{head}");
    }
    assert_eq!(page.curl(&[&format!("{link}?x=1")]).0, "404");
    assert_eq!(page.look(&link, "").0, "200");
}

fn who_guesses_is_stopped(page: &Page) {
    let (link, _) = page.invite("1001", &[]);
    let mut seen = Vec::new();
    for number in 0..13 {
        let guess = format!("{}/e/{number:040x}", page.url);
        seen.push(page.look(&guess, "").0);
    }
    assert!(seen.contains(&"429".to_owned()), "{seen:?}");
    assert_eq!(page.look(&link, "").0, "429", "a good one too: nobody learns which is which");
}
