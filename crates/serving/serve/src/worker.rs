//! A thread that runs batches of one model's version.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use fastserve::{Bindings, CancelToken, RunCx, RunError, Session, Tensor, TensorError, TensorView};

use crate::error::{ErrorKind, ServeError};
use crate::gather::{Scratch, part};
use crate::inputs::can_share;
use crate::job::{Answer, Job};
use crate::lane::Batch;
use crate::request::Times;
use crate::stats::Run;
use crate::version::Version;

/// Runs batches until the version is closed and nothing waits.
pub(crate) fn work(version: &Arc<Version>, session: Session) {
    let mut worker = Worker { version, session: Some(session), scratch: Scratch::for_inputs(version.signature().inputs.len()) };
    let mut done = None;
    while let Some(batch) = version.lane.next(&version.name, done) {
        let id = batch.id;
        let is_fine = worker.run(batch);
        done = Some((id, is_fine));
    }
}

struct Worker<'v> {
    version: &'v Arc<Version>,
    /// None after a panic, until the next batch.
    session: Option<Session>,
    scratch: Scratch,
}

/// The outputs that one request wants.
type Rows = Vec<Tensor>;

/// Marks on the way of a batch.
struct Marks {
    rows: u32,
    start: Instant,
    ready: Instant,
    ran: Instant,
}

impl Worker<'_> {
    /// Runs a batch, in parts where its requests cannot share one after all. Tells whether all went well.
    fn run(&mut self, batch: Batch) -> bool {
        let mut jobs: Vec<Job> = batch.jobs.into_iter().filter(|j| !j.reply.is_closed()).collect();
        let mut is_fine = true;
        while !jobs.is_empty() {
            let (now, later) = split_shareable(jobs);
            is_fine &= self.run_shared(now, &batch.cancel);
            jobs = later;
        }
        is_fine
    }

    /// One run for all; where it fails, one for each, so that a request fails by its own inputs only.
    fn run_shared(&mut self, jobs: Vec<Job>, cancel: &CancelToken) -> bool {
        let start = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| self.compute(&jobs, cancel, start)));
        let result = result.unwrap_or_else(|_| {
            self.session = None;
            self.version.restarted();
            Err(self.version.failed("a worker panicked; it was replaced".to_owned()))
        });
        match result {
            Ok((answers, marks)) => {
                self.count(&marks);
                jobs.into_iter().zip(answers).for_each(|(job, outputs)| self.answer(job, outputs, &marks));
                true
            }
            Err(error) if jobs.len() > 1 && error.kind() != ErrorKind::Cancelled => {
                let each: Vec<bool> = jobs.into_iter().map(|job| self.run_shared(vec![job], cancel)).collect();
                each.into_iter().all(|is_fine| is_fine)
            }
            Err(error) => {
                jobs.into_iter().for_each(|job| job.answer(Err(error.clone())));
                false
            }
        }
    }

    /// One run, and each request's outputs of it.
    fn compute(&mut self, jobs: &[Job], cancel: &CancelToken, start: Instant) -> Result<(Vec<Rows>, Marks), ServeError> {
        let version = self.version;
        let session = match &mut self.session {
            Some(session) => session,
            none => none.insert(version.session()?),
        };
        let wrong = |e: TensorError| version.failed(e.to_string());
        let members: Vec<&[Tensor]> = jobs.iter().map(|j| j.inputs.as_slice()).collect();
        let views = match members.as_slice() {
            [only] => only.iter().map(Tensor::view).collect::<Result<Vec<_>, _>>(),
            members => self.scratch.gather(members),
        };
        let views = views.map_err(wrong)?;
        let ready = Instant::now();
        let deadline = jobs.iter().map(|j| j.deadline).collect::<Option<Vec<_>>>().and_then(|d| d.into_iter().max());
        let mut cx = RunCx { cancel: Some(cancel), deadline, ..RunCx::default() };
        let outputs = session.run_with(&mut Bindings::lent(&views), &mut cx).map_err(|e| version.run_error(&e))?;
        let ran = Instant::now();
        let outputs: Vec<TensorView<'_>> =
            outputs.iter().map(|o| Ok(o?.1)).collect::<Result<_, fastserve::Error>>().map_err(|e| version.run_error(&e))?;
        let answers = take_apart(jobs, &outputs).map_err(wrong)?;
        Ok((answers, Marks { rows: jobs.iter().map(|j| j.rows).sum(), start, ready, ran }))
    }

    fn count(&self, marks: &Marks) {
        let run = Run {
            rows: u64::from(marks.rows),
            input: marks.ready - marks.start,
            compute: marks.ran - marks.ready,
            output: marks.ran.elapsed(),
        };
        self.version.ran(run);
    }

    fn answer(&self, job: Job, outputs: Rows, marks: &Marks) {
        let now = Instant::now();
        if job.deadline.is_some_and(|d| d <= now) {
            return job.answer(Err(ServeError::DeadlineExceeded("the run ended too late".into())));
        }
        let times = Times {
            queue: marks.start.saturating_duration_since(job.arrived),
            input: marks.ready - marks.start,
            compute: marks.ran - marks.ready,
            output: now - marks.ran,
            batch_rows: marks.rows,
        };
        job.answer(Ok(Answer { outputs, times }));
    }
}

/// Those that can share a run with the first one, and the others.
fn split_shareable(jobs: Vec<Job>) -> (Vec<Job>, Vec<Job>) {
    let mut jobs = jobs.into_iter();
    let mut now: Vec<Job> = jobs.next().into_iter().collect();
    let mut later = Vec::new();
    for job in jobs {
        match now.first() {
            Some(first) if can_share(&first.inputs, &job.inputs) => now.push(job),
            _ => later.push(job),
        }
    }
    (now, later)
}

fn take_apart(jobs: &[Job], outputs: &[TensorView<'_>]) -> Result<Vec<Rows>, TensorError> {
    let of: usize = jobs.iter().map(|j| j.rows as usize).sum();
    let mut from = 0;
    let mut take = |job: &Job| {
        let count = job.rows as usize;
        let parts = job.wanted.iter().filter_map(|&at| outputs.get(at)).map(|output| part(output, from, count, of));
        let parts: Result<Vec<_>, _> = parts.collect();
        from += count;
        parts
    };
    jobs.iter().map(&mut take).collect()
}

/// What went wrong in a run, as the caller may read it.
pub(crate) fn run_error(model: &str, error: &fastserve::Error) -> ServeError {
    match error {
        fastserve::Error::Run(RunError::Cancelled) => ServeError::Cancelled,
        fastserve::Error::Run(RunError::DeadlineExceeded { steps_done }) => {
            ServeError::DeadlineExceeded(format!("the run was stopped after {steps_done} steps"))
        }
        fastserve::Error::Run(RunError::Input { name, expected, got }) => {
            ServeError::Input { name: name.clone(), expected: expected.clone(), got: got.clone() }
        }
        fastserve::Error::Run(error @ (RunError::Budget { .. } | RunError::Extents(_))) => ServeError::TooLarge(error.to_string()),
        other => ServeError::Failed { model: model.to_owned(), why: other.to_string() },
    }
}
