//! Machines, sensors and runs by the names that people type; one that is not known is answered with the nearest.

use crate::Trouble;
use twinwright_io::store::Link;
use twinwright_io::store::queries::machines::{self, MachineRow, SensorRow};
use twinwright_io::store::runs::{self, RunRow};
use twinwright_model::names::{list, nearest};

pub fn unknown(what: &str, name: &str, known: &[String]) -> Trouble {
    let near = nearest(name, known.iter().map(String::as_str));
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => format!("it knows no {what} at all"),
        None => format!("expected {}", list(known.iter().map(String::as_str))),
    };
    Trouble::Input(format!("{name}: the store knows no such {what}; {hint}"))
}

pub async fn machine(link: &mut Link, name: &str) -> Result<MachineRow, Trouble> {
    match machines::machine(link, name).await? {
        Some(machine) => Ok(machine),
        None => Err(unknown("machine", name, &sorted(machines::machine_names(link).await?))),
    }
}

/// A sensor by `machine.sensor`. Names may hold dots themselves, so each dot is tried.
pub async fn sensor(link: &mut Link, name: &str) -> Result<SensorRow, Trouble> {
    let mut found: Vec<SensorRow> = Vec::new();
    let mut near: Vec<String> = Vec::new();
    for (dot, _) in name.match_indices('.') {
        let (of, own) = (&name[..dot], &name[dot + 1..]);
        let Some(machine) = machines::machine(link, of).await? else { continue };
        for sensor in machines::sensors(link, &machine).await? {
            near.push(format!("{}.{}", machine.name, sensor.name));
            if sensor.name == own {
                found.push(sensor);
            }
        }
    }
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(Trouble::Input(format!("{name}: this names more than one sensor of the store"))),
        (None, _) if !near.is_empty() => Err(unknown("sensor", name, &near)),
        (None, _) => Err(strange(link, name).await?),
    }
}

/// What to say of a name of which not even the machine is known.
async fn strange(link: &mut Link, name: &str) -> Result<Trouble, Trouble> {
    let of = name.split_once('.').map_or(name, |(of, _)| of);
    let known = sorted(machines::machine_names(link).await?);
    if name.contains('.') {
        return Ok(unknown("machine", of, &known));
    }
    let Some(machine) = machines::machine(link, name).await? else {
        return Ok(Trouble::Input(format!("{name}: expected a machine and its sensor, such as P-101.vibration")));
    };
    let sensors: Vec<String> =
        machines::sensors(link, &machine).await?.into_iter().map(|sensor| format!("{name}.{}", sensor.name)).collect();
    Ok(Trouble::Input(format!(
        "{name}: this is a machine; expected one of its sensors: {}",
        list(sensors.iter().map(String::as_str))
    )))
}

/// The run of a name; None where none is asked for.
pub async fn run(link: &mut Link, asked: Option<&str>) -> Result<Option<RunRow>, Trouble> {
    let Some(name) = asked else { return Ok(None) };
    match runs::named(link, name).await? {
        Some(run) => Ok(Some(run)),
        None => Err(unknown("run", name, &machines::run_names(link).await?)),
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}
