//! libFuzzer on [`rvoip_fuzz::digest`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rvoip_fuzz::digest::check(data));
