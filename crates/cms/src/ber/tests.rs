use super::*;
use proptest::prelude::*;

/// Converted in both ways, which must agree.
fn der(input: &[u8]) -> Result<Vec<u8>, CmsError> {
    let limits = Limits::default();
    let found = to_der(input, &limits).map(Cow::into_owned);
    assert_eq!(to_der_vec(input.to_vec(), &limits), found, "in place");
    found
}

fn encrypted(input: &[u8]) -> Result<Vec<u8>, CmsError> {
    let limits = Limits::default();
    let found = encrypted_to_der(input, &limits).map(Cow::into_owned);
    assert_eq!(encrypted_to_der_vec(input.to_vec(), &limits), found, "in place");
    found
}

#[track_caller]
fn assert_der(input: &[u8], expected: &[u8]) {
    let found = der(input).unwrap();
    assert_eq!(hex::encode(&found), hex::encode(expected));
    assert_eq!(der(&found).unwrap(), found, "idempotent");
}

#[test]
fn what_is_der_already_is_borrowed_or_given_back() {
    let limits = Limits::default();
    let element = b"\x30\x05\x02\x01\x01\x05\x00";
    assert!(matches!(to_der(element, &limits), Ok(Cow::Borrowed(found)) if found == element));
    let owned = element.to_vec();
    let place = owned.as_ptr();
    let given = to_der_vec(owned, &limits).unwrap();
    assert_eq!(given.as_ptr(), place);
    assert!(matches!(to_der(b"\x30\x80\x05\x00\x00\x00", &limits), Ok(Cow::Owned(_))));
}

#[test]
fn lengths_that_grow_move_what_follows_before_it_is_overwritten() {
    // Each level needs four octets for its length instead of one for the mark, in front,
    // and gets back the end mark only behind.
    let mut ber = [&b"\x04\x83\x01\x00\x00"[..], &[7; 0x01_0000]].concat();
    let mut expected = ber.clone();
    for _ in 0..8 {
        ber = [&b"\x30\x80"[..], &ber, b"\x00\x00"].concat();
        let mut outer = vec![0x30];
        push_length(&mut outer, expected.len());
        outer.extend(expected);
        expected = outer;
    }
    assert_eq!(expected.len(), ber.len() + 8);
    assert!(der(&ber).unwrap() == expected);
}

#[test]
fn der_stays_as_it_is() {
    for element in [
        &b"\x05\x00"[..],
        b"\x30\x00",
        b"\x30\x05\x02\x01\x01\x05\x00",
        b"\x31\x06\x04\x01b\x04\x01a",
        b"\x01\x01\x01",
        b"\xa0\x03\x04\x01x",
        b"\x7f\x81\x00\x02\x05\x00",
    ] {
        assert_der(element, element);
    }
}

#[test]
fn indefinite_lengths_become_definite_at_every_level() {
    assert_der(
        b"\x30\x80\xa0\x80\x30\x80\x02\x01\x05\x00\x00\x00\x00\x05\x00\x00\x00",
        b"\x30\x09\xa0\x05\x30\x03\x02\x01\x05\x05\x00",
    );
    assert_der(b"\x30\x80\x00\x00", b"\x30\x00");
}

#[test]
fn definite_and_indefinite_lengths_mix() {
    assert_der(
        b"\x30\x0a\x30\x80\x02\x01\x01\x00\x00\x02\x01\x02",
        b"\x30\x08\x30\x03\x02\x01\x01\x02\x01\x02",
    );
    assert_der(
        b"\x30\x80\x30\x03\x02\x01\x01\x02\x01\x02\x30\x80\x00\x00\x00\x00",
        b"\x30\x0a\x30\x03\x02\x01\x01\x02\x01\x02\x30\x00",
    );
}

#[test]
fn long_lengths_become_short() {
    assert_der(b"\x30\x83\x00\x00\x05\x02\x81\x02\x00\x80", b"\x30\x04\x02\x02\x00\x80");
    assert_der(b"\x04\x84\x00\x00\x00\x01x", b"\x04\x01x");
    let many_zeros = [&b"\x04\xfe"[..], &[0; 125], b"\x01x"].concat();
    assert_der(&many_zeros, b"\x04\x01x");
}

