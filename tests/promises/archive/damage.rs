//! An archive that is damaged or gone is recognised, and never gives other readings than were written.

use super::*;
use crate::store::Base;
use crate::wires::run;
use twinwright_tests::Scratch;

#[test]
fn a_flipped_bit_is_found_and_never_read() {
    let scratch = Scratch::new();
    let [base, _] = Base::both(&scratch);
    let folder = scratch.join("archive");
    run(async {
        let mut link = link(&base).await;
        let ids = sensors(&mut link, "P-101", &["vibration", "flow"]).await;
        let old = week(NOW) - 20 * WEEK;
        for id in ids {
            let rows: Vec<Cells> =
                (0..400).map(|at| (old + at * 1_000, Some(at as f64 * 0.7), 0, None, None)).collect();
            write(&mut link, id, &rows).await;
        }
        let before = stored(&mut link).await;
        prune(&mut link, &[archive_to(&folder)], false).await.unwrap();
        let file = archive::list(&mut link).await.unwrap().remove(0);
        let path = file.url.strip_prefix("file:").unwrap().to_owned();
        let whole = std::fs::read(&path).unwrap();
        let both = [("P-101", "vibration"), ("P-101", "flow")];
        assert_eq!(archived(&mut link, &both).await.unwrap(), before);
        let mut found = 0;
        for number in 0..200 {
            let (place, bit) = (number * (whole.len() - 1) / 199, number % 8);
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << bit;
            std::fs::write(&path, &bytes).unwrap();
            assert!(file.check().await.is_err(), "bit {bit} of byte {place}");
            match archived(&mut link, &both).await {
                Ok(read) => assert_eq!(read, before),
                Err(trouble) => {
                    found += 1;
                    let said = trouble.to_string();
                    assert!(
                        said.starts_with("archive file:") && said.contains("it is damaged") && !said.contains('\n'),
                        "{said}"
                    );
                }
            }
        }
        assert_eq!(found, 200, "a bit that nobody misses");
        for length in (0..whole.len()).step_by(whole.len() / 50) {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert!(file.check().await.is_err() && archived(&mut link, &both).await.is_err(), "{length} bytes");
        }
        std::fs::remove_file(&path).unwrap();
        let said = archived(&mut link, &both).await.unwrap_err().to_string();
        assert!(said.contains("it is not there") && said.contains(&path), "{said}");
        // What is not known to be safe elsewhere does not go.
        write(&mut link, 1, &[(old + 1, Some(1.0), 0, None, None)]).await;
        let trouble = prune(&mut link, &[], false).await.unwrap_err();
        assert!(trouble.to_string().contains("it is not there"), "{trouble}");
        assert_eq!(stored(&mut link).await.len(), 1);
        link.close().await;
    });
}
