//! Whole documents and bodies, by what users rely on.

use crate::*;

fn one(xml: &str) -> Value {
    read_value(xml.as_bytes(), &Budget::default()).unwrap()
}

/// Reads, writes, and expects the same XML.
fn same(xml: &str) {
    assert_eq!(write(&one(xml)), xml);
}

#[test]
fn every_primitive_is_written_as_it_was_read() {
    for xml in [
        "<S></S>",
        "<S N=\"a_x0020_b\">x_xD83D_&amp;&lt;&gt;é</S>",
        "<B>true</B>",
        "<C>55296</C>",
        "<By>255</By>",
        "<SB>-128</SB>",
        "<U16>65535</U16>",
        "<I16>-32768</I16>",
        "<U32>4294967295</U32>",
        "<I32>-2147483648</I32>",
        "<U64>18446744073709551615</U64>",
        "<I64>-9223372036854775808</I64>",
        "<Sg>-0.1</Sg>",
        "<Sg>NaN</Sg>",
        "<Db>1.7976931348623157E+308</Db>",
        "<Db>-0</Db>",
        "<Db>-INF</Db>",
        "<D>-79228162514264337593543950335</D>",
        "<D>1.2000</D>",
        "<DT>2026-11-21T01:02:03.0000001+05:45</DT>",
        "<TS>-P1DT2H3M4.5S</TS>",
        "<G>00112233-4455-6677-8899-aabbccddeeff</G>",
        "<Version>1.2.3.4</Version>",
        "<BA>AQID</BA>",
        "<URI>https://a.test/?q=a%20b&amp;c=d</URI>",
        "<SBK>{ 1 }_x000A_</SBK>",
        "<XD>&lt;a /&gt;</XD>",
        "<SS>AAAAAAAAAAAAAAAAAAAAAA==</SS>",
        "<Nil />",
        "<PR><AV>a</AV><AI>0</AI><Nil /><PI>-1</PI><PC>50</PC><T>Processing</T><SR>-1</SR><SD>_x0007_</SD></PR>",
    ] {
        let read = one(xml);
        assert!(!matches!(read, Value::Opaque(_)), "{read:?}");
        let again = write(&read);
        assert_eq!(again, xml.replace(" N=\"a_x0020_b\"", ""));
    }
}

#[test]
fn an_object_keeps_every_part_in_order() {
    same(concat!(
        "<Obj RefId=\"3\"><TN RefId=\"1\"><T>A</T><T>B</T></TN><ToString>t</ToString>",
        "<LST><I32>1</I32><Obj RefId=\"7\"><TNRef RefId=\"1\" /><DCT><En><I32 N=\"Key\">1</I32><Ref N=\"Value\" RefId=\"3\" /></En>",
        "<En><I32 N=\"Key\">1</I32><Nil N=\"Value\" /></En></DCT></Obj></LST>",
        "<Props><S N=\"b\">1</S><S N=\"a\">2</S></Props><MS><S N=\"b\">3</S><MS N=\"set\"><S N=\"x\">4</S></MS></MS></Obj>"
    ));
}

#[test]
fn an_empty_bag_is_not_no_bag() {
    same("<Obj RefId=\"0\"><Props></Props></Obj>");
    same("<Obj RefId=\"0\"><TN RefId=\"0\"></TN><ToString></ToString><MS></MS></Obj>");
    assert_eq!(one("<Obj RefId=\"0\" />").as_object(), Some(&Object::new()));
}

#[test]
fn objects_without_ids_are_numbered_clear_of_those_that_have_one() {
    let read = one("<Obj RefId=\"1\"><MS><Ref N=\"Self\" RefId=\"1\" /></MS></Obj>");
    let outer = Value::list([Value::from(Object::new()), read, Object::new().into()]);
    assert_eq!(
        write(&outer),
        concat!(
            "<Obj RefId=\"2\"><TN RefId=\"0\"><T>System.Collections.ArrayList</T><T>System.Object</T></TN><LST>",
            "<Obj RefId=\"3\"></Obj><Obj RefId=\"1\"><MS><Ref N=\"Self\" RefId=\"1\" /></MS></Obj><Obj RefId=\"4\"></Obj>",
            "</LST></Obj>"
        )
    );
}

