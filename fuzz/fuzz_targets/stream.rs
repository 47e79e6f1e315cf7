//! libFuzzer on [`rvoip_fuzz::stream`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rvoip_fuzz::stream::check(data));
