//! Well-formed error documents of arbitrary words: past the parser, into the judgement.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use tokentray_fuzz::{answer, hold_to_account};

fuzz_target!(|case: (u16, &str, &str, &str, u8)| {
    let (status, code, text, more, shape) = case;
    let body = match shape % 6 {
        0 => json!({ "error": code, "error_description": text }),
        1 => json!({ "error": { "code": code, "message": text, "status": more } }),
        2 => json!({ "errors": [{ "errorType": code, "message": text }], "success": false }),
        3 => json!({ "code": code, "msg": text, "hint": more, "error_codes": [status] }),
        4 => json!([{ "error": code, "error_subtype": more, "message": text }]),
        _ => {
            json!({ "access_token": code, "expires_in": text, "refresh_token": more, "scope": [text] })
        }
    };
    let http = answer(200 + status % 400, Vec::new(), body.to_string().as_bytes());
    hold_to_account(&http, None);
});
