//! A certificate that nobody trusts yet, kept so that a person can look at it and name it with `ca`.

use std::path::Path;

/// Writes the server's own certificate as PEM, by which `ca` can trust it. Gives the path; `None` where nothing can be
/// written.
pub(super) fn keep(folder: &Path, found: &link::Certificate) -> Option<String> {
    if found.pem.is_empty() {
        return None;
    }
    let name: String = found
        .names
        .first()
        .unwrap_or(&found.subject)
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || ".-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .take(80)
        .collect();
    let mark: String = found.sha256.chars().filter(char::is_ascii_hexdigit).take(8).collect();
    let path = folder.join(format!("{name}-{mark}.pem"));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, &found.pem));
    if let Err(error) = &written {
        tracing::debug!(%error, "the certificate cannot be kept");
    }
    written.is_ok().then(|| path.display().to_string())
}
