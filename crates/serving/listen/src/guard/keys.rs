//! Keys, of which only hashes are kept.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Asking models, and what there is.
    Infer,
    /// Loading, unloading, settings.
    Admin,
    /// Metrics.
    Metrics,
}

impl Scope {
    const ALL: [Scope; 3] = [Scope::Infer, Scope::Admin, Scope::Metrics];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Infer => "infer",
            Scope::Admin => "admin",
            Scope::Metrics => "metrics",
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == text)
    }
}

/// A key that lets somebody in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name, for rates and logs.
    pub id: String,
    scopes: Vec<Scope>,
    sha256: [u8; 32],
}

impl Key {
    /// Whether it is for this.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// All keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(Vec<Key>);

/// Why a file of keys cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected NAME:SCOPE[,SCOPE]:SHA256, {why}")]
pub struct KeyError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Keys {
    /// Reads lines `NAME:SCOPE[,SCOPE]:SHA256`; empty ones and those that begin with `#` are left out.
    ///
    /// # Errors
    /// A line that is not like that, or a name that comes twice.
    ///
    /// ```
    /// use fastserve_listen::{Keys, Scope};
    ///
    /// let keys = Keys::parse("# of \"secret\"\nme:infer,metrics:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\n")?;
    /// assert!(keys.find("secret").is_some_and(|k| k.allows(Scope::Infer) && !k.allows(Scope::Admin)));
    /// assert!(keys.find("Secret").is_none());
    /// # Ok::<(), fastserve_listen::KeyError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys: Vec<Key> = Vec::new();
        for (at, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty() && !l.starts_with('#')) {
            let wrong = |why| KeyError { line: at + 1, why };
            let key = key(line.trim()).map_err(wrong)?;
            if keys.iter().any(|k| k.id == key.id) {
                return Err(wrong("this name is there already"));
            }
            keys.push(key);
        }
        Ok(Self(keys))
    }

    /// The key whose hash is that of this text. All are compared, and each in full, so that time tells nothing.
    pub fn find(&self, text: &str) -> Option<&Key> {
        let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        self.0.iter().fold(None, |found, key| if bool::from(key.sha256.ct_eq(&hash)) { Some(key) } else { found })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn key(line: &str) -> Result<Key, &'static str> {
    let mut parts = line.split(':');
    let (Some(id), Some(scopes), Some(hash), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err("got another number of parts");
    };
    if id.is_empty() {
        return Err("got no name");
    }
    let scopes: Option<Vec<Scope>> = scopes.split(',').map(Scope::parse).collect();
    let scopes = scopes.ok_or("the scopes are infer, admin and metrics")?;
    Ok(Key { id: id.to_owned(), scopes, sha256: bytes(hash).ok_or("the hash is 64 hexadecimal digits")? })
}

fn bytes(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, place) in out.iter_mut().enumerate() {
        *place = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(out)
}

/// A new key for these scopes: the key, and the line of the file that lets it in.
///
/// # Errors
/// The system gives no random numbers.
pub fn new_key(id: &str, scopes: &[Scope]) -> std::io::Result<(String, String)> {
    let mut random = [0u8; 32];
    getrandom::fill(&mut random).map_err(std::io::Error::other)?;
    let key = format!("fs-{}", hexadecimal(&random));
    let names: Vec<&str> = scopes.iter().map(|s| s.name()).collect();
    let line = format!("{id}:{}:{}", names.join(","), hexadecimal(&Sha256::digest(key.as_bytes())));
    Ok((key, line))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
