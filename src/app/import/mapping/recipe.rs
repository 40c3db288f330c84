//! What the columns of another program's export become: worked out once from its headers, then followed row by row. A row gets one more cell
//! for each field that is made of several columns; whatever comes after (plugins, rules) sees them like any other. Files whose columns are one
//! field each have no recipe and pay nothing.

use std::collections::{BTreeMap, HashMap};

use super::bundled::{Bundled, Kinds, Pattern};
use super::noticed::Noticed;
use crate::domain::access::VALUE_SEPARATOR;
use crate::domain::cells::Cells;
use crate::domain::field::{Field, FieldKey, FieldShape, field_for_header, header_key};
use crate::domain::text;

/// How rows of one file are read.
#[derive(Debug)]
pub struct Recipe {
    /// Columns of the file.
    width: usize,
    /// The fields that are made, in the order of their cells.
    outputs: Vec<FieldKey>,
    /// Columns that each output is made of, for telling where a value stood.
    sources: Vec<Vec<usize>>,
    steps: Vec<Step>,
    /// Cells that say nothing, by column.
    empty: HashMap<usize, Vec<String>>,
    /// Columns that no field takes, with those that they repeat.
    watched: Vec<(usize, Watched)>,
    /// The column of birthdays.
    birthday: Option<usize>,
    pub(super) noticed: Noticed,
}

/// One step of making fields.
#[derive(Debug)]
enum Step {
    /// One more value.
    Add { out: usize, column: usize },
    /// One more value of a field that another column names.
    Kind(Box<KindStep>),
    /// The first group of columns that is filled in.
    First(Vec<Group>),
    /// Labels, without those of the program's own.
    Labels { out: usize, column: usize, separator: String, system: Option<String> },
    /// An id with the name of its system.
    Id { out: usize, column: usize, source: String },
}

#[derive(Debug)]
struct KindStep {
    label: Option<usize>,
    column: usize,
    blank: usize,
    otherwise: usize,
    /// By kind in its comparison form; `None` for kinds that no field holds.
    outs: HashMap<String, Option<usize>>,
    /// Fields that a header of that name would mean, as far as they fit.
    by_header: HashMap<FieldKey, usize>,
}

/// The columns of each field that is taken with the group.
type Group = Vec<(usize, Vec<usize>)>;

/// When a column that no field takes is worth telling of.
#[derive(Debug)]
enum Watched {
    /// Whenever it holds something.
    Always,
    /// When none of these does.
    Unless(Vec<usize>),
    /// Never: it is about another one.
    Never,
}

/// A recipe in the making.
pub(super) struct Builder<'h> {
    keys: &'h [String],
    free: Vec<bool>,
    recipe: Recipe,
    /// Columns that are one field each.
    pub(super) direct: Vec<(usize, FieldKey)>,
}

impl<'h> Builder<'h> {
    /// Works out what becomes of the columns that are free: those that nobody else decided about.
    pub(super) fn new(bundled: &Bundled, keys: &'h [String], headers: &[String], free: Vec<bool>) -> Self {
        let recipe = Recipe {
            width: keys.len(),
            outputs: Vec::new(),
            sources: Vec::new(),
            steps: Vec::new(),
            empty: HashMap::new(),
            watched: Vec::new(),
            birthday: None,
            noticed: Noticed::new(headers),
        };
        let mut it = Self { keys, free, recipe, direct: Vec::new() };
        it.read_empty(bundled);
        it.take_fields(bundled);
        it.take_lists(bundled);
        bundled.kinds.iter().for_each(|kinds| it.take_kinds(kinds));
        it.take_groups(bundled);
        it.take_labels(bundled);
        it.take_ids(bundled);
        it.watch(bundled);
        it
    }

    /// Adds a column that is decided elsewhere to the values of a list, if this recipe makes that list.
    pub(super) fn join(&mut self, column: usize, key: &FieldKey) -> bool {
        let Some(out) = self.recipe.outputs.iter().position(|output| output == key).filter(|_| is_list(key)) else {
            return false;
        };
        self.recipe.sources[out].insert(0, column);
        self.recipe.steps.insert(0, Step::Add { out, column });
        true
    }

    /// Returns which columns are spoken for.
    pub(super) fn taken(&self) -> impl Iterator<Item = usize> {
        self.free.iter().enumerate().filter(|(_, free)| !**free).map(|(at, _)| at)
    }

    pub(super) fn outputs(&self) -> &[FieldKey] {
        &self.recipe.outputs
    }

