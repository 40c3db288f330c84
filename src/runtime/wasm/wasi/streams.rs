//! Standard input, which is at its end; standard output and error, whose lines go to the plugin's log; and waiting, which takes no time.

use std::mem;

use wasmtime::component::{ComponentType, LinkerInstance, Lower, Resource, ResourceType, WasmList};
use wasmtime::{Result, StoreContextMut};

use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::service::LogLevel;
use crate::plugin::told::printable;
use crate::runtime::wasm::data::Data;

use super::blame::tells_nothing;

/// Most bytes that are taken at once, as far as a guest is told.
const PERMIT: u64 = 64 << 10;

/// Most bytes of standard error that are kept to say what went wrong.
const LAST_WORDS: usize = 16 << 10;

/// `wasi:io/error.error`. There never is one.
pub(super) struct IoError;
/// `wasi:io/poll.pollable`. Always ready.
pub(super) struct Pollable;
/// `wasi:io/streams.input-stream`.
struct InputStream;
/// `wasi:io/streams.output-stream`. Its number says which.
struct OutputStream;
/// `wasi:cli/terminal-input.terminal-input`. There never is one.
struct TerminalInput;
/// `wasi:cli/terminal-output.terminal-output`. There never is one.
struct TerminalOutput;

/// Number of standard output.
const OUT: u32 = 1;
/// Number of standard error.
const ERR: u32 = 2;

/// `wasi:io/streams.stream-error`.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    #[expect(dead_code, reason = "nothing fails")]
    Failed(Resource<IoError>),
    #[component(name = "closed")]
    Closed,
}

type Ctx<'a> = StoreContextMut<'a, Data>;
type Streamed<T> = (std::result::Result<T, StreamError>,);
type Of<T> = (Resource<T>,);

/// What one call printed and did not end with a line.
#[derive(Default)]
pub(in crate::runtime::wasm) struct Output {
    out: Vec<u8>,
    err: Vec<u8>,
    /// The end of what was written to standard error.
    pub(super) last_words: String,
}

impl Output {
    const fn partial(&mut self, stream: u32) -> &mut Vec<u8> {
        if stream == ERR { &mut self.err } else { &mut self.out }
    }
}

/// Takes what was printed into the log, line by line.
fn print(data: &mut Data, stream: u32, bytes: &[u8]) -> std::result::Result<(), Fault> {
    let waiting = data.output.out.len() + data.output.err.len() + bytes.len();
    if data.call.log_bytes.saturating_add(waiting) > data.budget.log_bytes {
        let limit = data.budget.log_bytes;
        return Err(Fault::new(FaultKind::Log, format!("printed more than {limit} bytes"))
            .hint("what is printed goes to the log: print less, or raise `log_kib` in plugin.toml"));
    }
    let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
        data.output.partial(stream).extend_from_slice(bytes);
        return Ok(());
    };
    // Looked through once: a text of nothing but ends of lines is as long as any.
    let mut ended = mem::replace(data.output.partial(stream), bytes[end + 1..].to_vec());
    ended.extend_from_slice(&bytes[..end]);
    ended.split(|byte| *byte == b'\n').try_for_each(|line| log_line(data, stream, line))
}

fn log_line(data: &mut Data, stream: u32, line: &[u8]) -> std::result::Result<(), Fault> {
    let text = printable(String::from_utf8_lossy(line).trim_end().to_owned());
    if stream == ERR {
        let said = &mut data.output.last_words;
        if said.len() + text.len() > LAST_WORDS {
            said.clear();
        }
        said.push_str(&text);
        said.push('\n');
    }
    if text.is_empty() || stream == ERR && tells_nothing(&text) {
        // It was written all the same.
        data.call.log_bytes += line.len() + 1;
        return Ok(());
    }
    data.log(if stream == ERR { LogLevel::Warn } else { LogLevel::Info }, text)
}

/// Logs what was printed without an end of line.
pub(in crate::runtime::wasm) fn finish(data: &mut Data) -> std::result::Result<(), Fault> {
    for stream in [OUT, ERR] {
        let line = mem::take(data.output.partial(stream));
        if !line.is_empty() {
            log_line(data, stream, &line)?;
        }
    }
    Ok(())
}

/// Returns the host's type of a resource that is defined here.
pub(super) fn resource(interface: &str, name: &str) -> Option<ResourceType> {
    Some(match (interface, name) {
        ("wasi:io/error", "error") => ResourceType::host::<IoError>(),
        ("wasi:io/poll", "pollable") => ResourceType::host::<Pollable>(),
        ("wasi:io/streams", "input-stream") => ResourceType::host::<InputStream>(),
        ("wasi:io/streams", "output-stream") => ResourceType::host::<OutputStream>(),
        ("wasi:cli/terminal-input", "terminal-input") => ResourceType::host::<TerminalInput>(),
        ("wasi:cli/terminal-output", "terminal-output") => ResourceType::host::<TerminalOutput>(),
        _ => return None,
    })
}

