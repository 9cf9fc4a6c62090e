//! Units of measurement, and the way from one to another of the same kind.
//!
//! A unit is known by the names that people write. What is not in the list is not guessed: it converts into itself and into
//! nothing else.

use std::borrow::Cow;

/// Of one dimension all units are `gain` times the first, shifted by `shift`.
struct Unit {
    names: &'static [&'static str],
    gain: f64,
    shift: f64,
}

const fn unit(names: &'static [&'static str], gain: f64) -> Unit {
    Unit { names, gain, shift: 0.0 }
}

const INCH: f64 = 0.0254;
const POUND: f64 = 0.453_592_37;
const GRAVITY: f64 = 9.806_65;
const PSI: f64 = POUND * GRAVITY / (INCH * INCH);
const TORR: f64 = 101_325.0 / 760.0;
const GALLON: f64 = 231.0 * INCH * INCH * INCH;
const CUBIC_FOOT: f64 = 1728.0 * INCH * INCH * INCH;
const TURN: f64 = std::f64::consts::TAU;

/// By dimension. Where two names differ in case only (`mW`, `MW`), case counts; elsewhere it does not.
const DIMENSIONS: [&[Unit]; 22] = [
    &[
        unit(&["K", "kelvin"], 1.0),
        Unit { names: &["degC", "C", "celsius", "deg_C"], gain: 1.0, shift: 273.15 },
        Unit { names: &["degF", "F", "fahrenheit", "deg_F"], gain: 5.0 / 9.0, shift: 273.15 - 32.0 * 5.0 / 9.0 },
    ],
    &[
        unit(&["Pa", "pascal"], 1.0),
        unit(&["hPa"], 1e2),
        unit(&["kPa"], 1e3),
        unit(&["MPa"], 1e6),
        unit(&["bar"], 1e5),
        unit(&["mbar"], 1e2),
        unit(&["psi"], PSI),
        unit(&["Torr", "mmHg"], TORR),
        unit(&["mTorr"], TORR * 1e-3),
        unit(&["uTorr"], TORR * 1e-6),
        unit(&["atm"], 101_325.0),
        unit(&["inH2O"], 249.088_91),
    ],
    &[
        unit(&["m", "metre", "meter"], 1.0),
        unit(&["km"], 1e3),
        unit(&["cm"], 1e-2),
        unit(&["mm"], 1e-3),
        unit(&["um", "micron"], 1e-6),
        unit(&["nm"], 1e-9),
        unit(&["pm"], 1e-12),
        unit(&["in", "inch"], INCH),
        unit(&["mil"], INCH * 1e-3),
        unit(&["ft"], 12.0 * INCH),
    ],
    &[
        unit(&["m/s"], 1.0),
        unit(&["mm/s"], 1e-3),
        unit(&["um/s"], 1e-6),
        unit(&["cm/s"], 1e-2),
        unit(&["m/min"], 1.0 / 60.0),
        unit(&["nm/min"], 1e-9 / 60.0),
        unit(&["km/h"], 1.0 / 3.6),
        unit(&["in/s", "ips"], INCH),
        unit(&["ft/s"], 12.0 * INCH),
        unit(&["ft/min", "fpm"], 12.0 * INCH / 60.0),
    ],
    &[unit(&["m/s2", "m/s^2"], 1.0), unit(&["mm/s2", "mm/s^2"], 1e-3), unit(&["g0", "gn"], GRAVITY)],
    &[
        unit(&["m3/s", "m^3/s"], 1.0),
        unit(&["m3/min", "m^3/min"], 1.0 / 60.0),
        unit(&["m3/h", "m^3/h"], 1.0 / 3600.0),
        unit(&["L/s"], 1e-3),
        unit(&["L/min", "lpm"], 1e-3 / 60.0),
        unit(&["L/h"], 1e-3 / 3600.0),
        unit(&["mL/min"], 1e-6 / 60.0),
        unit(&["mL/h"], 1e-6 / 3600.0),
        unit(&["gpm", "gal/min"], GALLON / 60.0),
        unit(&["cfm", "ft3/min"], CUBIC_FOOT / 60.0),
    ],
    // Gas at standard conditions.
    &[unit(&["sccm"], 1.0), unit(&["slm", "slpm"], 1e3)],
    &[
        unit(&["rad/s"], 1.0),
        unit(&["rpm", "1/min", "min-1", "r/min"], TURN / 60.0),
        unit(&["Hz", "1/s", "rps"], TURN),
        unit(&["kHz"], TURN * 1e3),
        unit(&["MHz"], TURN * 1e6),
        unit(&["deg/s"], TURN / 360.0),
    ],
    &[unit(&["rad"], 1.0), unit(&["deg"], TURN / 360.0), unit(&["mrad"], 1e-3), unit(&["urad"], 1e-6)],
    &[
        unit(&["kg"], 1.0),
        unit(&["g"], 1e-3),
        unit(&["mg"], 1e-6),
        unit(&["t", "tonne"], 1e3),
        unit(&["lb", "lbs"], POUND),
        unit(&["oz"], POUND / 16.0),
    ],
    &[
        unit(&["kg/s"], 1.0),
        unit(&["kg/min"], 1.0 / 60.0),
        unit(&["kg/h"], 1.0 / 3600.0),
        unit(&["t/h"], 1e3 / 3600.0),
        unit(&["g/s"], 1e-3),
        unit(&["g/min"], 1e-3 / 60.0),
        unit(&["lb/h"], POUND / 3600.0),
    ],
    &[
        unit(&["W", "watt"], 1.0),
        unit(&["mW"], 1e-3),
        unit(&["kW"], 1e3),
        unit(&["MW"], 1e6),
        unit(&["hp"], 550.0 * 12.0 * INCH * POUND * GRAVITY),
    ],
    &[
        unit(&["J"], 1.0),
        unit(&["mJ"], 1e-3),
        unit(&["kJ"], 1e3),
        unit(&["MJ"], 1e6),
        unit(&["Wh"], 3.6e3),
        unit(&["kWh"], 3.6e6),
        unit(&["MWh"], 3.6e9),
    ],
    &[unit(&["V", "volt"], 1.0), unit(&["mV"], 1e-3), unit(&["uV"], 1e-6), unit(&["kV"], 1e3)],
    &[unit(&["A", "ampere"], 1.0), unit(&["mA"], 1e-3), unit(&["uA"], 1e-6), unit(&["kA"], 1e3)],
    &[unit(&["ohm"], 1.0), unit(&["mohm"], 1e-3), unit(&["kohm"], 1e3)],
    &[
        unit(&["N", "newton"], 1.0),
        unit(&["mN"], 1e-3),
        unit(&["kN"], 1e3),
        unit(&["MN"], 1e6),
        unit(&["lbf"], POUND * GRAVITY),
    ],
    &[
        unit(&["Nm", "N.m", "N*m"], 1.0),
        unit(&["kNm"], 1e3),
        unit(&["lbf.ft", "ft.lbf"], POUND * GRAVITY * 12.0 * INCH),
    ],
    // Shares: without a unit, too.
    &[
        unit(&["1", ""], 1.0),
        unit(&["%", "percent", "pct"], 1e-2),
        unit(&["permille"], 1e-3),
        unit(&["ppm"], 1e-6),
        unit(&["ppb"], 1e-9),
    ],
    &[
        unit(&["s", "sec"], 1.0),
        unit(&["ms"], 1e-3),
        unit(&["us"], 1e-6),
        unit(&["ns"], 1e-9),
        unit(&["min"], 60.0),
        unit(&["h", "hour", "hours"], 3600.0),
        unit(&["d", "day", "days"], 86_400.0),
    ],
    &[
        unit(&["m3", "m^3"], 1.0),
        unit(&["L", "litre", "liter"], 1e-3),
        unit(&["mL"], 1e-6),
        unit(&["gal"], GALLON),
        unit(&["ft3"], CUBIC_FOOT),
    ],
    &[unit(&["Pa.s", "Pa*s"], 1.0), unit(&["mPa.s", "mPa*s", "cP"], 1e-3)],
];

