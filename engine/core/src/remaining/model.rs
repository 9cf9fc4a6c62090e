//! A learnt model as a value: what it was trained on, how it answers, and its JSON with a digest.
//!
//! A model that was changed by hand, or that a later version wrote, is refused: a wrong answer would not look wrong.

use super::course::{Course, Scales};
use super::interval::Band;
use super::lives::Life;
use super::regimes::Regimes;
use super::solve::Solved;
use crate::digest::Hash;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The schema line of a model's file.
pub const MODEL_SCHEMA: &str = "rul-model/1";

/// What a model was learnt from, for people.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Training {
    pub data: String,
    pub version: String,
    pub units: usize,
    pub rows: usize,
    /// Lives in cycles.
    pub shortest: f64,
    pub median: f64,
    pub longest: f64,
    /// How far off it was on units that were held out, at rows drawn as a user would meet them.
    pub checked_rmse: f64,
}

/// A model of remaining life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    pub trained: Training,
    pub unit_column: String,
    pub cycle_column: String,
    pub settings: Vec<String>,
    pub sensors: Vec<String>,
    /// Lives left beyond this were all taught as this.
    pub cap: Option<f64>,
    pub(super) scales: Scales,
    pub(super) regimes: Regimes,
    pub(super) solved: Solved,
    pub band: Band,
}

/// The life left after one row, in cycles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Predicted {
    pub rul: f64,
    pub low: f64,
    pub high: f64,
}

/// Why a text is no model.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelError {
    NotAModel(String),
    OtherSchema(String),
    Changed,
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelError::NotAModel(why) => write!(f, "this is no model that `learn rul` wrote: {why}"),
            ModelError::OtherSchema(found) => write!(f, "its schema is `{found}`; expected `{MODEL_SCHEMA}`"),
            ModelError::Changed => {
                write!(f, "it was changed after it was learnt: its digest does not match; learn it again")
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Sealed<M> {
    schema: String,
    digest: String,
    model: M,
}

impl Model {
    /// One prediction for each row of a unit, each from that row and those before it.
    pub fn predict(&self, life: &Life) -> Vec<Predicted> {
        let mut course = Course::new(&self.regimes, self.scales);
        let (mut numbers, mut near) = (Vec::new(), Vec::new());
        let mut out = Vec::with_capacity(life.len());
        for row in 0..life.len() {
            let settings = life.settings_at(row, self.settings.len());
            let sensors = life.sensors_at(row, self.sensors.len());
            course.hear(life.cycles[row], settings, sensors, &mut numbers);
            let rul = self.solved.answer(&numbers, &mut near).clamp(0.0, self.cap.unwrap_or(f64::MAX));
            let (low, high) = self.band.around(rul);
            out.push(Predicted { rul, low, high });
        }
        out
    }

    /// How many operating regimes were found, and how many sensors move within them.
    pub fn found(&self) -> (usize, usize) {
        (self.regimes.count(), self.regimes.moving.len())
    }

    /// Sensors that say nothing: they never move.
    pub fn still(&self) -> Vec<&str> {
        let moves = |at: &usize| self.regimes.moving.contains(at);
        (0..self.sensors.len()).filter(|at| !moves(at)).map(|at| self.sensors[at].as_str()).collect()
    }

    pub fn to_json(&self) -> Result<String, ModelError> {
        let model = serde_json::to_string(self).map_err(|error| ModelError::NotAModel(error.to_string()))?;
        let sealed = Sealed { schema: MODEL_SCHEMA.to_owned(), digest: digest(&model), model: self };
        serde_json::to_string(&sealed).map(|text| text + "\n").map_err(|error| ModelError::NotAModel(error.to_string()))
    }

    pub fn from_json(text: &str) -> Result<Model, ModelError> {
        let not_a_model = |error: serde_json::Error| ModelError::NotAModel(error.to_string());
        let loose: Sealed<serde_json::Value> = serde_json::from_str(text).map_err(not_a_model)?;
        if loose.schema != MODEL_SCHEMA {
            return Err(ModelError::OtherSchema(loose.schema));
        }
        if digest(&loose.model.to_string()) != loose.digest {
            return Err(ModelError::Changed);
        }
        let model: Model = serde_json::from_value(loose.model).map_err(not_a_model)?;
        let sound = model.scales.is_sound()
            && model.band.is_sound()
            && model.regimes.width() == model.settings.len()
            && model.regimes.is_sound(model.sensors.len())
            && model.solved.is_sound(Course::width(&model.regimes));
        if sound { Ok(model) } else { Err(ModelError::NotAModel("its parts do not fit together".to_owned())) }
    }
}

fn digest(model: &str) -> String {
    let mut hash = Hash::default();
    hash.text(model);
    format!("{:032x}", hash.finish())
}
