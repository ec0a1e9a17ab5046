//! A Kerberos realm for one test: the peer's KDC, where krb5kdc is installed.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use reference::Program;

/// A KDC with the realm EXAMPLE.TEST; it ends when this is dropped.
#[derive(Debug)]
pub struct Realm {
    kdc: Program,
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
        Program::kdc(python).map(|kdc| Self { kdc })
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
        self.kdc.ready[name].as_str().expect("a name")
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
