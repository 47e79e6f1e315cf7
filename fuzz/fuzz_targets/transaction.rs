//! libFuzzer on [`rvoip_fuzz::transaction`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rvoip_fuzz::transaction::check(data));
