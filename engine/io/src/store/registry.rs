//! Machines and sensors of a run, as rows of `equipment` and `sensors`.
//!
//! They are known by their names; the ids by which readings know them come from the store.

use crate::outlets::Manifest;
use crate::outlets::trouble::OutletTrouble;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a run has, by name. A sensor's place in `sensors` is its slot.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    pub machines: Vec<Machine>,
    pub sensors: Vec<Sensor>,
    /// `enterprise/site/area/line`
    pub location: String,
    slots: Arc<Slots>,
}

#[derive(Debug, Clone)]
pub struct Machine {
    pub name: String,
    pub kind: String,
}

#[derive(Debug, Clone)]
pub struct Sensor {
    /// Index into the machines.
    pub machine: usize,
    pub name: String,
    pub unit: String,
}

/// From the numbers of a parcel to slots.
#[derive(Debug, Default)]
struct Slots {
    /// By machine: its first slot, its sheet.
    machines: Vec<(u32, u16)>,
    /// By sheet and sensor number: the sensor's column on the sheet.
    columns: Vec<Vec<Option<u16>>>,
}

/// The store's ids of a run's sensors.
#[derive(Debug, Clone)]
pub struct SensorIds {
    slots: Arc<Slots>,
    ids: Vec<i32>,
}

/// A sensor as the store has it.
#[derive(Debug)]
pub struct Found {
    pub machine: String,
    pub sensor: String,
    pub unit: String,
    pub id: i32,
}

impl Registry {
    pub fn of(manifest: &Manifest) -> Registry {
        let numbers: BTreeMap<&str, usize> =
            manifest.sensors.iter().enumerate().map(|(number, head)| (head.name.as_str(), number)).collect();
        let mut registry = Registry { location: manifest.path.clone(), ..Registry::default() };
        let mut slots = Slots::default();
        for sheet in &manifest.sheets {
            let mut columns = vec![None; manifest.sensors.len()];
            for (column, sensor) in sheet.sensors.iter().enumerate() {
                if let Some(number) = numbers.get(sensor.name.as_str()) {
                    columns[*number] = u16::try_from(column).ok();
                }
            }
            slots.columns.push(columns);
        }
        for (machine, head) in manifest.machines.iter().enumerate() {
            slots.machines.push((registry.sensors.len() as u32, head.sheet));
            let sheet = manifest.sheets.get(usize::from(head.sheet));
            let kind = sheet.map_or("unknown", |sheet| &sheet.kind).to_owned();
            registry.machines.push(Machine { name: head.id.clone(), kind });
            let sensors = sheet.into_iter().flat_map(|sheet| &sheet.sensors);
            registry.sensors.extend(sensors.map(|one| Sensor {
                machine,
                name: one.name.clone(),
                unit: one.unit.clone(),
            }));
        }
        registry.slots = Arc::new(slots);
        registry
    }

    /// A name that no database can hold: with a zero byte in it, or nothing at all.
    pub fn unwritable(&self) -> Option<&str> {
        let machines = self.machines.iter().map(|machine| machine.name.as_str());
        let mut names = machines.chain(self.sensors.iter().map(|sensor| sensor.name.as_str()));
        names.find(|name| name.is_empty() || name.contains('\0'))
    }

    /// The ids of this run's sensors among those that the store has. A sensor that has another unit there is refused:
    /// its history would no longer mean what it meant.
    pub fn match_up(&self, store: &str, found: &[Found]) -> Result<SensorIds, OutletTrouble> {
        let known: BTreeMap<(&str, &str), &Found> =
            found.iter().map(|one| ((one.machine.as_str(), one.sensor.as_str()), one)).collect();
        let mut ids = Vec::with_capacity(self.sensors.len());
        for sensor in &self.sensors {
            let machine = &self.machines[sensor.machine].name;
            let Some(one) = known.get(&(machine.as_str(), sensor.name.as_str())) else {
                let what =
                    format!("{store}: sensor `{}` of `{machine}` was not stored; did someone rename it?", sensor.name);
                return Err(OutletTrouble::Lasting(what));
            };
            if one.unit != sensor.unit {
                return Err(OutletTrouble::Lasting(format!(
                    "{store}: sensor `{}` of `{machine}` is in `{}` there and in `{}` here; use another store or another name",
                    sensor.name, one.unit, sensor.unit
                )));
            }
            ids.push(one.id);
        }
        Ok(SensorIds { slots: self.slots.clone(), ids })
    }
}

impl SensorIds {
    /// The store's id of a parcel's machine and sensor.
    pub fn of(&self, machine: u32, sensor: u32) -> Option<i32> {
        let (first, sheet) = *self.slots.machines.get(machine as usize)?;
        let column = (*self.slots.columns.get(usize::from(sheet))?.get(sensor as usize)?)?;
        self.ids.get(first as usize + usize::from(column)).copied()
    }
}
