//! The program: hands over to the command line and exits with its status.

use std::process::ExitCode;

/// Rows are made of many small texts, which this allocator serves faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    carnet::cli::main()
}
