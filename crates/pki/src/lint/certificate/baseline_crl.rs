//! S/MIME BR 7.1.2.3 b: the certificate says where the issuer's CRL is: a http URL; the
//! strict generation has no other kinds of URL. Without any it is a hint: a CA may
//! answer by OCSP, and a member of ours judges its people by standing.

use super::BaselineGeneration;
use super::{Rule, Severity, View};

pub(super) const RULE: Rule = Rule {
    name: "baseline_crl",
    section: "S/MIME BR 7.1.2.3 b",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let urls = view.certificate.crl_urls();
    let is_strict = view.baseline.is_some_and(|one| one.generation == BaselineGeneration::Strict);
    let is_http = |url: &String| url.starts_with("http://");
    urls.iter().any(is_http) && (!is_strict || urls.iter().all(is_http))
}
