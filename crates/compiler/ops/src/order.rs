//! The order of elements: numbers that compare as elements of any type do.

use fastserve_ir::OpError;
use fastserve_tensor::{Bool, DType, TensorView};

use crate::elements::{Float, Int, NumericBody};

/// For each element a number; equal elements have equal ones, 0 and −0 included. A NaN equals a NaN, and is larger than all else.
///
/// # Errors
/// The elements cannot be read.
pub(crate) fn keys(view: &TensorView<'_>) -> Result<Vec<u64>, OpError> {
    if view.dtype() == DType::Bool {
        return Ok(view.as_slice::<Bool>()?.iter().map(|&b| u64::from(bool::from(b))).collect());
    }
    let mut read = Read { view, list: Vec::new() };
    read.run(view.dtype())?;
    Ok(read.list)
}

struct Read<'v, 'a> {
    view: &'v TensorView<'a>,
    list: Vec<u64>,
}

/// The bit that separates negative numbers from the others.
const SIGN: u64 = 1 << 63;

fn float_key(v: f64) -> u64 {
    let bits = if v.is_nan() { f64::NAN.abs() } else { v + 0.0 }.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

impl NumericBody for Read<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        self.list = self.view.as_slice::<T>()?.iter().map(|v| float_key(v.to_f64())).collect();
        Ok(())
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        // Two's complement, with the sign turned: unsigned numbers of 64 bits have no sign to turn.
        let turn = if T::DTYPE == DType::U64 { 0 } else { SIGN };
        self.list = self.view.as_slice::<T>()?.iter().map(|v| v.to_i128() as u64 ^ turn).collect();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_order_of_elements() {
        let order = [f32::NEG_INFINITY, -2.0, -1e-40, 0.0, 1e-40, 1.0, f32::INFINITY, f32::NAN];
        let t = fastserve_tensor::Tensor::from_slice(&[8], &order).unwrap();
        assert!(keys(&t.view().unwrap()).unwrap().is_sorted_by(|a, b| a < b));
        assert_eq!(float_key(0.0), float_key(-0.0));
        assert_eq!(float_key(-f64::NAN), float_key(f64::NAN));
        let t = fastserve_tensor::Tensor::from_slice(&[4], &[i64::MIN, -1, 0, i64::MAX]).unwrap();
        assert!(keys(&t.view().unwrap()).unwrap().is_sorted_by(|a, b| a < b));
    }
}
