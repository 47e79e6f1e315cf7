//! A message for each situation of RFC 4475 and RFC 5118, under the name that the RFC gives to its own, written after the
//! RFCs' descriptions; what a parser says of it, and what a server answers that knows INVITE, ACK, CANCEL, BYE and OPTIONS,
//! is nobody's registrar and turns all calls away with 486.

/// What the parser and `check` say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Parses and passes `check`.
    Taken,
    /// Parses far enough to be answered, or dropped, with this status.
    Refused(u16),
    /// Not even that.
    Unreadable,
}

/// What comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// This final answer.
    Final(u16),
    /// This final answer, and the end of the connection: where the next message begins is unknown.
    FinalThenClosed(u16),
    /// Nothing.
    Silence,
    /// Nothing yet: the message is not complete.
    Waiting,
    /// The end of the connection.
    Closed,
}

/// A message and what becomes of it.
#[derive(Clone, Debug)]
pub(crate) struct Torture {
    pub(crate) name: &'static str,
    /// RFC and section.
    pub(crate) section: &'static str,
    pub(crate) octets: Vec<u8>,
    /// What a lenient reader says, and what a strict one does.
    pub(crate) verdicts: [Verdict; 2],
    /// What either answers to a datagram.
    pub(crate) datagram: [Reply; 2],
    /// What either answers on a stream.
    pub(crate) stream: [Reply; 2],
}

const OFFER: &str = "v=0\r\no=caller 29739 7272939 IN IP4 192.0.2.15\r\ns=-\r\nc=IN IP4 192.0.2.15\r\nt=0 0\r\n\
    m=audio 49217 RTP/AVP 0 12\r\nm=video 3227 RTP/AVP 31\r\na=rtpmap:31 LPC\r\n";

const SDP: &str = "Content-Type: application/sdp";
const CONTACT: &str = "Contact: <sip:caller@host.client.example>";

/// A message with the usual headers, of which `lines` replace those of the same name; `-Name` leaves one out.
/// Content-Length is that of the body, unless there is a line for it.
fn octets(name: &str, start: &str, lines: &[&str], body: &[u8]) -> Vec<u8> {
    let method = start.split(' ').next().unwrap_or_default();
    let mut all = vec![
        format!("Via: SIP/2.0/UDP client.example;branch=z9hG4bK-{name}"),
        format!("From: <sip:caller@client.example>;tag=c-{name}"),
        "To: <sip:callee@server.example>".to_owned(),
        format!("Call-ID: {name}@torture.example"),
        format!("CSeq: 7 {method}"),
        "Max-Forwards: 70".to_owned(),
        format!("Content-Length: {}", body.len()),
    ];
    let name_of = |line: &str| {
        let name = line.split(':').next().unwrap_or_default();
        match name.trim().to_ascii_lowercase().as_str() {
            "v" => "via".to_owned(),
            "f" => "from".to_owned(),
            "t" => "to".to_owned(),
            "i" => "call-id".to_owned(),
            "l" => "content-length".to_owned(),
            name => name.to_owned(),
        }
    };
    let mut replaced = Vec::new();
    for line in lines {
        let (name, kept) = match line.strip_prefix('-') {
            Some(name) => (name.to_ascii_lowercase(), None),
            None => (name_of(line), Some((*line).to_owned())),
        };
        let place = all.iter().position(|other| name_of(other) == name);
        match (place.filter(|_| !replaced.contains(&name)), kept) {
            (Some(place), Some(line)) => all[place] = line,
            (Some(place), None) => _ = all.remove(place),
            (None, Some(line)) => all.push(line),
            (None, None) => {}
        }
        replaced.push(name);
    }
    let head = format!("{start}\r\n{}\r\n\r\n", all.join("\r\n"));
    [head.as_bytes(), body].concat()
}

/// A message that is the same to both readers.
fn both(
    name: &'static str,
    section: &'static str,
    verdict: Verdict,
    reply: Reply,
    octets: Vec<u8>,
) -> Torture {
    Torture {
        name,
        section,
        octets,
        verdicts: [verdict; 2],
        datagram: [reply; 2],
        stream: [reply; 2],
    }
}

