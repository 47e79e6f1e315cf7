//! libFuzzer on [`rvoip_fuzz::rtp`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rvoip_fuzz::rtp::check(data));
