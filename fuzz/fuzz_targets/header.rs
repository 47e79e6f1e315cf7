//! libFuzzer on [`rvoip_fuzz::header`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rvoip_fuzz::header::check(data));