impl Torture {
    /// Refused with 400 by a strict reader.
    fn strictly_refused(mut self) -> Torture {
        self.verdicts[1] = Verdict::Refused(400);
        self.datagram[1] = Reply::Final(400);
        self.stream[1] = Reply::Final(400);
        self
    }

    fn on_stream(mut self, reply: Reply) -> Torture {
        self.stream = [reply; 2];
        self
    }
}

/// A request that is acted upon.
fn taken(
    name: &'static str,
    section: &'static str,
    status: u16,
    start: &str,
    lines: &[&str],
    body: &str,
) -> Torture {
    let octets = octets(name, start, lines, body.as_bytes());
    both(name, section, Verdict::Taken, Reply::Final(status), octets)
}

/// A request that breaks a rule.
fn refused(
    name: &'static str,
    section: &'static str,
    status: u16,
    start: &str,
    lines: &[&str],
    body: &str,
) -> Torture {
    let octets = octets(name, start, lines, body.as_bytes());
    both(
        name,
        section,
        Verdict::Refused(status),
        Reply::Final(status),
        octets,
    )
}

/// A response, which gets no answer whatever it says.
fn response(
    name: &'static str,
    section: &'static str,
    verdict: Verdict,
    start: &str,
    lines: &[&str],
    body: &str,
) -> Torture {
    let octets = octets(name, start, lines, body.as_bytes());
    both(name, section, verdict, Reply::Silence, octets)
}

const OPTIONS: &str = "OPTIONS sip:callee@server.example SIP/2.0";
const INVITE: &str = "INVITE sip:callee@server.example SIP/2.0";
const REGISTER: &str = "REGISTER sip:server.example SIP/2.0";
const CSEQ_INVITE: &str = "CSeq: 7 INVITE";

/// All of them.
pub(crate) fn messages() -> Vec<Torture> {
    [
        valid_syntax(),
        invalid_syntax(),
        beyond_syntax(),
        rfc_5118(),
    ]
    .concat()
}

