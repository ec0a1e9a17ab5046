//! Web pages, which come where an envelope should.

/// Whether a document begins as a web page does; one in XHTML may have a declaration before it.
pub(super) fn is_html(start: &[u8]) -> bool {
    let head = &start[..start.len().min(512)];
    let mut head = String::from_utf8_lossy(head).to_ascii_lowercase();
    while head.starts_with("<?") || head.starts_with("<!--") {
        let Some(end) = head.find('>') else { return false };
        head = head[end + 1..].trim_start().to_owned();
    }
    head.starts_with("<html")
        || head
            .strip_prefix("<!doctype")
            .is_some_and(|rest| rest.trim_start().starts_with("html"))
}

/// A page's title, for a message.
pub(super) fn title(page: &[u8]) -> Option<String> {
    let page = String::from_utf8_lossy(&page[..page.len().min(4096)]).into_owned();
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let title: String = page[start..end]
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(120)
        .collect();
    (!title.is_empty()).then_some(title)
}
