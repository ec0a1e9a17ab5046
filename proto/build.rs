//! Generates the contract's code. protox compiles the files in pure Rust, so no protoc need be installed.

use std::path::PathBuf;

use prost::Message as _;

const FILES: [&str; 13] = [
    "pslease/v1/hello.proto",
    "pslease/v1/common.proto",
    "pslease/v1/lease.proto",
    "pslease/v1/session.proto",
    "pslease/v1/pipeline.proto",
    "pslease/v1/admin.proto",
    "pslease/v1/door.proto",
    "pslease/v1/operate.proto",
    "pslease/v1/parameters.proto",
    "pslease/v1/sign_in.proto",
    "pslease/v1/question.proto",
    "pslease/v1/reconcile.proto",
    "pslease/v1/doctor.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for file in FILES {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(FILES, ["."])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
