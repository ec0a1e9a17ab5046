//! Answers that are kept: one file each in the state folder, mode 0600, so that they outlive the daemon. They hold what
//! commands and formats an endpoint has, and nothing of anybody's data.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::{Buf, Bytes};
use door::keep::Answer;
use psrp::MessageType;

/// How long an answer is good for.
const FRESH: Duration = Duration::from_secs(24 * 3600);
/// What all files together may take, in bytes; beyond it the oldest go.
const ROOM: u64 = 256 << 20;

/// The folder of kept answers.
#[derive(Debug)]
pub(crate) struct Answers {
    folder: PathBuf,
}

impl Answers {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The answer to this question of this remote, if it is there, whole, and no older than a day.
    pub(crate) async fn get(&self, remote: &str, key: &str) -> Option<Answer> {
        let (path, name) = (self.path(remote, key), full(remote, key));
        let read = move || {
            let age = SystemTime::now().duration_since(std::fs::metadata(&path).ok()?.modified().ok()?);
            // One from the future is as old as can be: the clock was set back.
            age.ok().filter(|age| *age < FRESH)?;
            unpack(Bytes::from(std::fs::read(&path).ok()?), &name)
        };
        tokio::task::spawn_blocking(read).await.ok().flatten()
    }

    /// Keeps an answer. Where that fails it is fetched again another time.
    pub(crate) async fn put(&self, remote: &str, key: &str, answer: Answer) {
        let (folder, path, name) = (self.folder.clone(), self.path(remote, key), full(remote, key));
        let written = tokio::task::spawn_blocking(move || {
            crate::folder::prepare(&folder).map_err(std::io::Error::other)?;
            write(&path, &name, &answer.encode())?;
            make_room(&folder);
            Ok::<_, std::io::Error>(())
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "an answer cannot be kept"),
            Err(error) => tracing::warn!(%error, "an answer cannot be kept"),
        }
    }

    /// What was asked of this remote before, whatever became of the answers.
    pub(crate) async fn questions(&self, remote: &str) -> Vec<(MessageType, Bytes)> {
        let (folder, stem, label) = (self.folder.clone(), hash(remote), full(remote, ""));
        let read = move || {
            let mut found = Vec::new();
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                if !entry.file_name().to_string_lossy().starts_with(&stem) {
                    continue;
                }
                let file = std::fs::read(entry.path()).ok().map(Bytes::from).and_then(labelled);
                found.extend(file.filter(|(found, _)| found.starts_with(label.as_bytes())));
            }
            found
        };
        let bodies = tokio::task::spawn_blocking(read).await.unwrap_or_default();
        bodies
            .into_iter()
            .filter_map(|(_, answer)| Answer::decode(answer))
            .map(|answer| (answer.kind, answer.request))
            .collect()
    }

    fn path(&self, remote: &str, key: &str) -> PathBuf {
        self.folder.join(format!("{}-{}.kept", hash(remote), hash(key)))
    }
}

fn full(remote: &str, key: &str) -> String {
    format!("{remote}\n\n{key}")
}

/// FNV-1a: the name only finds the file, what is in it says whether it is the one.
fn hash(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// The label and the rest.
fn labelled(mut bytes: Bytes) -> Option<(Bytes, Bytes)> {
    if bytes.remaining() < 4 {
        return None;
    }
    let size = bytes.get_u32() as usize;
    if bytes.remaining() < size {
        return None;
    }
    let label = bytes.split_to(size);
    Some((label, bytes))
}

fn unpack(bytes: Bytes, name: &str) -> Option<Answer> {
    let (label, answer) = labelled(bytes)?;
    (label == name.as_bytes()).then(|| Answer::decode(answer))?
}

/// A file is there whole or not at all.
fn write(path: &Path, name: &str, answer: &[u8]) -> std::io::Result<()> {
    let unfinished = path.with_extension(format!("{}.new", std::process::id()));
    let size = u32::try_from(name.len()).map_err(std::io::Error::other)?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(&size.to_be_bytes())?;
    file.write_all(name.as_bytes())?;
    file.write_all(answer)?;
    drop(file);
    std::fs::rename(unfinished, path)
}

fn make_room(folder: &Path) {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let found = entry.metadata().ok()?;
            Some((found.modified().ok()?, found.len(), entry.path()))
        })
        .collect();
    files.sort();
    let mut all: u64 = files.iter().map(|(_, size, _)| size).sum();
    for (_, size, path) in files {
        if all <= ROOM {
            return;
        }
        all -= size;
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn answer(body: &'static str) -> Answer {
        Answer {
            kind: MessageType::GetCommandMetadata,
            request: Bytes::from_static(b"asked"),
            messages: vec![(MessageType::PipelineOutput, Bytes::from_static(body.as_bytes()))],
            state: Bytes::from_static(b"done"),
        }
    }

    #[tokio::test]
    async fn an_answer_is_for_its_question_and_its_remote() {
        let folder = tempfile::tempdir().unwrap();
        let answers = Answers::new(folder.path().join("kept"));
        answers.put("mail", "formats", answer("one")).await;
        assert_eq!(answers.get("mail", "formats").await, Some(answer("one")));
        assert_eq!(answers.get("mail", "metadata").await, None);
        assert_eq!(answers.get("other", "formats").await, None);
        assert_eq!(answers.questions("mail").await.len(), 1);
        let path = answers.path("mail", "formats");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        // A file that another key happens to name is not taken for the answer.
        std::fs::rename(&path, answers.path("other", "formats")).unwrap();
        assert_eq!(answers.get("other", "formats").await, None);
    }

    #[tokio::test]
    async fn an_answer_is_good_for_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let answers = Answers::new(folder.path().join("kept"));
        answers.put("mail", "formats", answer("one")).await;
        let file = std::fs::File::options()
            .write(true)
            .open(answers.path("mail", "formats"))
            .unwrap();
        for (age, found) in [(FRESH - Duration::from_secs(60), true), (FRESH, false)] {
            file.set_modified(SystemTime::now() - age).unwrap();
            assert_eq!(answers.get("mail", "formats").await.is_some(), found, "{age:?}");
        }
        assert_eq!(answers.questions("mail").await.len(), 1, "it can still be asked again");
    }
}
