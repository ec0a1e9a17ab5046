//! Documents made to cost more than they should.

use crate::*;

fn refuse(xml: &[u8]) -> Error {
    read(xml, &Budget::default()).unwrap_err()
}

#[test]
fn no_document_type_and_no_entity_is_ever_read() {
    let bomb = "<!DOCTYPE Objs [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><S>&b;</S>";
    assert_eq!(refuse(bomb.as_bytes()), Error::Doctype { at: 0 });
    assert!(matches!(
        refuse(b"<Obj><What><!DOCTYPE x></What></Obj>"),
        Error::Doctype { at: 11 }
    ));
    let value = read_value(b"<S>&b;</S>", &Budget::default()).unwrap();
    assert_eq!(value.refused()[0].why(), Refusal::Entity);
}

#[test]
fn what_is_nested_too_deeply_costs_no_stack_and_is_kept() {
    let (open, close) = ("<Obj RefId=\"0\"><LST>", "</LST></Obj>");
    let nested = |levels: usize| format!("{}<I32>1</I32>{}", open.repeat(levels), close.repeat(levels));
    assert_eq!(
        read_value(nested(48).as_bytes(), &Budget::default()).unwrap().refused(),
        Vec::<&Opaque>::new()
    );
    let xml = nested(300_000);
    let value = read_value(xml.as_bytes(), &Budget::default()).unwrap();
    let refused = value.refused();
    assert_eq!((refused.len(), refused[0].why()), (1, Refusal::TooDeep));
    assert_eq!(write(&value), xml);
}

#[test]
fn no_budget_allows_more_depth_than_a_stack_has() {
    let budget = Budget {
        depth: u16::MAX,
        ..Budget::default()
    };
    let xml = format!(
        "{}{}",
        "<Obj><MS><MS N=\"a\">".repeat(40_000),
        "</MS></MS></Obj>".repeat(40_000)
    );
    // `Obj` inside of a member set needs no name to be refused, so this nests by member sets alone.
    let nested = format!(
        "<Obj><MS>{}{}</MS></Obj>",
        "<MS N=\"a\">".repeat(40_000),
        "</MS>".repeat(40_000)
    );
    for xml in [xml, nested] {
        assert!(!read_value(xml.as_bytes(), &budget).unwrap().refused().is_empty());
    }
}

#[test]
fn bytes_and_values_are_counted() {
    let small = Budget {
        bytes: 20,
        ..Budget::default()
    };
    assert_eq!(
        read(&[b' '; 21], &small),
        Err(Error::Budget {
            what: "bytes",
            limit: 20
        })
    );
    let few = Budget {
        values: 3,
        ..Budget::default()
    };
    let list = |items: usize| format!("<Obj><LST>{}</LST></Obj>", "<Nil/>".repeat(items));
    assert!(read(list(2).as_bytes(), &few).is_ok());
    assert_eq!(
        read(list(3).as_bytes(), &few),
        Err(Error::Budget {
            what: "values",
            limit: 3
        })
    );
    assert_eq!(
        read(list(2_000_000).as_bytes(), &Budget::default()),
        Err(Error::Budget {
            what: "values",
            limit: 1_000_000
        })
    );
}

#[test]
fn many_attributes_and_declarations_take_linear_time() {
    let attributes: String = (0..300_000).map(|number| format!(" a{number}=\"\"")).collect();
    assert_eq!(
        read_value(format!("<S{attributes}>x</S>").as_bytes(), &Budget::default()),
        Ok("x".into())
    );
    let declarations: String = (0..300_000).map(|number| format!(" xmlns:a{number}=\"u\"")).collect();
    assert!(matches!(
        refuse(format!("<S{declarations}>x</S>").as_bytes()),
        Error::Budget { .. }
    ));
    let nested = "<Obj xmlns:p=\"u\"><LST>".repeat(100);
    assert!(matches!(
        refuse(nested.as_bytes()),
        Error::Xml { .. } | Error::Budget { .. }
    ));
}

#[test]
fn ids_far_apart_do_not_make_tables_grow() {
    let xml: String = (0..50_000_u32)
        .map(|number| format!("<Obj RefId=\"{}\"/>", number.wrapping_mul(85_899)))
        .collect();
    assert_eq!(read(xml.as_bytes(), &Budget::default()).unwrap().values.len(), 50_000);
}

