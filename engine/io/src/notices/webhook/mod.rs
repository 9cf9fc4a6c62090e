//! Webhooks: a signed POST a notice, to an address that was checked the moment before.
//!
//! Nothing is followed and nothing is believed: no redirect, no proxy of the environment, no name that leads into the network
//! around us unless the site says so. A name is looked up anew for each attempt, and what it was found to be is connected to.

mod answer;
pub mod guard;
mod seal;

use super::{Notice, Terms, Verdict, Wire, now, terms};
use crate::outlets::Pending;
use crate::outlets::address::Address;
use crate::outlets::trouble::OutletTrouble;
use futures_util::future::join_all;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, header, redirect};
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use twinwright_model::time::SECOND;
use url::{Host, Url};

/// For an attempt from its first look-up to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Notices of different alerts that are under way together.
const AT_ONCE: usize = 8;

/// The addresses of a name.
pub type Resolved = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;
/// Who knows them.
pub type Lookup = Arc<dyn Fn(String) -> Resolved + Send + Sync>;

pub(super) struct Webhook {
    terms: Terms,
    url: Url,
    secret: Vec<u8>,
    client: Client,
    timeout: Duration,
}

/// Checks `https:` or `http:`.
pub(super) fn open(address: &Address) -> Result<Webhook, OutletTrouble> {
    of(address, Arc::new(|host| Box::pin(of_the_system(host))))
}

/// The same, asking another one for the addresses of names.
pub fn webhook_with(address: &Address, lookup: Lookup) -> Result<Box<dyn Wire>, OutletTrouble> {
    Ok(Box::new(of(address, lookup)?))
}

fn of(address: &Address, lookup: Lookup) -> Result<Webhook, OutletTrouble> {
    let terms = Terms { at_once: AT_ONCE, ..terms(address, false)? };
    let private = address.flag("private")?.unwrap_or(false);
    let timeout = address.span("timeout")?.map_or(TIMEOUT, |span| Duration::from_nanos(span.0.unsigned_abs()));
    let secret = address.secret("secret")?.filter(|secret| !secret.is_empty());
    let Some(secret) = secret else {
        return Err(address.refuse("secret: is missing; expected secret_env or secret_file, for the signature"));
    };
    let url = checked(address, private)?;
    address.done()?;
    let client = client(address, Guarded { lookup, private }, timeout)?;
    Ok(Webhook { terms, url, secret: secret.into_bytes(), client, timeout })
}

/// The URL, where it is one that notices may go to.
fn checked(address: &Address, private: bool) -> Result<Url, OutletTrouble> {
    let url = Url::parse(address.url())
        .map_err(|e| address.refuse(format!("url: {e}; expected such as `https://host/path`")))?;
    if address.scheme == "http" && !private {
        return Err(
            address.refuse("url: http: can be read by everybody on the way; expected https:, or private = true")
        );
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(address.refuse("url: has a user before its host; expected such as `https://host/path`"));
    }
    let why = match url.host() {
        Some(Host::Ipv4(ip)) => guard::forbidden(ip.into(), private),
        Some(Host::Ipv6(ip)) => guard::forbidden(ip.into(), private),
        Some(Host::Domain(name)) => of_this_machine(name).filter(|_| !private),
        None => Some("no host"),
    };
    let host = url.host_str().unwrap_or_default().to_owned();
    if let Some(why) = why {
        let hint = if private { "" } else { "; private = true lets notices go into networks around this machine" };
        return Err(address.refuse(format!("url: `{host}` is {why}{hint}")));
    }
    if let Some(allowed) = address.text("allow") {
        let mut hosts = allowed.split([',', ' ']).filter(|host| !host.is_empty());
        if !hosts.any(|allowed| is_allowed(&host, allowed)) {
            return Err(address.refuse(format!("url: `{host}` is not among the hosts that `allow` names: {allowed}")));
        }
    }
    Ok(url)
}

fn of_this_machine(name: &str) -> Option<&'static str> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    (name == "localhost" || name.ends_with(".localhost")).then_some("this machine")
}

/// A host's name, or `*.example.com` for all below it.
fn is_allowed(host: &str, allowed: &str) -> bool {
    let (host, allowed) =
        (host.trim_end_matches('.').to_ascii_lowercase(), allowed.trim_end_matches('.').to_ascii_lowercase());
    match allowed.strip_prefix('*') {
        Some(below) => below.len() > 1 && below.starts_with('.') && host.len() > below.len() && host.ends_with(below),
        None => host == allowed,
    }
}

fn client(address: &Address, guarded: Guarded, timeout: Duration) -> Result<Client, OutletTrouble> {
    // The first one stays; whoever else needs one takes the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("twinwright/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .timeout(timeout)
        .connect_timeout(timeout)
        // A connection that is kept would go where a name led some time ago.
        .pool_max_idle_per_host(0)
        .dns_resolver(Arc::new(guarded));
    if address.scheme == "http" {
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|e| OutletTrouble::Lasting(format!("{}: no HTTPS here: {e}", address.name)))
}

/// Looks names up and lets none through that leads where it must not.
struct Guarded {
    lookup: Lookup,
    private: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, private) = ((self.lookup)(name.as_str().to_owned()), self.private);
        Box::pin(async move {
            let found = found.await?;
            // One wrong address is enough: who mixes them in means no good, or does not know what the name is.
            if let Some((ip, why)) = found.iter().find_map(|ip| Some((ip, guard::forbidden(*ip, private)?))) {
                return Err(format!("`{}` leads to {ip}, {why}", name.as_str()).into());
            }
            if found.is_empty() {
                return Err(format!("`{}` has no address", name.as_str()).into());
            }
            let found: Addrs = Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(found)
        })
    }
}

async fn of_the_system(host: String) -> std::io::Result<Vec<IpAddr>> {
    Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
}

impl Webhook {
    async fn post(&self, notice: &Notice) -> Verdict {
        let body = notice.body();
        let time = now().0.div_euclid(SECOND);
        let Some(signature) = seal::seal(&self.secret, time, &body) else {
            return Verdict::Never("it cannot be signed".to_owned());
        };
        let request = self
            .client
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("X-Twinwright-Id", seal::header_text(&notice.uid))
            .header("X-Twinwright-Time", time)
            .header("X-Twinwright-Signature", signature)
            .body(body);
        let attempt = async {
            match request.send().await {
                Ok(response) => answer::judge(response).await,
                Err(error) if error.is_timeout() => self.silent(),
                Err(error) => answer::on_the_way(&error.without_url()),
            }
        };
        tokio::time::timeout(self.timeout, attempt).await.unwrap_or_else(|_| self.silent())
    }

    fn silent(&self) -> Verdict {
        Verdict::Again(format!("no answer within {} s", self.timeout.as_secs_f64()), None)
    }
}

impl Wire for Webhook {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn deliver<'a>(&'a mut self, notices: &'a [Notice]) -> Pending<'a, Result<Vec<Verdict>, OutletTrouble>> {
        Box::pin(async move { Ok(join_all(notices.iter().map(|notice| self.post(notice))).await) })
    }
}
