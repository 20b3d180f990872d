//! Whose certificate is believed, on both sides, and when a new one counts.

use crate::{Ca, Host, Keyserver, LONG, MEMBER, OTHER_MEMBER, ask, hosts};
use ssmax_daemon::call::{CallError, Client};
use ssmax_daemon::denied::Denied;
use ssmax_daemon::endpoint::Remote;
use ssmax_daemon::listen::Limits;
use ssmax_daemon::port::PortLimits;
use ssmax_daemon::tls::{Identity, IdentityError, role_name};
use ssmax_pki::profile;
use ssmax_primitives::SoftwareKey;
use ssmax_token::KeyAlgorithm;
use std::sync::Arc;

#[tokio::test]
async fn a_role_that_is_not_answered_gets_no_further_than_the_handshake() {
    let ca = Ca::new();
    let (keys, _) = hosts(&ca);
    let served = Keyserver::start(&keys);
    for role in ["ca", "keyserver"] {
        let host = Host::new(role, &ca);
        let client = host.client("keyserver", &[&served.address]);
        assert_eq!(ask(&client, 1).await, Err(CallError::Untrusted), "{role}");
    }
    assert_eq!(served.end().await, 0);
}

#[tokio::test]
async fn a_certificate_of_a_foreign_ca_is_refused_whatever_it_says() {
    let (ca, foreign) = (Ca::new(), Ca::new());
    let (keys, gateway) = hosts(&ca);
    let served = Keyserver::start(&keys);
    // It believes our CA, or it would not even try.
    let pem = foreign.role("gateway", MEMBER, 0, 90);
    let stranger = Host::with("gateway", &[&ca, &foreign], &pem);
    let client = stranger.client("keyserver", &[&served.address]);
    assert_eq!(ask(&client, 1).await, Err(CallError::Untrusted));
    assert_eq!(ask(&gateway.client("keyserver", &[&served.address]), 1).await, Ok(2));
    assert_eq!(served.end().await, 1);
}

#[tokio::test]
async fn a_role_of_another_member_is_refused_also_under_the_same_ca() {
    let ca = Ca::new();
    let (keys, _) = hosts(&ca);
    let served = Keyserver::start(&keys);
    let pem = ca.role("gateway", OTHER_MEMBER, 0, 90);
    let stranger = Host::with("gateway", &[&ca], &pem);
    let identity = stranger.identity_of(OTHER_MEMBER, &[], &[]);
    // As a client it looks for a server of its own member,
    let own = Client::new(Remote::new(identity, "keyserver", vec![served.address.clone()]));
    assert_eq!(ask(&own, 1).await, Err(CallError::Untrusted));
    assert_eq!(served.end().await, 0);
    // and a server of another member is none of ours.
    let theirs = ca.role("keyserver", OTHER_MEMBER, 0, 90);
    let theirs = Host::with("keyserver", &[&ca], &theirs);
    let opened =
        Identity::open(theirs.place(), MEMBER, "keyserver", &["gateway"], &Denied::default());
    let path = theirs.place().role_file("keyserver");
    let role = "keyserver".to_owned();
    assert_eq!(opened.unwrap_err(), IdentityError::WrongRole { path, role });
}

#[tokio::test]
async fn a_server_of_another_role_or_a_denied_one_gets_no_request() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let served = Keyserver::start(&keys);
    for role in ["ca", "inspector"] {
        let client = gateway.client(role, &[&served.address]);
        assert_eq!(ask(&client, 1).await, Err(CallError::Untrusted), "{role}");
    }
    let denied = [keys.certificate().sha256()];
    let identity = gateway.identity(&[], &denied);
    let client = Client::new(Remote::new(identity, "keyserver", vec![served.address.clone()]));
    assert_eq!(ask(&client, 1).await, Err(CallError::Untrusted));
    assert_eq!(served.end().await, 0);
}

