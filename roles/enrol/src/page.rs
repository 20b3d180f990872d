//! The pages: HTML without a script and without anything from elsewhere, so that every browser
//! and every screen reader has all of it.

use crate::parcel::Platform;
use crate::shelf::File;
use ssmax_api::enrol::Invited;
use ssmax_texts::{Language, text};
use std::fmt::Write as _;

/// The one style sheet.
pub(crate) const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font-family:system-ui,sans-serif;line-height:1.6;max-width:40rem;margin:0 auto;padding:1rem}\
h1{font-size:1.5rem}h2{font-size:1.15rem}\
fieldset{border:1px solid;border-radius:.3rem;margin:1rem 0;padding:.5rem 1rem}\
label{display:block;padding:.4rem 0}\
input[type=text],textarea{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.4rem}\
textarea,code{font-family:ui-monospace,monospace}\
button{font:inherit;padding:.6rem 1.4rem}\
a:focus-visible,button:focus-visible,input:focus-visible,textarea:focus-visible{outline:3px solid;outline-offset:2px}\
.secret{font-size:1.25rem;overflow-wrap:anywhere}\
.note{border-left:.3rem solid;padding-left:.8rem}\
pre{white-space:pre-wrap}\
";

/// What people are told instead of what they wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// A wrong link, one that has run out or was used, a wrong code: all alike.
    NotValid,
    /// Too many of those from one address.
    TooMany,
    /// Something that is needed is away.
    Unavailable,
    /// What was pasted is no certificate request.
    NoRequest,
    /// What came is nothing that this page sends.
    BadRequest,
}

impl Told {
    fn word(self) -> &'static str {
        match self {
            Self::NotValid => "not-valid",
            Self::TooMany => "too-many",
            Self::Unavailable => "unavailable",
            Self::NoRequest => "no-request",
            Self::BadRequest => "bad-request",
        }
    }
}

/// What a page is written with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writing<'a> {
    pub(crate) language: Language,
    pub(crate) organisation: &'a str,
}

impl Writing<'_> {
    /// A text, escaped.
    fn say(&self, id: &str, facts: &[(&str, &str)]) -> String {
        escaped(&text(self.language, &format!("enrol-{id}"), facts))
    }

    fn page(&self, title: &str, body: &str) -> String {
        let language = match self.language {
            Language::Ja => "ja",
            Language::En => "en",
        };
        format!(
            "<!DOCTYPE html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n\
             <body>\n<main>\n<h1>{title}</h1>\n{body}</main>\n</body>\n</html>\n"
        )
    }

    fn title(&self) -> String {
        self.say("title", &[("organisation", self.organisation)])
    }

    /// Behind every link, whether it is one or not: nothing is looked up for it, since what
    /// scans mail opens links too.
    pub(crate) fn landing(&self, secret: &str) -> String {
        let body = format!(
            "<p>{}</p>\n<form method=\"post\" action=\"/e/{secret}\">\n\
             <input type=\"hidden\" name=\"step\" value=\"look\">\n\
             <label for=\"code\">{}</label>\n\
             <input type=\"text\" id=\"code\" name=\"code\" inputmode=\"numeric\" \
             autocomplete=\"one-time-code\" maxlength=\"20\" aria-describedby=\"code-note\">\n\
             <p id=\"code-note\">{}</p>\n<p><button type=\"submit\">{}</button></p>\n</form>\n",
            self.say("landing", &[]),
            self.say("code", &[]),
            self.say("code-note", &[]),
            self.say("continue", &[]),
        );
        self.page(&self.title(), &body)
    }

    /// Who it is for, and what they read mail with.
    pub(crate) fn choice(&self, secret: &str, code: &str, invited: &Invited) -> String {
        let mut platforms = String::new();
        for (number, platform) in Platform::ALL.into_iter().enumerate() {
            let checked = if number == 0 { " checked" } else { "" };
            let _ = writeln!(
                platforms,
                "<label><input type=\"radio\" name=\"platform\" value=\"{word}\"{checked}> {name}</label>",
                word = platform.word(),
                name = self.say(&format!("platform-{}", platform.word()), &[]),
            );
        }
        let (id, open) = if invited.card { ("request-card", " required") } else { ("request", "") };
        let request = format!(
            "<label for=\"request\">{}</label>\n<textarea id=\"request\" name=\"request\" rows=\"6\" \
             spellcheck=\"false\" autocomplete=\"off\"{open}></textarea>\n",
            self.say(id, &[])
        );
        let request = if invited.card {
            request
        } else {
            format!(
                "<details>\n<summary>{}</summary>\n{request}</details>\n",
                self.say("own-key", &[])
            )
        };
        let body = format!(
            "<p>{who}</p>\n<p><strong>{name}</strong><br>{address}</p>\n<p>{not_you}</p>\n\
             <form method=\"post\" action=\"/e/{secret}\">\n\
             <input type=\"hidden\" name=\"step\" value=\"fetch\">\n\
             <input type=\"hidden\" name=\"code\" value=\"{code}\">\n\
             <fieldset>\n<legend>{legend}</legend>\n{platforms}</fieldset>\n{request}\
             <p class=\"note\">{once}</p>\n<p><button type=\"submit\">{make}</button></p>\n</form>\n",
            who = self.say("who", &[]),
            name = escaped(&invited.name),
            address = escaped(&invited.address),
            not_you = self.say("not-you", &[]),
            code = escaped(code),
            legend = self.say("platforms", &[]),
            once = self.say("once", &[]),
            make = self.say("make", &[]),
        );
        self.page(&self.title(), &body)
    }

    /// The password, once, and where the files are.
    pub(crate) fn made(
        &self,
        platform: Platform,
        package: &str,
        files: &[File],
        password: &str,
        minutes: u64,
    ) -> String {
        let mut links = String::new();
        for file in files {
            let _ = writeln!(
                links,
                "<li><a href=\"/d/{package}/{name}\">{name}</a> {about}</li>",
                name = file.name,
                about = self.say(&format!("file-{}", file.name.replace('.', "-")), &[]),
            );
        }
        let minutes = minutes.to_string();
        let body = format!(
            "<h2>{password_head}</h2>\n<p class=\"secret\"><code>{password}</code></p>\n\
             <p class=\"note\">{password_note}</p>\n<h2>{files_head}</h2>\n<p>{files_note}</p>\n\
             <ul>\n{links}</ul>\n<h2>{steps_head}</h2>\n<p>{steps}</p>\n<p>{end}</p>\n",
            password_head = self.say("password", &[]),
            password = escaped(password),
            password_note = self.say("password-note", &[]),
            files_head = self.say("files", &[]),
            files_note = self.say("files-note", &[("minutes", &minutes)]),
            steps_head = self.say("steps", &[]),
            steps = self.say(&format!("steps-{}", platform.word()), &[]),
            end = self.say("end", &[]),
        );
        self.page(&self.say("made", &[]), &body)
    }

    pub(crate) fn told(&self, told: Told) -> String {
        let head = self.say(&format!("{}-head", told.word()), &[]);
        self.page(&head, &format!("<p>{}</p>\n", self.say(told.word(), &[])))
    }
}

