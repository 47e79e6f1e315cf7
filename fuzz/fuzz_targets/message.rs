//! libFuzzer on [`rvoip_fuzz::message`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rvoip_fuzz::message::check(data));
