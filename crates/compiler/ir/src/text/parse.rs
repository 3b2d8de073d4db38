//! Text to graph.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use fastserve_tensor::{Bool, DType, Element, Narrow, Shape, Tensor, TensorError, bf16, f16};
use thiserror::Error;

use crate::attrs::{Attr, Attrs};
use crate::dim::{DIM_OPS, Dim, DimOp};
use crate::fact::Fact;
use crate::graph::Graph;
use crate::ids::ValueId;
use crate::layout::{Layout, parse_pack_format};
use crate::op::{BuildError, LATEST_OPSET, OpSet, ShapeError};
use crate::text::lexer::Lexer;
use crate::verify::VerifyError;

/// Why a text is no graph.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// Something else was expected.
    #[error("line {line}: expected {expected}, got `{got}`")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// What was expected.
        expected: String,
        /// What stands there.
        got: String,
    },
    /// No value of that name so far.
    #[error("line {line}: no value `%{name}`")]
    NoValue {
        /// Line, from 1.
        line: usize,
        /// The name.
        name: String,
    },
    /// The operator could not be made.
    #[error("line {line}: {source}")]
    Build {
        /// Line, from 1.
        line: usize,
        /// Why.
        source: BuildError,
    },
    /// The operator does not take its inputs.
    #[error("line {line}: {source}")]
    Infer {
        /// Line, from 1.
        line: usize,
        /// Why.
        source: ShapeError,
    },
    /// A tensor is not what it should be.
    #[error("line {line}: {source}")]
    Tensor {
        /// Line, from 1.
        line: usize,
        /// Why.
        source: TensorError,
    },
    /// What was read is no graph, or its facts are not what the operators infer.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// The graph that a text describes, verified.
///
/// # Errors
/// A [`ParseError`] with the line.
pub fn parse(text: &str, ops: &dyn OpSet) -> Result<Graph, ParseError> {
    let mut p = Parser { lexer: Lexer::new(text), graph: Graph::default(), names: HashMap::new(), ops, depth: 0 };
    p.graph()?;
    if !p.lexer.at_end() {
        return Err(p.lexer.error("the end"));
    }
    p.graph.verify()?;
    Ok(p.graph)
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    graph: Graph,
    names: HashMap<String, ValueId>,
    ops: &'a dyn OpSet,
    /// Graphs around the one at hand.
    depth: usize,
}

/// Graphs within graphs.
const MAX_DEPTH: usize = 16;

