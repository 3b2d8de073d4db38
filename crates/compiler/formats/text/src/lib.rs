//! v0.1 text weights to graphs
