//! What `mqtts:` trusts and who it says it is: root certificates, and a client certificate on request.
//!
//! Files are read once, before the stream starts; what is wrong with them is an input error. Checks are never turned off.

use crate::outlets::address::Address;
use rumqttc::{TlsConfiguration, Transport};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// Takes `ca`, `cert` and `key`; `None` for a plain connection, which wants none of them.
pub(super) fn transport(address: &Address) -> Result<Transport, String> {
    let [ca, cert, key] = ["ca", "cert", "key"].map(|option| address.text(option));
    if address.scheme != "mqtts" {
        return match [ca, cert, key].iter().any(Option::is_some) {
            true => Err("ca, cert and key go with `mqtts:`".into()),
            false => Ok(Transport::Tcp),
        };
    }
    Ok(Transport::Tls(TlsConfiguration::Rustls(client(ca.as_deref(), cert.as_deref(), key.as_deref())?)))
}

/// The terms of a client that trusts `ca`, or what this system trusts, and shows `cert` if it has one.
pub(crate) fn client(ca: Option<&str>, cert: Option<&str>, key: Option<&str>) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|e| format!("TLS: {e}"))?.with_root_certificates(roots(ca)?);
    let config = match (cert, key) {
        (None, None) => builder.with_no_client_auth(),
        (Some(cert), Some(key)) => {
            let chain = certificates(cert).map_err(|why| format!("cert: {why}"))?;
            let read = std::fs::read(key).map_err(|e| format!("key: cannot read {key}: {e}"))?;
            let secret = PrivateKeyDer::from_pem_slice(&read);
            let secret = secret.map_err(|_| format!("key: {key} holds no private key; expected PEM"))?;
            builder.with_client_auth_cert(chain, secret).map_err(|e| format!("cert and key: {e}"))?
        }
        _ => return Err("cert and key go together".into()),
    };
    Ok(Arc::new(config))
}

fn roots(ca: Option<&str>) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    let found = match ca {
        Some(ca) => certificates(ca).map_err(|why| format!("ca: {why}"))?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let (usable, _) = store.add_parsable_certificates(found);
    match (usable, ca) {
        (0, Some(_)) => Err("ca: no certificate in it can be used".into()),
        (0, None) => Err("this system has no list of root certificates; give one with `ca=FILE`".into()),
        _ => Ok(store),
    }
}

fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = std::fs::read(path).map_err(|e| format!("cannot read {path}: {e}"))?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&text).flatten().collect();
    if found.is_empty() { Err(format!("{path} holds no certificate; expected PEM")) } else { Ok(found) }
}
