//! How often a key may ask.

use std::str::FromStr;
use std::time::{Duration, Instant};

/// How often a key may ask: `NAME=PER_SECOND:BURST`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rate {
    /// The key's name.
    pub key: String,
    /// Requests a second.
    pub per_second: f64,
    /// Requests at once after a rest.
    pub burst: u32,
}

/// Why a rate cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected NAME=PER_SECOND:BURST, such as me=100:20, got `{0}`")]
pub struct RateError(String);

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let parts = || {
            let (key, rate) = text.rsplit_once('=')?;
            let (per_second, burst) = rate.split_once(':')?;
            Some(Self { key: key.to_owned(), per_second: per_second.parse().ok()?, burst: burst.parse().ok()? })
        };
        let is_fine = |r: &Self| !r.key.is_empty() && r.per_second > 0.0 && r.per_second <= 1e9 && r.burst > 0;
        parts().filter(is_fine).ok_or_else(|| RateError(text.to_owned()))
    }
}

/// A token bucket (Turner, "New directions in communications", 1986): it fills at the rate, up to the burst.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    pub(crate) fn new(rate: &Rate, now: Instant) -> Self {
        let burst = f64::from(rate.burst);
        Self { per_second: rate.per_second, burst, tokens: burst, at: now }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// There is none; how long it takes until there is.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let gone = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + gone * self.per_second).min(self.burst);
        self.at = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.tokens) / self.per_second))
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Rate};
    use std::time::{Duration, Instant};

    #[test]
    fn a_bucket_fills_at_its_rate() {
        let rate: Rate = "me=10:2".parse().unwrap();
        let start = Instant::now();
        let mut bucket = Bucket::new(&rate, start);
        assert!(bucket.take(start).is_ok() && bucket.take(start).is_ok());
        let wait = bucket.take(start).unwrap_err();
        assert!(wait > Duration::from_millis(99) && wait < Duration::from_millis(101), "{wait:?}");
        assert!(bucket.take(start + Duration::from_millis(101)).is_ok());
        let later = start + Duration::from_secs(100);
        assert!(bucket.take(later).is_ok() && bucket.take(later).is_ok() && bucket.take(later).is_err(), "no more than the burst");
    }

    #[test]
    fn rates_that_are_none() {
        for text in ["", "me", "me=10", "me=0:1", "me=1:0", "=1:1", "me=x:1", "me=inf:1"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