/// RFC 4475 section 3.1.1.
fn valid_syntax() -> Vec<Torture> {
    let long = "proportion".repeat(25);
    let via = format!(
        "Via: {}SIP/2.0/TCP first.example;branch=z9hG4bK-{long}",
        "SIP/2.0/TCP next.example, ".repeat(33)
    );
    let to = format!(
        "To: \"{long}\" <sip:callee@server.example:6000;{long}={long};lr>;{long}=\"{long}\""
    );
    let from = format!("f: sip:{long}@client.example;tag={long}");
    let call_id = format!("Call-ID: longreq.{long}");
    let behind = [
        octets(
            "dblreq",
            REGISTER,
            &["Contact: <sip:caller@host.client.example>"],
            b"",
        ),
        octets("dblreq-behind", INVITE, &[CONTACT, SDP], OFFER.as_bytes()),
    ]
    .concat();
    let parts = b"--edge\r\nContent-Type: text/plain\r\n\r\nhello\r\n--edge\r\n\
        Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n\x00\x01\r\n\x00\xFF\x80\r\n\r\n--edge--";
    vec![
        taken(
            "wsinv",
            "4475 3.1.1.1",
            486,
            "INVITE sip:callee@server.example;unknownparam SIP/2.0",
            &[
                "TO :\r\n sip:callee@server.example ;   tag    = 1918181833n",
                "from   : \"C. \\\\\\\"\"       <sip:caller@client.example>\r\n  ;\r\n  tag = 98asjd8",
                "MaX-fOrWaRdS: 0068",
                "i : wsinv@torture.example",
                "cseq: 0009\r\n  INVITE",
                "Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw",
                "s :",
                "NewFangledHeader:   newfangled value\r\n continued newfangled value",
                "UnknownHeaderWithUnusualValue: ;;,,;;,;",
                "Content-Type: application/sdp",
                "Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
                "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239",
                "m:\"Quoted string \\\"\\\"\" <sip:caller@host.client.example> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33",
            ],
            OFFER,
        )
        // The tag in To is that of a dialog nobody knows.
        .answered(481),
        taken(
            "intmeth",
            "4475 3.1.1.2",
            501,
            "!exotic-Method_*+`.%'~ sip:1_u~(to-be!sure)&isn't+it$/crazy?,/;;*:&it=1,pas$w~d(o)@server.example SIP/2.0",
            &[
                "Via: SIP/2.0/TCP client.example;branch=z9hG4bK-.!%66*_+`'~",
                "To: \"BEL:\\\u{7} NUL:\\\u{0} DEL:\\\u{7f}\" <sip:1_u~(to-be!sure)@server.example>",
                "From: token1~` token2'+_ token3*%!.- <sip:caller@client.example>;fromParam''~+*_!.-%=\"\u{440}\u{430}\u{431}\";tag=_t~1'+`*%!-.",
                "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
                "Max-Forwards: 255",
                "extensionHeader-!.%*+_`'~: \u{5927}\u{505c}\u{96fb}",
            ],
            "",
        ),
        taken(
            "esc01",
            "4475 3.1.1.3",
            486,
            "INVITE sip:sips%3Acallee%40example.com@server.example SIP/2.0",
            &[
                "To: sip:%75se%72@server.example",
                "From: <sip:I%20have%20spaces@client.example>;tag=c-esc01",
                "Contact: <sip:cal%6Cer@host.client.example;%6C%72;n%61me=v%61lue%25%34%31>",
                SDP,
            ],
            OFFER,
        ),
        taken(
            "escnull",
            "4475 3.1.1.4",
            405,
            REGISTER,
            &[
                "To: sip:null-%00-null@server.example",
                "From: sip:null-%00-null@server.example;tag=c-escnull",
                "Contact: <sip:%00@host.client.example>",
                "Contact: <sip:%00%00@host.client.example>",
            ],
            "",
        ),
        taken(
            "esc02",
            "4475 3.1.1.5",
            501,
            "RE%47IST%45R sip:server.example SIP/2.0",
            &["To: \"%Z%45\" <sip:callee@server.example>", "C%6Fntact: <sip:one@host.client.example>", CONTACT],
            "",
        ),
        taken("lwsdisp", "4475 3.1.1.6", 200, OPTIONS, &["From: caller<sip:caller@client.example>;tag=323"], ""),
        taken("longreq", "4475 3.1.1.7", 486, INVITE, &[&via, &to, &from, &call_id, CONTACT, SDP], OFFER),
        both("dblreq", "4475 3.1.1.8", Verdict::Taken, Reply::Final(405), behind),
        taken("semiuri", "4475 3.1.1.9", 200, "OPTIONS sip:callee;par=u%40example.net@server.example SIP/2.0", &[], ""),
        taken(
            "transports",
            "4475 3.1.1.10",
            200,
            OPTIONS,
            &[
                "Via: SIP/2.0/UDP t1.example;branch=z9hG4bK-transports",
                "Via: SIP/2.0/SCTP t2.example;branch=z9hG4bKklasjdhf",
                "Via: SIP/2.0/TLS t3.example;branch=z9hG4bK2980unddj",
                "Via: SIP/2.0/UNKNOWN t4.example;branch=z9hG4bKasd0f3en",
                "Via: SIP/2.0/TCP t5.example;branch=z9hG4bK0a9idfnee",
            ],
            "",
        ),
        both(
            "mpart01",
            "4475 3.1.1.11",
            Verdict::Taken,
            Reply::Final(405),
            octets("mpart01", "MESSAGE sip:callee@server.example SIP/2.0", &["Content-Type: multipart/mixed;boundary=edge"], parts),
        ),
        response(
            "unreason",
            "4475 3.1.1.12",
            Verdict::Taken,
            "SIP/2.0 200 = 2**3 * 5**2 \u{43d}\u{43e} \u{441}\u{442}\u{43e}",
            &[CSEQ_INVITE, CONTACT, SDP],
            OFFER,
        ),
        response("noreason", "4475 3.1.1.13", Verdict::Taken, "SIP/2.0 100 ", &[CSEQ_INVITE], ""),
    ]
}

impl Torture {
    fn answered(mut self, status: u16) -> Torture {
        self.datagram = [Reply::Final(status); 2];
        self.stream = self.datagram;
        self
    }
}

