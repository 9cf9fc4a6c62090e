//! `twinwright store backup` and `twinwright store restore`: a whole store as one file, and back.

use super::arguments::{BackupArgs, RestoreArgs};
use super::progress::Progress;
use super::sizes::bytes;
use super::{Answer, wait};
use crate::Trouble;
use std::sync::atomic::AtomicBool;
use twinwright_io::store::backup::{self, Order, Watch};
use twinwright_io::store::{Place, newest};
use twinwright_model::Time;

pub fn make(args: &BackupArgs, now: Time, stop: &AtomicBool) -> Result<Answer, Trouble> {
    let place = Place::parse(&args.which.url())?;
    let progress = Progress::new();
    let watch = Watch { stop, tell: &|done, of| progress.tell("copied", done, of) };
    let made = wait(async { Ok(backup::backup(&place, &args.to, now, &watch).await?) })?;
    drop(progress);
    let (to, size) = (args.to.display(), bytes(made.bytes as i64));
    let mut text = format!("{to}: {size}, {}\nsha256 {}\n", made.contents, made.sha256);
    if let Some(why) = made.unnoted {
        text += &format!("the store does not know of this backup: {why}\n");
    }
    Ok(Answer::fine(text))
}

pub fn restore(args: &RestoreArgs, now: Time, stop: &AtomicBool) -> Result<Answer, Trouble> {
    let place = Place::parse(&args.which.url())?;
    let progress = Progress::new();
    let watch = Watch { stop, tell: &|done, of| progress.tell("read", done, of) };
    let who = args.who.name();
    let order = Order { force: args.force, who: &who, now };
    let restored = wait(async { Ok(backup::restore(&place, &args.from, &order, &watch).await?) })?;
    drop(progress);
    let mut text = format!("{} from {}: {}\n", place.name(), args.from.display(), restored.contents);
    let newest = newest(place.dialect());
    if restored.schema < newest {
        text += &format!("brought from schema {} to {newest}\n", restored.schema);
    }
    if !restored.had_digest {
        let beside = format!("{}.sha256", args.from.display());
        text += &format!("{beside} is not there: damage that the database itself does not see would not be noticed\n");
    }
    Ok(Answer::fine(text))
}
