//! Gives Android's library its name inside: older linkers load one without it twice.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("android") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-soname,libbonafide.so");
    }
}
