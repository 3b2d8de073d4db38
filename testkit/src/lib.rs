//! Vector readers, tolerances and the backend conformance suite
