//! A Kerberos realm for one test: the peer's KDC, where krb5kdc is installed.

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value as Json;

use crate::Peer;

/// A KDC with the realm EXAMPLE.TEST; it ends when this is dropped, because its standard input closes.
#[derive(Debug)]
pub struct Realm {
    process: Child,
    ready: Json,
}

impl Realm {
    /// Starts one; `None` where there is no krb5kdc, no kinit, or the Python has no GSSAPI, which is said.
    pub fn start(python: &Path) -> Option<Self> {
        let has = |program: &mut Command| {
            let quiet = program.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
            quiet.status().is_ok_and(|status| status.success())
        };
        if !has(Command::new(python).args(["-c", "import spnego, gssapi, krb5"])) {
            println!("skipped: the peer's Python has no gssapi and krb5 (requirements-negotiate.txt)");
            return None;
        }
        if !has(Command::new("kinit").arg("-V")) && !Path::new("/usr/bin/kinit").exists() {
            println!("skipped: there is no kinit (krb5-user)");
            return None;
        }
        let mut process = Command::new(python)
            .args(["-m", "peer.kdc"])
            .current_dir(Peer::folder())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the KDC starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("it was piped");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("the KDC says that it is ready");
        let Ok(ready) = serde_json::from_str(&line) else {
            println!("skipped: there is no KDC (krb5-kdc and krb5-admin-server)");
            drop(process.stdin.take());
            let _ = process.wait();
            return None;
        };
        Some(Self { process, ready })
    }

    /// What its clients and acceptors are to find in their environment.
    pub fn environment(&self) -> [(&'static str, &str); 2] {
        ["KRB5_CONFIG", "KRB5_KTNAME"].map(|name| (name, self.text(name)))
    }

    /// Gives the acceptors another service, `HTTP/host:port`; false where the KDC's own tools are not to be had.
    pub fn add_service(&self, name: &str) -> bool {
        let (configuration, keytab) = (self.text("KRB5_CONFIG"), self.text("KRB5_KTNAME"));
        let home = Path::new(configuration).parent().expect("a folder");
        let mut child = Command::new("kadmin.local")
            .args(["-r", "EXAMPLE.TEST"])
            .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
            .env("KRB5_CONFIG", configuration)
            .env("KRB5_KDC_PROFILE", home.join("kdc.conf"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("kadmin.local starts");
        let keytab = keytab.trim_start_matches("FILE:");
        let mut input = child.stdin.take().expect("it was piped");
        writeln!(input, "addprinc -randkey {name}\nktadd -k {keytab} {name}").expect("it reads");
        drop(input);
        child.wait().is_ok_and(|status| status.success())
    }

    fn text(&self, name: &str) -> &str {
        self.ready[name].as_str().expect("a name")
    }

    /// Fills a ticket cache, as its user would.
    pub fn kinit(&self, cache: &Path, principal: &str, password: &str) {
        let mut child = Command::new("kinit")
            .envs(self.environment())
            .arg("-c")
            .arg(cache)
            .arg(principal)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("kinit starts");
        let mut input = child.stdin.take().expect("it was piped");
        writeln!(input, "{password}").expect("kinit asks for the password");
        drop(input);
        assert!(child.wait().expect("kinit ends").success(), "kinit {principal}");
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
