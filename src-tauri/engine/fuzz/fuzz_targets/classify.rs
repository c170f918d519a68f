//! Any bytes as a reply: nothing panics, and no damage makes a prompt.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tokentray_fuzz::{hold_to_account, reply_of};

fuzz_target!(|data: &[u8]| {
    let (http, row) = reply_of(data);
    hold_to_account(&http, row);
});
