//! A value on its way to or from a store, the same in both databases.
//!
//! Each says its type to PostgreSQL as it is declared there; SQLite takes times as whole numbers and JSON as text.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Decode, Encode, Postgres, Row as _, Sqlite, Type, TypeInfo, ValueRef};
use twinwright_model::Time;

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// Microseconds since 1970. It comes back as such from PostgreSQL, and as `Int` from SQLite.
    Time(i64),
    /// An object or a list. It comes back as `Text`.
    Json(serde_json::Value),
}

/// One row of an answer, cells in the order that was asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record(pub Vec<Cell>);

impl Record {
    fn at(&self, place: usize) -> &Cell {
        self.0.get(place).unwrap_or(&Cell::Null)
    }

    /// Zero where there is none.
    pub fn int(&self, place: usize) -> i64 {
        self.maybe_int(place).unwrap_or(0)
    }

    pub fn maybe_int(&self, place: usize) -> Option<i64> {
        match self.at(place) {
            Cell::Int(value) | Cell::Time(value) => Some(*value),
            Cell::Real(value) if value.fract() == 0.0 => Some(*value as i64),
            _ => None,
        }
    }

    /// NaN where there is none.
    pub fn real(&self, place: usize) -> f64 {
        self.maybe_real(place).unwrap_or(f64::NAN)
    }

    pub fn maybe_real(&self, place: usize) -> Option<f64> {
        match self.at(place) {
            Cell::Real(value) => Some(*value),
            Cell::Int(value) => Some(*value as f64),
            _ => None,
        }
    }

    /// Empty where there is none.
    pub fn text(&self, place: usize) -> &str {
        self.maybe_text(place).unwrap_or("")
    }

