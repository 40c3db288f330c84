//! What the numbering plans tell about a number: its country, what kind it is, how people write it.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

use super::{calling_code, parse_possible};
use crate::domain::country::{Country, parse_country};

/// What is known about a number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct About {
    /// The country whose plan it belongs to; none for numbers of no country, as of satellites.
    pub country: Option<Country>,
    /// `mobile`, `fixed`, `either`, `toll_free`, `premium`, `voip` or `other`; empty when the plan does not give out such numbers.
    pub kind: &'static str,
    /// As it is written in its country.
    pub national: String,
    /// As it is written abroad.
    pub international: String,
}

/// Tells about a number in E.164; nothing when no plan has room for it.
#[must_use]
pub fn about(e164: &str) -> Option<About> {
    let number = parse_possible(e164, None)?.number;
    let region = PHONE_NUMBER_UTIL.get_region_for_number(&number);
    let kind = match PHONE_NUMBER_UTIL.get_number_type(&number) {
        PhoneNumberType::Mobile => "mobile",
        PhoneNumberType::FixedLine => "fixed",
        PhoneNumberType::FixedLineOrMobile => "either",
        PhoneNumberType::TollFree => "toll_free",
        PhoneNumberType::PremiumRate => "premium",
        PhoneNumberType::VoIP => "voip",
        PhoneNumberType::Unknown => "",
        _ => "other",
    };
    let written = |format| PHONE_NUMBER_UTIL.format(&number, format).into_owned();
    Some(About {
        country: region.and_then(|region| parse_country(&region.to_string()).ok()),
        kind,
        national: written(PhoneNumberFormat::National),
        international: written(PhoneNumberFormat::International),
    })
}

/// The country code for dialling, with its `+`.
#[must_use]
pub fn dial_code(country: Country) -> Option<String> {
    calling_code(country).map(|code| format!("+{code}"))
}
