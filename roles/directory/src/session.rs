//! What is said on one connection, without the connection.

use crate::config::Limits;
use crate::entry::{self, Wanted, fits};
use crate::ldap::answer::{self, BIND, EXTENDED, SEARCH_DONE, Values};
use crate::ldap::{Bind, Code, Filter, Message, Operation, Scope, Search};
use crate::name::Name;
use crate::needs::Needs;
use crate::shares::Shares;
use ssmax_api::directory::{DirectoryEntry, Fragment, Suggestions};
use ssmax_metrics::list as metrics;
use std::net::IpAddr;
use std::time::Instant;

/// Who knows the answers.
pub trait Source: Sync {
    /// Who is at an address.
    fn find(
        &self,
        address: &str,
    ) -> impl Future<Output = Result<Option<DirectoryEntry>, Away>> + Send;

    /// Colleagues of whom each clause has a fragment.
    fn suggest(
        &self,
        clauses: Vec<Vec<Fragment>>,
        limit: u32,
    ) -> impl Future<Output = Result<Suggestions, Away>> + Send;

    /// Whether a secret is somebody's.
    fn login(&self, user: &str, secret: &[u8]) -> impl Future<Output = Result<bool, Away>> + Send;
}

/// Why there is no answer now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Away {
    /// Who has it is not there.
    Unavailable,
    /// There was enough of this for now.
    Busy,
}

impl From<Away> for Code {
    fn from(away: Away) -> Self {
        match away {
            Away::Unavailable => Self::Unavailable,
            Away::Busy => Self::Busy,
        }
    }
}

/// Whether what is said is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// It is not, and cannot be.
    None,
    /// It is not, and can be.
    Offered,
    /// By TLS.
    Tls,
}

/// The rules that are the same for all connections.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The name below which people are.
    pub base: Name,
    /// Whether anonymous searches are answered without TLS.
    pub allow_plaintext: bool,
    /// Bounds.
    pub limits: Limits,
}

/// What comes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The answer, perhaps none.
    pub octets: Vec<u8>,
    /// What happens then.
    pub then: Then,
}

/// What happens after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The next message.
    GoOn,
    /// A TLS handshake.
    StartTls,
    /// The end.
    End,
}

/// One connection.
#[derive(Debug)]
pub struct Session<'r> {
    rules: &'r Rules,
    shares: &'r Shares,
    from: IpAddr,
    is_known_network: bool,
    protection: Protection,
    has_proved: bool,
}

impl<'r> Session<'r> {
    /// A connection from an address; `is_known_network` if anonymous searches are answered
    /// there.
    #[must_use]
    pub fn new(
        rules: &'r Rules,
        shares: &'r Shares,
        from: IpAddr,
        is_known_network: bool,
        protection: Protection,
    ) -> Self {
        Self { rules, shares, from, is_known_network, protection, has_proved: false }
    }

    /// The handshake is done. Who somebody was before does not count (RFC 4513 3.1.1).
    pub fn secured(&mut self) {
        self.protection = Protection::Tls;
        self.has_proved = false;
    }

    /// Takes a message.
    pub async fn take(&mut self, octets: &[u8], source: &impl Source) -> Said {
        let Ok(message) = Message::parse(octets, self.rules.limits.filter()) else {
            count("unreadable", Code::ProtocolError);
            let octets = answer::disconnection(Code::ProtocolError, "this is no LDAP message");
            return Said { octets, then: Then::End };
        };
        let Message { id, operation, unknown_control, paged } = message;
        let (name, tag) = match &operation {
            Operation::Unbind => return Said { octets: Vec::new(), then: Then::End },
            Operation::Abandon => return Said { octets: Vec::new(), then: Then::GoOn },
            Operation::Bind(_) => ("bind", BIND),
            Operation::Search(_) => ("search", SEARCH_DONE),
            Operation::StartTls | Operation::Extended => ("extended", EXTENDED),
            Operation::Other(tag) => ("other", *tag),
        };
        let mut said = Answer::default();
        let mut then = Then::GoOn;
        if !self.shares.may_ask(self.from, Instant::now()) {
            said = Answer::of(Code::Busy, "too many requests from your address");
        } else if unknown_control {
            said = Answer::of(Code::UnavailableCriticalExtension, "");
        } else {
            match operation {
                Operation::Bind(bind) => said = self.bind(&bind, source).await,
                Operation::Search(search) => said = self.search(id, &search, source).await,
                Operation::StartTls if self.protection == Protection::Offered => {
                    then = Then::StartTls;
                }
                Operation::StartTls if self.protection == Protection::Tls => {
                    said = Answer::of(Code::OperationsError, "TLS is on already");
                }
                Operation::StartTls => said = Answer::of(Code::Unavailable, "there is no TLS here"),
                Operation::Extended => said = Answer::of(Code::ProtocolError, "not known here"),
                _ => said = Answer::of(Code::UnwillingToPerform, "this directory is only read"),
            }
        }
        count(name, said.code);
        let end = match paged {
            true => answer::paged(id, said.code, said.words),
            false => answer::result(id, tag, said.code, said.words),
        };
        said.entries.extend_from_slice(&end);
        Said { octets: said.entries, then }
    }

