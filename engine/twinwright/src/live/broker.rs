//! A broker within the program, for a demonstration that needs nothing installed: on the loopback, on a free port, gone with the
//! program. Nothing that it holds outlives it, so it is no broker for a plant.

use crate::Trouble;
use rumqttd::protocol::v4::V4;
use rumqttd::{ConnectionSettings, LinkType, Router, RouterConfig, Server, ServerSettings};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// A broker that listens until it is dropped. The library's router has no end: its thread sleeps until the program ends.
#[derive(Debug)]
pub struct DemoBroker {
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Between finding a free port and taking it another program may take it.
const TRIES: usize = 5;
const PATIENCE: Duration = Duration::from_secs(10);

impl DemoBroker {
    /// Starts it and waits until it listens.
    pub fn start() -> Result<DemoBroker, Trouble> {
        let mut why = String::new();
        for _ in 0..TRIES {
            match DemoBroker::start_on(free_port()?) {
                Ok(broker) => return Ok(broker),
                Err(error) => why = error,
            }
        }
        Err(Trouble::World(format!("the broker of the demonstration cannot be started: {why}")))
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn start_on(port: u16) -> Result<DemoBroker, String> {
        let (stop, stopped) = oneshot::channel();
        let (failed, failure) = mpsc::channel();
        let thread = std::thread::Builder::new().name("demo-broker".to_owned());
        let thread = thread.spawn(move || {
            if let Err(why) = serve(port, stopped) {
                // Who started it may have given up by now.
                let _ = failed.send(why);
            }
        });
        let thread = thread.map_err(|error| error.to_string())?;
        let broker = DemoBroker { port, stop: Some(stop), thread: Some(thread) };
        let begun = Instant::now();
        while !listens(port) {
            match failure.recv_timeout(Duration::from_millis(5)) {
                Ok(why) => return Err(why),
                Err(_) if begun.elapsed() > PATIENCE => return Err("it does not answer".to_owned()),
                Err(_) => {}
            }
        }
        // Another program may answer on this port while ours could not take it.
        match failure.recv_timeout(Duration::from_millis(20)) {
            Ok(why) => Err(why),
            Err(_) => Ok(broker),
        }
    }
}

impl Drop for DemoBroker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Serves until whoever holds the other end of `stopped` lets go of it.
fn serve(port: u16, stopped: oneshot::Receiver<()>) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let mut server = Server::new(settings(port), Router::new(0, room()).spawn(), V4);
    runtime.block_on(async {
        tokio::select! {
            _ = stopped => Ok(()),
            ended = server.start(LinkType::Remote) => ended.map_err(|error| error.to_string()),
        }
    })
}

/// Room for one plant and its mirror, with a bound to what is kept.
fn room() -> RouterConfig {
    RouterConfig {
        max_connections: 100,
        max_outgoing_packet_count: 200,
        max_segment_size: 1 << 20,
        max_segment_count: 16,
        ..RouterConfig::default()
    }
}

fn settings(port: u16) -> ServerSettings {
    ServerSettings {
        name: "demo".to_owned(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        tls: None,
        next_connection_delay_ms: 1,
        connections: ConnectionSettings {
            connection_timeout_ms: 10_000,
            max_payload_size: 1 << 18,
            max_inflight_count: 500,
            auth: None,
            external_auth: None,
            dynamic_filters: true,
        },
    }
}

fn free_port() -> Result<u16, Trouble> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    port.map(|address| address.port())
        .map_err(|error| Trouble::World(format!("the loopback has no free port: {error}")))
}

fn listens(port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), Duration::from_millis(200)).is_ok()
}
