//! What is to be measured.

use std::time::Duration;

/// Where the server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `host:port`.
    Tcp(String),
}

impl Target {
    /// Reads `host:port`, with or without `http://`.
    ///
    /// # Errors
    /// There is no port.
    pub fn parse(text: &str) -> Result<Self, String> {
        let address = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
        match address.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(Self::Tcp(address.to_owned())),
            _ => Err(format!("expected HOST:PORT, got `{text}`")),
        }
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        match self {
            Target::Tcp(address) => address,
        }
    }
}

/// When requests are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// So many clients, each of which waits for its answer.
    Closed {
        /// Clients.
        clients: usize,
    },
    /// At equal distances.
    Constant {
        /// Requests a second.
        rate: f64,
    },
    /// At random, one independent of the other.
    Poisson {
        /// Requests a second.
        rate: f64,
    },
    /// At random, at a higher and a lower rate in turn whose mean is the rate.
    Bursts {
        /// Requests a second in the mean.
        rate: f64,
        /// The higher rate by the mean, above 1.
        factor: f64,
        /// How long a burst lasts; the quiet time after it is as long.
        on: Duration,
    },
}

impl Arrivals {
    /// Requests a second that are asked for; none in a closed loop.
    pub fn rate(self) -> Option<f64> {
        match self {
            Arrivals::Closed { .. } => None,
            Arrivals::Constant { rate } | Arrivals::Poisson { rate } | Arrivals::Bursts { rate, .. } => Some(rate),
        }
    }
}

/// A measurement.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the server is.
    pub target: Target,
    /// When requests are sent.
    pub arrivals: Arrivals,
    /// Connections at most; as many as clients in a closed loop.
    pub connections: usize,
    /// Time before it counts.
    pub warmup: Duration,
    /// Time that counts.
    pub duration: Duration,
    /// What an answer may take to be of use.
    pub target_latency: Option<Duration>,
    /// Seed of what is drawn.
    pub seed: u64,
}

impl Plan {
    /// # Errors
    /// What makes no sense.
    pub(crate) fn check(&self) -> Result<(), String> {
        let rate_is_fine = self.arrivals.rate().is_none_or(|r| r > 0.0 && r <= 1e6);
        match self.arrivals {
            Arrivals::Closed { clients } if !(1..=100_000).contains(&clients) => Err("expected 1 to 100000 clients".into()),
            Arrivals::Bursts { factor, on, .. } if !(factor > 1.0 && factor <= 2.0) || on.is_zero() => {
                Err("bursts: expected a factor above 1 and at most 2, and some time".into())
            }
            _ if !rate_is_fine => Err("expected a rate above 0 and at most 1000000 a second".into()),
            _ if self.connections == 0 => Err("expected at least one connection".into()),
            _ if self.duration.is_zero() => Err("expected some time".into()),
            _ => Ok(()),
        }
    }
}