/// `value * gain + shift`
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Conversion {
    gain: f64,
    shift: f64,
}

impl Conversion {
    const NONE: Conversion = Conversion { gain: 1.0, shift: 0.0 };

    pub(super) fn of(self, value: f64) -> f64 {
        value * self.gain + self.shift
    }
}

/// How values in one unit become values in another; None where they cannot.
pub(super) fn conversion(from: &str, to: &str) -> Option<Conversion> {
    let (from, to) = (plain(from), plain(to));
    if from == to {
        return Some(Conversion::NONE);
    }
    let ((dimension, from), (other, to)) = (find(&from)?, find(&to)?);
    let shift = (from.shift - to.shift) / to.gain;
    (dimension == other).then_some(Conversion { gain: from.gain / to.gain, shift })
}

/// With signs that keyboards lack as what people write instead.
fn plain(name: &str) -> Cow<'_, str> {
    let name = name.trim();
    if name.is_ascii() && !name.contains(' ') {
        return Cow::Borrowed(name);
    }
    let mut text = String::with_capacity(name.len());
    for c in name.chars().take(64) {
        match c {
            '°' => text.push_str("deg"),
            '℃' => text.push_str("degC"),
            '℉' => text.push_str("degF"),
            'µ' | 'μ' => text.push('u'),
            '²' => text.push('2'),
            '³' => text.push('3'),
            '\u{3a9}' | '\u{2126}' => text.push_str("ohm"),
            '‰' => text.push_str("permille"),
            '·' | '⋅' => text.push('.'),
            ' ' => {}
            c => text.push(c),
        }
    }
    Cow::Owned(text)
}

