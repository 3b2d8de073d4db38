//! Rules about where things lie.

use fastserve_ir::{Attr, Dim, Fact};

use super::{Cx, Flow, Verdict};

const ALONG: &str = "it computes along the batch";
const UNKNOWN: &str = "its axes are not known before it runs";

impl Cx<'_> {
    /// Rows of all inputs meet at the output's, and what is fixed is the same for each row. The first inputs may lie anywhere.
    pub(super) fn aligned(&self, skip: usize) -> Verdict {
        for at in skip..self.node.inputs.len() {
            if !self.meets(at)? {
                return Err(format!("input {at} does not have the batch where the output has it"));
            }
        }
        Ok(())
    }

    /// Whether an input, if it is there, has its rows where the output has them, or one row for all. Broadcasting adds axes in front.
    pub(super) fn meets(&self, at: usize) -> Result<bool, String> {
        let (out, axis) = self.result()?;
        let Some(fact) = self.fact(at) else { return Ok(true) };
        let place = (axis + fact.rank()).checked_sub(out.rank());
        let extent = place.and_then(|p| fact.shape.get(p));
        Ok(match self.input(at) {
            Flow::Rows(rows) => Some(rows) == place && extent == out.shape.get(axis),
            _ => extent.is_none_or(|d| *d == Dim::Known(1)),
        })
    }

    /// Only the first input has rows.
    pub(super) fn only_first(&self) -> Verdict {
        self.fixed(1..self.node.inputs.len())
    }

    /// These inputs have no rows.
    pub(super) fn fixed(&self, inputs: std::ops::Range<usize>) -> Verdict {
        match inputs.clone().find(|&at| self.input(at) != Flow::Fixed) {
            Some(at) => Err(format!("input {at} depends on the batch")),
            None => Ok(()),
        }
    }

    /// The axis of the first input's rows.
    pub(super) fn first_rows(&self) -> Result<usize, String> {
        match self.input(0) {
            Flow::Rows(axis) => Ok(axis),
            _ => Err("its first input has no rows, and others do".into()),
        }
    }

    /// An axis that an attribute names, counted from the front.
    pub(super) fn axis(&self, default: i64) -> Result<usize, String> {
        let axis = self.node.op.attrs().int_or("axis", default).map_err(|e| e.to_string())?;
        let rank = self.fact(0).map_or(0, |f| f.rank());
        normal(axis, rank)
    }

    pub(super) fn along(&self, default: i64) -> Verdict {
        self.only_first()?;
        let (rows, axis) = (self.first_rows()?, self.axis(default)?);
        let flattens = self.node.op.attrs().flag("fs.flatten", false).map_err(|e| e.to_string())?;
        let touches = if flattens { rows >= axis } else { rows == axis };
        if touches { Err(ALONG.into()) } else { Ok(()) }
    }

    pub(super) fn from(&self, default: i64) -> Verdict {
        self.only_first()?;
        if self.first_rows()? >= self.axis(default)? { Err(ALONG.into()) } else { Ok(()) }
    }

    /// Rows on axis 0 of every input that has some, and axis 0 as it was.
    pub(super) fn images(&self) -> Verdict {
        for at in 0..self.node.inputs.len() {
            if !matches!((at, self.input(at)), (_, Flow::Rows(0)) | (1.., Flow::Fixed)) {
                return Err(format!("input {at} does not have the batch on axis 0"));
            }
        }
        if self.node.op.attrs().str("coordinate_transformation_mode").is_ok_and(|m| m.as_deref() == Some("tf_crop_and_resize")) {
            return Err("it may take a part of the batch".into());
        }
        let (out, axis) = self.result()?;
        let same = self.fact(0).and_then(|f| f.shape.first()) == out.shape.first();
        if axis == 0 && same { Ok(()) } else { Err("it changes the batch".into()) }
    }

    pub(super) fn learned(&self) -> Verdict {
        self.only_first()?;
        let trains = self.node.op.attrs().int_or("training_mode", 0).map_err(|e| e.to_string())? != 0;
        if trains || self.node.outputs.len() > 1 {
            return Err("it normalises by the batch's own mean and variance".into());
        }
        if self.first_rows()? == 1 { Err(ALONG.into()) } else { Ok(()) }
    }

    pub(super) fn gather(&self) -> Verdict {
        match (self.input(0), self.input(1)) {
            (Flow::Rows(rows), Flow::Fixed) if rows == self.axis(0)? => Err("it picks rows of the batch".into()),
            (Flow::Rows(_), Flow::Fixed) | (Flow::Fixed, Flow::Rows(_)) => Ok(()),
            _ => Err("places and data depend on the batch".into()),
        }
    }

    pub(super) fn together(&self) -> Verdict {
        let rows = self.first_rows()?;
        let others = 1..self.node.inputs.len();
        if rows == self.axis(0)? || others.clone().any(|at| self.input(at) != Flow::Rows(rows)) {
            return Err("not all of its inputs have the batch on one axis that it leaves alone".into());
        }
        let extent = |at| self.fact(at).and_then(|f| f.shape.get(rows));
        if others.clone().all(|at| extent(at) == extent(0)) { Ok(()) } else { Err("its inputs have other numbers of rows".into()) }
    }

    pub(super) fn concat(&self) -> Verdict {
        let rows = self.first_rows()?;
        if rows == self.axis(0)? {
            return Err("it joins along the batch".into());
        }
        let all = (0..self.node.inputs.len()).all(|at| self.input(at) == Flow::Rows(rows));
        if all { Ok(()) } else { Err("one of its inputs does not have the batch where the others do".into()) }
    }

    /// Slice and Split: the batch is not among the axes that are cut.
    pub(super) fn cut(&self) -> Verdict {
        self.only_first()?;
        let rows = self.first_rows()?;
        let axes = match self.node.op.name() {
            "Split" => vec![self.axis(0)?],
            _ => self.cut_axes()?,
        };
        match axes.iter().position(|&a| a == rows) {
            Some(at) if !self.takes_all(at, rows) => Err("it cuts the batch".into()),
            _ => Ok(()),
        }
    }

    /// Whether a Slice goes from the first row to the last, one by one, on the axis that it names at this place.
    fn takes_all(&self, at: usize, rows: usize) -> bool {
        let start = self.ints(&["starts", "fs.starts"], 1).and_then(|s| s.get(at).copied());
        let step = if self.fact(4).is_some() { self.ints(&[], 4).and_then(|s| s.get(at).copied()) } else { Some(1) };
        let extent = |fact: Option<&Fact>| fact.and_then(|f| f.shape.get(rows)).cloned();
        let out = self.node.outputs.first().map(|&v| self.graph.fact(v));
        self.node.op.name() == "Slice" && start == Some(0) && step == Some(1) && extent(self.fact(0)) == extent(out)
    }

    fn cut_axes(&self) -> Result<Vec<usize>, String> {
        let rank = self.fact(0).map_or(0, |f| f.rank());
        let starts = self.ints(&["starts", "fs.starts"], 1);
        match self.ints(&["axes", "fs.axes"], 3) {
            Some(axes) => axes.into_iter().map(|a| normal(a, rank)).collect(),
            // From the front on, as many as there are starts.
            None if self.fact(3).is_none() => Ok((0..starts.ok_or(UNKNOWN)?.len()).collect()),
            None => Err(UNKNOWN.into()),
        }
    }

    pub(super) fn pad(&self) -> Verdict {
        self.only_first()?;
        let (rows, rank) = (self.first_rows()?, self.fact(0).map_or(0, |f| f.rank()));
        let pads = self.ints(&["pads", "fs.pads"], 1).ok_or(UNKNOWN)?;
        let axes: Vec<usize> = match self.ints(&["axes"], 3) {
            Some(axes) => axes.into_iter().map(|a| normal(a, rank)).collect::<Result<_, _>>()?,
            None if self.fact(3).is_some() => return Err(UNKNOWN.into()),
            None => (0..rank).collect(),
        };
        let Some(at) = axes.iter().position(|&a| a == rows) else { return Ok(()) };
        let is_zero = [at, at + axes.len()].iter().all(|&i| pads.get(i) == Some(&0));
        if is_zero { Ok(()) } else { Err("it pads the batch".into()) }
    }

    /// The elements before the batch's axis stay so many: then each row's elements still lie together.
    pub(super) fn reshape(&self) -> Verdict {
        self.fixed(2..self.node.inputs.len())?;
        let rows = self.first_rows()?;
        let (out, axis) = self.result()?;
        let input = self.fact(0).ok_or(UNKNOWN)?;
        let before = Dim::product(input.shape.get(..rows).unwrap_or_default());
        let after = Dim::product(out.shape.get(..axis).unwrap_or_default());
        let multiple = |d: Option<&Dim>| d.is_some_and(|d| self.is_multiple(d));
        let is_whole = multiple(input.shape.get(rows)) && multiple(out.shape.get(axis));
        if before.is_some() && before == after && is_whole { Ok(()) } else { Err("it folds the batch into another axis".into()) }
    }

    /// Whether an extent is the batch's times something that is not of the batch.
    fn is_multiple(&self, dim: &Dim) -> bool {
        match dim {
            Dim::Sym(s) => *s == self.batch,
            Dim::Expr(e) if e.op == fastserve_ir::DimOp::Mul => match (e.a.has(self.batch), e.b.has(self.batch)) {
                (true, false) => self.is_multiple(&e.a),
                (false, true) => self.is_multiple(&e.b),
                _ => false,
            },
            _ => false,
        }
    }

    pub(super) fn expand(&self) -> Verdict {
        if self.node.op.name() == "ConstantOfShape" {
            return Ok(());
        }
        if self.meets(0)? { Ok(()) } else { Err("it repeats the batch".into()) }
    }

    /// Integers of an attribute, or of a constant input.
    fn ints(&self, attrs: &[&str], input: usize) -> Option<Vec<i64>> {
        let all = self.node.op.attrs();
        let given = attrs.iter().find_map(|name| match all.get(name)? {
            Attr::Ints(list) => Some(list.clone()),
            Attr::Int(one) => Some(vec![*one]),
            _ => None,
        });
        given.or_else(|| {
            let fact = self.fact(input)?;
            let value = fact.value.clone().or_else(|| fact.known_ints())?;
            match value.as_slice::<i64>() {
                Ok(list) => Some(list.to_vec()),
                Err(_) => Some(value.as_slice::<i32>().ok()?.iter().map(|&v| i64::from(v)).collect()),
            }
        })
    }
}

/// An axis counted from the front.
pub(super) fn normal(axis: i64, rank: usize) -> Result<usize, String> {
    let from_front = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
    from_front.and_then(|a| usize::try_from(a).ok()).filter(|&a| a <= rank).ok_or_else(|| format!("axis {axis} is not one of {rank}"))
}