    /// Ends with the columns that are nobody's, which are watched, too.
    pub(super) fn finish(mut self, unknown: impl Iterator<Item = usize>) -> Recipe {
        self.recipe.watched.extend(unknown.map(|column| (column, Watched::Always)));
        self.recipe
    }

    /// Takes the free columns that a pattern fits, with their numbers, in the order of these.
    fn take(&mut self, pattern: &Pattern) -> Vec<(u32, usize)> {
        let mut found: Vec<(u32, usize)> = self
            .keys
            .iter()
            .enumerate()
            .filter(|(at, _)| self.free[*at])
            .filter_map(|(at, key)| pattern.number(key).map(|number| (number, at)))
            .collect();
        found.sort_unstable();
        found.iter().for_each(|(_, at)| self.free[*at] = false);
        found
    }

    fn output(&mut self, field: &str, column: usize) -> Option<usize> {
        let key = FieldKey::parse(field).ok()?;
        let at = self.recipe.outputs.iter().position(|output| *output == key).unwrap_or_else(|| {
            self.recipe.outputs.push(key);
            self.recipe.sources.push(Vec::new());
            self.recipe.outputs.len() - 1
        });
        self.recipe.sources[at].push(column);
        Some(at)
    }

    fn read_empty(&mut self, bundled: &Bundled) {
        for (header, values) in &bundled.empty {
            let pattern = Pattern::new(header);
            for (at, _) in self.keys.iter().enumerate().filter(|(_, key)| pattern.number(key).is_some()) {
                self.recipe.empty.insert(at, values.clone());
            }
        }
    }

    fn take_fields(&mut self, bundled: &Bundled) {
        for (header, field) in &bundled.fields {
            let Some((_, column)) = self.take(&Pattern::new(header)).first().copied() else { continue };
            let Ok(key) = FieldKey::parse(field) else { continue };
            if key.known() == Some(Field::BirthDate) {
                self.recipe.birthday = Some(column);
            }
            if self.recipe.empty.contains_key(&column) {
                let Some(out) = self.output(field, column) else { continue };
                self.recipe.steps.push(Step::Add { out, column });
            } else {
                self.direct.push((column, key));
            }
        }
    }

    fn take_lists(&mut self, bundled: &Bundled) {
        for (field, columns) in &bundled.lists {
            for header in columns {
                for (_, column) in self.take(&Pattern::new(header)) {
                    let Some(out) = self.output(field, column) else { continue };
                    self.recipe.steps.push(Step::Add { out, column });
                }
            }
        }
    }

    fn take_kinds(&mut self, kinds: &Kinds) {
        let label_pattern = Pattern::new(&kinds.label);
        let mut labels: BTreeMap<u32, usize> = self.take(&label_pattern).into_iter().collect();
        for (number, column) in self.take(&Pattern::new(&kinds.value)) {
            let (Some(blank), Some(otherwise)) =
                (self.output(&kinds.blank, column), self.output(&kinds.otherwise, column))
            else {
                continue;
            };
            let outs: HashMap<String, Option<usize>> = kinds
                .fields
                .iter()
                .map(|(kind, field)| (header_key(kind), if field == "-" { None } else { self.output(field, column) }))
                .collect();
            let known = outs.values().flatten().chain([&blank, &otherwise]);
            let by_header = known.map(|out| (self.recipe.outputs[*out].clone(), *out)).collect();
            let label = labels.remove(&number);
            let step = KindStep { label, column, blank, otherwise, outs, by_header };
            self.recipe.steps.push(Step::Kind(Box::new(step)));
        }
    }

    fn take_groups(&mut self, bundled: &Bundled) {
        for first in &bundled.first {
            let mut groups: Vec<Group> = Vec::new();
            for set in &first.of {
                // Numbered sets are as many as there are numbers, unless the numbers are those of a field's lines.
                let patterns: Vec<(&String, Vec<Pattern>)> = set
                    .iter()
                    .map(|(field, columns)| (field, columns.iter().map(|it| Pattern::new(it)).collect()))
                    .collect();
                let every = set.values().flatten().all(|header| header.contains('#'));
                if every {
                    let all = patterns.iter().flat_map(|(_, patterns)| patterns);
                    let numbers = all.fold(std::collections::BTreeSet::new(), |mut numbers, pattern| {
                        numbers.extend(pattern.numbers(self.keys));
                        numbers
                    });
                    groups.extend(numbers.into_iter().map(|number| self.group(&patterns, Some(number))));
                } else {
                    let group = self.group(&patterns, None);
                    groups.push(group);
                }
            }
            groups.retain(|group| !group.is_empty());
            if !groups.is_empty() {
                self.recipe.steps.push(Step::First(groups));
            }
        }
    }

