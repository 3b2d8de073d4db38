//! Graphs: facts, operators as data, text form, verification
