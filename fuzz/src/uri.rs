//! URIs and what they stand in.

use rvoip_sip_core::{HostPort, NameAddr, Params, Uri, unquote};

use crate::bound;

/// Each line is read as a URI, a name and address, parameters and a host. What is written reads as the same; comparison is
/// reflexive and symmetric, whatever is compared.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut uris: Vec<Uri> = Vec::new();
    for line in text.lines().take(8) {
        if let Ok(uri) = bound::within(512 + 8 * line.len(), || line.parse::<Uri>()) {
            check_uri(&uri);
            uris.push(uri);
        }
        if let Ok(address) = line.parse::<NameAddr>() {
            check_name_addr(&address);
        }
        if let Ok(params) = Params::parse(line.into()) {
            check_params(&params);
        }
        if let Ok(host) = line.parse::<HostPort>() {
            assert_eq!(host.to_string().parse::<HostPort>(), Ok(host));
        }
        let _ = unquote(line).len();
    }
    for (a, b) in uris.iter().flat_map(|a| uris.iter().map(move |b| (a, b))) {
        assert_eq!(a.equivalent(b), b.equivalent(a), "{a} {b}");
    }
}

fn check_uri(uri: &Uri) {
    assert!(uri.equivalent(uri), "{uri}");
    let again: Uri = reread(uri.as_str());
    assert_eq!(&again, uri);
    assert_eq!(
        (again.user(), again.host(), again.port()),
        (uri.user(), uri.host(), uri.port())
    );
    assert!(again.params().eq(uri.params()));
    let _ = (
        uri.user_unescaped(),
        uri.password(),
        uri.headers().map(|headers| headers.iter().count()),
    );
    let changed = uri.with_param("x-fuzz", Some("a;b@c"));
    let again: Uri = reread(changed.as_str());
    assert_eq!(again.param("X-Fuzz"), changed.param("x-fuzz"), "{changed}");
    let without = changed.without_param("x-Fuzz");
    assert_eq!(without.param("x-fuzz"), None, "{without}");
    let _: Uri = reread(without.as_str());
    // A URI in brackets is the same URI.
    let address: NameAddr = format!("<{uri}>")
        .parse()
        .unwrap_or_else(|error| panic!("<{uri}>: {error}"));
    assert_eq!(address.uri(), uri);
}

fn reread(text: &str) -> Uri {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn check_name_addr(address: &NameAddr) {
    let written = address.to_string();
    let again: NameAddr = written
        .parse()
        .unwrap_or_else(|error| panic!("{written}: {error}"));
    assert_eq!(&again, address, "{written}");
    let named = again
        .with_display_name("a \"b\" <c>")
        .with_param("tag", Some("d e"));
    let written = named.to_string();
    let again: NameAddr = written
        .parse()
        .unwrap_or_else(|error| panic!("{written}: {error}"));
    assert_eq!(
        again.display_name().as_deref(),
        Some("a \"b\" <c>"),
        "{written}"
    );
    assert_eq!(
        again.params().get("tag").map(unquote).as_deref(),
        Some("d e"),
        "{written}"
    );
}

fn check_params(params: &Params) {
    let written = params.to_string();
    assert_eq!(
        Params::parse(written.as_str().into()).as_ref(),
        Ok(params),
        "{written}"
    );
    let changed = params.with("x-fuzz", Some("\"\\"));
    let written = changed.to_string();
    let again = Params::parse(written.as_str().into());
    assert_eq!(again.as_ref(), Ok(&changed), "{written}");
    assert!(!changed.without("X-fuzz").contains("x-fuzz"), "{written}");
}
