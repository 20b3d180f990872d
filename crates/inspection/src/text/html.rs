//! The text that an HTML page shows.

use super::xml::{Breaks, entity};

/// Tags whose content no reader shows.
const HIDDEN: [&str; 3] = ["script", "style", "template"];

/// Tags that do not interrupt a word.
const INLINE: [&str; 28] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "em", "font", "i", "ins", "kbd",
    "mark", "o:p", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u",
    "wbr",
];

/// Attributes whose value a reader sees.
const SHOWN: [&str; 5] = ["alt", "title", "value", "placeholder", "content"];

/// Longest tag that is read as one, in octets: a `<` that never closes is text.
const MAX_TAG_BYTES: usize = 64 * 1024;

/// Whether `text` is HTML by its looks.
pub(crate) fn looks_like_html(text: &str) -> bool {
    let end = (0..=1024.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let head = text.get(..end).unwrap_or_default().to_ascii_lowercase();
    ["<!doctype html", "<html", "<head", "<body", "<table", "<div", "<p>", "<br"]
        .iter()
        .any(|tag| head.contains(tag))
}

/// The text of `html` in reading order: inline tags vanish, table cells are separated
/// by tabs, blocks by line ends; entities are resolved. Shown attributes, and what is
/// there but not shown (comments, scripts), follow on lines of their own. Linear and total; conditional comments for Outlook, which
/// shows their content, are read like content.
pub(crate) fn text(html: &str) -> String {
    let mut breaks = Breaks::default();
    let mut rest = html;
    // Octets left behind the next `>`, so that a row of `<a<a<a` is not searched for
    // one again and again.
    let mut close = html.len();
    while let Some(at) = rest.find(['<', '&']) {
        let (before, after) = rest.split_at(at);
        breaks.text(before);
        if after.starts_with('&') {
            rest = reference(after, &mut breaks);
            continue;
        }
        if close >= after.len() {
            close = after.find('>').map_or(0, |at| after.len() - at - 1);
        }
        let closes = close > 0 || after.ends_with('>');
        rest = if closes && after.len() - close <= MAX_TAG_BYTES && opens_tag(after) {
            tag(after, &mut breaks)
        } else {
            breaks.char('<');
            after.get(1..).unwrap_or_default()
        };
    }
    breaks.text(rest);
    breaks.finish()
}

fn reference<'a>(rest: &'a str, breaks: &mut Breaks) -> &'a str {
    match entity(rest) {
        Some((c, after)) => {
            breaks.char(c);
            after
        }
        None => {
            breaks.char('&');
            rest.get(1..).unwrap_or_default()
        }
    }
}

/// `<` followed by a letter, `/`, `!` or `?`; in `a < b` it is text.
fn opens_tag(rest: &str) -> bool {
    let second = rest.chars().nth(1);
    second.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
}

/// Reads one tag or comment at the start of `rest` and returns what follows.
fn tag<'a>(rest: &'a str, breaks: &mut Breaks) -> &'a str {
    if let Some(comment) = rest.strip_prefix("<!--") {
        if comment.starts_with("[if") || comment.starts_with("<!") {
            return after(comment, ">");
        }
        let (comment, rest) = comment.split_once("-->").unwrap_or((comment, ""));
        breaks.aside(comment);
        return rest;
    }
    let Some((inside, following)) = enclosed(rest) else {
        breaks.char('<');
        return rest.get(1..).unwrap_or_default();
    };
    let closing = inside.starts_with('/');
    let name: String = inside
        .trim_start_matches('/')
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == ':')
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if !closing && HIDDEN.contains(&name.as_str()) {
        return hidden(following, &name, breaks);
    }
    match name.as_str() {
        "td" | "th" => breaks.cell(closing),
        "tr" => breaks.row(closing),
        other if INLINE.contains(&other) => {}
        "" => {}
        _ => breaks.block(),
    }
    attributes(inside, breaks);
    following
}

