//! Combinations: all of them, or few that cover every pair of values.

/// A property of messages, and the values it can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// What it is called in rules and tables.
    pub name: &'static str,
    /// What its values are called.
    pub values: Vec<&'static str>,
}

/// Values that do not go together: of each named dimension one of those listed.
pub type Conjunction = &'static [(&'static str, &'static [&'static str])];

/// The combinations of some dimensions, without those that are excluded.
#[derive(Debug, Clone)]
pub struct Space {
    dimensions: Vec<Dimension>,
    /// Each as pairs of a dimension's position and the positions of its values.
    excluded: Vec<Vec<(usize, Vec<usize>)>>,
}

/// A combination that is being put together: `None` is not decided yet.
type Partial = Vec<Option<usize>>;

impl Space {
    /// All combinations of these dimensions but those in which one of `excluded` holds.
    ///
    /// # Panics
    /// If a rule names a dimension or a value that does not exist.
    #[must_use]
    pub fn new(dimensions: &[Dimension], excluded: &[Conjunction]) -> Self {
        let excluded = excluded.iter().map(|rule| positions(dimensions, rule)).collect();
        Self::without(dimensions, excluded)
    }

    /// As [`Space::new`], the rules as positions of dimensions and of their values.
    #[must_use]
    pub fn without(dimensions: &[Dimension], excluded: Vec<Vec<(usize, Vec<usize>)>>) -> Self {
        Self { dimensions: dimensions.to_vec(), excluded }
    }

    /// Every combination, as the positions of its values.
    #[must_use]
    pub fn product(&self) -> Vec<Vec<usize>> {
        let mut found: Vec<Partial> = vec![vec![None; self.dimensions.len()]];
        for (position, dimension) in self.dimensions.iter().enumerate() {
            let extend = |partial: Partial| {
                (0..dimension.values.len()).map(move |value| {
                    let mut partial = partial.clone();
                    partial[position] = Some(value);
                    partial
                })
            };
            found = found.into_iter().flat_map(extend).filter(|one| self.allows(one)).collect();
        }
        found.into_iter().map(decided).collect()
    }

    /// The first combination with the values of `rule`, and every other combination of
    /// these values; those that are excluded are left out.
    #[must_use]
    pub fn examples(&self, rule: Conjunction) -> Vec<Vec<usize>> {
        let mut partials: Vec<Partial> = vec![vec![None; self.dimensions.len()]];
        for (position, values) in positions(&self.dimensions, rule) {
            let extend = |partial: Partial| {
                let values = values.clone();
                values.into_iter().map(move |value| {
                    let mut partial = partial.clone();
                    partial[position] = Some(value);
                    partial
                })
            };
            partials = partials.into_iter().flat_map(extend).collect();
        }
        let none = Uncovered::default();
        partials.into_iter().filter_map(|partial| self.complete(partial, &none, 0)).collect()
    }

    /// Few combinations in which every pair of values of two dimensions occurs that
    /// occurs in any combination at all, and so every value. The same each time.
    #[must_use]
    pub fn pairwise(&self) -> Vec<Vec<usize>> {
        let mut uncovered = self.pairs();
        let mut found = Vec::new();
        while let Some(pair) = uncovered.first() {
            let mut partial = vec![None; self.dimensions.len()];
            for (position, value) in pair {
                partial[position] = Some(value);
            }
            match self.complete(partial, &uncovered, found.len()) {
                Some(combination) => {
                    uncovered.remove_all_of(&combination);
                    found.push(combination);
                }
                None => uncovered.remove(pair),
            }
        }
        found
    }

    fn allows(&self, partial: &[Option<usize>]) -> bool {
        let holds = |(position, values): &(usize, Vec<usize>)| {
            partial[*position].is_some_and(|value| values.contains(&value))
        };
        !self.excluded.iter().any(|rule| rule.iter().all(holds))
    }

    /// Decides what is not, each time for the value with the most uncovered pairs. Of
    /// equals it is another one for each `turn`, so that all occur about as often.
    fn complete(&self, partial: Partial, uncovered: &Uncovered, turn: usize) -> Option<Vec<usize>> {
        if !self.allows(&partial) {
            return None;
        }
        let Some(position) = partial.iter().position(Option::is_none) else {
            return Some(decided(partial));
        };
        let mut values: Vec<usize> = (0..self.dimensions[position].values.len()).collect();
        let first = turn.checked_rem(values.len()).unwrap_or_default();
        values.rotate_left(first);
        // Stable, so that of equals the first comes first.
        values.sort_by_key(|value| std::cmp::Reverse(uncovered.gain(&partial, position, *value)));
        values.into_iter().find_map(|value| {
            let mut next = partial.clone();
            next[position] = Some(value);
            self.complete(next, uncovered, turn)
        })
    }

