//! libFuzzer on [`rvoip_fuzz::uri`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rvoip_fuzz::uri::check(data));
