//! TinyCNN's bits are the same on every instruction set with a fused multiply-add, on every machine.
#![allow(clippy::unwrap_used)]

use std::hash::Hasher;

use fastserve::{CompileOptions, Cpu, Model, embedded_digits};
use fastserve_simd::{Cpu as Isa, IsaId};

/// FNV-1a (Fowler, Noll and Vo) of the probabilities of the hundred digits: it must not depend on the machine.
const EXPECTED: u64 = 0x8d35_5b6e_0d79_24a6;

struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&b| self.0 = (self.0 ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    }
}

fn bits(isa: Isa, threads: usize, batch: usize) -> u64 {
    let digits = embedded_digits().unwrap();
    let compiled = Model::embedded().unwrap().compile(&Cpu::with_cpu(isa), &CompileOptions { threads, optimize: true }).unwrap();
    let mut session = compiled.session().unwrap();
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    for start in (0..100).step_by(batch) {
        let input = digits.batch(start..(start + batch).min(100)).unwrap();
        hash.write(session.run(&[input.view().unwrap()]).unwrap().get(0).unwrap().bytes());
    }
    hash.finish()
}

#[test]
fn every_fused_instruction_set_gives_these_bits() {
    for isa in Isa::all_available().into_iter().filter(|isa| isa.id() != IsaId::Portable) {
        for (threads, batch) in [(1, 1), (1, 100), (2, 7), (2, 32)] {
            let got = bits(isa, threads, batch);
            println!("{} threads {threads} batch {batch}: {got:016x}", isa.name());
            assert_eq!(got, EXPECTED, "{}, {threads} threads, batch {batch}", isa.name());
        }
    }
}
