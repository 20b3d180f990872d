//! Certificate policies: RFC 5280 6.1 with the policy graph of RFC 9618.
//!
//! RFC 5280 describes a tree that grows exponentially with the path; RFC 9618 replaces
//! it by a graph with the same answers, in which a policy stands once per level.

use std::collections::{BTreeMap, BTreeSet};

use der::asn1::ObjectIdentifier;

use super::{PathFault, PolicyInput};
use crate::{Certificate, oid};

/// One level of the graph: policies by their identifier.
type Level = BTreeMap<ObjectIdentifier, Node>;

/// A policy at one level.
struct Node {
    /// The policies of the level above from which it follows.
    parents: BTreeSet<ObjectIdentifier>,
    /// What it is called in the next certificate.
    expected: BTreeSet<ObjectIdentifier>,
}

/// The state variables of RFC 5280 6.1.2 that concern policies.
struct State {
    /// `None` once no policy is left (RFC 5280: the tree is NULL). The first level is
    /// the anchor's: any policy.
    levels: Option<Vec<Level>>,
    explicit_policy: usize,
    policy_mapping: usize,
    inhibit_any: usize,
    any: ObjectIdentifier,
}

/// Processes the policies of a chain (leaf first). Returns the
/// user-constrained-policy-set.
///
/// An anchor that asserts policies is processed like a certificate (RFC 5937): what an
/// intermediate CA trusted directly may not grant, it may not grant as an anchor.
pub(super) fn check(chain: &[&Certificate], input: &PolicyInput) -> Result<Vec<String>, PathFault> {
    let Ok(any) = ObjectIdentifier::new(oid::ANY_POLICY) else {
        return Err(PathFault::NoAcceptablePolicy);
    };
    let processed = match chain.split_last() {
        Some((anchor, rest)) if !rest.is_empty() && anchor.extensions().policies.is_none() => rest,
        _ => chain,
    };
    let count = processed.len();
    let start = |inhibited: bool| if inhibited { 0 } else { count + 1 };
    let mut state = State {
        levels: Some(vec![BTreeMap::from([(any, Node::new(BTreeSet::new(), any))])]),
        explicit_policy: start(input.require_explicit),
        policy_mapping: start(input.inhibit_mapping),
        inhibit_any: start(input.inhibit_any),
        any,
    };
    for (position, certificate) in processed.iter().enumerate().rev() {
        let is_leaf = position == 0;
        state.enter(certificate, is_leaf)?;
        if is_leaf {
            state.wrap_up(certificate);
        } else {
            state.prepare_next(certificate)?;
        }
    }
    state.conclude(&input.acceptable)
}

impl Node {
    fn new(parents: BTreeSet<ObjectIdentifier>, expected: ObjectIdentifier) -> Self {
        Self { parents, expected: BTreeSet::from([expected]) }
    }
}

impl State {
    /// RFC 5280 6.1.3 (d) to (f), RFC 9618 5.3.
    fn enter(&mut self, certificate: &Certificate, is_leaf: bool) -> Result<(), PathFault> {
        let any = self.any;
        match (&mut self.levels, certificate.extensions().policies.as_deref()) {
            (Some(levels), Some(policies)) => {
                let any_allowed =
                    self.inhibit_any > 0 || (!is_leaf && certificate.is_self_issued());
                let level = match levels.last() {
                    Some(above) => next_level(above, policies, any, any_allowed),
                    None => Level::new(),
                };
                levels.push(level);
            }
            _ => self.levels = None,
        }
        self.prune();
        if self.explicit_policy == 0 && self.levels.is_none() {
            return Err(PathFault::NoAcceptablePolicy);
        }
        Ok(())
    }

    /// RFC 5280 6.1.4 (a), (b), (h) to (j).
    fn prepare_next(&mut self, certificate: &Certificate) -> Result<(), PathFault> {
        let extensions = certificate.extensions();
        let mut mappings: BTreeMap<ObjectIdentifier, BTreeSet<ObjectIdentifier>> = BTreeMap::new();
        for (issuer, subject) in &extensions.policy_mappings {
            if *issuer == self.any || *subject == self.any {
                return Err(PathFault::BadPolicyMapping);
            }
            mappings.entry(*issuer).or_default().insert(*subject);
        }
        self.map(mappings);
        if !certificate.is_self_issued() {
            self.explicit_policy = self.explicit_policy.saturating_sub(1);
            self.policy_mapping = self.policy_mapping.saturating_sub(1);
            self.inhibit_any = self.inhibit_any.saturating_sub(1);
        }
        lower(&mut self.explicit_policy, extensions.require_explicit_policy);
        lower(&mut self.policy_mapping, extensions.inhibit_policy_mapping);
        lower(&mut self.inhibit_any, extensions.inhibit_any_policy);
        Ok(())
    }

