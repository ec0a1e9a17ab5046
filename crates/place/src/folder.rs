//! The folders.

use std::path::{Path, PathBuf};

use crate::Error;

/// The folders of one user's daemon on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    state: PathBuf,
    config: PathBuf,
}

impl Place {
    /// The place of the user that runs this process, or the one that `PSLEASE_HOME` names.
    ///
    /// The home folder is the account's as the system knows it, so that `HOME`, `XDG_*` and `TMPDIR` change nothing;
    /// only for a uid without an account is the environment asked.
    pub fn find() -> Result<Self, Error> {
        match std::env::var_os("PSLEASE_HOME") {
            Some(home) if !home.is_empty() => {
                let home = PathBuf::from(home);
                if home.is_absolute() {
                    Ok(Self::under(home))
                } else {
                    Err(Error::RelativeHome(home))
                }
            }
            _ => account_home().map(|home| Self::of_home(&home)),
        }
    }

    /// Everything in one folder, as `PSLEASE_HOME` has it.
    pub fn under(folder: impl Into<PathBuf>) -> Self {
        let state = folder.into();
        Self {
            config: state.clone(),
            state,
        }
    }

    fn of_home(home: &Path) -> Self {
        if cfg!(target_os = "macos") {
            let folder = home.join("Library/Application Support/pslease");
            Self {
                config: folder.clone(),
                state: folder,
            }
        } else {
            Self {
                state: home.join(".local/state/pslease"),
                config: home.join(".config/pslease"),
            }
        }
    }

    /// The folder of the books, the lock, the logs and `daemon.json`. The daemon makes it, with mode 0700.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The folder of `config.toml`.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// The profiles and the daemon's own keys.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// By this file a running daemon is found ([`Address`](crate::Address)).
    pub fn daemon_file(&self) -> PathBuf {
        self.state.join("daemon.json")
    }

    /// Where the daemon's socket is unless the path would be too long for one.
    pub fn socket(&self) -> PathBuf {
        self.state.join("psleased.sock")
    }

    /// Held by a client while it starts a daemon, so that a hundred of them start one.
    pub fn start_lock(&self) -> PathBuf {
        self.state.join("start.lock")
    }

    /// The folder of the daily logs.
    pub fn logs(&self) -> PathBuf {
        self.state.join("logs")
    }
}

#[cfg(unix)]
fn account_home() -> Result<PathBuf, Error> {
    let uid = nix::unistd::Uid::effective();
    let account = nix::unistd::User::from_uid(uid).ok().flatten();
    account
        .map(|account| account.dir)
        .filter(|home| home.is_absolute())
        .or_else(|| directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_path_buf()))
        .ok_or(Error::NoHome { uid: uid.as_raw() })
}

#[cfg(not(unix))]
fn account_home() -> Result<PathBuf, Error> {
    directories::BaseDirs::new()
        .map(|dirs| dirs.home_dir().to_path_buf())
        .ok_or(Error::NoHome { uid: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_holds_all_when_it_is_named() {
        let place = Place::under("/srv/x");
        assert_eq!(place.config_file(), Path::new("/srv/x/config.toml"));
        assert_eq!(place.daemon_file(), Path::new("/srv/x/daemon.json"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_home_has_both_folders() {
        let place = Place::of_home(Path::new("/home/kenmyer"));
        assert_eq!(
            place.config_file(),
            Path::new("/home/kenmyer/.config/pslease/config.toml")
        );
        assert_eq!(place.state(), Path::new("/home/kenmyer/.local/state/pslease"));
    }
}
