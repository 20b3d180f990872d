//! Frames of CBOR between roles: requests, answers, a worker's orders.
//!
//! The first octet chooses the type, the rest is the connection; mail travels behind its
//! frame. Property: what is read is written as a frame that is read as the same, octet for
//! octet.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_bytes::ByteBuf;
use ssmax_api::{Answer, ca, directory, gateway, inspector, keyserver};
use ssmax_daemon::frame::{MAX_FRAME_BYTES, read_frame, read_frame_sync, write_frame_sync};
use ssmax_daemon::laden::{Laden, read_laden, read_laden_sync, write_laden_sync};

use crate::memory::block_on;
use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1600;

/// One reader for each type that travels.
const READERS: [fn(&[u8]); 15] = [
    read::<keyserver::GatewayRequest>,
    read::<keyserver::InspectorRequest>,
    read::<keyserver::CaRequest>,
    read::<keyserver::VerdictBody>,
    read::<keyserver::Released>,
    read::<ca::GatewayRequest>,
    read::<ca::KeyserverRequest>,
    read::<ca::OfficerRequest>,
    read_heavy::<inspector::Inspect>,
    read_heavy::<Result<inspector::Inspected, ssmax_api::Problem>>,
    read_heavy::<inspector::FromWorker>,
    read::<Answer>,
    read::<gateway::OfficerRequest>,
    read_heavy::<inspector::Order>,
    read::<directory::DirectoryRequest>,
];

pub(crate) fn made() -> Vec<Vec<u8>> {
    let bob = || "bob@b.example".to_owned();
    let plan = inspector::Plan { seal_for: vec![bob()], leaves: true, ..Default::default() };
    let mail = Arc::new(b"mail".to_vec());
    let inspect = inspector::Inspect { ticket: "t".repeat(32), mail: mail.clone(), plan };
    let person = ca::AddUser { user: "1".to_owned(), addresses: vec![bob()], ..Default::default() };
    let secret = ca::GatewayRequest::CheckCredential { user: bob(), secret: b"x".to_vec() };
    let release = keyserver::WorkerAsk::Release { worker: vec![4; 65] };
    vec![
        frame(0, &keyserver::GatewayRequest::AdmitOutside { recipients: vec![bob(), bob()] }),
        frame(1, &keyserver::InspectorRequest { ticket: "t".repeat(32), ask: release }),
        frame(5, &secret),
        frame(6, &ca::KeyserverRequest::Relay { address: bob(), name: bob(), rsa: false }),
        frame(7, &ca::OfficerRequest::AddUser(Box::new(person))),
        heavy(8, inspect.clone()),
        heavy(9, Ok::<_, ssmax_api::Problem>(passed())),
        heavy(10, inspector::FromWorker::Done(Ok(passed()))),
        heavy(13, order(inspect)),
        frame(11, &ssmax_api::encode(Ok(bob()))),
        frame(12, &gateway::OfficerRequest::Show { id: "4f2a90c1d3e5b867".to_owned() }),
        frame(14, &directory::DirectoryRequest::Find { address: bob(), own: true }),
        // A length that is believed only as far as octets come.
        b"\x00\x0c\x80\x00\x00\xa1".to_vec(),
    ]
}

/// An answer with a copy for somebody here and one for another member.
fn passed() -> inspector::Inspected {
    let tail = ssmax_chain::Digest::of(b"tail");
    let copy = ByteBuf::from(b"object".to_vec());
    inspector::Inspected::Passed {
        entity: Some(tail),
        fresh: vec![(keyserver::FreshForm::WrappedGcm, tail, copy)],
        posts: vec![],
        sealed: vec![],
        outside: vec![],
        preserved: false,
        findings: vec![],
    }
}

fn order(inspect: inspector::Inspect) -> inspector::Order {
    inspector::Order {
        task: inspector::Task::Mail(Box::new(inspect)),
        policy: ssmax_inspection::Policy::default(),
        limits: ssmax_inspection::Limits::default(),
        clamav: Some(inspector::ClamavBounds { seconds: 20, bytes: 1000 }),
    }
}

fn heavy(reader: u8, message: impl Laden) -> Vec<u8> {
    let mut octets = vec![reader];
    write_laden_sync(&mut octets, message, MAX_FRAME_BYTES).unwrap();
    octets
}

fn frame(reader: u8, value: &impl Serialize) -> Vec<u8> {
    let mut octets = vec![reader];
    write_frame_sync(&mut octets, value, MAX_FRAME_BYTES).unwrap();
    octets
}

/// Reads the octets as a frame of the chosen type.
pub fn run(octets: &[u8]) {
    let Some((&which, connection)) = octets.split_first() else { return };
    let read = READERS.get(usize::from(which) % READERS.len()).expect("an index in the array");
    read(connection);
}

fn read<T: Serialize + DeserializeOwned>(connection: &[u8]) {
    let found = read_frame_sync::<T>(&mut &connection[..], MAX_FRAME_BYTES);
    let asynchronous = block_on(read_frame::<T>(&mut &connection[..], MAX_FRAME_BYTES));
    let (Ok(Some(value)), Ok(Some(same))) = (&found, &asynchronous) else {
        assert_eq!(found.err(), asynchronous.err(), "the two readers differ");
        return;
    };
    let written = write(value);
    assert_eq!(written, write(same), "the two readers differ");
    let again = read_frame_sync::<T>(&mut &written[..], MAX_FRAME_BYTES);
    let again = again.ok().flatten().expect("a frame that we write is read");
    assert_eq!(write(&again), written, "a frame changes when it is read");
}

fn read_heavy<T: Laden>(connection: &[u8]) {
    let found = read_laden_sync::<T>(&mut &connection[..], MAX_FRAME_BYTES);
    let asynchronous = block_on(read_laden::<T>(&mut &connection[..], MAX_FRAME_BYTES));
    let (found, same) = match (found, asynchronous) {
        (Ok(Some(found)), Ok(Some(same))) => (found, same),
        (found, asynchronous) => {
            assert_eq!(found.err(), asynchronous.err(), "the two readers differ");
            return;
        }
    };
    let written = write_heavy(found);
    assert_eq!(written, write_heavy(same), "the two readers differ");
    let again = read_laden_sync::<T>(&mut &written[..], MAX_FRAME_BYTES);
    let again = again.ok().flatten().expect("a message that we write is read");
    assert_eq!(write_heavy(again), written, "a message changes when it is read");
}

fn write_heavy(message: impl Laden) -> Vec<u8> {
    let mut octets = Vec::new();
    write_laden_sync(&mut octets, message, MAX_FRAME_BYTES).expect("what was read can be written");
    octets
}

fn write<T: Serialize>(value: &T) -> Vec<u8> {
    let mut octets = Vec::new();
    write_frame_sync(&mut octets, value, MAX_FRAME_BYTES).expect("what was read can be written");
    octets
}
