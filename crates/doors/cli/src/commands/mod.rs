//! The commands, one file each.

pub(crate) mod bench;
pub(crate) mod classify;
pub(crate) mod compare;
pub(crate) mod conformance;
pub(crate) mod detect;
pub(crate) mod diff;
pub(crate) mod digits;
pub(crate) mod embed;
pub(crate) mod inspect;
pub(crate) mod key;
pub(crate) mod legacy;
pub(crate) mod load;
pub(crate) mod optimize;
pub(crate) mod peer;
pub(crate) mod per_step;
pub(crate) mod ranking;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod survey;
