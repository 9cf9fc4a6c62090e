//! Live mode from outside: the program beside a real broker, real sources, and the stores that it leaves.

mod crash;
mod demo;
mod plant;
mod recordings;
mod running;
