//! The backend traits, bindings and run context
