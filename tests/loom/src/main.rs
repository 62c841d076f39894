//! The command `tsd-loom`: `[--quick] [CASE]...`.

fn main() -> std::process::ExitCode {
    tsd_loom::run(&std::env::args().skip(1).collect::<Vec<_>>())
}
