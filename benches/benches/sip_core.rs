//! What a SIP message costs to index, to read and to write.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use rvoip_sip_core::{
    CSeq, CallId, Contact, From, Limits, MaxForwards, Message, Method, NameAddr, Request, Response,
    StatusCode, Strictness, To, Uri, Via, ViaTransport,
};

const INVITE: &[u8] = include_bytes!("../testdata/invite.sip");
const OK: &[u8] = include_bytes!("../testdata/ok200.sip");

fn request(octets: Bytes) -> Request {
    match Message::parse(octets, &Limits::DEFAULT) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}"),
    }
}

/// The seven headers that every layer asks for.
fn type_seven(request: &Request) {
    black_box(request.top_via()).unwrap();
    black_box(request.from()).unwrap();
    black_box(request.to()).unwrap();
    black_box(request.cseq()).unwrap();
    black_box(request.call_id()).unwrap();
    black_box(request.contact()).unwrap();
    black_box(request.max_forwards()).unwrap();
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    // Fresh octets each time, as from a socket: the first sharing of a buffer is part of the cost.
    let fresh = |octets: &'static [u8]| move || Bytes::from(octets.to_vec());
    group.bench_function("invite index", |bencher| {
        bencher.iter_batched(fresh(INVITE), request, BatchSize::SmallInput);
    });
    group.bench_function("invite index + seven headers", |bencher| {
        bencher.iter_batched(
            fresh(INVITE),
            |octets| {
                let request = request(octets);
                type_seven(&request);
                request
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("invite index + check", |bencher| {
        bencher.iter_batched(
            fresh(INVITE),
            |octets| {
                let request = request(octets);
                request.check(Strictness::Lenient).unwrap();
                request
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("200 index + check", |bencher| {
        bencher.iter_batched(
            fresh(OK),
            |octets| {
                let message = Message::parse(octets, &Limits::DEFAULT).unwrap();
                message.check(Strictness::Lenient).unwrap();
                message
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn write(criterion: &mut Criterion) {
    let uri: Uri = "sip:bob@192.0.2.4:5060;transport=udp".parse().unwrap();
    let via = Via::new(
        ViaTransport::Udp,
        "192.0.2.101:5062".parse().unwrap(),
        "z9hG4bKnashds8",
    );
    let from = From(
        "\"Alice Smith\" <sip:alice@atlanta.example.com>;tag=9fxced76sl"
            .parse::<NameAddr>()
            .unwrap(),
    );
    let to: To = "\"Bob\" <sip:bob@biloxi.example.com>".parse().unwrap();
    let call_id = CallId::new("3848276298220188511@atlanta.example.com");
    let cseq = CSeq {
        number: 1,
        method: Method::Invite,
    };
    let contact = Contact::new("sip:alice@192.0.2.101:5062;transport=udp".parse().unwrap());
    let parsed = request(Bytes::from_static(INVITE));
    let body = parsed.body().clone();

    let mut group = criterion.benchmark_group("write");
    group.bench_function("invite", |bencher| {
        bencher.iter(|| {
            Request::builder(Method::Invite, &uri)
                .header(&MaxForwards(70))
                .header(&from)
                .header(&to)
                .header(&call_id)
                .header(&cseq)
                .header(&contact)
                .body("application/sdp", body.clone())
                .via(&via)
                .build()
        });
    });
    group.bench_function("200 with body", |bencher| {
        bencher.iter(|| {
            Response::builder_for(&parsed, StatusCode::OK)
                .to_tag("314159")
                .header(&contact)
                .body("application/sdp", body.clone())
                .build()
        });
    });
    group.bench_function("push via", |bencher| {
        bencher.iter(|| parsed.edit().push_front(&via).finish())
    });
    group.finish();
}

criterion_group!(benches, parse, write);
criterion_main!(benches);
