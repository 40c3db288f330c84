//! Spans of chains and calls, for whoever listens at level debug. Whether anybody does is asked once a chain, so that the others pay nothing.

use tracing::span::EnteredSpan;
use tracing::{Level, Span, debug, debug_span, field, info, span_enabled};

use super::note::{CallNote, Said};
use crate::plugin::fault::Fault;
use crate::plugin::hook::Hook;
use crate::plugin::manifest::Phase;
use crate::registry::Mode;
use crate::registry::generation::Generation;
use crate::registry::loaded::Loaded;

/// Opens the span of a chain, if anybody listens.
pub(super) fn chain(generation: &Generation, hook: Hook, phase: Phase) -> Option<EnteredSpan> {
    if !span_enabled!(target: "carnet::dispatch", Level::DEBUG) {
        return None;
    }
    let (generation, phase) = (generation.number, phase.as_str());
    Some(debug_span!(target: "carnet::dispatch", "chain", hook = hook.name(), phase, generation).entered())
}

/// Opens the span of one call.
pub(super) fn call(loaded: &Loaded, generation: &Generation, hook: Hook) -> EnteredSpan {
    let identity = loaded.identity();
    debug_span!(
        target: "carnet::dispatch", "call", plugin = identity.name, version = identity.version, hook = hook.name(),
        generation = generation.number, verdict = field::Empty, micros = field::Empty
    )
    .entered()
}

/// Closes the span of a call with what it came to.
pub(super) fn called(span: &Span, loaded: &Loaded, note: &CallNote) {
    let verdict = match note.said {
        Said::Accepted => "accept",
        Said::Rejected => "reject",
        Said::Skipped => "skip",
        Said::Faulted => "fault",
        Said::NotAsked => "not asked",
    };
    let micros = u64::try_from(note.time.as_micros()).unwrap_or(u64::MAX);
    span.record("verdict", verdict);
    span.record("micros", micros);
    let observed = if loaded.mode == Mode::Observe { ", observed" } else { "" };
    debug!(target: "carnet::dispatch", "{verdict} in {micros} µs, edits: {}{observed}", note.edits);
}

/// Tells of a call that failed.
pub(super) fn fault(loaded: &Loaded, hook: Hook, fault: &Fault) {
    let identity = loaded.identity();
    let (plugin, version, hook, code) =
        (identity.name.as_str(), identity.version.as_str(), hook.name(), fault.kind.code());
    match &fault.position {
        Some(position) => {
            info!(target: "carnet::plugin", plugin, version, hook, code, position = %position, "failed: {fault}");
        }
        None => info!(target: "carnet::plugin", plugin, version, hook, code, "failed: {fault}"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use crate::plugin::hook::Hook;
    use crate::plugin::manifest::Phase;
    use crate::plugin::service::Services;
    use crate::registry::dispatch::Chain;
    use crate::registry::fake::{contact, loaded};
    use crate::registry::{Generation, Mode};

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn told_at(level: tracing::Level) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(move || writer.clone())
            .without_time()
            .with_ansi(false)
            .finish();
        let plugins = vec![
            loaded("a", "", "on_create set company Acme", Mode::Enforce),
            loaded("b", "", "on_create fault", Mode::Observe),
        ];
        let mut chain = Chain::new(Arc::new(Generation::of(plugins)), |_| Services::none());
        tracing::subscriber::with_default(subscriber, || {
            chain.run(Hook::Create, Phase::Change, contact());
        });
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn chains_and_calls_are_told_to_whoever_listens() {
        insta::assert_snapshot!(told_at(tracing::Level::DEBUG), @r#"
        DEBUG chain{hook="on_create" phase="change" generation=0}:call{plugin="a" version="0.0.0" hook="on_create" generation=0 verdict="accept" micros=3}: carnet::dispatch: accept in 3 µs, edits: 1
         INFO chain{hook="on_create" phase="change" generation=0}:call{plugin="b" version="0.0.0" hook="on_create" generation=0}: carnet::plugin: failed: it fails plugin="b" version="0.0.0" hook="on_create" code="PLUGIN_SCRIPT"
        DEBUG chain{hook="on_create" phase="change" generation=0}:call{plugin="b" version="0.0.0" hook="on_create" generation=0 verdict="fault" micros=3}: carnet::dispatch: fault in 3 µs, edits: 0, observed
        "#);
    }

    #[test]
    fn faults_are_told_without_the_calls() {
        insta::assert_snapshot!(told_at(tracing::Level::INFO), @r#" INFO carnet::plugin: failed: it fails plugin="b" version="0.0.0" hook="on_create" code="PLUGIN_SCRIPT""#);
    }
}
