//! The contract only grows: whatever a released client relies on is still there, under its number and of its type.
//!
//! `contract.binpb` is the contract as it was last agreed on. After an addition, write it anew with
//! `PSLEASE_BLESS=1 cargo test -p pslease-proto`; this test still compares with the old one first.

use std::collections::BTreeMap;
use std::path::Path;

use prost::Message as _;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorSet};

/// Everything that a client can rely on, as a line each.
fn promises(set: &FileDescriptorSet) -> BTreeMap<String, String> {
    let mut promises = BTreeMap::new();
    for file in set.file.iter().filter(|file| file.package() == "pslease.v1") {
        for message in &file.message_type {
            message_promises(file.package(), message, &mut promises);
        }
        for enumeration in &file.enum_type {
            enum_promises(file.package(), enumeration, &mut promises);
        }
        for service in &file.service {
            for method in &service.method {
                let shape = format!(
                    "{}{} -> {}{}",
                    if method.client_streaming() { "stream " } else { "" },
                    method.input_type(),
                    if method.server_streaming() { "stream " } else { "" },
                    method.output_type()
                );
                promises.insert(format!("rpc {}.{}", service.name(), method.name()), shape);
            }
        }
    }
    promises
}

fn message_promises(scope: &str, message: &DescriptorProto, promises: &mut BTreeMap<String, String>) {
    let name = format!("{scope}.{}", message.name());
    for field in &message.field {
        let shape = format!(
            "{} {:?} {:?} {}",
            field.name(),
            field.label(),
            field.r#type(),
            field.type_name()
        );
        promises.insert(format!("field {name}#{}", field.number()), shape);
    }
    for nested in &message.nested_type {
        message_promises(&name, nested, promises);
    }
    for nested in &message.enum_type {
        enum_promises(&name, nested, promises);
    }
}

fn enum_promises(scope: &str, enumeration: &EnumDescriptorProto, promises: &mut BTreeMap<String, String>) {
    for value in &enumeration.value {
        let key = format!("value {scope}.{}#{}", enumeration.name(), value.number());
        promises.insert(key, value.name().to_owned());
    }
}

#[test]
fn what_was_promised_is_kept() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract.binpb");
    let now = FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
    if let Ok(bytes) = std::fs::read(&path) {
        let before = promises(&FileDescriptorSet::decode(bytes.as_slice()).unwrap());
        let now = promises(&now);
        for (promise, shape) in &before {
            assert_eq!(
                now.get(promise),
                Some(shape),
                "{promise} changed: contract {} promised it",
                proto::CONTRACT
            );
        }
    } else {
        assert!(
            std::env::var_os("PSLEASE_BLESS").is_some(),
            "{} is missing",
            path.display()
        );
    }
    if std::env::var_os("PSLEASE_BLESS").is_some() {
        std::fs::write(path, proto::DESCRIPTORS).unwrap();
    }
}

#[test]
fn enums_begin_with_unspecified() {
    let set = FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
    let first = |(key, _): &(&String, &String)| key.starts_with("value ") && key.ends_with("#0");
    let promises = promises(&set);
    let zeros: Vec<_> = promises.iter().filter(first).collect();
    assert!(!zeros.is_empty());
    for (key, name) in zeros {
        assert!(name.ends_with("_UNSPECIFIED"), "{key} is {name}");
    }
}