/// RFC 4475 section 3.1.2.
fn invalid_syntax() -> Vec<Torture> {
    let call = [CONTACT, SDP];
    let invite = |name, section, start: &str, lines: &[&str]| {
        refused(name, section, 400, start, &[&call, lines].concat(), OFFER)
    };
    vec![
        refused(
            "badinv01",
            "4475 3.1.2.1",
            400,
            INVITE,
            &[
                "Via: SIP/2.0/UDP 192.0.2.15;;,;,,",
                "Contact: \"Joe\" <sip:caller@host.client.example>;;;;",
                SDP,
            ],
            OFFER,
        ),
        invite("clerr", "4475 3.1.2.2", INVITE, &["Content-Length: 9999"])
            .on_stream(Reply::Waiting),
        invite("ncl", "4475 3.1.2.3", INVITE, &["Content-Length: -999"])
            .on_stream(Reply::FinalThenClosed(400)),
        refused(
            "scalar02",
            "4475 3.1.2.4",
            400,
            REGISTER,
            &[
                "CSeq: 36893488147419103232 REGISTER",
                "Max-Forwards: 300",
                "Expires: 10000000000000000000",
                "Contact: <sip:a@b.example>;expires=280297596632815",
            ],
            "",
        ),
        response(
            "scalarlg",
            "4475 3.1.2.5",
            Verdict::Refused(400),
            "SIP/2.0 503 Service Unavailable",
            &[
                "CSeq: 9292394834772304023312 OPTIONS",
                "Retry-After: 949302838503028349304023988",
                "Warning: 1812 overture \"In Progress\"",
            ],
            "",
        ),
        invite(
            "quotbal",
            "4475 3.1.2.6",
            INVITE,
            &["To: \"Mr. J. User <sip:callee@server.example>"],
        ),
        invite(
            "ltgtruri",
            "4475 3.1.2.7",
            "INVITE <sip:callee@server.example> SIP/2.0",
            &[],
        ),
        invite(
            "lwsruri",
            "4475 3.1.2.8",
            "INVITE sip:callee@server.example; lr SIP/2.0",
            &[],
        ),
        taken(
            "lwsstart",
            "4475 3.1.2.9",
            486,
            "INVITE  sip:callee@server.example  SIP/2.0",
            &[&call[..], &[CSEQ_INVITE]].concat(),
            OFFER,
        )
        .strictly_refused(),
        taken(
            "trws",
            "4475 3.1.2.10",
            200,
            "OPTIONS sip:callee@server.example SIP/2.0  ",
            &["Accept: application/sdp"],
            "",
        )
        .strictly_refused(),
        invite(
            "escruri",
            "4475 3.1.2.11",
            "INVITE sip:callee@server.example?Route=%3Csip:third.example%3E SIP/2.0",
            &[],
        ),
        taken(
            "baddate",
            "4475 3.1.2.12",
            486,
            INVITE,
            &[&call[..], &["Date: Fri, 01 Jan 2010 16:00:00 EST"]].concat(),
            OFFER,
        )
        .strictly_refused(),
        refused(
            "regbadct",
            "4475 3.1.2.13",
            400,
            REGISTER,
            &["Contact: sip:caller@client.example?Route=%3Csip:third.example%3E"],
            "",
        ),
        taken(
            "badaspec",
            "4475 3.1.2.14",
            200,
            OPTIONS,
            &["To: \"Callee, The\" < sip:callee@server.example >"],
            "",
        )
        .strictly_refused(),
        taken(
            "baddn",
            "4475 3.1.2.15",
            200,
            OPTIONS,
            &[
                "From: Caller, The <sip:caller@client.example>;tag=43",
                "To: Callee, The (home) <sip:callee@server.example>",
            ],
            "",
        )
        .strictly_refused(),
        refused(
            "badvers",
            "4475 3.1.2.16",
            505,
            "OPTIONS sip:callee@server.example SIP/7.0",
            &[],
            "",
        ),
        refused(
            "mismatch01",
            "4475 3.1.2.17",
            400,
            OPTIONS,
            &[CSEQ_INVITE],
            "",
        ),
        refused(
            "mismatch02",
            "4475 3.1.2.18",
            400,
            "NEWMETHOD sip:callee@server.example SIP/2.0",
            &[CONTACT, SDP, CSEQ_INVITE],
            OFFER,
        ),
        response(
            "bigcode",
            "4475 3.1.2.19",
            Verdict::Unreadable,
            "SIP/2.0 4294967301 better not break the receiver",
            &[CSEQ_INVITE],
            "",
        )
        .on_stream(Reply::Closed),
    ]
}

