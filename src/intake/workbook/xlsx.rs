//! A workbook of Excel (Office Open XML): its sheets, formats and shared texts, and the rows of one sheet as a stream.

use std::collections::HashMap;

use super::format::Format;
use super::package::Package;
use super::serial::Epoch;
use super::sheet::Found;
use super::sheet::Sheet;
use super::sheet::add;
use super::strings::Strings;
use super::strings::rich_text;
use super::xml::Node;
use super::xml::Xml;
use crate::intake::IntakeErrorKind;

pub(super) use self::rows::XlsxRows;

mod rows;

/// What a relation's type ends with, if it points to a sheet of cells.
const WORKSHEET: &str = "/worksheet";
/// How much of a sheet is unpacked to see what is in it.
const GLANCE: u64 = 8 << 20;

/// What is common to all sheets.
pub(super) struct Xlsx {
    pub(super) sheets: Vec<Sheet>,
    /// Whether there are sheets without cells, such as charts.
    pub(super) charts: bool,
    /// The parts of the sheets.
    parts: Vec<String>,
    strings: Option<String>,
    styles: Option<String>,
    epoch: Epoch,
}

/// A pointer from one part to another.
struct Relation {
    id: String,
    kind: String,
    target: String,
}

impl Xlsx {
    /// Where the workbook's own part is, if this is a workbook of Excel.
    pub(super) fn main_part(package: &mut Package) -> Result<Option<String>, IntakeErrorKind> {
        if package.has("_rels/.rels") {
            let relations = relations(package, "_rels/.rels", "")?;
            let main = relations.into_iter().find(|relation| relation.kind.ends_with("/officeDocument"));
            if let Some(main) = main.filter(|main| is_workbook(&main.target)) {
                return Ok(Some(main.target));
            }
        }
        Ok(package.has("xl/workbook.xml").then(|| "xl/workbook.xml".to_owned()))
    }

    /// Reads which sheets there are.
    pub(super) fn open(package: &mut Package, main: &str) -> Result<Self, IntakeErrorKind> {
        let (folder, name) = main.rsplit_once('/').unwrap_or(("", main));
        let related = relations(package, &resolved(folder, &format!("_rels/{name}.rels")), folder)?;
        let ending = |ending: &str| related.iter().find(|relation| relation.kind.ends_with(ending));
        let target = |relation: Option<&Relation>| relation.map(|relation| relation.target.clone());
        let mut workbook = Self {
            sheets: Vec::new(),
            charts: false,
            parts: Vec::new(),
            strings: target(ending("/sharedStrings")).filter(|part| package.has(part)),
            styles: target(ending("/styles")).filter(|part| package.has(part)),
            epoch: Epoch::Of1900,
        };
        let mut xml = Xml::new(package.small(main)?);
        loop {
            match xml.next()? {
                Node::Start(tag) if tag.name() == "workbookPr" => {
                    if matches!(tag.attribute("date1904").as_deref(), Some("1" | "true" | "on")) {
                        workbook.epoch = Epoch::Of1904;
                    }
                }
                Node::Start(tag) if tag.name() == "sheet" => {
                    let id = tag.attribute("id").unwrap_or_default();
                    let relation = related.iter().find(|relation| relation.id == id);
                    match relation.filter(|relation| relation.kind.ends_with(WORKSHEET)) {
                        Some(relation) => {
                            let hidden = tag.attribute("state").is_some_and(|state| state != "visible");
                            let name = tag.attribute("name").unwrap_or_default();
                            add(&mut workbook.sheets, Sheet { name, hidden, found: Found::default() })?;
                            workbook.parts.push(relation.target.clone());
                        }
                        None => workbook.charts = true,
                    }
                }
                Node::Eof => break,
                _ => {}
            }
        }
        for at in 0..workbook.sheets.len() {
            // What another sheet is like must not keep this one from being read.
            workbook.sheets[at].found = survey(package, &workbook.parts[at], false).unwrap_or_default();
        }
        Ok(workbook)
    }

    /// What is to be said of a sheet before its rows; damage, too, unless it is far behind.
    pub(super) fn look(&self, package: &mut Package, sheet: usize) -> Result<Found, IntakeErrorKind> {
        survey(package, &self.parts[sheet], true)
    }

