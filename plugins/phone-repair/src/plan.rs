//! Numbering plans: which digits a country puts before its numbers, and how long they are. Enough to tell readings apart, not to
//! tell a given number from a free one: that is the built-in rules' part.

/// One country's plan. Lengths count the digits behind the country code, without trunk prefix.
#[derive(Debug)]
pub struct Plan {
    /// ISO 3166 codes and English names, for cells.
    names: &'static [&'static str],
    /// Country code.
    pub code: &'static str,
    /// What is dialled before a number at home and left out from abroad; empty when there is none.
    trunk: &'static str,
    /// What is dialled before another country's code, beside `00`; empty when there is nothing else.
    pub idd: &'static str,
    /// Fewest digits.
    min: usize,
    /// Most digits.
    max: usize,
    /// Digits with which no number begins.
    never_first: &'static str,
    /// Whether a number without its trunk prefix is still whole: no local number is that long.
    whole_without_trunk: bool,
}

impl Plan {
    /// Finds the plan of a country, as a cell names it: alpha-2, alpha-3 or English name, in any case.
    pub fn of_country(name: &str) -> Option<&'static Self> {
        let name = name.trim();
        PLANS.iter().find(|plan| plan.names.iter().any(|known| known.eq_ignore_ascii_case(name)))
    }

    /// Finds the plan by whose country code the digits begin. No code is the beginning of another.
    pub fn of_number(digits: &str) -> Option<&'static Self> {
        PLANS.iter().find(|plan| digits.starts_with(plan.code))
    }

    /// Says whether these digits can stand behind the country code.
    pub fn fits(&self, national: &str) -> bool {
        (self.min..=self.max).contains(&national.len()) && !national.starts_with(|c| self.never_first.contains(c))
    }

    /// Takes the trunk prefix off; `None` when it isn't there or the rest doesn't fit.
    pub fn without_trunk<'d>(&self, digits: &'d str) -> Option<&'d str> {
        let rest = digits.strip_prefix(self.trunk).filter(|_| !self.trunk.is_empty())?;
        self.fits(rest).then_some(rest)
    }

    /// Says whether the digits are a whole number of this country as they stand.
    pub fn is_whole(&self, digits: &str) -> bool {
        self.whole_without_trunk && self.fits(digits)
    }

    const fn idd(self, idd: &'static str) -> Self {
        Self { idd, ..self }
    }

    const fn trunk(self, trunk: &'static str) -> Self {
        Self { trunk, ..self }
    }

    const fn never_first(self, never_first: &'static str) -> Self {
        Self { never_first, ..self }
    }
}

/// A country without trunk prefix: every number is whole.
const fn plain(names: &'static [&'static str], code: &'static str, min: usize, max: usize) -> Plan {
    Plan { names, code, trunk: "", idd: "", min, max, never_first: "0", whole_without_trunk: true }
}

/// A country where `0` is dialled first, and a number that lost it can still be told from a local one.
const fn zero(names: &'static [&'static str], code: &'static str, min: usize, max: usize) -> Plan {
    plain(names, code, min, max).trunk("0")
}

/// A country where `0` is dialled first, and a number without it may be a local one.
const fn local(names: &'static [&'static str], code: &'static str, min: usize, max: usize) -> Plan {
    Plan { whole_without_trunk: false, ..zero(names, code, min, max) }
}