/// RFC 4475 sections 3.2 to 3.4.
fn beyond_syntax() -> Vec<Torture> {
    let start = "OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0";
    let register = |name, section, lines: &[&str]| taken(name, section, 405, REGISTER, lines, "");
    vec![
        taken(
            "badbranch",
            "4475 3.2.1",
            200,
            OPTIONS,
            &["Via: SIP/2.0/UDP client.example;branch=z9hG4bK"],
            "",
        )
        .strictly_refused(),
        refused(
            "insuf",
            "4475 3.3.1",
            400,
            INVITE,
            &["-From", "-To", "-Call-ID", "-Max-Forwards", SDP],
            OFFER,
        ),
        taken(
            "unkscm",
            "4475 3.3.2",
            416,
            "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0",
            &[],
            "",
        ),
        taken("novelsc", "4475 3.3.3", 416, start, &[], ""),
        register(
            "unksm2",
            "4475 3.3.4",
            &[
                "To: isbn:2983792873",
                "From: <http://www.example.com>;tag=32",
                "Contact: <name:John_Smith>",
            ],
        ),
        taken(
            "bext01",
            "4475 3.3.5",
            420,
            OPTIONS,
            &[
                "Require: nothingSupportsThis, nothingSupportsThisEither",
                "Proxy-Require: noProxiesSupportThis",
            ],
            "",
        ),
        taken(
            "invut",
            "4475 3.3.6",
            415,
            INVITE,
            &[CONTACT, "Content-Type: application/unknownformat"],
            "<audio>\r\n</audio>\r\n",
        ),
        register(
            "regaut01",
            "4475 3.3.7",
            &["Authorization: NoOneKnowsThisScheme opaque-data=here"],
        ),
        refused(
            "multi01",
            "4475 3.3.8",
            400,
            INVITE,
            &[
                "CSeq: 5 INVITE",
                "Call-ID: multi01@torture.example",
                "CSeq: 59 INVITE",
                "Call-ID: multi01@other.example",
                "From: <sip:caller@client.example>;tag=1",
                "From: <sip:caller@other.example>;tag=2",
                "To: <sip:callee@server.example>",
                "To: <sip:callee@other.example>",
                "Max-Forwards: 70",
                "Max-Forwards: 5",
                CONTACT,
                SDP,
            ],
            OFFER,
        ),
        refused(
            "mcl01",
            "4475 3.3.9",
            400,
            OPTIONS,
            &[
                "Content-Length: 13",
                "Content-Type: text/plain",
                "Content-Length: 5",
            ],
            "How many octets belong here?",
        )
        .on_stream(Reply::FinalThenClosed(400)),
        response(
            "bcast",
            "4475 3.3.10",
            Verdict::Taken,
            "SIP/2.0 200 OK",
            &[
                "Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923",
                "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23",
                CSEQ_INVITE,
                CONTACT,
                SDP,
            ],
            OFFER,
        ),
        taken(
            "zeromf",
            "4475 3.3.11",
            200,
            OPTIONS,
            &["Max-Forwards: 0"],
            "",
        ),
        register(
            "cparam01",
            "4475 3.3.12",
            &["Contact: sip:+19725552222@gw1.client.example;unknownparam"],
        ),
        register(
            "cparam02",
            "4475 3.3.13",
            &["Contact: <sip:+19725552222@gw1.client.example;unknownparam>"],
        ),
        register(
            "regescrt",
            "4475 3.3.14",
            &["Contact: <sip:caller@client.example?Route=%3Csip:third.example%3E>"],
        ),
        taken(
            "sdp01",
            "4475 3.3.15",
            406,
            INVITE,
            &["Accept: text/nobodyKnowsThis", CONTACT, SDP],
            OFFER,
        ),
        taken(
            "inv2543",
            "4475 3.4.1",
            486,
            INVITE,
            &[
                "Via: SIP/2.0/UDP iftgw.example",
                "From: <sip:+13035551111@client.example;user=phone>",
                "Record-Route: <sip:callee@server.example;maddr=ss1.example.com>",
                "To: sip:+16505552222@server.example;user=phone",
                "-Max-Forwards",
                "-Content-Length",
                SDP,
            ],
            OFFER,
        )
        // Nobody can tell on a stream where it ends.
        .on_stream(Reply::FinalThenClosed(400)),
    ]
}

