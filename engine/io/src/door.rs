//! A door that lets a bounded number of guests in, and none for longer than it takes: what all our HTTP servers listen behind.
//!
//! Whoever holds a connection and says nothing, or says it a byte at a time, is shown out; so nobody can keep the others out.

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

/// Lets a bounded number of guests in.
pub(crate) struct Door {
    listener: TcpListener,
    seats: Arc<Semaphore>,
    visit: Duration,
}

/// How long a guest may stay; who was served well may stay on.
#[derive(Debug, Clone)]
pub(crate) struct Visit(Arc<Stay>);

#[derive(Debug)]
struct Stay {
    begun: Instant,
    length: Duration,
    /// Milliseconds after its begin at which it ends.
    end: AtomicU64,
}

/// A connection with its seat, which it gives back when it ends, and the end of its visit.
pub(crate) struct Guest {
    stream: TcpStream,
    end: Pin<Box<Sleep>>,
    visit: Visit,
    _seat: Option<OwnedSemaphorePermit>,
}

impl Door {
    pub(crate) fn new(listener: TcpListener, guests: usize, visit: Duration) -> Door {
        Door { listener, seats: Arc::new(Semaphore::new(guests)), visit }
    }
}

impl Visit {
    fn new(length: Duration) -> Visit {
        let end = AtomicU64::new(length.as_millis() as u64);
        Visit(Arc::new(Stay { begun: Instant::now(), length, end }))
    }

    fn end(&self) -> Instant {
        self.0.begun + Duration::from_millis(self.0.end.load(Ordering::Relaxed))
    }

    /// From now on as long again.
    pub(crate) fn renew(&self) {
        let end = self.0.begun.elapsed() + self.0.length;
        self.0.end.store(end.as_millis() as u64, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, Door>> for Visit {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Visit {
        stream.io().visit.clone()
    }
}

impl Listener for Door {
    type Io = Guest;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guest, SocketAddr) {
        // None only if the semaphore were closed, which nothing does.
        let seat = Arc::clone(&self.seats).acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let visit = Visit::new(self.visit);
        (Guest { stream, end: Box::pin(tokio::time::sleep(self.visit)), visit, _seat: seat }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Guest {
    /// Fails once the visit is over, and wakes whoever waits when that comes.
    fn still_welcome(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        while self.end.as_mut().poll(context).is_ready() {
            let end = self.visit.end();
            if end <= Instant::now() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.end.as_mut().reset(end);
        }
        Ok(())
    }
}

impl AsyncRead for Guest {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.still_welcome(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Guest {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.still_welcome(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.still_welcome(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
