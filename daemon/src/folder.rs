//! The state folder: the user's own, closed to others, on a disk of this machine.

use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Why a folder cannot hold the daemon's state.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    #[error("{path} cannot be made or read: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{path} is a symbolic link or no folder; remove it, psleased makes its own")]
    NotAFolder { path: PathBuf },
    #[error("{path} belongs to uid {owner}, not to you (uid {uid}); set PSLEASE_HOME to a folder of your own")]
    NotOurs { path: PathBuf, owner: u32, uid: u32 },
    #[error("{path} is on a network file system ({kind}), where locks do not hold; set PSLEASE_HOME to a local folder")]
    Network { path: PathBuf, kind: &'static str },
}

/// Makes the folder if it is not there, checks that it is a folder of ours and no link, and closes it to others.
pub(crate) fn prepare(path: &Path) -> Result<(), FolderError> {
    prepare_for(path, crate::sys::uid())?;
    match crate::sys::network_file_system(path) {
        Ok(Some(kind)) => Err(FolderError::Network {
            path: path.to_path_buf(),
            kind,
        }),
        Ok(None) => Ok(()),
        Err(source) => Err(FolderError::Io {
            path: path.to_path_buf(),
            source,
        }),
    }
}

fn prepare_for(path: &Path, uid: u32) -> Result<(), FolderError> {
    let io = |source| FolderError::Io {
        path: path.to_path_buf(),
        source,
    };
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(io)?;
    }
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(io(error)),
        Ok(()) | Err(_) => {}
    }
    let found = std::fs::symlink_metadata(path).map_err(io)?;
    if !found.is_dir() {
        return Err(FolderError::NotAFolder {
            path: path.to_path_buf(),
        });
    }
    if found.uid() != uid {
        return Err(FolderError::NotOurs {
            path: path.to_path_buf(),
            owner: found.uid(),
            uid,
        });
    }
    if found.mode() & 0o077 != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).map_err(io)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_and_closed_to_others() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        prepare(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        prepare(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_link_a_file_and_somebody_elses_folder_are_refused() {
        let parent = tempfile::tempdir().unwrap();
        let real = parent.path().join("real");
        prepare(&real).unwrap();
        let link = parent.path().join("link");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert!(matches!(prepare(&link), Err(FolderError::NotAFolder { .. })));
        let file = parent.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(matches!(prepare(&file), Err(FolderError::NotAFolder { .. })));
        let other = crate::sys::uid().wrapping_add(1);
        assert!(matches!(prepare_for(&real, other), Err(FolderError::NotOurs { .. })));
    }
}
