//! A version of a model that is loaded.

use std::hash::RandomState;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fastserve::ir::Dim;
use fastserve::{Compiled, Port, Session, Signature};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::RecvError;
use tokio::time::error::Elapsed;

use crate::config::Batching;
use crate::error::ServeError;
use crate::inputs::{batch_key, in_order, rows};
use crate::job::{Answer, Job};
use crate::labels::Labels;
use crate::lane::{Lane, Submit, TicketOf};
use crate::metadata::{ModelDescription, ModelMetadata, ModelStatistics, TensorMetadata};
use crate::request::{InferRequest, InferResponse, NamedOutput, OutputData, OutputRequest};
use crate::stats::{Run, Stats};
use crate::worker;

/// A version of a model that is loaded: it has a queue and workers.
pub(crate) struct Version {
    pub(crate) name: String,
    pub(crate) number: u64,
    pub(crate) lane: Lane,
    compiled: Compiled,
    facts: Facts,
    labels: Labels,
    keys: RandomState,
    stats: Stats,
    restarts: AtomicU64,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

/// What loading found out.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// Format of the file.
    pub(crate) platform: &'static str,
    /// How requests come together.
    pub(crate) batching: Batching,
    /// Rows that one run may have; `None` where requests are kept apart.
    pub(crate) most_rows: Option<u32>,
    /// Why they are kept apart.
    pub(crate) unbatched_because: Option<String>,
    /// Workers.
    pub(crate) instances: u32,
    /// Bytes of the constants.
    pub(crate) memory_bytes: u64,
    /// How long loading took.
    pub(crate) load_time: Duration,
}

impl Version {
    /// Makes the queue and starts the workers.
    ///
    /// # Errors
    /// No memory for a session, or no thread.
    pub(crate) fn start(
        name: String,
        number: u64,
        compiled: Compiled,
        lane: Lane,
        labels: Labels,
        facts: Facts,
    ) -> Result<Arc<Self>, String> {
        let version = Arc::new(Self {
            name,
            number,
            lane,
            compiled,
            facts,
            labels,
            keys: RandomState::new(),
            stats: Stats::default(),
            restarts: AtomicU64::new(0),
            workers: Mutex::default(),
        });
        for at in 0..version.facts.instances {
            let session = version.compiled.session().map_err(|e| e.to_string())?;
            let own = Arc::clone(&version);
            let thread = std::thread::Builder::new().name(format!("{}:{}", own.name.chars().take(12).collect::<String>(), at));
            let handle = thread.spawn(move || worker::work(&own, session)).map_err(|e| format!("no thread for a worker: {e}"))?;
            version.workers.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        }
        Ok(version)
    }

    /// What goes in and out.
    pub(crate) fn signature(&self) -> &Signature {
        self.compiled.signature()
    }

    /// What loading found out.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// A session for a worker that lost its own.
    pub(crate) fn session(&self) -> Result<Session, ServeError> {
        self.compiled.session().map_err(|e| self.failed(e.to_string()))
    }

    pub(crate) fn failed(&self, why: String) -> ServeError {
        ServeError::Failed { model: self.name.clone(), why }
    }

    pub(crate) fn run_error(&self, error: &fastserve::Error) -> ServeError {
        worker::run_error(&self.name, error)
    }

