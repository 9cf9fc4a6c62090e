//! Links between machines: what a stopped machine does to those that depend on it.
//!
//! `feeds`: a machine all of whose feeders stand still is starved and goes idle. `controls`: a machine whose
//! controller is failed, in maintenance or offline goes idle. `contains`: what is inside a machine in maintenance or
//! offline is so too.

pub mod spec;

/// What a link means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    Feeds,
    Contains,
    Controls,
}

impl LinkKind {
    pub const ALL: [(&'static str, LinkKind); 3] =
        [("feeds", LinkKind::Feeds), ("contains", LinkKind::Contains), ("controls", LinkKind::Controls)];
}

/// A link between two machines of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkPlan {
    pub from: u32,
    pub to: u32,
    pub kind: LinkKind,
}
