//! What LSTM, GRU and RNN share beside their attributes.

pub(crate) mod activation;
pub(crate) mod body;
