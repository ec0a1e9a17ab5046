//! `pslease run --input`: what a pipeline is given on standard input.

use pslease_tests::{Endpoint, Home, finish};

pub(crate) fn input_is_given_line_by_line_as_json_and_as_clixml(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let run = |text: &str| {
        let finished = finish(home.script("sh", text));
        assert_eq!(finished.code, 0, "{finished:?}");
        finished.stdout
    };
    let lines = run("printf 'first\\r\\nsecond\\n\\nlast' | pslease run --input Write-Output --output jsonl");
    assert_eq!(lines, "\"first\"\n\"second\"\n\"\"\n\"last\"\n");
    let names = run("printf '{\"Name\":\"a\",\"Size\":1}\\n{\"Name\":\"b\",\"Size\":2}\\n' \
         | pslease run --input-format jsonl 'Select-Object Name' --output jsonl");
    assert_eq!(names, "{\"Name\":\"a\"}\n{\"Name\":\"b\"}\n");
    // What was printed losslessly is input again.
    let again = run(
        "pslease run Get-CsTenant --output clixml | pslease run --input-format clixml 'Select-Object DisplayName' --output jsonl",
    );
    assert!(again.to_lowercase().contains("litware"), "{again}");
}
