//! `report.html`: what a run came to, for a person, as one page that needs nothing from anywhere.
//!
//! [`lookout`] follows a few machines while they run, [`reporter`] hears what the run says and keeps what is worth a
//! picture, [`data`] is what it leaves: plain numbers. The rest draws. Nothing here changes a run, nothing knows the wall
//! clock, and the same run gives the same bytes for any number of threads.

mod bars;
pub mod bulletin;
pub mod data;
pub mod detect;
mod failures;
pub(crate) mod figure;
mod frame;
mod legend;
pub(crate) mod lettering;
pub mod lookout;
mod page;
pub mod picture;
mod repeat;
pub mod reporter;
pub(crate) mod scale;
mod spread;
mod study;
mod svg;
mod table;
mod tables;
mod timeline;
mod traces;

pub use data::ReportData;
pub use page::page;
pub use repeat::command;
pub use reporter::Reporter;

use std::path::Path;

/// What the scenario file asks at its top, and nothing where it cannot be read any more.
pub fn question(scenario: &Path) -> Vec<String> {
    crate::library::read_document(scenario).map(|document| page::question_of(&document.text)).unwrap_or_default()
}