/// What stands between tags, or between the quotes of an attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invited(card: bool) -> Invited {
        let name = "<script>alert('x')</script> \"山田\"".to_owned();
        Invited { name, address: "a&b@a.example".to_owned(), card }
    }

    #[test]
    fn what_people_are_called_is_text_and_nothing_else() {
        for language in Language::ALL {
            let writing = Writing { language, organisation: "<b>A</b>" };
            let page = writing.choice(&"0".repeat(40), "1\"2", &invited(false));
            assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
            assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"), "{page}");
            assert!(
                page.contains("a&amp;b@a.example") && page.contains("value=\"1&quot;2\""),
                "{page}"
            );
        }
    }

    #[test]
    fn every_page_has_a_language_a_title_and_a_label_for_each_field() {
        for (language, word) in [(Language::Ja, "ja"), (Language::En, "en")] {
            let writing = Writing { language, organisation: "A" };
            let pages = [
                writing.landing(&"0".repeat(40)),
                writing.choice(&"0".repeat(40), "", &invited(true)),
                writing.choice(&"0".repeat(40), "", &invited(false)),
                writing.told(Told::NotValid),
            ];
            for page in pages {
                assert!(page.contains(&format!("<html lang=\"{word}\">")), "{page}");
                assert!(page.contains("<title>") && page.contains("<main>"), "{page}");
                for id in ["code", "request"] {
                    let has_field = page.contains(&format!(" id=\"{id}\""));
                    assert_eq!(has_field, page.contains(&format!("<label for=\"{id}\"")), "{page}");
                }
                // Nothing that a strict policy would stop.
                for bad in ["<script", "style=", "onclick", "http://", "https://"] {
                    assert!(!page.contains(bad), "{bad}: {page}");
                }
            }
        }
    }

    #[test]
    fn who_has_a_card_has_to_bring_its_request() {
        let writing = Writing { language: Language::En, organisation: "A" };
        let page = |card| writing.choice(&"0".repeat(40), "", &invited(card));
        assert!(page(true).contains(" required></textarea>") && !page(true).contains("<details>"));
        assert!(page(false).contains("<details>") && !page(false).contains("required"));
    }
}
