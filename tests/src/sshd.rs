//! A real sshd on loopback with keys of its own, where OpenSSH's server is installed.

use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

/// A listener that hands each connection to an sshd of its own (`sshd -i`), so that no port is raced for.
#[derive(Debug)]
pub struct Sshd {
    folder: TempDir,
    port: u16,
    over: Arc<AtomicBool>,
}

impl Sshd {
    /// One with these subsystems, each a shell script; `None` where there is no sshd, which is said.
    pub fn start(subsystems: &[(&str, &str)]) -> Option<Self> {
        let program = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"]
            .into_iter()
            .find(|path| Path::new(path).is_file());
        let Some(program) = program.filter(|_| Self::keygen().arg("-?").output().is_ok()) else {
            println!("skipped: no sshd (Debian: apt-get install openssh-server openssh-client)");
            return None;
        };
        // What sshd's own unit makes; without root nothing needs it.
        let _ = std::fs::create_dir_all("/run/sshd");
        let folder = TempDir::new().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["host", "user", "stranger"] {
            let made = Self::keygen()
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(at(name))
                .output()
                .expect("ssh-keygen runs");
            assert!(made.status.success(), "{made:?}");
        }
        std::fs::copy(at("user.pub"), at("authorized")).expect("a public key");
        let mut config = format!(
            "HostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nMaxSessions 10\nLogLevel ERROR\n",
            at("host").display(),
            at("authorized").display()
        );
        for (name, script) in subsystems {
            let path = at(&format!("{name}.sh"));
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a script");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("its mode");
            config.push_str(&format!("Subsystem {name} {}\n", path.display()));
        }
        std::fs::write(at("sshd_config"), config).expect("sshd_config");

        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback");
        let port = listener.local_addr().expect("its number").port();
        let public = std::fs::read_to_string(at("host.pub")).expect("a public key");
        std::fs::write(at("known_hosts"), format!("[127.0.0.1]:{port} {public}")).expect("known_hosts");
        let over = Arc::new(AtomicBool::new(false));
        std::thread::spawn({
            let (over, config, log) = (Arc::clone(&over), at("sshd_config"), at("sshd.log"));
            move || {
                for stream in listener.incoming().flatten() {
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                    serve(program, &config, &log, stream);
                }
            }
        });
        Some(Self { folder, port, over })
    }

    fn keygen() -> Command {
        Command::new("ssh-keygen")
    }

    /// A file of its folder: `user`, `stranger`, `known_hosts`, `authorized`, `sshd.log`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The port of 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A profile for a subsystem, with one of the keys.
    pub fn profile(&self, name: &str, subsystem: &str, key: &str, extra: &str) -> String {
        format!(
            "[profile.{name}]\ntemplate = \"ssh\"\nhost = \"127.0.0.1\"\nport = {}\nsubsystem = \"{subsystem}\"\n\
             key_file = {:?}\nssh_options = [\"UserKnownHostsFile={}\", \"StrictHostKeyChecking=yes\", \
             \"IdentitiesOnly=yes\"]\n{extra}\n",
            self.port,
            self.file(key).display().to_string(),
            self.file("known_hosts").display(),
        )
    }

    /// `ssh` to it by hand, up to the subsystem's name.
    pub fn ssh(&self) -> Vec<String> {
        let known = format!("UserKnownHostsFile={}", self.file("known_hosts").display());
        let (port, key) = (self.port.to_string(), self.file("user").display().to_string());
        let words = [
            "ssh",
            "-T",
            "-p",
            &port,
            "-i",
            &key,
            "-o",
            &known,
            "-o",
            "IdentitiesOnly=yes",
        ];
        let mut words = words.map(str::to_owned).to_vec();
        words.extend(["-s", "127.0.0.1"].map(str::to_owned));
        words
    }
}

fn serve(program: &str, config: &Path, log: &Path, stream: TcpStream) {
    let input: OwnedFd = stream.try_clone().expect("a second descriptor").into();
    let child = Command::new(program)
        .args(["-i", "-f"])
        .arg(config)
        .arg("-E")
        .arg(log)
        .stdin(Stdio::from(input))
        .stdout(Stdio::from(OwnedFd::from(stream)))
        .stderr(Stdio::null())
        .spawn();
    if let Ok(mut child) = child {
        std::thread::spawn(move || child.wait());
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // The listener wakes up, and ends.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if std::thread::panicking() {
            println!("{}", std::fs::read_to_string(self.file("sshd.log")).unwrap_or_default());
        }
    }
}