    fn group(&mut self, patterns: &[(&String, Vec<Pattern>)], number: Option<u32>) -> Group {
        let mut group = Group::new();
        for (field, patterns) in patterns {
            let mut columns = Vec::new();
            for pattern in patterns {
                match number {
                    Some(number) => {
                        let found = pattern.column(self.keys, number).filter(|at| self.free[*at]);
                        columns.extend(found.inspect(|at| self.free[*at] = false));
                    }
                    None => columns.extend(self.take(pattern).into_iter().map(|(_, at)| at)),
                }
            }
            let Some(first) = columns.first() else { continue };
            let Some(out) = self.output(field, *first) else { continue };
            self.recipe.sources[out].extend(&columns[1..]);
            group.push((out, columns));
        }
        group
    }

    fn take_labels(&mut self, bundled: &Bundled) {
        for labels in &bundled.labels {
            for (_, column) in self.take(&Pattern::new(&labels.column)) {
                let Some(out) = self.output(Field::Labels.name(), column) else { continue };
                let (separator, system) = (labels.separator.clone(), labels.system.clone());
                self.recipe.steps.push(Step::Labels { out, column, separator, system });
            }
        }
    }

    fn take_ids(&mut self, bundled: &Bundled) {
        for (header, source) in &bundled.ids {
            for (_, column) in self.take(&Pattern::new(header)) {
                let Some(out) = self.output(Field::ExternalId.name(), column) else { continue };
                self.recipe.steps.push(Step::Id { out, column, source: source.clone() });
            }
        }
    }

    fn watch(&mut self, bundled: &Bundled) {
        for (header, others) in &bundled.repeats {
            for (number, column) in self.take(&Pattern::new(header)) {
                let others: Vec<usize> =
                    others.iter().filter_map(|other| Pattern::new(other).column(self.keys, number)).collect();
                let watched = if others.is_empty() { Watched::Never } else { Watched::Unless(others) };
                self.recipe.watched.push((column, watched));
            }
        }
        for header in &bundled.left {
            for (_, column) in self.take(&Pattern::new(header)) {
                self.recipe.watched.push((column, Watched::Always));
            }
        }
        for (header, remark) in &bundled.remarks {
            let pattern = Pattern::new(header);
            for (column, _) in self.keys.iter().enumerate().filter(|(_, key)| pattern.number(key).is_some()) {
                self.recipe.noticed.remark(column, remark);
            }
        }
    }
}

impl Recipe {
    /// The fields that are made, in the order of the cells behind the file's own.
    pub(super) fn outputs(&self) -> &[FieldKey] {
        &self.outputs
    }

    /// Returns the column of the file that a value of a made field comes from: the one that holds it, or holds it among others, or a part of
    /// it, or else the field's first.
    pub(super) fn source(&self, cell: usize, value: &str, cells: &Cells) -> Option<usize> {
        let sources = self.sources.get(cell.checked_sub(self.width)?)?;
        let value = value.trim();
        let find = |fits: &dyn Fn(&str) -> bool| {
            sources.iter().copied().find(|source| {
                let text = self.cell(cells, *source).trim();
                !text.is_empty() && fits(text)
            })
        };
        find(&|text| text == value)
            .or_else(|| find(&|text| !value.is_empty() && text.contains(value)))
            .or_else(|| find(&|text| value.contains(text)))
            .or_else(|| sources.first().copied())
    }

    /// Puts the made fields behind the cells of a row.
    pub(super) fn extend(&self, cells: &mut Cells) {
        cells.truncate(self.width);
        (cells.len()..self.width).for_each(|_| cells.push(""));
        let mut made = vec![String::new(); self.outputs.len()];
        for step in &self.steps {
            self.follow(step, cells, &mut made);
        }
        for (column, watched) in &self.watched {
            self.look_at(*column, watched, cells);
        }
        if self.birthday.is_some_and(|column| is_yearless(self.cell(cells, column))) {
            self.noticed.yearless();
        }
        made.iter().for_each(|value| cells.push(value));
    }

    /// Takes them away again.
    pub(super) fn restore(&self, cells: &mut Cells) {
        cells.truncate(self.width);
    }

