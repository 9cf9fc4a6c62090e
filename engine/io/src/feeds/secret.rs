//! Secrets, read when they are needed, so that a new one counts from the next connection on. No message ever holds one.

use std::path::Path;
use twinwright_model::feeds::Secret;

/// A file's first line or an environment variable; a relative path begins at `folder`.
pub(super) fn read(secret: &Secret, folder: &Path) -> Result<String, String> {
    match secret {
        Secret::Env(name) => std::env::var(name).map_err(|_| format!("the environment has no `{name}`")),
        Secret::File(path) => {
            let path = folder.join(path);
            let text = std::fs::read_to_string(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
            match text.lines().next().unwrap_or_default() {
                "" => Err(format!("{} is empty; expected a secret in its first line", path.display())),
                line => Ok(line.to_owned()),
            }
        }
    }
}
