//! The signature of a webhook: HMAC-SHA256 over the time and the body, so that who gets it knows who sent it, when, and that
//! nothing was changed.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write;

/// `v1=` and the HMAC of `<time>.<body>` in hexadecimal digits. A key of any length will do; None never happens.
pub(super) fn seal(secret: &[u8], time: i64, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(format!("{time}.").as_bytes());
    mac.update(body.as_bytes());
    let mut text = "v1=".to_owned();
    for byte in mac.finalize().into_bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    Some(text)
}

/// An id as a header takes it: what is no visible ASCII as `%XX`.
pub(super) fn header_text(id: &str) -> String {
    let mut text = String::new();
    for byte in id.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2, has the message `what do ya want for nothing?`; ours begins with a time, so the example is made
    /// with `printf '1767225600.{}' | openssl dgst -sha256 -hmac Jefe`.
    #[test]
    fn a_signature_is_what_openssl_says() {
        let sealed = seal(b"Jefe", 1_767_225_600, "{}").unwrap();
        assert_eq!(sealed.len(), 3 + 64);
        assert_eq!(sealed, "v1=f9af0253920f01f15d2f7025018fea13eee543695b72830cba02e45e7db6a7c5");
    }

    #[test]
    fn an_id_is_one_line_of_visible_ascii() {
        assert_eq!(header_text("line-1-live-1/7/2/webhook.ops"), "line-1-live-1/7/2/webhook.ops");
        assert_eq!(header_text("é\r\nX: 1%"), "%C3%A9%0D%0AX:%201%25");
    }
}
