//! One row: which cells are repaired, and where the second number of a cell goes.

use std::cell::OnceCell;

use crate::plan::Plan;
use crate::{cell, number};

/// Where the second number of a cell goes, if that is free.
const SPARE: &str = "other_phone";

/// What this plugin needs of a row. The host's row has it, and so has the one of the tests.
pub trait Cells {
    /// Why an access failed.
    type Refusal;
    /// Returns a cell by header or field name; `None` without such a column.
    fn get(&self, name: &str) -> Result<Option<String>, Self::Refusal>;
    /// Sets a cell.
    fn set(&self, name: &str, value: &str) -> Result<(), Self::Refusal>;
}

/// What the deployment configured.
pub struct Settings {
    default_plan: Option<&'static Plan>,
    columns: Vec<String>,
}

impl Settings {
    /// `default_country` counts for rows that name none; `columns` are the fields or headers to repair.
    pub fn new(default_country: &str, columns: Vec<String>) -> Self {
        Self { default_plan: Plan::of_country(default_country), columns }
    }
}

/// Repairs the phone cells of a row. Cells that are clean, or that cannot be read in exactly one way, are not touched.
pub fn repair<C: Cells>(row: &C, settings: &Settings) -> Result<(), C::Refusal> {
    let home = Home { row, settings, plan: OnceCell::new() };
    for column in &settings.columns {
        if let Some(text) = row.get(column)?.filter(|text| !text.trim().is_empty()) {
            repair_cell(row, &home, column, &text)?;
        }
    }
    Ok(())
}

fn repair_cell<C: Cells>(row: &C, home: &Home<'_, C>, column: &str, text: &str) -> Result<(), C::Refusal> {
    if number::is_clean(text) {
        return Ok(());
    }
    match read_one(text, home)? {
        Some(clean) if clean == text => Ok(()),
        Some(clean) => row.set(column, &clean),
        None => repair_two(row, home, column, text),
    }
}

/// Three numbers have no room, and a cell of which one is unreadable is reported better by the built-in rules.
fn repair_two<C: Cells>(row: &C, home: &Home<'_, C>, column: &str, text: &str) -> Result<(), C::Refusal> {
    let [first, second] = *cell::split(text) else { return Ok(()) };
    match (read_one(first, home)?, read_one(second, home)?) {
        (Some(first), Some(second)) => spread(row, column, &first, &second),
        _ => Ok(()),
    }
}

/// Puts the second number of a cell where it loses nothing: the same number twice is one, and a taken column is not overwritten.
fn spread<C: Cells>(row: &C, column: &str, first: &str, second: &str) -> Result<(), C::Refusal> {
    if first != second {
        let is_taken = row.get(SPARE)?.is_some_and(|text| !text.trim().is_empty());
        if column == SPARE || is_taken {
            return Ok(());
        }
        row.set(SPARE, second)?;
    }
    row.set(column, first)
}

fn read_one<C: Cells>(text: &str, home: &Home<'_, C>) -> Result<Option<String>, C::Refusal> {
    let Some(written) = cell::read(text) else { return Ok(None) };
    let plan = if written.plus { None } else { home.plan()? };
    Ok(number::clean(&written, plan))
}

/// The plan of the row's country, looked up when the first number without a country code asks for it. A call into the host is the
/// dearest thing that a small plugin does, and most numbers don't need this one.
struct Home<'r, C> {
    row: &'r C,
    settings: &'r Settings,
    plan: OnceCell<Option<&'static Plan>>,
}

impl<C: Cells> Home<'_, C> {
    /// A country that is named but unknown is not replaced by the default: that would be a guess.
    fn plan(&self) -> Result<Option<&'static Plan>, C::Refusal> {
        if let Some(plan) = self.plan.get() {
            return Ok(*plan);
        }
        let country = self.row.get("country")?.filter(|text| !text.trim().is_empty());
        let plan = country.map_or(self.settings.default_plan, |name| Plan::of_country(&name));
        Ok(*self.plan.get_or_init(|| plan))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    /// A row that counts what was asked of it.
    #[derive(Default)]
    struct FakeRow {
        cells: RefCell<BTreeMap<String, String>>,
        reads: RefCell<Vec<String>>,
        writes: RefCell<Vec<(String, String)>>,
    }

    impl Cells for FakeRow {
        type Refusal = ();

        fn get(&self, name: &str) -> Result<Option<String>, ()> {
            self.reads.borrow_mut().push(name.to_owned());
            Ok(self.cells.borrow().get(name).cloned())
        }

        fn set(&self, name: &str, value: &str) -> Result<(), ()> {
            self.writes.borrow_mut().push((name.to_owned(), value.to_owned()));
            self.cells.borrow_mut().insert(name.to_owned(), value.to_owned());
            Ok(())
        }
    }

    fn repaired(cells: &[(&str, &str)], default_country: &str) -> FakeRow {
        let row = FakeRow::default();
        row.cells.borrow_mut().extend(cells.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
        let columns = ["mobile", "work_phone", "other_phone"].map(str::to_owned).to_vec();
        repair(&row, &Settings::new(default_country, columns)).expect("this row refuses nothing");
        row
    }

    #[track_caller]
    fn check(cells: &[(&str, &str)], default_country: &str, writes: &[(&str, &str)]) {
        let row = repaired(cells, default_country);
        let written = row.writes.borrow();
        let written: Vec<(&str, &str)> = written.iter().map(|(name, text)| (&**name, &**text)).collect();
        assert_eq!(written, writes, "{cells:?}");
    }

    #[test]
    fn clean_cells_cost_neither_a_write_nor_a_look_at_the_country() {
        let row = repaired(&[("mobile", "+85212345678"), ("work_phone", ""), ("country", "HK")], "");
        assert!(row.writes.borrow().is_empty());
        assert_eq!(*row.reads.borrow(), ["mobile", "work_phone", "other_phone"]);
    }

    #[test]
    fn the_rows_country_comes_before_the_default() {
        check(&[("mobile", "12345678"), ("country", "SG")], "HK", &[("mobile", "+6512345678")]);
        check(&[("mobile", "12345678"), ("country", " ")], "HK", &[("mobile", "+85212345678")]);
        check(&[("mobile", "12345678"), ("country", "Kowloon")], "HK", &[]);
        check(&[("mobile", "12345678")], "", &[]);
    }

    #[test]
    fn the_second_number_of_a_cell_finds_a_free_column() {
        let two = "+85212345678; +852 8765 4321";
        check(&[("mobile", two)], "", &[("other_phone", "+85287654321"), ("mobile", "+85212345678")]);
        check(&[("mobile", two), ("other_phone", "+85211112222")], "", &[]);
        check(&[("other_phone", two)], "", &[]);
        check(&[("mobile", "+85212345678/+85212345678")], "", &[("mobile", "+85212345678")]);
        check(&[("mobile", "+85212345678; +85287654321; +85211112222")], "", &[]);
        check(&[("mobile", "+85212345678; home")], "", &[]);
    }

    #[test]
    fn two_cells_with_two_numbers_do_not_fight() {
        let (mobile, work) = ("+85212345678; +85287654321", "+85211112222; +85233334444");
        check(
            &[("mobile", mobile), ("work_phone", work)],
            "",
            &[("other_phone", "+85287654321"), ("mobile", "+85212345678")],
        );
    }
}
