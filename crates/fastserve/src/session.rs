//! Running.

use fastserve_backend::{Bindings, RunCx, Signature};
use fastserve_tensor::{Tensor, TensorView};

use crate::error::Error;

/// The state of one caller. From the second run of known extents on, a run makes no allocator call.
pub struct Session {
    inner: Box<dyn fastserve_backend::Session>,
    signature: Signature,
}

impl Session {
    pub(crate) fn new(inner: Box<dyn fastserve_backend::Session>, signature: Signature) -> Self {
        Self { inner, signature }
    }

    /// What goes in and out.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Runs on inputs in the order of the signature. The outputs are valid until the next run.
    ///
    /// # Errors
    /// Inputs that do not fit, or a node that failed, by name.
    pub fn run(&mut self, inputs: &[TensorView<'_>]) -> Result<Outputs<'_>, Error> {
        self.run_with(&mut Bindings::lent(inputs), &mut RunCx::default())
    }

    /// Runs with limits, a profile, or outputs in the caller's memory.
    ///
    /// # Errors
    /// As [`Session::run`], and the limits of `cx`.
    ///
    /// ```
    /// use fastserve::{Bindings, CompileOptions, Cpu, Model, OutputBinding, RunCx, Shape, Tensor, TensorViewMut};
    /// use std::time::{Duration, Instant};
    ///
    /// let mut session = Model::embedded()?.compile(&Cpu::new()?, &CompileOptions::default())?.session()?;
    /// let input = Tensor::zeros(fastserve::DType::F32, Shape::new(&[2, 1, 28, 28])?)?;
    /// let mut output = Tensor::zeros(fastserve::DType::F32, Shape::new(&[2, 10])?)?;
    /// let mut cx = RunCx { deadline: Some(Instant::now() + Duration::from_secs(5)), ..RunCx::default() };
    /// let inputs = [input.view()?];
    /// let mut outputs = [OutputBinding::Caller(output.view_mut()?)];
    /// session.run_with(&mut Bindings { inputs: &inputs, outputs: &mut outputs }, &mut cx)?;
    /// # Ok::<(), fastserve::Error>(())
    /// ```
    pub fn run_with(&mut self, io: &mut Bindings<'_, '_>, cx: &mut RunCx<'_>) -> Result<Outputs<'_>, Error> {
        self.inner.run(io, cx)?;
        Ok(Outputs(self))
    }

    /// Runs on inputs by name, in any order.
    ///
    /// # Errors
    /// As [`Session::run`], and a name that the model lacks or that is missing.
    pub fn run_named(&mut self, inputs: &[(&str, &Tensor)]) -> Result<Outputs<'_>, Error> {
        let views = self.in_order(inputs)?;
        self.run(&views)
    }

    fn in_order<'t>(&self, inputs: &[(&str, &'t Tensor)]) -> Result<Vec<TensorView<'t>>, Error> {
        let ports = &self.signature.inputs;
        if let Some((name, _)) = inputs.iter().find(|(name, _)| ports.iter().all(|p| p.name != *name)) {
            let known: Vec<String> = ports.iter().map(|p| format!("`{}`", p.name)).collect();
            return Err(Error::NoInput { name: (*name).to_owned(), known: known.join(", ") });
        }
        let find = |port: &fastserve_backend::Port| match inputs.iter().find(|(name, _)| *name == port.name) {
            Some((_, tensor)) => Ok(tensor.view()?),
            None => Err(Error::InputMissing { name: port.name.clone(), expected: port.expected() }),
        };
        ports.iter().map(find).collect()
    }
}

/// The outputs of a run, lent by the session.
pub struct Outputs<'s>(&'s Session);

impl<'s> Outputs<'s> {
    /// Number of outputs.
    pub fn len(&self) -> usize {
        self.0.signature.outputs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One output, by its place in the signature.
    ///
    /// # Errors
    /// There is no such output.
    pub fn get(&self, index: usize) -> Result<TensorView<'s>, Error> {
        Ok(self.0.inner.output(index)?)
    }

    /// All outputs with their names.
    pub fn iter(&self) -> impl Iterator<Item = Result<(&'s str, TensorView<'s>), Error>> {
        let session = self.0;
        session.signature.outputs.iter().enumerate().map(move |(i, p)| Ok((p.name.as_str(), session.inner.output(i)?)))
    }
}
