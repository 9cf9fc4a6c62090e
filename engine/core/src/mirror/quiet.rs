//! A model without luck: what wanders by chance is held where the filter puts it. Nothing else about it differs, and the plan
//! that it came from is left as it is.

use crate::drivers::Source;
use crate::plan::{Model, Plan};
use std::sync::Arc;

/// The same plan with walks that stand still until somebody moves them.
pub fn quieten(plan: &Plan) -> Arc<Plan> {
    let mut quiet = plan.clone();
    quiet.models.iter_mut().for_each(quieten_model);
    Arc::new(quiet)
}

fn quieten_model(model: &mut Model) {
    for driver in &mut model.drivers {
        if let Source::Walk { slot, .. } = driver.source {
            driver.source = Source::Held { slot };
        }
    }
    model.walks = 0;
}

/// Lets a driver be told from outside, whatever its file says of it; returns the slot that holds its value. None where there is no
/// such driver, or where it follows from others.
pub fn hold(model: &mut Model, driver: &str) -> Option<u16> {
    let number = model.drivers.iter().position(|one| one.name == driver)?;
    let slot = match model.drivers[number].source {
        Source::Tape { .. } => return None,
        Source::Held { slot } | Source::Walk { slot, .. } => slot,
        Source::Duty { .. } | Source::Swing { .. } => {
            model.slots += 1;
            model.slots - 1
        }
    };
    model.drivers[number].source = Source::Held { slot };
    if !model.loads.contains(&slot) {
        model.loads.push(slot);
    }
    Some(slot)
}
