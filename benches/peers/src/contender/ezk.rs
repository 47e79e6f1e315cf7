//! ezk-sip-types 0.6. The octets are copied first, as they would be out of a socket's buffer.

use std::hint::black_box;

use bytes::Bytes;
use ezk_sip_types::header::HeaderError;
use ezk_sip_types::header::typed::{
    CSeq, CallID, Contact, ContentLength, ContentType, FromTo, MaxForwards, Via,
};
use ezk_sip_types::msg::{Line, MessageLine, PullParser};
use ezk_sip_types::parse::Parse;
use ezk_sip_types::print::{AppendCtx, PrintCtx};
use ezk_sip_types::{Headers, Name};

use super::Contender;
use crate::{INVITE, OK};

/// What its endpoint makes of a message.
struct Message {
    line: MessageLine,
    headers: Headers,
    body: Bytes,
}

pub fn contender() -> Contender {
    Contender {
        name: "ezk-sip-types 0.6",
        works: vec![
            (
                "invite",
                Box::new(|| drop(black_box(parse(INVITE).unwrap()))),
            ),
            (
                "invite-typed",
                Box::new(|| type_seven(&parse(INVITE).unwrap().headers).unwrap()),
            ),
            ("ok", Box::new(|| drop(black_box(parse(OK).unwrap())))),
            (
                "ok-typed",
                Box::new(|| type_six(&parse(OK).unwrap().headers).unwrap()),
            ),
            ("write", write()),
            ("octets", octets()),
        ],
        reads,
        accepts: reads,
    }
}

fn parse(octets: &[u8]) -> Option<Message> {
    let octets = Bytes::copy_from_slice(octets);
    let mut parser = PullParser::new(&octets, 0);
    let first = std::str::from_utf8(parser.next()?.ok()?).ok()?;
    let (_, line) = MessageLine::parse(&octets)(first).ok()?;
    let mut headers = Headers::new();
    for line in &mut parser {
        let (_, line) = Line::parse(&octets, std::str::from_utf8(line.ok()?).ok()?).ok()?;
        headers.insert(line.name, line.value);
    }
    let body = octets.slice(parser.head_end()..);
    Some(Message {
        line,
        headers,
        body,
    })
}

fn type_six(headers: &Headers) -> Result<(), HeaderError> {
    black_box((
        headers.get_named::<Via>()?,
        headers.get::<FromTo>(Name::FROM)?,
    ));
    black_box((
        headers.get::<FromTo>(Name::TO)?,
        headers.get_named::<CallID>()?,
    ));
    black_box((
        headers.get_named::<CSeq>()?,
        headers.get::<Contact>(Name::CONTACT)?,
    ));
    Ok(())
}

fn type_seven(headers: &Headers) -> Result<(), HeaderError> {
    type_six(headers)?;
    black_box(headers.get_named::<MaxForwards>()?);
    Ok(())
}

fn reads(octets: &[u8]) -> bool {
    let is_fine = |Message { headers, .. }: Message| {
        headers.try_get_named::<Via>().is_none_or(|via| via.is_ok())
            && headers
                .try_get::<FromTo>(Name::FROM)
                .is_none_or(|from| from.is_ok())
            && headers
                .try_get::<FromTo>(Name::TO)
                .is_none_or(|to| to.is_ok())
            && headers
                .try_get_named::<CallID>()
                .is_none_or(|call_id| call_id.is_ok())
            && headers
                .try_get_named::<CSeq>()
                .is_none_or(|cseq| cseq.is_ok())
            && headers
                .try_get::<Contact>(Name::CONTACT)
                .is_none_or(|contact| contact.is_ok())
            && headers
                .try_get_named::<MaxForwards>()
                .is_none_or(|hops| hops.is_ok())
    };
    parse(octets).is_some_and(is_fine)
}

fn print(line: &MessageLine, headers: &Headers, body: &[u8]) -> Vec<u8> {
    let line = line.print_ctx(PrintCtx::default());
    let mut octets = format!("{line}\r\n{headers}\r\n").into_bytes();
    octets.extend_from_slice(body);
    octets
}

fn write() -> Box<dyn Fn()> {
    let Message {
        line,
        headers,
        body,
    } = parse(INVITE).unwrap();
    let via: Via = headers.get_named().unwrap();
    let from: FromTo = headers.get(Name::FROM).unwrap();
    let to: FromTo = headers.get(Name::TO).unwrap();
    let call_id: CallID = headers.get_named().unwrap();
    let cseq: CSeq = headers.get_named().unwrap();
    let contact: Contact = headers.get(Name::CONTACT).unwrap();
    let content_type: ContentType = headers.get_named().unwrap();
    Box::new(move || {
        let mut headers = Headers::with_capacity(9);
        headers.insert_named(&via);
        headers.insert_named(&MaxForwards(70));
        headers.insert_type(Name::FROM, &from);
        headers.insert_type(Name::TO, &to);
        headers.insert_named(&call_id);
        headers.insert_named(&cseq);
        headers.insert_type(Name::CONTACT, &contact);
        headers.insert_named(&content_type);
        headers.insert_named(&ContentLength(body.len()));
        black_box(print(&line, &headers, &body));
    })
}

fn octets() -> Box<dyn Fn()> {
    let Message {
        line,
        headers,
        body,
    } = parse(INVITE).unwrap();
    Box::new(move || drop(black_box(print(&line, &headers, &body))))
}