impl Parser<'_> {
    fn graph(&mut self) -> Result<(), ParseError> {
        self.lexer.expect("graph")?;
        self.graph.name = self.lexer.name()?;
        self.lexer.expect("(")?;
        while !self.lexer.eat(")") {
            let symbol = self.lexer.name()?;
            self.graph.symbol(&symbol);
            self.lexer.eat(",");
        }
        self.lexer.expect("{")?;
        while !self.lexer.eat("return ") {
            self.statement()?;
        }
        while !self.lexer.eat("}") {
            let id = self.value()?;
            self.graph.add_output(id);
            self.lexer.eat(",");
        }
        Ok(())
    }

    fn statement(&mut self) -> Result<(), ParseError> {
        if self.lexer.eat("input ") {
            let (name, fact) = self.declared()?;
            let id = self.graph.add_input(&name, fact);
            self.names.insert(name, id);
            return Ok(());
        }
        if self.lexer.eat("const ") {
            return self.constant();
        }
        self.node()
    }

    fn constant(&mut self) -> Result<(), ParseError> {
        let (name, fact) = self.declared()?;
        self.lexer.expect("=")?;
        let shape = fact.known_shape().and_then(|s| fact.layout.storage_shape(&s));
        let shape = shape.ok_or_else(|| self.lexer.error("a known shape"))?;
        let value = self.tensor(fact.dtype, shape)?;
        let id = self.graph.add_const(&name, value);
        let made = &mut self.graph.values[id.index()].fact;
        made.shape = fact.shape;
        made.layout = fact.layout;
        self.names.insert(name, id);
        Ok(())
    }

    fn node(&mut self) -> Result<(), ParseError> {
        let mut outputs = vec![self.declared()?];
        while self.lexer.eat(",") {
            outputs.push(self.declared()?);
        }
        self.lexer.expect("=")?;
        let line = self.lexer.line();
        let op = self.lexer.ident()?;
        let attrs = if self.lexer.eat("{") { self.attrs()? } else { Attrs::new() };
        let op = self.ops.build("", op, LATEST_OPSET, &attrs).map_err(|source| ParseError::Build { line, source })?;
        self.lexer.expect("(")?;
        let mut inputs = Vec::new();
        while !self.lexer.eat(")") {
            inputs.push(if self.lexer.eat("_") { None } else { Some(self.value()?) });
            self.lexer.eat(",");
        }
        self.lexer.expect("@")?;
        let name = self.lexer.name()?;
        let names: Vec<&str> = outputs.iter().map(|(n, _)| n.as_str()).collect();
        let inferred = self.graph.infer(&op, &inputs).map_err(|source| ParseError::Infer { line, source })?;
        if inferred.len() < outputs.len() {
            return Err(self.lexer.error(format!("at most {} outputs", inferred.len())));
        }
        // The facts as written stand in the graph, so that `verify` compares them with what the operators infer.
        let written =
            |(fact, inferred): (&Fact, Fact)| Fact { dtype: fact.dtype, shape: fact.shape.clone(), layout: fact.layout, ..inferred };
        let mut facts: Vec<Fact> = outputs.iter().map(|(_, f)| f).zip(inferred).map(written).collect();
        self.graph.know_small(&op, &inputs, &mut facts);
        let id = self.graph.push_node(&name, op, &inputs, names.into_iter().zip(facts));
        let made = self.graph.node(id).map(|n| n.outputs.clone()).unwrap_or_default();
        self.names.extend(outputs.into_iter().map(|(name, _)| name).zip(made));
        Ok(())
    }

    fn value(&mut self) -> Result<ValueId, ParseError> {
        self.lexer.expect("%")?;
        let line = self.lexer.line();
        let name = self.lexer.name()?;
        self.names.get(&name).copied().ok_or(ParseError::NoValue { line, name })
    }

    fn declared(&mut self) -> Result<(String, Fact), ParseError> {
        self.lexer.expect("%")?;
        let name = self.lexer.name()?;
        // A colon is a character of names too: the one that ends the name has no blank before it.
        let name = match name.strip_suffix(':') {
            Some(bare) => bare.to_owned(),
            None => {
                self.lexer.expect(":")?;
                name
            }
        };
        let dtype = self.dtype()?;
        let shape = self.dims()?;
        let layout = self.layout()?;
        Ok((name, Fact::new(dtype, shape).with_layout(layout)))
    }

    fn dtype(&mut self) -> Result<DType, ParseError> {
        let line = self.lexer.line();
        self.lexer.ident()?.parse().map_err(|source| ParseError::Tensor { line, source })
    }

    fn layout(&mut self) -> Result<Layout, ParseError> {
        if self.lexer.eat("@conv_m") {
            let mr = self.lexer.size()?;
            self.lexer.expect("g")?;
            return Ok(Layout::ConvWeights { mr, group: self.lexer.size()? });
        }
        if self.lexer.eat("@") {
            let name = self.lexer.ident()?;
            match name {
                "c16" => return Ok(Layout::Channels16),
                "conv_c16" => return Ok(Layout::ConvBlocks),
                _ => {}
            }
            return parse_pack_format(name).map(Layout::GemmB).ok_or_else(|| self.lexer.error("a layout"));
        }
        Ok(Layout::RowMajor)
    }

    fn dims(&mut self) -> Result<Vec<Dim>, ParseError> {
        self.lexer.expect("[")?;
        let mut dims = Vec::new();
        while !self.lexer.eat("]") {
            dims.push(self.dim(0)?);
            self.lexer.eat(",");
        }
        Ok(dims)
    }

    fn dim(&mut self, depth: usize) -> Result<Dim, ParseError> {
        if depth > 64 {
            return Err(self.lexer.error("an expression less deep"));
        }
        for (word, op) in [("max(", DimOp::Max), ("min(", DimOp::Min)] {
            if self.lexer.eat(word) {
                let a = self.dim(depth + 1)?;
                self.lexer.expect(",")?;
                return self.dim_pair(op, a, depth);
            }
        }
        if self.lexer.eat("(") {
            let a = self.dim(depth + 1)?;
            let op = DIM_OPS.iter().find(|(_, sign)| self.lexer.eat(sign)).map(|(op, _)| *op);
            return self.dim_pair(op.ok_or_else(|| self.lexer.error("+ - * / or ^/"))?, a, depth);
        }
        match self.lexer.size() {
            Ok(n) => Ok(Dim::Known(n)),
            Err(_) => self.symbol(),
        }
    }

    fn dim_pair(&mut self, op: DimOp, a: Dim, depth: usize) -> Result<Dim, ParseError> {
        let b = self.dim(depth + 1)?;
        self.lexer.expect(")")?;
        a.combine(op, b).ok_or_else(|| self.lexer.error("a size that does not overflow"))
    }

    fn symbol(&mut self) -> Result<Dim, ParseError> {
        let name = if self.lexer.sees("\"") { self.lexer.string()? } else { self.lexer.ident()?.to_owned() };
        if self.graph.symbols().iter().any(|s| s.name == name) {
            return Ok(self.graph.symbol(&name));
        }
        Err(self.lexer.error(format!("a symbol of the graph, not {name}")))
    }

    fn attrs(&mut self) -> Result<Attrs, ParseError> {
        let mut attrs = Attrs::new();
        while !self.lexer.eat("}") {
            let name = self.lexer.ident()?.to_owned();
            self.lexer.expect("=")?;
            attrs.set(name, self.attr()?);
            self.lexer.eat(",");
        }
        Ok(attrs)
    }

    fn attr(&mut self) -> Result<Attr, ParseError> {
        if self.lexer.sees("\"") {
            return self.lexer.string().map(Attr::Str);
        }
        if self.lexer.eat("f[") {
            return self.list("]").map(Attr::Floats);
        }
        if self.lexer.eat("s[") {
            return self.strings().map(Attr::Strs);
        }
        if self.lexer.eat("[") {
            return self.list("]").map(Attr::Ints);
        }
        if self.lexer.sees("graph ") {
            return self.inner().map(Attr::Graph);
        }
        let text = self.lexer.number()?;
        if let Ok(v) = text.parse::<i64>() {
            return Ok(Attr::Int(v));
        }
        if let Ok(dtype) = text.parse::<DType>() {
            let dims = self.dims()?;
            let shape = crate::dim::known_shape(&dims).ok_or_else(|| self.lexer.error("a known shape"))?;
            return self.tensor(dtype, shape).map(Attr::Tensor);
        }
        text.parse().map(Attr::Float).map_err(|_| self.lexer.error("an attribute"))
    }

    /// A graph within an attribute: nothing of the outer one is known in it.
    fn inner(&mut self) -> Result<Arc<Graph>, ParseError> {
        if self.depth == MAX_DEPTH {
            return Err(self.lexer.error("graphs less deep"));
        }
        let (graph, names) = (std::mem::take(&mut self.graph), std::mem::take(&mut self.names));
        self.depth += 1;
        let parsed = self.graph();
        self.depth -= 1;
        self.names = names;
        let inner = std::mem::replace(&mut self.graph, graph);
        parsed?;
        inner.verify()?;
        Ok(Arc::new(inner))
    }

    fn strings(&mut self) -> Result<Vec<String>, ParseError> {
        let mut items = Vec::new();
        while !self.lexer.eat("]") {
            items.push(self.lexer.string()?);
            self.lexer.eat(",");
        }
        Ok(items)
    }

    fn list<T: FromStr>(&mut self, end: &str) -> Result<Vec<T>, ParseError> {
        let mut items = Vec::new();
        while !self.lexer.eat(end) {
            let text = self.lexer.number()?;
            items.push(text.parse().map_err(|_| self.lexer.error("a number of this type"))?);
            self.lexer.eat(",");
        }
        Ok(items)
    }

    fn tensor(&mut self, dtype: DType, shape: Shape) -> Result<Tensor, ParseError> {
        self.lexer.expect("{")?;
        if let Some(narrow) = dtype.narrow() {
            return self.codes(dtype, shape, narrow);
        }
        match dtype {
            DType::Bool => self.elements(shape, Bool),
            DType::U8 => self.elements::<u8, u8>(shape, |v| v),
            DType::U16 => self.elements::<u16, u16>(shape, |v| v),
            DType::U32 => self.elements::<u32, u32>(shape, |v| v),
            DType::U64 => self.elements::<u64, u64>(shape, |v| v),
            DType::I8 => self.elements::<i8, i8>(shape, |v| v),
            DType::I16 => self.elements::<i16, i16>(shape, |v| v),
            DType::I32 => self.elements::<i32, i32>(shape, |v| v),
            DType::I64 => self.elements::<i64, i64>(shape, |v| v),
            DType::F16 => self.elements(shape, f16::from_f32),
            DType::BF16 => self.elements(shape, bf16::from_f32),
            DType::F32 => self.elements::<f32, f32>(shape, |v| v),
            DType::F64 => self.elements::<f64, f64>(shape, |v| v),
            _ => Err(self.lexer.error("a type whose elements have a text")),
        }
    }

    fn codes(&mut self, dtype: DType, shape: Shape, narrow: Narrow) -> Result<Tensor, ParseError> {
        let line = self.lexer.line();
        let codes: Option<Vec<u8>> = self.list("}")?.into_iter().map(|v: i16| narrow.read(v)).collect();
        let codes = codes.ok_or_else(|| self.lexer.error(format!("elements that {dtype} has")))?;
        Tensor::from_codes(dtype, shape, &codes).map_err(|source| ParseError::Tensor { line, source })
    }

    fn elements<P: FromStr, T: Element>(&mut self, shape: Shape, make: impl Fn(P) -> T) -> Result<Tensor, ParseError> {
        let line = self.lexer.line();
        let items: Vec<T> = self.list("}")?.into_iter().map(make).collect();
        Tensor::from_slice(&shape, &items).map_err(|source| ParseError::Tensor { line, source })
    }
}
