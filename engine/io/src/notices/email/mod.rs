//! E-mail: what changed within a minute as one mail, so that a flood is read instead of filtered away.
//!
//! A mail goes over TLS unless the site says `plain`. Nothing that a machine or a person wrote reaches a header unwashed.

mod letter;

use super::{Notice, Site, Terms, Verdict, Wire, terms, tone};
use crate::outlets::Pending;
use crate::outlets::address::Address;
use crate::outlets::trouble::OutletTrouble;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::time::Duration;
use url::Url;

/// Changes that are gathered into one mail, at most.
const AT_ONCE: usize = 500;
const DIGEST: Duration = Duration::from_secs(60);
/// For each answer of the server.
const TIMEOUT: Duration = Duration::from_secs(20);
/// For a whole mail.
const LONGEST: Duration = Duration::from_secs(120);

pub(super) struct Email {
    terms: Terms,
    site: String,
    from: Mailbox,
    to: Vec<Mailbox>,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

/// Checks `smtp:` or `smtps:`.
pub(super) fn open(address: &Address, site: &Site) -> Result<Email, OutletTrouble> {
    let digest = address.span("digest")?.map_or(DIGEST, |span| Duration::from_nanos(span.0.unsigned_abs()));
    let terms = Terms { at_once: AT_ONCE, gather: Some(digest), ..terms(address, true)? };
    let (from, to) = (address.text("from"), address.text("to"));
    let mut from = mailboxes(address, "from", from.as_deref())?;
    let to = mailboxes(address, "to", to.as_deref())?;
    let from = match (from.pop(), from.len()) {
        (Some(one), 0) => one,
        _ => return Err(address.refuse("from: expected one address, such as `twin@example.com`")),
    };
    let transport = transport(address)?;
    address.done()?;
    Ok(Email { terms, site: site.name.clone(), from, to, transport })
}

fn mailboxes(address: &Address, key: &str, text: Option<&str>) -> Result<Vec<Mailbox>, OutletTrouble> {
    let expected = "expected such as `twin@example.com`, several with commas between them";
    let text = text.unwrap_or_default();
    if text.chars().any(char::is_control) {
        return Err(address.refuse(format!("{key}: a control character stands in it; {expected}")));
    }
    let found: Result<Vec<Mailbox>, _> =
        text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::parse).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(address.refuse(format!("{key}: is missing; {expected}"))),
        Err(why) => Err(address.refuse(format!("{key}: `{}`: {why}; {expected}", tone::line(text, 100)))),
    }
}

fn transport(address: &Address) -> Result<AsyncSmtpTransport<Tokio1Executor>, OutletTrouble> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let expected = "expected such as `smtp://user@mail.example.com:587` or `smtps://mail.example.com`";
    let url = Url::parse(address.url()).map_err(|e| address.refuse(format!("url: {e}; {expected}")))?;
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| address.refuse(format!("url: there is no host; {expected}")))?;
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() || url.password().is_some() {
        let why = "nothing goes behind the host, and no password before it (password_env, password_file)";
        return Err(address.refuse(format!("url: {why}; {expected}")));
    }
    let plain = address.flag("plain")?.unwrap_or(false);
    let wrapped = address.scheme == "smtps";
    if plain && wrapped {
        return Err(address.refuse("plain: `smtps:` is never plain; expected `smtp:`"));
    }
    let parameters = TlsParameters::new(host.trim_matches(['[', ']']).to_owned());
    let parameters = parameters.map_err(|e| address.refuse(format!("url: `{host}`: no TLS: {e}")))?;
    let tls = match (wrapped, plain) {
        (true, _) => Tls::Wrapper(parameters),
        (false, true) => Tls::Opportunistic(parameters),
        (false, false) => Tls::Required(parameters),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.trim_matches(['[', ']']))
        .port(url.port().unwrap_or(if wrapped { 465 } else { 587 }))
        .hello_name(ClientId::Domain("twinwright.invalid".to_owned()))
        .tls(tls)
        .timeout(Some(TIMEOUT));
    let password = address.secret("password")?;
    match (url.username(), password) {
        ("", None) => {}
        ("", Some(_)) => return Err(address.refuse(format!("url: a password needs a user; {expected}"))),
        (_, None) => return Err(address.refuse("password: is missing; expected password_env or password_file")),
        (_, Some(_)) if plain => {
            return Err(
                address.refuse("plain: a password would be read by everybody on the way; expected TLS, or no user")
            );
        }
        (user, Some(password)) => builder = builder.credentials(Credentials::new(unescaped(user), password)),
    }
    Ok(builder.build())
}

/// `%40` and its like as what they stand for.
fn unescaped(text: &str) -> String {
    let text = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(text.as_bytes()).next().map_or(String::new(), |(_, text)| text.into_owned())
}

impl Email {
    /// One mail for all changes of alerts, and one a report.
    async fn send(&self, notices: &[Notice]) -> Vec<Verdict> {
        let (reports, alerts): (Vec<&Notice>, Vec<&Notice>) = notices.iter().partition(|notice| notice.is_report());
        let together =
            if alerts.is_empty() { None } else { Some(self.mail(&letter::of_alerts(&self.site, &alerts)).await) };
        let mut of_reports = Vec::new();
        for report in reports {
            of_reports.push(self.mail(&letter::of_report(&self.site, report)).await);
        }
        let mut of_reports = of_reports.into_iter();
        let verdict = |notice: &Notice| if notice.is_report() { of_reports.next() } else { together.clone() };
        notices.iter().map(verdict).map(|verdict| verdict.unwrap_or(Verdict::Again(String::new(), None))).collect()
    }

    async fn mail(&self, letter: &letter::Letter) -> Verdict {
        let mail = match letter.mail(&self.from, &self.to) {
            Ok(mail) => mail,
            Err(why) => return Verdict::Never(why),
        };
        match tokio::time::timeout(LONGEST, self.transport.send(mail)).await {
            Ok(Ok(answer)) => Verdict::Delivered(tone::line(&answer.message().collect::<Vec<_>>().join(" "), 200)),
            Ok(Err(error)) => {
                let why = tone::line(&said(&error), 300);
                if error.is_permanent() { Verdict::Never(why) } else { Verdict::Again(why, None) }
            }
            Err(_) => Verdict::Again(format!("the mail is not through after {} s", LONGEST.as_secs()), None),
        }
    }
}

/// An error with what caused it.
fn said(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(inner) = next {
        let inner_said = inner.to_string();
        if !said.contains(&inner_said) {
            said.push_str(": ");
            said.push_str(&inner_said);
        }
        next = inner.source();
    }
    said
}

impl Wire for Email {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn deliver<'a>(&'a mut self, notices: &'a [Notice]) -> Pending<'a, Result<Vec<Verdict>, OutletTrouble>> {
        Box::pin(async move { Ok(self.send(notices).await) })
    }
}
