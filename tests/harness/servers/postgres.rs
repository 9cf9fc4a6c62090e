//! A PostgreSQL of one test: its own cluster, on a socket in the test's folder and on a port of the loopback.
//!
//! Over the socket everybody is trusted, over the port passwords count. It can be killed as a crash would and started
//! again on the same data. PostgreSQL refuses to run as the superuser: then it runs as `postgres`, or `nobody`.

use super::{ServerProcess, on_free_port};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A server with a database `plant`.
#[derive(Debug)]
pub struct Postgres {
    server: ServerProcess,
    folder: PathBuf,
    more: Vec<String>,
    pub port: u16,
}

impl Postgres {
    pub fn start(folder: &Path) -> Postgres {
        Postgres::with(folder, &["fsync=off", "full_page_writes=off"])
    }

    /// With these settings, and else as it comes.
    pub fn with(folder: &Path, settings: &[&str]) -> Postgres {
        let folder = folder.join("pg");
        std::fs::create_dir_all(&folder).expect("a folder for a cluster can be made");
        hand_over(&folder);
        let mut initdb = as_nobody("initdb");
        initdb.args(["--no-sync", "--no-instructions", "--auth=trust", "--username=postgres", "--encoding=UTF8"]);
        initdb.args(["--locale=C", "--pgdata"]).arg(folder.join("data"));
        let made = initdb.output().expect("initdb starts; tests/run installs it");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let rules = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
        std::fs::write(folder.join("data/pg_hba.conf"), rules).expect("rules can be written");
        let more: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let (server, port) = on_free_port(|port| Postgres::process(&folder, port, &more));
        let postgres = Postgres { server, folder, more, port };
        postgres.ask_in("postgres", "CREATE DATABASE plant");
        postgres
    }

