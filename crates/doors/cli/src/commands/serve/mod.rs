//! `fastserve serve`: models behind REST and gRPC.

mod models;
mod sockets;

use std::io::Write;

use anyhow::{Context, Result};
use axum::Router;
use fastserve_listen::{Address, Guard, Listeners, Stopped};
use fastserve_serve::Server;
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::models::{ModelArgs, QueueArgs};
use self::sockets::{Ending, Places, SocketArgs};
use crate::app::Cx;
use crate::fail::Outcome;
use crate::show::json;
use crate::show::table::{Left, Right, Table};

const EXAMPLES: &str = "\
Examples:
  fastserve serve                                  the network of digits inside, at 127.0.0.1:8000 (REST) and :8001 (gRPC)
  fastserve serve mobilenet.onnx                   one model
  fastserve serve models/                          a repository: models/NAME/VERSION/model.onnx
  fastserve serve models/ --target-p99-ms 20       batches as large as 20 ms allow
  curl localhost:8000/v2/models/digits             what a model takes; `fastserve load` measures";

/// Options of `serve`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    models: ModelArgs,
    #[command(flatten)]
    queues: QueueArgs,
    #[command(flatten)]
    sockets: SocketArgs,
}

/// Serves until a signal says to end.
pub(crate) fn run(args: &Args, cx: &mut Cx<'_>) -> Result<Outcome> {
    let config = args.models.config(&args.queues, cx.threads)?;
    let (places, ending) = (args.sockets.places()?, args.sockets.ending()?);
    let server = Server::prepare(config)?;
    let doors = Doors::new(&server, args)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().context("no runtime")?;
    runtime.block_on(serve(args, &server, &places, doors, &ending, cx))
}

/// The routers of each place.
struct Doors {
    rest: Router,
    grpc: Router,
    metrics: Router,
}

impl Doors {
    fn new(server: &Server, args: &Args) -> Result<Self> {
        let sockets = &args.sockets;
        let settings = fastserve_http::Settings {
            max_request_bytes: sockets.max_request_bytes(),
            body_timeout: sockets.body_timeout()?,
            allow_control: sockets.allow_control(),
        };
        let grpc = fastserve_grpc::Settings { max_request_bytes: sockets.max_request_bytes(), allow_control: sockets.allow_control() };
        let guard = sockets.guard()?;
        let behind = |router| guard.as_ref().map_or_else(|| Router::clone(&router), |g: &Guard| g.protect(Router::clone(&router)));
        Ok(Self {
            rest: behind(fastserve_http::routes(server.clone(), &settings)),
            grpc: behind(fastserve_grpc::routes(server.clone(), &grpc)?),
            metrics: behind(fastserve_http::metrics(server.clone())),
        })
    }
}

async fn serve(args: &Args, server: &Server, places: &Places, doors: Doors, ending: &Ending, cx: &mut Cx<'_>) -> Result<Outcome> {
    let mut ends = Ends::new()?;
    let mut listeners = Listeners::new(args.sockets.limits()?);
    let heard = listen(&mut listeners, places, doors).await?;
    // From here on the server says that it lives, and that it is not ready.
    let loading = server.clone();
    let loaded = tokio::task::spawn_blocking(move || loading.load_all());
    let problems = tokio::select! {
        problems = loaded => problems.context("loading ended early")?,
        () = ends.next() => return Ok(Outcome::Fine),
    };
    report(server, &heard, &problems, cx)?;
    if !problems.is_empty() && args.models.exits_on_error() {
        server.stop();
        return Ok(Outcome::Failed);
    }
    ends.next().await;
    let stopped = tokio::select! {
        stopped = drain(server, listeners, ending) => stopped,
        () = ends.next() => Stopped::Cut(server.running() as usize),
    };
    let server = server.clone();
    tokio::task::spawn_blocking(move || server.stop()).await.context("ending broke off")?;
    match stopped {
        Stopped::Drained => Ok(Outcome::Fine),
        Stopped::Cut(count) => {
            writeln!(std::io::stderr(), "{count} connections were cut")?;
            Ok(Outcome::Failed)
        }
    }
}

async fn drain(server: &Server, listeners: Listeners, ending: &Ending) -> Stopped {
    server.begin_drain();
    tokio::time::sleep(ending.delay).await;
    listeners.stop(ending.limit).await
}

/// Takes all places, and says what is answered where.
async fn listen(listeners: &mut Listeners, places: &Places, doors: Doors) -> Result<Vec<(&'static str, Address)>> {
    let both = || doors.rest.clone().merge(doors.grpc.clone());
    let (rest, rest_name) = if places.shared { (both(), "REST, gRPC") } else { (doors.rest.clone(), "REST") };
    let all = [
        (&places.rest, rest_name, rest),
        (&places.grpc, "gRPC", doors.grpc.clone()),
        (&places.metrics, "metrics", doors.metrics.clone()),
        (&places.socket, "REST, gRPC", both()),
    ];
    let mut heard = Vec::new();
    for (place, name, router) in all {
        let Some(place) = place else { continue };
        let bound = place.bind().await?;
        heard.push((name, bound.address()?));
        listeners.add(bound, router);
    }
    Ok(heard)
}

/// Signals that say to end.
struct Ends {
    terminate: Signal,
    interrupt: Signal,
}

impl Ends {
    fn new() -> Result<Self> {
        let catch = |kind| signal(kind).context("signals cannot be caught");
        Ok(Self { terminate: catch(SignalKind::terminate())?, interrupt: catch(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Says where the server listens, and what it has.
fn report(server: &Server, heard: &[(&str, Address)], problems: &[String], cx: &mut Cx<'_>) -> Result<()> {
    let index = server.index();
    if cx.json {
        let places: Vec<_> = heard.iter().map(|(what, at)| json!({ "what": what, "address": at.to_string() })).collect();
        let models: Vec<_> =
            index.iter().map(|e| json!({ "name": e.name, "version": e.version, "state": e.state.name(), "reason": e.reason })).collect();
        return json::line(cx.out, &json!({ "listening": places, "models": models, "problems": problems }));
    }
    let mut table = Table::new(&[("model", Left), ("version", Right), ("state", Left), ("batches", Left)]);
    for entry in &index {
        let version = entry.version.map_or_else(String::new, |v| v.to_string());
        let batches = server.describe(&entry.name, entry.version).map_or_else(
            |_| entry.reason.clone(),
            |d| match d.unbatched_because {
                None => format!("{}, up to {} rows", d.batch_mode, d.max_batch_size),
                Some(why) => format!("none: {why}"),
            },
        );
        table.row([entry.name.clone(), version, entry.state.name().to_lowercase(), batches]);
    }
    table.write(cx.out)?;
    problems.iter().try_for_each(|p| writeln!(cx.out, "problem: {p}"))?;
    heard.iter().try_for_each(|(what, address)| writeln!(cx.out, "{what} at {address}"))?;
    Ok(cx.out.flush()?)
}
