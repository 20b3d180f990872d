//! A zone signed with DNSSEC on a real name server (NSD), and a validating resolver (Unbound)
//! that trusts its key and asks nobody else. Signed and loaded by BIND's programs too.

use ssmax_daemon::ports::Ports;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long the servers may take to answer, on a busy machine.
const READY: Duration = Duration::from_secs(30);

/// What a resolver said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The response code, as `NOERROR`.
    pub status: String,
    /// Whether the resolver says that it has validated the answer (AD, RFC 4035 3.2.3).
    pub secure: bool,
    /// The data of the records of this type, as in a master file.
    pub records: Vec<String>,
    /// Octets of the answer.
    pub octets: usize,
    /// Whether it came over TCP in the end.
    pub over_tcp: bool,
}

/// The two servers, ended with the test.
pub struct Dns {
    pub resolver: SocketAddr,
    _children: [Ended; 2],
    _dir: TempDir,
    _ports: Ports,
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What is needed, and the Debian package of each.
const PROGRAMS: [(&str, &str); 6] = [
    ("/usr/sbin/nsd", "nsd"),
    ("/usr/sbin/unbound", "unbound"),
    ("/usr/bin/kdig", "knot-dnsutils"),
    ("/usr/bin/dnssec-keygen", "bind9-utils"),
    ("/usr/bin/dnssec-signzone", "bind9-utils"),
    ("/usr/bin/named-checkzone", "bind9-utils"),
];

impl Dns {
    /// Whether the programs are here. Says what is missing if not.
    ///
    /// # Panics
    /// If they are not, and the variable `CI` is set: there a skipped test is a failure.
    pub fn can_run() -> bool {
        let missing = PROGRAMS.iter().find(|(program, _)| !Path::new(program).exists());
        let Some((program, package)) = missing else { return true };
        assert!(std::env::var_os("CI").is_none(), "needed and not here: {program} ({package})");
        println!("skipped: no {program} ({package})");
        false
    }

    /// Serves `domain` with these records, signed; `$INCLUDE` names a file in `from`.
    pub fn signed(domain: &str, records: &str, from: &Path) -> Self {
        Self::serve(domain, records, from, |zone| zone)
    }

