//! The CPU backend: plans, arena, executor
