//! Microsoft's numbers (`AADSTS50173`) and sub-errors, by what they ask of a person.
//!
//! Numbers and meanings: <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>;
//! sub-errors: <https://learn.microsoft.com/entra/msal/dotnet/advanced/exceptions/msal-error-handling>.
//! A number that is not here changes nothing: code and text decide.

use memchr::memchr2_iter;

use super::super::cause::Cause;

/// Collects the numbers in a text, as written (`AADSTS50076: …`); what hands a message on may have
/// changed its case.
pub fn numbers(text: &str, into: &mut Vec<u32>) {
    const MARK: &[u8] = b"aadsts";
    let bytes = text.as_bytes();
    // `d` is the rarest of its letters, and the third.
    let marks = memchr2_iter(b'd', b'D', bytes)
        .filter_map(|d| d.checked_sub(2))
        .filter(|at| {
            let word = bytes[*at..].get(..MARK.len());
            word.is_some_and(|word| word.eq_ignore_ascii_case(MARK))
        });
    for at in marks.take(4) {
        let rest = &text[at + MARK.len()..];
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        if let Ok(number) = rest[..end].parse()
            && !into.contains(&number)
        {
            into.push(number);
        }
    }
}

/// "Error validating credentials" stands around the number that says which.
const AROUND: u32 = 70_002;

/// The cause that a sub-error or the first known number tells.
pub fn cause(numbers: &[u32], codes: &[String]) -> Option<Cause> {
    if numbers.is_empty() {
        return None;
    }
    if codes
        .iter()
        .any(|c| c.eq_ignore_ascii_case("protection_policy_required"))
    {
        return Some(Cause::PolicyBlocked);
    }
    numbers
        .iter()
        .filter(|number| **number != AROUND || numbers.len() == 1)
        .find_map(|number| of_number(*number))
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn of_number(number: u32) -> Option<Cause> {
    Some(match number {
        // A fault of the service or of something that it asks.
        50_033 | 50_087 | 50_134 | 51_005 | 70_012 | 80_001 | 80_002 | 80_005 | 80_007 | 80_014
        | 90_006 | 90_012 | 90_024 | 90_033 | 90_036 | 90_041 | 165_004 | 165_900 | 70_016
        | 1_000_031 | 70_024 | 40_010 | 50_000 | 50_086 | 230_109 => Cause::ServerError,
        50_088 | 50_166 | 50_196 | 90_055 => Cause::RateLimited,
        80_013 => Cause::ClockWrong,

        // The grant is over.
        70_008 | 70_019 | 700_082 | 700_081 | 700_084 | 50_089 => Cause::RefreshTokenExpired,
        50_173 => Cause::RefreshTokenRevoked,
        54_005 => Cause::RefreshTokenReused,
        50_055
        | 50_056
        | 50_125
        | 50_132
        | 50_133
        | 50_135
        | 50_142
        | 50_144
        | 120_000..=120_021 => Cause::PasswordChanged,
        70_043 | 70_044 | 70_046 | 50_143 | 50_139 | 160_021 => Cause::SessionEnded,
        50_057 | 500_571 => Cause::AccountDisabled,

        // A person must pass something: a second factor, consent, a device, a policy.
        16_000..=16_002
        | 40_009
        | 50_015
        | 50_136
        | 50_168
        | 50_180
        | 50_187
        | 50_192
        | 50_197
        | 90_008
        | 50_005
        | 50_014
        | 50_058
        | 50_064
        | 50_072
        | 50_074
        | 50_076
        | 50_078
        | 50_079
        | 50_085
        | 50_097
        | 50_126
        | 50_127
        | 50_129
        | 50_131
        | 50_140
        | 50_155
        | 50_158
        | 50_199
        | 500_121
        | 51_006
        | 52_004
        | 65_001
        | 65_004
        | 53_000..=53_004
        | 53_008
        | 53_010..=53_011
        | 530_001..=530_003
        | 530_021
        | 530_031..=530_036
        | 530_084
        | 135_010
        | 135_011
        | 700_003
        | 1_000_000
        | 130_004..=130_008 => Cause::InteractionRequired,

        // An administrator's or the tenant's decision: signing in would be refused alike.
        16_003
        | 50_002
        | 50_161
        | 50_170
        | 51_000
        | 650_052
        | 1_000_104
        | 50_020
        | 50_034
        | 50_105
        | 50_177
        | 50_178
        | 51_004
        | 53_005
        | 53_009
        | 54_000
        | 90_072
        | 90_094
        | 90_095
        | 90_099
        | 500_021
        | 500_022
        | 500_200..=500_208
        | 500_212
        | 500_213
        | 80_012
        | 65_002
        | 90_093
        | 50_194
        | 65_005
        | 530_004 => Cause::PolicyBlocked,

        // The app's registration.
        50_003
        | 50_007
        | 50_010
        | 50_012
        | 50_032
        | 50_048
        | 50_099
        | 700_011
        | 50_013
        | 50_027
        | 50_146
        | 70_001
        | 70_002
        | 700_016
        | 700_025
        | 700_027
        | 700_030
        | 700_038
        | 7_000_112
        | 7_000_113
        | 7_000_215
        | 7_000_216
        | 7_000_218
        | 7_000_219
        | 7_000_222
        | 7_000_229
        | 9_002_325..=9_002_327
        | 9_002_331
        | 9_002_332
        | 900_382
        | 900_432 => Cause::ClientRejected,
        70_003 | 7_000_114 | 9_001_023 => Cause::GrantNotAllowed,
        28_002 | 28_003 | 70_011 | 700_022 | 700_023 | 50_001 | 500_011 | 650_054 | 650_056
        | 650_057 | 90_009 | 901_002 => Cause::ScopeRejected,
        50_011
        | 50_049
        | 50_059
        | 50_128
        | 50_147..=50_148
        | 501_481
        | 90_002
        | 90_004
        | 90_005
        | 90_007
        | 90_010
        | 90_013
        | 90_015
        | 90_023
        | 90_027
        | 900_023
        | 1_002_016
        | 90_014
        | 900_144
        | 90_019
        | 90_038
        | 90_043
        | 90_051
        | 90_056
        | 900_561
        | 900_971
        | 70_021 => Cause::EndpointWrong,
        _ => return None,
    })
}
