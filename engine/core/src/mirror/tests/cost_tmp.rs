//! temp
use super::plant::{Plant, plan, site};
use crate::mirror::Mirror;
#[test]
#[ignore]
fn cost() {
    let eight = super::shown::PUMP.to_owned()
        + r#"
[sensors.a]
value = "30 + 4*load + 5*bearing"
noise = { sd = 0.4, memory = "20 s" }
lag = "1 min"
[sensors.b]
value = "3*load"
noise = { sd = 0.04 }
[sensors.c]
value = "3*load*running + 2*bearing"
noise = { sd = 0.1 }
[sensors.d]
value = "7"
noise = { sd = 0.1 }
"#;
    let plan = plan("pump", &eight, "P-{1..10000}", "1 s", "");
    let site = site(&plan, &["load"]);
    let mut plant = Plant::new(&site, true);
    let mut mirror = Mirror::build(&site);
    let heard: Vec<_> = (0..40).map(|_| plant.tick()).collect();
    let mut views = 0usize;
    for (tick, heard) in heard.iter().enumerate() {
        let t = std::time::Instant::now();
        mirror.tick_seen(heard, &mut |v| views += usize::from(v.heard != 0));
        eprintln!("{tick} {:?}", t.elapsed());
    }
    let t = std::time::Instant::now();
    let bytes = mirror.save();
    eprintln!("save {:?} {} bytes", t.elapsed(), bytes.len());
    let t = std::time::Instant::now();
    mirror.digest();
    eprintln!("digest {:?} views {views}", t.elapsed());
    let t = std::time::Instant::now();
    Mirror::restore(&site, &bytes).unwrap();
    eprintln!("restore {:?}", t.elapsed());
}
