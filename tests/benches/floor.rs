//! The floor: a byte there and back over a raw Unix socket, and an empty process.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use crate::sample::{Report, Sample};

pub(crate) fn ping_pong(report: &mut Report) {
    let (mut near, mut far) = UnixStream::pair().expect("a pair of sockets");
    let echo = std::thread::spawn(move || {
        let mut message = [0; 64];
        while far.read_exact(&mut message).is_ok() {
            if far.write_all(&message).is_err() {
                break;
            }
        }
    });
    let mut message = [7; 64];
    let sample = Sample::of(10_000, || {
        near.write_all(&message).expect("there");
        near.read_exact(&mut message).expect("and back");
    });
    report.add("ping-pong on a raw socket", sample);
    drop(near);
    let _ = echo.join();
}
