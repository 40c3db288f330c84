//! Names of months, as files have them: in six languages, in full and as they are shortened there.

use crate::domain::text::fold;

/// English names, for writing and for reading.
pub(super) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Names in French, German, Italian, Portuguese and Spanish, month by month, as `fold` leaves them.
const OTHERS: [&[&str]; 12] = [
    &["janvier", "januar", "janner", "gennaio", "janeiro", "enero"],
    &["fevrier", "februar", "febbraio", "fevereiro", "febrero"],
    &["mars", "marz", "marzo", "marco"],
    &["avril", "aprile", "abril"],
    &["mai", "maggio", "maio", "mayo"],
    &["juin", "juni", "giugno", "junho", "junio"],
    &["juillet", "juli", "luglio", "julho", "julio"],
    &["aout", "agosto"],
    &["septembre", "settembre", "setembro", "septiembre", "setiembre"],
    &["octobre", "oktober", "ottobre", "outubro", "octubre"],
    &["novembre", "novembro", "noviembre"],
    &["decembre", "dezember", "dicembre", "dezembro", "diciembre"],
];

/// Fewest letters of a name that is shortened.
const SHORTEST: usize = 3;

/// Finds the month of a name; of a shortened one too, where that is no other month's.
pub(super) fn month_of(name: &str, full: bool) -> Option<u32> {
    // `märz` and `maerz` are the same to whoever writes without dots on letters.
    let name = fold(name).replace("maerz", "marz").replace("jaenner", "janner");
    let names = |at: usize| std::iter::once(&MONTHS[at]).chain(OTHERS[at]);
    let whole = (0..12).find(|at| names(*at).any(|known| *known == name));
    let shortened = || {
        let mut fitting = (0..12).filter(|at| names(*at).any(|known| known.starts_with(name.as_str())));
        fitting.next().filter(|_| name.len() >= SHORTEST && fitting.next().is_none())
    };
    let at = whole.or_else(|| if full { None } else { shortened() })?;
    u32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_full_and_shortened() {
        for (name, full, month) in [
            ("January", true, Some(1)),
            ("März", true, Some(3)),
            ("FÉVRIER", true, Some(2)),
            ("março", true, Some(3)),
            ("Jan", true, None),
            ("gen", false, Some(1)),
            ("janv", false, Some(1)),
            ("Sept", false, Some(9)),
            ("set", false, Some(9)),
            ("out", false, Some(10)),
            ("déc", false, Some(12)),
            ("mai", false, Some(5)),
            ("mar", false, Some(3)),
            ("jui", false, None),
            ("juil", false, Some(7)),
            ("ju", false, None),
            ("", false, None),
            ("Maerz", false, Some(3)),
        ] {
            assert_eq!(month_of(name, full), month, "{name}");
        }
    }

    #[test]
    fn names_are_written_as_they_are_looked_for() {
        for name in MONTHS.iter().chain(OTHERS.into_iter().flatten()) {
            assert_eq!(fold(name), **name);
        }
    }
}