/// What stands between `<` and the `>` that ends the tag, quotes respected.
fn enclosed(rest: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, c) in rest.char_indices().skip(1).take_while(|(at, _)| *at < MAX_TAG_BYTES) {
        match (c, quote) {
            ('>', None) => return Some((rest.get(1..at)?, rest.get(at + 1..)?)),
            ('"' | '\'', None) if rest.get(..at)?.trim_end().ends_with('=') => quote = Some(c),
            (_, Some(open)) if c == open => quote = None,
            _ => {}
        }
    }
    // An unclosed quote swallows what browsers would show: end at the first `>`.
    let at = rest.as_bytes().iter().take(MAX_TAG_BYTES).position(|o| *o == b'>')?;
    Some((rest.get(1..at)?, rest.get(at + 1..)?))
}

/// Puts the content of a hidden element aside and returns what follows; a missing end
/// tag hides the rest, as in browsers.
fn hidden<'a>(rest: &'a str, name: &str, breaks: &mut Breaks) -> &'a str {
    let mut at = 0;
    while let Some(found) = rest.get(at..).and_then(|tail| tail.find("</")) {
        let start = at + found + 2;
        let candidate = rest.as_bytes().get(start..start + name.len());
        if candidate.is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes())) {
            breaks.aside(rest.get(..start - 2).unwrap_or_default());
            return rest.get(start..).map_or("", |tail| after(tail, ">"));
        }
        at = start;
    }
    breaks.aside(rest);
    ""
}

fn after<'a>(rest: &'a str, end: &str) -> &'a str {
    rest.split_once(end).map_or("", |(_, after)| after)
}

fn attributes(inside: &str, breaks: &mut Breaks) {
    for name in SHOWN {
        let mut rest = inside;
        while let Some(at) = rest.find(name) {
            let before = rest.get(..at).unwrap_or_default();
            rest = rest.get(at + name.len()..).unwrap_or_default();
            let Some(value) = rest.trim_start().strip_prefix('=').map(str::trim_start) else {
                continue;
            };
            if !before.ends_with(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')) {
                continue;
            }
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let split = match quote {
                Some(quote) => value.get(1..).unwrap_or_default().split_once(quote),
                None => value.split_once(|c: char| c.is_whitespace()),
            };
            let (value, after) = split.unwrap_or((value, ""));
            breaks.aside(value);
            rest = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_tags_and_entities_do_not_split_a_number() {
        assert_eq!(text("12<b>34</b>5<span x='>'>6</span>&#55;&#x38;9018").trim(), "123456789018");
        assert_eq!(text("a&nbsp;b&amp;c &lt; &unknown; &").trim(), "a\u{A0}b&c < &unknown; &");
    }

    #[test]
    fn cells_and_rows_keep_their_places() {
        let page = "<table><tr><th>氏名<th>個人<br>番号</tr><tr><td><p>山田</p></td><td>1</td></tr></table>";
        let text = text(page);
        let rows: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
        assert_eq!(rows, ["氏名\t個人 番号", "山田\t1"]);
    }

    #[test]
    fn what_no_reader_shows_stands_aside_and_what_outlook_shows_stays() {
        let page = "<style>s</style><!--x-->a<script>b</SCRIPT >c";
        assert_eq!(text(page), "ac\ns\nx\nb");
        assert_eq!(text("<!--[if mso]>seen<![endif]-->").trim(), "seen");
    }

    #[test]
    fn shown_attributes_are_read() {
        assert!(text("<input type=\"text\" value=\"123\">").contains("123"));
        assert!(text("<img alt='個人番号'>").contains("個人番号"));
    }

    #[test]
    fn a_lone_bracket_or_quote_hides_nothing() {
        assert!(text("a < b 123").contains("123"));
        assert!(text("<a href=\"x>123</a>").contains("123"));
        assert!(text(&format!("<{}123>", "x".repeat(MAX_TAG_BYTES))).contains("123"));
    }

    #[test]
    fn a_tag_is_read_up_to_its_bound_and_is_text_one_past_it() {
        let tag = |length: usize| format!("<{}>", "x".repeat(length - 2));
        assert_eq!(text(&tag(MAX_TAG_BYTES)).trim(), "");
        assert!(text(&tag(MAX_TAG_BYTES + 1)).contains("xxx"));
    }
}
