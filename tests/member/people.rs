//! People of a member: added, exported, revoked, back again, and what they do with files.

use crate::ROLES;
use ssmax_support::site::Site;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

#[test]
fn people_are_added_listed_exported_and_revoked() {
    let site = Site::new();
    site.join();
    let said = site.member("user", &["list"]).ends(3);
    assert!(said.err.contains("Start it: ssmax serve"), "{}", said.err);

    let serving = site.serve("a", &["--no-restart"], &ROLES);
    let said = site.member("serve", &[]).ends(3);
    assert!(said.err.contains("Another process already serves"), "{}", said.err);
    let said = site.member("serve", &["--role", "ca"]).ends(3);
    assert!(said.err.contains("serves the role ca"), "{}", said.err);
    for role in ROLES {
        assert!(site.path(&format!("a/run/{role}.ready")).exists(), "{role}");
    }
    site.write("password", "correct horse\n");
    fs::set_permissions(site.path("password"), fs::Permissions::from_mode(0o600)).unwrap();
    let add = |user: &str, address: &str, more: &[&str]| {
        let mut line = vec!["add", user, "--name", "山田 花子", "--address", address];
        line.extend(["--proof", "in-person", "--json"]);
        line.extend(more);
        site.member("user", &line)
    };
    let said = add(
        "10234",
        "hanako@a.example",
        &["--password-file", "password", "--server-key", "--out", "hanako-certificates"],
    )
    .ends(0);
    assert_eq!(said.json()["signing"], serde_json::json!(["server"]));
    assert!(site.path("hanako-certificates/signing-server.pem").exists());

    openssl(&site, "ecparam -name prime256v1 -genkey -noout -out key.pem");
    openssl(&site, "req -new -key key.pem -subj /CN=Taro -out request.pem");
    let said =
        add("10235", "taro@a.example", &["--csr", "request.pem", "--device-secret", "--rsa"])
            .ends(0);
    assert_eq!(said.json()["signing"], serde_json::json!(["file"]));
    assert!(said.json()["device_secret"].as_str().unwrap().len() >= 16);

    let said = add("10236", "hanako@a.example", &[]).ends(1);
    assert!(said.err.contains("registered already"), "{}", said.err);
    let said = add("10236", "x@b.example", &[]).ends(1);
    assert!(said.err.contains("not in the organisation's domains"), "{}", said.err);
    site.write("request.der", "no request");
    let said = add("10236", "x@a.example", &["--csr", "request.der"]).ends(2);
    assert!(said.err.contains("no certificate request"), "{}", said.err);

    site.member("user", &["export", "hanako@a.example", "--out", "hanako"]).ends(0);
    let mode = fs::metadata(site.path("hanako/encryption-key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    openssl(&site, "pkey -in hanako/encryption-key.pem -noout");
    openssl(&site, "x509 -in hanako/encryption.pem -noout");
    openssl(&site, "x509 -in hanako/seal-ca.pem -noout");

    // Of two people only the one who is missing is named.
    for (from, to, missing) in [
        ("10234", "saburo", "There is no saburo here"),
        ("saburo", "taro@a.example", "There is no saburo here"),
        ("jiro", "saburo", "There is no jiro, saburo here"),
    ] {
        let said = site.member("user", &["delegate", "--from", from, "--to", to]).ends(1);
        assert!(said.err.contains(missing), "{}", said.err);
        let said = site.member("user", &["undelegate", "--from", from, "--to", to]).ends(1);
        assert!(said.err.contains(missing), "{}", said.err);
    }
    let line = ["undelegate", "--from", "10234", "--to", "taro@a.example"];
    let said = site.member("user", &line).ends(1);
    assert!(said.err.contains("could not write in the name of"), "{}", said.err);
    openssl(
        &site,
        "req -x509 -new -key key.pem -subj /CN=T -addext subjectAltName=email:t@a.example -out t.pem",
    );
    openssl(&site, "cms -encrypt -aes256 -in password -out sealed.eml hanako/encryption.pem");
    let line = ["rekey", "sealed.eml", "--key", "key.pem", "--cert", "t.pem", "--user", "saburo"];
    let said = site.member("mail", &line).ends(1);
    assert!(said.err.contains("knows nobody as saburo"), "{}", said.err);

    // Who was registered without a key that signs is told how to come by one.
    let line = "add 10236 --name Jiro --address jiro@a.example --proof in-person";
    let said = site.member("user", &line.split(' ').collect::<Vec<_>>()).ends(0);
    assert!(said.out.contains("ssmax user renew 10236 --server-key"), "{}", said.out);
    let said = site.member("user", &["renew", "10236", "--json"]).ends(0);
    assert_eq!(said.json()["signing"], serde_json::json!([]));
    for line in [&["renew", "10236", "--server-key", "--json"][..], &["renew", "10236", "--json"]] {
        let said = site.member("user", line).ends(0);
        assert_eq!(said.json()["signing"], serde_json::json!(["server"]), "{line:?}");
    }

    site.member("user", &["revoke", "10234"]).ends(0);
    let people = site.member("user", &["list", "--json"]).ends(0).json();
    assert_eq!(people["users"][0]["active"], false);
    assert_eq!(people["users"][1]["active"], true);
    let said = site.member("user", &["export", "nobody", "--out", "nobody"]).ends(1);
    assert!(said.err.contains("There is no nobody here"), "{}", said.err);

    assert_eq!(serving.stop(), Some(0));
    for role in ROLES {
        assert!(!site.path(&format!("a/run/{role}.ready")).exists(), "{role}");
    }
}

/// Whether the gateway takes this secret.
/// What a person puts into their mailer: one file, whose password comes on another way.
#[test]
fn keys_come_in_one_package_for_the_mailer() {
    let site = Site::new();
    site.join();
    let serving = site.serve("a", &["--no-restart"], &ROLES);
    let line = ["add", "1001", "--name", "山田 花子", "--address", "hanako@a.example"];
    site.member("user", &[&line[..], &["--proof", "in-person"]].concat()).ends(0);
    for (name, password) in [("short", "elf-chars-1"), ("long", "twelve-chars")] {
        site.write(name, password);
        fs::set_permissions(site.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    for (line, exit) in [
        (&["--signing-key"][..], 2),
        (&["--p12", "--password-file", "short"], 2),
        (&["--p12", "--password-file", "long", "--signing-key"], 0),
    ] {
        let line = [&["export", "1001", "--out", "chosen"], line].concat();
        let said = site.member("user", &line).ends(exit);
        assert_eq!(site.path("chosen/keys.p12").exists(), exit == 0, "{said:?}");
        assert!(!said.out.contains("twelve-chars"), "{}", said.out);
    }
    let line = ["export", "1001", "--out", "package", "--p12", "--mobileconfig", "--json"];
    let made = site.member("user", &line).ends(0).json();
    let password = made["password"].as_str().unwrap();
    assert_eq!((password.len(), password.split('-').count()), (23, 4), "{password}");
    // The first package has made a new encryption key too: the one before comes along.
    assert_eq!(made["keys"], 2);
    for name in ["keys.p12", "keys.mobileconfig"] {
        let mode = fs::metadata(site.path("package").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let steps = fs::read_to_string(site.path("package/STEPS.txt")).unwrap();
    for words in ["hanako@a.example", "Thunderbird", "Outlook", "iPhone", "パスワード"] {
        assert!(steps.contains(words), "{steps}");
    }
    assert!(!steps.contains(password));

    // A mail signed with the key of the package is the person's: judged with its own CA.
    fs::write(
        site.path("mail.eml"),
        "From: hanako@a.example\r\nTo: bob@b.example\r\nSubject: s\r\n\r\nHello.\r\n",
    )
    .unwrap();
    let line = ["sign", "mail.eml", "--key", "chosen/keys.p12", "--password-file", "long"];
    site.ssmax(&[&["mail"], &line[..], &["--out", "signed.eml"]].concat()).ends(0);
    let trust = ["verify", "signed.eml", "--trust", "chosen/member-ca.crt", "--json"];
    assert_eq!(site.ssmax(&trust).ends(0).json()["signer"], "hanako@a.example");
    // It was made for the package: nobody else has it.
    let line = ["decrypt", "signed.eml", "--key", "package/keys.p12", "--password-file", "long"];
    site.ssmax(&line).ends(2);
    assert_eq!(serving.stop(), Some(0));
}

fn logs_in(site: &Site, user: &str, secret: &str) -> bool {
    let _ = fs::remove_file(site.path("secret"));
    site.write("secret", secret);
    fs::set_permissions(site.path("secret"), fs::Permissions::from_mode(0o600)).unwrap();
    let text = format!("From: {user}\nTo: {user}\nSubject: x\n\nx\n");
    site.write("mail.eml", &text);
    let server = format!("127.0.0.1:{}", site.submission_port);
    let line = ["send", "mail.eml", "--server", &server, "--user", user, "--password-file"];
    let said = site.ssmax(&[&["mail"], &line[..], &["secret"]].concat());
    let refused = said.err.contains("refused the login");
    // Logged in, it is put off for lack of a member list.
    assert!(refused || said.err.contains("SSMAX-2112"), "{said:?}");
    !refused
}

#[test]
fn a_lost_secret_is_replaced_on_proof_of_identity_and_ends() {
    let site = Site::new();
    site.join();
    let serving = site.serve("a", &["--no-restart"], &ROLES);
    let line = "add 10234 --name Hanako --address hanako@a.example --proof employee-card \
        --device-secret --json";
    let line: Vec<&str> = line.split_ascii_whitespace().collect();
    let first = site.member("user", &line).ends(0).json()["device_secret"].clone();
    let first = first.as_str().unwrap();
    assert!(logs_in(&site, "hanako@a.example", first));

    let secret = |more: &[&str]| site.member("user", &[&["secret"], more].concat());
    let said = secret(&["10234", "--proof", "hr-record"]).ends(1);
    assert!(said.err.contains("proved better at registration"), "{}", said.err);
    secret(&["nobody", "--proof", "in-person"]).ends(1);
    assert!(logs_in(&site, "hanako@a.example", first));
    let said = secret(&["hanako@a.example", "--proof", "in-person", "--json"]).ends(0);
    let second = said.json()["device_secret"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    assert!(!logs_in(&site, "hanako@a.example", first));
    assert!(logs_in(&site, "hanako@a.example", &second));

    site.write("password", "correct horse\n");
    fs::set_permissions(site.path("password"), fs::Permissions::from_mode(0o600)).unwrap();
    let said = secret(&["10234", "--proof", "in-person", "--password-file", "password"]).ends(0);
    assert!(said.out.contains("has a new password"), "{}", said.out);
    assert!(logs_in(&site, "hanako@a.example", "correct horse"));
    assert!(logs_in(&site, "hanako@a.example", &second), "that one was not asked to end");
    let role = "add-role office --kind shared --name Office --address office@a.example";
    site.member("user", &role.split(' ').collect::<Vec<_>>()).ends(0);
    secret(&["office", "--proof", "in-person"]).ends(1);

    site.member("audit", &["verify"]).ends(0);
    assert_eq!(serving.stop(), Some(0));
    let log = ["audit.sqlite", "audit.sqlite-wal"]
        .map(|name| fs::read(site.path(&format!("a/state/keyserver/{name}"))).unwrap_or_default())
        .concat();
    let log = String::from_utf8_lossy(&log);
    assert!(log.contains("new-secret") && log.contains("password in-person"));
    assert!(!log.contains(&second));
}

#[test]
fn who_was_revoked_comes_back_and_the_address_rests_before_another_gets_it() {
    let site = Site::new();
    site.join();
    let serving = site.serve("a", &["--no-restart"], &ROLES);
    let add = |user: &str, address: &str, more: &[&str]| {
        let line = ["add", user, "--name", "X Y", "--address", address, "--json", "--proof"];
        let proof = if more.is_empty() { &["in-person"][..] } else { more };
        site.member("user", &[&line[..], proof].concat())
    };
    add("10234", "hanako@a.example", &[]).ends(0);
    // A user id is nobody else's address, an address nobody else's user id.
    add("Zoe@a.example", "zoe@a.example", &[]).ends(0);
    add("yui@a.example", "y@a.example", &[]).ends(0);
    for (user, address) in [
        ("Hanako@A.example", "other@a.example"),
        ("10236", "yui@a.example"),
        ("10236", "YUI@a.example"),
        ("ZOE@a.example", "other@a.example"),
    ] {
        let said = add(user, address, &[]).ends(1);
        assert!(said.err.contains("registered already"), "{}", said.err);
    }
    for user in ["Zoe@a.example", "yui@a.example"] {
        site.member("user", &["revoke", user]).ends(0);
    }
    // Nor does anything change when somebody has left.
    for more in [&["in-person"][..], &["in-person", "--former-address"]] {
        add("10236", "yui@a.example", more).ends(1);
    }
    let said = add("yui@a.example", "hanako@a.example", &["in-person", "--again"]).ends(1);
    assert!(said.err.contains("registered already"), "{}", said.err);
    let said = add("10234", "new@a.example", &["in-person", "--again"]).ends(1);
    assert!(said.err.contains("registered already"), "{}", said.err);
    let said = add("10235", "new@a.example", &["in-person", "--again"]).ends(1);
    assert!(said.err.contains("There is no 10235 here"), "{}", said.err);
    site.member("user", &["export", "10234", "--out", "first"]).ends(0);
    site.member("user", &["revoke", "hanako@a.example"]).ends(0);

    // All say the same of who was revoked.
    for line in [
        &["export", "hanako@a.example", "--out", "none"][..],
        &["renew", "10234"],
        &["revoke", "10234"],
        &["secret", "10234", "--proof", "in-person"],
        &["add", "10234", "--name", "X Y", "--address", "hanako@a.example", "--proof", "in-person"],
        &["delegate", "--from", "10234", "--to", "hanako@a.example"],
    ] {
        let said = site.member("user", line).ends(1);
        assert!(said.err.contains("is revoked") && said.err.contains("--again"), "{}", said.err);
        let said = site.member("user", &[line, &["--lang", "ja"]].concat()).ends(1);
        assert!(
            said.err.contains("失効しています") && said.err.contains("--again"),
            "{}",
            said.err
        );
    }
    let said = site.member("user", &["list"]).ends(0);
    assert!(said.out.contains("another person may get it from"), "{}", said.out);
    let said = add("10235", "hanako@a.example", &["in-person", "--former-address"]).ends(1);
    assert!(said.err.contains("belonged to another person"), "{}", said.err);

    let said = add("10234", "hanako@a.example", &["hr-record", "--again"]).ends(1);
    assert!(said.err.contains("proved better at registration"), "{}", said.err);
    let role = "add-role 10234 --kind shared --name X --address hanako@a.example --again";
    site.member("user", &role.split(' ').collect::<Vec<_>>()).ends(1);
    add("10234", "hanako@a.example", &["in-person", "--again"]).ends(0);
    site.member("user", &["export", "10234", "--out", "second"]).ends(0);
    let read = |name: &str| fs::read(site.path(name)).unwrap();
    assert_eq!(read("first/encryption-key.pem"), read("second/encryption-key-2.pem"));
    assert_ne!(read("first/encryption-key.pem"), read("second/encryption-key.pem"));

    site.member("user", &["revoke", "10234"]).ends(0);
    assert_eq!(serving.stop(), Some(0));
    let config = site.member_config();
    let with_days = |days: &str| {
        let lines = format!("unlock_file = \"unlock-ca\"\naddress_quarantine_days = {days}");
        config.replace("unlock_file = \"unlock-ca\"", &lines)
    };
    site.write("a/ssmax.toml", &with_days("3651"));
    site.member("user", &["list"]).ends(2);
    site.write("a/ssmax.toml", &with_days("0"));
    let serving = site.serve("a", &["--no-restart"], &ROLES);
    let said = add("10235", "hanako@a.example", &[]).ends(1);
    assert!(said.err.contains("belonged to another person"), "{}", said.err);
    add("10235", "hanako@a.example", &["in-person", "--former-address"]).ends(0);
    site.member("user", &["export", "hanako@a.example", "--out", "third"]).ends(0);
    assert!(
        !site.path("third/encryption-key-2.pem").exists(),
        "the other's old mail is not theirs"
    );
    let said = add("10234", "hanako@a.example", &["in-person", "--again"]).ends(1);
    assert!(said.err.contains("registered already"), "{}", said.err);
    add("10234", "x@a.example", &["in-person", "--again"]).ends(0);
    let people = site.member("user", &["list", "--json"]).ends(0).json();
    assert_eq!(people["users"][0]["addresses"], serde_json::json!(["x@a.example"]));
    assert_eq!(people["users"][1]["addresses"], serde_json::json!(["hanako@a.example"]));
    assert_eq!(serving.stop(), Some(0));
}

/// A message with so many attachments, as a mailer would write it.
fn with_attachments(count: usize) -> String {
    let file = |at| {
        format!(
            "--=_x\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; \
             filename=f{at}.csv\r\n\r\n{at}\r\n"
        )
    };
    let files: String = (0..count).map(file).collect();
    format!(
        "From: hanako@a.example\r\nTo: hanako@a.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=_x\"\r\n\r\n\
         --=_x\r\nContent-Type: text/plain\r\n\r\nSee there.\r\n{files}--=_x--\r\n"
    )
}

#[test]
fn what_a_person_does_with_files_is_said_as_it_is() {
    let site = Site::new();
    site.join();
    let _authority = site.serve("authority", &[], &["authority"]);
    let serving = site.serve("a", &["--no-restart"], &ROLES);
    openssl(&site, "ecparam -name prime256v1 -genkey -noout -out key.pem");
    openssl(&site, "req -new -key key.pem -subj /CN=Hanako -out request.pem");
    let line = "add 10234 --name Hanako --address hanako@a.example --proof in-person \
        --csr request.pem --out certificates";
    site.member("user", &line.split_ascii_whitespace().collect::<Vec<_>>()).ends(0);
    site.member("user", &["export", "10234", "--out", "keys"]).ends(0);
    let mail = |line: &str| {
        let line = line
            .replace("SIGN", "--sign-key key.pem --sign-cert certificates/signing-file.pem")
            .replace("KEY", "--key keys/encryption-key.pem --cert keys/encryption.pem");
        site.ssmax(&[&["mail"], &line.split_ascii_whitespace().collect::<Vec<_>>()[..]].concat())
    };
    for (count, warned) in [(4, false), (5, true)] {
        site.write("files.eml", &with_attachments(count));
        let out = format!("sealed-{count}.eml");
        let said = mail(&format!(
            "encrypt files.eml --attachments --to keys/encryption.pem SIGN --out {out}"
        ))
        .ends(0);
        assert_eq!(said.err.contains("max_private_operations"), warned, "{}", said.err);
    }

    // Several messages are opened one after the other, and one that is none spoils the end.
    let trust = "--trust certificates/chain.pem";
    let said = mail(&format!("open sealed-4.eml sealed-5.eml KEY {trust}"));
    assert!(said.out.contains("== sealed-4.eml") && said.out.contains("f4.csv"), "{said:?}");
    let whole = said.exit;
    let said = mail(&format!("open nothing.eml sealed-5.eml KEY {trust}")).ends(2);
    assert!(said.out.contains("f4.csv"), "{}", said.out);
    let said = mail(&format!("open sealed-4.eml sealed-5.eml KEY {trust} --json"));
    assert_eq!((said.out.lines().count(), said.exit), (2, whole));
    let said = mail(&format!("open sealed-4.eml sealed-5.eml KEY {trust} --out x.eml")).ends(2);
    assert!(said.err.contains("one message"), "{}", said.err);

    let forward = |more: &str| mail(&format!("forward sealed-4.eml --unverified SIGN {more}"));
    for to in ["--to nobody@b.example KEY", "--to nobody@b.example --known known.json KEY"] {
        let said = forward(to).ends(2);
        assert!(said.err.contains("no certificate of nobody@b.example"), "{}", said.err);
    }
    site.write("plain.eml", "From: h@b.example\nTo: hanako@a.example\nSubject: x\n\nHello.\n");
    mail("encrypt plain.eml --to keys/encryption.pem --out plain-sealed.eml").ends(0);
    let line =
        "forward plain-sealed.eml --unverified SIGN KEY --to keys/encryption.pem --out on.eml";
    let said = mail(line).ends(0);
    assert!(said.out.contains("The mail has no files"), "{}", said.out);
    let all = "--drop f0.csv --drop f1.csv --drop f2.csv --drop f3.csv";
    let said = forward(&format!("--to keys/encryption.pem KEY {all} --out text.eml")).ends(0);
    assert!(said.out.contains("No file is left"), "{}", said.out);
    let said = mail(&format!("open text.eml KEY {trust}"));
    assert!(said.out.contains("See there.") && !said.out.contains("f0.csv"), "{said:?}");
    let said = forward(&format!("--to nobody@b.example --config a/ssmax.toml {all}")).ends(2);
    assert!(said.err.contains("no certificate of nobody@b.example"), "{}", said.err);

    // A renewed key has to come to the mailer, and nothing is replaced on the way.
    let said = site.member("user", &["renew", "10234"]).ends(0);
    assert!(said.out.contains("ssmax user export 10234 --out NEWDIR"), "{}", said.out);
    site.write("new.eml", "precious");
    let rekey = |out: &str| {
        mail(&format!(
            "rekey sealed-4.eml --key key.pem --cert certificates/signing-file.pem \
             --user hanako@a.example --config a/ssmax.toml --out {out}"
        ))
    };
    let said = rekey("new.eml").ends(2);
    assert!(said.err.contains("there already"), "{}", said.err);
    assert_eq!(fs::read(site.path("new.eml")).unwrap(), b"precious");
    // The key server answers once the first member list is here.
    let said = site.eventually(0, || rekey("newer.eml"));
    assert!(said.out.contains("ssmax user export hanako@a.example --out NEWDIR"), "{}", said.out);
    site.member("user", &["export", "10234", "--out", "newer"]).ends(0);
    let said = site.ssmax(
        &[
            &["mail", "open", "newer.eml", "--key", "newer/encryption-key.pem", "--trust"],
            &["certificates/chain.pem", "--cert", "newer/encryption.pem"][..],
        ]
        .concat(),
    );
    assert!(said.out.contains("f3.csv"), "{said:?}");
    assert_eq!(serving.stop(), Some(0));
}

fn openssl(site: &Site, line: &str) {
    let output =
        Command::new("openssl").args(line.split(' ')).current_dir(site.path("")).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}
