//! What a machine file says about its drivers and duty cycles.

use crate::files::leaf::{At, Formula, Named};
use crate::files::numbers::{Lapse, Num, looks_like_a_distribution, span_schema};
use crate::files::sources::Fault;
use crate::files::{Cx, Node, Read, Value};
use crate::spec;
use serde_json::{Value as Json, json};
use twinwright_model::{Mode, Span};

spec! {
    /// A random walk about a mean (Ornstein-Uhlenbeck, exact at any tick).
    pub struct WalkSpec {
        /// The value it returns to.
        mean: Num,
        /// Its stationary standard deviation.
        sd: Num,
        /// How long it remembers: the correlation falls to 1/e in this time.
        memory: Lapse,
    }
}

spec! {
    /// A driver: a number that acts on the machine. One of `value`, `duty`, `mean` with `swing`, `walk`, `feed` or `expr`.
    pub struct DriverTable {
        /// A constant.
        value: Option<Num>,
        /// The name of a duty cycle; its column of this driver's name gives the value.
        duty: Option<At<String>>,
        /// The mean of a sine.
        mean: Option<Num>,
        /// The amplitude of the sine.
        swing: Option<Num>,
        /// The period of the sine.
        period: Option<Lapse>,
        /// The phase of the sine: radians, or a time.
        phase: Option<Phase>,
        /// A random walk.
        walk: Option<WalkSpec>,
        /// A topic or tag of a live feed.
        feed: Option<At<String>>,
        /// The value while a feed has said nothing yet.
        default: Option<Num>,
        /// An expression over other drivers, parameters, wear, true sensor values one tick before, and `running`.
        expr: Option<Formula>,
        /// The unit, for people.
        unit: Option<String>,
        /// The driver follows its source with this time constant.
        lag: Option<Lapse>,
    }
}

/// A phase in radians or as a time.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    Radians(f64),
    Time(Span),
}

impl Read for Phase {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Phase {
        match node.number() {
            Some(radians) => Phase::Radians(radians),
            None => Phase::Time(Span::read(node, cx)),
        }
    }

    fn fallback() -> Phase {
        Phase::Radians(0.0)
    }

    fn schema() -> Json {
        json!({ "anyOf": [{ "type": "number" }, span_schema()] })
    }
}

/// Where a driver's value comes from.
#[derive(Debug, Clone)]
pub enum DriverForm {
    Constant(Num),
    Duty(At<String>),
    Swing {
        mean: Num,
        swing: Num,
        period: Lapse,
        phase: Phase,
    },
    Walk(WalkSpec),
    /// The tag is kept for live mode; a simulation holds the default.
    Feed {
        tag: String,
        default: Num,
    },
    Expr(Formula),
}

/// One driver as the file has it.
#[derive(Debug, Clone)]
pub struct DriverSpec {
    pub form: DriverForm,
    pub unit: String,
    pub lag: Option<Lapse>,
}

impl Read for DriverSpec {
    fn read(node: &Node, cx: &mut Cx<'_>) -> DriverSpec {
        let plain = matches!(node.value, Value::Whole(_) | Value::Decimal(_)) || looks_like_a_distribution(node);
        if plain {
            return DriverSpec { form: DriverForm::Constant(Num::read(node, cx)), unit: String::new(), lag: None };
        }
        if !matches!(node.value, Value::Table(_)) {
            cx.wrong_sort(node, "a number or a table, such as `3.2` or `{ mean = 22, swing = 4, period = \"1 d\" }`");
            return DriverSpec::fallback();
        }
        let table = DriverTable::read(node, cx);
        let (unit, lag) = (table.unit.clone().unwrap_or_default(), table.lag.clone());
        DriverSpec { form: form_of(table, node, cx), unit, lag }
    }

    fn fallback() -> DriverSpec {
        DriverSpec { form: DriverForm::Constant(Num::fixed(1.0)), unit: String::new(), lag: None }
    }

    fn schema() -> Json {
        json!({ "anyOf": [Num::schema(), DriverTable::schema()] })
    }
}

