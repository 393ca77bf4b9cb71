//! Bytes from the file system that are nearly always UTF-8.

use std::fmt;
use std::path::Path;

/// Text for people and models, with the exact bytes kept when they are not valid UTF-8.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LossyText {
    /// The text, with U+FFFD in place of each invalid sequence.
    pub text: String,
    /// The original bytes, present only when `text` differs from them.
    pub raw: Option<Vec<u8>>,
}

impl LossyText {
    /// Decodes `bytes`, keeping them only if something was lost.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self { text: text.to_owned(), raw: None },
            Err(_) => Self { text: String::from_utf8_lossy(bytes).into_owned(), raw: Some(bytes.to_vec()) },
        }
    }

    /// A relative path with forward slashes on every platform.
    ///
    /// On Windows a name that is not valid UTF-16 is shown lossily and has no raw form.
    #[must_use]
    pub fn from_path(path: &Path) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            Self::from_bytes(path.as_os_str().as_bytes())
        }
        #[cfg(not(unix))]
        {
            let text = path.to_string_lossy();
            let text = if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() };
            Self { text, raw: None }
        }
    }

    /// The exact bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.text.as_bytes())
    }
}

impl fmt::Display for LossyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
