//! People: only whom the member's own CA certified, and each address is one person's.

use crate::asking::{Site, assert_refused};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::ca::KeyHolder;
use ssmax_api::keyserver::{CaRequest, Form, MAX_PEOPLE, PrivateKey, UserKeys, UserRecord};
use ssmax_pki::profile::{self, Generation, Identity, Organisation, User};
use ssmax_pki::{Certificate, issue, lint};
use ssmax_support::forgery::{basis, generate};

pub(crate) async fn run(site: &Site) {
    a_certificate_of_another_member_is_not_installed(site).await;
    a_certificate_of_a_namesake_ca_is_not_installed(site).await;
    what_is_no_certificate_or_no_address_is_not_installed(site).await;
    an_address_of_another_person_is_not_given_away(site).await;
    a_user_id_is_nobody_elses_address(site).await;
    an_unknown_persons_key_is_not_exported(site).await;
    the_key_of_who_has_left_is_not_exported(site).await;
    a_new_secret_is_an_active_persons(site).await;
    who_is_reached_is_a_members_or_known(site).await;
    each_of_many_is_judged_as_one_alone(site).await;
}

/// So that no relay certificate is given for whom nothing would go out to.
async fn who_is_reached_is_a_members_or_known(site: &Site) {
    let reached = |address: &str| {
        let request = CaRequest::IsReached { address: address.to_owned() };
        async move { site.ca::<bool>(&request).await }
    };
    assert_eq!(reached("bob@b.example").await, Ok(true));
    for nobody in ["mallory@x.example", "bob@b.example.x.example", "carol@a.example"] {
        assert_eq!(reached(nobody).await, Ok(false), "{nobody}");
    }
    assert_refused(reached("b.example").await, Problem::Malformed);
}

/// A person nobody enrolled.
fn mallory() -> UserRecord {
    UserRecord {
        kind: ssmax_api::ca::AccountKind::Person,
        user: "mallory".to_owned(),
        addresses: vec!["mallory@a.example".to_owned()],
        active: true,
        proof: "in-person".to_owned(),
        ial: 2,
        signing: vec![],
        encryption: vec![],
    }
}

fn file(certificate: &Certificate) -> Vec<(KeyHolder, ByteBuf)> {
    vec![(KeyHolder::File, ByteBuf::from(certificate.der().to_vec()))]
}

async fn not_installed(site: &Site, record: UserRecord, problem: Problem) {
    let user = record.user.clone();
    let answer = site.ca::<()>(&CaRequest::InstallUser(Box::new(record))).await;
    assert_eq!(answer, Err(problem));
    if user == "mallory" {
        let export = CaRequest::ExportEncryptionKey { user };
        assert_refused(site.ca::<()>(&export).await, Problem::NotFound);
    }
}

async fn a_certificate_of_another_member_is_not_installed(site: &Site) {
    let bob = &site.federation.bob;
    let alice = &site.federation.alice;
    let encryption = vec![ByteBuf::from(bob.encryption.1.der().to_vec())];
    for record in [
        UserRecord { signing: file(&bob.signing.1), ..mallory() },
        UserRecord { encryption, ..mallory() },
        UserRecord {
            signing: [file(&alice.signing.1), file(&bob.signing.1)].concat(),
            ..mallory()
        },
        // Nor the member CA itself, which the issuing CA certified.
        UserRecord { signing: file(&alice.chain[0]), ..mallory() },
    ] {
        not_installed(site, record, Problem::NotAllowed).await;
    }
}

async fn a_certificate_of_a_namesake_ca_is_not_installed(site: &Site) {
    let real = &site.federation.alice.chain[0];
    let organisation = &site.a().keyserver.organisation;
    let named = Organisation { name: &organisation.name, identifier: &organisation.id };
    let (ca_key, key) = (generate(), generate());
    let name = real.common_name().unwrap();
    let draft = profile::member_ca(basis(&ca_key, 1000), &named, &name, &["a.example"]);
    let root_key = generate();
    let root = profile::root(basis(&root_key, 3000), "Stranger", "Stranger Root");
    let root = issue::self_signed(lint::lint(root).unwrap(), &root_key).unwrap();
    let ca = issue::issue(lint::lint(draft).unwrap(), &root, &root_key).unwrap();
    assert_eq!(ca.subject(), real.subject());
    let user = User {
        address: "mallory@a.example",
        identity: Identity::Mailbox,
        generation: Generation::Multipurpose,
        server_held: false,
        identity_proof: None,
    };
    let draft = profile::user_signing(basis(&key, 300), &user);
    let forged = issue::issue(lint::lint(draft).unwrap(), &ca, &ca_key).unwrap();
    let record = UserRecord { signing: file(&forged), ..mallory() };
    not_installed(site, record, Problem::NotAllowed).await;
}

