//! The mirror: the twin of what really runs. It hears readings instead of making them, and never makes up a failure.

pub mod view;