#[test]
fn a_long_length_before_a_regular_sibling_does_not_swallow_it() {
    assert_der(
        b"\x30\x80\x30\x81\x03\x02\x01\x01\x02\x01\x02\x30\x03\x02\x01\x03\x00\x00",
        b"\x30\x0d\x30\x03\x02\x01\x01\x02\x01\x02\x30\x03\x02\x01\x03",
    );
}

#[test]
fn segmented_strings_are_joined_however_they_nest() {
    assert_der(b"\x24\x80\x04\x01a\x04\x00\x04\x02bc\x00\x00", b"\x04\x03abc");
    assert_der(b"\x24\x80\x24\x80\x04\x01a\x00\x00\x24\x03\x04\x01b\x00\x00", b"\x04\x02ab");
    assert_der(b"\x24\x06\x04\x01a\x04\x81\x00", b"\x04\x01a");
    assert_der(b"\x24\x00", b"\x04\x00");
    assert_der(b"\x2c\x80\x04\x01h\x04\x01i\x00\x00", b"\x0c\x02hi");
}

#[test]
fn segment_contents_that_look_like_end_marks_survive() {
    assert_der(
        b"\x30\x80\x24\x80\x04\x02\x00\x00\x04\x04\x00\x00\x24\x80\x00\x00\x00\x00",
        b"\x30\x08\x04\x06\x00\x00\x00\x00\x24\x80",
    );
}

#[test]
fn segmented_bit_strings_keep_the_unused_bits_of_the_last_segment() {
    assert_der(b"\x23\x80\x03\x02\x00\xab\x03\x02\x04\xc0\x00\x00", b"\x03\x03\x04\xab\xc0");
    assert_der(b"\x23\x00", b"\x03\x01\x00");
    assert_eq!(der(b"\x23\x80\x03\x02\x04\xa0\x03\x02\x00\xc0\x00\x00"), Err(CmsError::Malformed));
    assert_eq!(der(b"\x23\x02\x03\x00"), Err(CmsError::Malformed));
    assert_eq!(der(b"\x23\x03\x03\x01\x08"), Err(CmsError::Malformed));
}

#[test]
fn explicit_tags_around_segmented_strings_stay() {
    assert_der(b"\xa0\x80\x24\x80\x04\x01a\x04\x01b\x00\x00\x00\x00", b"\xa0\x04\x04\x02ab");
}

#[test]
fn the_order_of_sets_is_kept() {
    assert_der(b"\x31\x80\x04\x01b\x04\x01a\x00\x00", b"\x31\x06\x04\x01b\x04\x01a");
}

#[test]
fn segments_of_another_type_are_refused() {
    assert_eq!(der(b"\x24\x80\x0c\x01a\x00\x00"), Err(CmsError::SegmentType));
    assert_eq!(der(b"\x24\x80\x03\x01\x00\x00\x00"), Err(CmsError::SegmentType));
    assert_eq!(der(b"\x24\x80\x30\x00\x00\x00"), Err(CmsError::SegmentType));
}

#[test]
fn octets_after_the_end_are_refused() {
    assert_eq!(der(b"\x05\x00\x00"), Err(CmsError::TrailingOctets));
    assert_eq!(der(b"\x30\x80\x00\x00\x00\x00"), Err(CmsError::TrailingOctets));
}

#[test]
fn what_is_cut_off_is_refused_at_every_octet() {
    let whole = b"\x30\x80\x24\x80\x04\x82\x00\x01a\x00\x00\x30\x03\x02\x01\x01\x00\x00";
    assert!(der(whole).is_ok());
    for end in 0..whole.len() {
        assert_eq!(der(&whole[..end]), Err(CmsError::Truncated), "{end}");
    }
}

#[test]
fn an_element_that_leaves_its_enclosing_one_is_refused() {
    assert_eq!(der(b"\x30\x03\x04\x02a\x00"), Err(CmsError::Truncated));
    assert_eq!(der(b"\x30\x02\x30\x80\x00\x00"), Err(CmsError::Truncated));
    assert_eq!(der(b"\x30\x05\x30\x80\x04\x01a\x00\x00"), Err(CmsError::Truncated));
}

