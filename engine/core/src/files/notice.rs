//! What a site says of its outlets: where alerts, reports and states go. The core only reads it; the wires know the rest.

use super::leaf::{At, Named};
use super::site::Texts;
use crate::spec;
use twinwright_model::Span;

spec! {
    /// Outlets of a site, by sort and name.
    pub struct NoticeTables {
        /// Alerts and states on a broker.
        mqtt: Named<MqttNoticeSpec>,
        /// Alerts posted to a web server.
        webhook: Named<WebhookSpec>,
        /// Alerts and reports by mail.
        email: Named<EmailSpec>,
    }
}

spec! {
    /// Alerts and states on a broker; what is not normal is retained.
    pub struct MqttNoticeSpec {
        /// `mqtt://[user@]host[:port]`, or `mqtts://`.
        url: At<String>,
        /// Of an alert, with {path} {site} {machine} {sensor} {rule} (default `twin/{machine}/alert/{rule}`).
        topic: Option<At<String>>,
        /// The name of this client.
        client_id: Option<At<String>>,
        /// Over TLS: a file with the authorities to trust.
        ca: Option<At<String>>,
        /// Over TLS: a file with this client's certificate.
        cert: Option<At<String>>,
        /// Over TLS: a file with this client's key.
        key: Option<At<String>>,
        /// The environment variable that holds the password.
        password_env: Option<At<String>>,
        /// The file that holds the password.
        password_file: Option<At<String>>,
        /// The least severity that is told (default low).
        severity: Option<At<String>>,
        /// Whether reports are sent, too (default false).
        reports: Option<At<bool>>,
    }
}

spec! {
    /// Alerts posted to a web server, signed.
    pub struct WebhookSpec {
        /// `https://host/path`; `http://` only within this computer or with `private`.
        url: At<String>,
        /// The environment variable that holds the secret which messages are signed with.
        secret_env: Option<At<String>>,
        /// The file that holds it.
        secret_file: Option<At<String>>,
        /// The only hosts that may be spoken to, one or a list.
        allow: Option<Texts>,
        /// Whether the host may be within this computer or a private network (default false).
        private: Option<At<bool>>,
        /// How long an answer may take (default 10 s).
        timeout: Option<At<Span>>,
        /// The least severity that is told (default low).
        severity: Option<At<String>>,
        /// Whether reports are sent, too (default false).
        reports: Option<At<bool>>,
    }
}

spec! {
    /// Alerts and reports by mail.
    pub struct EmailSpec {
        /// `smtp://[user@]host[:port]`, or `smtps://`.
        url: At<String>,
        /// Who it is from.
        from: At<String>,
        /// Who it is for, one or a list.
        to: Texts,
        /// What happens within this time goes into one mail (default 1 min).
        digest: Option<At<Span>>,
        /// The environment variable that holds the password.
        password_env: Option<At<String>>,
        /// The file that holds the password.
        password_file: Option<At<String>>,
        /// Whether a line without TLS will do (default false).
        plain: Option<At<bool>>,
        /// The least severity that is told (default low).
        severity: Option<At<String>>,
        /// Whether reports are sent, too (default true).
        reports: Option<At<bool>>,
    }
}