fn find(name: &str) -> Option<(usize, &'static Unit)> {
    let all = || DIMENSIONS.iter().enumerate().flat_map(|(at, units)| units.iter().map(move |unit| (at, unit)));
    if let Some(exact) = all().find(|(_, unit)| unit.names.contains(&name)) {
        return Some(exact);
    }
    let known = |unit: &'static Unit| unit.names.iter().find(|known| known.eq_ignore_ascii_case(name));
    let mut alike = all().filter_map(|(at, unit)| Some((at, unit, known(unit)?)));
    // Two that differ in case only cannot be told apart.
    let (at, unit, known) = alike.next().filter(|_| alike.next().is_none())?;
    same_size(name, known).then_some((at, unit))
}

/// `mpa` may be milli or mega; in a name that is written large all through, the `M` says nothing.
fn same_size(written: &str, known: &str) -> bool {
    let (written_m, known_m) = (written.starts_with('m'), known.starts_with('m'));
    written_m == known_m || (known_m && !written.contains(|c: char| c.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_out_as_the_definitions_of_the_units_have_them() {
        for (value, from, to, expected) in [
            (212.0, "degF", "degC", 100.0),
            (-40.0, "°C", "°F", -40.0),
            (300.0, "K", "degC", 26.85),
            (1.0, "bar", "kPa", 100.0),
            (1.0, "atm", "Torr", 760.0),
            (1.0, "psi", "Pa", 6_894.757_293_168_361),
            (1.0, "in/s", "mm/s", 25.4),
            (3_000.0, "rpm", "Hz", 50.0),
            (60.0, "1/min", "rad/s", std::f64::consts::TAU),
            (3.6, "m³/h", "L/s", 1.0),
            (1.0, "gpm", "L/min", 3.785_411_784),
            (55.0, "%", "1", 0.55),
            (0.25, "", "%", 25.0),
            (1_500.0, "mA", "A", 1.5),
            (1.0, "hp", "W", 745.699_871_582_270_1),
            (1.0, "kWh", "MJ", 3.6),
            (2.0, "lb", "kg", 0.907_184_74),
            (7.0, "µm/s", "um/s", 7.0),
            (1.0, "slm", "sccm", 1_000.0),
            (5.0, "widgets", "widgets", 5.0),
            (1.0, "BAR", "Kpa", 100.0),
            (1.0, "MM/S", "m/s", 1e-3),
            (1.0, "MW", "mW", 1e9),
        ] {
            let found = conversion(from, to).unwrap_or_else(|| panic!("{from} to {to}")).of(value);
            assert!((found - expected).abs() <= 1e-12 * expected.abs().max(300.0), "{value} {from} = {found} {to}");
        }
    }

    #[test]
    fn what_cannot_be_is_not_guessed() {
        for (from, to) in [
            ("degC", "bar"),
            ("widgets", "1"),
            ("mw", "W"),
            ("", "degC"),
            ("rpm", "m/s"),
            ("mPa", "MPa"),
            ("mpa", "bar"),
        ] {
            assert_eq!(conversion(from, to), None, "{from} to {to}");
        }
    }

    #[test]
    fn no_name_stands_for_two_units() {
        let names: Vec<&str> =
            DIMENSIONS.iter().flat_map(|units| units.iter()).flat_map(|unit| unit.names).copied().collect();
        for (at, name) in names.iter().enumerate() {
            assert!(!names[..at].contains(name), "{name}");
        }
    }
}
