//! The one engine of the process: its settings, and the thread that makes time pass for guests. What it keeps on disk is `cache`.

use std::time::Duration;

use wasmtime::{
    Cache, Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, RegallocAlgorithm, Result,
};

/// How often guests may be interrupted.
pub(super) const TICK: Duration = Duration::from_millis(2);

/// Most instances alive at a time where instances are pooled: one for each plugin and worker.
const INSTANCES: u32 = 1000;

/// Most that one linear memory may grow to, whatever a budget says.
const MEMORY_BYTES: usize = 1 << 30;

/// How memory for instances is set aside. Where the address space is short, less of it is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Layout {
    /// Slots of 4 GiB address space each: the fastest code, no bounds checks.
    Roomy,
    /// Slots of 64 MiB.
    Tight,
    /// Nothing beforehand.
    OnDemand,
}

/// Creates the engine in the roomiest layout that this system allows, and starts its clock.
pub(super) fn create(cache: Option<&Cache>) -> Result<Engine> {
    let mut failed = None;
    for layout in [Layout::Roomy, Layout::Tight, Layout::OnDemand] {
        match Engine::new(&config(cache, layout)) {
            Ok(engine) => {
                tracing::debug!(?layout, "plugin engine ready");
                start_clock(&engine)?;
                return Ok(engine);
            }
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(|| wasmtime::Error::msg("no layout was tried")))
}

fn config(cache: Option<&Cache>, layout: Layout) -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true);
    // The default costs three times as much on a small call, and hooks are synchronous.
    config.concurrency_support(false);
    config.epoch_interruption(true);
    config.cranelift_opt_level(OptLevel::Speed).cranelift_regalloc_algorithm(RegallocAlgorithm::Backtracking);
    config.max_wasm_stack(512 << 10);
    // The same event gives the same verdict on every machine.
    config.relaxed_simd_deterministic(true).cranelift_nan_canonicalization(true);
    config.wasm_memory64(false);
    config.cache(cache.cloned());
    if layout != Layout::Roomy {
        config.memory_reservation(64 << 20).memory_guard_size(64 << 10).memory_reservation_for_growth(0);
    }
    if layout != Layout::OnDemand {
        let pool = pool(if layout == Layout::Roomy { MEMORY_BYTES } else { 64 << 20 });
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}

fn pool(memory_bytes: usize) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(INSTANCES)
        .total_core_instances(INSTANCES * 4)
        .total_memories(INSTANCES)
        .total_tables(INSTANCES * 2)
        .max_memory_size(memory_bytes)
        .max_memories_per_component(16)
        .max_memories_per_module(4)
        .max_tables_per_component(64)
        .max_tables_per_module(8)
        .table_elements(20_000)
        .linear_memory_keep_resident(128 << 10)
        .table_keep_resident(16 << 10);
    pool
}

/// The clock ends with the engine.
fn start_clock(engine: &Engine) -> Result<()> {
    let engine = engine.weak();
    let tick = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    };
    std::thread::Builder::new().name("plugin-clock".to_owned()).spawn(tick)?;
    Ok(())
}

/// Returns how many ticks a deadline takes, so that it is never cut short.
pub(super) fn ticks(deadline: Duration) -> u64 {
    u64::try_from(deadline.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX / 2) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_are_rounded_up_by_at_least_a_tick() {
        assert_eq!(ticks(Duration::ZERO), 1);
        assert_eq!(ticks(Duration::from_millis(1)), 2);
        assert_eq!(ticks(Duration::from_millis(50)), 26);
    }

    #[test]
    fn every_layout_makes_an_engine() {
        for layout in [Layout::Roomy, Layout::Tight, Layout::OnDemand] {
            Engine::new(&config(None, layout)).unwrap();
        }
    }
}
