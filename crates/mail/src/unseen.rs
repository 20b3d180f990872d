//! Characters that a reader does not see.

/// Whether `char` is a control or format character, a line or paragraph separator, or one
/// without ink: what acts on a terminal, turns the text around it (UAX #9), or makes two names
/// look alike. Variation selectors are not among them: Japanese names are written with them.
///
/// ```
/// assert!("\u{1b}\u{200b}\u{202e}".chars().all(ssmax_mail::is_unseen));
/// // The first character of Katsushika as the city writes it.
/// assert!(!"葛\u{e0100}飾".chars().any(ssmax_mail::is_unseen));
/// ```
pub fn is_unseen(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
}
