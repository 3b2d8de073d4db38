//! The `fastserve` program.

mod app;
mod args;
mod commands;
mod fail;
mod io;
mod model;
mod show;
mod stats;
mod system;

fn main() -> std::process::ExitCode {
    app::main()
}
