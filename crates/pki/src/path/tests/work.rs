//! Bounded work: loops, crowds of CAs, depth.

use super::{input, user};
use crate::Certificate;
use crate::forge::{Holder, basis, forge, new_key};
use crate::path::danger::{Answer, validate_with_verifier};
use crate::path::{Limits, PathFault, PathInput, PolicyInput, validate};
use crate::profile;

fn ca(name: &str) -> Holder {
    Holder::own(|basis| profile::root(basis, "Test", name))
}

/// A certificate for `subject`'s name and key by `issuer`.
fn cross(subject: &Holder, issuer: &Holder) -> Certificate {
    let name = subject.certificate.common_name().unwrap();
    forge(&profile::root(basis(&subject.key), "Test", &name), issuer)
}

fn leaf_below(issuer: &Holder) -> Certificate {
    let draft = profile::user_signing(basis(&new_key()), &user("hanako@b.example"));
    forge(&draft, issuer)
}

#[test]
fn a_loop_of_authorities_ends_without_an_answer() {
    let (a, b, c) = (ca("A"), ca("B"), ca("C"));
    let intermediates = [cross(&a, &b), cross(&b, &c), cross(&c, &a), a.certificate.clone()];
    let leaf = leaf_below(&a);
    let outsider = ca("Root");
    assert_eq!(
        validate(&input(&leaf, &intermediates, &outsider)).unwrap_err(),
        PathFault::NoIssuer
    );
}

#[test]
fn a_loop_beside_the_way_out_does_not_hide_it() {
    let (root, a, b) = (ca("Root"), ca("A"), ca("B"));
    let intermediates = [cross(&a, &b), cross(&b, &a), cross(&a, &root)];
    let leaf = leaf_below(&a);
    assert_eq!(validate(&input(&leaf, &intermediates, &root)).unwrap().certificates.len(), 3);
}

#[test]
fn a_hundred_authorities_that_all_certify_each_other_stay_within_the_signature_bound() {
    let authorities: Vec<Holder> = (0..100).map(|number| ca(&format!("CA {number}"))).collect();
    let mut intermediates = Vec::new();
    for issuer in &authorities {
        for subject in &authorities {
            if !std::ptr::eq(issuer, subject) {
                intermediates.push(cross(subject, issuer));
            }
        }
    }
    let leaf = leaf_below(&authorities[0]);
    let outsider = ca("Root");
    let checked = std::cell::Cell::new(0);
    let count = |_: &[u8], _: &[u8], _: &[u8], _: &[u8]| {
        checked.set(checked.get() + 1);
        Answer::Good
    };
    let input = input(&leaf, &intermediates, &outsider);
    let answer = validate_with_verifier(&input, &PolicyInput::default(), &count);
    assert_eq!(answer, Err(PathFault::TooMuchWork));
    assert!(checked.get() <= Limits::default().max_signatures);
    assert_eq!(validate(&input), Err(PathFault::TooMuchWork));
}

/// Signatures that are remembered cost nothing, so steps are bounded, too.
#[test]
fn ten_authorities_that_all_certify_each_other_end_within_the_step_bound() {
    let authorities: Vec<Holder> = (0..10).map(|number| ca(&format!("CA {number}"))).collect();
    let mut intermediates = Vec::new();
    for (issuer, subject) in
        authorities.iter().flat_map(|a| authorities.iter().map(move |b| (a, b)))
    {
        intermediates.push(cross(subject, issuer));
    }
    let leaf = leaf_below(&authorities[0]);
    let outsider = ca("Root");
    let limits = Limits { max_depth: 32, max_signatures: 150 };
    let input = PathInput { limits, ..input(&leaf, &intermediates, &outsider) };
    assert_eq!(validate(&input), Err(PathFault::TooMuchWork));
}

/// Leaf, then `between` CAs, then the root.
fn ladder(between: usize) -> (Certificate, Vec<Certificate>, Holder) {
    let root = ca("Root");
    let mut steps: Vec<Holder> = Vec::new();
    for number in 0..between {
        let above = steps.last().unwrap_or(&root);
        let name = format!("Step {number}");
        steps.push(Holder::below(above, |basis| profile::root(basis, "Test", &name)));
    }
    let leaf = leaf_below(steps.last().unwrap_or(&root));
    (leaf, steps.into_iter().map(|step| step.certificate).collect(), root)
}

#[test]
fn a_path_of_ten_certificates_passes_and_of_eleven_is_too_deep() {
    let (leaf, intermediates, root) = ladder(8);
    assert_eq!(validate(&input(&leaf, &intermediates, &root)).unwrap().certificates.len(), 10);
    let (leaf, intermediates, root) = ladder(9);
    assert_eq!(validate(&input(&leaf, &intermediates, &root)), Err(PathFault::TooDeep));
}

#[test]
fn the_last_signature_allowed_may_complete_the_path() {
    let (leaf, intermediates, root) = ladder(2);
    let bounded = |max_signatures| {
        let limits = Limits { max_signatures, ..Limits::default() };
        validate(&PathInput { limits, ..input(&leaf, &intermediates, &root) }).map(|_| ())
    };
    assert_eq!(bounded(3), Ok(()));
    assert_eq!(bounded(2), Err(PathFault::TooMuchWork));
}
