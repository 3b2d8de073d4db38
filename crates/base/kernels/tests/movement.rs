//! Copies against the plain definition, at odd sizes.
#![allow(clippy::unwrap_used)]

use fastserve_kernels::movement::{Place, copy_by_tables, copy_strided, gather};
use fastserve_parallel::Team;

/// What the copy should give, element by element.
fn naive<T: Copy>(shape: &[usize], x: &[T], from: Place<'_>, y: &mut [T], to: Place<'_>) {
    for flat in 0..shape.iter().product::<usize>() {
        let (mut rest, mut a, mut b) = (flat, from.start as isize, to.start as isize);
        for (i, &size) in shape.iter().enumerate().rev() {
            let at = (rest % size) as isize;
            rest /= size;
            a += at * from.strides[i];
            b += at * to.strides[i];
        }
        y[b as usize] = x[a as usize];
    }
}

fn row_major(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![1; shape.len()];
    (0..shape.len().saturating_sub(1)).rev().for_each(|i| strides[i] = strides[i + 1] * shape[i + 1] as isize);
    strides
}

fn agrees(shape: &[usize], x_len: usize, from: Place<'_>, y_len: usize, to: Place<'_>) {
    let x: Vec<u32> = (0..x_len as u32).collect();
    for threads in [1, 3] {
        let (mut got, mut want) = (vec![u32::MAX; y_len], vec![u32::MAX; y_len]);
        naive(shape, &x, from, &mut want, to);
        copy_strided(shape, &x, from, &mut got, to, Team::global(threads)).unwrap();
        assert!(got == want, "{shape:?} {from:?} {to:?}");
    }
    let bytes: Vec<u8> = (0..x_len).map(|i| (i * 7 % 251) as u8).collect();
    let (mut got, mut want) = (vec![0; y_len], vec![0; y_len]);
    naive(shape, &bytes, from, &mut want, to);
    copy_strided(shape, &bytes, from, &mut got, to, Team::serial()).unwrap();
    assert!(got == want, "bytes {shape:?} {from:?} {to:?}");
}

#[test]
fn transposes_of_every_order() {
    let orders: &[&[usize]] = &[&[1, 0, 2, 3], &[0, 2, 3, 1], &[0, 3, 1, 2], &[3, 2, 1, 0], &[0, 2, 1, 3], &[2, 3, 0, 1]];
    for extents in [[2, 3, 5, 4], [1, 17, 33, 19], [3, 64, 7, 31], [2, 8, 40, 16], [1, 1, 1, 1]] {
        for order in orders {
            let own = row_major(&extents);
            let shape: Vec<usize> = order.iter().map(|&a| extents[a]).collect();
            let strides: Vec<isize> = order.iter().map(|&a| own[a]).collect();
            let len = extents.iter().product();
            let from = Place { start: 0, strides: &strides };
            agrees(&shape, len, from, len, Place { start: 0, strides: &row_major(&shape) });
        }
    }
}

#[test]
fn slices_repeats_and_parts() {
    // Every third of a row from the end, of every row but the first.
    agrees(&[4, 6], 100, Place { start: 39, strides: &[20, -3] }, 24, Place { start: 0, strides: &[6, 1] });
    // One row repeated, and one column.
    agrees(&[5, 9], 9, Place { start: 0, strides: &[0, 1] }, 45, Place { start: 0, strides: &[9, 1] });
    agrees(&[5, 9], 5, Place { start: 0, strides: &[1, 0] }, 45, Place { start: 0, strides: &[9, 1] });
    // A part of wider rows.
    agrees(&[70, 300], 21000, Place { start: 0, strides: &[300, 1] }, 70 * 500, Place { start: 100, strides: &[500, 1] });
    agrees(&[], 1, Place { start: 0, strides: &[] }, 1, Place { start: 0, strides: &[] });
}

#[test]
fn what_does_not_fit_is_refused() {
    let (x, mut y) = ([0u8; 10], [0u8; 10]);
    let mut copy = |shape: &[usize], start, from: &[isize], to: &[isize]| {
        let (from, to) = (Place { start, strides: from }, Place { start: 0, strides: to });
        copy_strided(shape, &x, from, &mut y, to, Team::serial())
    };
    assert!(copy(&[2, 5], 0, &[5, 1], &[5, 1]).is_ok());
    assert!(copy(&[2, 5], 1, &[5, 1], &[5, 1]).is_err());
    assert!(copy(&[2, 5], 0, &[5, -1], &[5, 1]).is_err());
    assert!(copy(&[2, 5], 0, &[5, 1], &[6, 1]).is_err());
    assert!(copy(&[2, 5], 0, &[5, 1], &[4, 1]).is_err());
    assert!(copy(&[2, 5], 0, &[5, 1], &[5, 0]).is_err());
    assert!(copy(&[2, 5], 0, &[5], &[5, 1]).is_err());
    assert!(copy(&[0, 5], 99, &[5, 1], &[5, 1]).is_ok());
}

#[test]
fn tables_pick_along_each_dimension() {
    let x: Vec<u16> = (0..60).collect();
    let (rows, cols): (Vec<u32>, Vec<u32>) = (vec![0, 0, 20, 40, 20], (0..33).map(|i| i % 20).collect());
    let mut y = vec![0; 5 * 33];
    copy_by_tables(&[&rows, &cols], &x, &mut y, Team::serial()).unwrap();
    assert!((0..y.len()).all(|i| y[i] == (rows[i / 33] + cols[i % 33]) as u16));
    assert!(copy_by_tables(&[&[40], &[20]], &x, &mut y, Team::serial()).is_err());
}

#[test]
fn gathers_pick_rows_and_refuse_what_is_outside() {
    for (outer, axis, inner) in [(1, 5, 1), (3, 7, 2), (2, 9, 33), (4, 3, 20_000)] {
        let x: Vec<u32> = (0..(outer * axis * inner) as u32).collect();
        let indices: Vec<i32> = vec![0, -1, axis as i32 - 1, 1, -(axis as i32)];
        for threads in [1, 3] {
            let mut y = vec![u32::MAX; outer * indices.len() * inner];
            gather([outer, axis, inner], &x, &indices, &mut y, Team::global(threads)).unwrap();
            for (i, got) in y.iter().enumerate() {
                let pick = indices[i / inner % indices.len()].rem_euclid(axis as i32) as usize;
                assert_eq!(*got as usize, (i / inner / indices.len() * axis + pick) * inner + i % inner);
            }
        }
        for bad in [axis as i64, -(axis as i64) - 1, i64::MIN] {
            let mut y = vec![0; outer * inner];
            assert!(gather([outer, axis, inner], &x, &[bad], &mut y, Team::serial()).is_err());
        }
    }
}