    /// The text of a cell; none where the program writes that there is none.
    fn cell<'c>(&self, cells: &'c Cells, column: usize) -> &'c str {
        let cell = cells.get(column).unwrap_or_default();
        let says_nothing = |values: &Vec<String>| values.iter().any(|value| value.eq_ignore_ascii_case(cell.trim()));
        if text::is_blank(cell) || self.empty.get(&column).is_some_and(says_nothing) { "" } else { cell }
    }

    fn follow(&self, step: &Step, cells: &Cells, made: &mut [String]) {
        match step {
            Step::Add { out, column } => add(&mut made[*out], self.cell(cells, *column)),
            Step::Kind(step) => self.add_kind(step, cells, made),
            Step::First(groups) => self.take_first(groups, cells, made),
            Step::Labels { out, column, separator, system } => {
                for label in self.cell(cells, *column).split(&**separator).map(str::trim).filter(|it| !it.is_empty()) {
                    if system.as_ref().is_some_and(|system| label.starts_with(&**system)) {
                        self.noticed.system_label(label);
                    } else if label.contains([',', ';']) {
                        self.noticed.split_label(label);
                    } else {
                        let list = &mut made[*out];
                        list.push_str(if list.is_empty() { "" } else { "; " });
                        list.push_str(label);
                    }
                }
            }
            Step::Id { out, column, source } => {
                let id = self.cell(cells, *column).trim();
                if !id.is_empty() {
                    let list = &mut made[*out];
                    list.push_str(if list.is_empty() { "" } else { "; " });
                    list.push_str(&format!("{source}:{id}"));
                }
            }
        }
    }

    fn add_kind(&self, step: &KindStep, cells: &Cells, made: &mut [String]) {
        let value = self.cell(cells, step.column);
        if value.is_empty() {
            return;
        }
        let label = step.label.map_or("", |label| self.cell(cells, label)).trim();
        // A star before a kind marks the first choice among several.
        let kind = label.trim_start_matches('*').trim();
        let out = if kind.is_empty() {
            Some(step.blank)
        } else if let Some(out) = step.outs.get(&header_key(kind)) {
            *out
        } else if let Some(out) = field_for_header(kind).and_then(|key| step.by_header.get(&key)) {
            Some(*out)
        } else {
            self.noticed.unknown_kind(kind, &self.outputs[step.otherwise]);
            Some(step.otherwise)
        };
        match out {
            Some(out) => add(&mut made[out], value),
            None => self.noticed.left_kind(step.column, kind),
        }
    }

    /// Takes the first group with a value; what others say is told, unless it is the same.
    fn take_first(&self, groups: &[Group], cells: &Cells, made: &mut [String]) {
        let filled = |group: &&Group| {
            group.iter().any(|(_, columns)| columns.iter().any(|at| !self.cell(cells, *at).is_empty()))
        };
        let mut filled = groups.iter().filter(filled);
        let Some(chosen) = filled.next() else { return };
        for (out, columns) in chosen {
            let lines = columns.iter().map(|at| self.cell(cells, *at)).filter(|line| !line.is_empty());
            made[*out] = lines.collect::<Vec<_>>().join(if is_street(&self.outputs[*out]) { "\n" } else { " " });
        }
        for (out, columns) in filled.flatten() {
            for at in columns {
                let cell = self.cell(cells, *at);
                if !cell.is_empty() && made[*out].trim() != cell.trim() {
                    self.noticed.left(*at);
                }
            }
        }
    }

    fn look_at(&self, column: usize, watched: &Watched, cells: &Cells) {
        let told = match watched {
            Watched::Never => false,
            Watched::Always => true,
            Watched::Unless(others) => others.iter().all(|other| self.cell(cells, *other).is_empty()),
        };
        if told && !self.cell(cells, column).is_empty() {
            self.noticed.left(column);
        }
    }
}

/// One more value of a field, behind those that it has; what is there already is not there twice.
fn add(list: &mut String, value: &str) {
    let known = |value: &str| list.split(VALUE_SEPARATOR).any(|known| known.trim().eq_ignore_ascii_case(value.trim()));
    let fresh: Vec<&str> = value.split(VALUE_SEPARATOR).filter(|part| !text::is_blank(part) && !known(part)).collect();
    for part in fresh {
        list.push_str(if list.is_empty() { "" } else { VALUE_SEPARATOR });
        list.push_str(part);
    }
}

fn is_street(key: &FieldKey) -> bool {
    key.known() == Some(Field::Street)
}

/// Whether a field may have several values, written with ` ::: ` between them.
pub(super) fn is_list(key: &FieldKey) -> bool {
    key.known().is_some_and(|field| {
        matches!(field.shape(), FieldShape::Phone(_) | FieldShape::Email(_) | FieldShape::Social(_))
            || matches!(field, Field::OtherFirstNames | Field::OtherLastNames)
    })
}

/// `--06-12`, or the year 1604: a birthday without its year.
fn is_yearless(birthday: &str) -> bool {
    let birthday = birthday.trim();
    birthday.starts_with("--") || birthday.starts_with("1604-")
}
