//! What operators over integers of 8 and 16 bits share.

pub(crate) mod codes;
pub(crate) mod dynamic;
pub(crate) mod products;
pub(crate) mod runs;
