//! A person at a terminal: a real one, with a master that types and reads.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::{Home, binaries};

/// `pslease` in a session of its own, on a terminal of its own; standard output is a pipe.
#[derive(Debug)]
pub struct Person {
    master: File,
    child: Child,
    seen: String,
}

impl Person {
    /// Starts `pslease` with these words.
    pub fn runs(home: &Home, words: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master)
            .and_then(|()| unlockpt(&master))
            .expect("its other end");
        let path = ptsname(&master, Vec::new()).expect("its name");
        // Ours it must not become, or the child could not have it.
        let no_tty = i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).expect("a flag");
        let slave = File::options()
            .read(true)
            .write(true)
            .custom_flags(no_tty)
            .open(path.to_str().expect("a plain name"))
            .expect("the other end");
        let mut modes = tcgetattr(&slave).expect("its modes");
        modes
            .local_modes
            .insert(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(&slave, OptionalActions::Now, &modes).expect("its modes");
        let mut command = Command::new("setsid");
        command.args(["-c", "-w"]).arg(&binaries().pslease).args(words);
        home.dress(&mut command);
        let child = command
            .stdin(slave.try_clone().expect("a descriptor"))
            .stderr(slave)
            .stdout(Stdio::piped())
            .spawn()
            .expect("setsid runs");
        Self {
            master: File::from(master),
            child,
            seen: String::new(),
        }
    }

    /// Reads until `text` has been shown. What was shown before it does not count again.
    #[track_caller]
    pub fn sees(&mut self, text: &str) {
        let mut bytes = [0; 1024];
        loop {
            if let Some(at) = self.seen.find(text) {
                self.seen.drain(..at + text.len());
                return;
            }
            // At the end of whoever wrote, a master's read fails.
            match self.master.read(&mut bytes) {
                Ok(count) if count > 0 => self.seen.push_str(&String::from_utf8_lossy(&bytes[..count])),
                Ok(_) | Err(_) => panic!("{text:?} was never shown; {:?} was", self.seen),
            }
        }
    }

    /// Types.
    pub fn types(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).expect("the terminal takes it");
    }

    /// Whether the terminal shows what is typed.
    pub fn echoes(&self) -> bool {
        // A master's modes are those of its terminal.
        let modes = tcgetattr(&self.master).expect("its modes");
        modes.local_modes.contains(LocalModes::ECHO)
    }

    /// Waits for the end: the exit code, and standard output.
    pub fn finish(mut self) -> (i32, String) {
        let mut text = String::new();
        if let Some(output) = &mut self.child.stdout {
            output.read_to_string(&mut text).expect("text");
        }
        let status = self.child.wait().expect("a child ends");
        (status.code().unwrap_or(-1), text)
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
