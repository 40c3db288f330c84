//! Numbers that the numbering plans leave as they are. In a clean file these are nearly all, and the library's way with them is long: it
//! looks for extensions, second numbers and letters in each. What it would say of them is known from two things, the lengths that a plan
//! has and the digits that it may take off; all other numbers are left to it.

use std::sync::LazyLock;

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber};

use super::MAX_DIALABLE_DIGITS;

/// Most digits of a country calling code.
const CODE_MAX_DIGITS: usize = 3;

/// What a national number begins with when a plan may take something off or put it in another form, beside the `0` that is such a
/// beginning nearly everywhere: prefixes of trunks and carriers in the library's metadata. Plans that complete short numbers (261, 378,
/// 672) are not here: those numbers have lengths that are not possible. The tests compare all plans with the library.
const PREFIXES: [(usize, &[&str]); 15] = [
    (1, &["1"]),
    (7, &["8"]),
    (44, &["180020"]),
    (54, &["11", "2", "3"]),
    (55, &["90"]),
    (61, &["183"]),
    (86, &["11", "12", "179"]),
    (298, &["10"]),
    (352, &["15"]),
    (370, &["8"]),
    (375, &["8"]),
    (423, &["1001"]),
    (506, &["19"]),
    (692, &["1"]),
    (993, &["8"]),
];

/// What is known about the national numbers of a calling code.
#[derive(Clone, Copy, Default)]
struct Plan {
    /// A bit for each number of digits that can be dialled from abroad; no bits when the code is not given out.
    lengths: u32,
    prefixes: &'static [&'static str],
}

/// The plans by calling code. The lengths are asked of the library itself, once.
static PLANS: LazyLock<Vec<Plan>> = LazyLock::new(|| {
    let mut plans = vec![Plan::default(); 10_usize.pow(3)];
    for code in PHONE_NUMBER_UTIL.get_supported_calling_codes() {
        if let Some(plan) = usize::try_from(code).ok().and_then(|code| plans.get_mut(code)) {
            plan.lengths = lengths(code);
        }
    }
    for (code, prefixes) in PREFIXES {
        plans[code].prefixes = prefixes;
    }
    plans
});

fn lengths(country_code: i32) -> u32 {
    let (mut lengths, mut number) = (0, PhoneNumber { country_code, national_number: 1, ..PhoneNumber::default() });
    for digits in 1..MAX_DIALABLE_DIGITS {
        if PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number) == Ok(NumberLengthType::IsPossible) {
            lengths |= 1 << digits;
        }
        number.national_number *= 10;
    }
    lengths
}

/// Whether `digits`, in ASCII and with the country code, are a number that can be dialled just as it is. Of others nothing is said.
pub(super) fn leave(digits: &str) -> bool {
    let mut code = 0;
    if digits.len() > MAX_DIALABLE_DIGITS || digits.starts_with('0') {
        return false;
    }
    for (at, digit) in digits.bytes().enumerate().take(CODE_MAX_DIGITS) {
        code = code * 10 + usize::from(digit - b'0');
        // No code begins with another one.
        if let Some(plan) = PLANS.get(code).filter(|plan| plan.lengths != 0) {
            let national = &digits[at + 1..];
            return plan.lengths & 1 << national.len() != 0
                && !national.starts_with('0')
                && !plan.prefixes.iter().any(|prefix| national.starts_with(prefix));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::parse_possible;
    use super::*;

    /// What [`leave`] promises, by the library.
    fn agrees(digits: &str) -> bool {
        let signed = format!("+{digits}");
        !leave(digits) || parse_possible(&signed, None).is_some_and(|number| number.e164 == signed)
    }

    /// Digits that depend on nothing but `seed` (SplitMix64).
    fn tail(seed: u64) -> String {
        let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        format!("{:020}", mixed ^ (mixed >> 31))
    }

    #[test]
    fn plans_leave_numbers_as_the_library_does() {
        for code in PHONE_NUMBER_UTIL.get_supported_calling_codes() {
            let lengths: Vec<usize> = (4..=14).filter(|n| lengths(code) & 1 << n != 0).collect();
            for lead in 1000..10_000 {
                // The prefixes are found by the first digits, and all of these come with one of the lengths.
                let rest = tail(lead);
                let length = lengths[usize::try_from(lead).unwrap() % lengths.len()];
                let digits = format!("{code}{lead}{}", &rest[rest.len() - length + 4..]);
                assert!(agrees(&digits), "{digits}");
            }
        }
    }

    #[test]
    fn plans_have_the_lengths_of_the_library() {
        for code in 1..1000 {
            for length in 1..=14 {
                for seed in 0..3 {
                    let rest = tail(code * 1000 + length * 10 + seed);
                    let digits = format!("{code}{}", &rest[rest.len() - usize::try_from(length).unwrap()..]);
                    assert!(agrees(&digits), "{digits}");
                }
            }
        }
    }

    #[test]
    fn most_numbers_are_left() {
        let example = |region| PHONE_NUMBER_UTIL.get_example_number(region).unwrap();
        let examples = PHONE_NUMBER_UTIL.get_supported_regions().map(example);
        let digits = examples.map(|number| format!("{}{}", number.country_code, number.national_number));
        let (left, others): (Vec<_>, Vec<_>) = digits.partition(|digits| leave(digits));
        assert!(left.len() > others.len() * 10, "{others:?}");
    }

    proptest! {
        #[test]
        fn any_digits_agree(digits in "[0-9]{1,22}") {
            prop_assert!(agrees(&digits), "{}", digits);
        }
    }
}
