//! The command `tsd-handlers`: `[--quick] [--1 | --2 | --3] [--load-linked | --reservation] [--every-plan] [CASE]...`.

fn main() -> std::process::ExitCode {
    tsd_handlers::run(&std::env::args().skip(1).collect::<Vec<_>>())
}
