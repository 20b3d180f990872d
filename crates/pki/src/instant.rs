//! X.509 `Time` (RFC 5280 4.1.2.5) to and from [`OffsetDateTime`].
//!
//! Our own, because a certificate may begin in 1950 and the library's type begins in
//! 1970.

use der::Tag;
use der::asn1::Any;
use time::{Date, Month, OffsetDateTime, Time};

use crate::PkiError;

/// The last year that is written as `UTCTime` (RFC 5280 4.1.2.5).
const LAST_UTC_TIME_YEAR: i32 = 2049;

/// Reads a `UTCTime` or `GeneralizedTime`. RFC 5280 4.1.2.5 demands seconds, no
/// fraction and `Z`; everything else is refused.
pub(crate) fn from_any(value: &Any) -> Result<OffsetDateTime, PkiError> {
    let text = value.value();
    match value.header().tag() {
        Tag::UtcTime => {
            let (year, rest) = text.split_at_checked(2).ok_or(PkiError::Malformed)?;
            let year = number(year)?;
            // RFC 5280 4.1.2.5.1: 50 to 99 are the twentieth century.
            let century = if year >= 50 { 1900 } else { 2000 };
            from_parts(century + year, rest)
        }
        Tag::GeneralizedTime => {
            let (year, rest) = text.split_at_checked(4).ok_or(PkiError::Malformed)?;
            from_parts(number(year)?, rest)
        }
        _ => Err(PkiError::Malformed),
    }
}

/// Writes an instant as RFC 5280 4.1.2.5 asks: `UTCTime` through 2049, then
/// `GeneralizedTime`. Fractions of a second are cut.
pub(crate) fn to_any(instant: OffsetDateTime) -> Result<Any, PkiError> {
    let instant = instant.to_offset(time::UtcOffset::UTC);
    let year = instant.year();
    if (1950..=LAST_UTC_TIME_YEAR).contains(&year) {
        let text = format!("{:02}{}", year % 100, rest_text(instant));
        return Any::new(Tag::UtcTime, text.into_bytes()).map_err(|_| PkiError::Unencodable);
    }
    to_generalized(instant)
}

/// Writes an instant as `GeneralizedTime` whatever its year.
pub(crate) fn to_generalized(instant: OffsetDateTime) -> Result<Any, PkiError> {
    let instant = instant.to_offset(time::UtcOffset::UTC);
    let year = instant.year();
    if !(0..=9999).contains(&year) {
        return Err(PkiError::Unencodable);
    }
    let text = format!("{year:04}{}", rest_text(instant));
    Any::new(Tag::GeneralizedTime, text.into_bytes()).map_err(|_| PkiError::Unencodable)
}

fn rest_text(instant: OffsetDateTime) -> String {
    format!(
        "{:02}{:02}{:02}{:02}{:02}Z",
        u8::from(instant.month()),
        instant.day(),
        instant.hour(),
        instant.minute(),
        instant.second()
    )
}

/// The part after the year: `MMDDHHMMSSZ`.
fn from_parts(year: i32, rest: &[u8]) -> Result<OffsetDateTime, PkiError> {
    let &[m1, m2, d1, d2, h1, h2, n1, n2, s1, s2, b'Z'] = rest else {
        return Err(PkiError::Malformed);
    };
    let two = |a: u8, b: u8| -> Result<u8, PkiError> {
        u8::try_from(number(&[a, b])?).map_err(|_| PkiError::Malformed)
    };
    let month = Month::try_from(two(m1, m2)?).map_err(|_| PkiError::Malformed)?;
    let date =
        Date::from_calendar_date(year, month, two(d1, d2)?).map_err(|_| PkiError::Malformed)?;
    let time = Time::from_hms(two(h1, h2)?, two(n1, n2)?, two(s1, s2)?)
        .map_err(|_| PkiError::Malformed)?;
    Ok(date.with_time(time).assume_utc())
}

fn number(digits: &[u8]) -> Result<i32, PkiError> {
    digits.iter().try_fold(0, |sum, digit| match digit {
        b'0'..=b'9' => Ok(sum * 10 + i32::from(digit - b'0')),
        _ => Err(PkiError::Malformed),
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn utc_time(text: &str) -> Any {
        Any::new(Tag::UtcTime, text.as_bytes()).unwrap()
    }

    #[test]
    fn the_last_second_of_2049_is_utc_time_and_the_next_is_generalized() {
        let last = to_any(datetime!(2049-12-31 23:59:59 UTC)).unwrap();
        assert_eq!(last.value(), b"491231235959Z");
        let next = to_any(datetime!(2050-01-01 0:00 UTC)).unwrap();
        assert_eq!(next.value(), b"20500101000000Z");
        assert_eq!(from_any(&next).unwrap(), datetime!(2050-01-01 0:00 UTC));
    }

    #[test]
    fn a_two_digit_year_of_50_is_1950_and_49_is_2049() {
        assert_eq!(from_any(&utc_time("500101000000Z")).unwrap().year(), 1950);
        assert_eq!(from_any(&utc_time("490101000000Z")).unwrap().year(), 2049);
    }

    #[test]
    fn times_without_seconds_with_fractions_or_with_an_offset_are_refused() {
        for text in ["5001010000Z", "500101000000.5Z", "500101000000+0900", "500230000000Z", ""] {
            assert_eq!(from_any(&utc_time(text)), Err(PkiError::Malformed), "{text}");
        }
    }
}