    pub fn maybe_text(&self, place: usize) -> Option<&str> {
        match self.at(place) {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn bytes(&self, place: usize) -> &[u8] {
        match self.at(place) {
            Cell::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    pub fn time(&self, place: usize) -> Option<Time> {
        self.maybe_int(place).map(|micros| Time(micros.saturating_mul(1_000)))
    }

    /// Null where there is none, or no JSON.
    pub fn json(&self, place: usize) -> serde_json::Value {
        self.maybe_text(place).and_then(|text| serde_json::from_str(text).ok()).unwrap_or(serde_json::Value::Null)
    }
}

impl From<i64> for Cell {
    fn from(value: i64) -> Cell {
        Cell::Int(value)
    }
}

impl From<i32> for Cell {
    fn from(value: i32) -> Cell {
        Cell::Int(i64::from(value))
    }
}

impl From<u32> for Cell {
    fn from(value: u32) -> Cell {
        Cell::Int(i64::from(value))
    }
}

/// NaN is no value.
impl From<f64> for Cell {
    fn from(value: f64) -> Cell {
        if value.is_nan() { Cell::Null } else { Cell::Real(value) }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Cell {
        Cell::Text(text.clone())
    }
}

impl From<Vec<u8>> for Cell {
    fn from(bytes: Vec<u8>) -> Cell {
        Cell::Bytes(bytes)
    }
}

impl From<Time> for Cell {
    fn from(time: Time) -> Cell {
        Cell::Time(time.0.div_euclid(1_000))
    }
}

impl From<serde_json::Value> for Cell {
    fn from(value: serde_json::Value) -> Cell {
        Cell::Json(value)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::Null, Into::into)
    }
}

/// Microseconds from 1970 to 2000, where PostgreSQL starts to count.
pub(super) const TO_2000: i64 = 946_684_800_000_000;

impl Type<Postgres> for Cell {
    fn type_info() -> PgTypeInfo {
        // The server finds out by itself.
        PgTypeInfo::with_oid(Oid(0))
    }

    fn compatible(_: &PgTypeInfo) -> bool {
        true
    }
}

impl PgHasArrayType for Cell {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Cell {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match self {
            Cell::Null => return Ok(IsNull::Yes),
            Cell::Int(value) => buffer.extend_from_slice(&value.to_be_bytes()),
            Cell::Real(value) => buffer.extend_from_slice(&value.to_be_bytes()),
            Cell::Text(text) => buffer.extend_from_slice(text.as_bytes()),
            Cell::Bytes(bytes) => buffer.extend_from_slice(bytes),
            Cell::Time(micros) => buffer.extend_from_slice(&micros.saturating_sub(TO_2000).to_be_bytes()),
            Cell::Json(value) => {
                // The version of the binary form.
                buffer.extend_from_slice(&[1]);
                buffer.extend_from_slice(value.to_string().as_bytes());
            }
        }
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        let oid = match self {
            Cell::Null => 0,
            Cell::Int(_) => 20,
            Cell::Real(_) => 701,
            Cell::Text(_) => 25,
            Cell::Bytes(_) => 17,
            Cell::Time(_) => 1184,
            Cell::Json(_) => 3802,
        };
        Some(PgTypeInfo::with_oid(Oid(oid)))
    }
}

impl<'r> Decode<'r, Postgres> for Cell {
    fn decode(value: PgValueRef<'r>) -> Result<Cell, BoxDynError> {
        if value.is_null() {
            return Ok(Cell::Null);
        }
        if value.format() != PgValueFormat::Binary {
            return Ok(Cell::Text(value.as_str()?.to_owned()));
        }
        let name = value.type_info().name().to_owned();
        let bytes = value.as_bytes()?;
        Ok(match name.as_str() {
            "INT8" => Cell::Int(i64::from_be_bytes(bytes.try_into()?)),
            "INT4" | "OID" => Cell::Int(i64::from(i32::from_be_bytes(bytes.try_into()?))),
            "INT2" => Cell::Int(i64::from(i16::from_be_bytes(bytes.try_into()?))),
            "BOOL" => Cell::Int(i64::from(bytes != [0])),
            "FLOAT8" => Cell::Real(f64::from_be_bytes(bytes.try_into()?)),
            "FLOAT4" => Cell::Real(f64::from(f32::from_be_bytes(bytes.try_into()?))),
            "TIMESTAMPTZ" => Cell::Time(i64::from_be_bytes(bytes.try_into()?).saturating_add(TO_2000)),
            "BYTEA" => Cell::Bytes(bytes.to_vec()),
            "JSONB" => Cell::Text(std::str::from_utf8(bytes.get(1..).unwrap_or_default())?.to_owned()),
            "TEXT" | "VARCHAR" | "NAME" | "JSON" | "unknown" | "\"CHAR\"" | "CHAR" => {
                Cell::Text(std::str::from_utf8(bytes)?.to_owned())
            }
            other => return Err(format!("a value of type {other} was not expected").into()),
        })
    }
}

impl Cell {
    /// The text in it that has a zero byte, if one has.
    pub(super) fn text_with_zero_byte(&self) -> Option<&str> {
        match self {
            Cell::Text(text) => Some(text.as_str()).filter(|text| text.contains('\0')),
            Cell::Json(value) => in_json(value),
            _ => None,
        }
    }

    /// Adds it to the arguments of a statement for SQLite.
    pub(super) fn bind_sqlite(&self, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
        match self {
            Cell::Null => arguments.add(None::<i64>),
            Cell::Int(value) | Cell::Time(value) => arguments.add(*value),
            Cell::Real(value) => arguments.add(*value),
            Cell::Text(text) => arguments.add(text.clone()),
            Cell::Bytes(bytes) => arguments.add(bytes.clone()),
            Cell::Json(value) => arguments.add(value.to_string()),
        }
    }

    pub(super) fn of_sqlite(row: &SqliteRow, place: usize) -> Result<Cell, sqlx::Error> {
        let raw = row.try_get_raw(place)?;
        if raw.is_null() {
            return Ok(Cell::Null);
        }
        let decoded = match raw.type_info().name() {
            "INTEGER" | "BOOLEAN" => <i64 as Decode<'_, Sqlite>>::decode(raw).map(Cell::Int),
            "REAL" => <f64 as Decode<'_, Sqlite>>::decode(raw).map(Cell::Real),
            "BLOB" => <Vec<u8> as Decode<'_, Sqlite>>::decode(raw).map(Cell::Bytes),
            _ => <String as Decode<'_, Sqlite>>::decode(raw).map(Cell::Text),
        };
        decoded.map_err(sqlx::Error::Decode)
    }
}

fn in_json(value: &serde_json::Value) -> Option<&str> {
    use serde_json::Value;
    match value {
        Value::String(text) => Some(text.as_str()).filter(|text| text.contains('\0')),
        Value::Array(values) => values.iter().find_map(in_json),
        Value::Object(pairs) => pairs
            .iter()
            .find_map(|(key, value)| Some(key.as_str()).filter(|key| key.contains('\0')).or_else(|| in_json(value))),
        _ => None,
    }
}