    /// The same, of which something was changed after it had been signed.
    pub fn serve(
        domain: &str,
        records: &str,
        from: &Path,
        change: impl FnOnce(String) -> String,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let zone = format!(
            "$ORIGIN {domain}.\n$TTL 300\n@ IN SOA ns hostmaster 1 3600 600 86400 60\n\
             @ IN NS ns\nns IN A 127.0.0.1\n{records}"
        );
        fs::write(from.join(format!("{domain}.zone")), zone).unwrap();
        let keys = dir.path().to_str().unwrap();
        let generated =
            run(from, "dnssec-keygen", &["-q", "-K", keys, "-f", "KSK", "-a", "13", domain]);
        let key = generated.trim();
        let signed = at("signed");
        let signed = signed.to_str().unwrap();
        let unsigned = format!("{domain}.zone");
        let line = ["-q", "-z", "-S", "-K", keys, "-d", keys, "-O", "full", "-o", domain];
        run(from, "dnssec-signzone", &[&line[..], &["-f", signed, &unsigned]].concat());
        // What BIND would load.
        run(from, "named-checkzone", &["-i", "none", domain, signed]);
        let text = change(fs::read_to_string(signed).unwrap());
        fs::write(signed, text).unwrap();
        fs::write(at("anchor"), run(dir.path(), "dnssec-dsfromkey", &["-2", key])).unwrap();
        let mut ports = Ports::claim().unwrap();
        let mut port = || ports.free(Ipv4Addr::LOCALHOST.into()).unwrap();
        let (server, resolver) = (port(), port());
        fs::write(at("nsd.conf"), nsd_conf(domain, server, dir.path())).unwrap();
        fs::write(at("unbound.conf"), unbound_conf(domain, server, resolver, dir.path())).unwrap();
        let children = [
            start(dir.path(), "/usr/sbin/nsd", &["-d", "-c", "nsd.conf"]),
            start(dir.path(), "/usr/sbin/unbound", &["-d", "-c", "unbound.conf"]),
        ];
        let dns = Self { resolver, _children: children, _dir: dir, _ports: ports };
        // A name server that does not answer yet counts as lame for minutes: it is asked
        // first, and the resolver only once that answers.
        for (address, name) in [(server, format!("{domain}.")), (resolver, "localhost.".into())] {
            let start = Instant::now();
            while ask(address, &name, "SOA").is_none() {
                assert!(start.elapsed() < READY, "{address} does not answer");
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        dns
    }

    /// Asks the resolver.
    #[track_caller]
    pub fn ask(&self, name: &str, kind: &str) -> Answer {
        ask(self.resolver, name, kind).unwrap_or_else(|| panic!("no answer for {name} {kind}"))
    }
}

fn nsd_conf(domain: &str, server: SocketAddr, dir: &Path) -> String {
    let (port, dir) = (server.port(), dir.display());
    format!(
        "server:\n  ip-address: 127.0.0.1@{port}\n  server-count: 1\n  username: \"\"\n  \
         database: \"\"\n  zonesdir: \"{dir}\"\n  pidfile: \"{dir}/nsd.pid\"\n  \
         xfrdfile: \"{dir}/xfrd.state\"\n  zonelistfile: \"{dir}/zone.list\"\n  \
         xfrdir: \"{dir}\"\nremote-control:\n  control-enable: no\n\
         zone:\n  name: {domain}\n  zonefile: signed\n"
    )
}

fn unbound_conf(domain: &str, server: SocketAddr, resolver: SocketAddr, dir: &Path) -> String {
    let (server, port, dir) = (server.port(), resolver.port(), dir.display());
    format!(
        "server:\n  interface: 127.0.0.1@{port}\n  num-threads: 1\n  username: \"\"\n  \
         chroot: \"\"\n  directory: \"{dir}\"\n  pidfile: \"{dir}/unbound.pid\"\n  \
         use-syslog: no\n  do-ip6: no\n  do-not-query-localhost: no\n  \
         module-config: \"validator iterator\"\n  trust-anchor-file: \"{dir}/anchor\"\n\
         remote-control:\n  control-enable: no\n\
         stub-zone:\n  name: {domain}\n  stub-addr: 127.0.0.1@{server}\n"
    )
}

/// Runs a program of BIND's and gives what it printed.
fn run(dir: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(dir).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{program}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

fn start(dir: &Path, program: &str, arguments: &[&str]) -> Ended {
    let child = Command::new(program)
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Ended(child.unwrap_or_else(|error| panic!("{program}: {error}")))
}

/// Asks by `kdig`; `None` where nobody answers.
fn ask(server: SocketAddr, name: &str, kind: &str) -> Option<Answer> {
    let (ip, port) = (format!("@{}", server.ip()), server.port().to_string());
    let output = Command::new("kdig")
        .args(["+dnssec", "+retry=0", "+timeout=3", &ip, "-p", &port, name, kind])
        .output()
        .unwrap_or_else(|error| panic!("kdig: {error}"));
    let text = String::from_utf8(output.stdout).unwrap();
    let between = |start: &str, end: &str| Some(text.split_once(start)?.1.split_once(end)?.0);
    let records = text.lines().filter(|line| !line.starts_with(';')).filter_map(|line| {
        let mut fields = line.split_whitespace().skip(2);
        (fields.next() == Some("IN") && fields.next() == Some(kind))
            .then(|| fields.collect::<Vec<_>>().join(" "))
    });
    Some(Answer {
        status: between("status: ", ";")?.to_owned(),
        secure: between("Flags: ", ";")?.split(' ').any(|flag| flag == "ad"),
        records: records.collect(),
        octets: between("Received ", " B")?.parse().ok()?,
        over_tcp: text.contains("(TCP)"),
    })
}
