//! rsip 0.4.

use std::hint::black_box;

use rsip::prelude::*;
use rsip::{Header, Headers, Request, Response, SipMessage};

use super::Contender;
use crate::{INVITE, OK};

pub fn contender() -> Contender {
    Contender {
        name: "rsip 0.4",
        works: vec![
            ("invite", Box::new(|| drop(black_box(request())))),
            ("invite-typed", Box::new(|| type_seven(&request()).unwrap())),
            ("ok", Box::new(|| drop(black_box(response())))),
            ("ok-typed", Box::new(|| type_six(&response()).unwrap())),
            ("write", write()),
            ("octets", octets()),
        ],
        reads,
        accepts: reads,
    }
}

fn request() -> Request {
    Request::try_from(INVITE).unwrap()
}

fn response() -> Response {
    Response::try_from(OK).unwrap()
}

fn type_six(message: &impl HeadersExt) -> Result<(), rsip::Error> {
    black_box((
        message.via_header()?.typed()?,
        message.from_header()?.typed()?,
    ));
    black_box((
        message.to_header()?.typed()?,
        message.call_id_header()?.clone(),
    ));
    black_box((
        message.cseq_header()?.typed()?,
        message.contact_header()?.typed()?,
    ));
    Ok(())
}

fn reads(octets: &[u8]) -> bool {
    match SipMessage::try_from(octets) {
        Ok(SipMessage::Request(request)) => reads_headers(&request),
        Ok(SipMessage::Response(response)) => reads_headers(&response),
        Err(_) => false,
    }
}

fn reads_headers(message: &impl HeadersExt) -> bool {
    message.via_header().map_or(true, |via| via.typed().is_ok())
        && message
            .from_header()
            .map_or(true, |from| from.typed().is_ok())
        && message.to_header().map_or(true, |to| to.typed().is_ok())
        && message
            .cseq_header()
            .map_or(true, |cseq| cseq.typed().is_ok())
        && message
            .contact_header()
            .map_or(true, |contact| contact.typed().is_ok())
        && message
            .max_forwards_header()
            .map_or(true, |hops| hops.num().is_ok())
}

fn type_seven(invite: &Request) -> Result<(), rsip::Error> {
    type_six(invite)?;
    black_box(invite.max_forwards_header()?.num()?);
    Ok(())
}

fn write() -> Box<dyn Fn()> {
    let invite = request();
    let via = invite.via_header().unwrap().typed().unwrap();
    let (from, to) = (
        invite.from_header().unwrap().typed().unwrap(),
        invite.to_header().unwrap().typed().unwrap(),
    );
    let call_id = invite.call_id_header().unwrap().clone();
    let cseq = invite.cseq_header().unwrap().typed().unwrap();
    let contact = invite.contact_header().unwrap().typed().unwrap();
    Box::new(move || {
        let headers: Vec<Header> = vec![
            via.clone().into(),
            rsip::headers::MaxForwards::from(70_u32).into(),
            from.clone().into(),
            to.clone().into(),
            call_id.clone().into(),
            cseq.clone().into(),
            contact.clone().into(),
            rsip::headers::ContentType::new("application/sdp").into(),
            rsip::headers::ContentLength::from(invite.body.len() as u32).into(),
        ];
        let written = Request {
            method: invite.method,
            uri: invite.uri.clone(),
            version: invite.version.clone(),
            headers: Headers::from(headers),
            body: invite.body.clone(),
        };
        black_box(Vec::<u8>::from(written));
    })
}

fn octets() -> Box<dyn Fn()> {
    let invite = request();
    Box::new(move || drop(black_box(invite.to_string())))
}
