//! What Postfix has to be told, from the values of `ssmax.toml`. Why each line is there
//! stands in `docs/operator/en/postfix.md`.

use super::postfix::Found;
use crate::complaint::{Complaint, Exit};
use crate::config::Config;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ssmax_gateway::GatewayConfig;
use ssmax_gateway::wire::Route;
use ssmax_submission::MilterAddress;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// How many octets a mail may become for one octet of the largest that the gateway takes,
/// from others too: two layers of base64 add 37 % each.
const GROWTH: (u64, u64) = (19, 10);

/// The largest mail: of everything, and less for the submission service.
pub(super) const SIZE: &str = "message_size_limit";

/// The columns of a service that hands in by LMTP, behind its name.
const LMTP: &str = "unix - - n - 10 lmtp";

/// The port where mail of others arrives: what the gateway hands back must not go there.
const SMTP_PORT: u16 = 25;

/// The services that there are without us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Services {
    /// Where mail of others arrives.
    pub(super) mx: String,
    /// Where own people submit.
    pub(super) submission: String,
}

impl Default for Services {
    fn default() -> Self {
        Self { mx: "smtp".to_owned(), submission: "submission".to_owned() }
    }
}

/// When a parameter is as it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
    /// One of these values.
    OneOf(&'static [&'static str]),
    /// A number that is not smaller, or 0, which is no limit.
    AtLeast(u64),
    /// Not smaller than `message_size_limit` will be, or 0.
    HoldsOneMail,
    /// None of the own mail domains.
    NoneOf(Vec<String>),
}

/// A parameter of main.cf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    /// What is written where it is not good.
    pub(super) value: String,
    pub(super) rule: Rule,
}

