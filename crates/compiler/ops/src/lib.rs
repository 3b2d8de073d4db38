//! One file per operator: attributes, inference, reference, lowering
