//! A model's settings as the batcher's.

use fastserve_batch::Config;

use crate::config::ServerConfig;
use crate::settings::ModelSettings;
use crate::version::Facts;

/// How the batcher of a version works.
pub(crate) fn batcher_config(settings: &ModelSettings, _facts: &Facts, server: &ServerConfig, most_rows: u32) -> Config {
    Config { max_rows: most_rows, max_queue: settings.queue.max_size.unwrap_or(server.max_queue_size) as usize }
}