    /// The rows of one sheet.
    pub(super) fn rows(&self, package: &mut Package, sheet: usize) -> Result<XlsxRows, IntakeErrorKind> {
        let formats = match &self.styles {
            Some(part) => formats(Xml::new(package.small(part)?))?,
            None => Vec::new(),
        };
        let strings = match &self.strings {
            Some(part) => Strings::read(Xml::new(package.texts(part)?))?,
            None => Strings::default(),
        };
        Ok(XlsxRows::new(Xml::new(package.large(&self.parts[sheet])?), strings, formats, self.epoch))
    }
}

fn is_workbook(part: &str) -> bool {
    part.starts_with("xl/") || part.to_lowercase().ends_with("workbook.xml")
}

/// Where a part points to; no file means nowhere.
fn relations(package: &mut Package, part: &str, folder: &str) -> Result<Vec<Relation>, IntakeErrorKind> {
    let mut relations = Vec::new();
    if !package.has(part) {
        return Ok(relations);
    }
    let mut xml = Xml::new(package.small(part)?);
    loop {
        match xml.next()? {
            Node::Start(tag) if tag.name() == "Relationship" => {
                let attribute = |name: &str| tag.attribute(name).unwrap_or_default();
                let target = resolved(folder, &attribute("Target"));
                relations.push(Relation { id: attribute("Id"), kind: attribute("Type"), target });
            }
            Node::Eof => return Ok(relations),
            _ => {}
        }
    }
}

/// A target as a part's name: from the root if it says so, or else from the folder of the part that points there.
fn resolved(folder: &str, target: &str) -> String {
    let mut steps: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.retain(|step| !step.is_empty());
    steps.join("/")
}

/// What the numbers of each cell style are.
fn formats(mut xml: Xml) -> Result<Vec<Format>, IntakeErrorKind> {
    let mut codes: HashMap<u32, Format> = HashMap::new();
    let mut formats = Vec::new();
    let mut in_cells = false;
    loop {
        match xml.next()? {
            Node::Start(tag) => match tag.name() {
                // Those of conditional formats come after the cells' and do not count.
                "numFmt" if formats.is_empty() => {
                    let id = tag.attribute("numFmtId").and_then(|id| id.parse().ok());
                    let code = tag.attribute("formatCode").unwrap_or_default();
                    codes.extend(id.map(|id| (id, Format::of_code(&code))));
                }
                "cellXfs" => in_cells = true,
                "xf" if in_cells => {
                    let id = tag.attribute("numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                    formats.push(codes.get(&id).copied().unwrap_or_else(|| Format::built_in(id)));
                }
                _ => {}
            },
            Node::End(tag) if tag.name() == "cellXfs" => in_cells = false,
            Node::Eof => return Ok(formats),
            _ => {}
        }
    }
}

/// What is in a sheet, as far as its beginning tells; if not `whole`, only whether it has a cell with a value.
fn survey(package: &mut Package, part: &str, whole: bool) -> Result<Found, IntakeErrorKind> {
    let mut xml = Xml::new(package.large(part)?);
    let mut found = Found::default();
    let mut hidden = false;
    let mut text = String::new();
    while xml.part().unpacked() < GLANCE && (whole || !found.filled) {
        text.clear();
        match xml.next()? {
            Node::Start(tag) => match tag.name() {
                "row" => hidden = matches!(tag.attribute("hidden").as_deref(), Some("1" | "true")),
                "mergeCell" => found.merged += 1,
                "v" => xml.text(&mut text)?,
                "is" => rich_text(&mut xml, &mut text)?,
                _ => {}
            },
            Node::Eof => break,
            _ => {}
        }
        if !text.is_empty() {
            found.filled = true;
            found.hidden_rows += u64::from(std::mem::take(&mut hidden));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_from_where_they_are_named() {
        assert_eq!(resolved("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("xl", "/xl/worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("xl", "../custom/./sheet1.xml"), "custom/sheet1.xml");
        assert_eq!(resolved("", "xl/workbook.xml"), "xl/workbook.xml");
    }
}
