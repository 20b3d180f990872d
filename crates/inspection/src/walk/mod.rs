//! The way through a mail: every part, every file in it, every file in that.

mod archive;
mod compound;
mod container;
mod kind;
mod mail;
mod pdf;
mod rtf;
mod uu;

use crate::{
    Direction, Engine, EngineFault, Item, Limits, Policy, Report, Verdict,
    limits::Budget,
    rule,
    table::Table,
    text::{charset, html, xml},
    zip,
};
use kind::Kind;

pub use mail::stored_mail;

/// One inspection while it runs.
pub(crate) struct Walk<'w> {
    engines: &'w [Box<dyn Engine>],
    direction: Direction,
    limits: &'w Limits,
    budget: Budget,
    report: Report,
}

/// Where the walk is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// As in [`crate::Finding::part`].
    part: String,
    /// Subjects and names around, the nearest first.
    heading: String,
    /// How many archives this lies in.
    archives: u32,
    /// How many attached messages this lies in.
    messages: u32,
}

impl Place {
    /// A file named `name` within the archive at this place.
    fn inside(&self, name: &str) -> Self {
        let mut part = format!("{}!{name}", self.part);
        cut(&mut part, MAX_PART_BYTES);
        Self { part, archives: self.archives.saturating_add(1), ..self.under(name) }
    }

    /// The same place, with `line` standing over it.
    fn under(&self, line: &str) -> Self {
        let mut heading = line.to_owned();
        cut(&mut heading, MAX_HEADING_BYTES);
        heading.push('\n');
        heading.push_str(&self.heading);
        cut(&mut heading, MAX_HEADING_BYTES);
        Self { heading, part: self.part.clone(), ..*self }
    }
}

/// Octets of a heading: names are an attacker's, and every file carries its own.
const MAX_HEADING_BYTES: usize = 4096;

/// Octets of a place's name, for the same reason; a report shows less.
const MAX_PART_BYTES: usize = 1024;

fn cut(text: &mut String, most: usize) {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.truncate(end.unwrap_or(0));
}

/// What the MIME part around a file says about it.
#[derive(Debug, Default)]
struct Declared {
    /// The text by the part's own charset.
    text: Option<String>,
    html: bool,
}

impl<'w> Walk<'w> {
    pub(crate) fn new(
        engines: &'w [Box<dyn Engine>],
        direction: Direction,
        policy: &Policy,
        limits: &'w Limits,
    ) -> Self {
        Self {
            engines,
            direction,
            limits,
            budget: Budget::new(limits),
            report: Report::new(policy, limits, direction),
        }
    }

    pub(crate) fn message(&mut self, message: &ssmax_mail::Entity<'_>) {
        self.mail(message, &Place::default());
        // A header on its own stands for no mail.
        if !message.body().is_empty() && self.report.fault().is_none() {
            for engine in self.engines {
                engine.inspect_whole(message.raw(), self.direction, &mut self.report);
            }
        }
    }

    pub(crate) fn named_file(&mut self, name: &str, octets: &[u8]) {
        let place = Place { part: name.to_owned(), ..Place::default() };
        self.file(&place.under(name), Some(name), octets, Declared::default());
    }

    /// Why an engine could not judge, if one could not.
    pub(crate) fn fault(&self) -> Option<EngineFault> {
        self.report.fault()
    }

    pub(crate) fn into_verdict(self) -> Verdict {
        self.report.into_verdict()
    }

    /// Looks at one file and at all that is in it. `name` is already in the heading.
    fn file(&mut self, place: &Place, name: Option<&str>, octets: &[u8], declared: Declared) {
        self.show(&Item { octets, ..item(place) });
        if let Some(name) = name {
            self.name(place, name);
        }
        match kind::recognise(octets) {
            Kind::Zip => {
                self.zip(place, octets);
                if octets.starts_with(b"PK") {
                    return;
                }
                // A text may have an archive behind it.
            }
            Kind::Gzip => {
                self.gzip(place, octets);
                return self.zip_behind(place, octets);
            }
            Kind::Compound => {
                self.compound(place, octets);
                self.zip_behind(place, octets);
                return;
            }
            Kind::Rtf => {
                self.rtf(place, octets);
                self.zip_behind(place, octets);
            }
            Kind::Pdf => {
                self.pdf(place, octets);
                self.zip_behind(place, octets);
            }
            Kind::Container(container) => {
                self.container(place, container, octets);
                return self.zip_behind(place, octets);
            }
            Kind::Lockable(name, locks) => {
                self.lockable(place, name, locks);
                self.zip_behind(place, octets);
            }
            Kind::Closed(name) => self.report.add(rule::ARCHIVE_UNSUPPORTED, &place.part, name),
            Kind::Plain => {}
        }
        self.plain(place, name, octets, declared);
    }

