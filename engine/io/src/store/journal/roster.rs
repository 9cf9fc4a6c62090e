//! Who is who in a live run: machines and channels by their numbers, and the store's ids of them.
//!
//! Numbers are given in the order in which names came, and never again to another: what a journal says of number 7 means
//! the same for ever. What is new gets its rows in the transaction of the entry that brings it.

use super::names::{key, plain};
use crate::outlets::trouble::OutletTrouble;
use crate::store::chronicle::{Begun, Insert, Plant};
use crate::store::{Cell, Link, Record};
use std::collections::BTreeMap;
use twinwright_model::journal::Newcomer;
use twinwright_model::live::{Channel, ChannelName};

/// A channel that the site's files know.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelFace {
    pub name: ChannelName,
    pub unit: String,
    /// Whether its values are readings of a sensor; drivers and modes live in the journal only.
    pub is_sensor: bool,
}

/// A channel with its rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seat {
    pub name: ChannelName,
    pub unit: String,
    pub sensor: Option<i64>,
    pub newcomer: bool,
}

/// All machines and channels of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Roster {
    machines: Vec<(String, i64)>,
    numbers: BTreeMap<String, u32>,
    pub channels: Vec<Seat>,
    sensors: BTreeMap<(u32, String), i64>,
}

impl Roster {
    /// The machines and sensors of the site's files, in their order.
    pub fn of(plant: &Plant, begun: &Begun) -> Roster {
        let mut roster = Roster::default();
        for (number, (machine, id)) in plant.machines.iter().zip(&begun.machines).enumerate() {
            roster.add_machine(&machine.name, *id);
            for (sensor, id) in machine.sensors.iter().zip(&begun.sensors[number]) {
                roster.sensors.insert((number as u32, sensor.name.clone()), *id);
            }
        }
        roster
    }

    fn add_machine(&mut self, name: &str, id: i64) -> u32 {
        let number = self.machines.len() as u32;
        self.machines.push((name.to_owned(), id));
        self.numbers.insert(name.to_owned(), number);
        number
    }

    /// Seats a channel of the site's files.
    pub fn seat(&mut self, face: &ChannelFace) {
        let of = self.numbers.get(&face.name.machine).copied();
        let found = of.and_then(|of| self.sensors.get(&(of, face.name.item.clone())).copied());
        let sensor = found.filter(|_| face.is_sensor);
        self.channels.push(Seat { name: face.name.clone(), unit: face.unit.clone(), sensor, newcomer: false });
    }

    /// Seats a channel that nobody knew, whose rows are there.
    pub fn seat_newcomer(&mut self, newcomer: &Newcomer, machine: i64, sensor: i64) {
        let name = newcomer.name.clone();
        let of = match self.numbers.get(&name.machine) {
            Some(of) => *of,
            None => self.add_machine(&name.machine, machine),
        };
        self.sensors.insert((of, name.item.clone()), sensor);
        self.channels.push(Seat { name, unit: newcomer.unit.clone(), sensor: Some(sensor), newcomer: true });
    }

    pub fn machine(&self, number: u32) -> Result<i64, OutletTrouble> {
        let found = self.machines.get(number as usize).map(|(_, id)| *id);
        found.ok_or_else(|| OutletTrouble::lasting(format!("the run has no machine of number {number}")))
    }

    pub fn machine_name(&self, number: u32) -> &str {
        self.machines.get(number as usize).map_or("", |(name, _)| name)
    }

    /// None where no sensor of that name is registered.
    pub fn sensor(&self, machine: u32, name: &str) -> Option<i64> {
        self.sensors.get(&(machine, name.to_owned())).copied()
    }

    pub fn sensor_of(&self, channel: Channel) -> Option<i64> {
        self.channels.get(channel as usize)?.sensor
    }

    pub fn newcomers(&self) -> Vec<Newcomer> {
        let new = self.channels.iter().filter(|seat| seat.newcomer);
        new.map(|seat| Newcomer { name: seat.name.clone(), unit: seat.unit.clone() }).collect()
    }
}

