//! Detectors against closed forms and against what is written down once more in the tests, and their silence on clean data.

mod clean;
mod detectors;
