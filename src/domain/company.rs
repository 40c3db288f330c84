//! Names of companies as they are compared: without case, accents, punctuation and legal form. Which organizations there are is the
//! store's business, and whether one is meant is for a person to say.

use super::text::fold;

/// Words at the end of a name that say what a company is by law, folded.
const FORMS: &[&str] = &[
    "ab",
    "ag",
    "as",
    "bhd",
    "bv",
    "co",
    "company",
    "corp",
    "corporation",
    "gmbh",
    "inc",
    "incorporated",
    "kg",
    "kk",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "nv",
    "oy",
    "plc",
    "pte",
    "pty",
    "public",
    "sa",
    "sarl",
    "sas",
    "sdn",
    "se",
    "sl",
    "spa",
    "srl",
];

/// The same where words are not parted, or by scripts whose signs come apart in folding.
const CLOSED_FORMS: &[&str] =
    &["股份有限公司", "有限责任公司", "有限公司", "株式会社", "有限会社", "合同会社", "주식회사", "จ\u{e4d}ากัด"];

/// The key by which names of companies are compared: `Acme Ltd.` and `ACME Limited` have the same. Empty when nothing is left to compare.
#[must_use]
pub fn company_key(name: &str) -> String {
    // `S.p.A.` is one word, `A. Smith` is two.
    let folded = fold(name).replace(". ", " ").replace(['.', '\''], "");
    let mut words: Vec<&str> = folded.split(|c: char| !is_letter(c)).filter(|word| !word.is_empty()).collect();
    while words.len() > 1 && words.last().is_some_and(|word| FORMS.contains(word)) {
        words.pop();
    }
    let mut key = words.concat();
    for form in CLOSED_FORMS {
        let rest = key.strip_suffix(form).or_else(|| key.strip_prefix(form)).filter(|rest| !rest.is_empty());
        if let Some(rest) = rest.map(str::to_owned) {
            key = rest;
        }
    }
    key
}

/// The vowel signs of Thai and Indic scripts stand in the middle of words.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_company_has_one_key() {
        for (a, b) in [
            ("Acme Ltd", "ACME Limited"),
            ("Acme Co., Ltd.", "Acme"),
            ("Fiat S.p.A.", "FIAT SpA"),
            ("Müller GmbH & Co. KG", "Muller GmbH & Co KG"),
            ("Ａｃｍｅ　Ｉｎｃ．", "Acme, Inc."),
            ("大華有限公司", "大華"),
            ("株式会社ソニー", "ソニー"),
            ("บริษัท ไทย จำกัด", "บริษัท ไทย"),
        ] {
            assert_eq!(company_key(a), company_key(b), "{a} / {b}");
        }
        for (a, b) in
            [("Acme", "Acme Asia"), ("Co", "Ltd"), ("Acme 1", "Acme 2"), ("SE", "AG"), ("有限公司", "株式会社")]
        {
            assert_ne!(company_key(a), company_key(b), "{a} / {b}");
        }
        assert_eq!(company_key(" -- "), "");
    }
}
