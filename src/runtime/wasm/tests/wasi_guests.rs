//! Guests that ask for a system. The integration tests include this file, too, beside `guests`.

use super::guests::guest_with;

/// As much of WASI as these guests import.
const WASI: &str = r#"
package wasi:test;
world all {
  import wasi:cli/environment@0.2.9; import wasi:cli/exit@0.2.9; import wasi:cli/stdin@0.2.9; import wasi:cli/stdout@0.2.9;
  import wasi:cli/stderr@0.2.9; import wasi:cli/terminal-stdout@0.2.9; import wasi:clocks/monotonic-clock@0.2.9;
  import wasi:clocks/wall-clock@0.2.9; import wasi:filesystem/types@0.2.9; import wasi:filesystem/preopens@0.2.9;
  import wasi:random/random@0.2.9; import wasi:random/insecure-seed@0.2.9; import wasi:sockets/instance-network@0.2.9;
  import wasi:sockets/tcp-create-socket@0.2.9; import wasi:sockets/ip-name-lookup@0.2.9; import wasi:http/types@0.2.9;
  import wasi:http/outgoing-handler@0.2.9;
}
package wasi:io@0.2.9 {
  interface error { resource error { to-debug-string: func() -> string; } }
  interface poll {
    resource pollable { ready: func() -> bool; block: func(); }
    poll: func(in: list<borrow<pollable>>) -> list<u32>;
  }
  interface streams {
    use error.{error}; use poll.{pollable};
    variant stream-error { last-operation-failed(error), closed }
    resource input-stream { read: func(len: u64) -> result<list<u8>, stream-error>; subscribe: func() -> pollable; }
    resource output-stream {
      check-write: func() -> result<u64, stream-error>;
      blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
    }
  }
}
package wasi:cli@0.2.9 {
  interface environment {
    get-environment: func() -> list<tuple<string, string>>; get-arguments: func() -> list<string>;
    initial-cwd: func() -> option<string>;
  }
  interface exit { exit: func(status: result); }
  interface stdin { use wasi:io/streams@0.2.9.{input-stream}; get-stdin: func() -> input-stream; }
  interface stdout { use wasi:io/streams@0.2.9.{output-stream}; get-stdout: func() -> output-stream; }
  interface stderr { use wasi:io/streams@0.2.9.{output-stream}; get-stderr: func() -> output-stream; }
  interface terminal-output { resource terminal-output; }
  interface terminal-stdout { use terminal-output.{terminal-output}; get-terminal-stdout: func() -> option<terminal-output>; }
}
package wasi:clocks@0.2.9 {
  interface monotonic-clock {
    use wasi:io/poll@0.2.9.{pollable};
    now: func() -> u64; subscribe-duration: func(when: u64) -> pollable;
  }
  interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }
}
package wasi:filesystem@0.2.9 {
  interface types {
    use wasi:io/error@0.2.9.{error};
    enum error-code { access, no-entry }
    resource descriptor { stat: func() -> result<u64, error-code>; }
    filesystem-error-code: func(err: borrow<error>) -> option<error-code>;
  }
  interface preopens { use types.{descriptor}; get-directories: func() -> list<tuple<descriptor, string>>; }
}
package wasi:random@0.2.9 {
  interface random { get-random-bytes: func(len: u64) -> list<u8>; get-random-u64: func() -> u64; }
  interface insecure-seed { insecure-seed: func() -> tuple<u64, u64>; }
}
package wasi:sockets@0.2.9 {
  interface network { resource network; enum error-code { unknown, access-denied } enum ip-address-family { ipv4, ipv6 } }
  interface instance-network { use network.{network}; instance-network: func() -> network; }
  interface tcp { resource tcp-socket { hop-limit: func() -> u8; } }
  interface tcp-create-socket {
    use network.{error-code, ip-address-family}; use tcp.{tcp-socket};
    create-tcp-socket: func(address-family: ip-address-family) -> result<tcp-socket, error-code>;
  }
  interface ip-name-lookup {
    use network.{network, error-code}; resource resolve-address-stream;
    resolve-addresses: func(network: borrow<network>, name: string) -> result<resolve-address-stream, error-code>;
  }
}
package wasi:http@0.2.9 {
  interface types {
    use wasi:io/error@0.2.9.{error as io-error}; use wasi:io/streams@0.2.9.{output-stream};
    resource fields { constructor(); } resource outgoing-request; resource future-incoming-response;
    http-error-code: func(err: borrow<io-error>) -> option<u8>;
    body: func() -> result<output-stream>;
  }
  interface outgoing-handler {
    use types.{outgoing-request, future-incoming-response};
    handle: func(request: outgoing-request) -> result<future-incoming-response>;
  }
}
"#;

