//! An installed Postfix, read and changed by its own `postconf`.

use super::plan::Place;
use crate::command::verify;
use crate::complaint::{Complaint, Exit};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Debian has it, for users without it in their PATH.
const FALLBACK: &str = "/usr/sbin/postconf";

/// Where these columns of master.cf are (master(5)).
const CHROOT: usize = 4;
const COMMAND: usize = 7;

/// A Postfix and its folder.
#[derive(Debug)]
pub(super) struct Postfix {
    program: &'static OsStr,
    dir: PathBuf,
}

impl Postfix {
    /// The Postfix whose configuration is in `dir`, or where it looks itself.
    pub(super) fn at(dir: Option<&Path>) -> Result<Self, Complaint> {
        let works =
            |program: &&OsStr| Command::new(program).args(["-d", "mail_version"]).output().is_ok();
        let program = [OsStr::new("postconf"), OsStr::new(FALLBACK)]
            .into_iter()
            .find(works)
            .ok_or_else(|| Complaint::new(Exit::Unavailable, "setup-no-postfix"))?;
        let dir = match dir {
            Some(dir) => std::path::absolute(dir)
                .map_err(|error| Complaint::from_io(dir, error.kind(), Exit::WrongUse))?,
            None => {
                let said = said(Command::new(program).args(["-dh", "config_directory"]))?;
                // Postfix's own programs follow this variable (postconf(1)).
                std::env::var_os("MAIL_CONFIG").map_or_else(|| said.trim().into(), PathBuf::from)
            }
        };
        let main = dir.join("main.cf");
        match main.metadata() {
            Ok(_) => Ok(Self { program, dir }),
            Err(error) => Err(Complaint::from_io(&main, error.kind(), Exit::Unavailable)),
        }
    }

    /// The folder of main.cf and master.cf.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Runs postconf on the folder.
    fn postconf(&self, arguments: &[&str]) -> Result<String, Complaint> {
        said(Command::new(self.program).arg("-c").arg(&self.dir).args(arguments))
    }

    /// What its configuration says.
    pub(super) fn read(&self) -> Result<Found, Complaint> {
        let set = pairs(&self.postconf(&["-n"])?);
        let defaults = pairs(&self.postconf(&["-d"])?);
        let options = pairs(&self.postconf(&["-P"])?);
        let services = self.postconf(&["-M"])?.lines().filter_map(service).collect();
        let expanded = |name| Ok::<_, Complaint>(self.postconf(&["-xh", name])?.trim().to_owned());
        let mut myorigin = expanded("myorigin")?;
        if myorigin.starts_with('/') {
            // postconf(5): a file's first line then.
            let text = std::fs::read_to_string(&myorigin).unwrap_or_default();
            myorigin = text.lines().next().unwrap_or_default().trim().to_owned();
        }
        let queue_directory = PathBuf::from(expanded("queue_directory")?);
        Ok(Found { set, defaults, options, services, myorigin, queue_directory })
    }

    /// Gives one place another value; `None` takes it away.
    pub(super) fn change(&self, place: &Place, value: Option<&str>) -> Result<(), Complaint> {
        let name = place.to_string();
        let assigned = value.map(|value| format!("{name}={value}"));
        let (edit, remove) = match place {
            Place::Parameter(_) => ("-e", "-X"),
            Place::Option { .. } => ("-P", "-PX"),
            Place::Service(_) => ("-M", "-MX"),
        };
        let arguments = match &assigned {
            Some(assigned) => [edit, assigned.as_str()],
            None => [remove, name.as_str()],
        };
        self.postconf(&arguments).map(drop)
    }
}

/// Runs it, in the language that is read here.
fn said(command: &mut Command) -> Result<String, Complaint> {
    let failed = |reason: &str| {
        let reason = verify::printable(reason);
        Complaint::new(Exit::Unavailable, "setup-postconf").with("reason", reason.trim())
    };
    let said = command.env("LC_ALL", "C").output().map_err(|error| failed(&error.to_string()))?;
    if !said.status.success() {
        return Err(failed(&String::from_utf8_lossy(&said.stderr)));
    }
    Ok(String::from_utf8_lossy(&said.stdout).into_owned())
}

