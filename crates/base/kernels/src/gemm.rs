//! stub
#![allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PackFormat {
    Panels { nr: u8 },
    LanesK,
}
impl PackFormat {
    pub fn packed_len(self, _n: usize, _k: usize) -> Option<usize> {
        None
    }
    pub fn name(self) -> String {
        String::new()
    }
    pub fn parse(_s: &str) -> Option<Self> {
        None
    }
}
