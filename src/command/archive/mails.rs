//! The messages of a request: what in them is encrypted, and the same messages for their
//! new reader. Their content is not opened here.

use crate::command::{Context, decrypt, rewrap, verify};
use crate::complaint::{Complaint, Exit};
use serde_bytes::ByteBuf;
use ssmax_agent::archive::{ArchiveCopy, archive_copy};
use ssmax_api::archive::ArchivedPart;
use ssmax_api::person::RewrappedPart;
use ssmax_chain::Digest;
use ssmax_chain::archive_request::ArchiveRequest;
use ssmax_chain::attachments::{take_apart, with_objects};
use ssmax_cms::enveloped::Enveloped;
use ssmax_mail::Limits;
use ssmax_smime::decrypt::is_bare_object;
use ssmax_smime::rewrap::Apart;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Header fields by which a person knows a message, in this order.
const KNOWN_BY: [&str; 3] = ["Date", "From", "Subject"];

/// One message.
pub(super) struct Read {
    path: PathBuf,
    file: decrypt::EncryptedFile,
    /// Its encrypted parts.
    copies: Vec<ArchiveCopy>,
}

/// The encrypted parts of many messages, each once: the same message may lie in two
/// folders.
pub(super) struct Gathered {
    pub(super) copies: Vec<ArchiveCopy>,
    /// How many messages they are from.
    pub(super) mails: u32,
}

/// Files of a folder, named all at once: some of the mail in it may never have been
/// encrypted, and needs nobody to open it.
pub(super) struct Sorted {
    pub(super) encrypted: Vec<PathBuf>,
    pub(super) left_out: Vec<PathBuf>,
}

impl Sorted {
    /// # Errors
    /// What is wrong with a file but that it is not encrypted; that too, if all are so.
    pub(super) fn of(paths: &[PathBuf]) -> Result<Self, Complaint> {
        let mut sorted = Self { encrypted: Vec::new(), left_out: Vec::new() };
        let mut first = None;
        for path in paths {
            match Read::of(path) {
                Ok(_) => sorted.encrypted.push(path.clone()),
                Err(complaint) if complaint.name == "not-encrypted" => {
                    first.get_or_insert(complaint);
                    sorted.left_out.push(path.clone());
                }
                Err(complaint) => return Err(complaint),
            }
        }
        match first {
            Some(complaint) if sorted.encrypted.is_empty() => Err(complaint),
            _ => Ok(sorted),
        }
    }

    /// Says how many were left out, and which.
    pub(super) fn warn(&self, context: &Context) {
        if self.left_out.is_empty() {
            return;
        }
        let count = self.left_out.len().to_string();
        let names: Vec<String> =
            self.left_out.iter().map(|path| path.display().to_string()).collect();
        let facts = [("count", count.as_str()), ("names", &names.join(", "))];
        verify::warn(context, &verify::printable(&context.text("archive-left-out", &facts)));
    }

    /// The answer is not the whole one if something was left out.
    pub(super) fn exit(&self) -> ExitCode {
        if self.left_out.is_empty() { ExitCode::SUCCESS } else { Exit::Bad.into() }
    }
}

impl Gathered {
    pub(super) fn of(paths: &[PathBuf]) -> Result<Self, Complaint> {
        let mut gathered = Self { copies: Vec::new(), mails: 0 };
        let mut known = HashSet::new();
        for path in paths {
            let mut is_new = false;
            for copy in Read::of(path)?.copies {
                if known.insert(copy.object.tail) {
                    gathered.copies.push(copy);
                    is_new = true;
                }
            }
            gathered.mails += u32::from(is_new);
        }
        Ok(gathered)
    }

    /// What the keyserver opens the parts of a request with, in their order; all of them
    /// and no others.
    pub(super) fn parts_of(self, request: &ArchiveRequest) -> Result<Vec<ArchivedPart>, Complaint> {
        let mut by_tail: HashMap<Digest, ArchiveCopy> =
            self.copies.into_iter().map(|copy| (copy.object.tail, copy)).collect();
        let mut parts = Vec::with_capacity(request.objects.len());
        for object in &request.objects {
            let copy = by_tail.remove(&object.tail).ok_or_else(|| {
                Complaint::new(Exit::WrongUse, "archive-mail-missing").with("tail", object.tail)
            })?;
            parts.push(ArchivedPart {
                archive: ByteBuf::from(copy.archive),
                owner: copy.owner.map(ByteBuf::from),
            });
        }
        match by_tail.keys().next() {
            None => Ok(parts),
            Some(tail) => {
                Err(Complaint::new(Exit::WrongUse, "archive-mail-not-approved").with("tail", tail))
            }
        }
    }
}

