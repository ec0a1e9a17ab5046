//! Any split comes together again; whatever comes in a wrong order is an error and never a panic.

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{Destination, Error, Message, MessageType};

const LIMITS: Limits = Limits {
    fragment: 1 << 16,
    message: 1 << 20,
};

fn message(body: impl Into<Bytes>) -> Message {
    Message {
        destination: Destination::Client,
        kind: MessageType::PipelineOutput,
        pool: Uuid::from_u128(7),
        pipeline: Some(Uuid::from_u128(9)),
        body: body.into(),
    }
}

fn fragment(object: u64, number: u64, first: bool, last: bool, blob: &[u8]) -> Bytes {
    Fragment {
        object,
        number,
        first,
        last,
        blob: Bytes::copy_from_slice(blob),
    }
    .encode()
}

fn whole(reassembler: &mut Reassembler) -> Vec<Message> {
    std::iter::from_fn(|| reassembler.next().unwrap()).collect()
}

fn error(packets: impl IntoIterator<Item = Bytes>) -> Error {
    let mut reassembler = Reassembler::new(LIMITS);
    let mut pieces = PieceReader::new(LIMITS);
    let mut found = None;
    for packet in packets {
        reassembler.push(packet.clone());
        pieces.push(packet);
        let whole = loop {
            match reassembler.next() {
                Ok(Some(_)) => {}
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        let piece = loop {
            match pieces.next() {
                Ok(Some(_)) => {}
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        assert_eq!(whole.is_some(), piece.is_some(), "both flavours judge alike");
        found = found.or(whole);
    }
    found.expect("an error")
}

proptest! {
    #[test]
    fn any_split_comes_together_again(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 1..5),
        blob in 1usize..120,
        packet in 1usize..300,
    ) {
        let messages: Vec<Message> = bodies.into_iter().map(message).collect();
        let mut fragmenter = Fragmenter::new();
        let bytes: BytesMut = messages.iter().flat_map(|message| fragmenter.split(message, blob)).flatten().collect();
        let mut bytes = bytes.freeze();
        let mut reassembler = Reassembler::new(LIMITS);
        let mut pieces = PieceReader::new(LIMITS);
        let mut assembly = Assembly::new(LIMITS.message);
        let (mut got, mut from_pieces) = (Vec::new(), Vec::new());
        while !bytes.is_empty() {
            let part = bytes.split_to(packet.min(bytes.len()));
            reassembler.push(part.clone());
            got.extend(whole(&mut reassembler));
            pieces.push(part);
            while let Some(piece) = pieces.next().unwrap() {
                from_pieces.extend(assembly.push(piece).unwrap());
            }
        }
        prop_assert_eq!(&got, &messages);
        prop_assert_eq!(&from_pieces, &messages);
    }

    #[test]
    fn pieces_relayed_come_together_again(
        body in prop::collection::vec(any::<u8>(), 0..600),
        blob in 1usize..150,
        further in 1usize..150,
    ) {
        let original = message(body);
        let mut reader = PieceReader::new(LIMITS);
        let mut fragmenter = Fragmenter::starting_at(77);
        let mut reassembler = Reassembler::new(LIMITS);
        let mut relay = None;
        for packet in Fragmenter::new().split(&original, blob) {
            reader.push(packet);
            while let Some(piece) = reader.next().unwrap() {
                let relay = relay.get_or_insert_with(|| fragmenter.relay(piece.header()));
                for fragment in relay.write(piece.bytes, piece.last, further) {
                    reassembler.push(fragment);
                }
            }
        }
        prop_assert!(relay.unwrap().is_done());
        prop_assert_eq!(whole(&mut reassembler), vec![original]);
    }

    #[test]
    fn garbage_is_an_error_or_nothing(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..6)) {
        let mut reassembler = Reassembler::new(LIMITS);
        let mut pieces = PieceReader::new(LIMITS);
        for packet in packets {
            reassembler.push(packet.clone().into());
            pieces.push(packet.into());
            while let Ok(Some(_)) = reassembler.next() {}
            while let Ok(Some(_)) = pieces.next() {}
        }
    }

    #[test]
    fn any_order_is_an_error_or_a_message_that_was_sent(
        order in prop::collection::vec((0usize..2, 0usize..4), 1..12),
        resumed in any::<bool>(),
    ) {
        let sent = [message(vec![1u8; 100]), message(vec![2u8; 100])];
        let mut fragmenter = Fragmenter::new();
        let fragments: Vec<Vec<Bytes>> = sent.iter().map(|message| fragmenter.split(message, 40)).collect();
        let mut reassembler = Reassembler::new(LIMITS);
        if resumed {
            reassembler.resume();
        }
        'all: for (object, number) in order {
            reassembler.push(fragments[object][number].clone());
            loop {
                match reassembler.next() {
                    Ok(Some(message)) => prop_assert!(sent.contains(&message)),
                    Ok(None) => break,
                    Err(_) => break 'all,
                }
            }
        }
    }
}

#[test]
fn a_fragment_has_the_layout_of_the_specification() {
    let bytes = fragment(0x0102, 3, false, true, b"ab");
    assert_eq!(
        &bytes[..],
        [
            0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 3, 2, 0, 0, 0, 2, b'a', b'b'
        ]
    );
}

#[test]
fn a_message_without_a_body_is_one_fragment_of_forty_bytes() {
    let fragments = Fragmenter::new().split(&message(Bytes::new()), 1000);
    assert_eq!(fragments.len(), 1);
    assert_eq!(fragments[0].len(), HEADER + 40);
    assert_eq!(fragments[0][16], 3, "start and end");
}

#[test]
fn sizes_may_change_from_fragment_to_fragment() {
    let message = message(vec![5u8; 100]);
    let mut outgoing = Fragmenter::new().outgoing(&message);
    let mut reassembler = Reassembler::new(LIMITS);
    for blob in [10, 100, 0, 7, 1000] {
        reassembler.push(outgoing.fragment(blob).unwrap());
    }
    assert!(outgoing.is_done() && outgoing.fragment(10).is_none());
    assert_eq!(whole(&mut reassembler), [message]);
}

#[test]
fn objects_are_numbered_upwards_from_where_it_was_told() {
    let mut fragmenter = Fragmenter::starting_at(1 << 32);
    assert_eq!(fragmenter.outgoing(&message(Bytes::new())).object(), 1 << 32);
    assert_eq!(fragmenter.outgoing(&message(Bytes::new())).object(), (1 << 32) + 1);
    assert_eq!(Fragmenter::starting_at(0).next_object(), 1);
}

#[test]
fn a_start_gives_the_object_before_it_up() {
    let mut fragmenter = Fragmenter::new();
    let lost = fragmenter.split(&message(vec![1u8; 100]), 50);
    let kept = message(vec![2u8; 100]);
    let mut reassembler = Reassembler::new(LIMITS);
    reassembler.push(lost[0].clone());
    for fragment in fragmenter.split(&kept, 50) {
        reassembler.push(fragment);
    }
    assert_eq!(whole(&mut reassembler), [kept]);
}

#[test]
fn after_a_reconnect_the_rest_of_an_object_is_skipped() {
    let mut fragmenter = Fragmenter::new();
    let cut = fragmenter.split(&message(vec![1u8; 100]), 50);
    let next = message(vec![2u8; 10]);
    let mut reassembler = Reassembler::new(LIMITS);
    reassembler.push(cut[0].clone());
    assert!(whole(&mut reassembler).is_empty());
    reassembler.resume();
    for fragment in cut.into_iter().skip(1).chain(fragmenter.split(&next, 50)) {
        reassembler.push(fragment);
    }
    assert_eq!(whole(&mut reassembler), [next]);
}

#[test]
fn wrong_orders_are_told_apart() {
    let head = message(Bytes::new()).encode();
    let start = fragment(1, 0, true, false, &head);
    assert!(matches!(error([fragment(0, 0, true, true, &head)]), Error::ObjectId(0)));
    assert!(matches!(
        error([fragment(1 << 63, 0, true, true, &head)]),
        Error::ObjectId(_)
    ));
    assert!(matches!(
        error([fragment(1, 1, true, true, &head)]),
        Error::StartFlag { .. }
    ));
    assert!(matches!(
        error([start.clone(), fragment(1, 0, false, true, &[1])]),
        Error::StartFlag { .. }
    ));
    assert!(matches!(
        error([fragment(1, 1, false, true, &[1])]),
        Error::OutOfSequence {
            expected: 0,
            got: 1,
            ..
        }
    ));
    assert!(matches!(
        error([start.clone(), fragment(1, 2, false, true, &[1])]),
        Error::OutOfSequence {
            expected: 1,
            got: 2,
            ..
        }
    ));
    assert!(matches!(
        error([start, fragment(2, 1, false, true, &[1])]),
        Error::OtherObject { expected: 1, got: 2 }
    ));
    assert!(matches!(
        error([fragment(1, 0, true, true, &head[..39])]),
        Error::MessageTooShort(39)
    ));
}

#[test]
fn a_size_is_refused_when_it_is_announced() {
    let mut announced = fragment(1, 0, true, false, &[]).to_vec();
    announced[17..21].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(matches!(error([announced.into()]), Error::FragmentTooLarge { .. }));
}

#[test]
fn a_message_above_the_limit_is_refused_while_it_grows() {
    let big = message(vec![0; LIMITS.message]);
    let packets = Fragmenter::new().split(&big, LIMITS.fragment);
    assert!(matches!(error(packets), Error::MessageTooLarge { .. }));
}

#[test]
fn an_end_within_a_fragment_is_noticed() {
    let mut reader = FragmentReader::new(LIMITS);
    assert!(reader.finish().is_ok());
    reader.push(Bytes::from_static(&[0; 20]));
    assert!(reader.next().unwrap().is_none());
    assert!(matches!(reader.finish(), Err(Error::Truncated(20))));
}

#[test]
fn an_assembly_passes_over_what_is_too_large_and_goes_on() {
    let mut assembly = Assembly::new(10);
    let piece = |first, last, size: usize| Piece {
        first,
        last,
        ..Piece::whole(message(vec![3u8; size]))
    };
    assert!(assembly.push(piece(true, false, 8)).unwrap().is_none());
    assert!(matches!(
        assembly.push(piece(false, false, 8)),
        Err(Error::MessageTooLarge { limit: 10 })
    ));
    assert!(
        assembly.push(piece(false, true, 8)).unwrap().is_none(),
        "the rest of it"
    );
    assert!(assembly.push(piece(true, true, 11)).is_err());
    assert_eq!(assembly.push(piece(true, true, 10)).unwrap().unwrap().body.len(), 10);
    assert_eq!(assembly.held(), 0);
}
