//! One spelling for what people write in many: full-width and half-width forms,
//! letter case, digits of other scripts, characters that nobody sees.

/// `text` in the form that the detectors search: ASCII digits, lower-case ASCII
/// letters, full katakana, `-` for every dash, one kind of space, line ends as `\n`,
/// nothing invisible.
///
/// Not longer than three times the input (an ASCII octet never grows).
pub(crate) fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // Of CR LF, the LF is kept; a lone CR ends a line on screen as well.
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{B}' | '\u{C}' => out.push('\n'),
            ' '..='~' => out.push(c.to_ascii_lowercase()),
            '\u{FF9E}' | '\u{3099}' | '\u{309B}' => voice(&mut out, 1),
            '\u{FF9F}' | '\u{309A}' | '\u{309C}' => voice(&mut out, 2),
            _ if is_invisible(c) => {}
            _ => out.push(plain(c)),
        }
    }
    out
}

/// Half-width and decomposed kana carry their sound mark as a character of its own.
fn voice(out: &mut String, steps: u32) {
    let Some(last) = out.chars().next_back() else { return };
    let takes_mark = matches!(last, 'カ'..='ホ' | 'か'..='ほ' | 'ウ');
    let voiced = if last == 'ウ' {
        Some('ヴ')
    } else {
        char::from_u32(u32::from(last).saturating_add(steps))
    };
    if let (true, Some(voiced)) = (takes_mark, voiced) {
        out.pop();
        out.push(voiced);
    }
}

/// Characters without width or ink, which can be strewn between digits unseen.
fn is_invisible(c: char) -> bool {
    c != '\t' && ssmax_mail::is_unseen(c)
        || matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0080}'..='\u{E0FFF}')
}

fn plain(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => shifted(c, 0xFF01, '!').to_ascii_lowercase(),
        '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{2043}' => '-',
        '\u{FF61}'..='\u{FF9D}' => full_katakana(c),
        '\u{FFE5}' => '¥',
        _ => digit(c).unwrap_or(c),
    }
}

/// Decimal digits of the scripts and alphabets that fonts here can show.
fn digit(c: char) -> Option<char> {
    const ZEROS: [char; 6] = ['\u{660}', '\u{6F0}', '\u{966}', '\u{E50}', '\u{1D7CE}', '\u{1FBF0}'];
    if let '\u{1D7CE}'..='\u{1D7FF}' = c {
        // Five mathematical alphabets of ten digits each.
        return char::from_digit((u32::from(c) - 0x1D7CE) % 10, 10);
    }
    ZEROS.iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(u32::from(*zero))?;
        if value < 10 { char::from_digit(value, 10) } else { None }
    })
}

fn full_katakana(c: char) -> char {
    const TABLE: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";
    let index = u32::from(c).saturating_sub(0xFF61);
    TABLE.chars().nth(usize::try_from(index).unwrap_or(usize::MAX)).unwrap_or(c)
}

fn shifted(c: char, from: u32, to: char) -> char {
    u32::from(c)
        .checked_sub(from)
        .and_then(|offset| char::from_u32(offset + u32::from(to)))
        .unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_half_width_and_other_digits_become_one_spelling() {
        assert_eq!(normalise("１２３４－５６７８‐９０１８"), "1234-5678-9018");
        assert_eq!(normalise("ﾏｲﾅﾝﾊﾞｰ ＭＹ　Number"), "マイナンバー my number");
        assert_eq!(normalise("𝟏𝟚𝟯 ٣۴५"), "123 345");
    }

    #[test]
    fn decomposed_sound_marks_are_composed() {
        assert_eq!(normalise("マイナンハ\u{3099}ー ホ\u{309A}"), "マイナンバー ポ");
    }

    #[test]
    fn what_nobody_sees_is_gone() {
        assert_eq!(normalise("12\u{200B}34\u{AD}56\u{FEFF}\u{0}78"), "12345678");
    }

    #[test]
    fn every_line_end_is_one() {
        assert_eq!(normalise("a\r\nb\rc\nd\u{2028}e\r"), "a\nb\nc\nd\ne\n");
    }

    #[test]
    fn a_sound_mark_on_its_own_harms_nothing() {
        assert_eq!(normalise("ﾞａﾟ"), "a");
    }
}
