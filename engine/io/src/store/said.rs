//! What a database said, as one line for people, and whether it may pass.
//!
//! Codes decide, never texts. An answer that nobody foresaw does not pass: trying again for ever would hide it.

use crate::outlets::trouble::OutletTrouble;
use sqlx::Error;
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;
use std::io::ErrorKind;

/// Trouble of a store called `name`.
pub fn trouble(name: &str, error: &Error) -> OutletTrouble {
    match error {
        Error::Database(said) => {
            let (code, message) = (said.code().unwrap_or_default(), one_line(said.message()));
            if said.try_downcast_ref::<PgDatabaseError>().is_some() {
                of_postgres(name, &code, &message)
            } else {
                // The low byte is what kind of error it is, the rest is detail.
                of_sqlite(name, code.parse::<i64>().unwrap_or(1) & 0xff, &message)
            }
        }
        Error::Io(said) if said.kind() == ErrorKind::PermissionDenied => {
            OutletTrouble::lasting(format!("{name}: the socket of the server may not be used: {said}"))
        }
        Error::Io(said) => OutletTrouble::passing(format!("{name}: the server cannot be reached: {said}")),
        Error::WorkerCrashed | Error::BeginFailed => OutletTrouble::passing(format!("{name}: {error}")),
        // What a connection that broke off leaves behind.
        Error::Protocol(_) => {
            OutletTrouble::passing(format!("{name}: the server broke off: {}", one_line(&error.to_string())))
        }
        Error::Tls(said) => {
            OutletTrouble::lasting(format!("{name}: no safe connection: {}", one_line(&said.to_string())))
        }
        Error::Migrate(said) => migrating(name, said),
        other => OutletTrouble::lasting(format!("{name}: {}", one_line(&other.to_string()))),
    }
}

/// Trouble while the schema was brought up to date.
pub fn migrating(name: &str, error: &MigrateError) -> OutletTrouble {
    match error {
        MigrateError::Execute(said) | MigrateError::ExecuteMigration(said, _) => trouble(name, said),
        MigrateError::VersionMissing(version) => OutletTrouble::lasting(format!(
            "{name}: this store has schema {version}, which this program does not know; use a newer twinwright"
        )),
        MigrateError::VersionMismatch(version) => OutletTrouble::lasting(format!(
            "{name}: schema {version} of this store is not the one that this program knows under that number"
        )),
        other => OutletTrouble::lasting(format!("{name}: {}", one_line(&other.to_string()))),
    }
}

fn of_postgres(name: &str, code: &str, message: &str) -> OutletTrouble {
    let (passes, what) = match code {
        "57P01" | "57P02" | "57P03" => (true, "the server is stopping or starting"),
        "57014" | "55P03" => (true, "the server took too long"),
        // A transaction of ours that stood still, since the line did.
        "25P03" | "25P04" => (true, "the server gave up waiting for us"),
        "40001" | "40P01" => (true, "the server could not decide between two writers"),
        "53100" => (false, "the disk of the server is full"),
        "53300" => (true, "the server has too many connections"),
        "25006" => (false, "the database is read-only"),
        "28P01" | "28000" => (false, "the server refuses this user or password"),
        "3D000" => (false, "there is no such database"),
        "42501" => (false, "this user lacks rights"),
        _ if code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") => {
            (true, "the server is in trouble")
        }
        _ if code.starts_with("42") => (false, "the tables are not those of a store"),
        _ => (false, "the server refuses"),
    };
    let line = format!("{name}: {what}: {message}");
    if passes { OutletTrouble::Passing(line) } else { OutletTrouble::Lasting(line) }
}

fn of_sqlite(name: &str, code: i64, message: &str) -> OutletTrouble {
    let (passes, what) = match code {
        5 | 6 => (true, "another program is writing to it"),
        3 => (false, "it may not be used"),
        8 => (false, "it is read-only"),
        10 => (false, "its disk fails or is full"),
        11 => (false, "it is damaged"),
        13 => (false, "its disk is full"),
        14 => (false, "it cannot be opened or made; its folder must be there and writable"),
        26 => (false, "this file is no SQLite database"),
        1 => (false, "the tables are not those of a store"),
        _ => (false, "SQLite refuses"),
    };
    let line = format!("{name}: {what}: {message}");
    if passes { OutletTrouble::Passing(line) } else { OutletTrouble::Lasting(line) }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