    async fn bind(&mut self, bind: &Bind, source: &impl Source) -> Answer {
        // RFC 4511 4.2.1: whatever comes of it, the client is nobody first.
        self.has_proved = false;
        if bind.version != 3 {
            return Answer::of(Code::ProtocolError, "only version 3 is spoken here");
        }
        let Some(password) = &bind.password else {
            return Answer::of(Code::AuthMethodNotSupported, "only simple binds are taken");
        };
        if bind.name.is_empty() && password.is_empty() {
            return self
                .anonymous()
                .map_or_else(|code| Answer::of(code, ""), |()| Answer::default());
        }
        // RFC 4513 5.1.2: a name without a password proves nothing, and some would take it
        // for a proof.
        if password.is_empty() {
            return Answer::of(Code::UnwillingToPerform, "a name without a password");
        }
        if self.protection != Protection::Tls {
            let words = "a password over a connection without TLS: change it";
            return Answer::of(Code::ConfidentialityRequired, words);
        }
        if !self.shares.may_try(self.from, Instant::now()) {
            return Answer::of(Code::Busy, "too many wrong passwords from your address");
        }
        let named = Name::parse(&bind.name);
        let user = named.as_ref().and_then(Name::first).map_or(bind.name.as_str(), |(_, one)| one);
        match self.in_time(source.login(user, password)).await {
            Ok(true) => {
                self.has_proved = true;
                Answer::default()
            }
            Ok(false) => {
                self.shares.failed(self.from, Instant::now());
                Answer::of(Code::InvalidCredentials, "")
            }
            Err(away) => Answer::of(away.into(), ""),
        }
    }

    /// Whether somebody who has said no name is answered.
    fn anonymous(&self) -> Result<(), Code> {
        if !self.is_known_network {
            return Err(Code::InappropriateAuthentication);
        }
        if self.protection != Protection::Tls && !self.rules.allow_plaintext {
            return Err(Code::ConfidentialityRequired);
        }
        Ok(())
    }

    async fn search(&self, id: u32, search: &Search, source: &impl Source) -> Answer {
        let wanted = Wanted::new(&search.attributes, search.types_only);
        let base = &self.rules.base;
        let Some(name) = Name::parse(&search.base) else {
            return Answer::of(Code::NoSuchObject, "the base is no distinguished name");
        };
        if name.is_empty() && search.scope == Scope::Base {
            // To be read by whoever wants to know whether there is TLS (RFC 4512 5.1).
            let all = entry::root(base, self.protection == Protection::Offered);
            return Answer::with(vec![answer::entry(id, "", &wanted.with_operational().of(all))]);
        }
        if !self.has_proved
            && let Err(code) = self.anonymous()
        {
            let code = match code {
                Code::InappropriateAuthentication => Code::InsufficientAccessRights,
                other => other,
            };
            return Answer::of(code, "");
        }
        let Ok(filter) = &search.filter else {
            return Answer::of(Code::AdminLimitExceeded, "the filter is too long");
        };
        if name.is(base) && search.scope == Scope::Base {
            let all: Vec<Values<'_>> = entry::of_base(base);
            return Answer::with(vec![answer::entry(id, &base.to_string(), &wanted.of(all))]);
        }
        let found = match name.address(base) {
            // One entry by its name, as after a suggestion.
            Some(_) if search.scope == Scope::One => Ok(Found::default()),
            Some(address) => self.named(vec![address.to_owned()], source).await,
            None if name.is(base) || name.is_empty() => self.needed(filter, search, source).await,
            None => Err(Answer::of(Code::NoSuchObject, "")),
        };
        let mut found = match found {
            Ok(found) => found,
            Err(answer) => return answer,
        };
        found.entries.retain(|one| fits(filter, one) == Some(true));
        if let Ok(most @ 1..) = usize::try_from(search.size_limit) {
            found.more |= found.entries.len() > most;
            found.entries.truncate(most);
        }
        if found.suggested && !self.shares.may_have(self.from, found.entries.len(), Instant::now())
        {
            return Answer::of(Code::AdminLimitExceeded, "too many people for one hour");
        }
        let written = found.entries.iter().map(|one| {
            answer::entry(id, &base.entry(&one.address), &wanted.of(entry::attributes(one)))
        });
        let mut answer = Answer::with(written.collect());
        if found.more {
            answer.code = Code::SizeLimitExceeded;
        }
        answer
    }

