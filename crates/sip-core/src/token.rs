//! The character classes of the grammar (RFC 3261 section 25.1), each one bit of a table.

const TOKEN: u8 = 1;
const DISPLAY: u8 = 2;
const USER: u8 = 4;
const VALUE: u8 = 8;
const PARAM: u8 = 16;
const URI_HEADER: u8 = 32;
const HOST: u8 = 64;
const URIC: u8 = 128;

const fn mark(mut table: [u8; 256], characters: &[u8], class: u8) -> [u8; 256] {
    let mut at = 0;
    while at < characters.len() {
        table[characters[at] as usize] |= class;
        at += 1;
    }
    table
}

const CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    table = mark(
        table,
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        0xFF,
    );
    table = mark(table, b"-.!%*_+`'~", TOKEN | DISPLAY);
    table = mark(table, b" \t", DISPLAY);
    let mut octet = 0x80;
    while octet < table.len() {
        table[octet] |= DISPLAY;
        octet += 1;
    }
    // unreserved = alphanum / mark
    table = mark(table, b"-_.!~*'()", USER | PARAM | URI_HEADER | URIC);
    table = mark(table, b"&=+$,;?/", USER);
    table = mark(table, b"[]/:&+$", PARAM | URI_HEADER);
    table = mark(table, b"?", URI_HEADER);
    table = mark(table, b"-._", HOST);
    // What is visible and cannot be taken for something else.
    table = mark(table, b"!#$%&'()*+-./:=?@[]^_`{|}~", VALUE);
    mark(table, b";/?:@&=+$,[]", URIC)
};

fn all(text: &str, class: u8) -> bool {
    text.bytes()
        .all(|octet| CLASSES[usize::from(octet)] & class != 0)
}

/// Where the run of characters of the class that starts at `from` ends.
#[inline]
fn class_end(octets: &[u8], from: usize, class: u8) -> usize {
    let mut at = from;
    while octets
        .get(at)
        .is_some_and(|octet| CLASSES[usize::from(*octet)] & class != 0)
    {
        at += 1;
    }
    at
}

/// The same for runs that are long as a rule: four characters at a time.
#[inline]
fn long_class_end(octets: &[u8], from: usize, class: u8) -> usize {
    let (fours, _) = octets.get(from..).unwrap_or_default().as_chunks::<4>();
    let is_in = |four: &&[u8; 4]| {
        let [a, b, c, d] = four.map(|octet| CLASSES[usize::from(octet)]);
        a & b & c & d & class != 0
    };
    let whole = fours.iter().take_while(is_in).count();
    class_end(octets, from + 4 * whole, class)
}

/// Where the run of characters of the class that starts at `from` ends; `%` with two hexadecimal digits belongs to it.
#[inline]
fn escaped_end(octets: &[u8], from: usize, class: u8) -> usize {
    let mut end = class_end(octets, from, class);
    while octets.get(end) == Some(&b'%') && is_escape(&octets[end..]) {
        end = class_end(octets, end + 3, class);
    }
    end
}

fn is_escape(octets: &[u8]) -> bool {
    matches!(octets, [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

fn all_escaped(text: &str, class: u8) -> bool {
    escaped_end(text.as_bytes(), 0, class) == text.len()
}

/// `token`, at least one character.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && all(text, TOKEN)
}

/// What a parameter without quotes may have as value: a token, or a host with brackets and colons.
pub(crate) fn is_host_or_token(text: &str) -> bool {
    text.bytes()
        .all(|octet| is_token_octet(octet) || matches!(octet, b'[' | b']' | b':'))
}

/// Whether the octet may stand in a `token`.
pub(crate) fn is_token_octet(octet: u8) -> bool {
    CLASSES[usize::from(octet)] & TOKEN != 0
}

/// Where the user part or the password that starts at `from` ends, escapes included.
pub(crate) fn user_end(octets: &[u8], from: usize) -> usize {
    escaped_end(octets, from, USER)
}

/// Where the host name that starts at `from` ends; underscores are not in the grammar but on every network.
pub(crate) fn host_name_end(octets: &[u8], from: usize) -> usize {
    long_class_end(octets, from, HOST)
}

/// Whether there is an octet, and it may stand in a host name.
#[inline]
pub(crate) fn is_host_octet(octet: Option<&u8>) -> bool {
    octet.is_some_and(|octet| CLASSES[usize::from(*octet)] & HOST != 0)
}

/// Where the token that starts at `from` ends.
pub(crate) fn token_end(octets: &[u8], from: usize) -> usize {
    class_end(octets, from, TOKEN)
}

/// Where the display name without quotes that starts at `from` ends. The grammar has tokens with blanks between; text
/// that is not ASCII can do no harm.
pub(crate) fn display_end(octets: &[u8], from: usize) -> usize {
    class_end(octets, from, DISPLAY)
}

/// Where the plain value of a header parameter that starts at `from` ends. The grammar has tokens and hosts only, but
/// peers put Base64 and URIs into tags and branches.
pub(crate) fn value_end(octets: &[u8], from: usize) -> usize {
    long_class_end(octets, from, VALUE)
}

/// The user part or the password of a SIP URI, escapes included.
pub(crate) fn is_user(text: &str) -> bool {
    all_escaped(text, USER)
}

/// `pname` or `pvalue` of a URI parameter.
pub(crate) fn is_uri_param(text: &str) -> bool {
    !text.is_empty() && all_escaped(text, PARAM)
}

/// Where the `pname` or `pvalue` that starts at `from` ends.
pub(crate) fn uri_param_end(octets: &[u8], from: usize) -> usize {
    escaped_end(octets, from, PARAM)
}

/// `hname` or `hvalue` of a URI's headers, may be empty.
pub(crate) fn is_uri_header(text: &str) -> bool {
    all_escaped(text, URI_HEADER)
}

/// What any URI may hold after its scheme.
pub(crate) fn is_uric(text: &str) -> bool {
    !text.is_empty() && all_escaped(text, URIC)
}

/// Whether the octet is a space or a tab: what may stand around the parts of a value once it is unfolded.
pub(crate) fn is_blank(octet: u8) -> bool {
    octet == b' ' || octet == b'\t'
}

/// Where the blanks that start at `from` end.
#[inline]
pub(crate) fn blanks_end(octets: &[u8], from: usize) -> usize {
    let mut at = from;
    while octets.get(at).is_some_and(|octet| is_blank(*octet)) {
        at += 1;
    }
    at
}

/// The text without blanks around it.
#[inline]
pub(crate) fn trimmed(text: &str) -> &str {
    let octets = text.as_bytes();
    let start = blanks_end(octets, 0);
    let mut end = octets.len();
    while end > start && is_blank(octets[end - 1]) {
        end -= 1;
    }
    match end - start == text.len() {
        true => text,
        false => &text[start..end],
    }
}

/// Where the octet first stands. The texts of a head are short: a word at a time finds it before `memchr` has set out.
#[inline]
pub(crate) fn find(text: &(impl AsRef<[u8]> + ?Sized), octet: u8) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let text = text.as_ref();
    let (words, rest) = text.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        // The lowest octet that becomes zero here is the first that is looked for.
        let differing = u64::from_le_bytes(*word) ^ (LOW * u64::from(octet));
        let found = differing.wrapping_sub(LOW) & !differing & (LOW << 7);
        if found != 0 {
            return Some(place * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let behind = rest.iter().position(|other| *other == octet)?;
    Some(text.len() - rest.len() + behind)
}
