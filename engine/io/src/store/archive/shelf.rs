//! Where archives lie: a folder (`file:/srv/archive`) or a bucket (`s3://bucket/plant`), and how files get there whole.
//!
//! A file has its name only when all of it is there and safe, and never takes the place of another one. What a bucket is
//! opened with (keys, region, endpoint) comes from the usual `AWS_` variables and stands in no address.

use crate::outlets::trouble::OutletTrouble;
use bytes::Bytes;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Error, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutPayload, RenameOptions, RenameTargetMode,
    RetryConfig,
};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Bytes that are kept until they are sent; a file that is smaller goes at once.
const PART: usize = 8 * 1024 * 1024;
/// Folders and name of a file below the shelf: table, year, name.
const STEPS: usize = 3;

/// A place for archives.
#[derive(Debug)]
pub struct Shelf {
    /// As it is remembered: `file:/srv/archive` or `s3://bucket/plant`.
    url: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Folder(PathBuf),
    Bucket { store: Arc<dyn ObjectStore>, prefix: String },
}

/// A file on its way.
pub struct Parcel<'a> {
    shelf: &'a Shelf,
    name: String,
    waiting: Vec<u8>,
    parts: Option<Box<dyn MultipartUpload>>,
}

/// What became of a file.
#[derive(Debug, PartialEq)]
pub enum Put {
    Done,
    /// There is one of that name already.
    Taken,
}

impl std::fmt::Debug for Parcel<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parcel").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Shelf {
    /// From the text of an address; nothing is touched yet.
    pub fn parse(url: &str) -> Result<Shelf, OutletTrouble> {
        if let Some(rest) = url.strip_prefix("file:") {
            return in_folder(url, rest);
        }
        match url.strip_prefix("s3://") {
            Some(rest) => in_bucket(url, rest),
            None => Err(OutletTrouble::input(format!(
                "`{url}` is no place for archives; expected such as `file:/srv/archive` or `s3://bucket/plant`"
            ))),
        }
    }

    /// The shelf of a file that was written before, and the file's name on it.
    pub fn of_file(url: &str) -> Result<(Shelf, String), OutletTrouble> {
        let steps: Vec<&str> = url.rsplitn(STEPS + 1, '/').collect();
        let [name, year, table, root] = steps[..] else {
            return Err(OutletTrouble::lasting(format!("archive {url}: this is no address of an archive's file")));
        };
        Ok((Shelf::parse(root)?, format!("{table}/{year}/{name}")))
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address of one file.
    pub fn url_of(&self, name: &str) -> String {
        format!("{}/{name}", self.url)
    }

    fn path(&self, name: &str) -> Path {
        match &self.kind {
            Kind::Folder(_) => Path::from(name),
            Kind::Bucket { prefix, .. } => Path::from(format!("{prefix}/{name}")),
        }
    }

    fn folder(&self) -> Option<&PathBuf> {
        match &self.kind {
            Kind::Folder(folder) => Some(folder),
            Kind::Bucket { .. } => None,
        }
    }

    /// Opens a folder, which `make` makes where it is missing.
    fn ready(&self, make: bool) -> Result<Arc<dyn ObjectStore>, OutletTrouble> {
        let folder = match &self.kind {
            Kind::Folder(folder) => folder,
            Kind::Bucket { store, .. } => return Ok(store.clone()),
        };
        if make {
            std::fs::create_dir_all(folder)
                .map_err(|error| OutletTrouble::lasting(format!("archive {}: cannot make it: {error}", self.url)))?;
        }
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| self.trouble(&self.url, &error))?;
        Ok(Arc::new(store.with_fsync(true)))
    }

    /// How long a file is; None where there is none.
    pub async fn size(&self, name: &str) -> Result<Option<u64>, OutletTrouble> {
        if self.folder().is_some_and(|folder| !folder.is_dir()) {
            return Ok(None);
        }
        match self.ready(false)?.head(&self.path(name)).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.trouble(&self.url_of(name), &error)),
        }
    }

    /// Some bytes of a file.
    pub async fn bytes(&self, name: &str, range: Range<u64>) -> Result<Bytes, OutletTrouble> {
        let got = self.ready(false)?.get_range(&self.path(name), range).await;
        got.map_err(|error| self.trouble(&self.url_of(name), &error))
    }

    /// Begins a file.
    pub fn parcel(&self, name: &str) -> Result<Parcel<'_>, OutletTrouble> {
        self.ready(true)?;
        self.sweep(name);
        Ok(Parcel { shelf: self, name: name.to_owned(), waiting: Vec::new(), parts: None })
    }

    /// Takes away what a program that was killed left of this file: unfinished ones end in `#` and a number.
    pub(super) fn sweep(&self, name: &str) {
        let Some(path) = self.folder().map(|folder| folder.join(name)) else { return };
        let (Some(parent), Some(own)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
            return;
        };
        for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
            let left =
                entry.file_name().to_str().and_then(|name| name.strip_prefix(own)?.rsplit_once('#')).is_some_and(
                    |(between, number)| {
                        matches!(between, "" | STAGED) && number.bytes().all(|byte| byte.is_ascii_digit())
                    },
                );
            if left {
                // Whoever still writes it finds it gone and says so.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    fn trouble(&self, url: &str, error: &Error) -> OutletTrouble {
        let mut said = said(error);
        if said.contains("URL scheme is not allowed") {
            said = "plain HTTP is used only with AWS_ALLOW_HTTP=true".to_owned();
        }
        match error {
            Error::NotFound { .. } => OutletTrouble::lasting(format!("archive {url}: it is not there: {said}")),
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                OutletTrouble::lasting(format!("archive {url}: the keys or rights do not suffice: {said}"))
            }
            _ => OutletTrouble::lasting(format!("archive {url}: {said}")),
        }
    }
}

