//! Disks that are full, read-only, or not where they were said to be.
//!
//! A small disk is a real one in memory, which only a superuser may mount: without that (or `sudo -n`) these tests say
//! so and end.

use super::{Base, Postgres, counted, deliver, outlet, same, stream, wanted};
use crate::wires::run;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use twinwright_io::outlets::Tally;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_tests::Scratch;
use twinwright_tests::servers::postgres::hand_over;

/// A mounted disk, gone when it is dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(folder: &Path, size: &str) -> Option<Disk> {
        std::fs::create_dir_all(folder).expect("a folder can be made");
        let options = format!("size={size},mode=777");
        let path = folder.to_str().expect("a path as text");
        if as_root(&["mount", "-t", "tmpfs", "-o", &options, "twinwright", path]) {
            return Some(Disk(folder.to_owned()));
        }
        let _ = writeln!(std::io::stderr(), "not tested: nobody here may mount a disk");
        None
    }

    fn make_read_only(&self) {
        let path = self.0.to_str().expect("a path as text");
        assert!(as_root(&["mount", "-o", "remount,ro", path]));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        as_root(&["umount", "-l", &self.0.display().to_string()]);
    }
}

fn as_root(words: &[&str]) -> bool {
    let quiet = |command: &mut Command| command.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    quiet(Command::new(words[0]).args(&words[1..])) || quiet(Command::new("sudo").arg("-n").args(words))
}

fn lasting(trouble: Result<(), OutletTrouble>, said: &str) {
    match trouble {
        Err(OutletTrouble::Lasting(why)) if why.contains(said) && !why.contains('\n') => (),
        other => panic!("{other:?} instead of {said}"),
    }
}

#[test]
fn a_full_disk_under_sqlite_is_said_and_what_was_acknowledged_is_there() {
    let scratch = Scratch::new();
    let Some(disk) = Disk::mount(&scratch.join("disk"), "2m") else { return };
    let base = Base::Sqlite(disk.0.join("plant.db"));
    let parcels = stream(60, 100, super::STEP);
    let tally = Tally::default();
    lasting(deliver(&base.url(), &parcels, &tally), "its disk");
    let [_, acknowledged, _] = counted(&tally);
    let whole = parcels.iter().take(acknowledged as usize / parcels[0].len()).cloned().collect::<Vec<_>>();
    assert!(!whole.is_empty(), "nothing fitted on the disk");
    // Readable once there is room for what a reader needs.
    assert!(as_root(&["mount", "-o", "remount,size=8m", &disk.0.display().to_string()]));
    same(&base.readings(), &wanted(&whole));
}

#[test]
fn a_disk_that_is_read_only_is_said() {
    let scratch = Scratch::new();
    let Some(disk) = Disk::mount(&scratch.join("disk"), "4m") else { return };
    let base = Base::Sqlite(disk.0.join("plant.db"));
    deliver(&base.url(), &stream(1, 1, super::STEP), &Tally::default()).unwrap();
    disk.make_read_only();
    lasting(deliver(&base.url(), &stream(1, 9, super::STEP), &Tally::default()), "plant.db: it");
    let new = format!("sqlite:{}", disk.0.join("new.db").display());
    lasting(run(outlet(&new).open()), "it cannot be opened or made");
}

#[test]
fn a_file_that_is_no_database_or_nowhere_is_said_and_left_alone() {
    let scratch = Scratch::new();
    let file =
        scratch.write("notes.txt", "this is a text that somebody wants to keep, and it is long enough\n".repeat(20));
    let before = std::fs::read(&file).unwrap();
    lasting(run(outlet(&format!("sqlite:{}", file.display())).open()), "this file is no SQLite database");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let nowhere = scratch.join("no/such/plant.db");
    lasting(run(outlet(&format!("sqlite:{}", nowhere.display())).open()), "it cannot be opened or made");
    lasting(run(outlet(&format!("sqlite:{}", scratch.path().display())).open()), "it cannot be opened or made");
}

#[test]
fn a_full_disk_under_postgresql_is_said() {
    let scratch = Scratch::new();
    let Some(disk) = Disk::mount(&scratch.join("disk"), "1m") else { return };
    hand_over(&disk.0);
    let server = Postgres::start(scratch.path());
    server.ask(&format!("CREATE TABLESPACE small LOCATION '{}'", disk.0.display()));
    server.ask("ALTER DATABASE plant SET default_tablespace = small");
    let parcels = stream(60, 100, super::STEP);
    lasting(deliver(&server.url(), &parcels, &Tally::default()), "the disk of the server is full");
    drop(server);
}

/// With too little room for the tables nothing of them is there; with more all of them are.
#[test]
fn a_disk_that_is_full_while_the_tables_are_made_has_none_of_them() {
    let scratch = Scratch::new();
    let Some(disk) = Disk::mount(&scratch.join("disk"), "128k") else { return };
    let base = Base::Sqlite(disk.0.join("plant.db"));
    lasting(run(outlet(&base.url()).open()), "its disk");
    assert!(as_root(&["mount", "-o", "remount,size=8m", &disk.0.display().to_string()]));
    assert_eq!(base.ask("SELECT count(*) FROM sqlite_schema"), "0");
    run(outlet(&base.url()).open()).unwrap();
    assert_eq!(base.ask("SELECT count(*), max(version) FROM _sqlx_migrations"), "6|6");
}

#[test]
fn a_server_whose_disk_is_full_while_the_tables_are_made_has_none_of_them() {
    let scratch = Scratch::new();
    let Some(disk) = Disk::mount(&scratch.join("disk"), "300k") else { return };
    hand_over(&disk.0);
    let server = Postgres::start(scratch.path());
    server.ask(&format!("CREATE TABLESPACE small LOCATION '{}'", disk.0.display()));
    server.ask("ALTER DATABASE plant SET default_tablespace = small");
    lasting(run(outlet(&server.url()).open()), "the disk of the server is full");
    assert_eq!(server.ask("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"), "0");
    assert!(as_root(&["mount", "-o", "remount,size=16m", &disk.0.display().to_string()]));
    run(outlet(&server.url()).open()).unwrap();
    assert_eq!(server.ask("SELECT count(*), max(version) FROM _sqlx_migrations"), "6|6");
}