#[test]
fn lengths_that_fit_no_memory_are_refused() {
    assert_eq!(der(b"\x04\x89\x01\x00\x00\x00\x00\x00\x00\x00\x00"), Err(CmsError::LengthOverflow));
    assert_eq!(der(b"\x04\x88\xff\xff\xff\xff\xff\xff\xff\xff"), Err(CmsError::LengthOverflow));
    assert_eq!(der(b"\x04\x88\x7f\xff\xff\xff\xff\xff\xff\xff"), Err(CmsError::Truncated));
    assert_eq!(der(b"\x04\xff"), Err(CmsError::LengthOverflow));
}

#[test]
fn primitive_elements_need_a_definite_length() {
    assert_eq!(der(b"\x04\x80a\x00\x00"), Err(CmsError::IndefinitePrimitive));
}

#[test]
fn forms_that_do_not_fit_the_type_are_refused() {
    assert_eq!(der(b"\x10\x00"), Err(CmsError::WrongForm));
    assert_eq!(der(b"\x22\x03\x02\x01\x01"), Err(CmsError::WrongForm));
    assert_eq!(der(b"\x25\x00"), Err(CmsError::WrongForm));
}

#[test]
fn invalid_tags_are_refused() {
    assert_eq!(der(b"\x30\x02\x00\x00"), Err(CmsError::BadTag));
    assert_eq!(der(b"\x0f\x00"), Err(CmsError::BadTag));
    assert_eq!(der(b"\x9f\x1e\x00"), Err(CmsError::BadTag));
    assert_eq!(der(b"\x9f\x80\x1f\x00"), Err(CmsError::BadTag));
    assert_eq!(der(b"\x9f\x81\x81\x81\x81\x01\x00"), Err(CmsError::BadTag));
    assert_der(b"\x9f\x81\x81\x81\x01\x81\x00", b"\x9f\x81\x81\x81\x01\x00");
}

fn nested(depth: usize) -> Vec<u8> {
    [b"\x30\x80".repeat(depth), b"\x00\x00".repeat(depth)].concat()
}

#[test]
fn thirty_two_levels_are_read_and_thirty_three_are_not() {
    assert!(der(&nested(32)).is_ok());
    assert_eq!(der(&nested(33)), Err(CmsError::TooDeep));
    assert_eq!(der(&b"\x24\x80".repeat(1_000_000)), Err(CmsError::TooDeep));
}

#[test]
fn the_size_limit_is_the_largest_size_read() {
    let limits = Limits { max_bytes: 4, ..Limits::default() };
    assert!(to_der(b"\x04\x02ab", &limits).is_ok());
    assert_eq!(to_der(b"\x04\x03abc", &limits), Err(CmsError::TooLarge));
}

#[test]
fn a_flood_of_irregular_elements_is_refused_and_regular_ones_cost_nothing() {
    // Each costs two pieces, the enclosing element one.
    let irregular =
        |count| [&b"\x30\x80"[..], &b"\x04\x81\x01x".repeat(count), b"\x00\x00"].concat();
    let fitting = (MAX_PIECES - 1) / 2;
    assert!(der(&irregular(fitting)).is_ok());
    assert_eq!(der(&irregular(fitting + 1)), Err(CmsError::TooManyElements));
    let regular = [&b"\x30\x80"[..], &b"\x05\x00".repeat(2 * MAX_PIECES), b"\x00\x00"].concat();
    assert!(der(&regular).is_ok());
    let segments = [&b"\x24\x80"[..], &b"\x04\x01x".repeat(2 * MAX_PIECES), b"\x00\x00"].concat();
    assert_eq!(der(&segments).unwrap().len(), 2 * MAX_PIECES + 5);
}

