//! `fit`: a machine file learnt from a recorded table.
//!
//! What is learnt is the core's (`identify`). The file says in comments where each number comes from, how well it
//! explains rows that were held out, and what the table does not tell. It is checked before it is written.

pub mod arguments;
mod machine;
mod page;
mod recording;
#[cfg(test)]
mod tests;

use crate::Trouble;
use crate::rul::{Answer, write};
use arguments::FitArgs;
use twinwright_core::Document;
use twinwright_core::identify::identify;
use twinwright_core::plan::compile_kind;

pub fn fit(args: &FitArgs) -> Result<Answer, Trouble> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if args.kind.is_empty() || args.kind.len() > 64 || !args.kind.chars().all(plain) {
        let wanted = "lower-case letters, digits and `-`, at most 64";
        return Err(Trouble::Input(format!("--kind `{}` cannot name a kind: {wanted}", args.kind)));
    }
    let recording = recording::read(args)?;
    let (drivers, found) = identify(&recording.record);
    let text = machine::file(&args.kind, &recording, &drivers, &found);
    let name = args.out.as_ref().map_or_else(|| format!("{}.toml", args.kind), |out| out.display().to_string());
    let faults = compile_kind(&Document { name, text: text.clone() });
    if !faults.is_empty() {
        return Err(Trouble::Files(faults));
    }
    let mut answer = Answer::default();
    if !args.quiet {
        answer.page = page::page(&recording, &drivers, &found, args.out.as_deref());
    }
    match &args.out {
        Some(out) => write(out, &text)?,
        None => answer.table = text,
    }
    Ok(answer)
}
