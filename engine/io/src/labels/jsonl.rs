//! `labels/labels.jsonl`: one object a fault, with all that `truth/labels.csv` says, comms faults among them.

use super::Run;
use super::page::Page;
use crate::{RecordError, RunFolder};
use serde_json::json;
use twinwright_model::Label;

pub(super) fn write(folder: &RunFolder, run: &Run, labels: &[Label]) -> Result<(), RecordError> {
    let mut page = Page::open(folder, "labels/labels.jsonl")?;
    for label in labels.iter().filter(|label| label.future == 0) {
        let line = json!({
            "fault": label.fault,
            "layer": label.layer,
            "kind": label.kind,
            "machine": run.machines.get(label.machine as usize),
            "sensor": label.sensor,
            "start": label.start.to_string(),
            "end": label.end.map(|end| end.to_string()),
            "parameters": label.parameters,
        });
        page.text(&format!("{line}\n"))?;
    }
    page.finish()
}