async fn what_is_no_certificate_or_no_address_is_not_installed(site: &Site) {
    let encryption = vec![ByteBuf::from(b"no certificate".to_vec())];
    not_installed(site, UserRecord { encryption, ..mallory() }, Problem::Malformed).await;
    let addresses = vec!["no address".to_owned()];
    not_installed(site, UserRecord { addresses, ..mallory() }, Problem::Malformed).await;
}

/// Not in other letters either, and nobody is replaced by the attempt.
async fn an_address_of_another_person_is_not_given_away(site: &Site) {
    for address in ["alice@a.example", "Alice@A.example"] {
        let addresses = vec!["mallory@a.example".to_owned(), address.to_owned()];
        not_installed(site, UserRecord { addresses, ..mallory() }, Problem::Exists).await;
    }
    let addresses = vec!["alice@a.example".to_owned()];
    let carol = UserRecord { user: "carol".to_owned(), addresses, ..mallory() };
    not_installed(site, carol, Problem::Exists).await;
    site.passed(Form::Signed, &[&site.federation.carol.address]).await;
}

async fn an_unknown_persons_key_is_not_exported(site: &Site) {
    for user in ["nobody", "", "bob", "alice@a.example"] {
        let export = CaRequest::ExportEncryptionKey { user: user.to_owned() };
        assert_refused(site.ca::<()>(&export).await, Problem::NotFound);
    }
}

/// Neither the newest nor the earlier ones, though both are kept.
async fn the_key_of_who_has_left_is_not_exported(site: &Site) {
    let user = || "carol".to_owned();
    let carol: UserRecord = site.ca(&CaRequest::Person { user: user() }).await.unwrap();
    let newest = CaRequest::ExportEncryptionKey { user: user() };
    let earlier = CaRequest::ExportEarlierKeys { user: user() };
    let _: PrivateKey = site.ca(&newest).await.unwrap();
    let left = UserRecord { active: false, ..carol.clone() };
    site.ca::<()>(&CaRequest::InstallUser(Box::new(left))).await.unwrap();
    for export in [&newest, &earlier] {
        assert_refused(site.ca::<()>(export).await, Problem::NotFound);
    }
    site.ca::<()>(&CaRequest::InstallUser(Box::new(carol))).await.unwrap();
    let _: PrivateKey = site.ca(&newest).await.unwrap();
}

/// A name is looked up as either, so it must not be two people's.
async fn a_user_id_is_nobody_elses_address(site: &Site) {
    for user in ["alice@a.example", "Alice@A.example"] {
        let record = UserRecord { user: user.to_owned(), ..mallory() };
        not_installed(site, record, Problem::Exists).await;
    }
    let named = |user: &str, address: &str| {
        let (user, addresses) = (user.to_owned(), vec![address.to_owned()]);
        UserRecord { user, addresses, ..mallory() }
    };
    for own in [named("zoe@a.example", "z@a.example"), named("yui@a.example", "Yui@a.example")] {
        site.ca::<()>(&CaRequest::InstallUser(Box::new(own))).await.unwrap();
    }
    for address in ["zoe@a.example", "ZOE@a.example", "yui@a.example"] {
        not_installed(site, named("mallory", address), Problem::Exists).await;
    }
}