/// Imports of the functions that are called here.
const IMPORTS: &str = r#"
  (import "wasi:cli/environment@0.2.9" "get-environment" (func $environment (param i32)))
  (import "wasi:cli/environment@0.2.9" "get-arguments" (func $arguments (param i32)))
  (import "wasi:cli/environment@0.2.9" "initial-cwd" (func $cwd (param i32)))
  (import "wasi:cli/exit@0.2.9" "exit" (func $exit (param i32)))
  (import "wasi:cli/stdin@0.2.9" "get-stdin" (func $stdin (result i32)))
  (import "wasi:cli/stdout@0.2.9" "get-stdout" (func $stdout (result i32)))
  (import "wasi:cli/stderr@0.2.9" "get-stderr" (func $stderr (result i32)))
  (import "wasi:cli/terminal-stdout@0.2.9" "get-terminal-stdout" (func $terminal (param i32)))
  (import "wasi:clocks/monotonic-clock@0.2.9" "now" (func $now (result i64)))
  (import "wasi:clocks/monotonic-clock@0.2.9" "subscribe-duration" (func $sleep (param i64) (result i32)))
  (import "wasi:clocks/wall-clock@0.2.9" "now" (func $date (param i32)))
  (import "wasi:filesystem/preopens@0.2.9" "get-directories" (func $preopens (param i32)))
  (import "wasi:filesystem/types@0.2.9" "[method]descriptor.stat" (func $stat (param i32 i32)))
  (import "wasi:io/streams@0.2.9" "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.9" "[method]input-stream.read" (func $read (param i32 i64 i32)))
  (import "wasi:io/poll@0.2.9" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:io/poll@0.2.9" "poll" (func $poll (param i32 i32 i32)))
  (import "wasi:io/poll@0.2.9" "[resource-drop]pollable" (func $waited (param i32)))
  (import "wasi:random/random@0.2.9" "get-random-u64" (func $random (result i64)))
  (import "wasi:random/random@0.2.9" "get-random-bytes" (func $bytes (param i64 i32)))
  (import "wasi:sockets/instance-network@0.2.9" "instance-network" (func $network (result i32)))
  (import "wasi:sockets/tcp-create-socket@0.2.9" "create-tcp-socket" (func $socket (param i32 i32)))
  (import "wasi:sockets/ip-name-lookup@0.2.9" "resolve-addresses" (func $resolve (param i32 i32 i32 i32)))
  (import "wasi:http/outgoing-handler@0.2.9" "handle" (func $request (param i32 i32)))
  (import "wasi:http/types@0.2.9" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.9" "body" (func $body (param i32)))
"#;

/// Makes a guest of this WASI, with more definitions. `$is` traps unless two numbers are one.
pub fn wasi_guest(body: &str, more: &str) -> Vec<u8> {
    let is = "(func $is (param i64 i64) (if (i64.ne (local.get 0) (local.get 1)) (then (unreachable))))
      (func $are (param i32 i32) (call $is (i64.extend_i32_u (local.get 0)) (i64.extend_i32_u (local.get 1))))";
    guest_with((WASI, IMPORTS), body, &format!("{is} {more}"))
}
