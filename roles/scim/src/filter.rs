//! Filters (RFC 7644 section 3.4.2.2): read with a bound on everything, and asked of a
//! resource.

use serde_json::Value;

/// Octets of a filter at most.
pub const MAX_OCTETS: usize = 4096;

/// Parentheses and brackets within each other at most.
const MAX_DEPTH: usize = 16;

/// Comparisons at most.
const MAX_TERMS: usize = 64;

/// An attribute, and one within it: `name.familyName`. The name of a schema in front is
/// kept apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The schema's URN, if it is named.
    pub schema: Option<String>,
    /// The attribute; a letter's case says nothing.
    pub name: String,
    /// The one within it.
    pub sub: Option<String>,
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `co`
    Contains,
    /// `sw`
    StartsWith,
    /// `ew`
    EndsWith,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

/// What a resource is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// The attribute has a value.
    Present(Attribute),
    /// One of its values compares so with this one.
    Compare(Attribute, Comparison, Value),
    /// One of the values of a complex attribute answers all of this: `emails[...]`.
    Within(Attribute, Box<Filter>),
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// One of them.
    Or(Box<Filter>, Box<Filter>),
    /// It does not.
    Not(Box<Filter>),
}

/// A filter that cannot be read, or is beyond a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the filter cannot be read")]
pub struct BadFilter;

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// [`BadFilter`].
    pub fn parse(text: &str) -> Result<Self, BadFilter> {
        if text.len() > MAX_OCTETS {
            return Err(BadFilter);
        }
        let mut reader = Reader { rest: text, depth: 0, terms: 0 };
        let filter = reader.either()?;
        reader.skip();
        if reader.rest.is_empty() { Ok(filter) } else { Err(BadFilter) }
    }

    /// Whether the resource, or one value of a complex attribute, answers it.
    #[must_use]
    pub fn fits(&self, value: &Value) -> bool {
        match self {
            Self::Present(attribute) => attribute.values(value).iter().any(|one| is_present(one)),
            Self::Compare(attribute, Comparison::NotEqual, wanted) => {
                // Of none of its values may it be said that they are equal.
                let equal = |one: &&Value| compare(one, Comparison::Equal, wanted, attribute);
                !attribute.values(value).iter().any(equal)
            }
            Self::Compare(attribute, comparison, wanted) => attribute
                .values(value)
                .iter()
                .any(|one| compare(one, *comparison, wanted, attribute)),
            Self::Within(attribute, filter) => {
                attribute.values(value).iter().any(|one| filter.fits(one))
            }
            Self::And(one, other) => one.fits(value) && other.fits(value),
            Self::Or(one, other) => one.fits(value) || other.fits(value),
            Self::Not(filter) => !filter.fits(value),
        }
    }

    /// The text to which a top attribute of this name has to be equal, if that is all that
    /// is asked.
    #[must_use]
    pub fn is_equal_to(&self, name: &str) -> Option<&str> {
        match self {
            Self::Compare(attribute, Comparison::Equal, Value::String(text))
                if attribute.sub.is_none() && attribute.name.eq_ignore_ascii_case(name) =>
            {
                Some(text)
            }
            _ => None,
        }
    }
}

impl Attribute {
    /// Reads `[URN:]name[.sub]`.
    ///
    /// # Errors
    /// [`BadFilter`].
    pub fn parse(text: &str) -> Result<Self, BadFilter> {
        let (schema, rest) = match text.rsplit_once(':') {
            Some((urn, rest))
                if urn.len() > 4
                    && urn.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("urn:")) =>
            {
                // The version of a schema has a dot: `...:2.0:User`.
                (Some(urn.to_owned()), rest)
            }
            Some(_) => return Err(BadFilter),
            None => (None, text),
        };
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        let is_name = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '$')
                && text.chars().skip(1).all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        };
        if !is_name(name) || !sub.is_none_or(is_name) {
            return Err(BadFilter);
        }
        Ok(Self { schema, name: name.to_owned(), sub: sub.map(ToOwned::to_owned) })
    }

    /// Its values in a resource: those of a list one by one.
    fn values<'a>(&self, of: &'a Value) -> Vec<&'a Value> {
        let within = match &self.schema {
            Some(urn) if is_extension(urn) => member(of, urn),
            _ => Some(of),
        };
        let Some(value) = within.and_then(|value| member(value, &self.name)) else {
            return Vec::new();
        };
        let all: Vec<&Value> = match value {
            Value::Array(all) => all.iter().collect(),
            one => vec![one],
        };
        match &self.sub {
            Some(sub) => all.into_iter().filter_map(|one| member(one, sub)).collect(),
            // Of a complex attribute its `value` is meant (RFC 7644 3.4.2.2).
            None => all,
        }
    }

    fn is_exact(&self) -> bool {
        ["id", "externalId"].iter().any(|name| self.name.eq_ignore_ascii_case(name))
    }
}

