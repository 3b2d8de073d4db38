//! Names and versions of models, as addresses have them.

use fastserve_serve::{ServeError, is_model_name, parse_version};

/// The name, if it can be one.
///
/// # Errors
/// [`ServeError::Invalid`].
pub fn model(name: &str) -> Result<&str, ServeError> {
    let why = "the name of a model has 1 to 128 letters, digits, `.`, `_` and `-`, and starts with a letter or a digit";
    Some(name).filter(|n| is_model_name(n)).ok_or_else(|| ServeError::Invalid(why.into()))
}

/// The version; an empty text is none.
///
/// # Errors
/// [`ServeError::Invalid`] for anything but a number from 1 on without leading zeros.
pub fn version(text: &str) -> Result<Option<u64>, ServeError> {
    if text.is_empty() {
        return Ok(None);
    }
    let refuse = || ServeError::Invalid("the version of a model is a number from 1 on".into());
    parse_version(text).map(Some).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_a_folder() {
        for good in ["m", "resnet-50.v2_x", "7"] {
            assert_eq!(model(good), Ok(good));
        }
        let long = "m".repeat(129);
        for bad in ["", ".", "..", "-m", "a/b", "a\\b", "a\0", "ä", long.as_str()] {
            assert!(model(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn versions_are_numbers() {
        assert_eq!((version(""), version("12")), (Ok(None), Ok(Some(12))));
        for bad in ["0", "01", "-1", "+1", "1.0", " 1", "99999999999999999999", "v1"] {
            assert!(version(bad).is_err(), "{bad:?}");
        }
    }
}
