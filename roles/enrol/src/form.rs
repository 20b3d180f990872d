//! What a form sends: `application/x-www-form-urlencoded` (URL Standard 5.1), the fields that
//! the page has, each once.

use zeroize::Zeroizing;

/// A form with nothing else in it.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) step: String,
    pub(crate) code: String,
    pub(crate) platform: String,
    pub(crate) request: String,
}

/// What was sent is no form of this page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoForm;

impl Form {
    pub(crate) fn parse(octets: &[u8]) -> Result<Self, NoForm> {
        let mut form = Self::default();
        let mut seen = [false; 4];
        for pair in octets.split(|octet| *octet == b'&').filter(|pair| !pair.is_empty()) {
            let at = pair.iter().position(|octet| *octet == b'=').ok_or(NoForm)?;
            let (name, value) = pair.split_at(at);
            let (number, field) = match name {
                b"step" => (0, &mut form.step),
                b"code" => (1, &mut form.code),
                b"platform" => (2, &mut form.platform),
                b"request" => (3, &mut form.request),
                _ => return Err(NoForm),
            };
            if std::mem::replace(seen.get_mut(number).ok_or(NoForm)?, true) {
                return Err(NoForm);
            }
            *field = decoded(value.get(1..).unwrap_or_default())?;
        }
        // As people copy it.
        form.code.retain(|c| !c.is_whitespace() && c != '-');
        Ok(form)
    }
}

fn decoded(value: &[u8]) -> Result<String, NoForm> {
    let mut octets = Zeroizing::new(Vec::with_capacity(value.len()));
    let mut rest = value;
    while let Some((octet, behind)) = rest.split_first() {
        rest = behind;
        match octet {
            b'+' => octets.push(b' '),
            b'%' => {
                let (digits, behind) = rest.split_first_chunk::<2>().ok_or(NoForm)?;
                let digits = std::str::from_utf8(digits).map_err(|_| NoForm)?;
                if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return Err(NoForm);
                }
                octets.push(u8::from_str_radix(digits, 16).map_err(|_| NoForm)?);
                rest = behind;
            }
            octet => octets.push(*octet),
        }
    }
    String::from_utf8(octets.to_vec()).map_err(|_| NoForm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let form = Form::parse(b"step=fetch&code=1234+5678&platform=windows&request=a%0D%0Ab%2B");
        let form = form.ok().unwrap();
        assert_eq!((form.step.as_str(), form.code.as_str()), ("fetch", "12345678"));
        assert_eq!((form.platform.as_str(), form.request.as_str()), ("windows", "a\r\nb+"));
        assert!(Form::parse(b"").ok().unwrap() == Form::default());
    }

    #[test]
    fn what_the_page_does_not_send_is_no_form() {
        for bad in [
            &b"user=alice"[..],
            b"code=1&code=2",
            b"code",
            b"code=%4",
            b"code=%+1",
            b"code=%ff",
            b"{\"code\":1}",
        ] {
            assert!(Form::parse(bad).is_err(), "{}", bad.escape_ascii());
        }
    }
}