/// The rows of a newcomer's machine and sensor, found or made within the caller's transaction: their ids. A sensor that is
/// there in another unit stays what it is; the newcomer gets a name with its unit then.
pub(super) async fn admit(link: &mut Link, newcomer: &Newcomer) -> Result<(i64, i64), OutletTrouble> {
    let (name, item, unit) = (key(&newcomer.name.machine), key(&newcomer.name.item), key(&newcomer.unit));
    let make = "INSERT INTO equipment (name, kind) VALUES ($1, 'unknown') ON CONFLICT (name) DO NOTHING";
    link.run(make, &[(&name).into()]).await?;
    let machine = one_id(link, "SELECT id FROM equipment WHERE name = $1", &[(&name).into()]).await?;
    let told = if unit.is_empty() { "no unit" } else { &unit };
    for called in [item.clone(), key(&format!("{item} ({told})"))] {
        let make = "INSERT INTO sensors (equipment_id, name, unit) VALUES ($1, $2, $3) \
                    ON CONFLICT (equipment_id, name) DO NOTHING";
        let values: [Cell; 3] = [machine.into(), (&called).into(), (&unit).into()];
        link.run(make, &values).await?;
        let find = "SELECT id FROM sensors WHERE equipment_id = $1 AND name = $2 AND unit = $3";
        if let Some(row) = link.first(find, &values).await? {
            return Ok((machine, row.int(0)));
        }
    }
    Err(OutletTrouble::lasting(format!("{}: sensor `{item}` of `{name}` was not stored", link.name())))
}

async fn one_id(link: &mut Link, ask: &'static str, values: &[Cell]) -> Result<i64, OutletTrouble> {
    let found = link.first(ask, values).await?;
    found.map(|row| row.int(0)).ok_or_else(|| OutletTrouble::lasting(format!("{}: a row is not there", link.name())))
}

/// Writes the row of a channel.
pub(super) async fn write_seat(link: &mut Link, run: i64, number: usize, seat: &Seat) -> Result<(), OutletTrouble> {
    let mut rows = seats();
    add_seat(&mut rows, run, number, seat);
    rows.write(link).await
}

/// Writes the rows of all channels of a run.
pub(super) async fn write_seats(link: &mut Link, run: i64, all: &[Seat]) -> Result<(), OutletTrouble> {
    let mut rows = seats();
    all.iter().enumerate().for_each(|(number, seat)| add_seat(&mut rows, run, number, seat));
    rows.write(link).await
}

fn seats() -> Insert {
    let columns = ["run_id", "number", "machine", "item", "unit", "sensor_id", "newcomer"];
    Insert::into("channels", &columns, "ON CONFLICT DO NOTHING")
}

fn add_seat(rows: &mut Insert, run: i64, number: usize, seat: &Seat) {
    rows.add([
        run.into(),
        (number as i64).into(),
        plain(&seat.name.machine).into(),
        plain(&seat.name.item).into(),
        plain(&seat.unit).into(),
        seat.sensor.into(),
        i64::from(seat.newcomer).into(),
    ]);
}

/// The newcomers of a run in the order of their numbers, from a number on.
pub(super) async fn newcomers_from(
    link: &mut Link,
    run: i64,
    from: usize,
) -> Result<Vec<(Newcomer, i64, i64)>, OutletTrouble> {
    let ask = "SELECT c.machine, c.item, c.unit, s.equipment_id, s.id FROM channels c JOIN sensors s ON s.id = c.sensor_id \
               WHERE c.run_id = $1 AND c.newcomer = 1 AND c.number >= $2 ORDER BY c.number";
    let rows = link.all(ask, &[run.into(), (from as i64).into()]).await?;
    let of = |row: &Record| {
        let name = ChannelName { machine: row.text(0).to_owned(), item: row.text(1).to_owned() };
        (Newcomer { name, unit: row.text(2).to_owned() }, row.int(3), row.int(4))
    };
    Ok(rows.iter().map(of).collect())
}
