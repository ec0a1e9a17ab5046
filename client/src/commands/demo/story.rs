//! The story, in five scenes.

use std::io::Write as _;
use std::time::Instant;

use super::stage::{ADMIN, Console, Stage};
use crate::exit::Exit;
use crate::failure::{Done, Failure};

/// A console that holds a session to itself until it dies.
const HOLD: [&str; 7] = [
    "with",
    "--mode",
    "exclusive",
    "--",
    "sh",
    "-c",
    "echo held; exec sleep 3600",
];

pub(super) async fn tell(keep: bool) -> Done {
    let stage = Stage::set().await?;
    // Ctrl-C in the middle of the story ends it as its end would.
    let told = tokio::select! {
        told = scenes(&stage, keep) => told,
        _ = tokio::signal::ctrl_c() => Err(Failure::Silent(Exit::Interrupted)),
    };
    stage.strike().await;
    told?;
    say(&format!(
        "The daemon has stopped. The service counts {} sessions.",
        stage.live()
    ));
    Ok(Exit::Ok)
}

async fn scenes(stage: &Stage, keep: bool) -> Result<(), Failure> {
    scene(
        1,
        "A service that allows three connections an admin, and nine an organization",
    );
    stage.log_in().await?;
    say(&format!(
        "It listens on {} and pretends to be Skype for Business.",
        stage.tenant.url()
    ));
    say(&format!("Its own counter says: {} sessions.", stage.live()));

    scene(2, "Three consoles share one session");
    shared(stage).await?;

    scene(3, "Three more each take a session to themselves, and a fourth waits");
    let (mut holders, mut fourth) = crowded(stage).await?;
    show(&stage.read(&["status"]).await?);

    scene(4, "One console is killed. It says no goodbye");
    freed(stage, &mut holders, &mut fourth).await?;

    scene(5, "The end");
    say(&format!(
        "Never more than {} at once, by the service's own count; the limit is 3.",
        stage.peak()
    ));
    if keep {
        say("Everything is left running, until you press Ctrl-C here. In another terminal:");
        say(&format!("  export PSLEASE_HOME={}", stage.home().display()));
        say("  pslease run Get-CsTenant");
        say("  pslease status");
        std::future::pending::<()>().await;
    }
    Ok(())
}

async fn shared(stage: &Stage) -> Result<(), Failure> {
    let commands = [
        vec!["run", "Get-CsTenant | Select-Object DisplayName, TenantId"],
        vec!["run", "Get-CsOnlineUser", "-Identity", "Ken Myer", "--output", "jsonl"],
        vec!["run", "Get-CsMeetingRoom"],
    ];
    let mut consoles = Vec::new();
    for command in &commands {
        prompt(command);
        consoles.push(stage.console(command)?);
    }
    for console in &mut consoles {
        while let Some(line) = console.line().await {
            show(&line);
        }
    }
    say(&format!(
        "Three answers, and the service counts {} session.",
        stage.live()
    ));
    Ok(())
}

async fn crowded(stage: &Stage) -> Result<(Vec<Console>, Console), Failure> {
    let mut holders = Vec::new();
    for _ in 0..3 {
        prompt(&["with", "--mode", "exclusive", "--", "…"]);
        let mut holder = stage.console(&HOLD)?;
        if holder.line().await.is_none() {
            let why = holder.notice().await.unwrap_or_default();
            return Err(Failure::new(Exit::Failed, format!("a console got no session: {why}")));
        }
        holders.push(holder);
    }
    let command = ["run", "--mode", "exclusive", "Get-CsOnlineUser", "-ResultSize", "2"];
    prompt(&command);
    let mut fourth = stage.console(&command)?;
    // A console without the daemon hangs here, without a word. This one is told.
    if let Some(notice) = fourth.notice().await {
        show(&notice);
    }
    say(&format!(
        "The service counts {} sessions of {ADMIN}: no fourth was even asked for.",
        stage.live()
    ));
    Ok((holders, fourth))
}

async fn freed(stage: &Stage, holders: &mut [Console], fourth: &mut Console) -> Result<(), Failure> {
    let Some(victim) = holders.first_mut() else {
        return Ok(());
    };
    say(&format!("$ kill -9 {}", victim.pid()));
    let killed = Instant::now();
    victim.kill().await;
    let mut first = None;
    let mut lines = Vec::new();
    while let Some(line) = fourth.line().await {
        first.get_or_insert_with(|| killed.elapsed());
        lines.push(line);
    }
    let Some(first) = first else {
        return Err(Failure::new(Exit::Failed, "the fourth console got no answer"));
    };
    for line in &lines {
        show(line);
    }
    say(&format!(
        "The fourth had its answer {} ms after the death of the first, where it used to be a quarter of an hour.",
        first.as_millis()
    ));
    show(&stage.read(&["status"]).await?);
    Ok(())
}

fn scene(number: u8, title: &str) {
    say(&format!("\n── {number}. {title}\n"));
}

fn prompt(arguments: &[&str]) {
    let quoted: Vec<_> = arguments
        .iter()
        .map(|word| {
            if word.contains([' ', '|']) {
                format!("'{word}'")
            } else {
                (*word).to_owned()
            }
        })
        .collect();
    say(&format!("$ pslease {}", quoted.join(" ")));
}

/// What a console printed, set off from the story.
fn show(text: &str) {
    for line in text.trim_end().lines() {
        say(&format!("  {line}"));
    }
}

/// The story is the data of this verb. A reader that has gone is told nothing.
fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}");
}
