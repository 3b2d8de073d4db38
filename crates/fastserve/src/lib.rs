//! Load, compile and run neural networks
