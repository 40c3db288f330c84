//! What is worth knowing about a value that was taken. A value that is refused has an `Invalid` instead.

use super::contact::words;

words! {
    /// Why a value that was taken is told all the same. The words are codes that programs may rely on.
    Caution {
        /// A number without the `+` that it needs.
        PlusMissing = "PHONE_PLUS_MISSING",
        /// A number that no numbering plan has room for.
        NotDialable = "PHONE_NOT_DIALABLE",
        /// An address inside something else.
        Unwrapped = "EMAIL_UNWRAPPED",
        /// A date that another order would make another day.
        AmbiguousDate = "DATE_AMBIGUOUS",
        /// Chinese, and not which.
        AnyChinese = "LANGUAGE_SCRIPT",
        /// A name that more than one country could mean, or that means a part of one.
        LooseCountry = "COUNTRY_LOOSE",
        /// An import that would opt somebody back in.
        OptInRefused = "OPT_IN_REFUSED",
        /// A number that came back and once got no text messages.
        SmsOffKept = "SMS_OFF_KEPT",
        /// A company that an organization could be.
        OrganizationNear = "ORGANIZATION_NEAR",
        /// An owner, or somebody whom a contact is shared with, who is no staff member here.
        StaffUnknown = "STAFF_UNKNOWN",
    }
}

impl Caution {
    /// Returns what is said of such a value, whichever it is; read after a count and `×`.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::PlusMissing => "a phone number without its `+`, which was put back",
            Self::NotDialable => "a phone number that fits no numbering plan: kept as typed, it cannot be dialled",
            Self::Unwrapped => "an e-mail address taken out of what stood around it",
            Self::AmbiguousDate => "an ambiguous date: day and month could be the other way round",
            Self::AnyChinese => "Chinese as a language, neither Simplified nor Traditional",
            Self::LooseCountry => "a country by a name that fits more than one, or a part of one",
            Self::OptInRefused => "an opt-out that stays: an import does not loosen consent by itself",
            Self::SmsOffKept => "a number that is back and got no text messages before: it gets none",
            Self::OrganizationNear => "a company that may be an organization: not linked to it",
            Self::StaffUnknown => "a name of nobody among the staff: kept as the export has it",
        }
    }
}

/// One thing to know about a value that was taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// Why.
    pub caution: Caution,
    /// A lower-case fragment that reads on after the field's name.
    pub message: String,
}

impl Warning {
    /// A warning.
    #[must_use]
    pub fn new(caution: Caution, message: impl Into<String>) -> Self {
        Self { caution, message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_caution_has_a_code_and_a_summary_of_its_own() {
        for (at, one) in Caution::ALL.iter().enumerate() {
            assert_eq!(Caution::parse(one.as_str()), Some(*one));
            let same = |other: &Caution| other.summary() == one.summary() || other.as_str() == one.as_str();
            assert!(!Caution::ALL[..at].iter().any(same), "{one}");
        }
    }
}
