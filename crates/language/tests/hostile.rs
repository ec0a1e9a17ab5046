//! Text that nobody would write.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use language::{Wildcard, parse, words};
use proptest::prelude::*;

/// Pieces that mean something to PowerShell, so that random text gets deep into the parser.
fn powershell() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "X", "-A", "-A:", " ", " ", "\n", "\r\n", ";", "|", "||", "&&", "&", "(", ")", "{", "}", "@{", "@(", "$(", "[",
        "]", "'", "\"", "@'\n", "\n'@", "@\"\n", "\n\"@", "`", "`u{41}", "$", "$x", "${", "$true", "@x", "1", "0x",
        ".5", "1e3", "kb", "d", "u", ",", "=", "+", "-", "--", "--%", "!", "..", ".", "::", ":", "?", "#", "<#", "#>",
        ">", "2>&1", "<", "if", "param", "[int]", "-eq", "-not", "a", "é", "😀", "\u{2019}", "\u{201c}", "\u{2013}",
        "\0", "%", "*",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn no_powershell_panics_and_lists_are_never_empty(text in powershell()) {
        if let Ok(list) = parse(&text) {
            prop_assert!(!list.commands.is_empty());
            prop_assert!(list.commands.iter().all(|command| !command.name.trim().is_empty()));
            prop_assert!(list.commands.last().is_some_and(|last| !last.end_of_statement));
        }
    }

    #[test]
    fn a_quoted_text_is_one_argument(text in any::<String>()) {
        let list = parse(&format!("X {}", language::quoted(&text))).unwrap();
        prop_assert_eq!(&list.commands[0].arguments, &[language::Argument::positional(text.as_str().into())]);
    }

    #[test]
    fn words_are_never_split(rest in prop::collection::vec(any::<String>(), 1..5)) {
        let mut argv = vec!["X".to_owned()];
        argv.extend(rest);
        if let Ok(list) = words(&argv) {
            prop_assert_eq!(list.commands.len(), 1);
            prop_assert_eq!(list.commands[0].arguments.len(), argv.len() - 1);
        }
    }

    #[test]
    fn an_escaped_pattern_matches_only_itself(text in ".{0,12}", other in ".{0,12}") {
        let wildcard = Wildcard::new(&language::quote_wildcard(&text)).unwrap();
        prop_assert!(wildcard.matches(&text));
        let longer = format!("{text}{other}x");
        prop_assert!(!wildcard.matches(&longer));
    }
}

#[test]
fn depth_exhausts_no_stack() {
    for open in [
        "(", "@(", "$(", "@{a=", "!", "- ", "[int]", "\"$(", "x.y(", "$x[", "{", "1,(",
    ] {
        let text = format!("X (1; {}", open.repeat(20_000));
        assert!(parse(&text).is_err());
        let _ = parse(&format!("X {}", open.repeat(20_000)));
    }
    // Wide is not deep.
    let wide = format!("X {}", vec!["a"; 20_000].join(","));
    assert!(parse(&wide).is_ok());
    assert!(parse(&"a;".repeat(20_000)).is_ok());
}
