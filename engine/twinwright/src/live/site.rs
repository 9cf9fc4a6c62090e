//! A site's file on its way to a plan, with the texts that it was compiled from.

use super::Settings;
use crate::Trouble;
use crate::library::{Kinds, read_document};
use crate::memory::{Sources, Witness};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use twinwright_core::Document;
use twinwright_core::site::{SitePlan, compile};
use twinwright_model::Time;

/// Reads and compiles a site as one that begins at 1970: when it begins is known later, and no matter of its digest.
pub fn read_site(settings: &Settings) -> Result<(SitePlan, Sources), Trouble> {
    let document = match &settings.text {
        Some(text) => Document { name: settings.site.display().to_string(), text: text.clone() },
        None => read_document(&settings.site)?,
    };
    let witness = Witness::of(Kinds::beside(&settings.site, settings.kinds.as_deref()));
    let site = compile(&document, &witness, Time(0)).map_err(Trouble::Files)?;
    Ok((site, witness.sources(&document)))
}

/// The same site, beginning at an instant.
pub fn beginning(mut site: SitePlan, start: Time) -> Arc<SitePlan> {
    let mut plan = (*site.plan).clone();
    plan.start = start;
    site.plan = Arc::new(plan);
    Arc::new(site)
}

/// The folder that a site's relative paths begin at.
pub fn folder(settings: &Settings) -> PathBuf {
    settings.site.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf()
}

/// The store's URL: as asked, else as the file says, else a file of the site's name; files of a site lie beside it.
pub fn store_of(settings: &Settings, site: &SitePlan) -> String {
    if let Some(asked) = &settings.store {
        return asked.clone();
    }
    let url = site.store.clone().unwrap_or_else(|| format!("sqlite:{}.db", site.name));
    match url.strip_prefix("sqlite:") {
        Some(path) if !path.starts_with(['/', ':']) && folder(settings) != Path::new(".") => {
            format!("sqlite:{}", folder(settings).join(path).display())
        }
        _ => url,
    }
}
