//! A model's settings as the batcher's.

use std::time::Duration;

use fastserve_batch::{Adaptive, Config, Dynamic, Level, Mode, OnTimeout};

use crate::config::{BatchMode, Batching, ServerConfig};
use crate::settings::{ModelSettings, QueueSettings, TimeoutAction};
use crate::version::Facts;

/// How the batcher of a version works.
pub(crate) fn batcher_config(settings: &ModelSettings, facts: &Facts, server: &ServerConfig, most_rows: u32) -> Config {
    let queue = &settings.queue;
    let levels = queue.priority_levels.unwrap_or(1);
    Config {
        max_rows: most_rows,
        max_queue: queue.max_size.unwrap_or(server.max_queue_size) as usize,
        mode: mode(&facts.batching),
        levels: vec![level(queue); levels as usize],
        default_level: queue.default_priority.unwrap_or(levels.div_ceil(2)),
    }
}

fn mode(batching: &Batching) -> Mode {
    match batching.mode {
        BatchMode::Off => Mode::Off,
        BatchMode::Dynamic => Mode::Dynamic(Dynamic { max_delay: batching.max_queue_delay, preferred: batching.preferred_sizes.clone() }),
        BatchMode::Adaptive => Mode::Adaptive(Adaptive { target: batching.target_p99 }),
    }
}

/// All levels are alike: `model.toml` has one queue.
fn level(queue: &QueueSettings) -> Level {
    let timeout = queue.default_timeout_ms.filter(|ms| *ms > 0.0).map(|ms| Duration::from_secs_f64(ms / 1e3));
    Level {
        max_queue: None,
        default_timeout: timeout,
        on_timeout: match queue.timeout_action {
            TimeoutAction::Reject => OnTimeout::Reject,
            TimeoutAction::Delay => OnTimeout::Delay,
        },
        allow_override: queue.allow_timeout_override.unwrap_or(true),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use fastserve_batch::{Dynamic, Mode, OnTimeout};

    use super::batcher_config;
    use crate::config::ServerConfig;
    use crate::settings::ModelSettings;
    use crate::version::Facts;

    #[test]
    fn every_setting_is_handed_over() {
        let text = "[batching]\nmode = \"dynamic\"\npreferred_sizes = [4, 8]\nmax_queue_delay_us = 250\n[queue]\nmax_size = 9\n\
                    default_timeout_ms = 1.5\ntimeout_action = \"delay\"\nallow_timeout_override = false\npriority_levels = 3\n\
                    default_priority = 3\n";
        let settings = ModelSettings::parse(text).unwrap();
        let server = ServerConfig::default();
        let facts = Facts {
            platform: "onnx",
            batching: settings.batching(&server.batching),
            most_rows: Some(16),
            unbatched_because: None,
            instances: 1,
            memory_bytes: 0,
            load_time: Instant::now().elapsed(),
        };
        let config = batcher_config(&settings, &facts, &server, 16);
        assert_eq!((config.max_rows, config.max_queue, config.levels.len(), config.default_level), (16, 9, 3, 3));
        let level = &config.levels[0];
        assert_eq!(level.default_timeout, Some(Duration::from_micros(1500)));
        assert_eq!((level.on_timeout, level.allow_override), (OnTimeout::Delay, false));
        let rules = Dynamic { max_delay: Duration::from_micros(250), preferred: vec![4, 8] };
        assert_eq!(config.mode, Mode::Dynamic(rules));
    }
}
