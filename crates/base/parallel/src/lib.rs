//! The process-wide thread pool