/// A service of master.cf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    /// As postconf names it: `smtp/inet`.
    pub(super) name: String,
    /// The columns behind the name, if it is made where it is missing.
    pub(super) columns: Option<String>,
    pub(super) options: Vec<(&'static str, String)>,
    /// Further options for a service that is made.
    pub(super) when_made: Vec<(&'static str, String)>,
}

impl Service {
    fn ours(name: &str, columns: &str, options: &[(&'static str, &str)]) -> Self {
        let options = options.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let kind = columns.split(' ').next().unwrap_or_default();
        let name = format!("{name}/{kind}");
        Self { name, columns: Some(columns.to_owned()), options, when_made: Vec::new() }
    }

    fn there(name: &str, options: &[(&'static str, &str)]) -> Self {
        let options = options.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { name: name.to_owned(), columns: None, options, when_made: Vec::new() }
    }

    /// The first column.
    fn label(&self) -> &str {
        self.name.rsplit_once('/').map_or(self.name.as_str(), |(label, _)| label)
    }

    /// All options of one that is made.
    fn all_options(&self) -> impl Iterator<Item = &(&'static str, String)> {
        self.when_made.iter().chain(&self.options)
    }

    /// The entry in one line, as postconf takes it.
    pub(super) fn line(&self) -> Option<String> {
        let columns = self.columns.as_ref()?;
        let options: String =
            self.all_options().map(|one| format!(" -o {}", option(one))).collect();
        Some(format!("{} {columns}{options}", self.label()))
    }
}

/// An option as it stands in master.cf.
fn option((name, value): &(&'static str, String)) -> String {
    if value.contains(' ') { format!("{{{name}={value}}}") } else { format!("{name}={value}") }
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) main: Vec<Parameter>,
    pub(super) master: Vec<Service>,
    /// Texts about what cannot be written here.
    pub(super) notes: Vec<&'static str>,
}

/// Whether the gateway or the milter of this configuration is asked by an MTA of this host.
pub(super) fn asks_postfix_here(config: &Config) -> bool {
    let Ok(settings) = config.gateway() else { return false };
    let gateway = &settings.gateway;
    [gateway.inbound_lmtp, gateway.submission_lmtp, gateway.system.lmtp]
        .into_iter()
        .flatten()
        .any(|address| address.ip().is_loopback())
}

impl Wanted {
    /// What `found` is is asked where it decides about a value; without a Postfix, it is
    /// taken to be as Debian installs it.
    pub(super) fn of(
        config: &Config,
        services: &Services,
        found: Option<&Found>,
    ) -> Result<Self, Complaint> {
        let settings = config.gateway()?;
        let gateway = &settings.gateway;
        let mut wanted = Self {
            main: parameters(gateway, &settings.organisation.domains, found),
            master: Vec::new(),
            notes: Vec::new(),
        };
        if let Some(filter) = gateway.inbound_lmtp {
            wanted.arriving(&services.mx, &on(filter), found);
        }
        if let Some(filter) = gateway.submission_lmtp {
            // Without the milter's statements, that listener refuses everything.
            match config.submission() {
                Ok(settings) => {
                    let milter = &settings.submission.milter;
                    let submission = &services.submission;
                    wanted.submitted(submission, milter, gateway, &on(filter), found)?;
                }
                Err(_) => wanted.notes.push("setup-note-milter"),
            }
        }
        if let Some(filter) = gateway.system.lmtp {
            wanted.automatic(&on(filter));
        }
        if wanted.master.is_empty() {
            return Err(Complaint::new(Exit::WrongUse, "setup-nothing"));
        }
        wanted.handed_back(&gateway.next_hop)?;
        Ok(wanted)
    }

    fn arriving(&mut self, mx: &str, filter: &str, found: Option<&Found>) {
        // Behind postscreen, smtpd gets its connections from there.
        let name = match found.and_then(|found| found.command(&format!("{mx}/inet"))) {
            Some("postscreen") => "smtpd/pass".to_owned(),
            _ => format!("{mx}/inet"),
        };
        let options = [
            ("content_filter", &*format!("ssmax:{filter}")),
            ("receive_override_options", "no_address_mappings"),
        ];
        self.master.push(Service::there(&name, &options));
        self.master.push(Service::ours("ssmax", LMTP, &HANDING_IN));
    }

    fn submitted(
        &mut self,
        label: &str,
        milter: &MilterAddress,
        gateway: &GatewayConfig,
        filter: &str,
        found: Option<&Found>,
    ) -> Result<(), Complaint> {
        let name = format!("{label}/inet");
        let ours = milter_in(milter, &name, found)?;
        // What main.cf asks of every mail goes on being asked, before ours.
        let others = found.and_then(|found| found.set("smtpd_milters")).unwrap_or_default();
        let milters = if others.is_empty() { ours } else { format!("{others}, {ours}") };
        let mut service = Service::ours(
            label,
            "inet n - n - - smtpd",
            &[
                ("smtpd_milters", &milters),
                ("milter_default_action", "tempfail"),
                ("content_filter", &format!("ssmax-submission:{filter}")),
                // Refused where the sender hears it, not by a report behind both gateways.
                (SIZE, &gateway.submission_bytes().to_string()),
                ("receive_override_options", "no_address_mappings"),
                ("local_header_rewrite_clients", ""),
            ],
        );
        let mut logins = vec![
            ("smtpd_tls_security_level", "encrypt"),
            ("smtpd_sasl_auth_enable", "yes"),
            ("smtpd_client_restrictions", ""),
            ("smtpd_relay_restrictions", "permit_sasl_authenticated,reject"),
        ];
        if found.is_none_or(|found| found.set("smtpd_sasl_type").is_none()) {
            logins.extend([("smtpd_sasl_type", "dovecot"), ("smtpd_sasl_path", "private/auth")]);
        }
        service.when_made = logins.iter().map(|(name, value)| (*name, (*value).into())).collect();
        self.master.push(service);
        // Lines of any length, or the statement is of another mail.
        let handing_in = [&HANDING_IN[..], &[("lmtp_line_length_limit", "0")]].concat();
        self.master.push(Service::ours("ssmax-submission", LMTP, &handing_in));
        Ok(())
    }

    fn automatic(&mut self, filter: &str) {
        for name in ["bounce/unix", "defer/unix", "trace/unix"] {
            let options = [
                ("cleanup_service_name", "ssmax-cleanup"),
                ("internal_mail_filter_classes", "bounce"),
            ];
            self.master.push(Service::there(name, &options));
        }
        let cleanup = [
            ("header_checks", &*format!("static:{{FILTER ssmax-system:{filter}}}")),
            ("virtual_alias_maps", ""),
        ];
        self.master.push(Service::ours("ssmax-cleanup", "unix n - n - 0 cleanup", &cleanup));
        self.master.push(Service::ours("ssmax-system", LMTP, &HANDING_IN));
        let filter = format!("ssmax-system:{filter}");
        self.master.push(Service::there("pickup/unix", &[("content_filter", &filter)]));
        self.notes.push("setup-note-machines");
    }

    /// The listener that takes back what the gateway is done with.
    fn handed_back(&mut self, next_hop: &Route) -> Result<(), Complaint> {
        let Route::Smtp { host, port, .. } = next_hop else {
            self.notes.push("setup-note-next-hop");
            return Ok(());
        };
        let Ok(ip) = host.parse::<IpAddr>() else {
            self.notes.push("setup-note-next-hop");
            return Ok(());
        };
        if *port == SMTP_PORT {
            return Err(Complaint::new(Exit::WrongUse, "setup-circle").with("route", next_hop));
        }
        let label = match ip {
            IpAddr::V4(ip) => format!("{ip}:{port}"),
            IpAddr::V6(ip) => format!("[{ip}]:{port}"),
        };
        let clients = match ip {
            IpAddr::V4(ip) if ip.is_loopback() => "127.0.0.0/8".to_owned(),
            IpAddr::V6(ip) => format!("[{ip}]"),
            IpAddr::V4(ip) => ip.to_string(),
        };
        let options = [
            ("content_filter", ""),
            ("smtpd_milters", ""),
            (
                "receive_override_options",
                "no_unknown_recipient_checks,no_header_body_checks,no_milters",
            ),
            ("smtpd_recipient_restrictions", "permit_mynetworks,reject"),
            ("smtpd_authorized_xforward_hosts", &clients),
            ("local_header_rewrite_clients", ""),
        ];
        self.master.push(Service::ours(&label, "inet n - n - - smtpd", &options));
        Ok(())
    }

    /// The lines of main.cf.
    pub(super) fn main_lines(&self) -> Vec<String> {
        self.main.iter().map(|one| format!("{} = {}", one.name, one.value)).collect()
    }

    /// The lines of master.cf. A service that there has to be is named by its first two
    /// columns, the others of which stay.
    pub(super) fn master_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for service in &self.master {
            match &service.columns {
                Some(columns) => lines.push(format!("{} {columns}", service.label())),
                None => lines.push(service.name.replace('/', " ") + " ..."),
            }
            let made = service.columns.iter().flat_map(|_| service.all_options());
            let there = service.options.iter().filter(|_| service.columns.is_none());
            lines.extend(made.chain(there).map(|one| format!("  -o {}", option(one))));
        }
        lines
    }

    /// The same for programs.
    pub(super) fn facts(&self) -> Value {
        json!({ "main": self.main_lines(), "master": self.master_lines(), "notes": self.notes })
    }
}

/// How a service hands a mail to the gateway.
const HANDING_IN: [(&str, &str); 3] = [
    ("lmtp_data_done_timeout", "1200"),
    ("disable_dns_lookups", "yes"),
    ("lmtp_send_xforward_command", "yes"),
];

fn parameters(
    gateway: &GatewayConfig,
    domains: &[String],
    found: Option<&Found>,
) -> Vec<Parameter> {
    let largest = u64::try_from(gateway.limits.max_mail_bytes).unwrap_or(u64::MAX);
    let size = largest.saturating_mul(GROWTH.0) / GROWTH.1;
    let yes = |name| Parameter { name, value: "yes".to_owned(), rule: Rule::OneOf(&["yes"]) };
    let of = |name, value: &str, rule| Parameter { name, value: value.to_owned(), rule };
    let mut all = vec![
        yes("disable_mime_output_conversion"),
        yes("smtputf8_enable"),
        of(SIZE, &size.to_string(), Rule::AtLeast(size)),
        // Below a mail's own limit, mailboxes of Postfix take nothing at all.
        of("mailbox_size_limit", "0", Rule::HoldsOneMail),
        of("virtual_mailbox_limit", "0", Rule::HoldsOneMail),
        of("myorigin", "$myhostname", Rule::NoneOf(domains.to_vec())),
        // Another filter of everything would be passed by, without a word.
        of("content_filter", "", Rule::OneOf(&[""])),
    ];
    // Not known to every version that is in use.
    if found.is_none_or(|found| found.knows("smtpd_forbid_bare_newline")) {
        let rule = Rule::OneOf(&["yes", "normalize", "reject"]);
        all.insert(0, of("smtpd_forbid_bare_newline", "yes", rule));
    }
    all
}

/// Where Postfix reaches a listener of the gateway.
fn on(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("[{ip}]:{}", address.port())
}

/// The milter as the service sees it: in a chroot, below the queue's folder.
fn milter_in(
    milter: &MilterAddress,
    service: &str,
    found: Option<&Found>,
) -> Result<String, Complaint> {
    let address = milter.to_string();
    if address.contains(|c: char| c.is_whitespace() || matches!(c, ',' | '{' | '}' | '$')) {
        return Err(Complaint::new(Exit::WrongUse, "setup-milter-path").with("address", address));
    }
    let (MilterAddress::Unix(path), Some(found)) = (milter, found) else { return Ok(address) };
    if !found.is_chrooted(service) {
        return Ok(address);
    }
    match path.strip_prefix(found.queue_directory()) {
        Ok(inside) => Ok(format!("unix:{}", inside.display())),
        Err(_) => Err(Complaint::new(Exit::Bad, "setup-milter-chroot")
            .with("address", address)
            .with("dir", found.queue_directory().display())
            .with("service", service)),
    }
}