    /// What a filter needs.
    async fn needed(
        &self,
        filter: &Filter,
        search: &Search,
        source: &impl Source,
    ) -> Result<Found, Answer> {
        let (addresses, clauses) = match Needs::of(filter, self.rules.limits.min_letters) {
            Needs::Everything => {
                let words = "nobody is listed: say an address or a part of a name";
                return Err(Answer::of(Code::UnwillingToPerform, words));
            }
            Needs::Nothing => return Ok(Found::default()),
            Needs::These { addresses, clauses } => (addresses, clauses),
        };
        let mut found = self.named(addresses, source).await?;
        if !clauses.is_empty() {
            let most = self.rules.limits.max_suggestions;
            let limit = match search.size_limit {
                0 => most,
                wanted => wanted.min(most),
            };
            let suggested = self.in_time(source.suggest(clauses, limit)).await;
            let suggested = suggested.map_err(|away| Answer::of(away.into(), ""))?;
            found.more = suggested.more;
            found.suggested = true;
            let is_new = |one: &DirectoryEntry| {
                !found.entries.iter().any(|found| found.address == one.address)
            };
            let new: Vec<_> = suggested.entries.into_iter().filter(is_new).collect();
            found.entries.extend(new);
        }
        Ok(found)
    }

    /// Who is at these addresses.
    async fn named(&self, addresses: Vec<String>, source: &impl Source) -> Result<Found, Answer> {
        if addresses.len() > self.rules.limits.max_addresses {
            return Err(Answer::of(Code::AdminLimitExceeded, "too many addresses"));
        }
        let asked = async {
            let mut entries = Vec::with_capacity(addresses.len());
            for address in &addresses {
                entries.extend(source.find(address).await?);
            }
            Ok(entries)
        };
        match self.in_time(asked).await {
            Ok(entries) => Ok(Found { entries, ..Found::default() }),
            Err(away) => Err(Answer::of(away.into(), "")),
        }
    }

    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, Away>>) -> Result<T, Away> {
        let answered = tokio::time::timeout(self.rules.limits.answer, asked).await;
        answered.unwrap_or(Err(Away::Unavailable))
    }
}

/// Who was found.
#[derive(Default)]
struct Found {
    entries: Vec<DirectoryEntry>,
    more: bool,
    suggested: bool,
}

/// An answer on its way.
struct Answer {
    entries: Vec<u8>,
    code: Code,
    words: &'static str,
}

impl Default for Answer {
    fn default() -> Self {
        Self { entries: Vec::new(), code: Code::Success, words: "" }
    }
}

impl Answer {
    fn of(code: Code, words: &'static str) -> Self {
        Self { entries: Vec::new(), code, words }
    }

    fn with(entries: Vec<Vec<u8>>) -> Self {
        Self { entries: entries.concat(), ..Self::default() }
    }
}

fn count(operation: &'static str, code: Code) {
    metrics::DIRECTORY_REQUESTS.count([operation.into(), code.word().into()]);
}

#[cfg(test)]
mod tests;
