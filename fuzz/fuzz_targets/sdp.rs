//! libFuzzer on [`rvoip_fuzz::sdp`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rvoip_fuzz::sdp::check(data));
