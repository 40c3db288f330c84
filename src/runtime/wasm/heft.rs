//! What a component would take to compile and to set up, estimated before either is begun: a file of a few kilobytes can ask for hours of
//! compiling, or for a million instances. What slips through is ended by the time that compiling may take, in `loaded`.

use wasmparser::{
    BinaryReaderError, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, FunctionBody, Instance, Operator, Payload,
};

use crate::plugin::package::LoadError;

/// Largest function, in bytes.
const FUNCTION_BYTES: usize = 2 << 20;

/// Deepest nesting of loops; people's programs have a tenth of it.
const LOOPS: usize = 100;

/// Most loops around each other times variables, where there are more loops than programs have.
const LOOPS_BY_VARIABLES: (usize, usize) = (16, 30_000);

/// Most branches of a function times its variables.
const BRANCHES_BY_VARIABLES: usize = 20_000_000;

/// Functions below this many bytes times variables are not looked into.
const SMALL: usize = 20_000;

/// Most instances, counted as often as they are made.
const INSTANCES: u64 = 1000;

/// Gathers the weight of a component while it is parsed.
#[derive(Default)]
pub(super) struct Heft {
    outer: Frame,
    inner: Vec<(bool, Frame)>,
}

/// One component: those that it knows by number, each with the instances that it makes.
#[derive(Default)]
struct Frame {
    components: Vec<Option<u64>>,
    instances: u64,
}

impl Heft {
    /// Adds a part.
    ///
    /// # Errors
    /// What is too much, or the parser's error on the inside.
    pub(super) fn note(&mut self, payload: &Payload<'_>) -> Result<Result<(), LoadError>, BinaryReaderError> {
        match payload {
            Payload::ModuleSection { .. } => self.inner.push((false, Frame::default())),
            Payload::ComponentSection { .. } => self.inner.push((true, Frame::default())),
            Payload::End(_) => {
                if let Some((true, ended)) = self.inner.pop() {
                    self.here().components.push(Some(ended.instances));
                }
            }
            Payload::CodeSectionEntry(body) => return function(body),
            Payload::ComponentImportSection(imports) => {
                for import in imports.clone() {
                    if matches!(import?.ty, ComponentTypeRef::Component(_)) {
                        self.here().components.push(None);
                    }
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports.clone() {
                    let export = export?;
                    if export.kind == ComponentExternalKind::Component {
                        let known = self.component(0, export.index);
                        self.here().components.push(known);
                    }
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases.clone() {
                    match alias? {
                        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => {
                            self.here().components.push(None);
                        }
                        ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                            let known = self.component(count as usize, index);
                            self.here().components.push(known);
                        }
                        _ => {}
                    }
                }
            }
            Payload::InstanceSection(instances) => {
                for instance in instances.clone() {
                    let made = matches!(instance?, Instance::Instantiate { .. });
                    self.here().instances += u64::from(made);
                }
                return Ok(self.check());
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances.clone() {
                    let ComponentInstance::Instantiate { component_index, .. } = instance? else { continue };
                    let Some(inside) = self.component(0, component_index) else {
                        return Ok(Err(LoadError::new("it makes instances of components that come from outside")
                            .hint("link what it is made of into one component")));
                    };
                    let here = self.here();
                    here.instances = here.instances.saturating_add(inside).saturating_add(1);
                }
                return Ok(self.check());
            }
            _ => {}
        }
        Ok(Ok(()))
    }

    fn here(&mut self) -> &mut Frame {
        self.inner.last_mut().map_or(&mut self.outer, |(_, frame)| frame)
    }

    /// Finds a component by number, so many frames further out.
    fn component(&self, out: usize, index: u32) -> Option<u64> {
        let depth = self.inner.len().checked_sub(out)?;
        let frame = depth.checked_sub(1).map_or(&self.outer, |at| &self.inner[at].1);
        *frame.components.get(index as usize)?
    }

    fn check(&mut self) -> Result<(), LoadError> {
        if self.here().instances <= INSTANCES {
            return Ok(());
        }
        Err(LoadError::new(format!("its components make more than {INSTANCES} instances"))
            .hint("components in components multiply: link them into fewer"))
    }
}

/// Weighs one function.
fn function(body: &FunctionBody<'_>) -> Result<Result<(), LoadError>, BinaryReaderError> {
    let (start, bytes) = (body.range().start, body.range().len());
    let too_much = |what: String| {
        Ok(Err(LoadError::new(format!("the function at byte {start} would take too long to compile: {what}"))
            .hint("take it apart into smaller functions")))
    };
    if bytes > FUNCTION_BYTES {
        return too_much(format!("it has {bytes} bytes, more than {FUNCTION_BYTES}"));
    }
    let mut variables = 16_usize;
    for local in body.get_locals_reader()? {
        variables = variables.saturating_add(local?.0 as usize);
    }
    if bytes.saturating_mul(variables) < SMALL {
        return Ok(Ok(()));
    }
    let (mut branches, mut blocks, mut loops, mut deepest) = (0_usize, Vec::new(), 0_usize, 0_usize);
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Loop { .. } => {
                (branches, loops) = (branches + 1, loops + 1);
                deepest = deepest.max(loops);
                blocks.push(true);
            }
            Operator::Block { .. } | Operator::If { .. } => {
                branches += 1;
                blocks.push(false);
            }
            Operator::Else | Operator::BrIf { .. } | Operator::BrTable { .. } => branches += 1,
            Operator::End => loops -= usize::from(blocks.pop() == Some(true)),
            _ => {}
        }
    }
    let (many, product) = LOOPS_BY_VARIABLES;
    if deepest > LOOPS || (deepest > many && deepest.saturating_mul(variables) > product) {
        return too_much(format!("its loops are {deepest} deep, with {variables} variables"));
    }
    if branches.saturating_mul(variables) > BRANCHES_BY_VARIABLES {
        return too_much(format!("it has {branches} branches and {variables} variables"));
    }
    Ok(Ok(()))
}
