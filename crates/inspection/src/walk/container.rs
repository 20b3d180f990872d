//! Containers beside zip: those that store files as they are, one compressed file, and
//! mails of Outlook.

use super::{Declared, Place, Walk};
use crate::{
    container::{
        Listing, ar, bzip2, cpio, rtf_lz, tar, tnef,
        xz::{self, Expanded},
    },
    rule,
    zip::{Ended, Unreadable},
};

/// A container that is opened here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Tar,
    Ar,
    Cpio,
    Bzip2,
    Xz,
    Lzip,
    Winmail,
}

/// What `octets` are, by their first ones.
pub(super) fn recognise(octets: &[u8]) -> Option<Container> {
    Some(match octets {
        _ if bzip2::looks_like_bzip2(octets) => Container::Bzip2,
        _ if octets.starts_with(xz::MARK) => Container::Xz,
        _ if octets.starts_with(xz::LZIP_MARK) => Container::Lzip,
        _ if octets.starts_with(ar::MARK) => Container::Ar,
        _ if octets.starts_with(tnef::MARK) => Container::Winmail,
        _ if cpio::looks_like_cpio(octets) => Container::Cpio,
        _ if tar::looks_like_tar(octets) => Container::Tar,
        _ => return None,
    })
}

impl Walk<'_> {
    /// Looks into a container.
    pub(super) fn container(&mut self, place: &Place, container: Container, octets: &[u8]) {
        if !self.may_open(place) {
            return;
        }
        let most = usize::try_from(self.budget.archive_entries).unwrap_or(usize::MAX);
        let limit = usize::try_from(self.budget.expanded_bytes).unwrap_or(usize::MAX);
        match container {
            Container::Tar => self.members(place, &tar::list(octets, most)),
            Container::Ar => self.members(place, &ar::list(octets, most)),
            Container::Cpio => self.members(place, &cpio::list(octets, most)),
            Container::Bzip2 => {
                let (content, ended) = bzip2::expand(octets, limit);
                self.single(place, "bzip2", Expanded { content, ended: Some(ended) });
            }
            Container::Xz => self.single(place, "xz", xz::expand(octets, limit)),
            Container::Lzip => self.single(place, "lzip", xz::expand_lzip(octets, limit, most)),
            Container::Winmail => self.winmail(place, octets, most),
        }
    }

    fn members(&mut self, place: &Place, listing: &Listing<'_>) {
        if let Some(what) = listing.damaged {
            self.report.add(rule::ARCHIVE_DAMAGED, &place.part, what);
        }
        if let Some(what) = listing.ambiguous {
            self.report.add(rule::ARCHIVE_AMBIGUOUS, &place.part, what);
        }
        if listing.too_many {
            self.unreadable(place, Unreadable::TooManyEntries);
        }
        for member in &listing.members {
            self.member(place, &member.name, member.content);
        }
    }

    /// A file that its container stores as it is.
    fn member(&mut self, place: &Place, name: &str, content: &[u8]) {
        let inner = place.inside(name);
        let cost = u64::try_from(content.len()).unwrap_or(u64::MAX);
        let entries = self.budget.archive_entries.checked_sub(1);
        let expanded = self.budget.expanded_bytes.checked_sub(cost);
        match (entries, expanded) {
            (Some(entries), Some(expanded)) => {
                self.budget.archive_entries = entries;
                self.budget.expanded_bytes = expanded;
                self.file(&inner, Some(name), content, Declared::default());
            }
            (None, _) => self.unreadable(place, Unreadable::TooManyEntries),
            (_, None) => {
                self.report.add(rule::ARCHIVE_TOO_LARGE, &inner.part, "expands beyond the limit");
            }
        }
    }

    fn single(&mut self, place: &Place, kind: &str, expanded: Expanded) {
        let Expanded { content, ended } = expanded;
        let fault = match ended {
            Some(Ended::Complete) => None,
            Some(Ended::TooLong) => Some((rule::ARCHIVE_TOO_LARGE, "expands beyond the limit")),
            Some(Ended::Truncated) => Some((rule::ARCHIVE_DAMAGED, "cut short")),
            Some(Ended::Corrupt) => Some((rule::ARCHIVE_DAMAGED, "not compressed as it says")),
            None => Some((rule::ARCHIVE_UNSUPPORTED, "filter for programs")),
        };
        if let Some((rule, what)) = fault {
            self.report.add(rule, &place.part, what);
        }
        let inner = place.inside(kind);
        let cost = u64::try_from(content.len()).unwrap_or(u64::MAX);
        let Some(entries) = self.budget.archive_entries.checked_sub(1) else {
            return self.unreadable(place, Unreadable::TooManyEntries);
        };
        self.budget.archive_entries = entries;
        self.budget.expanded_bytes = self.budget.expanded_bytes.saturating_sub(cost);
        self.file(&inner, None, &content, Declared::default());
    }

    fn winmail(&mut self, place: &Place, octets: &[u8], most: usize) {
        let found = tnef::read(octets, most);
        if found.damaged {
            self.report.add(rule::ARCHIVE_DAMAGED, &place.part, "cut short");
        }
        for text in &found.texts {
            self.text(place, text);
        }
        for page in &found.pages {
            self.member(place, "body.html", page);
        }
        for packed in &found.compressed {
            let limit = usize::try_from(self.budget.expanded_bytes).unwrap_or(usize::MAX);
            let Some(body) = rtf_lz::expand(packed, limit) else {
                self.report.add(rule::ARCHIVE_DAMAGED, &place.part, "body of an unknown form");
                continue;
            };
            if body.len() >= limit {
                self.report.add(rule::TEXT_TOO_LARGE, &place.part, "more text than is looked at");
            }
            let cost = u64::try_from(body.len()).unwrap_or(u64::MAX);
            self.budget.expanded_bytes = self.budget.expanded_bytes.saturating_sub(cost);
            self.rtf(place, &body);
        }
        for (name, content) in &found.files {
            self.member(place, name, content);
        }
    }
}
