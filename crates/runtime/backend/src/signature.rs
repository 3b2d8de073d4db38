//! What an executable takes and returns.

use fastserve_ir::{Dim, Graph, ValueId};
use fastserve_tensor::{DType, Shape};

use crate::error::RunError;

/// Inputs and outputs with their types, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Names of the symbols in the extents.
    pub symbols: Vec<String>,
    /// What goes in.
    pub inputs: Vec<Port>,
    /// What comes out.
    pub outputs: Vec<Port>,
}

/// One input or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name in the model.
    pub name: String,
    /// Element type.
    pub dtype: DType,
    /// Extents.
    pub dims: Vec<Dim>,
    /// The extents as text, such as `[N,1,28,28]`.
    pub text: String,
}

impl Signature {
    /// The signature of a graph.
    pub fn of(graph: &Graph) -> Self {
        let ports = |ids: &[ValueId]| ids.iter().map(|&id| port(graph, id)).collect();
        Self {
            symbols: graph.symbols().iter().map(|s| s.name.clone()).collect(),
            inputs: ports(graph.inputs()),
            outputs: ports(graph.outputs()),
        }
    }

    /// Values of the symbols for inputs of these types and extents, into `symbols` (one place a symbol; what no input tells
    /// is 1).
    ///
    /// # Errors
    /// An input that is not what the signature says, by name.
    pub fn bind<'s>(&self, inputs: impl ExactSizeIterator<Item = (DType, &'s Shape)>, symbols: &mut [usize]) -> Result<(), RunError> {
        if inputs.len() != self.inputs.len() {
            return Err(RunError::InputCount { expected: self.inputs.len(), got: inputs.len() });
        }
        // No extent can be this large: it marks a symbol that nothing told yet.
        const UNKNOWN: usize = usize::MAX;
        symbols.fill(UNKNOWN);
        for (port, (dtype, shape)) in self.inputs.iter().zip(inputs) {
            let fits = port.dtype == dtype && port.dims.len() == shape.rank() && port.bind(shape, symbols);
            if !fits {
                return Err(RunError::Input { name: port.name.clone(), expected: port.expected(), got: format!("{dtype}{shape}") });
            }
        }
        symbols.iter_mut().filter(|s| **s == UNKNOWN).for_each(|s| *s = 1);
        Ok(())
    }
}

impl Port {
    /// Type and extents as text.
    pub fn expected(&self) -> String {
        format!("{}{}", self.dtype, self.text)
    }

    fn bind(&self, shape: &Shape, symbols: &mut [usize]) -> bool {
        self.dims.iter().zip(shape.iter()).all(|(dim, &n)| match dim {
            Dim::Known(expected) => *expected == n,
            Dim::Sym(s) => match symbols.get_mut(s.index()) {
                Some(value) if *value == usize::MAX || *value == n => {
                    *value = n;
                    true
                }
                _ => false,
            },
            // An expression is checked when the plan's extents are compared with the bytes that came.
            Dim::Expr(_) | Dim::New => true,
        })
    }
}

fn port(graph: &Graph, id: ValueId) -> Port {
    let value = graph.value(id);
    let fact = fastserve_ir::text::fact(graph, &value.fact);
    let text = fact.find('[').map_or_else(String::new, |at| fact[at..].to_owned());
    Port { name: value.name.to_string(), dtype: value.fact.dtype, dims: value.fact.shape.clone(), text }
}
