//! Where a server listens, whom it lets in, and how it ends: the options of `serve` about sockets.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use fastserve_listen::{Address, Guard, Keys, Limits, Rate};

use super::models::{bytes, seconds};
use crate::fail::usage;

/// Options about sockets.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Sockets")]
pub(crate) struct SocketArgs {
    /// Address of REST
    #[arg(long, value_name = "IP", default_value = "127.0.0.1", env = "FASTSERVE_HTTP_ADDRESS")]
    http_address: IpAddr,
    /// Port of REST; 0 is one that the system chooses
    #[arg(long, value_name = "PORT", default_value_t = 8000, env = "FASTSERVE_HTTP_PORT")]
    http_port: u16,
    /// Address of gRPC; REST's if not given
    #[arg(long, value_name = "IP", env = "FASTSERVE_GRPC_ADDRESS")]
    grpc_address: Option<IpAddr>,
    /// Port of gRPC; REST's own port if it is the same
    #[arg(long, value_name = "PORT", default_value_t = 8001, env = "FASTSERVE_GRPC_PORT")]
    grpc_port: u16,
    /// Port of metrics, at REST's address; they are on REST's port too
    #[arg(long, value_name = "PORT", default_value_t = 8002, env = "FASTSERVE_METRICS_PORT")]
    metrics_port: u16,
    /// REST, gRPC and metrics on REST's port alone
    #[arg(long, env = "FASTSERVE_ONE_PORT")]
    one_port: bool,
    /// A socket in the file system for REST and gRPC
    #[arg(long, value_name = "PATH", env = "FASTSERVE_UDS")]
    uds: Option<PathBuf>,
    /// Only the socket in the file system
    #[arg(long, requires = "uds")]
    uds_only: bool,
    /// A file of keys, a line NAME:SCOPES:SHA256 each (scopes infer, admin, metrics, with commas); `fastserve key` makes one
    #[arg(long, value_name = "FILE", env = "FASTSERVE_API_KEY_FILE")]
    api_key_file: Option<PathBuf>,
    /// How often a key may ask
    #[arg(long, value_name = "NAME=PER_SECOND:BURST", requires = "api_key_file")]
    rate_limit: Vec<Rate>,
    /// Let everybody in who can reach an address that is not this machine's alone
    #[arg(long, env = "FASTSERVE_ALLOW_INSECURE_PUBLIC")]
    allow_insecure_public: bool,
    /// Let clients load and unload models
    #[arg(long, env = "FASTSERVE_ALLOW_MODEL_CONTROL")]
    allow_model_control: bool,
    /// Connections at once
    #[arg(long, value_name = "N", default_value_t = 10_000, env = "FASTSERVE_MAX_CONNECTIONS")]
    max_connections: usize,
    /// Bytes of a request's body, and of what it unpacks to
    #[arg(long, alias = "http-max-input-size", value_name = "BYTES", default_value = "64M", value_parser = bytes, env = "FASTSERVE_MAX_REQUEST_BYTES")]
    max_request_bytes: u64,
    /// Bytes of a request's head
    #[arg(long, value_name = "BYTES", default_value = "32K", value_parser = bytes, env = "FASTSERVE_MAX_HEADER_BYTES")]
    max_header_bytes: u64,
    /// How long the head of a request may take, in seconds
    #[arg(long, value_name = "S", default_value_t = 10.0, env = "FASTSERVE_HEADER_TIMEOUT")]
    header_timeout: f64,
    /// How long the body of a request may take, in seconds
    #[arg(long, value_name = "S", default_value_t = 60.0, env = "FASTSERVE_BODY_TIMEOUT")]
    body_timeout: f64,
    /// How long a connection may be silent, in seconds
    #[arg(long, value_name = "S", default_value_t = 120.0, env = "FASTSERVE_IDLE_TIMEOUT")]
    idle_timeout: f64,
    /// After a signal to end, how long requests are still taken while the server says that it is not ready, in seconds
    #[arg(long, value_name = "S", default_value_t = 5.0, env = "FASTSERVE_SHUTDOWN_DRAIN_DELAY")]
    shutdown_drain_delay: f64,
    /// After a signal to end, when what is left is cut, in seconds
    #[arg(long, alias = "exit-timeout-secs", value_name = "S", default_value_t = 30.0, env = "FASTSERVE_SHUTDOWN_TIMEOUT")]
    shutdown_timeout: f64,
}

