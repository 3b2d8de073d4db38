//! Equations of Einsum: which axes of the operands meet, and which stay.

use fastserve_ir::{AttrError, Dim, ShapeError};

use crate::shape_ints::check_rank;

/// A letter, or an axis of the ellipsis counted from the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Label {
    /// A letter.
    Letter(u8),
    /// `...`: the axes that are not named.
    Ellipsis,
    /// One axis of the ellipsis, once ranks are known.
    Dots(usize),
}

/// An equation that was read: the axes of each operand, and those of the result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Equation {
    pub(crate) terms: Vec<Vec<Label>>,
    pub(crate) out: Vec<Label>,
}

fn wrong(why: impl Into<String>) -> AttrError {
    AttrError::value("equation", why)
}

/// One term: letters, and at most one ellipsis.
fn term(text: &str) -> Result<Vec<Label>, AttrError> {
    let mut labels = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        match byte {
            b' ' => rest = tail,
            b'.' => {
                rest = rest.strip_prefix(b"...").ok_or_else(|| wrong("expected `...`"))?;
                if labels.contains(&Label::Ellipsis) {
                    return Err(wrong("a term has two ellipses"));
                }
                labels.push(Label::Ellipsis);
            }
            b if b.is_ascii_alphabetic() => {
                labels.push(Label::Letter(b));
                rest = tail;
            }
            other => return Err(wrong(format!("unexpected character {:?}", char::from(other)))),
        }
    }
    Ok(labels)
}

impl Equation {
    /// Reads `ab,bc->ac` or, without an arrow, the form in which letters that occur once stay in the order of the alphabet.
    ///
    /// # Errors
    /// No such form, or a result with an axis twice or with one that no operand has.
    pub(crate) fn read(text: &str) -> Result<Self, AttrError> {
        if !text.is_ascii() {
            return Err(wrong("expected ASCII"));
        }
        let (left, right) = text.split_once("->").map_or((text, None), |(l, r)| (l, Some(r)));
        let terms = left.split(',').map(term).collect::<Result<Vec<_>, _>>()?;
        let out = match right {
            Some(right) => term(right)?,
            None => implicit(&terms),
        };
        let all: Vec<Label> = terms.iter().flatten().copied().collect();
        for (i, label) in out.iter().enumerate() {
            if out[..i].contains(label) {
                return Err(wrong("the result has an axis twice"));
            }
            if *label != Label::Ellipsis && !all.contains(label) {
                return Err(wrong("the result has an axis that no operand has"));
            }
        }
        Ok(Equation { terms, out })
    }

    /// The equation for operands of these ranks, with each axis of an ellipsis by itself.
    ///
    /// # Errors
    /// Ranks that do not fit the terms.
    pub(crate) fn with_ranks(&self, ranks: &[usize]) -> Result<Equation, ShapeError> {
        if ranks.len() != self.terms.len() {
            return Err(ShapeError::shape(format!("the equation has {} operands, got {}", self.terms.len(), ranks.len())));
        }
        let mut most = 0;
        for (term, &rank) in self.terms.iter().zip(ranks) {
            let letters = term.iter().filter(|l| **l != Label::Ellipsis).count();
            let dots = rank.checked_sub(letters).filter(|&d| d == 0 || term.contains(&Label::Ellipsis));
            most = most.max(dots.ok_or_else(|| ShapeError::shape(format!("a term of {letters} axes does not fit rank {rank}")))?);
        }
        let terms = self.terms.iter().zip(ranks).map(|(t, &rank)| spread(t, rank.saturating_sub(t.len().saturating_sub(1)))).collect();
        let out = spread(&self.out, most);
        check_rank(out.len())?;
        Ok(Equation { terms, out })
    }

    /// The extent of each axis of the result; axes of 1 are repeated.
    ///
    /// # Errors
    /// Extents of one axis that differ.
    pub(crate) fn shape(&self, operands: &[&[Dim]]) -> Result<Vec<Dim>, ShapeError> {
        let mut known: Vec<(Label, Dim)> = Vec::new();
        for (&label, dim) in self.terms.iter().zip(operands).flat_map(|(t, s)| t.iter().zip(s.iter())) {
            match known.iter_mut().find(|(l, _)| *l == label) {
                Some((_, have)) => *have = joined(have, dim)?,
                None => known.push((label, dim.clone())),
            }
        }
        let extent = |label: &Label| known.iter().find(|(l, _)| l == label).map_or(Dim::Known(1), |(_, d)| d.clone());
        Ok(self.out.iter().map(extent).collect())
    }
}

/// One extent of two of the same axis.
fn joined(a: &Dim, b: &Dim) -> Result<Dim, ShapeError> {
    crate::broadcast::broadcast(std::slice::from_ref(a), std::slice::from_ref(b))?.pop().ok_or(ShapeError::Overflow)
}

/// Letters that occur once, in order, behind the ellipsis.
fn implicit(terms: &[Vec<Label>]) -> Vec<Label> {
    let all: Vec<Label> = terms.iter().flatten().copied().collect();
    let dots = all.contains(&Label::Ellipsis).then_some(Label::Ellipsis);
    let once = |b: &u8| all.iter().filter(|l| **l == Label::Letter(*b)).count() == 1;
    dots.into_iter().chain((b'A'..=b'z').filter(once).map(Label::Letter)).collect()
}

/// The term with `count` axes for its ellipsis.
fn spread(term: &[Label], count: usize) -> Vec<Label> {
    let one = |label: &Label| match label {
        Label::Ellipsis => (0..count).rev().map(Label::Dots).collect(),
        other => vec![*other],
    };
    term.iter().flat_map(one).collect()
}
