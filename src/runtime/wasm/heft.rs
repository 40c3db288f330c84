//! What a component would take to compile and to set up, estimated before either is begun: a file of a few kilobytes can ask for hours of
//! compiling, or for a million instances. What slips through is ended by the time that compiling may take, in `loaded`.

use wasmparser::{
    BinaryReaderError, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, FunctionBody, Instance, Operator, Payload,
};

use crate::plugin::package::LoadError;

// SpiderMonkey and CPython, compiled for guests in JavaScript and Python, are the heaviest components that people have. Each limit is several
// times what they need, and no function within all of them takes more than a few seconds.

/// Largest function, in bytes. (CPython: 430,000.)
const FUNCTION_BYTES: usize = 1 << 20;

/// Deepest nesting of loops. (16)
const LOOPS: usize = 100;

/// Deepest nesting of loops times variables: each variable is carried through each loop. (2,300)
const DEPTH_BY_VARIABLES: usize = 30_000;

/// Loops of a function: the compiler's time grows with their square. (392)
const ALL_LOOPS: usize = 2000;

/// Branches of a function, for the same reason. (7,800)
const BRANCHES: usize = 20_000;

/// Loops of a function, times its variables. (53,000)
const LOOPS_BY_VARIABLES: usize = 500_000;

/// Branches of a function, times its variables. (460,000)
const BRANCHES_BY_VARIABLES: usize = 3_000_000;

/// What all functions may take together, in the estimate of [`Shape::nanoseconds`].
const ALL_NANOSECONDS: u64 = 20_000_000_000;

/// Functions below this many bytes times variables are not looked into.
const SMALL: usize = 20_000;

/// Most instances, counted as often as they are made.
const INSTANCES: u64 = 1000;

/// Most functions that a component has between its parts and the host: each is compiled on its own. (CPython: 163.)
const BETWEEN: u32 = 2000;

/// Gathers the weight of a component while it is parsed.
#[derive(Default)]
pub(super) struct Heft {
    outer: Frame,
    nanoseconds: u64,
    between: u32,
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
            Payload::CodeSectionEntry(body) => return self.function(body),
            Payload::ComponentCanonicalSection(functions) => {
                self.between = self.between.saturating_add(functions.count());
                if self.between > BETWEEN {
                    let message = format!("it has more than {BETWEEN} functions between its parts and the host");
                    return Ok(Err(LoadError::new(message).hint("import each function of the host once")));
                }
            }
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

    /// Weighs one function.
    fn function(&mut self, body: &FunctionBody<'_>) -> Result<Result<(), LoadError>, BinaryReaderError> {
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
        let shape = Shape { variables, ..shape(body)? };
        let Shape { branches, loops, deepest, .. } = shape;
        if deepest > LOOPS || deepest.saturating_mul(variables) > DEPTH_BY_VARIABLES {
            return too_much(format!("its loops are {deepest} deep, with {variables} variables"));
        }
        if loops > ALL_LOOPS || loops.saturating_mul(variables) > LOOPS_BY_VARIABLES {
            return too_much(format!("it has {loops} loops and {variables} variables"));
        }
        if branches > BRANCHES || branches.saturating_mul(variables) > BRANCHES_BY_VARIABLES {
            return too_much(format!("it has {branches} branches and {variables} variables"));
        }
        self.nanoseconds = self.nanoseconds.saturating_add(shape.nanoseconds());
        if self.nanoseconds > ALL_NANOSECONDS {
            return Ok(Err(LoadError::new("its functions would take too long to compile, all together")
                .hint("it has many functions with many loops, branches and variables: take them apart")));
        }
        Ok(Ok(()))
    }
}

/// What makes a function hard to compile.
#[derive(Default)]
struct Shape {
    variables: usize,
    branches: usize,
    loops: usize,
    deepest: usize,
}

impl Shape {
    /// About what it takes to compile beyond what goes by its length, as measured on a slow machine.
    fn nanoseconds(&self) -> u64 {
        let [variables, branches, loops] = [self.variables, self.branches, self.loops].map(|count| count as u64);
        50 * branches * variables + 8 * branches * branches + 500 * loops * loops
    }
}

/// Counts branches and loops.
fn shape(body: &FunctionBody<'_>) -> Result<Shape, BinaryReaderError> {
    let (mut shape, mut blocks, mut depth) = (Shape::default(), Vec::new(), 0_usize);
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Loop { .. } => {
                (shape.branches, shape.loops, depth) = (shape.branches + 1, shape.loops + 1, depth + 1);
                shape.deepest = shape.deepest.max(depth);
                blocks.push(true);
            }
            Operator::Block { .. } | Operator::If { .. } => {
                shape.branches += 1;
                blocks.push(false);
            }
            Operator::Else | Operator::BrIf { .. } | Operator::BrTable { .. } => shape.branches += 1,
            Operator::End => depth -= usize::from(blocks.pop() == Some(true)),
            _ => {}
        }
    }
    Ok(shape)
}

#[cfg(test)]
mod tests {
    use crate::runtime::wasm::hooks_of;

    /// A component of so many functions; says what is wrong with it.
    fn weigh(functions: usize, variables: usize, body: &str) -> String {
        let function = format!("(func (param i32) (local {}) {body})", "i32 ".repeat(variables));
        let text = format!("(component (core module {}))", function.repeat(functions));
        hooks_of(&wat::parse_str(text).unwrap()).unwrap_err().message
    }

    #[track_caller]
    fn check((functions, variables, step, times): (usize, usize, &str, usize), too_much: bool) {
        let told = weigh(functions, variables, &step.repeat(times));
        // One that is not too heavy is refused for having no hook, after all.
        assert_eq!(told.contains("too long to compile"), too_much, "{functions} × {times} × {step}: {told}");
    }

    const BRANCH: &str = "(if (local.get 0) (then (local.set 0 (i32.const 7))))";
    const LOOP: &str = "(loop (br_if 0 (local.get 0)))";
    const STEP: &str = "(local.set 0 (i32.mul (local.get 0) (i32.const 77)))";

    #[test]
    fn functions_are_weighed_one_by_one() {
        check((1, 0, BRANCH, 19_000), false);
        check((1, 0, BRANCH, 21_000), true);
        check((1, 1000, BRANCH, 2800), false);
        check((1, 1000, BRANCH, 3100), true);
        check((1, 0, LOOP, 900), false);
        check((1, 0, LOOP, 2100), true);
        check((1, 600, LOOP, 900), true);
        check((1, 29_000, LOOP, 1), false);
        check((1, 31_000, LOOP, 1), true);
        check((1, 0, STEP, 100_000), false);
        check((1, 0, STEP, 150_000), true);
    }

    #[test]
    fn functions_are_weighed_together() {
        check((5, 0, BRANCH, 19_000), false);
        check((8, 0, BRANCH, 19_000), true);
        check((12, 0, LOOP, 1500), false);
        check((40, 0, LOOP, 1500), true);
        check((200, 1000, BRANCH, 1000), false);
        check((200, 1000, BRANCH, 2500), true);
    }
}
