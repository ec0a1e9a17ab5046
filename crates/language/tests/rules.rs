//! PowerShell's rules beyond the recorded lines: numbers, strings, constants, refusals and words.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use language::{Argument, Constant, Error, Merge, Refusal, parse, words};

/// The arguments of a line with one command.
fn arguments(text: &str) -> Vec<Argument> {
    let mut list = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(list.commands.len(), 1, "{text}");
    list.commands.remove(0).arguments
}

/// The only argument of `X text`.
fn value(text: &str) -> Constant {
    let mut arguments = arguments(&format!("X {text}"));
    assert_eq!(arguments.len(), 1, "{text}: {arguments:?}");
    arguments.remove(0).value
}

fn string(text: &str) -> Constant {
    Constant::String(text.to_owned())
}

fn refusal(text: &str) -> Refusal {
    match parse(text) {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("{text}: {other:?}"),
    }
}

fn syntax(text: &str) -> &'static str {
    match parse(text) {
        Err(Error::Syntax(error)) => error.id,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn numbers_take_the_type_that_powershell_picks() {
    let decimal = |digits: &str| Constant::Decimal(digits.to_owned());
    let cases = [
        ("2147483647", Constant::Int32(i32::MAX)),
        ("2147483648", Constant::Int64(2_147_483_648)),
        ("9223372036854775808", decimal("9223372036854775808")),
        (
            "79228162514264337593543950336",
            Constant::Double(7.922_816_251_426_434e28),
        ),
        ("1.50d", decimal("1.50")),
        ("1.5dkb", decimal("1536.0")),
        ("1e3", Constant::Double(1000.0)),
        ("1e3d", decimal("1000")),
        ("1.", Constant::Double(1.0)),
        ("1.5l", Constant::Int64(2)),
        ("2.5l", Constant::Int64(2)),
        ("1uy", Constant::Byte(1)),
        ("1s", Constant::Int16(1)),
        ("1us", Constant::UInt16(1)),
        ("1ul", Constant::UInt64(1)),
        ("4294967296u", Constant::UInt64(4_294_967_296)),
        ("12n", Constant::BigInteger("12".to_owned())),
        ("2gb", Constant::Int64(2_147_483_648)),
        ("1.5kb", Constant::Double(1536.0)),
        ("0xff", Constant::Int32(255)),
        ("0xffs", Constant::Int16(255)),
        ("0xffffs", Constant::Int16(-1)),
        ("0xffy", Constant::SByte(-1)),
        ("0xffffffffu", Constant::UInt32(u32::MAX)),
        ("0xfffffffff", Constant::Int64(0xf_ffff_ffff)),
        ("0xffffffffffffffff", Constant::Int64(-1)),
        ("0b101", Constant::Int32(5)),
        ("0b11111111", Constant::Int32(-1)),
        ("007", Constant::Int32(7)),
    ];
    for (text, expected) in cases {
        assert_eq!(*value(text).value(), expected, "{text}");
    }
    for text in [
        "300uy",
        "1x",
        "7z",
        "1e",
        "0b",
        "0b2",
        "1kbb",
        "1.5.2",
        "1uu",
        "0xfffffffffffffffff",
        "+1",
        "1..2",
    ] {
        assert_eq!(value(text), string(text));
    }
}

#[test]
fn a_number_written_otherwise_than_it_prints_keeps_its_spelling() {
    let spelled = Constant::Spelled {
        value: Box::new(Constant::Int32(7)),
        text: "007".to_owned(),
    };
    assert_eq!(value("007"), spelled);
    assert_eq!(value("7"), Constant::Int32(7));
    // Only an argument by itself does.
    assert_eq!(
        value("007,8"),
        Constant::Array(vec![Constant::Int32(7), Constant::Int32(8)])
    );
    assert_eq!(arguments("X -A:007"), [Argument::named("-A:", Constant::Int32(7))]);
}

#[test]
fn strings_resolve_escapes_and_constants() {
    let cases = [
        (r#""a""b""#, "a\"b"),
        ("'a''b'", "a'b"),
        (r#""`a`b`f`v`x""#, "\u{7}\u{8}\u{c}\u{b}x"),
        (r#""$true and $null""#, "True and "),
        (r#""$(1,2,(3,4))""#, "1 2 3 4"),
        (r#""$(""x"")""#, "x"),
        (r#""{0} $(1) {1}""#, "{0} 1 {1}"),
        (
            r#""$(1.50d) $(0x10) $(@{a=1})""#,
            "1.50 16 System.Collections.Hashtable",
        ),
        (r#""a$""#, "a$"),
        (r#""a$ b""#, "a$ b"),
        ("a$true", "aTrue"),
        ("$true/x", "True/x"),
        ("a`nb", "a\nb"),
        ("a'b'\"c\"d", "abcd"),
        ("[a b]", "[a"),
        ("@'\r\na\r\nb\r\n'@", "a\r\nb"),
        ("@\"\n\"@", ""),
        ("@\"\n  x \"@\n\"@", "  x \"@"),
        ("@\"\n$true $('y')\n\"@", "True y"),
        ("\u{201c}a\"", "a"),
        ("\u{2018}a\u{201b}", "a"),
    ];
    for (text, expected) in cases {
        let first = arguments(&format!("X {text}")).remove(0).value;
        assert_eq!(first, string(expected), "{text}");
    }
}

#[test]
fn constant_expressions_are_computed() {
    let int = Constant::Int32;
    let cases = [
        ("(1)", int(1)),
        ("(-1)", int(-1)),
        ("(- 5)", int(-5)),
        ("(!$true)", Constant::Boolean(false)),
        ("(-not 0)", Constant::Boolean(true)),
        ("(-bnot 0)", int(-1)),
        ("(,1)", Constant::Array(vec![int(1)])),
        ("$(1)", Constant::Array(vec![int(1)])),
        ("$('a';2)", Constant::Array(vec![string("a"), int(2)])),
        ("@(1;2)", Constant::Array(vec![int(1), int(2)])),
        (
            "@(,(1,2))",
            Constant::Array(vec![Constant::Array(vec![int(1), int(2)])]),
        ),
        ("@($null)", Constant::Array(vec![Constant::Null])),
        ("(1,2,3)[1]", int(2)),
        ("(1,2,3)[-1]", int(3)),
        ("(1,2,3)[7]", Constant::Null),
        ("'abc'[0]", Constant::Char(97)),
        ("@{a=1}['A']", int(1)),
        ("([int]'5')", int(5)),
        ("([bool]'')", Constant::Boolean(false)),
        ("([long]5)", Constant::Int64(5)),
        ("([char]65)", Constant::Char(65)),
        ("($true ? 1 : 2)", int(1)),
        ("$local:true", Constant::Boolean(true)),
        ("$variable:false", Constant::Boolean(false)),
        ("${true}", Constant::Boolean(true)),
        ("$NULL", Constant::Null),
        ("$args", Constant::Array(Vec::new())),
        (
            "@{a=1; 'b c'='x','y'\n3=$null}",
            Constant::Hashtable(vec![
                (string("a"), int(1)),
                (string("b c"), Constant::Array(vec![string("x"), string("y")])),
                (int(3), Constant::Null),
            ]),
        ),
        (
            "@{a=@{b=1}}",
            Constant::Hashtable(vec![(string("a"), Constant::Hashtable(vec![(string("b"), int(1))]))]),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(value(text), expected, "{text}");
    }
    assert_eq!(arguments("X @args"), []);
}

#[test]
fn what_powershell_refuses_is_refused_in_its_words() {
    let dynamic = |text: &str| Refusal::DynamicExpression { text: text.to_owned() };
    let undeclared = |name: &str| Refusal::UndeclaredVariable { name: name.to_owned() };
    let cases = [
        ("X (1+1)", dynamic("(1+1)")),
        ("X 'a'.Length", dynamic("'a'.Length")),
        ("X ([string]5)", dynamic("([string]5)")),
        ("X ([int])", dynamic("([int])")),
        ("X $(if ($true) {1})", dynamic("$(if ($true) {1})")),
        ("X @{a=1}.a", dynamic("@{a=1}.a")),
        ("X (-split 'a b')", dynamic("(-split 'a b')")),
        ("X @y", undeclared("y")),
        ("X @true", undeclared("true")),
        ("X $global:true", undeclared("global:true")),
        ("X @{a=$y}", undeclared("y")),
        ("X $_", undeclared("_")),
        ("X $$", undeclared("$")),
        ("X \"${a b}\"", undeclared("a b")),
        ("X @{a=b}", Refusal::CommandInvocation),
        ("X (a | b)", Refusal::CommandInvocation),
        ("X (1 | b)", Refusal::StartsWithExpression),
        ("X (a && b)", Refusal::CommandInvocation),
        ("X $using:a.b", Refusal::UsingVariable { name: "a".to_owned() }),
        (". a", Refusal::DotSourcing),
        ("& $null", Refusal::ScriptBlockInvocation),
        ("& 5", Refusal::ScriptBlockInvocation),
        ("a; 1", Refusal::StartsWithExpression),
        ("a; $x = 1", Refusal::NotPipelines),
        ("function f { a }", Refusal::NotPipelines),
        ("while ($true) { \"}\" }", Refusal::NotPipelines),
        ("try { a } catch { b }", Refusal::NotPipelines),
        ("return", Refusal::NotPipelines),
        ("trap { a }", Refusal::Empty),
        ("trap { a }; b", Refusal::Trap),
        ("process { a }", Refusal::Clauses),
        ("# only this", Refusal::Empty),
        ("", Refusal::Empty),
        ("a 2>&1 > f", Refusal::Redirection),
    ];
    for (text, expected) in cases {
        assert_eq!(refusal(text), expected, "{text}");
    }
}

#[test]
fn what_powershell_cannot_parse_is_named_as_it_names_it() {
    let cases = [
        ("X \"$(1", "IncompleteDollarSubexpressionReference"),
        ("X \"${a\"", "IncompleteDollarVariableReference"),
        ("X ${}", "EmptyVariableReference"),
        ("X \"$a: b\"", "InvalidVariableReferenceWithDrive"),
        ("X @'a", "UnexpectedCharactersAfterHereStringHeader"),
        ("X @'\na\n '@", "WhitespaceBeforeHereStringFooter"),
        ("X \"`u{110000}\"", "InvalidUnicodeEscapeSequenceValue"),
        ("X \"`u41\"", "InvalidUnicodeEscapeSequence"),
        ("X <# a", "MissingTerminatorMultiLineComment"),
        ("X @ a", "UnrecognizedToken"),
        ("X @{a=1;A=2}", "DuplicateKeyInHashLiteral"),
        ("X @{a}", "MissingEqualsInHashLiteral"),
        ("X @{a=", "MissingStatementInHashLiteral"),
        ("X @{a=1", "MissingEndCurlyBrace"),
        ("X (1", "MissingEndParenthesisInExpression"),
        ("X $(1", "MissingEndParenthesisInSubexpression"),
        ("X (1+)", "ExpectedValueExpression"),
        ("X (-)", "MissingExpressionAfterOperator"),
        ("X (1,)", "MissingExpressionAfterToken"),
        ("X $true[", "MissingArrayIndexExpression"),
        ("X (1)[1", "MissingEndSquareBracket"),
        ("X 'a'.()", "ExpectedExpression"),
        ("X @y,1", "SplattingNotPermittedInArgumentList"),
        ("X (5++)", "OperatorRequiresVariableOrProperty"),
        ("1 = 2", "InvalidLeftHandSide"),
        ("99999999999999999999l", "BadNumericConstant"),
        ("a |", "EmptyPipeElement"),
        ("a | 1", "ExpressionsMustBeFirstInPipeline"),
        ("a &&", "EmptyPipelineChainElement"),
        ("a & && b", "BackgroundOperatorInPipelineChain"),
        ("'a' 'b'", "UnexpectedToken"),
        ("a >", "MissingFileSpecification"),
        ("a 2>&1 2>&1", "StreamAlreadyRedirected"),
        ("a 1>&1", "RedirectionNotSupported"),
        ("&", "MissingExpression"),
        ("if x", "MissingOpenParenthesisInIfStatement"),
        ("from x", "ReservedKeywordNotAllowed"),
        ("a; using module b", "UsingMustBeAtStartOfScript"),
        ("a `", "IncompleteString"),
        ("[", "MissingTypename"),
    ];
    for (text, id) in cases {
        assert_eq!(syntax(text), id, "{text}");
    }
}

#[test]
fn what_is_not_dealt_with_says_so() {
    for text in [
        "param($x) a $x",
        "end { a }",
        "using module x",
        "#requires -Version 7\na",
        "X \"`u{D800}\"",
    ] {
        let error = parse(text).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{text}: {error:?}");
        assert!(error.to_string().contains("--script"), "{error}");
    }
}

#[test]
fn commands_and_statements() {
    let names = |text: &str| -> Vec<(String, bool)> {
        parse(text)
            .unwrap()
            .commands
            .into_iter()
            .map(|command| (command.name, command.end_of_statement))
            .collect()
    };
    let one = |name: &str| (name.to_owned(), false);
    let last = |name: &str| (name.to_owned(), true);
    assert_eq!(
        names("a | b; c\nd & e"),
        [one("a"), last("b"), last("c"), last("d"), one("e")]
    );
    assert_eq!(names("a\n| b"), [one("a"), one("b")]);
    assert_eq!(names("a\n # why\n | b"), [one("a"), one("b")]);
    assert_eq!(names("a |\n\n b"), [one("a"), one("b")]);
    assert_eq!(names("a <# x #> | b"), [one("a"), one("b")]);
    assert_eq!(names("Get-$x"), [one("Get-$x")]);
    assert_eq!(names("& 'a b'"), [one("a b")]);
    assert_eq!(names("& (\"a\")"), [one("a")]);
    assert_eq!(names("else"), [one("else")]);
    assert_eq!(names(".\\a.ps1"), [one(".\\a.ps1")]);
    assert_eq!(names("7z"), [one("7z")]);
    assert_eq!(names("%"), [one("%")]);
    assert_eq!(names("/usr/bin/a"), [one("/usr/bin/a")]);
    assert_eq!(names(":a"), [one(":a")]);
    assert_eq!(syntax("a\n\n| b"), "EmptyPipeElement");
}

#[test]
fn verbatim_arguments_are_one_text() {
    assert_eq!(
        arguments("a --% b $c \"| d\" e"),
        [
            Argument::positional(string("--%")),
            Argument::positional(string("b $c \"| d\" e"))
        ]
    );
}

#[test]
fn merges_are_kept_in_the_order_of_the_streams() {
    let list = parse("a 6>&1 2>&1 | b *>&1").unwrap();
    assert_eq!(list.commands[0].merges, [Merge::Error, Merge::Information]);
    assert_eq!(list.commands[1].merges, [Merge::All]);
}

#[test]
fn words_are_tokens() {
    let list = words(&[
        "Get-CsOnlineUser",
        "-Identity",
        "Ken Myer",
        "-ResultSize",
        "10000",
        "-Force:$true",
        "-Filter",
        "{Enabled -eq $true}",
        "$null",
        "a,b",
        "-A.B",
        "-1",
        "",
        "x'y",
        "$x",
        "\u{2013}Dash",
        "1kb",
    ])
    .unwrap();
    let command = &list.commands[0];
    assert_eq!((list.commands.len(), command.name.as_str()), (1, "Get-CsOnlineUser"));
    let text = |text: &str| Argument::positional(string(text));
    let kilobyte = Constant::Spelled {
        value: Box::new(Constant::Int32(1024)),
        text: "1kb".to_owned(),
    };
    assert_eq!(
        command.arguments,
        [
            Argument::parameter("-Identity"),
            text("Ken Myer"),
            Argument::parameter("-ResultSize"),
            Argument::positional(Constant::Int32(10_000)),
            Argument::named("-Force:", Constant::Boolean(true)),
            Argument::parameter("-Filter"),
            text("Enabled -eq $true"),
            Argument::positional(Constant::Null),
            text("a,b"),
            text("-A.B"),
            text("-1"),
            text(""),
            text("x'y"),
            text("$x"),
            Argument::parameter("-Dash"),
            Argument::positional(kilobyte),
        ]
    );
    assert_eq!(words(&["a b | c"]), parse("a b | c"));
    assert_eq!(words::<&str>(&[]), Err(Error::NoWords));
    let eaten = words(&["Set-CsUser", "-Enabled:"]).unwrap_err();
    assert!(eaten.to_string().contains("single quotes"), "{eaten}");
    assert_eq!(
        words(&["a", "--", "-b"]).unwrap().commands[0].arguments,
        [Argument::parameter("--"), text("-b")]
    );
}
