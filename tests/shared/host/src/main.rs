//! The shared suite on a host that another one emulates: a program with nothing but the suite in it. It prints a line for
//! each case, or for those that its arguments name, and exits with status 1 if one has failed.

use std::env;
use std::process::ExitCode;

use tsd_host::case;

fn main() -> ExitCode {
    let names: Vec<_> = env::args().skip(1).collect();
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    // None may be named that there is not.
    let mut status = if names.iter().all(|name| case::all().any(|(case, _)| case.name == name)) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    };
    for (case, run) in case::all().filter(|(case, _)| is_wanted(case.name)) {
        let verdict = match case::run_alone(run) {
            Ok(()) => "ok".to_owned(),
            Err(failure) => {
                status = ExitCode::FAILURE;
                format!("FAILED: {failure}")
            }
        };
        println!("test {} ... {verdict}", case.name);
    }
    status
}
