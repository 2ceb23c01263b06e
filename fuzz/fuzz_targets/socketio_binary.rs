#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::socketio_binary(data));
