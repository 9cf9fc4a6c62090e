//! Where a store is, from its address: `postgres://user@host/plant`, `sqlite:plant.db`.
//!
//! What is wrong with an address is said here, before anything is connected; passwords stay inside the options.

use crate::outlets::address::{Address, without_password};
use crate::outlets::trouble::OutletTrouble;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::str::FromStr;
use std::time::Duration;

/// What a statement may take unless the address says else.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What the options of a PostgreSQL address may be, beside ours.
const SERVER_OPTIONS: [&str; 16] = [
    "host",
    "hostaddr",
    "port",
    "user",
    "dbname",
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "application_name",
    "options",
];

/// A store's address, understood.
#[derive(Debug, Clone)]
pub enum Place {
    Postgres(Server),
    Sqlite(File),
}

#[derive(Debug, Clone)]
pub struct Server {
    /// As messages call it.
    pub name: String,
    pub options: PgConnectOptions,
    pub timeout: Duration,
}

#[derive(Debug, Clone)]
pub struct File {
    pub name: String,
    pub options: SqliteConnectOptions,
    pub timeout: Duration,
}

impl Place {
    /// From the text of an address.
    pub fn parse(url: &str) -> Result<Place, OutletTrouble> {
        // Said before it is read as an outlet's address, of which there are more sorts.
        if !["postgres:", "postgresql:", "sqlite:"].iter().any(|scheme| url.trim().starts_with(scheme)) {
            let expected = "expected such as `sqlite:plant.db` or `postgres://user@host/plant`";
            let what = url.trim().split_once(':').map_or("this".to_owned(), |(scheme, _)| format!("`{scheme}:`"));
            return Err(OutletTrouble::Input(format!("{}: {what} is no store; {expected}", without_password(url))));
        }
        let address = Address::parse(url)?;
        Place::of(&address)
    }

    /// Takes the options that both know; the caller takes its own before.
    pub fn of(address: &Address) -> Result<Place, OutletTrouble> {
        let timeout = address.span("timeout")?.map_or(TIMEOUT, |span| Duration::from_nanos(span.0.unsigned_abs()));
        if address.scheme == "sqlite" { file(address, timeout) } else { server(address, timeout) }
    }
}

fn server(address: &Address, timeout: Duration) -> Result<Place, OutletTrouble> {
    let password = address.secret("password")?;
    let url = address.url_with_rest();
    let asked = address.text("user");
    SERVER_OPTIONS.into_iter().for_each(|key| drop(address.text(key)));
    address.done()?;
    let read = |url: &str| {
        PgConnectOptions::from_str(url)
            .map_err(|error| address.refuse(format!("{error}; expected such as `postgres://user@host:5432/database`")))
    };
    let mut options = read(&url)?;
    if asked.is_none_or(|user| user.is_empty()) && !names_user(address.url()) {
        let user = user_of(|name| std::env::var(name).ok()).ok_or_else(|| {
            address.refuse("no user is given; expected such as `postgres://user@host/database`, or PGUSER")
        })?;
        // Read again, since a file of passwords is searched by user.
        options = read(&with_user(&url, &user))?;
    }
    options = options.application_name("twinwright").disable_statement_logging();
    if let Some(password) = password {
        options = options.password(&password);
    }
    Ok(Place::Postgres(Server { name: address.name.clone(), options, timeout }))
}

fn names_user(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| !url.username().is_empty())
}

/// Who connects when the address does not say: as PostgreSQL's own programs have it. Asking the system instead would
/// call everyone `anonymous`.
fn user_of(environment: impl Fn(&str) -> Option<String>) -> Option<String> {
    ["PGUSER", "USER", "LOGNAME"].into_iter().filter_map(environment).find(|user| !user.is_empty())
}

fn with_user(url: &str, user: &str) -> String {
    let option = url::form_urlencoded::Serializer::new(String::new()).append_pair("user", user).finish();
    format!("{url}{}{option}", if url.contains('?') { '&' } else { '?' })
}

fn file(address: &Address, timeout: Duration) -> Result<Place, OutletTrouble> {
    address.done()?;
    let url = address.url();
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        return Err(address.refuse("this names no file; expected such as `sqlite:plant.db`"));
    }
    if path == ":memory:" {
        return Err(
            address.refuse("a database in memory is gone with the program; expected a file, such as `sqlite:plant.db`")
        );
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(timeout)
        // In KiB: the leaves of a thousand sensors, to which each batch adds.
        .pragma("cache_size", "-32768")
        .disable_statement_logging();
    Ok(Place::Sqlite(File { name: address.name.clone(), options, timeout }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_store_is_told_what_one_looks_like() {
        for url in ["plant.db", "mysql://ann:secret@host/plant", "mqtt://host", "file:plant.db", ""] {
            let Err(OutletTrouble::Input(said)) = Place::parse(url) else { panic!("{url} is taken") };
            assert!(said.contains(" is no store; expected such as `sqlite:plant.db`"), "{said}");
            assert!(!said.contains("secret"), "{said}");
        }
        assert!(Place::parse("sqlite:plant.db").is_ok());
    }

    #[test]
    fn who_connects_is_said_by_the_address_or_else_by_the_environment() {
        for (url, named) in [
            ("postgres://ann@host/plant", true),
            ("postgres://ann:secret@host", true),
            ("postgres://host/plant", false),
            ("postgres://:secret@host/plant", false),
            ("postgres://127.0.0.1:5432/ann@home", false),
        ] {
            assert_eq!(names_user(url), named, "{url}");
        }
        let told = |known: &[(&str, &str)]| {
            user_of(|name| known.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(told(&[("LOGNAME", "c"), ("USER", "b"), ("PGUSER", "a")]).as_deref(), Some("a"));
        assert_eq!(told(&[("LOGNAME", "c"), ("USER", "b"), ("PGUSER", "")]).as_deref(), Some("b"));
        assert_eq!(told(&[("LOGNAME", "c")]).as_deref(), Some("c"));
        assert_eq!(told(&[("HOME", "c")]), None);
    }

    #[test]
    fn a_user_from_the_environment_is_the_one_that_connects() {
        for url in ["postgres://host/plant", "postgres://host/plant?sslmode=disable"] {
            let options = PgConnectOptions::from_str(&with_user(url, "ann & bob")).unwrap();
            assert_eq!((options.get_username(), options.get_host()), ("ann & bob", "host"));
            assert_eq!(options.get_database(), Some("plant"));
        }
    }
}
