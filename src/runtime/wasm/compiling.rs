//! Compiling within a time. What would take too long is mostly found before it is begun, in `heft`; this is for what slips through.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::plugin::package::LoadError;

use super::loaded::cannot;

/// Stack for compiling: what is nested deep in the code makes the compiler recurse.
const STACK: usize = 16 << 20;

/// Most components that were given up and are still being compiled. As long as there are so many, no other is begun.
const MOST_LEFT: usize = 2;

/// How long compiling may take: ten times what it takes on a slow and busy machine.
pub(super) fn time(bytes: usize) -> Duration {
    Duration::from_secs(10 + 10 * (bytes as u64 >> 20))
}

/// Compiles on threads of its own. The compiler cannot be interrupted, so one that takes too long is left to itself, and ends with the process
/// at the latest. Nobody waits for it, none is begun twice at a time, and there are few of them. Clones share what is left.
#[derive(Clone, Default, Debug)]
pub(super) struct Compiler {
    left: Arc<Mutex<Vec<Weak<Work>>>>,
}

/// What a thread is at. It ends with the thread, however that ends.
#[derive(Debug)]
struct Work {
    code: Arc<[u8]>,
}

impl Compiler {
    /// Compiles, and waits so long for it.
    ///
    /// # Errors
    /// What is wrong with the component; that it takes too long; that it, or others, took too long and are still under way.
    pub(super) fn compile(&self, engine: &Engine, code: &Arc<[u8]>, time: Duration) -> Result<Component, LoadError> {
        self.check(code)?;
        let work = Arc::new(Work { code: Arc::clone(code) });
        let (begun, engine, (sender, receiver)) = (Arc::downgrade(&work), engine.clone(), mpsc::channel());
        let compiling = move || {
            let compiled = Component::from_binary(&engine, &work.code);
            drop(work);
            // Whoever gave up does not listen any more.
            drop(sender.send(compiled));
        };
        let worker = thread::Builder::new().name("compile plugin".to_owned()).stack_size(STACK);
        if let Err(error) = worker.spawn(compiling) {
            return Err(LoadError::new(format!("cannot start a thread to compile the component: {error}")));
        }
        match receiver.recv_timeout(time) {
            Ok(compiled) => compiled.map_err(|error| cannot("be compiled", &error)),
            Err(RecvTimeoutError::Timeout) => {
                self.left.lock().unwrap_or_else(PoisonError::into_inner).push(begun);
                Err(LoadError::new(format!("the component cannot be compiled within {} s", time.as_secs()))
                    .hint("it holds functions that the compiler cannot cope with: take them apart"))
            }
            Err(RecvTimeoutError::Disconnected) => Err(LoadError::new("the component breaks the compiler")),
        }
    }

    /// Says whether one more may be begun.
    fn check(&self, code: &[u8]) -> Result<(), LoadError> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let under_way: Vec<Arc<Work>> = left.iter().filter_map(Weak::upgrade).collect();
        left.retain(|work| work.strong_count() > 0);
        if under_way.iter().any(|work| *work.code == *code) {
            return Err(LoadError::new("the component took too long to compile, and is still being compiled")
                .hint("it holds functions that the compiler cannot cope with: take them apart"));
        }
        if under_way.len() >= MOST_LEFT {
            let message =
                format!("{} other components took too long to compile and still take up the compiler", under_way.len());
            return Err(LoadError::new(message).hint("take them away and start the program again"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// Takes a second or so.
    fn heavy(factor: usize) -> Arc<[u8]> {
        let body = format!("(local.set 0 (i32.mul (local.get 0) (i32.const {factor})))").repeat(50_000);
        wat::parse_str(format!("(component (core module (func (param i32) {body})))")).unwrap().into()
    }

    #[test]
    fn compiling_is_not_waited_for_for_ever_and_what_is_left_is_bounded() {
        let (engine, compiler) = (Engine::default(), Compiler::default());
        let light: Arc<[u8]> = wat::parse_str("(component)").unwrap().into();
        let compile = |code: &Arc<[u8]>, time| compiler.clone().compile(&engine, code, time).err().map(|it| it.message);
        let refused = |code: &Arc<[u8]>| compile(code, Duration::ZERO).unwrap();
        assert_eq!(compile(&light, time(light.len())), None);
        let heavy = [heavy(77), heavy(78)];
        assert!(refused(&heavy[0]).contains("within 0 s"));
        assert!(refused(&heavy[0]).contains("is still being compiled"));
        assert_eq!(compile(&light, time(light.len())), None, "one that is left hinders nobody");
        assert!(refused(&heavy[1]).contains("within 0 s"));
        assert!(refused(&light).contains("2 other components"));
        // As soon as they end, others are served.
        let patience = Instant::now() + Duration::from_secs(120);
        while compile(&light, time(light.len())).is_some() {
            assert!(Instant::now() < patience, "they never end");
            thread::yield_now();
        }
    }
}
