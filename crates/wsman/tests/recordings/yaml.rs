//! Reads the recordings' files: of YAML just what they use.

pub(crate) struct Exchange {
    pub(crate) request: String,
    /// One exchange was answered by HTTP alone.
    pub(crate) response: Option<String>,
}

impl Exchange {
    /// The response, if it is a fault; status 500 came with it.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.response.as_deref().filter(|r| r.contains("<s:Fault>"))
    }
}

/// Every exchange with the name of its file; `None` where the recordings are absent.
pub(crate) fn recordings() -> Option<Vec<(String, Exchange)>> {
    let folder = reference::folder("vectors/pypsrp")?;
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "yml") {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            all.extend(exchanges(&text).into_iter().map(|e| (name.clone(), e)));
        }
    }
    assert!(all.len() > 370, "only {} exchanges are recorded", all.len());
    Some(all)
}

fn exchanges(text: &str) -> Vec<Exchange> {
    let mut all: Vec<Exchange> = Vec::new();
    // A scalar goes on in lines that are indented further, and folds into one.
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let begins = line.starts_with("- ") || (line.starts_with("  ") && !line.starts_with("   "));
        match lines.last_mut() {
            Some(last) if !begins => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ => lines.push(line.to_owned()),
        }
    }
    for line in lines {
        let scalar = |text: &str| match text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
            Some(quoted) => quoted.replace("''", "'"),
            None => text.to_owned(),
        };
        if let Some(text) = line.strip_prefix("- request: ") {
            all.push(Exchange {
                request: scalar(text),
                response: None,
            });
        } else if let Some(text) = line.strip_prefix("  response: ") {
            all.last_mut().unwrap().response = Some(scalar(text)).filter(|t| t != "null");
        }
    }
    all
}