    /// What begins as something else and ends as a zip is one to whoever reads it so.
    fn zip_behind(&mut self, place: &Place, octets: &[u8]) {
        if zip::ends_like_zip(octets) {
            self.zip(place, octets);
        }
    }

    /// A file's name is text too; what joins words in names is a space to the eye.
    fn name(&mut self, place: &Place, name: &str) {
        let spaced = name.replace(['_', '.', '/', '\\'], " ");
        self.text(place, &spaced);
    }

    /// Text in any charset: plain, HTML, XML, a stored mail.
    fn plain(&mut self, place: &Place, name: Option<&str>, octets: &[u8], declared: Declared) {
        if self.stored_mail(place, name, octets, declared.text.is_none()) {
            return;
        }
        let octets = self.within_text_budget(place, octets);
        let is_plain = declared.text.is_some() && !declared.html;
        for text in charset::readings(octets, declared.text) {
            let is_html = declared.html || html::looks_like_html(&text);
            let is_xml = !is_html && xml::root(&text).is_some();
            // Marked-up text is not looked at as it stands: its cells would not be under
            // the heads of their columns.
            let mut as_it_stands = is_plain || !(is_html || is_xml);
            if is_html {
                self.text(place, &html::text(&text));
            } else if is_xml {
                let shown = xml::text(&text);
                self.text(place, &shown.text);
                // In other XML the names of elements are the labels.
                as_it_stands |= !shown.is_document;
                if shown.well_formed.is_err() {
                    self.text(place, &html::text(&text));
                }
            }
            if as_it_stands {
                self.text(place, &text);
            }
            self.uuencoded(place, &text);
        }
    }

    /// Shows `text` to the engines, as far as the budget reaches.
    fn text(&mut self, place: &Place, text: &str) {
        let most = usize::try_from(self.budget.text_bytes).unwrap_or(usize::MAX);
        let shown = if text.len() > most {
            self.report.add(rule::TEXT_TOO_LARGE, &place.part, "more text than is looked at");
            let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.get(..end).unwrap_or_default()
        } else {
            text
        };
        if !shown.is_empty() {
            self.budget.text_bytes -= u64::try_from(shown.len()).unwrap_or(u64::MAX);
            self.show(&Item { text: Some(shown), ..item(place) });
        }
    }

    fn table(&mut self, place: &Place, table: &Table) {
        if !table.is_empty() {
            self.show(&Item { table: Some(table), ..item(place) });
        }
    }

    /// Octets that may become text: decoding grows them at most threefold, so that a
    /// text far beyond the budget is not decoded in vain.
    fn within_text_budget<'o>(&mut self, place: &Place, octets: &'o [u8]) -> &'o [u8] {
        let most = usize::try_from(self.budget.text_bytes).unwrap_or(usize::MAX);
        if octets.len() > most && charset::is_text(octets) {
            self.report.add(rule::TEXT_TOO_LARGE, &place.part, "more text than is looked at");
            return octets.get(..most).unwrap_or_default();
        }
        octets
    }

    fn show(&mut self, item: &Item<'_>) {
        // Without a verdict to come, nothing is worth looking at.
        if self.report.fault().is_some() {
            return;
        }
        for engine in self.engines {
            engine.inspect(item, self.direction, &mut self.report);
        }
    }
}

fn item(place: &Place) -> Item<'_> {
    Item { part: &place.part, octets: &[], text: None, table: None, heading: &place.heading }
}