    fn process(folder: &Path, port: u16, more: &[String]) -> Result<ServerProcess, String> {
        let mut command = as_nobody("postgres");
        command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder).args(["-p", &port.to_string()]);
        for setting in ["listen_addresses=127.0.0.1", "max_connections=20", "shared_buffers=32MB", "autovacuum=off"] {
            command.args(["-c", setting]);
        }
        for setting in more {
            command.args(["-c", setting]);
        }
        let ready = || {
            let mut asking = Command::new(binary("pg_isready"));
            asking.arg("-q").arg("-h").arg(folder).args(["-p", &port.to_string()]);
            asking.status().is_ok_and(|status| status.success())
        };
        // A crashed server's processes may hold its memory for a moment longer.
        let begun = Instant::now();
        loop {
            match ServerProcess::start(&mut command, &folder.join("log"), ready) {
                Err(why) if why.contains("shared memory") && begun.elapsed() < Duration::from_secs(30) => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                other => return other,
            }
        }
    }

    /// Its address over the socket.
    pub fn url(&self) -> String {
        format!("postgres://postgres@localhost:{}/plant?host={}", self.port, self.folder.display())
    }

    /// The process that all others of the server are children of.
    pub fn id(&self) -> u32 {
        self.server.id()
    }

    /// Its address over the port, for the user `ann` with a password that lies in a file of this name.
    pub fn url_at(&self, port: u16, password_file: &str) -> String {
        format!("postgres://ann@127.0.0.1:{port}/plant?sslmode=disable&password_file={password_file}")
    }

    /// Kills it and all of its processes, as a crash would.
    pub fn kill(&mut self) {
        let children = self.children();
        self.server.kill();
        signal("KILL", &children);
    }

    /// Ends it as `pg_ctl stop -m immediate` would: every process at once, nothing written out.
    pub fn stop_at_once(&mut self) {
        signal("QUIT", &self.server.id().to_string());
        let pid = self.folder.join("data/postmaster.pid");
        let begun = Instant::now();
        while pid.exists() && begun.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.server.kill();
    }

    /// Holds all of its processes: connections stand, new ones are taken by the system, nobody answers.
    pub fn pause(&self) {
        signal("STOP", &self.server.id().to_string());
        signal("STOP", &self.children());
    }

    /// What was held goes on.
    pub fn go_on(&self) {
        signal("CONT", &self.children());
        signal("CONT", &self.server.id().to_string());
    }

    fn children(&self) -> String {
        let id = self.server.id();
        std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default()
    }

    /// Starts it again on the same data.
    pub fn start_again(&mut self) {
        let server = Postgres::process(&self.folder, self.port, &self.more);
        self.server = server.unwrap_or_else(|why| panic!("PostgreSQL does not start again: {why}"));
    }

    /// The answer to some statements in `plant`, a row a line, as psql gives it.
    pub fn ask(&self, statements: &str) -> String {
        self.ask_in("plant", statements)
    }

    fn ask_in(&self, database: &str, statements: &str) -> String {
        let output = self.psql(database, statements);
        assert!(output.status.success(), "{statements}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// What the server says to statements that it must refuse.
    pub fn refuses(&self, statements: &str) -> String {
        let output = self.psql("plant", statements);
        assert!(!output.status.success(), "{statements}: is done");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn psql(&self, database: &str, statements: &str) -> std::process::Output {
        let mut psql = self.client(database);
        psql.args(["-v", "ON_ERROR_STOP=1", "-c", statements]);
        psql.output().expect("psql starts; tests/run installs it")
    }

    /// A psql that does what its input says, whatever becomes of each statement, and tells all about errors.
    pub fn psql_of_lines(&self) -> Command {
        let mut psql = self.client("plant");
        psql.args(["-v", "VERBOSITY=verbose", "-f", "-"]);
        psql
    }

    fn client(&self, database: &str) -> Command {
        let mut psql = Command::new(binary("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-U", "postgres", "-d", database]);
        psql.arg("-h").arg(&self.folder).args(["-p", &self.port.to_string()]).env("PGTZ", "UTC");
        psql
    }
}

impl Drop for Postgres {
    /// Stops it so that it takes its shared memory along, also where a test left it held.
    fn drop(&mut self) {
        self.go_on();
        signal("QUIT", &self.server.id().to_string());
        let begun = Instant::now();
        let pid = self.folder.join("data/postmaster.pid");
        while pid.exists() && begun.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// To processes that may have ended by themselves in the meantime, which is no trouble.
fn signal(name: &str, processes: &str) {
    let _ =
        Command::new("kill").arg(format!("-{name}")).args(processes.split_whitespace()).stderr(Stdio::null()).status();
}

/// A program of PostgreSQL; Debian keeps most of them away from the path, by version.
pub fn binary(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|entry| entry.path().join("bin").join(name)).filter(|path| path.is_file()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| PathBuf::from(name))
}

/// A program of PostgreSQL, not as the superuser.
fn as_nobody(name: &str) -> Command {
    let mut command = Command::new(binary(name));
    if let Some((user, group)) = nobody() {
        command.uid(user).gid(group).current_dir("/");
    }
    command
}

/// Makes a folder one that the server may use, and the way to it one that it may go.
pub fn hand_over(folder: &Path) {
    let Some((user, group)) = nobody() else { return };
    chown(folder, Some(user), Some(group)).expect("the superuser may give a folder away");
    let own = std::env::temp_dir();
    for above in folder.ancestors().skip(1).filter(|above| above.starts_with(&own)) {
        let mode = std::fs::metadata(above).expect("a folder of this test").permissions().mode();
        if mode & 0o001 == 0 {
            let mode = std::fs::Permissions::from_mode(mode | 0o011);
            std::fs::set_permissions(above, mode).expect("a folder of this test");
        }
    }
}

/// Whom a superuser lets run PostgreSQL: user and group; nobody else needs to.
fn nobody() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    let me = std::fs::metadata("/proc/self").ok()?.uid();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(str::parse);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    };
    if me == 0 { user("postgres").or_else(|| user("nobody")) } else { None }
}
