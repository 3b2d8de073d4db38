//! `config.json`: what the network is.

use serde::Deserialize;

use crate::error::SafetensorsError;
use crate::limits::{MAX_CONFIG_BYTES, MAX_LAYERS, MAX_SIZE};

/// The keys that matter here; others are ignored.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Config {
    /// Family: `bert`.
    pub model_type: String,
    /// Width of the hidden state.
    pub hidden_size: usize,
    /// Encoder layers.
    pub num_hidden_layers: usize,
    /// Heads of the attention.
    pub num_attention_heads: usize,
    /// Width between the two linear layers of an encoder layer.
    pub intermediate_size: usize,
    /// Words and parts of words.
    pub vocab_size: usize,
    /// Longest sequence.
    pub max_position_embeddings: usize,
    /// Kinds of tokens.
    #[serde(default = "two")]
    pub type_vocab_size: usize,
    /// Function between these layers: `gelu` or `relu`.
    #[serde(default = "gelu")]
    pub hidden_act: String,
    /// Added to variances.
    #[serde(default = "small")]
    pub layer_norm_eps: f32,
    /// `absolute`.
    #[serde(default = "absolute")]
    pub position_embedding_type: String,
}

fn two() -> usize {
    2
}

fn gelu() -> String {
    "gelu".to_owned()
}

fn small() -> f32 {
    1e-12
}

fn absolute() -> String {
    "absolute".to_owned()
}

impl Config {
    /// Reads and checks it.
    ///
    /// # Errors
    /// What is missing, not supported or does not fit.
    pub fn read(json: &[u8]) -> Result<Self, SafetensorsError> {
        if json.len() as u64 > MAX_CONFIG_BYTES {
            return Err(SafetensorsError::Limit(format!("config.json has {} bytes; at most {MAX_CONFIG_BYTES} are read", json.len())));
        }
        Family::check(json)?;
        let config: Self = serde_json::from_slice(json)?;
        config.check_support()?;
        config.check_sizes()?;
        Ok(config)
    }

    /// Width of one head.
    pub(crate) fn head(&self) -> usize {
        self.hidden_size / self.num_attention_heads.max(1)
    }

    fn check_support(&self) -> Result<(), SafetensorsError> {
        let mut wrong = Vec::new();
        let mut check = |key: &str, got: &str, known: &[&str]| {
            if !known.contains(&got) {
                wrong.push(format!("{key} `{}` (known: {})", shown(got), known.join(", ")));
            }
        };
        check("hidden_act", &self.hidden_act, &["gelu", "relu"]);
        check("position_embedding_type", &self.position_embedding_type, &["absolute"]);
        if wrong.is_empty() { Ok(()) } else { Err(SafetensorsError::Unsupported(wrong)) }
    }

    fn check_sizes(&self) -> Result<(), SafetensorsError> {
        let sizes = [
            ("hidden_size", self.hidden_size, MAX_SIZE),
            ("num_hidden_layers", self.num_hidden_layers, MAX_LAYERS),
            ("num_attention_heads", self.num_attention_heads, MAX_SIZE),
            ("intermediate_size", self.intermediate_size, MAX_SIZE),
            ("vocab_size", self.vocab_size, MAX_SIZE),
            ("max_position_embeddings", self.max_position_embeddings, MAX_SIZE),
            ("type_vocab_size", self.type_vocab_size, MAX_SIZE),
        ];
        if let Some((key, got, most)) = sizes.into_iter().find(|(_, got, most)| *got == 0 || got > most) {
            return Err(SafetensorsError::Sizes(format!("{key}: expected 1 to {most}, got {got}")));
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            let (h, n) = (self.hidden_size, self.num_attention_heads);
            return Err(SafetensorsError::Sizes(format!("hidden_size {h} is no multiple of num_attention_heads {n}")));
        }
        Ok(())
    }
}

/// Read first: a config of another family need not have the other keys.
#[derive(Deserialize)]
struct Family {
    model_type: String,
}

impl Family {
    fn check(json: &[u8]) -> Result<(), SafetensorsError> {
        let family: Self = serde_json::from_slice(json)?;
        match family.model_type.as_str() {
            "bert" => Ok(()),
            other => Err(SafetensorsError::Unsupported(vec![format!("model_type `{}` (known: bert)", shown(other))])),
        }
    }
}

/// A word of the file, short and harmless.
fn shown(word: &str) -> String {
    word.chars().take(40).flat_map(char::escape_debug).collect()
}
