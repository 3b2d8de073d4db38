//! Layers as written, and the shapes they take and give.

use crate::limits::MAX_SIZE;
use crate::lines::integer;

/// A layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    Conv { input: usize, output: usize, height: usize, width: usize, stride: usize, pad: usize, relu: bool },
    Linear { input: usize, output: usize, relu: bool },
    MaxPool { kernel: usize, stride: usize },
    Relu,
    Flatten,
    Softmax,
}

/// The forms a layer can have, for messages.
pub(crate) const FORMS: &str =
    "`conv I O KH KW stride S pad P [relu]`, `linear I O [relu]`, `maxpool K S`, `relu`, `flatten`, `softmax` or `output NAME`";

fn size(word: &str) -> Option<usize> {
    short(word, 1)
}

/// At most five digits.
pub(crate) fn short(word: &str, min: usize) -> Option<usize> {
    if word.len() <= 5 { integer(word, min, MAX_SIZE) } else { None }
}

fn relu(tail: &[&str]) -> Option<bool> {
    match tail {
        [] => Some(false),
        ["relu"] => Some(true),
        _ => None,
    }
}

impl Layer {
    /// The layer that a line's words describe.
    pub(crate) fn parse(words: &[&str]) -> Option<Self> {
        match words {
            ["conv", i, o, h, w, "stride", s, "pad", p, tail @ ..] => Some(Layer::Conv {
                input: size(i)?,
                output: size(o)?,
                height: size(h)?,
                width: size(w)?,
                stride: size(s)?,
                pad: short(p, 0)?,
                relu: relu(tail)?,
            }),
            ["linear", i, o, tail @ ..] => Some(Layer::Linear { input: size(i)?, output: size(o)?, relu: relu(tail)? }),
            ["maxpool", k, s] => Some(Layer::MaxPool { kernel: size(k)?, stride: size(s)? }),
            ["relu"] => Some(Layer::Relu),
            ["flatten"] => Some(Layer::Flatten),
            ["softmax"] => Some(Layer::Softmax),
            _ => None,
        }
    }

    /// The first word.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Layer::Conv { .. } => "conv",
            Layer::Linear { .. } => "linear",
            Layer::MaxPool { .. } => "maxpool",
            Layer::Relu => "relu",
            Layer::Flatten => "flatten",
            Layer::Softmax => "softmax",
        }
    }

    /// The shape of the weight, outputs first; empty for a layer without one.
    pub(crate) fn weight_shape(&self) -> Vec<usize> {
        match *self {
            Layer::Conv { input, output, height, width, .. } => vec![output, input, height, width],
            Layer::Linear { input, output, .. } => vec![output, input],
            _ => Vec::new(),
        }
    }

    /// Whether a ReLU follows that the line includes.
    pub(crate) fn has_relu(&self) -> bool {
        matches!(self, Layer::Conv { relu: true, .. } | Layer::Linear { relu: true, .. })
    }

    /// The shape that comes of `shape`, both without the batch.
    ///
    /// # Errors
    /// Expected and got.
    pub(crate) fn apply(&self, shape: &[usize]) -> Result<Vec<usize>, String> {
        match (*self, shape) {
            (Layer::Conv { input, output, height, width, stride, pad, .. }, &[c, h, w]) if c == input => {
                Ok(vec![output, window(h, height, stride, pad)?, window(w, width, stride, pad)?])
            }
            (Layer::Conv { input, .. }, _) => Err(format!("expected {input}xHxW, got {}", show(shape))),
            (Layer::MaxPool { kernel, stride }, &[c, h, w]) => Ok(vec![c, window(h, kernel, stride, 0)?, window(w, kernel, stride, 0)?]),
            (Layer::Linear { input, output, .. }, &[n]) if n == input => Ok(vec![output]),
            (Layer::Linear { input, .. }, _) => Err(format!("expected {input}, got {}", show(shape))),
            (Layer::Flatten, [_, _, _]) => {
                let all = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
                Ok(vec![all.ok_or_else(|| format!("{} overflows", show(shape)))?])
            }
            (Layer::MaxPool { .. } | Layer::Flatten, _) => Err(format!("expected CxHxW, got {}", show(shape))),
            (Layer::Softmax, [_]) | (Layer::Relu, _) => Ok(shape.to_vec()),
            (Layer::Softmax, _) => Err(format!("expected N, got {}", show(shape))),
        }
    }
}

/// `(size + 2 pad - kernel) / stride + 1`.
fn window(size: usize, kernel: usize, stride: usize, pad: usize) -> Result<usize, String> {
    let padded = size + 2 * pad;
    match padded.checked_sub(kernel) {
        Some(rest) => Ok(rest / stride + 1),
        None => Err(format!("a window of {kernel} is larger than the padded input of {padded}")),
    }
}

/// A shape as the format writes it.
pub(crate) fn show(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Layer> {
        Layer::parse(&line.split(' ').collect::<Vec<_>>())
    }

    #[test]
    fn layers_and_their_shapes() {
        let conv = parse("conv 1 8 3 3 stride 1 pad 0 relu").unwrap();
        assert_eq!(conv.apply(&[1, 28, 28]).unwrap(), [8, 26, 26]);
        assert!(conv.has_relu());
        assert_eq!(parse("maxpool 2 2").unwrap().apply(&[8, 27, 26]).unwrap(), [8, 13, 13]);
        assert_eq!(parse("flatten").unwrap().apply(&[8, 13, 13]).unwrap(), [1352]);
        assert_eq!(parse("linear 1352 10").unwrap().apply(&[1352]).unwrap(), [10]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let conv = parse("conv 3 8 5 5 stride 2 pad 1").unwrap();
        assert_eq!(conv.apply(&[1, 28, 28]).unwrap_err(), "expected 3xHxW, got 1x28x28");
        assert_eq!(conv.apply(&[3, 2, 28]).unwrap_err(), "a window of 5 is larger than the padded input of 4");
        assert!(Layer::Softmax.apply(&[1, 2, 3]).is_err());
        assert!(Layer::Flatten.apply(&[7]).is_err());
    }

    #[test]
    fn other_words_are_no_layer() {
        for bad in ["conv 1 8 3 3 stride 0 pad 0", "linear 1 65537", "linear 1 2 gelu", "maxpool 2", "relu 1", "linear 000001 2"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