#[test]
fn type_names_are_listed_once_in_a_body_and_again_in_the_next() {
    let mut writer = Writer::document();
    writer.write(&Object::custom().into());
    writer.write(&Value::from(Object::custom()));
    let listed = "<TN RefId=\"0\"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN>";
    let whole = format!(
        "<Objs Version=\"1.1.0.1\" xmlns=\"{NAMESPACE}\"><Obj RefId=\"0\">{listed}</Obj><Obj RefId=\"1\"><TNRef RefId=\"0\" /></Obj></Objs>"
    );
    assert_eq!(writer.finish(), whole);
    assert_eq!(
        write(&Object::custom().into()),
        format!("<Obj RefId=\"0\">{listed}</Obj>")
    );
    let document = read(whole.as_bytes(), &Budget::default()).unwrap();
    assert_eq!(document.values, [Object::custom().into(), Object::custom().into()]);
    assert_eq!(write_document(&document.values), whole);
}

#[test]
fn a_part_of_a_document_can_be_written_alone() {
    let document = one(
        "<Obj RefId=\"0\"><TN RefId=\"4\"><T>A</T></TN><MS><Obj N=\"Inner\" RefId=\"1\"><TNRef RefId=\"4\" /></Obj></MS></Obj>",
    );
    let inner = document.property("inner").unwrap();
    assert_eq!(write(inner), "<Obj RefId=\"1\"><TN RefId=\"4\"><T>A</T></TN></Obj>");
}

#[test]
fn a_namespace_may_begin_anywhere_in_a_bare_body() {
    let value = one(&format!(
        "<Obj RefId=\"0\"><LST><p:S xmlns:p=\"{NAMESPACE}\">a</p:S></LST></Obj>"
    ));
    assert!(value.refused().is_empty());
    assert_eq!(write(&value), "<Obj RefId=\"0\"><LST><S>a</S></LST></Obj>");
}

#[test]
fn a_byte_order_mark_between_values_is_text_wherever_it_stands() {
    let root = format!("<Objs Version=\"1.1.0.1\" xmlns=\"{NAMESPACE}\">");
    for between in [
        "\u{feff}",
        "\u{feff}\u{feff}",
        "\u{feff}a<![CDATA[\u{feff}]]>",
        "<!-- b -->\u{feff}a",
    ] {
        for rest in ["</Objs>", "<S>c</S></Objs>"] {
            let document = read(format!("{root}<S>a</S>{between}{rest}").as_bytes(), &Budget::default()).unwrap();
            let stray = between.trim_start_matches("<!-- b -->");
            assert_eq!(document.refused, 1, "{between:?}");
            assert_eq!(
                write_document(&document.values),
                format!("{root}<S>a</S>{stray}{rest}"),
                "{between:?}"
            );
        }
    }
}

#[test]
fn values_are_pulled_one_by_one_out_of_either_form() {
    let document = format!(
        "\u{feff}<?xml version=\"1.0\"?>\n<Objs xmlns=\"{NAMESPACE}\">\n <S>a</S> <!-- b --> <S>c</S>\n</Objs>\n"
    );
    for (xml, form) in [(document.as_str(), Form::Document), ("<S>a</S>\n<S>c</S>", Form::Bare)] {
        let mut reader = Reader::new(xml.as_bytes(), &Budget::default()).unwrap();
        assert_eq!(reader.next_value().unwrap(), Some("a".into()));
        assert_eq!(reader.form(), form);
        assert_eq!(reader.next_value().unwrap(), Some("c".into()));
        assert_eq!(reader.next_value().unwrap(), None);
        assert_eq!(reader.next_value().unwrap(), None);
        assert_eq!(reader.refused(), 0);
    }
}

