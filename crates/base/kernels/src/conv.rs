//! stub
#![allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvPack {
    pub mr: u8,
}
impl ConvPack {
    pub fn packed_len(self, _o: usize, _k: usize, _g: usize) -> Option<usize> {
        None
    }
}
