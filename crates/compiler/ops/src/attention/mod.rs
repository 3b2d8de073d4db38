//! What attentions share: heads, and masks.

pub(crate) mod body;
pub(crate) mod heads;
