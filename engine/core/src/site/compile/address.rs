//! Addresses of a site, taken apart only as far as their mistakes can be told here; and secrets, which never stand in a file.

use super::Maker;
use crate::files::leaf::At;
use crate::files::node::Key;
use crate::files::sources::{Fault, NOWHERE};
use crate::files::{Faults, Node, Value};
use twinwright_model::feeds::Secret;

/// A URL's parts.
pub(super) struct Parts<'u> {
    pub(super) scheme: &'u str,
    has_password: bool,
    pub(super) host: &'u str,
    /// What stands behind the host and its port.
    rest: &'u str,
}

/// None where it is no URL with a host and a port that can be.
pub(super) fn parts(url: &str) -> Option<Parts<'_>> {
    let (scheme, after) = url.split_once("://")?;
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    let (user, server) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (host, port) = match server.strip_prefix('[') {
        Some(inside) => {
            let (host, after) = inside.split_once(']')?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => server.split_once(':').map_or((server, None), |(host, port)| (host, Some(port))),
    };
    let is_port =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|n| n > 0);
    let fine =
        !host.is_empty() && port.is_none_or(is_port) && !url.contains(|c: char| c.is_whitespace() || c.is_control());
    fine.then_some(Parts { scheme, has_password: user.contains(':'), host, rest })
}

impl Maker<'_> {
    /// Checks an address; what follows the host only where a path is meant to.
    pub(super) fn check_url(
        &mut self,
        url: &At<String>,
        code: &'static str,
        schemes: &[&str],
        example: &str,
        path: bool,
    ) {
        if url.span == NOWHERE {
            return;
        }
        let expected = format!("such as `{example}`");
        let fault = match parts(&url.value) {
            Some(parts) if !schemes.contains(&parts.scheme) => {
                Fault::new(&url.span, code, format!("`{}:` is no address that goes here", parts.scheme))
                    .expected(expected)
            }
            Some(parts) if parts.has_password => clear_secret(&url.span, "password"),
            Some(parts) if !path && !matches!(parts.rest, "" | "/") => {
                let message = "nothing goes behind the host: options are keys of their own";
                Fault::new(&url.span, code, message).expected(expected)
            }
            Some(_) => return,
            None => Fault::new(&url.span, code, "this is no address").expected(expected),
        };
        self.faults().add(fault);
    }

    /// Where the store is, if the file says so.
    pub(super) fn store(&mut self) -> Option<String> {
        let store = self.spec.store.as_ref()?;
        let schemes = ["sqlite", "postgres", "postgresql"];
        let scheme = store.value.split(':').next().unwrap_or_default();
        if !schemes.contains(&scheme) && store.span != NOWHERE {
            let fault = Fault::new(&store.span, "store", "this is no address of a store");
            self.faults().add(fault.expected("such as `sqlite:line1.db` or `postgres://user@host/plant`"));
        }
        let in_options = store
            .value
            .split_once('?')
            .is_some_and(|(_, options)| options.split('&').any(|option| option.starts_with("password=")));
        if in_options || parts(&store.value).is_some_and(|parts| parts.has_password) {
            let fault = Fault::new(&store.span, "secret", "a password does not stand in a file");
            self.faults().add(fault.expected("`?password_env=NAME` or `?password_file=FILE` behind the address"));
        }
        Some(store.value.clone())
    }

    /// Where a secret is found: one place, or none.
    pub(super) fn secret(&mut self, env: &Option<At<String>>, file: &Option<At<String>>) -> Option<Secret> {
        if let Some(env) = env {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if env.value.is_empty() || env.value.len() > 200 || !env.value.chars().all(is_name) {
                let fault = Fault::new(&env.span, "secret", "this is no name of an environment variable");
                self.faults().add(fault.expected("a name such as `MQTT_PASSWORD`, never the secret itself"));
            }
            if let Some(file) = file {
                let fault = Fault::new(&file.span, "secret", "this secret has two places");
                self.faults().add(fault.expected("an environment variable or a file"));
            }
        }
        if file.as_ref().is_some_and(|file| file.value.is_empty())
            && let Some(file) = file
        {
            self.faults().add(Fault::new(&file.span, "secret", "this names no file").expected("the name of a file"));
        }
        let env = env.as_ref().map(|env| Secret::Env(env.value.clone()));
        env.or_else(|| file.as_ref().map(|file| Secret::File(file.value.clone())))
    }
}

fn clear_secret(span: &crate::files::sources::Bytes, what: &str) -> Fault {
    let fault = Fault::new(span, "secret", format!("a {what} does not stand in a file"));
    fault.expected(format!("`{what}_env = \"NAME\"` (an environment variable) or `{what}_file = \"FILE\"`"))
}

/// Where people go wrong in a way that they are told in words of its own, nothing reads what stands there.
pub(super) fn take_out_mistakes(site: &mut Node, faults: &mut Faults) {
    take_out_secrets(site, faults);
    let Some(items) = table(site, "limits") else { return };
    items.retain(|(key, item)| {
        let Value::Table(inside) = &item.value else { return true };
        let Some((below, _)) = inside.iter().find(|(_, value)| matches!(value.value, Value::Table(_))) else {
            return true;
        };
        let fault = Fault::new(&key.span, "limits", "an item of one machine is one name, in quotes");
        faults.add(fault.expected(format!("`[limits.\"{}.{}\"]`", key.text, below.text)));
        false
    });
}

/// Secrets in clear are answered with where they belong.
fn take_out_secrets(site: &mut Node, faults: &mut Faults) {
    for top in ["feed", "outlet"] {
        let Some(sorts) = table(site, top) else { continue };
        for (_, sort) in sorts {
            let Value::Table(named) = &mut sort.value else { continue };
            for (_, one) in named {
                if let Value::Table(keys) = &mut one.value {
                    keys.retain(|(key, _)| !is_secret(key, faults));
                }
            }
        }
    }
}

fn is_secret(key: &Key, faults: &mut Faults) -> bool {
    let found = ["password", "token", "secret"].contains(&key.text.as_str());
    if found {
        faults.add(clear_secret(&key.span, &key.text));
    }
    found
}

fn table<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Vec<(Key, Node)>> {
    let Value::Table(entries) = &mut node.value else { return None };
    match &mut entries.iter_mut().find(|(known, _)| known.text == key)?.1.value {
        Value::Table(entries) => Some(entries),
        _ => None,
    }
}