    fn map(&mut self, mappings: BTreeMap<ObjectIdentifier, BTreeSet<ObjectIdentifier>>) {
        let allowed = self.policy_mapping > 0;
        let any = self.any;
        if let Some(level) = self.levels.as_mut().and_then(|levels| levels.last_mut()) {
            let has_any = level.contains_key(&any);
            for (policy, mapped) in mappings {
                if !allowed {
                    level.remove(&policy);
                } else if let Some(node) = level.get_mut(&policy) {
                    node.expected = mapped;
                } else if has_any {
                    let node = Node { parents: BTreeSet::from([any]), expected: mapped };
                    level.insert(policy, node);
                }
            }
        }
        self.prune();
    }

    /// RFC 5280 6.1.5 (a) and (b).
    fn wrap_up(&mut self, leaf: &Certificate) {
        self.explicit_policy = self.explicit_policy.saturating_sub(1);
        if leaf.extensions().require_explicit_policy == Some(0) {
            self.explicit_policy = 0;
        }
    }

    /// RFC 5280 6.1.5 (g), RFC 9618 5.6.
    fn conclude(self, acceptable: &[String]) -> Result<Vec<String>, PathFault> {
        let mut granted: BTreeSet<String> = BTreeSet::new();
        for (depth, level) in self.levels.iter().flatten().enumerate().skip(1) {
            // A policy is granted where it first follows from "any": below that, it
            // goes by the names that mappings give it.
            granted.extend(
                level
                    .iter()
                    .filter(|(policy, node)| {
                        **policy != self.any && node.parents.contains(&self.any)
                    })
                    .map(|(policy, _)| policy.to_string()),
            );
            let is_last = self.levels.as_ref().is_some_and(|levels| depth + 1 == levels.len());
            if is_last && level.contains_key(&self.any) {
                granted.insert(oid::ANY_POLICY.to_owned());
            }
        }
        let any_acceptable =
            acceptable.is_empty() || acceptable.iter().any(|policy| policy == oid::ANY_POLICY);
        let constrained: Vec<String> = if any_acceptable {
            granted.into_iter().collect()
        } else if granted.contains(oid::ANY_POLICY) {
            acceptable.to_vec()
        } else {
            granted.into_iter().filter(|policy| acceptable.contains(policy)).collect()
        };
        if self.explicit_policy == 0 && constrained.is_empty() {
            return Err(PathFault::NoAcceptablePolicy);
        }
        Ok(constrained)
    }

    /// Removes what no policy of the last level follows from (RFC 5280 6.1.3 (d) (3)).
    fn prune(&mut self) {
        let Some(levels) = &mut self.levels else {
            return;
        };
        let mut needed: Option<BTreeSet<ObjectIdentifier>> = None;
        for level in levels.iter_mut().rev() {
            if let Some(needed) = &needed {
                level.retain(|policy, _| needed.contains(policy));
            }
            needed = Some(level.values().flat_map(|node| node.parents.iter().copied()).collect());
        }
        if levels.last().is_none_or(BTreeMap::is_empty) {
            self.levels = None;
        }
    }
}

/// RFC 9618 5.3: the policies of one certificate below those of the level above.
fn next_level(
    above: &Level,
    policies: &[ObjectIdentifier],
    any: ObjectIdentifier,
    any_allowed: bool,
) -> Level {
    // Which policies of the level above expect a policy.
    let mut expecting: BTreeMap<ObjectIdentifier, BTreeSet<ObjectIdentifier>> = BTreeMap::new();
    for (policy, node) in above {
        for expected in &node.expected {
            expecting.entry(*expected).or_default().insert(*policy);
        }
    }
    let mut level = Level::new();
    for policy in policies.iter().filter(|policy| **policy != any) {
        let parents = match expecting.get(policy) {
            Some(parents) => parents.clone(),
            None if above.contains_key(&any) => BTreeSet::from([any]),
            None => continue,
        };
        level.insert(*policy, Node::new(parents, *policy));
    }
    if any_allowed && policies.contains(&any) {
        for (policy, parents) in expecting {
            level.entry(policy).or_insert_with(|| Node::new(parents, policy));
        }
    }
    level
}

fn lower(counter: &mut usize, bound: Option<u32>) {
    if let Some(bound) = bound.and_then(|bound| usize::try_from(bound).ok()) {
        *counter = (*counter).min(bound);
    }
}