#[test]
fn what_is_not_well_formed_is_an_error_and_no_panic() {
    for xml in [
        "<",
        "<S",
        "<S>",
        "<S>a",
        "</S>",
        "<S></T>",
        "<Obj><LST></Obj></LST>",
        "<S N=>a</S>",
        "<S N=\"a>b</S>",
        "text",
        "<S>a & b</S>",
        "<S>a</S>text",
        "<!",
        "<!-- ",
        "<S><![CDATA[</S>",
        "<?xml",
        "<>",
        "</>",
        "< S/>",
        "<S/></S>",
        "&amp;",
        "<Objs Version=\"1.1.0.1\"><S/></Obj>",
        "<Objs><S/>",
        "<Objs></Objs><S/>",
        "<Objs/></Objs>",
        "\u{feff}\u{feff}<S/>",
        "<S/>\u{feff}<S/>",
        "<Objs><S/><?xml version=\"1.0\"?></Objs>",
    ] {
        let read = read(xml.as_bytes(), &Budget::default());
        assert!(matches!(read, Err(Error::Xml { .. })), "{xml}: {read:?}");
    }
    assert_eq!(refuse(b"<S>\xff</S>"), Error::Encoding { at: 3 });
}

#[test]
fn a_document_cut_anywhere_is_an_error_or_what_was_whole() {
    let whole = "<Obj RefId=\"0\"><TN RefId=\"0\"><T>A</T></TN><MS><S N=\"a\">x&amp;_x0041_</S><Ref N=\"b\" RefId=\"0\"/></MS></Obj><S>é</S>";
    let values = read(whole.as_bytes(), &Budget::default()).unwrap().values;
    for end in 0..whole.len() {
        if let Ok(document) = read(&whole.as_bytes()[..end], &Budget::default()) {
            assert_eq!(document.values[..], values[..document.values.len()]);
        }
    }
}

/// Found by fuzzing: the raw dictionary was written before the reference to type names that it replaces.
#[test]
fn type_names_that_raw_xml_lists_anew_are_told_apart_from_those_before_it() {
    let names = |name: &str| format!("<TN RefId=\"0\"><T>{name}</T></TN>");
    let xml = format!(
        "<Obj RefId=\"0\"><MS><Obj N=\"a\" RefId=\"1\">{}</Obj><Obj N=\"b\" RefId=\"2\"><TNRef RefId=\"0\" />\
         <DCT><En><S N=\"Key\">k</S><Obj N=\"Value\" RefId=\"3\">{}</Obj>></En></DCT></Obj>\
         <Obj N=\"c\" RefId=\"4\"><TNRef RefId=\"0\" /></Obj></MS></Obj>",
        names("First"),
        names("Second")
    );
    let value = read_value(xml.as_bytes(), &Budget::default()).unwrap();
    let types = |value: &Value, property: &str| {
        let Some(Value::Object(object)) = value.property(property) else {
            panic!("{property}")
        };
        let names = object.type_names.as_ref();
        names.unwrap_or_else(|| panic!("{property}: {object:?}")).names()[0].to_string()
    };
    for value in [
        &value,
        &read_value(write(&value).as_bytes(), &Budget::default()).unwrap(),
    ] {
        assert_eq!(types(value, "a"), "First");
        assert_eq!(types(value, "b"), "First");
        assert_eq!(types(value, "c"), "Second");
    }
}

#[test]
fn what_is_refused_again_and_again_takes_linear_time() {
    for part in [
        "a<TN/>",
        "<x/>",
        "<ToString/>",
        "a",
        "<TNRef/>",
        "<I32>x</I32>",
        "<DCT><En/></DCT>",
        "<p:x xmlns:p=\"u\"/>",
    ] {
        let xml = format!("<Obj RefId=\"0\">{}</Obj>", part.repeat(20_000));
        let value = read_value(xml.as_bytes(), &Budget::default()).unwrap();
        assert_eq!(read_value(write(&value).as_bytes(), &Budget::default()), Ok(value));
    }
}
