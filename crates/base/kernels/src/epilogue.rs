//! stub
#![allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Activation {
    #[default]
    None,
    Relu,
    Clip {
        min: f32,
        max: f32,
    },
    LeakyRelu {
        alpha: f32,
    },
    Sigmoid,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BiasAxis {
    #[default]
    None,
    Row,
    Column,
}
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Epilogue {
    pub bias: BiasAxis,
    pub activation: Activation,
    pub residual: bool,
}
