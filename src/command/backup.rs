//! `ssmax backup` and `ssmax restore`: the state of this host's roles, each in one file.

use super::{ConfigFile, Context, block_on};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use crate::part::{self, Part};
use serde_json::{Value, json};
use ssmax_backup::{Access, BackupError, Manifest, Whose};
use ssmax_daemon::ready;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::OffsetDateTime;

/// What a member knows of the federation, all of it public: no role's own.
const FEDERATION: &str = "federation";

/// Arguments of `ssmax backup`.
#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    /// A new folder for the archives.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only this role.
    #[arg(long = "role", value_name = "ROLE", hide_possible_values = true)]
    roles: Vec<Role>,
    #[command(flatten)]
    config: ConfigFile,
}

/// Arguments of `ssmax restore`.
#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArgs {
    /// The folder with the archives.
    dir: PathBuf,
    /// Only this role.
    #[arg(long = "role", value_name = "ROLE", hide_possible_values = true)]
    roles: Vec<Role>,
    #[command(flatten)]
    config: ConfigFile,
}

/// Whose folder an archive is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Role(Role),
    /// Whoever administers the host.
    Federation,
}

impl Owner {
    fn as_str(self) -> &'static str {
        match self {
            Self::Role(role) => role.as_str(),
            Self::Federation => FEDERATION,
        }
    }

    fn archive(self, dir: &Path) -> PathBuf {
        dir.join(format!("{}.tar", self.as_str()))
    }
}

/// Writes the archives.
pub(crate) fn backup(args: &BackupArgs, context: &Context) -> ExitCode {
    context.end(make_all(args, context))
}

/// Puts them back.
pub(crate) fn restore(args: &RestoreArgs, context: &Context) -> ExitCode {
    context.end(put_back_all(args, context))
}

fn make_all(args: &BackupArgs, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let owners = owners(&config, &args.roles, |owner| config.state_dir().join(owner.as_str()))?;
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&args.out)
        .map_err(|error| Complaint::from_write(&args.out, error.kind()))?;
    let mut made = Vec::new();
    for owner in owners {
        let path = owner.archive(&args.out);
        made.push((owner, block_on(make(&config, owner, &path))?, path));
    }
    tell(&config, &made, ["backup-made", "backup-server", "backup-guard"], context);
    Ok(ExitCode::SUCCESS)
}

/// Writes one archive, reads it again from the disk, and says what it has.
async fn make(config: &Config, owner: Owner, path: &Path) -> Result<Manifest, Complaint> {
    let failed = |error: std::io::Error| Complaint::from_write(path, error.kind());
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    let out = file.try_clone().map_err(failed)?;
    match owner {
        Owner::Role(role) => part::write_to(config, Part::Backup(role), out).await?,
        Owner::Federation => pack(config, owner.as_str(), out).await?,
    }
    file.sync_all().map_err(failed)?;
    // What was written is read by name: both have one place in the file otherwise.
    let again = File::open(path).map_err(failed)?;
    ssmax_backup::verify(again).map_err(|error| complaint(error, path))
}

fn put_back_all(args: &RestoreArgs, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let owners = owners(&config, &args.roles, |owner| owner.archive(&args.dir))?;
    if owners.is_empty() {
        let complaint = Complaint::new(Exit::WrongUse, "backup-none");
        return Err(complaint.with("path", args.dir.display()));
    }
    for owner in &owners {
        if let Owner::Role(role) = owner
            && ready::served(config.run_dir(), role.as_str()).is_some()
        {
            return Err(
                Complaint::new(Exit::WrongUse, "restore-serving").with("role", role.as_str())
            );
        }
    }
    fs::create_dir_all(config.state_dir())
        .map_err(|error| Complaint::from_write(config.state_dir(), error.kind()))?;
    let mut done = Vec::new();
    for owner in owners {
        let path = owner.archive(&args.dir);
        let failed =
            |error: std::io::Error| Complaint::from_io(&path, error.kind(), Exit::WrongUse);
        // All of it is looked at before anything is done.
        ssmax_backup::verify(File::open(&path).map_err(failed)?)
            .map_err(|error| complaint(error, &path))?;
        let file = File::open(&path).map_err(failed)?;
        let manifest = match owner {
            Owner::Role(role) => block_on(part::read_from(&config, Part::Restore(role), file))?,
            Owner::Federation => unpack(&config, owner.as_str(), file, Access::Public)?,
        };
        done.push((owner, manifest, path));
    }
    tell(&config, &done, ["restore-done", "restore-server", "restore-next"], context);
    Ok(ExitCode::SUCCESS)
}