/// The CA stores none that is not in the log, and the log takes none for anybody else.
async fn a_new_secret_is_an_active_persons(site: &Site) {
    let note = |user: &str| CaRequest::NoteSecret {
        user: user.to_owned(),
        method: "device-secret".to_owned(),
        proof: "in-person".to_owned(),
    };
    assert_eq!(site.ca::<()>(&note("carol")).await, Ok(()));
    for user in ["nobody", "office", "carol@a.example"] {
        assert_refused(site.ca::<()>(&note(user)).await, Problem::NotFound);
    }
    // In other words than those of secrets and proofs nothing can be told through the log.
    for (method, proof) in [("mallory was here", "in-person"), ("password", "hanako@a.example")] {
        let (user, method, proof) = ("carol".to_owned(), method.to_owned(), proof.to_owned());
        let told = CaRequest::NoteSecret { user, method, proof };
        assert_refused(site.ca::<()>(&told).await, Problem::Malformed);
        let about = site.newest_row("new-secret").await["about"].clone();
        assert!(["unknown in-person", "password unknown"].contains(&about.as_str().unwrap()));
    }
    let carol: UserRecord = site.ca(&CaRequest::Person { user: "carol".to_owned() }).await.unwrap();
    let left = UserRecord { active: false, ..carol.clone() };
    site.ca::<()>(&CaRequest::InstallUser(Box::new(left))).await.unwrap();
    assert_refused(site.ca::<()>(&note("carol")).await, Problem::NotFound);
    site.ca::<()>(&CaRequest::InstallUser(Box::new(carol))).await.unwrap();
}

/// A batch is as strict as one, and one that is refused leaves nothing and stops no other.
async fn each_of_many_is_judged_as_one_alone(site: &Site) {
    let named = |user: &str, address: &str| {
        let (user, addresses) = (user.to_owned(), vec![address.to_owned()]);
        UserRecord { user, addresses, ..mallory() }
    };
    let alice = &site.federation.alice;
    let foreign = vec![ByteBuf::from(site.federation.bob.encryption.1.der().to_vec())];
    let escrowed = vec![ByteBuf::from(alice.encryption.1.der().to_vec())];
    let records = vec![
        named("many-1", "many-1@a.example"),
        UserRecord { encryption: foreign, ..named("many-2", "many-2@a.example") },
        UserRecord { signing: file(&alice.chain[0]), ..named("many-3", "many-3@a.example") },
        // Her key is hers, whatever certificate names it.
        UserRecord { encryption: escrowed, ..named("many-4", "many-4@a.example") },
        named("many-5", "Alice@a.example"),
        named("many-6", "MANY-1@a.example"),
        named("many-1@a.example", "many-7@a.example"),
        named("many-8", "no address"),
        named("many-9", "many-9@a.example"),
    ];
    let count = records.len();
    let results: Vec<Result<(), Problem>> =
        site.ca(&CaRequest::InstallUsers(records.clone())).await.unwrap();
    let problems = [
        Ok(()),
        Err(Problem::NotAllowed),
        Err(Problem::NotAllowed),
        Err(Problem::NotAllowed),
        Err(Problem::Exists),
        Err(Problem::Exists),
        Err(Problem::Exists),
        Err(Problem::Malformed),
        Ok(()),
    ];
    assert_eq!(results, problems);
    for (record, result) in records.into_iter().zip(results) {
        let user = record.user.clone();
        let known: Option<UserRecord> = site.ca(&CaRequest::Person { user }).await.unwrap();
        assert_eq!(known, result.is_ok().then_some(record));
    }
    // Each has its row in the log.
    assert_eq!(site.newest_row("install-user").await["result"], "ok");
    let many = vec![mallory(); MAX_PEOPLE + 1];
    assert_refused(site.ca::<()>(&CaRequest::InstallUsers(many)).await, Problem::Malformed);
    let people = u32::try_from(MAX_PEOPLE + 1).unwrap();
    let keys = site.ca::<()>(&CaRequest::MakeKeysForMany { people }).await;
    assert_refused(keys, Problem::Malformed);
    let keys: Vec<UserKeys> = site.ca(&CaRequest::MakeKeysForMany { people: 2 }).await.unwrap();
    let mut all: Vec<_> = keys.into_iter().flat_map(|one| [one.encryption, one.signing]).collect();
    all.sort();
    all.dedup();
    assert!(all.len() == 4 && all.iter().all(Option::is_some) && count == 9);
}