#[test]
fn only_the_encrypted_content_field_is_joined_below_an_implicit_tag() {
    let info = |tag: &[u8]| {
        [
            &b"\x30\x80\x06\x01\x2a\xa0\x80\x30\x80\x02\x01\x00\x31\x00\x30\x80\x06\x01\x2a\x30\x00"[..],
            tag,
            b"\x80\x04\x01a\x04\x01b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        ]
        .concat()
    };
    let joined = encrypted(&info(b"\xa0")).unwrap();
    assert!(joined.ends_with(b"\x30\x00\x80\x02ab"), "{}", hex::encode(&joined));
    assert_eq!(encrypted(&joined).unwrap(), joined);
    let other_tag = encrypted(&info(b"\xa1")).unwrap();
    assert!(other_tag.ends_with(b"\xa1\x06\x04\x01a\x04\x01b"));
    let any = der(&info(b"\xa0")).unwrap();
    assert!(any.ends_with(b"\xa0\x06\x04\x01a\x04\x01b"));
}

/// A value tree, written once as DER and once as BER with choices taken from `shape`.
#[derive(Debug, Clone)]
enum Tree {
    Octets(Vec<u8>),
    Integer(u8),
    Inside(u8, Vec<Tree>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200).prop_map(Tree::Octets),
        any::<u8>().prop_map(Tree::Integer),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let tag = prop_oneof![Just(0x30), Just(0x31), Just(0xa0), Just(0xa3)];
        (tag, proptest::collection::vec(inner, 0..5))
            .prop_map(|(tag, inside)| Tree::Inside(tag, inside))
    })
}

fn write_der(tree: &Tree, out: &mut Vec<u8>) {
    let (tag, content) = match tree {
        Tree::Octets(octets) => (OCTET_STRING, octets.clone()),
        Tree::Integer(number) => (2, vec![*number]),
        Tree::Inside(tag, inside) => {
            let mut content = Vec::new();
            inside.iter().for_each(|tree| write_der(tree, &mut content));
            (*tag, content)
        }
    };
    out.push(tag);
    push_length(out, content.len());
    out.extend(content);
}

fn write_ber(tree: &Tree, shape: &mut dyn Iterator<Item = u8>, out: &mut Vec<u8>) {
    let choice = shape.next().unwrap_or(0);
    let (tag, content) = match tree {
        Tree::Octets(octets) if choice & 4 != 0 => {
            let size = usize::from(choice >> 3) + 1;
            let mut content = Vec::new();
            for segment in octets.chunks(size) {
                let segment = Tree::Octets(segment.to_vec());
                let choice = shape.next().unwrap_or(0) & !4;
                write_ber(&segment, &mut std::iter::once(choice), &mut content);
            }
            (OCTET_STRING | CONSTRUCTED, content)
        }
        Tree::Octets(octets) => (OCTET_STRING, octets.clone()),
        Tree::Integer(number) => (2, vec![*number]),
        Tree::Inside(tag, inside) => {
            let mut content = Vec::new();
            inside.iter().for_each(|tree| write_ber(tree, shape, &mut content));
            (*tag, content)
        }
    };
    out.push(tag);
    if choice & 1 != 0 && tag & CONSTRUCTED != 0 {
        out.push(0x80);
        out.extend(content);
        out.extend([0, 0]);
    } else if choice & 2 != 0 {
        out.push(0x85);
        out.push(0);
        out.extend((content.len() as u32).to_be_bytes());
        out.extend(content);
    } else {
        push_length(out, content.len());
        out.extend(content);
    }
}

proptest! {
    #[test]
    fn every_ber_form_of_a_value_gives_its_der(
        tree in tree(),
        shape in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let (mut expected, mut ber) = (Vec::new(), Vec::new());
        write_der(&tree, &mut expected);
        write_ber(&tree, &mut shape.into_iter(), &mut ber);
        prop_assert_eq!(der(&ber), Ok(expected.clone()));
        prop_assert_eq!(der(&expected), Ok(expected));
    }

    #[test]
    fn arbitrary_octets_give_an_error_or_der_that_stays(
        input in proptest::collection::vec(prop_oneof![
            any::<u8>(),
            prop_oneof![Just(0x30_u8), Just(0x24), Just(0x04), Just(0x80), Just(0), Just(1), Just(2)],
        ], 0..120),
    ) {
        if let Ok(found) = der(&input) {
            prop_assert_eq!(der(&found), Ok(found));
        }
        if let Ok(found) = encrypted(&input) {
            prop_assert_eq!(encrypted(&found), Ok(found));
        }
    }
}