#[test]
fn utf16_files_of_windows_powershell_are_read() {
    let xml = format!("<Objs Version=\"1.1.0.1\" xmlns=\"{NAMESPACE}\"><S>é😀</S></Objs>");
    let bytes: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(xml.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(read(&bytes, &Budget::default()).unwrap().values, ["é😀".into()]);
}

#[test]
fn a_body_of_one_value_has_one() {
    let found = |xml: &str| read_value(xml.as_bytes(), &Budget::default());
    assert_eq!(found("<S />"), Ok("".into()));
    assert_eq!(found(" "), Err(Error::NotOneValue { found: 0 }));
    assert_eq!(found("<S /><S />"), Err(Error::NotOneValue { found: 2 }));
}

#[test]
fn what_is_refused_stays_where_it_was() {
    let xml = concat!(
        "<Obj RefId=\"0\"><What a=\"b\"><S>x</S></What><LST><I32>x</I32><Ref RefId=\"9\" />loose &amp; text<S>y</S></LST>",
        "<MS><S>nameless</S><S N=\"A\">1</S><What N=\"B\" /></MS></Obj>"
    );
    let value = one(xml);
    let refused: Vec<_> = value
        .refused()
        .iter()
        .map(|opaque| (opaque.why(), opaque.xml().to_owned()))
        .collect();
    assert_eq!(
        refused,
        [
            (Refusal::UnknownTag, "<What a=\"b\"><S>x</S></What>".to_owned()),
            (Refusal::Malformed, "<I32>x</I32>".to_owned()),
            (Refusal::DanglingReference, "<Ref RefId=\"9\" />".to_owned()),
            (Refusal::StrayText, "loose &amp; text".to_owned()),
            (Refusal::Nameless, "<S>nameless</S>".to_owned()),
            (Refusal::UnknownTag, "<What N=\"B\" />".to_owned()),
        ]
    );
    assert_eq!(value.as_list().map(<[_]>::len), Some(4));
    assert_eq!(value.property("A").and_then(Value::as_str), Some("1"));
    assert_eq!(write(&value), xml);
}

#[test]
fn a_broken_dictionary_or_type_list_is_kept_whole() {
    for (part, why) in [
        (
            "<DCT><En><S N=\"Key\">k</S><S N=\"Value\">v</S></En><En><S N=\"Value\">v</S></En><En /></DCT>",
            Refusal::Entry,
        ),
        ("<DCT><En><S N=\"Key\">k</S></En></DCT>", Refusal::Entry),
        ("<DCT>x</DCT>", Refusal::StrayText),
        ("<TN RefId=\"0\"><T>A</T><S>B</S></TN>", Refusal::UnknownTag),
        ("<TNRef RefId=\"8\" />", Refusal::DanglingTypeNames),
        ("<ToString>a<S />b</ToString>", Refusal::StrayElement),
    ] {
        let xml = format!("<Obj RefId=\"0\">{part}<MS><S N=\"A\">1</S></MS></Obj>");
        let value = one(&xml);
        let refused: Vec<_> = value
            .refused()
            .iter()
            .map(|opaque| (opaque.xml(), opaque.why()))
            .collect();
        assert_eq!(refused, [(part, why)]);
        assert_eq!(value.property("A"), Some(&"1".into()));
        assert_eq!(write(&value), xml);
    }
}

#[test]
fn of_two_base_values_the_last_counts_and_the_first_is_kept() {
    let value = one("<Obj RefId=\"0\"><ToString>a</ToString><I32>1</I32><ToString>b</ToString><I32>2</I32></Obj>");
    assert_eq!(value.as_i64(), Some(2));
    assert_eq!(value.as_object().unwrap().to_string, Some("b".into()));
    let refused: Vec<_> = value
        .refused()
        .iter()
        .map(|opaque| (opaque.xml(), opaque.why()))
        .collect();
    assert_eq!(
        refused,
        [
            ("<ToString>a</ToString>", Refusal::Repeated),
            ("<I32>1</I32>", Refusal::Repeated)
        ]
    );
    assert_eq!(one(&write(&value)), value);
}

#[test]
fn raw_xml_takes_its_namespaces_along() {
    let xml = format!("<p:Objs xmlns:p=\"{NAMESPACE}\"><p:Obj RefId=\"0\"><p:What p:a=\"1\"/><What/></p:Obj></p:Objs>");
    let document = read(xml.as_bytes(), &Budget::default()).unwrap();
    let raw: Vec<_> = document.values[0]
        .refused()
        .iter()
        .map(|opaque| (opaque.xml().to_owned(), opaque.why()))
        .collect();
    assert_eq!(
        raw,
        [
            (
                format!("<p:What xmlns:p=\"{NAMESPACE}\" xmlns=\"\" p:a=\"1\"/>"),
                Refusal::UnknownTag
            ),
            ("<What xmlns=\"\"/>".to_owned(), Refusal::Namespace),
        ]
    );
    let again = read(write_document(&document.values).as_bytes(), &Budget::default()).unwrap();
    assert_eq!(again.values, document.values);
}

#[test]
fn raw_xml_under_a_new_name_bears_that_name() {
    let refused = one("<What a=\"1\"/>");
    let object = Value::from(Object::new().extended("New", refused));
    assert_eq!(
        write(&object),
        "<Obj RefId=\"0\"><MS><What N=\"New\" a=\"1\"/></MS></Obj>"
    );
}

#[test]
fn null_keys_are_refused_and_the_other_entries_read() {
    let xml = "<Obj RefId=\"0\"><DCT><En><Nil N=\"Key\"/><S N=\"Value\">a</S></En><En><B N=\"Key\">true</B><S N=\"Value\">b</S></En></DCT></Obj>";
    let value = one(xml);
    assert_eq!(value.refused()[0].why(), Refusal::NullKey);
    assert_eq!(value.as_dictionary().unwrap()[1], (true.into(), "b".into()));
    assert_eq!(write(&value), xml);
}