    pub(crate) fn restarted(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    /// Workers that were replaced after a panic.
    pub(crate) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    pub(crate) fn ran(&self, run: Run) {
        self.stats.ran(run);
    }

    /// Answers a request.
    pub(crate) async fn infer(&self, request: InferRequest, arrived: Instant, last: Instant) -> Result<InferResponse, ServeError> {
        let (id, outputs) = (request.id.clone(), request.outputs.clone());
        let result = self.answer(request, arrived, last).await;
        match result {
            Ok(answer) => {
                self.stats.answered(&answer.times, arrived.elapsed());
                Ok(self.respond(id, &outputs, answer))
            }
            Err(error) => {
                self.stats.failed(arrived.elapsed());
                Err(error)
            }
        }
    }

    async fn answer(&self, request: InferRequest, arrived: Instant, last: Instant) -> Result<Answer, ServeError> {
        let wanted = self.wanted(&request.outputs)?;
        let inputs = in_order(self.signature(), request.inputs)?;
        let rows = self.facts.most_rows.map_or(Ok(1), |most| rows(self.signature(), &inputs, most))?;
        let key = batch_key(&inputs, &self.keys);
        let deadline = request.deadline.map_or(last, |d| d.min(last));
        let (reply, answer) = oneshot::channel();
        let job = Job { inputs, rows, wanted, arrived, deadline: Some(deadline), reply };
        let ticket = self.lane.submit(&self.name, Submit { job, key, priority: request.priority, timeout: request.timeout })?;
        let left = Leaving { lane: &self.lane, ticket: Some(ticket) };
        match self.wait(ticket, answer, deadline).await {
            Ok(Ok(answer)) => {
                left.stays();
                answer
            }
            Ok(Err(_)) => Err(self.failed("the worker left without an answer".into())),
            Err(_) => Err(ServeError::DeadlineExceeded("no answer in time".into())),
        }
    }

    /// Waits for an answer up to the deadline; refuses the request where it waits in the queue for longer than it may.
    async fn wait<T>(
        &self,
        ticket: TicketOf,
        mut answer: oneshot::Receiver<T>,
        deadline: Instant,
    ) -> Result<Result<T, RecvError>, Elapsed> {
        if let Some(expires) = self.lane.expires(ticket).filter(|e| *e < deadline) {
            if let Ok(answer) = tokio::time::timeout_at(expires.into(), &mut answer).await {
                return Ok(answer);
            }
            self.lane.tick(&self.name);
        }
        tokio::time::timeout_at(deadline.into(), answer).await
    }

    /// Places of the outputs that a request wants.
    fn wanted(&self, outputs: &[OutputRequest]) -> Result<Vec<usize>, ServeError> {
        let ports = &self.signature().outputs;
        if outputs.is_empty() {
            return Ok((0..ports.len()).collect());
        }
        let find = |wanted: &OutputRequest| {
            ports.iter().position(|p| p.name == wanted.name).ok_or_else(|| {
                let known: Vec<String> = ports.iter().map(|p| format!("`{}`", p.name)).collect();
                ServeError::Invalid(format!("the model has no output `{}`; it has {}", wanted.name, known.join(", ")))
            })
        };
        outputs.iter().map(find).collect()
    }

    fn respond(&self, id: String, requested: &[OutputRequest], answer: Answer) -> InferResponse {
        let ports = &self.signature().outputs;
        let names = |at: usize| requested.get(at).map(|o| &o.name).or_else(|| ports.get(at).map(|p| &p.name));
        let outputs = answer.outputs.into_iter().enumerate().map(|(at, tensor)| NamedOutput {
            name: names(at).cloned().unwrap_or_default(),
            data: match requested.get(at).and_then(|o| o.classes) {
                Some(classes) => self.labels.classify(&tensor, classes, self.facts.most_rows.is_some()),
                None => OutputData::Tensor(tensor),
            },
        });
        InferResponse { model: self.name.clone(), version: self.number, id, outputs: outputs.collect(), times: answer.times }
    }

    /// What goes in and out, in words.
    pub(crate) fn metadata(&self, versions: Vec<u64>) -> ModelMetadata {
        let signature = self.signature();
        let all = |ports: &[Port]| ports.iter().map(tensor_metadata).collect();
        ModelMetadata {
            name: self.name.clone(),
            versions,
            platform: format!("fastserve_{}", self.facts.platform),
            inputs: all(&signature.inputs),
            outputs: all(&signature.outputs),
        }
    }

    /// How it is served.
    pub(crate) fn describe(&self, versions: Vec<u64>) -> ModelDescription {
        let facts = &self.facts;
        ModelDescription {
            metadata: self.metadata(versions),
            version: self.number,
            max_batch_size: facts.most_rows.unwrap_or(0),
            unbatched_because: facts.unbatched_because.clone(),
            batch_mode: facts.batching.mode.name(),
            preferred_sizes: facts.batching.preferred_sizes.clone(),
            max_queue_delay_us: u64::try_from(facts.batching.max_queue_delay.as_micros()).unwrap_or(u64::MAX),
            instances: facts.instances,
            stateful: false,
        }
    }

    /// What it has done.
    pub(crate) fn statistics(&self) -> ModelStatistics {
        self.stats.report(&self.name, self.number, self.facts.memory_bytes)
    }

    /// Takes no more requests, finishes those that wait, and ends the workers.
    pub(crate) fn close(&self) {
        self.lane.close();
        let workers = std::mem::take(&mut *self.workers.lock().unwrap_or_else(PoisonError::into_inner));
        for worker in workers {
            // A worker catches its panics; one that died all the same has nothing to say.
            let _ = worker.join();
        }
    }
}

/// Takes a request back when its caller leaves before the answer.
struct Leaving<'l> {
    lane: &'l Lane,
    ticket: Option<TicketOf>,
}

impl Leaving<'_> {
    fn stays(mut self) {
        self.ticket = None;
    }
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.lane.cancel(ticket);
        }
    }
}

fn tensor_metadata(port: &Port) -> TensorMetadata {
    let extent = |dim: &Dim| dim.known().and_then(|n| i64::try_from(n).ok()).unwrap_or(-1);
    TensorMetadata { name: port.name.clone(), dtype: port.dtype, shape: port.dims.iter().map(extent).collect() }
}
