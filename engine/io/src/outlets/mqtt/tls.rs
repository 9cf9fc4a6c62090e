//! What `mqtts:` trusts and who it says it is: root certificates, and a client certificate on request.
//!
//! Files are read once, before the stream starts; what is wrong with them is an input error. Checks are never turned off.

use crate::outlets::address::Address;
use rumqttc::{TlsConfiguration, Transport};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// Where systems keep the roots that they trust.
const SYSTEM_ROOTS: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// Takes `ca`, `cert` and `key`; `None` for a plain connection, which wants none of them.
pub(super) fn transport(address: &Address) -> Result<Transport, String> {
    let [ca, cert, key] = ["ca", "cert", "key"].map(|option| address.text(option));
    if address.scheme != "mqtts" {
        return match [ca, cert, key].iter().any(Option::is_some) {
            true => Err("ca, cert and key go with `mqtts:`".into()),
            false => Ok(Transport::Tcp),
        };
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|e| format!("TLS: {e}"))?.with_root_certificates(roots(ca.as_deref())?);
    let config = match (cert, key) {
        (None, None) => builder.with_no_client_auth(),
        (Some(cert), Some(key)) => {
            let chain = certificates(&cert).map_err(|why| format!("cert: {why}"))?;
            let read = std::fs::read(&key).map_err(|e| format!("key: cannot read {key}: {e}"))?;
            let secret = PrivateKeyDer::from_pem_slice(&read);
            let secret = secret.map_err(|_| format!("key: {key} holds no private key; expected PEM"))?;
            builder.with_client_auth_cert(chain, secret).map_err(|e| format!("cert and key: {e}"))?
        }
        _ => return Err("cert and key go together".into()),
    };
    Ok(Transport::Tls(TlsConfiguration::Rustls(Arc::new(config))))
}

fn roots(ca: Option<&str>) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    let found = match ca {
        Some(ca) => certificates(ca).map_err(|why| format!("ca: {why}"))?,
        None => {
            let named = std::env::var("SSL_CERT_FILE").ok();
            let mut places = named.as_deref().into_iter().chain(SYSTEM_ROOTS);
            let found = places.find_map(|place| certificates(place).ok());
            found.ok_or("this system has no list of root certificates; give one with `ca=FILE`")?
        }
    };
    let (usable, _) = store.add_parsable_certificates(found);
    if usable == 0 { Err("ca: no certificate in it can be used".into()) } else { Ok(store) }
}

fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = std::fs::read(path).map_err(|e| format!("cannot read {path}: {e}"))?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&text).flatten().collect();
    if found.is_empty() { Err(format!("{path} holds no certificate; expected PEM")) } else { Ok(found) }
}
