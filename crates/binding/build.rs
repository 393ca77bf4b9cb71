//! Links the addon the way the platform expects it.

fn main() {
    napi_build::setup();
}