/// Whether a schema is beside the core one, so that its attributes are in an object of its
/// name.
#[must_use]
pub fn is_extension(urn: &str) -> bool {
    !urn.eq_ignore_ascii_case(crate::schema::USER)
}

/// A member of an object by its name, whose letters' case says nothing.
#[must_use]
pub fn member<'a>(of: &'a Value, name: &str) -> Option<&'a Value> {
    let object = of.as_object()?;
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(all) => !all.is_empty(),
        Value::Object(all) => !all.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn compare(value: &Value, how: Comparison, wanted: &Value, attribute: &Attribute) -> bool {
    let value = match value {
        // `emails eq "x"` asks for the value of each.
        Value::Object(_) if attribute.sub.is_none() => match member(value, "value") {
            Some(inner) => inner,
            None => return false,
        },
        other => other,
    };
    match (value, wanted) {
        (Value::String(text), Value::String(wanted)) => {
            if attribute.is_exact() {
                compare_texts(text, how, wanted)
            } else {
                compare_texts(&text.to_lowercase(), how, &wanted.to_lowercase())
            }
        }
        // Entra ID asks for "True".
        (Value::Bool(one), Value::String(text)) => {
            how == Comparison::Equal && text.eq_ignore_ascii_case(&one.to_string())
        }
        (Value::Number(one), Value::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => match how {
                Comparison::Equal => one.total_cmp(&other).is_eq(),
                Comparison::Greater => one > other,
                Comparison::GreaterOrEqual => one >= other,
                Comparison::Less => one < other,
                Comparison::LessOrEqual => one <= other,
                _ => false,
            },
            _ => false,
        },
        (one, other) => how == Comparison::Equal && one == other,
    }
}

