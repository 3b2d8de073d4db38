//! The backend suite on every instruction set that this machine has.
#![allow(clippy::unwrap_used, clippy::panic)]

use fastserve_cpu::CpuBackend;

fastserve_testkit::conformance!(CpuBackend::new().unwrap());

#[test]
fn every_instruction_set() {
    for cpu in fastserve_simd::Cpu::all_available() {
        let backend = CpuBackend::with_cpu(cpu);
        fastserve_testkit::conformance::vectors(&backend);
        fastserve_testkit::conformance::graphs(&backend);
        fastserve_testkit::conformance::sessions(&backend);
    }
}
