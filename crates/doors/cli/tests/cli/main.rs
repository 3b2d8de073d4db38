//! The built program as other programs see it: exit codes, results on stdout, messages on stderr.

mod bench;
mod conformance;
mod diff;
mod digits;
mod files;
mod inspect;
mod networks;
mod optimize;
mod program;
mod run;
mod serve;
mod usage;
