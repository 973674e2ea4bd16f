//! A sandbox with the demo game, for programs that are not written in Rust.
//!
//!     cargo run --example sandbox
//!
//! It prints its address, and runs until its standard input ends.

use playoff::sandbox::Sandbox;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::start().await?;
    println!("{}", sandbox.url());
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()))
        .await??;
    Ok(())
}