fn form_of(table: DriverTable, node: &Node, cx: &mut Cx<'_>) -> DriverForm {
    const ONE_OF: &str = "one of `value`, `duty`, `mean` with `swing` and `period`, `walk`, `feed` or `expr`";
    let leading = ["value", "duty", "mean", "walk", "feed", "expr"];
    let given: Vec<&str> = leading.into_iter().filter(|key| node.get(key).is_some()).collect();
    if given.len() != 1 {
        let message = match given.as_slice() {
            [] => "this driver has no source".to_owned(),
            many => format!("this driver has {} sources: {}", many.len(), many.join(", ")),
        };
        cx.faults.add(Fault::new(&node.span, "driver", message).expected(ONE_OF));
        return DriverForm::Constant(Num::fixed(1.0));
    }
    let belongs: &[&str] = match given[0] {
        "mean" => &["mean", "swing", "period", "phase"],
        "feed" => &["feed", "default"],
        _ => &[],
    };
    for key in ["swing", "period", "phase", "default"] {
        if let Some(extra) = node.get(key).filter(|_| !belongs.contains(&key)) {
            let message = format!("`{key}` does not belong to a driver with `{}`", given[0]);
            cx.faults.add(Fault::new(&extra.span, "driver", message));
        }
    }
    match table {
        DriverTable { value: Some(value), .. } => DriverForm::Constant(value),
        DriverTable { duty: Some(duty), .. } => DriverForm::Duty(duty),
        DriverTable { walk: Some(walk), .. } => DriverForm::Walk(walk),
        DriverTable { feed: Some(tag), default, .. } => {
            DriverForm::Feed { tag: tag.value, default: default.unwrap_or(Num::fixed(0.0)) }
        }
        DriverTable { expr: Some(expr), .. } => DriverForm::Expr(expr),
        DriverTable { mean: Some(mean), swing, period, phase, .. } => {
            for (key, absent) in [("swing", swing.is_none()), ("period", period.is_none())] {
                if absent {
                    cx.missing(&node.span, key);
                }
            }
            DriverForm::Swing {
                mean,
                swing: swing.unwrap_or(Num::fixed(0.0)),
                period: period.unwrap_or_else(Lapse::fallback),
                phase: phase.unwrap_or(Phase::Radians(0.0)),
            }
        }
        _ => DriverForm::Constant(Num::fixed(1.0)),
    }
}

spec! {
    /// A duty cycle: phases that follow one another and begin again, counted from the start of the scenario.
    pub struct DutySpec {
        /// The phases: `{ for = "16 h", load = 0.85, mode = "running" }`.
        cycle: Vec<PhaseSpec>,
    }
}

/// One phase of a duty cycle: how long, which mode, and a number for each driver that follows it.
#[derive(Debug, Clone)]
pub struct PhaseSpec {
    pub span: crate::files::sources::Bytes,
    pub lasts: Lapse,
    pub mode: Option<At<ModeName>>,
    pub columns: Named<Num>,
}

impl Read for PhaseSpec {
    fn read(node: &Node, cx: &mut Cx<'_>) -> PhaseSpec {
        let entries = cx.table(node, "a phase, such as `{ for = \"16 h\", load = 0.85 }`");
        let columns = entries
            .iter()
            .filter(|(key, _)| !matches!(key.text.as_str(), "for" | "mode"))
            .map(|(key, value)| (At { value: key.text.clone(), span: key.span.clone() }, Num::read(value, cx)))
            .collect();
        PhaseSpec {
            span: node.span.clone(),
            lasts: cx.field(node, "for"),
            mode: cx.field(node, "mode"),
            columns: Named(columns),
        }
    }

    fn fallback() -> PhaseSpec {
        PhaseSpec {
            span: crate::files::sources::NOWHERE,
            lasts: Lapse::fallback(),
            mode: None,
            columns: Named(Vec::new()),
        }
    }

    fn schema() -> Json {
        json!({
            "type": "object",
            "properties": { "for": Lapse::schema(), "mode": ModeName::schema() },
            "required": ["for"],
            "additionalProperties": Num::schema(),
        })
    }
}

/// The name of a mode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModeName(pub Mode);

impl Read for ModeName {
    fn read(node: &Node, cx: &mut Cx<'_>) -> ModeName {
        let known = Mode::ALL.map(Mode::name);
        let Some(text) = node.text() else {
            cx.wrong_sort(node, &format!("a mode: {}", crate::files::names::list(known)));
            return ModeName(Mode::Running);
        };
        ModeName(Mode::from_name(text).unwrap_or_else(|| {
            cx.faults.add(
                Fault::new(&node.span, "mode", format!("`{text}` is not a mode"))
                    .expected(crate::files::names::list(known))
                    .nearest(crate::files::names::nearest(text, known)),
            );
            Mode::Running
        }))
    }

    fn fallback() -> ModeName {
        ModeName(Mode::Running)
    }

    fn schema() -> Json {
        json!({ "enum": Mode::ALL.map(Mode::name) })
    }
}
