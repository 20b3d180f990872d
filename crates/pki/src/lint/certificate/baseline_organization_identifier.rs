//! S/MIME BR 7.1.4.2.2 d, appendix A: an organizationIdentifier is scheme, country and
//! number.

use super::{Rule, Severity, View};
use crate::lint::organization_identifier::is_corporate_number;
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "baseline_organization_identifier",
    section: "S/MIME BR 7.1.4.2.2 d, A",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    view.certificate
        .subject_attributes(oid::ORGANIZATION_IDENTIFIER)
        .iter()
        .all(|identifier| is_identifier(identifier))
}

fn is_identifier(text: &str) -> bool {
    // NTRJP is the corporate number (法人番号), whose check digit we know.
    if let Some(number) = text.strip_prefix("NTRJP-") {
        return is_corporate_number(number);
    }
    let Some((scheme, rest)) = text.split_at_checked(3) else { return false };
    let Some((country, rest)) = rest.split_at_checked(2) else { return false };
    let is_capital = |text: &str| text.bytes().all(|octet| octet.is_ascii_uppercase());
    let has_reference = rest.split_once('-').is_some_and(|(region, number)| {
        (region.is_empty() || region.starts_with('+')) && !number.is_empty()
    });
    match scheme {
        "NTR" => is_capital(country) && has_reference,
        "VAT" | "PSD" => is_capital(country) && rest.starts_with('-') && has_reference,
        "LEI" => country == "XG" && rest.len() == 21 && has_reference,
        "GOV" => is_capital(country) && (rest.is_empty() || rest.starts_with('+')),
        "INT" => country == "XG" && rest.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_of_every_scheme_are_read_and_what_is_none_is_not() {
        for good in [
            "NTRJP-7000012050002",
            "NTRUS+CA-12345",
            "VATDE-123",
            "GOVUS+CA",
            "GOVJP",
            "INTXG",
            "LEIXG-529900T8BM49AURSDO55",
        ] {
            assert!(is_identifier(good), "{good}");
        }
        for bad in [
            "NTRJP-7000012050003",
            "NTRus-1",
            "NTRUS-",
            "XYZJP-1",
            "GOVUS-1",
            "INTUS",
            "LEIXG-1",
            "市",
        ] {
            assert!(!is_identifier(bad), "{bad}");
        }
    }
}
