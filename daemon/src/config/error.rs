//! What is wrong with the configuration, and where.

use std::path::PathBuf;

/// One mistake: `config.toml:7: profile.sfb.max_concurency: unknown key; did you mean max_concurrency?`
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{file}:{line}: {key}{message}", key = if key.is_empty() { String::new() } else { format!("{key}: ") })]
    Mistake {
        file: PathBuf,
        line: usize,
        key: String,
        message: String,
    },
    #[error("{file} cannot be read: {message}")]
    Unreadable { file: PathBuf, message: String },
}