    fn pairs(&self) -> Uncovered {
        let mut found = Vec::new();
        for (second, of_second) in self.dimensions.iter().enumerate() {
            for first in 0..second {
                for a in 0..self.dimensions[first].values.len() {
                    for b in 0..of_second.values.len() {
                        found.push([(first, a), (second, b)]);
                    }
                }
            }
        }
        Uncovered(found)
    }
}

fn decided(partial: Partial) -> Vec<usize> {
    partial.into_iter().flatten().collect()
}

fn positions(dimensions: &[Dimension], rule: Conjunction) -> Vec<(usize, Vec<usize>)> {
    rule.iter()
        .map(|(name, values)| {
            let position = dimensions.iter().position(|dimension| dimension.name == *name);
            let position = position.unwrap_or_else(|| panic!("no dimension {name:?}"));
            let named = |value: &&str| {
                let known = &dimensions[position].values;
                let found = known.iter().position(|known| known == value);
                found.unwrap_or_else(|| panic!("{name:?} has no value {value:?}"))
            };
            (position, values.iter().map(named).collect())
        })
        .collect()
}

/// Positions of two dimensions, the lower first, each with a value's.
type Pair = [(usize, usize); 2];

/// Pairs that no combination has yet.
#[derive(Debug, Default)]
struct Uncovered(Vec<Pair>);

impl Uncovered {
    fn first(&self) -> Option<Pair> {
        self.0.first().copied()
    }

    fn remove(&mut self, pair: Pair) {
        self.0.retain(|other| *other != pair);
    }

    fn remove_all_of(&mut self, combination: &[usize]) {
        self.0.retain(|pair| pair.iter().any(|(position, value)| combination[*position] != *value));
    }

    /// How many pairs this value makes with what is decided.
    fn gain(&self, partial: &[Option<usize>], position: usize, value: usize) -> usize {
        let is_covered = |pair: &&Pair| {
            let [first, second] = **pair;
            let is_new = |one| one == (position, value);
            let is_old = |(position, value): (usize, usize)| partial[position] == Some(value);
            (is_new(first) && is_old(second)) || (is_old(first) && is_new(second))
        };
        self.0.iter().filter(is_covered).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn dimensions() -> Vec<Dimension> {
        vec![
            Dimension { name: "a", values: vec!["1", "2", "3", "4"] },
            Dimension { name: "b", values: vec!["x", "y", "z"] },
            Dimension { name: "c", values: vec!["+", "-"] },
            Dimension { name: "d", values: vec!["p", "q", "r"] },
        ]
    }

    const EXCLUDED: [Conjunction; 2] =
        [&[("a", &["1"]), ("b", &["y", "z"])], &[("b", &["x"]), ("c", &["-"])]];

    fn pairs_of(combinations: &[Vec<usize>]) -> BTreeSet<Pair> {
        let mut found = BTreeSet::new();
        for combination in combinations {
            for second in 0..combination.len() {
                for first in 0..second {
                    found.insert([(first, combination[first]), (second, combination[second])]);
                }
            }
        }
        found
    }

    #[test]
    fn the_product_has_every_combination_but_the_excluded() {
        assert_eq!(Space::new(&dimensions(), &[]).product().len(), 4 * 3 * 2 * 3);
        let found = Space::new(&dimensions(), &EXCLUDED).product();
        // a=1 goes only with x, and x only with +.
        assert_eq!(found.len(), 3 + 3 * (1 + 2 * 2) * 3);
        assert!(found.iter().all(|one| one[0] != 0 || one[1] == 0));
        assert!(found.iter().all(|one| one[1] != 0 || one[2] == 0));
    }

    #[test]
    fn few_combinations_cover_every_pair_that_there_is() {
        for excluded in [&[][..], &EXCLUDED] {
            let space = Space::new(&dimensions(), excluded);
            let (product, few) = (space.product(), space.pairwise());
            assert!(few.iter().all(|one| product.contains(one)));
            assert_eq!(pairs_of(&few), pairs_of(&product));
            assert!(few.len() <= 18, "{}", few.len());
            assert_eq!(few, space.pairwise());
        }
    }

    #[test]
    fn a_rule_is_shown_by_one_example_of_each_of_its_combinations() {
        let space = Space::new(&dimensions(), &EXCLUDED[1..]);
        assert_eq!(space.examples(EXCLUDED[0]), [[0, 1, 0, 0], [0, 2, 0, 0]]);
        assert!(space.examples(EXCLUDED[1]).is_empty());
    }

    #[test]
    #[should_panic(expected = "\"b\" has no value \"w\"")]
    fn a_rule_about_something_unknown_is_a_mistake() {
        let _ = Space::new(&dimensions(), &[&[("b", &["w"])]]);
    }
}
