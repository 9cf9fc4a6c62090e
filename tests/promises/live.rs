//! Live mode from outside: the program beside a real broker, real sources, and the stores that it leaves.

mod bad_data;
mod crash;
mod demo;
mod oracle;
mod pair;
mod pauses;
mod plant;
mod recordings;
mod reports;
mod running;
mod storms;