/// What a large file is called in a folder until it is whole.
const STAGED: &str = ".part";

impl Parcel<'_> {
    pub async fn add(&mut self, bytes: &[u8]) -> Result<(), OutletTrouble> {
        self.waiting.extend_from_slice(bytes);
        while self.waiting.len() >= PART {
            let rest = self.waiting.split_off(PART);
            let part = std::mem::replace(&mut self.waiting, rest);
            self.send(part).await?;
        }
        Ok(())
    }

    /// Where a large file gathers: a bucket shows nothing before it is whole, a folder would.
    fn gathering(&self) -> Path {
        let staged = if self.shelf.folder().is_some() { STAGED } else { "" };
        self.shelf.path(&format!("{}{staged}", self.name))
    }

    async fn send(&mut self, part: Vec<u8>) -> Result<(), OutletTrouble> {
        let url = self.shelf.url_of(&self.name);
        let wrong = |error: Error| self.shelf.trouble(&url, &error);
        if self.parts.is_none() {
            let begun = self.shelf.ready(true)?.put_multipart(&self.gathering()).await;
            self.parts = Some(begun.map_err(wrong)?);
        }
        match &mut self.parts {
            Some(parts) => {
                parts.put_part(PutPayload::from(part)).await.map_err(|error| self.shelf.trouble(&url, &error))
            }
            None => Ok(()),
        }
    }

    /// All of it is there: gives it its name, unless that is taken.
    pub async fn finish(mut self) -> Result<Put, OutletTrouble> {
        let (shelf, url) = (self.shelf, self.shelf.url_of(&self.name));
        let rest = std::mem::take(&mut self.waiting);
        let (store, path) = (shelf.ready(true)?, shelf.path(&self.name));
        let done = if self.parts.is_none() {
            store.put_opts(&path, PutPayload::from(rest), PutMode::Create.into()).await.map(|_| ())
        } else {
            if !rest.is_empty() {
                self.send(rest).await?;
            }
            // A bucket has no way to finish a large file only if there is none of its name: looked at just before.
            if shelf.size(&self.name).await?.is_some() {
                self.abandon().await;
                return Ok(Put::Taken);
            }
            match self.parts.as_mut() {
                Some(parts) => match parts.complete().await {
                    Ok(_) if shelf.folder().is_some() => {
                        let only_new = RenameOptions::new().with_target_mode(RenameTargetMode::Create);
                        store.rename_opts(&self.gathering(), &path, only_new).await
                    }
                    done => done.map(|_| ()),
                },
                None => Ok(()),
            }
        };
        match done {
            Ok(()) => Ok(Put::Done),
            Err(Error::AlreadyExists { .. }) => Ok(Put::Taken),
            Err(error) => {
                self.abandon().await;
                Err(shelf.trouble(&url, &error))
            }
        }
    }

    /// Leaves nothing behind.
    pub async fn abandon(mut self) {
        if let Some(mut parts) = self.parts.take() {
            // There is nothing else to try: what stays in a bucket is for its own rules to clear.
            let _ = parts.abort().await;
        }
    }
}

fn in_folder(url: &str, rest: &str) -> Result<Shelf, OutletTrouble> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    let folder = std::path::absolute(path).map_err(|error| {
        OutletTrouble::input(format!("`{url}` names no folder: {error}; expected such as `file:/srv/archive`"))
    })?;
    let Some(text) = folder.to_str() else {
        return Err(OutletTrouble::input(format!("`{url}`: the folder's name is no text")));
    };
    let url = format!("file:{text}");
    Ok(Shelf { url, kind: Kind::Folder(folder) })
}

fn in_bucket(url: &str, rest: &str) -> Result<Shelf, OutletTrouble> {
    // The first one stays; whoever else needs one takes the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() || bucket.contains(['?', '@', ':']) {
        let expected = "expected such as `s3://bucket/plant`; keys, region and endpoint come from AWS_ variables";
        return Err(OutletTrouble::input(format!("`s3:` names no bucket; {expected}")));
    }
    let retry = RetryConfig { max_retries: 4, retry_timeout: Duration::from_secs(60), ..RetryConfig::default() };
    let built = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry).build();
    let store = built.map_err(|error| OutletTrouble::input(format!("archive {url}: {}", said(&error))))?;
    let prefix = prefix.trim_matches('/').to_owned();
    let url = format!("s3://{}", rest.trim_end_matches('/'));
    Ok(Shelf { url, kind: Kind::Bucket { store: Arc::new(store), prefix } })
}

/// An error and what is behind it, as one line.
fn said(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(behind) = source {
        let more = behind.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = behind.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