/// Whose state is meant: what is asked for, or all that `place` is there for.
fn owners(
    config: &Config,
    asked: &[Role],
    place: impl Fn(Owner) -> PathBuf,
) -> Result<Vec<Owner>, Complaint> {
    let there = config.roles();
    if let Some(absent) = asked.iter().find(|role| !there.contains(role)) {
        return Err(Complaint::new(Exit::WrongUse, "config-section")
            .with("path", config.path().display())
            .with("section", absent.as_str()));
    }
    let wanted = there.into_iter().filter(|role| asked.is_empty() || asked.contains(role));
    let federation = asked.is_empty().then_some(Owner::Federation);
    let all = wanted.map(Owner::Role).chain(federation);
    Ok(all.filter(|owner| place(*owner).exists()).collect())
}

/// A role's part of a backup, in its own name.
pub(crate) async fn pack(config: &Config, name: &str, mut out: File) -> Result<(), Complaint> {
    let dir = config.state_dir().join(name);
    let at = OffsetDateTime::now_utc().unix_timestamp();
    let packed = ssmax_backup::pack(&dir, whose(config, name), at, &mut out).await;
    packed.map_err(|error| complaint(error, &dir))?;
    out.flush().map_err(|error| Complaint::from_write(&dir, error.kind()))
}

/// A role's part of a restore, in its own name.
pub(crate) fn unpack(
    config: &Config,
    name: &str,
    input: File,
    access: Access,
) -> Result<Manifest, Complaint> {
    let dir = config.state_dir().join(name);
    ssmax_backup::unpack(input, &dir, &whose(config, name), access)
        .map_err(|error| complaint(error, &dir))
}

fn whose(config: &Config, name: &str) -> Whose {
    let member = config.organisation().map(|organisation| organisation.id.clone());
    Whose { role: name.to_owned(), member: member.unwrap_or_default() }
}

/// Tells of each archive, of what a server has besides, and what is to be done.
fn tell(
    config: &Config,
    done: &[(Owner, Manifest, PathBuf)],
    [each, server, last]: [&str; 3],
    context: &Context,
) {
    let facts: Vec<Value> = done
        .iter()
        .map(|(owner, manifest, path)| {
            json!({
                "name": owner.as_str(),
                "path": path.display().to_string(),
                "at": manifest.at,
                "files": manifest.files.len(),
                "bytes": manifest.bytes(),
            })
        })
        .collect();
    context.print(&json!({ "archives": facts }), || {
        let line = |(owner, manifest, path): &(Owner, Manifest, PathBuf)| {
            let (files, bytes) = (manifest.files.len().to_string(), manifest.bytes().to_string());
            let path = path.display().to_string();
            let arguments =
                [("name", owner.as_str()), ("files", &files), ("bytes", &bytes), ("path", &path)];
            context.text(each, &arguments)
        };
        let mut lines: Vec<String> = done.iter().map(line).collect();
        let has_server = |owner: &Owner| match owner {
            Owner::Role(role) => config.has_server(*role),
            Owner::Federation => false,
        };
        if done.iter().any(|(owner, ..)| has_server(owner)) {
            lines.push(context.text(server, &[]));
        }
        lines.push(context.text(last, &[]));
        lines.join("\n")
    });
}

fn complaint(error: BackupError, place: &Path) -> Complaint {
    let of_archive = |name| Complaint::new(Exit::Bad, name).with("path", place.display());
    match error {
        BackupError::Store(error) => error.into(),
        BackupError::File { path, kind } => Complaint::from_io(&path, kind, Exit::Unavailable),
        BackupError::Archive(kind) => Complaint::from_io(place, kind, Exit::Unavailable),
        BackupError::ForeignKind { path } => {
            Complaint::new(Exit::Bad, "backup-foreign-kind").with("path", path.display())
        }
        BackupError::NotEmpty { path } => {
            Complaint::new(Exit::WrongUse, "restore-not-empty").with("path", path.display())
        }
        BackupError::TooMany => of_archive("backup-too-many"),
        BackupError::NotWhole => of_archive("backup-not-whole"),
        BackupError::Changed { name } => of_archive("backup-changed").with("name", name),
        BackupError::ForeignEntry { name } => of_archive("backup-foreign-entry").with("name", name),
        BackupError::OfAnother { found } => of_archive("backup-of-another").with("found", found),
        other => Complaint::new(Exit::Unavailable, "failed").with("reason", other),
    }
}
