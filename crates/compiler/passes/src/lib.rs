//! Graph passes and their order
