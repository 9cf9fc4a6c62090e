//! The programs of PostgreSQL that copy databases: where they are, and how they are told which server is meant.
//!
//! Passwords go to them in their environment, never on a command line, where everybody could read them.

use super::Watch;
use crate::outlets::trouble::OutletTrouble;
use crate::store::place::Server;
use sqlx::ConnectOptions;
use sqlx::postgres::PgSslMode;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

/// Debian keeps them away from the path, by version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// How often a program is asked whether it is done.
const LOOK: Duration = Duration::from_millis(50);
/// What is set for them by whoever starts this program would only confuse them.
const FOREIGN: [&str; 4] = ["PGSERVICE", "PGSERVICEFILE", "PGHOSTADDR", "PGOPTIONS"];

/// A program, on the path or where Debian has it, the newest there.
pub(super) fn find(name: &str) -> Result<PathBuf, OutletTrouble> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let file = entry.path().join("bin").join(name);
            file.is_file().then_some((version, file))
        })
        .max();
    newest.map(|(_, file)| file).or(on_path).ok_or_else(|| {
        let what = "it comes with PostgreSQL's client programs (Debian: postgresql-client)";
        OutletTrouble::lasting(format!("`{name}` is not on this machine; {what}"))
    })
}

/// A program that speaks to a server.
pub(super) fn command(name: &str, server: &Server) -> Result<Command, OutletTrouble> {
    let mut command = Command::new(find(name)?);
    for name in FOREIGN {
        command.env_remove(name);
    }
    let options = &server.options;
    match options.get_socket() {
        Some(folder) => command.env("PGHOST", folder),
        None => command.env("PGHOST", options.get_host()),
    };
    command.env("PGPORT", options.get_port().to_string()).env("PGUSER", options.get_username());
    command.env("PGDATABASE", options.get_database().unwrap_or(options.get_username()));
    let mode = match options.get_ssl_mode() {
        PgSslMode::Disable => "disable",
        PgSslMode::Allow => "allow",
        PgSslMode::Prefer => "prefer",
        PgSslMode::Require => "require",
        PgSslMode::VerifyCa => "verify-ca",
        PgSslMode::VerifyFull => "verify-full",
    };
    command.env("PGSSLMODE", mode).env("PGAPPNAME", "twinwright").env("PGTZ", "UTC");
    if let Some(options) = options.get_options() {
        command.env("PGOPTIONS", options);
    }
    // Only the address has what it was told of passwords and certificates.
    let url = options.to_url_lossy();
    if let Some(password) = url.password() {
        command.env("PGPASSWORD", decoded(password));
    }
    for (name, file) in url.query_pairs() {
        match name.as_ref() {
            "sslrootcert" => command.env("PGSSLROOTCERT", file.as_ref()),
            "sslcert" => command.env("PGSSLCERT", file.as_ref()),
            "sslkey" => command.env("PGSSLKEY", file.as_ref()),
            _ => &mut command,
        };
    }
    Ok(command)
}

/// A part of an address as it was before it was put there.
fn decoded(text: &str) -> String {
    let form = format!("it={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(form.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

/// A program at work. What it says on stderr is read along, so that it never waits for a reader.
pub(super) struct Work {
    name: &'static str,
    pub child: Child,
    said: Option<JoinHandle<String>>,
}

impl Work {
    pub fn start(name: &'static str, command: &mut Command) -> Result<Work, OutletTrouble> {
        command.stderr(Stdio::piped());
        let started = command.spawn();
        let mut child =
            started.map_err(|error| OutletTrouble::lasting(format!("`{name}` cannot be started: {error}")))?;
        let said = child.stderr.take().map(|mut stderr| {
            std::thread::spawn(move || {
                let mut said = Vec::new();
                // What cannot be read any more was not said.
                let _ = stderr.read_to_end(&mut said);
                String::from_utf8_lossy(&said).into_owned()
            })
        });
        Ok(Work { name, child, said })
    }

    /// Waits until it is done; `tell` is called now and then.
    pub fn wait(mut self, watch: &Watch<'_>, tell: impl Fn()) -> Result<(), OutletTrouble> {
        loop {
            if let Err(ended) = watch.ended() {
                self.kill();
                return Err(ended);
            }
            tell();
            match self.child.try_wait() {
                Ok(Some(status)) => return self.judge(status),
                Ok(None) => std::thread::sleep(LOOK),
                Err(error) => return Err(OutletTrouble::lasting(format!("`{}`: {error}", self.name))),
            }
        }
    }

    fn judge(&mut self, status: ExitStatus) -> Result<(), OutletTrouble> {
        let said = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        if status.success() {
            return Ok(());
        }
        // Its first complaint; hints and follow-ups come after.
        let first = said.lines().find(|line| line.contains("rror")).or(said.lines().next());
        let why = first.map_or_else(|| status.to_string(), |line| line.trim().to_owned());
        Err(OutletTrouble::lasting(format!("`{}` did not do it: {why}", self.name)))
    }

    pub fn kill(&mut self) {
        // One that ended by itself is no trouble.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::postgres::PgConnectOptions;

    #[test]
    fn a_password_reaches_programs_as_it_is_and_only_in_their_environment() {
        for password in ["plain", "a&b=c+d e", "%41/@:;#?", "ünï ☃", "'\"$(x)"] {
            let options = PgConnectOptions::new_without_pgpass().host("db").username("ann").password(password);
            let server = Server { name: "db".to_owned(), options, timeout: LOOK };
            let Ok(command) = command("psql", &server) else { return };
            let given = command.get_envs().find(|(name, _)| *name == "PGPASSWORD").and_then(|(_, value)| value);
            assert_eq!(given.and_then(|value| value.to_str()), Some(password));
            assert_eq!(command.get_args().count(), 0);
        }
    }
}
