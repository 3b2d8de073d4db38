//! Instruction-set tokens and vector maths