fn compare_texts(text: &str, how: Comparison, wanted: &str) -> bool {
    match how {
        Comparison::Equal => text == wanted,
        Comparison::NotEqual => text != wanted,
        Comparison::Contains => text.contains(wanted),
        Comparison::StartsWith => text.starts_with(wanted),
        Comparison::EndsWith => text.ends_with(wanted),
        Comparison::Greater => text > wanted,
        Comparison::GreaterOrEqual => text >= wanted,
        Comparison::Less => text < wanted,
        Comparison::LessOrEqual => text <= wanted,
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
    terms: usize,
}

impl<'a> Reader<'a> {
    fn either(&mut self) -> Result<Filter, BadFilter> {
        let mut all = self.both()?;
        while self.keyword("or") {
            all = Filter::Or(Box::new(all), Box::new(self.both()?));
        }
        Ok(all)
    }

    fn both(&mut self) -> Result<Filter, BadFilter> {
        let mut all = self.one()?;
        while self.keyword("and") {
            all = Filter::And(Box::new(all), Box::new(self.one()?));
        }
        Ok(all)
    }

    fn one(&mut self) -> Result<Filter, BadFilter> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(BadFilter);
        }
        self.skip();
        if self.keyword("not") {
            self.skip();
            if !self.rest.starts_with('(') {
                return Err(BadFilter);
            }
            return Ok(Filter::Not(Box::new(self.enclosed('(', ')')?)));
        }
        if self.rest.starts_with('(') {
            return self.enclosed('(', ')');
        }
        let attribute = Attribute::parse(self.until(|c| c.is_whitespace() || "[]()".contains(c)))?;
        if self.rest.starts_with('[') {
            return Ok(Filter::Within(attribute, Box::new(self.enclosed('[', ']')?)));
        }
        self.skip();
        let word = self.until(|c| !c.is_ascii_alphabetic()).to_ascii_lowercase();
        let comparison = match word.as_str() {
            "pr" => return Ok(Filter::Present(attribute)),
            "eq" => Comparison::Equal,
            "ne" => Comparison::NotEqual,
            "co" => Comparison::Contains,
            "sw" => Comparison::StartsWith,
            "ew" => Comparison::EndsWith,
            "gt" => Comparison::Greater,
            "ge" => Comparison::GreaterOrEqual,
            "lt" => Comparison::Less,
            "le" => Comparison::LessOrEqual,
            _ => return Err(BadFilter),
        };
        self.skip();
        Ok(Filter::Compare(attribute, comparison, self.value()?))
    }

    fn enclosed(&mut self, open: char, close: char) -> Result<Filter, BadFilter> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(BadFilter);
        }
        self.rest = self.rest.strip_prefix(open).ok_or(BadFilter)?;
        let filter = self.either()?;
        self.skip();
        self.rest = self.rest.strip_prefix(close).ok_or(BadFilter)?;
        self.depth -= 1;
        Ok(filter)
    }

    /// A JSON text, number or word.
    fn value(&mut self) -> Result<Value, BadFilter> {
        if !self.rest.starts_with('"') {
            let word = self.until(|c| c.is_whitespace() || "[]()".contains(c));
            return match serde_json::from_str(word).map_err(|_| BadFilter)? {
                Value::Array(_) | Value::Object(_) => Err(BadFilter),
                plain => Ok(plain),
            };
        }
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        let value = values.next().and_then(Result::ok).ok_or(BadFilter)?;
        let read = values.byte_offset();
        self.rest = self.rest.get(read..).ok_or(BadFilter)?;
        Ok(value)
    }

    /// Takes a word, if it comes next and stands by itself.
    fn keyword(&mut self, word: &str) -> bool {
        self.skip();
        let Some(head) = self.rest.get(..word.len()) else { return false };
        let after = self.rest.get(word.len()..).unwrap_or_default();
        let ends = after.starts_with(|c: char| c.is_whitespace() || c == '(');
        let is_it = head.eq_ignore_ascii_case(word) && ends;
        if is_it {
            self.rest = after;
        }
        is_it
    }

    fn until(&mut self, end: impl Fn(char) -> bool) -> &'a str {
        let at = self.rest.find(end).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(at);
        self.rest = rest;
        taken
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_that_is_cut_within_a_character_is_refused() {
        assert_eq!(Attribute::parse("{\"\u{feff}:name"), Err(BadFilter));
        assert_eq!(Attribute::parse("山田:name"), Err(BadFilter));
    }

    fn hanako() -> Value {
        json!({
            "id": "A1",
            "userName": "Hanako@a.example",
            "active": true,
            "name": {"familyName": "山田", "givenName": "花子"},
            "emails": [
                {"value": "hanako@a.example", "type": "work", "primary": true},
                {"value": "h@home.example", "type": "home"},
            ],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":
                {"employeeNumber": "1001", "department": "営業部"},
        })
    }

    #[track_caller]
    fn fits(filter: &str) -> bool {
        Filter::parse(filter).unwrap().fits(&hanako())
    }

    #[test]
    fn what_is_asked_is_answered() {
        for yes in [
            r#"userName eq "hanako@A.example""#,
            r#"USERNAME Eq "hanako@a.example""#,
            r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "han""#,
            r#"name.familyName eq "山田""#,
            r#"emails co "home""#,
            r#"emails.type eq "home""#,
            r#"emails[type eq "work" and primary eq true]"#,
            r#"emails[type eq "work"] and active eq true"#,
            r#"active eq "True""#,
            r#"not (active eq false)"#,
            r#"externalId pr or (id pr and id eq "A1")"#,
            r#"nickName ne "x""#,
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq \"1001\"",
            r#"id gt "A0" and id lt "A2" and id ge "A1" and id le "A1""#,
        ] {
            assert!(fits(yes), "{yes}");
        }
        for no in [
            r#"id eq "a1""#,
            r#"emails[type eq "work" and value ew "home.example"]"#,
            r#"externalId pr"#,
            r#"employeeNumber eq "1001""#,
            r#"userName ne "hanako@a.example""#,
            r#"name eq "x""#,
            r#"active eq 1"#,
        ] {
            assert!(!fits(no), "{no}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for bad in [
            "",
            " ",
            "userName",
            "userName eq",
            "userName eq x",
            "userName is \"x\"",
            "(id pr",
            "id pr)",
            "emails[type eq \"x\"",
            "not id pr",
            "id eq {}",
            "id eq []",
            "1d pr",
            "id pr and",
            "id pr id pr",
            "x:id pr",
            "id..x pr",
            "id eq \"x",
            "and",
            "あ eq \"x\"",
        ] {
            assert_eq!(Filter::parse(bad), Err(BadFilter), "{bad}");
        }
    }

    #[test]
    fn its_bounds_hold() {
        let nested = |depth: usize| format!("{}id pr{}", "(".repeat(depth), ")".repeat(depth));
        assert!(Filter::parse(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(Filter::parse(&nested(MAX_DEPTH + 1)), Err(BadFilter));
        let many = |terms: usize| vec!["id pr"; terms].join(" or ");
        assert!(Filter::parse(&many(MAX_TERMS)).is_ok());
        assert_eq!(Filter::parse(&many(MAX_TERMS + 1)), Err(BadFilter));
        let long = |octets: usize| format!("id eq \"{}\"", "x".repeat(octets - 8));
        assert!(Filter::parse(&long(MAX_OCTETS)).is_ok());
        assert_eq!(Filter::parse(&long(MAX_OCTETS + 1)), Err(BadFilter));
    }

    #[test]
    fn a_question_for_one_name_is_known_as_such() {
        let equal = |filter: &str, name| {
            Filter::parse(filter).unwrap().is_equal_to(name).map(ToOwned::to_owned)
        };
        assert_eq!(equal(r#"username eq "x""#, "userName").as_deref(), Some("x"));
        assert_eq!(equal(r#"userName ne "x""#, "userName"), None);
        assert_eq!(equal(r#"name.userName eq "x""#, "userName"), None);
        assert_eq!(equal(r#"userName eq "x" and id pr"#, "userName"), None);
    }
}