/// `name = value` lines.
fn pairs(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// An entry of master.cf: its name for postconf, its columns, and behind the command its
/// arguments but for options, which postconf tells by themselves.
fn service(line: &str) -> Option<(String, Vec<String>)> {
    let mut words = line.split_whitespace().map(str::to_owned);
    let mut columns: Vec<String> = words.by_ref().take(COMMAND + 1).collect();
    while let Some(word) = words.next() {
        if word != "-o" {
            columns.push(word);
        } else if words
            .next()
            .is_some_and(|option| option.starts_with('{') && !option.ends_with('}'))
        {
            // Its value has blanks.
            let _ = words.by_ref().find(|word| word.ends_with('}'));
        }
    }
    let [label, kind, ..] = &columns[..] else { return None };
    Some((format!("{label}/{kind}"), columns))
}

/// What a Postfix is told now.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    set: BTreeMap<String, String>,
    defaults: BTreeMap<String, String>,
    /// By `service/type/name`.
    options: BTreeMap<String, String>,
    services: BTreeMap<String, Vec<String>>,
    myorigin: String,
    queue_directory: PathBuf,
}

impl Found {
    /// The value that main.cf gives a parameter.
    pub(super) fn set(&self, name: &str) -> Option<&str> {
        self.set.get(name).map(String::as_str)
    }

    /// The value that a parameter has.
    pub(super) fn value(&self, name: &str) -> &str {
        self.set(name).or_else(|| self.defaults.get(name).map(String::as_str)).unwrap_or_default()
    }

    /// The domain that local mail is from, whatever stands for it.
    pub(super) fn myorigin(&self) -> &str {
        &self.myorigin
    }

    /// Whether this version has the parameter.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.defaults.contains_key(name)
    }

    /// Where the queue is, which is the root of what runs in a chroot.
    pub(super) fn queue_directory(&self) -> &Path {
        &self.queue_directory
    }

    /// The columns of a service, its name first.
    pub(super) fn columns(&self, service: &str) -> Option<&[String]> {
        self.services.get(service).map(Vec::as_slice)
    }

    /// The program that a service is.
    pub(super) fn command(&self, service: &str) -> Option<&str> {
        self.columns(service)?.get(COMMAND).map(String::as_str)
    }

    /// Whether a service runs in a chroot. `-` is `n` since Postfix 3.0.
    pub(super) fn is_chrooted(&self, service: &str) -> bool {
        let column = self.columns(service).and_then(|columns| columns.get(CHROOT));
        column.is_some_and(|column| column == "y")
    }

    /// What stands at a place.
    pub(super) fn at(&self, place: &Place) -> Option<String> {
        match place {
            Place::Parameter(name) => self.set.get(name).cloned(),
            Place::Option { .. } => self.options.get(&place.to_string()).cloned(),
            Place::Service(name) => {
                let columns = self.columns(name)?.join(" ");
                let prefix = format!("{name}/");
                let options = self.options.iter().filter_map(|(option, value)| {
                    let name = option.strip_prefix(&prefix)?;
                    Some(if value.contains(' ') {
                        format!(" -o {{{name}={value}}}")
                    } else {
                        format!(" -o {name}={value}")
                    })
                });
                Some(columns + &options.collect::<String>())
            }
        }
    }

    #[cfg(test)]
    pub(super) fn of(set: &[(&str, &str)], options: &[(&str, &str)], services: &[&str]) -> Self {
        let owned = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let defaults = [
            ("message_size_limit", "10240000"),
            ("mailbox_size_limit", "51200000"),
            ("virtual_mailbox_limit", "51200000"),
            ("smtpd_forbid_bare_newline", "no"),
            ("disable_mime_output_conversion", "no"),
            ("smtputf8_enable", "yes"),
            ("content_filter", ""),
        ];
        Self {
            set: owned(set),
            defaults: owned(&defaults),
            options: owned(options),
            services: services.iter().filter_map(|line| service(line)).collect(),
            myorigin: "mx.a.example".to_owned(),
            queue_directory: "/var/spool/postfix".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::service;

    #[test]
    fn what_a_command_is_given_is_kept_and_its_options_are_told_elsewhere() {
        let line =
            "x unix - n n - 10 pipe -o a=b flags=DRhu -o {c = d e} user=vmail argv=/bin/x -f";
        let (name, columns) = service(line).unwrap();
        assert_eq!(name, "x/unix");
        assert_eq!(
            columns.join(" "),
            "x unix - n n - 10 pipe flags=DRhu user=vmail argv=/bin/x -f"
        );
    }
}
