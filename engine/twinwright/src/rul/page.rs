//! What `learn rul` and `predict rul` say of themselves: what was used, what was not, and how good it is.

use super::lives::Layout;
use std::fmt::Write;
use std::path::Path;
use twinwright_core::remaining::{Learnt, Lives, Model, Verdict};

pub(super) fn learnt(learnt: &Learnt, layout: &Layout, out: &Path) -> String {
    let (model, checked) = (&learnt.model, &learnt.checked);
    let about = &model.trained;
    let mut page = String::new();
    let _ = writeln!(
        page,
        "learnt from {}: {} units, {} rows, lives of {} to {} cycles, median {}",
        about.data, about.units, about.rows, about.shortest, about.longest, about.median
    );
    let (regimes, moving) = model.found();
    let _ = writeln!(
        page,
        "  unit `{}`, cycle `{}`, {}, {}; {moving} of {} sensors move",
        layout.unit,
        layout.cycle,
        count(model.settings.len(), "setting"),
        count(regimes, "regime"),
        model.sensors.len()
    );
    if !model.still().is_empty() {
        let _ = writeln!(page, "  never moving: {}", model.still().join(", "));
    }
    for (name, why) in &layout.ignored {
        let _ = writeln!(page, "  left out: {name} ({why})");
    }
    if let Some(cap) = model.cap.filter(|cap| about.median > 10.0 * cap) {
        let _ = writeln!(page, "  the median life is more than ten times the cap of {cap}: see --cap");
    }
    if about.units < (2.0 / (1.0 - model.band.coverage)).ceil() as usize {
        let _ = writeln!(
            page,
            "  too few units for a band with a guarantee: it reaches to the largest error that was seen"
        );
    }
    let _ = writeln!(page, "checked on units that were held out ({} folds), truth uncapped", checked.folds);
    let ((rmse, rmse_sd), (nasa, nasa_sd)) = (checked.rmse, checked.nasa);
    let _ = writeln!(
        page,
        "  one row of each, drawn 100 times: RMSE {rmse:.2} +- {rmse_sd:.2} cycles, NASA score {nasa:.0} +- {nasa_sd:.0} per 100 units"
    );
    page.push_str(&figures(&checked.all, model.band.coverage));
    let _ = writeln!(page, "wrote {}", out.display());
    page
}

pub(super) fn predicted(
    model: &Model,
    lives: &Lives,
    verdicts: Option<&(Verdict, Option<Verdict>)>,
    out: Option<&Path>,
) -> String {
    let mut page = String::new();
    let (units, rows) = (count(lives.lives.len(), "unit"), count(lives.rows(), "row"));
    let about = &model.trained;
    let _ =
        writeln!(page, "predicted {units}, {rows}; the model was learnt from {}: {} units", about.data, about.units);
    let beyond = lives.lives.iter().filter(|life| life.last_cycle() > about.longest).count();
    if beyond > 0 {
        let _ = writeln!(page, "  {} older than any unit it was learnt from", count(beyond, "unit"));
    }
    if let Some((all, last)) = verdicts {
        if let Some(last) = last {
            let _ = writeln!(
                page,
                "  at the last row of each: RMSE {:.2}, MAE {:.2} cycles, NASA score {:.1}, within the band {:.1} %",
                last.rmse,
                last.mae,
                last.nasa,
                100.0 * last.covered
            );
        }
        page.push_str(&figures(all, model.band.coverage));
    }
    if let Some(out) = out {
        let _ = writeln!(page, "wrote {}", out.display());
    }
    page
}

fn figures(verdict: &Verdict, coverage: f64) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "  all rows: RMSE {:.2}, MAE {:.2} cycles; the {:.0} % band covers {:.1} %",
        verdict.rmse,
        verdict.mae,
        100.0 * coverage,
        100.0 * verdict.covered
    );
    let met = |(lambda, met, seen): &(f64, usize, usize)| format!("{met} of {seen} at {:.0} % of life", 100.0 * lambda);
    let looked: Vec<String> = verdict.alpha_lambda.iter().filter(|(_, _, seen)| *seen > 0).map(met).collect();
    if !looked.is_empty() {
        let _ = writeln!(text, "  alpha-lambda, units within 20 % of the truth: {}", looked.join(", "));
    }
    if let Some(horizon) = verdict.horizon {
        let _ = writeln!(
            text,
            "  prognostic horizon, within 10 % of life to stay: {horizon:.0} cycles before the end (median)"
        );
    }
    text
}

fn count(number: usize, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}