/// RFC 5118 section 4.
fn rfc_5118() -> Vec<Torture> {
    let via = "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bK-";
    let via_of = |name: &str| format!("{via}{name}");
    let contact = "Contact: \"Caller\" <sip:caller@[2001:db8::1]>";
    let register = |name, section, uri: &str| {
        taken(
            name,
            section,
            405,
            &format!("REGISTER {uri} SIP/2.0"),
            &[&via_of(name), contact],
            "",
        )
    };
    let offer = |connection: &str, media: &str| {
        format!(
            "v=0\r\no=caller 1 1 IN {connection}\r\ns=-\r\nc=IN {connection}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n{media}"
        )
    };
    let call = "INVITE sip:callee@[2001:db8::10] SIP/2.0";
    let bye = "BYE sip:callee@[2001:db8::10] SIP/2.0";
    let in_dialog = "To: <sip:callee@server.example>;tag=nobody";
    vec![
        register("ipv6-good", "5118 4.1", "sip:[2001:db8::10]"),
        refused(
            "ipv6-bad",
            "5118 4.2",
            400,
            "REGISTER sip:2001:db8::10 SIP/2.0",
            &[&via_of("ipv6-bad"), contact],
            "",
        ),
        register("port-ambiguous", "5118 4.3", "sip:[2001:db8::10:5070]"),
        register("port-unambiguous", "5118 4.4", "sip:[2001:db8::10]:5070"),
        taken(
            "via-received-param-with-delim",
            "5118 4.5",
            481,
            bye,
            &[
                "Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bK-with-delim",
                in_dialog,
            ],
            "",
        ),
        taken(
            "via-received-param-no-delim",
            "5118 4.5",
            200,
            "OPTIONS sip:callee@[2001:db8::10] SIP/2.0",
            &["Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bK-no-delim"],
            "",
        ),
        taken(
            "ipv6-in-sdp",
            "5118 4.6",
            486,
            call,
            &[&via_of("ipv6-in-sdp"), contact, SDP],
            &offer("IP6 2001:db8::20", ""),
        ),
        taken(
            "mult-ip-in-header",
            "5118 4.7",
            481,
            bye,
            &[
                "Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bK-mult-ip",
                "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144",
                "Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200",
                in_dialog,
            ],
            "",
        ),
        taken(
            "mult-ip-in-sdp",
            "5118 4.8",
            486,
            call,
            &[&via_of("mult-ip-in-sdp"), contact, SDP],
            &offer(
                "IP4 192.0.2.1",
                "m=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8::1\r\na=rtpmap:107 H263-1998/90000\r\n",
            ),
        ),
        taken(
            "ipv4-mapped-ipv6",
            "5118 4.9",
            486,
            INVITE,
            &[
                "Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bK-mapped",
                "Contact: <sip:caller@[::ffff:192.0.2.2]>",
                SDP,
            ],
            &offer("IP6 ::ffff:192.0.2.2", ""),
        ),
        taken(
            "ipv6-bug-abnf-3-colons",
            "5118 4.10",
            200,
            "OPTIONS sip:callee@[2001:db8:::192.0.2.1] SIP/2.0",
            &["To: sip:callee@[2001:db8:::192.0.2.1]"],
            "",
        ),
        taken(
            "ipv6-correct-abnf-2-colons",
            "5118 4.10",
            200,
            "OPTIONS sip:callee@[2001:db8::192.0.2.1] SIP/2.0",
            &["To: sip:callee@[2001:db8::192.0.2.1]"],
            "",
        ),
    ]
}
