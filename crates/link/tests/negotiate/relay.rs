//! A wire that can be cut.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    wires: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Relay {
    pub(crate) async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let wires = Arc::new(Mutex::new(Vec::new()));
        let (target, made) = (target.to_owned(), Arc::clone(&wires));
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let target = target.clone();
                let wire = tokio::spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(target).await {
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
                made.lock().unwrap().push(wire);
            }
        });
        Self { address, wires }
    }

    /// Cuts every connection there is, and waits until it is cut.
    pub(crate) async fn cut(&self) {
        let wires = std::mem::take(&mut *self.wires.lock().unwrap());
        for wire in wires {
            wire.abort();
            let _ = wire.await;
        }
    }
}
