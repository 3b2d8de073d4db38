//! Where the server listens.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::net::{TcpListener, UnixListener};

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A port.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl Address {
    /// Whether other machines can reach it.
    pub fn is_public(&self) -> bool {
        match self {
            Address::Tcp(address) => !address.ip().is_loopback(),
            Address::Unix(_) => false,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Unix(path) => path.display().fmt(f),
        }
    }
}

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}{}", next(.source))]
pub struct ListenError {
    /// Where.
    pub address: String,
    /// Why.
    pub source: io::Error,
}

fn next(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "; another process has this port: choose another one, or end it",
        io::ErrorKind::PermissionDenied => "; ports below 1024 need rights: choose a higher one",
        _ => "",
    }
}

/// A socket that is bound.
#[derive(Debug)]
pub enum Bound {
    /// A port.
    Tcp(TcpListener),
    /// A socket in the file system, which is removed when it is dropped.
    Unix(UnixListener, PathBuf),
}

impl Address {
    /// Takes the address. Needs a runtime with I/O.
    ///
    /// # Errors
    /// Somebody else has it, or it is not allowed. A socket file of a process that has ended is taken over.
    pub async fn bind(&self) -> Result<Bound, ListenError> {
        let failed = |source| ListenError { address: self.to_string(), source };
        match self {
            Address::Tcp(address) => Ok(Bound::Tcp(TcpListener::bind(address).await.map_err(failed)?)),
            Address::Unix(path) => {
                let is_left_over = path.exists() && tokio::net::UnixStream::connect(path).await.is_err();
                if is_left_over {
                    std::fs::remove_file(path).map_err(failed)?;
                }
                Ok(Bound::Unix(UnixListener::bind(path).map_err(failed)?, path.clone()))
            }
        }
    }
}

impl Bound {
    /// The address, with the port that the system chose where 0 was asked for.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<Address> {
        match self {
            Bound::Tcp(listener) => listener.local_addr().map(Address::Tcp),
            Bound::Unix(_, path) => Ok(Address::Unix(path.clone())),
        }
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        if let Bound::Unix(_, path) = self {
            // Nobody can listen there after us; a file that is gone already is as good.
            let _ = std::fs::remove_file(path);
        }
    }
}
