//! `twinwright diagnose`: what is wrong with a machine, from a recorded table or from a live plant's store, in a sentence with the
//! figures behind it. It judges nothing itself: that is the core's.

pub mod arguments;
mod table;

use crate::Trouble;
use crate::live::standing;
use arguments::DiagnoseArgs;
use serde_json::{Value, json};
use std::fmt::Write;
use twinwright_core::diagnosis::Diagnosis;

/// Answers less probable than this are not shown.
const SHOWN: f64 = 0.001;

/// Answers `diagnose`.
pub fn diagnose(args: &DiagnoseArgs) -> Result<String, Trouble> {
    let is_store = ["sqlite:", "postgres:", "postgresql:"].iter().any(|start| args.subject.starts_with(start));
    let refuse = |given: bool, option: &str, of: &str| {
        if given { Err(Trouble::Input(format!("{option} goes with {of}"))) } else { Ok(()) }
    };
    if is_store {
        refuse(args.machine.is_some(), "--machine", "a table; of a store the machine is named by itself")?;
        refuse(args.start.is_some(), "--start", "a table")?;
        refuse(args.machines.is_some(), "--machines", "a table")?;
        return of_store(args);
    }
    refuse(args.at.is_some(), "--at", "a store")?;
    refuse(args.run.is_some(), "--run", "a store")?;
    let read = table::read(args)?;
    Ok(show(args, &read.diagnosis, &read.heading(), read.json()))
}

fn of_store(args: &DiagnoseArgs) -> Result<String, Trouble> {
    let asked = (args.run.as_deref(), args.of.as_str(), &args.at);
    let standing = standing::ask(&args.subject, asked, |mirror, machine| {
        mirror.diagnosis(machine).ok_or_else(|| {
            let why = "no sensor that its machine file knows shows a good value then, so nothing can be said";
            Trouble::Input(format!("{}: {why}", args.of))
        })
    })?;
    let heading = format!("{} at {}, from what its sensors show then", args.of, standing.time);
    let about = json!({ "machine": args.of, "run": standing.run, "at": standing.time.to_string() });
    Ok(show(args, &standing.said, &heading, about))
}

fn show(args: &DiagnoseArgs, diagnosis: &Diagnosis, heading: &str, about: Value) -> String {
    if args.json {
        let mut said = diagnosis.json();
        said["about"] = about;
        return format!("{said:#}\n");
    }
    let mut page = format!("{}\n{heading}\n\n", diagnosis.sentence());
    let _ = writeln!(page, "probability  explains  left over: chi-square, p   answer");
    for answer in diagnosis.answers.iter().filter(|answer| answer.probability >= SHOWN) {
        let percent = 100.0 * answer.probability;
        let _ = if answer.unknown {
            writeln!(page, "{percent:9.1} %         -                         -   {}", answer.sentence())
        } else {
            let (explained, left, chance) = (100.0 * answer.explained, answer.left, answer.chance);
            writeln!(page, "{percent:9.1} %  {explained:6.1} %  {left:13.1}, {chance:9.2e}   {}", answer.sentence())
        };
    }
    page
}