#[tokio::test]
async fn a_server_under_a_foreign_ca_gets_no_request() {
    let (ca, foreign) = (Ca::new(), Ca::new());
    let gateway = Host::new("gateway", &ca);
    let pem = foreign.role("keyserver", MEMBER, 0, 90);
    let keys = Host::with("keyserver", &[&foreign, &ca], &pem);
    let served = Keyserver::start(&keys);
    let client = gateway.client("keyserver", &[&served.address]);
    assert_eq!(ask(&client, 1).await, Err(CallError::Untrusted));
    assert_eq!(served.end().await, 0);
}

#[tokio::test]
async fn a_denied_certificate_counts_no_more_and_others_of_the_role_do() {
    let ca = Ca::new();
    let (keys, stolen) = hosts(&ca);
    let other = Host::new("gateway", &ca);
    let denied = [stolen.certificate().sha256()];
    let limits = (Limits::default(), PortLimits::default());
    let served = Keyserver::bounded(&keys, "127.0.0.1:0", &denied, limits.0, limits.1);
    let client = stolen.client("keyserver", &[&served.address]);
    assert_eq!(ask(&client, 1).await, Err(CallError::Untrusted));
    assert_eq!(ask(&other.client("keyserver", &[&served.address]), 1).await, Ok(2));
    assert_eq!(served.end().await, 1);
}

#[tokio::test]
async fn an_own_certificate_that_nobody_would_accept_is_told_at_the_start() {
    let (ca, foreign) = (Ca::new(), Ca::new());
    let opened = |host: &Host| {
        Identity::open(host.place(), MEMBER, "gateway", &[], &Denied::default())
            .map(drop)
            .unwrap_err()
    };
    let of = |pem: &str| Host::with("gateway", &[&ca], pem);
    let host = of(&ca.role("gateway", MEMBER, -50, 40));
    let path = host.place().role_file("gateway");
    assert_eq!(opened(&host), IdentityError::Expired { path });
    let host = of(&ca.role("gateway", MEMBER, 2, 40));
    assert!(matches!(opened(&host), IdentityError::NotAccepted { .. }));
    let host = of(&foreign.role("gateway", MEMBER, 0, 40));
    assert!(matches!(opened(&host), IdentityError::NotAccepted { .. }));
    let host = of(&ca.role("inspector", MEMBER, 0, 40));
    assert!(matches!(opened(&host), IdentityError::WrongRole { .. }));
    // A key that is not the certificate's.
    let (one, two) = (ca.role("gateway", MEMBER, 0, 40), ca.role("gateway", MEMBER, 0, 40));
    let marker = "-----BEGIN CERTIFICATE-----";
    let key = one.split(marker).next().unwrap();
    let certificate = two.split_once(marker).unwrap().1;
    let host = of(&format!("{key}{marker}{certificate}"));
    assert!(matches!(opened(&host), IdentityError::Unreadable { .. }));
    // For one direction only.
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let name = role_name("gateway", MEMBER);
    let draft = profile::tls_server(crate::basis(&key, 0, 40), &[&name]);
    let host = of(&ca.pem(draft, &key));
    assert!(matches!(opened(&host), IdentityError::NotAccepted { .. }));
    // Open to others.
    let host = of(&ca.role("gateway", MEMBER, 0, 40));
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(host.place().role_file("gateway"), readable).unwrap();
    assert!(matches!(opened(&host), IdentityError::File(_)));
    std::fs::remove_file(host.place().role_file("gateway")).unwrap();
    assert!(matches!(opened(&host), IdentityError::Missing { .. }));
}

