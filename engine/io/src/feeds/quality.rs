//! What sources say of how good a value is: our words, theirs, and the status codes of OPC.

use twinwright_model::Quality;

/// For messages.
pub(super) const EXPECTED: &str = "expected good, bad, uncertain or substitute, 0 to 3 in this order of good, bad, uncertain, substitute, an OPC UA status, true or false";

pub(super) fn of_flag(good: bool) -> Quality {
    if good { Quality::Good } else { Quality::Bad }
}

/// Words in any case, a few that others use, and codes in quotes.
pub(super) fn of_text(text: &str) -> Option<Quality> {
    const WORDS: [(&str, Quality); 16] = [
        ("good", Quality::Good),
        ("bad", Quality::Bad),
        ("uncertain", Quality::Uncertain),
        ("substitute", Quality::Substitute),
        ("ok", Quality::Good),
        ("valid", Quality::Good),
        ("true", Quality::Good),
        ("invalid", Quality::Bad),
        ("error", Quality::Bad),
        ("false", Quality::Bad),
        ("missing", Quality::Bad),
        ("questionable", Quality::Uncertain),
        ("stale", Quality::Uncertain),
        ("substituted", Quality::Substitute),
        ("simulated", Quality::Substitute),
        ("manual", Quality::Substitute),
    ];
    let text = text.trim();
    let word = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, quality)| *quality);
    word.or_else(|| {
        let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        match hex {
            Some(hex) if !hex.starts_with('+') => of_code(i64::from(u32::from_str_radix(hex, 16).ok()?)),
            Some(_) => None,
            None => of_number(text),
        }
    })
}

pub(super) fn of_number(text: &str) -> Option<Quality> {
    text.parse::<i64>().ok().and_then(of_code)
}

/// Ours from 0 to 3; from 64 the byte of OPC DA; from 0x10000 the status of OPC UA, whose upper two bits say it.
pub(super) fn of_code(code: i64) -> Option<Quality> {
    // Who keeps a status in a signed number shows bad ones below zero.
    let code = if (i64::from(i32::MIN)..0).contains(&code) { code + (1 << 32) } else { code };
    match code {
        0 => Some(Quality::Good),
        1 => Some(Quality::Bad),
        2 => Some(Quality::Uncertain),
        3 => Some(Quality::Substitute),
        64..128 => Some(Quality::Uncertain),
        192..256 => Some(Quality::Good),
        // UncertainSubstituteValue and GoodLocalOverride: somebody put a value in the place of the measured one.
        0x4091_0000 | 0x0096_0000 => Some(Quality::Substitute),
        0x0001_0000..0x4000_0000 => Some(Quality::Good),
        0x4000_0000..0x8000_0000 => Some(Quality::Uncertain),
        0x8000_0000..0x1_0000_0000 => Some(Quality::Bad),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_codes_mean_what_their_makers_say() {
        use Quality::{Bad, Good, Substitute, Uncertain};
        for (text, quality) in [
            ("good", Good),
            ("GOOD", Good),
            (" Bad ", Bad),
            ("uncertain", Uncertain),
            ("substitute", Substitute),
            ("0", Good),
            ("1", Bad),
            ("2", Uncertain),
            ("3", Substitute),
            ("192", Good),
            ("64", Uncertain),
            ("0x00000000", Good),
            ("0x80000000", Bad),
            ("2147483648", Bad),
            ("-2147483648", Bad),
            ("0x40000000", Uncertain),
            ("0x808A0000", Bad),
            ("0x40910000", Substitute),
            ("true", Good),
            ("false", Bad),
        ] {
            assert_eq!(of_text(text), Some(quality), "{text}");
        }
        for text in ["", "fine", "4", "63", "-1e9", "0x", "0x+1", "0x100000000", "4294967296", "1.0"] {
            assert_eq!(of_text(text), None, "{text}");
        }
    }
}