/// Where each protocol is answered.
pub(crate) struct Places {
    /// REST, and gRPC too where they share a port.
    pub(crate) rest: Option<Address>,
    /// gRPC on a port of its own.
    pub(crate) grpc: Option<Address>,
    /// Metrics on a port of their own.
    pub(crate) metrics: Option<Address>,
    /// Everything.
    pub(crate) socket: Option<Address>,
    /// Whether REST's port takes gRPC.
    pub(crate) shared: bool,
}

/// How a server ends.
pub(crate) struct Ending {
    /// How long requests are still taken.
    pub(crate) delay: Duration,
    /// When what is left is cut, from then on.
    pub(crate) limit: Duration,
}

impl SocketArgs {
    /// Where each protocol is answered.
    ///
    /// # Errors
    /// An address that others can reach, without a word that this is meant.
    pub(crate) fn places(&self) -> Result<Places> {
        let at = |ip, port| Address::Tcp(SocketAddr::new(ip, port));
        let grpc_ip = self.grpc_address.unwrap_or(self.http_address);
        let shared = self.one_port || (self.grpc_port == self.http_port && self.http_port != 0 && grpc_ip == self.http_address);
        let tcp = !self.uds_only;
        let places = Places {
            rest: tcp.then(|| at(self.http_address, self.http_port)),
            grpc: (tcp && !shared).then(|| at(grpc_ip, self.grpc_port)),
            metrics: (tcp && !self.one_port).then(|| at(self.http_address, self.metrics_port)),
            socket: self.uds.clone().map(Address::Unix),
            shared,
        };
        let public = [&places.rest, &places.grpc].into_iter().flatten().find(|a| a.is_public());
        match public {
            Some(address) if !self.allow_insecure_public && self.api_key_file.is_none() => Err(usage(format!(
                "{address} can be reached from other machines, and nobody would be asked who he is: listen on 127.0.0.1, give \
                 --api-key-file, or say --allow-insecure-public if something in front of the server asks"
            ))),
            _ => Ok(places),
        }
    }

    /// Who is let in, if not everybody.
    ///
    /// # Errors
    /// The file of keys cannot be read, or has none.
    pub(crate) fn guard(&self) -> Result<Option<Guard>> {
        let Some(path) = &self.api_key_file else {
            return Ok(None);
        };
        let place = || format!("{}", path.display());
        let keys = Keys::parse(&std::fs::read_to_string(path).with_context(place)?).with_context(place)?;
        if keys.is_empty() {
            return Err(usage(format!("{}: there is no key in it, so that nobody could ask", path.display())));
        }
        Ok(Some(Guard::new(keys, self.rate_limit.iter().cloned())))
    }

    /// What connections may cost.
    pub(crate) fn limits(&self) -> Result<Limits> {
        Ok(Limits {
            max_connections: self.max_connections,
            header_timeout: seconds(self.header_timeout, "header-timeout")?,
            idle_timeout: seconds(self.idle_timeout, "idle-timeout")?,
            max_header_bytes: usize::try_from(self.max_header_bytes).unwrap_or(usize::MAX),
            ..Limits::default()
        })
    }

    /// Bytes of a request.
    pub(crate) fn max_request_bytes(&self) -> usize {
        usize::try_from(self.max_request_bytes).unwrap_or(usize::MAX)
    }

    /// How long a body may take.
    pub(crate) fn body_timeout(&self) -> Result<Duration> {
        seconds(self.body_timeout, "body-timeout")
    }

    /// Whether clients load and unload models.
    pub(crate) fn allow_control(&self) -> bool {
        self.allow_model_control
    }

    /// How the server ends.
    ///
    /// # Errors
    /// It would be cut before it has stopped to take requests.
    pub(crate) fn ending(&self) -> Result<Ending> {
        let delay = seconds(self.shutdown_drain_delay, "shutdown-drain-delay")?;
        let limit = seconds(self.shutdown_timeout, "shutdown-timeout")?;
        match limit.checked_sub(delay) {
            Some(limit) => Ok(Ending { delay, limit }),
            None => Err(usage("--shutdown-timeout must be longer than --shutdown-drain-delay, which is a part of it")),
        }
    }
}