const PLANS: &[Plan] = &[
    // Asia
    plain(&["HK", "HKG", "Hong Kong", "Hong Kong SAR"], "852", 8, 8).idd("001"),
    plain(&["MO", "MAC", "Macau", "Macao"], "853", 8, 8),
    zero(&["CN", "CHN", "China"], "86", 10, 11),
    local(&["TW", "TWN", "Taiwan"], "886", 8, 9),
    zero(&["JP", "JPN", "Japan"], "81", 9, 10).idd("010"),
    local(&["KR", "KOR", "South Korea", "Korea"], "82", 8, 10),
    plain(&["SG", "SGP", "Singapore"], "65", 8, 8).idd("001"),
    local(&["MY", "MYS", "Malaysia"], "60", 8, 10),
    zero(&["TH", "THA", "Thailand"], "66", 8, 9),
    zero(&["VN", "VNM", "Vietnam", "Viet Nam"], "84", 9, 10),
    zero(&["PH", "PHL", "Philippines"], "63", 9, 10),
    local(&["ID", "IDN", "Indonesia"], "62", 8, 12),
    zero(&["IN", "IND", "India"], "91", 10, 10),
    zero(&["PK", "PAK", "Pakistan"], "92", 9, 10),
    local(&["BD", "BGD", "Bangladesh"], "880", 8, 10),
    zero(&["LK", "LKA", "Sri Lanka"], "94", 9, 9),
    zero(&["AE", "ARE", "United Arab Emirates", "UAE"], "971", 8, 9),
    zero(&["SA", "SAU", "Saudi Arabia"], "966", 9, 9),
    zero(&["IL", "ISR", "Israel"], "972", 8, 9),
    zero(&["TR", "TUR", "Turkey", "Türkiye"], "90", 10, 10),
    zero(&["JO", "JOR", "Jordan"], "962", 8, 9),
    plain(&["QA", "QAT", "Qatar"], "974", 8, 8),
    plain(&["KW", "KWT", "Kuwait"], "965", 8, 8),
    plain(&["BH", "BHR", "Bahrain"], "973", 8, 8),
    plain(&["OM", "OMN", "Oman"], "968", 8, 8),
    // Oceania
    zero(&["AU", "AUS", "Australia"], "61", 9, 9).idd("0011"),
    zero(&["NZ", "NZL", "New Zealand"], "64", 8, 10),
    // Europe
    zero(&["GB", "GBR", "United Kingdom", "UK", "Great Britain"], "44", 9, 10),
    local(&["IE", "IRL", "Ireland"], "353", 7, 9),
    zero(&["FR", "FRA", "France"], "33", 9, 9),
    zero(&["BE", "BEL", "Belgium"], "32", 8, 9),
    zero(&["NL", "NLD", "Netherlands"], "31", 9, 9),
    plain(&["LU", "LUX", "Luxembourg"], "352", 6, 11),
    local(&["DE", "DEU", "Germany"], "49", 6, 13),
    local(&["AT", "AUT", "Austria"], "43", 7, 13),
    zero(&["CH", "CHE", "Switzerland"], "41", 9, 9),
    // Italy's numbers begin with their zero, at home and from abroad.
    plain(&["IT", "ITA", "Italy"], "39", 6, 11).never_first(""),
    plain(&["ES", "ESP", "Spain"], "34", 9, 9),
    plain(&["PT", "PRT", "Portugal"], "351", 9, 9),
    plain(&["GR", "GRC", "Greece"], "30", 10, 10),
    plain(&["CY", "CYP", "Cyprus"], "357", 8, 8),
    plain(&["MT", "MLT", "Malta"], "356", 8, 8),
    plain(&["DK", "DNK", "Denmark"], "45", 8, 8),
    plain(&["NO", "NOR", "Norway"], "47", 8, 8),
    local(&["SE", "SWE", "Sweden"], "46", 7, 9),
    local(&["FI", "FIN", "Finland"], "358", 6, 11),
    plain(&["IS", "ISL", "Iceland"], "354", 7, 7),
    plain(&["PL", "POL", "Poland"], "48", 9, 9),
    plain(&["CZ", "CZE", "Czechia", "Czech Republic"], "420", 9, 9),
    zero(&["SK", "SVK", "Slovakia"], "421", 9, 9),
    zero(&["HU", "HUN", "Hungary"], "36", 8, 9).trunk("06"),
    zero(&["RO", "ROU", "Romania"], "40", 9, 9),
    zero(&["BG", "BGR", "Bulgaria"], "359", 8, 9),
    zero(&["HR", "HRV", "Croatia"], "385", 8, 9),
    zero(&["SI", "SVN", "Slovenia"], "386", 8, 8),
    zero(&["RS", "SRB", "Serbia"], "381", 8, 9),
    plain(&["EE", "EST", "Estonia"], "372", 7, 8),
    plain(&["LV", "LVA", "Latvia"], "371", 8, 8),
    zero(&["LT", "LTU", "Lithuania"], "370", 8, 8),
    zero(&["UA", "UKR", "Ukraine"], "380", 9, 9),
    zero(&["RU", "RUS", "Russia", "Russian Federation", "KZ", "KAZ", "Kazakhstan"], "7", 10, 10).trunk("8"),
    // America
    plain(&["US", "USA", "United States", "United States of America", "CA", "CAN", "Canada"], "1", 10, 10)
        .trunk("1")
        .never_first("01")
        .idd("011"),
    plain(&["MX", "MEX", "Mexico"], "52", 10, 10),
    zero(&["BR", "BRA", "Brazil"], "55", 10, 11),
    zero(&["AR", "ARG", "Argentina"], "54", 10, 11),
    plain(&["CL", "CHL", "Chile"], "56", 9, 9),
    plain(&["CO", "COL", "Colombia"], "57", 10, 10),
    zero(&["PE", "PER", "Peru"], "51", 8, 9),
    // Africa
    local(&["EG", "EGY", "Egypt"], "20", 8, 10),
    zero(&["MA", "MAR", "Morocco"], "212", 9, 9),
    zero(&["ZA", "ZAF", "South Africa"], "27", 9, 9),
    local(&["NG", "NGA", "Nigeria"], "234", 8, 10),
    zero(&["KE", "KEN", "Kenya"], "254", 9, 9),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_go_by_codes_and_names() {
        for name in ["HK", "hkg", " Hong Kong ", "HONG KONG"] {
            assert_eq!(Plan::of_country(name).map(|plan| plan.code), Some("852"), "{name}");
        }
        assert!(Plan::of_country("").is_none() && Plan::of_country("Kowloon").is_none());
    }

    #[test]
    fn the_table_is_sound() {
        for (at, plan) in PLANS.iter().enumerate() {
            assert!(plan.min <= plan.max && plan.code.len() + plan.max <= 15, "{plan:?}");
            for other in &PLANS[at + 1..] {
                assert!(!other.code.starts_with(plan.code) && !plan.code.starts_with(other.code), "{plan:?} {other:?}");
                assert!(plan.names.iter().all(|name| !other.names.contains(name)), "{plan:?} {other:?}");
            }
        }
    }
}