impl Read {
    pub(super) fn of(path: &Path) -> Result<Self, Complaint> {
        let file = decrypt::encrypted_file(path)?;
        let none =
            || Complaint::new(Exit::Bad, "archive-not-archived-file").with("path", path.display());
        let copies = match attached(&file.octets) {
            Some(copies) => copies,
            None => {
                let apart =
                    Apart::of(&file.octets).map_err(|fault| rewrap::complaint(fault, &[], path))?;
                vec![archive_copy(apart.enveloped())]
            }
        };
        let copies = copies.into_iter().collect::<Option<Vec<_>>>().ok_or_else(none)?;
        Ok(Self { path: path.to_owned(), file, copies })
    }

    /// Whether all its parts are of this request.
    pub(super) fn is_of(&self, request: &ArchiveRequest) -> Result<(), Complaint> {
        let is_named = |copy: &&ArchiveCopy| request.objects.contains(&copy.object);
        match self.copies.iter().find(|copy| !is_named(copy)) {
            None => Ok(()),
            Some(copy) => Err(Complaint::new(Exit::Bad, "archive-mail-not-approved")
                .with("tail", copy.object.tail)),
        }
    }

    /// What its header says, which nobody has verified.
    pub(super) fn in_words(&self) -> String {
        let path = self.path.display().to_string();
        let Ok(mail) = ssmax_mail::parse(&self.file.octets, &Limits::default()) else {
            return path;
        };
        let fields = KNOWN_BY.iter().filter_map(|name| mail.header().all(name).next());
        let said: Vec<String> = fields.map(|field| field.unfolded().trim().to_owned()).collect();
        format!("{path}: {}", said.join("; "))
    }

    /// The message with the RecipientInfos of its new reader.
    pub(super) fn rewritten(
        &self,
        by_tail: &HashMap<Digest, RewrappedPart>,
    ) -> Result<Vec<u8>, Complaint> {
        let infos = |file: &Enveloped| -> Option<(Digest, Vec<Vec<u8>>)> {
            let part = by_tail.get(&Digest(file.tail()))?;
            Some((part.kcv, part.recipients.iter().map(|info| info.to_vec()).collect()))
        };
        let other = |name| Complaint::new(Exit::Bad, name).with("path", self.path.display());
        let octets = &self.file.octets;
        if !is_bare_object(octets)
            && let Ok(mail) = ssmax_mail::parse(octets, &Limits::default())
            && let Some(attached) = take_apart(&mail).ok().flatten()
        {
            let listed = attached.manifest.parts.iter().zip(&attached.files);
            let files = listed.map(|(listed, file)| {
                let (kcv, infos) = infos(file)?;
                (listed.kcv == kcv).then(|| (listed.name.as_str(), file.with_recipients(&infos)))
            });
            let files = files
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| other("mail-attachments-not-as-listed"))?;
            return Ok(rewrap::octets(&self.file, with_objects(&mail, attached.signed, files)));
        }
        let apart = Apart::of(octets).map_err(|fault| rewrap::complaint(fault, &[], &self.path))?;
        let (_, infos) =
            infos(apart.enveloped()).ok_or_else(|| other("archive-not-archived-file"))?;
        Ok(rewrap::octets(&self.file, apart.with_recipients(&infos)))
    }
}

/// The archive copies of a mail's files, if it is in attachment mode.
fn attached(octets: &[u8]) -> Option<Vec<Option<ArchiveCopy>>> {
    if is_bare_object(octets) {
        return None;
    }
    let mail = ssmax_mail::parse(octets, &Limits::default()).ok()?;
    let attached = take_apart(&mail).ok().flatten()?;
    Some(attached.files.iter().map(archive_copy).collect())
}
