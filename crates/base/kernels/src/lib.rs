//! Compute kernels over slices, one row per kernel