/// Links a function that is defined here; says whether it is.
pub(super) fn link(instance: &mut LinkerInstance<'_, Data>, interface: &str, name: &str) -> Result<bool> {
    match interface {
        "wasi:io/streams" => link_stream(instance, name),
        "wasi:io/poll" => link_poll(instance, name),
        _ => link_standard(instance, interface, name),
    }
}

fn link_standard(instance: &mut LinkerInstance<'_, Data>, interface: &str, name: &str) -> Result<bool> {
    match (interface, name) {
        ("wasi:cli/stdin", "get-stdin") => {
            instance.func_wrap(name, |mut s: Ctx<'_>, ()| counted(&mut s, (Resource::<InputStream>::new_own(0),)))
        }
        ("wasi:cli/stdout", "get-stdout") => {
            instance.func_wrap(name, |mut s: Ctx<'_>, ()| counted(&mut s, (Resource::<OutputStream>::new_own(OUT),)))
        }
        ("wasi:cli/stderr", "get-stderr") => {
            instance.func_wrap(name, |mut s: Ctx<'_>, ()| counted(&mut s, (Resource::<OutputStream>::new_own(ERR),)))
        }
        ("wasi:cli/terminal-stdin", "get-terminal-stdin") => {
            instance.func_wrap(name, |mut s: Ctx<'_>, ()| counted(&mut s, (None::<Resource<TerminalInput>>,)))
        }
        ("wasi:cli/terminal-stdout", "get-terminal-stdout") | ("wasi:cli/terminal-stderr", "get-terminal-stderr") => {
            instance.func_wrap(name, |mut s: Ctx<'_>, ()| counted(&mut s, (None::<Resource<TerminalOutput>>,)))
        }
        _ => return Ok(false),
    }?;
    Ok(true)
}

fn link_stream(instance: &mut LinkerInstance<'_, Data>, name: &str) -> Result<bool> {
    match name {
        "[method]output-stream.check-write" => instance
            .func_wrap(name, |mut s: Ctx<'_>, _: Of<OutputStream>| -> Result<Streamed<u64>> {
                counted(&mut s, (Ok(PERMIT),))
            }),
        "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush" => {
            instance.func_wrap(name, write)
        }
        "[method]output-stream.flush" | "[method]output-stream.blocking-flush" => instance
            .func_wrap(name, |mut s: Ctx<'_>, _: Of<OutputStream>| -> Result<Streamed<()>> {
                counted(&mut s, (Ok(()),))
            }),
        "[method]output-stream.subscribe" => {
            instance.func_wrap(name, |mut s: Ctx<'_>, _: Of<OutputStream>| ready(&mut s))
        }
        "[method]input-stream.subscribe" => {
            instance.func_wrap(name, |mut s: Ctx<'_>, _: Of<InputStream>| ready(&mut s))
        }
        "[method]input-stream.read" | "[method]input-stream.blocking-read" => {
            instance.func_wrap(name, |mut s: Ctx<'_>, _: (Resource<InputStream>, u64)| -> Result<Streamed<Vec<u8>>> {
                counted(&mut s, (Err(StreamError::Closed),))
            })
        }
        "[method]input-stream.skip" | "[method]input-stream.blocking-skip" => {
            instance.func_wrap(name, |mut s: Ctx<'_>, _: (Resource<InputStream>, u64)| -> Result<Streamed<u64>> {
                counted(&mut s, (Err(StreamError::Closed),))
            })
        }
        _ => return Ok(false),
    }?;
    Ok(true)
}

fn write(mut store: Ctx<'_>, (stream, bytes): (Resource<OutputStream>, WasmList<u8>)) -> Result<Streamed<()>> {
    store.data_mut().count()?;
    let room = store.data().budget.log_bytes;
    // What is too much is not copied first.
    let bytes = bytes.as_le_slice(&store);
    let bytes = bytes[..bytes.len().min(room + 1)].to_vec();
    print(store.data_mut(), stream.rep(), &bytes)?;
    Ok((Ok(()),))
}

fn link_poll(instance: &mut LinkerInstance<'_, Data>, name: &str) -> Result<bool> {
    match name {
        "poll" => instance.func_wrap(name, |mut s: Ctx<'_>, (all,): (Vec<Resource<Pollable>>,)| {
            let ready: Vec<u32> = (0_u32..).take(all.len()).collect();
            counted(&mut s, (ready,))
        }),
        "[method]pollable.ready" => {
            instance.func_wrap(name, |mut s: Ctx<'_>, _: Of<Pollable>| counted(&mut s, (true,)))
        }
        "[method]pollable.block" => instance.func_wrap(name, |mut s: Ctx<'_>, _: Of<Pollable>| counted(&mut s, ())),
        _ => return Ok(false),
    }?;
    Ok(true)
}

/// Counts the call and gives the answer.
pub(super) fn counted<T>(store: &mut Ctx<'_>, answer: T) -> Result<T> {
    store.data_mut().count()?;
    Ok(answer)
}

/// Returns something to wait for that has happened already.
pub(super) fn ready(store: &mut Ctx<'_>) -> Result<(Resource<Pollable>,)> {
    counted(store, (Resource::new_own(0),))
}
