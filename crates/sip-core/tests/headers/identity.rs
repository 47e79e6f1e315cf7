//! Signed identity, privacy, the access network and data from user to user.

use rvoip_sip_core::Uri;
use rvoip_sip_core::header::{Identity, PAccessNetworkInfo, Privacy, UserToUser};

use crate::table::{compact, kept, on_lines, refused, typed, valid};

/// RFC 8224 section 4.1.1, the compact form, and a full one as RFC 8588 has it.
const SIGNED: [&str; 2] = [
    "..sv5CTo05KqpSmtHt3dcEiO/1CWTSZtnG3iV+1nmurLXV/HmtyNS7Ltrg9dlxkWzoeU7d7OV8HweTTDobV3itTmgPwCFjaEmMyEI3d7SyN21yNDo2ER/Ovgtw0Lu5csIppPqOg1uXndzHbG7mR6Rl9BnUhHufVRbp51Mn3w0gfUs=;info=<https://biloxi.example.org/biloxi.cer>",
    "eyJhbGciOiJFUzI1NiJ9.eyJhdHRlc3QiOiJBIn0.28kAwRWnheXyA6nY4MvmK5JKHZH9hSYkWI4g75mnq9Tj2lW4WPm0PlvudoGaj7wM5XujZUTb_3MA4modoDtCA;info=<https://cert.example2.net/example.cert>;alg=ES256;ppt=\"shaken\"",
];

#[test]
fn identity_after_rfc_8224() {
    kept::<Identity>(&SIGNED);
    valid::<Identity>(&[(
        "ab= ; Info = <sip:c> ; alg = RS256",
        "ab=;info=<sip:c>;alg = RS256",
    )]);
    compact::<Identity>("y", SIGNED[1]);
    refused::<Identity>(&[
        "",
        "ab",
        "ab;info",
        "ab;info=",
        "ab;info=https://a",
        "ab;info=<https://a",
        "ab;info=<>",
        ";info=<https://a>",
        "a b;info=<https://a>",
        "ab;alg=ES256",
        "ab;info=<https://a>;;b",
    ]);
    let both: Vec<Identity> = on_lines(&[&SIGNED.join(", ")]);
    assert_eq!(both.len(), 2);
    assert_eq!(
        (both[0].algorithm(), both[0].passport_type()),
        ("ES256", None)
    );
    assert_eq!(both[1].passport_type().as_deref(), Some("shaken"));
    assert_eq!(
        both[1].info().as_str(),
        "https://cert.example2.net/example.cert"
    );
    assert!(both[1].digest().starts_with("eyJ"));
    let info: Uri = "https://a.example/c".parse().unwrap();
    let own = Identity::new("h.c.s", info).with_param("ppt", Some("div"));
    assert_eq!(own.to_string(), "h.c.s;info=<https://a.example/c>;ppt=div");
    assert_eq!(typed::<Identity>(&own.to_string()), own);
}

#[test]
fn privacy_after_rfc_3323() {
    kept::<Privacy>(&["id", "header;session;critical", "user ; id", "none"]);
    refused::<Privacy>(&["a b", "id, header", "<id>"]);
    let privacy: Privacy = typed("header; ID");
    assert!(privacy.contains("id") && !privacy.contains("session"));
    assert_eq!(Privacy::new(["id", "user"]).to_string(), "id; user");
}

#[test]
fn access_network_after_rfc_7315() {
    kept::<PAccessNetworkInfo>(&[
        "3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=234151D0FCE11",
        "IEEE-802.11;i-wlan-node-id=00BA5550EEFF",
        "ADSL;dsl-location=\"example\";network-provided",
    ]);
    refused::<PAccessNetworkInfo>(&["", "a b", "a;b=\""]);
    let access: PAccessNetworkInfo = typed("IEEE-802.11;i-wlan-node-id=00BA5550EEFF");
    assert_eq!(
        (access.access(), access.params().get("i-wlan-node-id")),
        ("IEEE-802.11", Some("00BA5550EEFF"))
    );
}

#[test]
fn user_to_user_after_rfc_7433() {
    kept::<UserToUser>(&[
        "56a390f3d2b7310023a2;encoding=hex;purpose=foo;content=bar",
        "\"a;b, c\";purpose=app",
        "token",
    ]);
    refused::<UserToUser>(&["", "\"open", "a b", "\"a\"b", "a;;", ";encoding=hex"]);
    let data = |text: &str| {
        typed::<UserToUser>(text)
            .octets()
            .map(|octets| octets.into_owned())
    };
    assert_eq!(data("56A3;encoding=HEX"), Some(vec![0x56, 0xa3]));
    assert_eq!(data("\"a\\\"b\""), Some(b"a\"b".to_vec()));
    assert_eq!(data("ab"), Some(b"ab".to_vec()));
    for text in ["56A;encoding=hex", "5g;encoding=hex", "ab;encoding=base64"] {
        assert_eq!(data(text), None, "{text}");
    }
    let own = UserToUser::hex(&[4, 0x81, 0xff], "isdn-uui");
    assert_eq!(own.to_string(), "0481ff;encoding=hex;purpose=isdn-uui");
    assert_eq!(
        (own.purpose(), own.content(), own.data()),
        (Some("isdn-uui"), None, "0481ff")
    );
    let several: Vec<UserToUser> = on_lines(&["\"a, b\";purpose=x,c", "d"]);
    assert_eq!(several.len(), 3);
}
