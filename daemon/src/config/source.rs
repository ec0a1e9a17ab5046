//! The file behind the configuration: looked at before each request, read again when it has changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::{Config, ConfigError, Profile};

/// What the file looked like when it was read.
type Stamp = Option<(SystemTime, u64)>;

/// The configuration as it counts now.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    last: Mutex<Last>,
}

#[derive(Debug)]
struct Last {
    stamp: Stamp,
    good: Arc<Config>,
    /// What is wrong with the file as it stands, if it is not what counts.
    bad: Option<ConfigError>,
    /// Whether any version of it could be read.
    any: bool,
}

/// The configuration and what came of the look at it.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub(crate) config: Arc<Config>,
    /// Set while a bad edit stands: `config` is then the last good one.
    pub(crate) bad: Option<ConfigError>,
    /// Whether this look found an edit.
    pub(crate) changed: bool,
}

impl Source {
    /// A source that has read nothing yet.
    pub(crate) fn new(path: PathBuf) -> Self {
        let last = Last {
            stamp: None,
            good: Arc::default(),
            bad: None,
            any: false,
        };
        Self {
            path,
            last: Mutex::new(last),
        }
    }

    /// The configuration that counts, without a look at the file.
    pub(crate) fn last(&self) -> Arc<Config> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).good.clone()
    }

    /// Looks at the file, and reads it if it has changed. An error only where no version of it was ever good.
    pub(crate) fn look(&self) -> Result<Current, ConfigError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(&self.path);
        let changed = stamp != last.stamp || !last.any && last.bad.is_none();
        if changed {
            last.stamp = stamp;
            match read(&self.path) {
                Ok(mut config) => {
                    config.derived = last.good.kept(&config);
                    last.good = Arc::new(config);
                    last.bad = None;
                    last.any = true;
                }
                Err(error) => {
                    tracing::warn!(%error, "the configuration cannot be read");
                    last.bad = Some(error);
                }
            }
        }
        match &last.bad {
            Some(error) if !last.any => Err(error.clone()),
            bad => Ok(Current {
                config: last.good.clone(),
                bad: bad.clone(),
                changed,
            }),
        }
    }
}

fn stamp(path: &Path) -> Stamp {
    let found = std::fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}

impl Source {
    /// Adds a profile that a request made, and takes out those of them that nobody needs.
    pub(crate) fn add_derived(&self, profile: Arc<Profile>, needed: impl Fn(&str) -> bool) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut config = Config::clone(&last.good);
        config.derived.retain(|name, _| needed(name));
        config.derived.insert(profile.name.clone(), profile);
        last.good = Arc::new(config);
    }
}

impl Config {
    /// The derived profiles whose base is still configured.
    fn kept(&self, now: &Self) -> BTreeMap<String, Arc<Profile>> {
        let lives = |profile: &Profile| {
            let base = profile.connector.base.as_ref();
            base.is_none_or(|base| now.profiles.contains_key(base))
        };
        let kept = self.derived.iter().filter(|(_, profile)| lives(profile));
        kept.map(|(name, profile)| (name.clone(), profile.clone())).collect()
    }
}

/// A file that is not there says nothing, which is allowed.
fn read(path: &Path) -> Result<Config, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Config::read(path, &text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Config::default()),
        Err(error) => Err(ConfigError::Unreadable {
            file: path.to_path_buf(),
            message: error.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_counts_and_a_bad_one_keeps_the_last_good() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let source = Source::new(path.clone());
        assert!(source.look().unwrap().config.profiles.is_empty());

        std::fs::write(
            &path,
            "version = 1\n[profile.a]\ntemplate = \"winrm\"\nhost = \"h\"\nadmin = \"x\"\n",
        )
        .unwrap();
        let good = source.look().unwrap();
        assert!(good.changed && good.config.profiles.contains_key("a"));
        assert!(!source.look().unwrap().changed);

        std::fs::write(&path, "version = 1\nnonsense = 3\n").unwrap();
        let kept = source.look().unwrap();
        assert!(kept.config.profiles.contains_key("a"));
        assert!(kept.bad.unwrap().to_string().contains(":2: nonsense: unknown key"));
    }

    #[test]
    fn a_file_that_was_never_good_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "version = 1\nnonsense = 3\n").unwrap();
        let source = Source::new(path);
        assert!(source.look().is_err());
        assert!(source.look().is_err(), "and stays one");
    }
}