#[tokio::test]
async fn renewed_files_are_taken_up_and_unusable_ones_change_nothing() {
    let (ca, foreign) = (Ca::new(), Ca::new());
    let (keys, gateway) = hosts(&ca);
    let served = Keyserver::start(&keys);
    let identity = gateway.identity(&[], &[]);
    let servers = vec![served.address.clone()];
    let fresh = || Client::new(Remote::new(Arc::clone(&identity), "keyserver", servers.clone()));
    assert_eq!(ask(&fresh(), 1).await, Ok(2));
    let seen = async |what: &str| {
        let shown = crate::openssl::shown(&served.address, &gateway).await;
        (shown, what.to_owned())
    };
    let (before, _) = seen("before").await;
    // Both ends get new ones.
    keys.put(&ca.role("keyserver", MEMBER, 0, 90));
    gateway.put(&ca.role("gateway", MEMBER, 0, 90));
    let (after, _) = seen("after").await;
    assert_ne!(before, after);
    assert_eq!(ask(&fresh(), 2).await, Ok(4));
    // Rubbish, and one that nobody would accept: what was there goes on.
    keys.put("rubbish");
    assert_eq!(seen("rubbish").await.0, after);
    keys.put(&foreign.role("keyserver", MEMBER, 0, 90));
    assert_eq!(seen("foreign").await.0, after);
    assert_eq!(ask(&fresh(), 3).await, Ok(6));
    assert_eq!(fresh().call::<u64, u64>(&4, LONG).await, Ok(8));
    served.end().await;
}

#[tokio::test]
async fn a_certificate_with_a_second_name_or_a_pattern_is_no_roles() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let served = Keyserver::start(&keys);
    let of = |role: &str| format!("DNS:{}", role_name(role, MEMBER));
    for names in [
        format!("{},{}", of("gateway"), of("inspector")),
        format!("{},DNS:gw1.a.example", of("gateway")),
        format!("{},IP:10.0.0.1", of("gateway")),
        format!("{},URI:ssmax:gateway", of("gateway")),
        of("*"),
    ] {
        // Its own program would not use it; another may.
        let host = Host::with("gateway", &[&ca], &ca.named_by_openssl(&names));
        let opened = Identity::open(host.place(), MEMBER, "gateway", &[], &Denied::default());
        assert!(matches!(opened, Err(IdentityError::WrongRole { .. })), "{names}");
        assert_eq!(crate::openssl::answered(&served.address, &host).await, b"", "{names}");
    }
    let host = Host::with("gateway", &[&ca], &ca.named_by_openssl(&of("gateway")));
    assert_eq!(crate::openssl::answered(&served.address, &host).await, crate::openssl::ANSWER);
    assert_eq!(served.end().await, 1);

    // And a server that is two roles is asked nothing.
    let two = format!("{},{}", of("keyserver"), of("ca"));
    let host = Host::with("keyserver", &[&ca], &ca.named_by_openssl(&two));
    let (address, asked) = crate::openssl::server(&host).await;
    let client = gateway.client("keyserver", &[&address]);
    assert_eq!(ask(&client, 1).await, Err(CallError::Untrusted));
    drop(asked);
}

#[tokio::test]
async fn a_certificate_that_a_file_denies_counts_no_more_from_then_on() {
    use std::os::unix::fs::PermissionsExt;
    let ca = Ca::new();
    let (keys, stolen) = hosts(&ca);
    let other = Host::new("gateway", &ca);
    let file = keys.dir.path().join("denied");
    let deny = |text: &str| {
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    };
    let denied = Denied { listed: Vec::new(), file: Some(file.clone()) };
    let opened = || Identity::open(keys.place(), MEMBER, "keyserver", &["gateway"], &denied);
    // Not there, it is not known who is denied.
    assert!(matches!(opened(), Err(IdentityError::File(_))));
    deny("# nobody");
    let served = Keyserver::as_identity(&keys, Arc::new(opened().unwrap()));
    let asked = async |host: &Host| ask(&host.client("keyserver", &[&served.address]), 1).await;
    assert_eq!(asked(&stolen).await, Ok(2));
    deny(&format!("{} # gw1", hex::encode(stolen.certificate().sha256())));
    assert_eq!(asked(&stolen).await, Err(CallError::Untrusted));
    assert_eq!(asked(&other).await, Ok(2));
    // What cannot be read takes nobody back.
    deny("rubbish");
    assert_eq!(asked(&stolen).await, Err(CallError::Untrusted));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(asked(&stolen).await, Err(CallError::Untrusted));
    assert_eq!(asked(&other).await, Ok(2));
    deny("#");
    assert_eq!(asked(&stolen).await, Ok(2));
    served.end().await;
}
