//! Attention over whole sequences, and its derivative. The bits of the forward pass are those of decoding: the same
//! chains and sums, only more rows at a time.

use super::batch::PackedBatch;
use crate::config::Config;
use crate::kernels::{
    MatMut, MatRef, Panels, add_assign, matmul_serial_here, product, product_tn, softmax_backward_in_place,
    softmax_in_place,
};
use rayon::prelude::*;
use std::ops::Range;

/// One sequence and query head: what a task works on.
fn tasks(config: &Config, batch: &PackedBatch) -> Vec<(Range<usize>, usize)> {
    batch.ranges().flat_map(|r| (0..config.heads).map(move |head| (r.clone(), head))).collect()
}

/// Columns `from..from + width` of `rows` of a matrix \[_, stride].
fn part<'a>(data: &'a [f32], stride: usize, rows: &Range<usize>, from: usize, width: usize) -> MatRef<'a> {
    MatRef::strided(&data[rows.start * stride + from..], rows.len(), width, stride)
}

fn copy_out(from: &[f32], width: usize, to: &mut [f32], stride: usize, rows: &Range<usize>, column: usize) {
    for (i, row) in from.chunks_exact(width).enumerate() {
        to[(rows.start + i) * stride + column..][..width].copy_from_slice(row);
    }
}

fn add_out(from: &[f32], width: usize, to: &mut [f32], stride: usize, rows: &Range<usize>, column: usize) {
    for (i, row) in from.chunks_exact(width).enumerate() {
        add_assign(&mut to[(rows.start + i) * stride + column..][..width], row);
    }
}

/// Causal probabilities \[t, t] of one head: softmax(q·kᵀ / √d), zeros above the diagonal.
fn probabilities(queries: MatRef, keys: &Panels, scale: f32) -> Vec<f32> {
    let t = queries.rows;
    let mut p = vec![0.0f32; t * t];
    matmul_serial_here(queries, keys, MatMut::dense(&mut p, t, t));
    for (i, row) in p.chunks_exact_mut(t).enumerate() {
        softmax_in_place(&mut row[..=i], scale);
        row[i + 1..].fill(0.0);
    }
    p
}

/// Packs a strided matrix.
fn pack(m: MatRef) -> Panels {
    let dense: Vec<f32> = (0..m.rows).flat_map(|r| m.row(r).iter().copied()).collect();
    Panels::pack(&dense, m.rows, m.cols)
}

/// `out` \[rows, q_dim] from turned queries, keys and values `qkv` \[rows, qkv_dim].
pub(super) fn forward(config: &Config, batch: &PackedBatch, qkv: &[f32], out: &mut [f32]) {
    let (d, q, kv) = (config.head_dim, config.q_dim(), config.kv_dim());
    let (group, stride) = (config.heads / config.kv_heads, config.qkv_dim());
    let scale = 1.0 / (d as f32).sqrt();
    let done: Vec<_> = tasks(config, batch)
        .into_par_iter()
        .map(|(rows, head)| {
            let t = rows.len();
            let key_column = head / group * d;
            let keys = pack(part(qkv, stride, &rows, q + key_column, d));
            let values = part(qkv, stride, &rows, q + kv + key_column, d);
            let p = probabilities(part(qkv, stride, &rows, head * d, d), &keys, scale);
            let mut outs = vec![0.0f32; t * d];
            product(MatRef::dense(&p, t, t), values, MatMut::dense(&mut outs, t, d), false, false);
            (rows, head, outs)
        })
        .collect();
    for (rows, head, outs) in done {
        copy_out(&outs, d, out, q, &rows, head * d);
    }
}

/// Gradient of [`forward`]: `d_qkv` \[rows, qkv_dim], zeros before, from `d_out` \[rows, q_dim].
pub(super) fn backward(config: &Config, batch: &PackedBatch, qkv: &[f32], d_out: &[f32], d_qkv: &mut [f32]) {
    let (d, q, kv) = (config.head_dim, config.q_dim(), config.kv_dim());
    let (group, stride) = (config.heads / config.kv_heads, config.qkv_dim());
    let scale = 1.0 / (d as f32).sqrt();
    let done: Vec<_> = tasks(config, batch)
        .into_par_iter()
        .map(|(rows, head)| {
            let t = rows.len();
            let key_column = head / group * d;
            let queries = part(qkv, stride, &rows, head * d, d);
            let key_rows = part(qkv, stride, &rows, q + key_column, d);
            let values = pack(part(qkv, stride, &rows, q + kv + key_column, d));
            let d_head = part(d_out, q, &rows, head * d, d);
            let p = probabilities(queries, &pack(key_rows), scale);
            let (mut dq, mut dk, mut dv) = (vec![0.0f32; t * d], vec![0.0f32; t * d], vec![0.0f32; t * d]);
            product_tn(MatRef::dense(&p, t, t), d_head, MatMut::dense(&mut dv, t, d), false, false);
            let mut dp = vec![0.0f32; t * t];
            matmul_serial_here(d_head, &values, MatMut::dense(&mut dp, t, t));
            for (i, (p, dp)) in p.chunks_exact(t).zip(dp.chunks_exact_mut(t)).enumerate() {
                softmax_backward_in_place(&p[..=i], &mut dp[..=i], scale);
                dp[i + 1..].fill(0.0);
            }
            let ds = MatRef::dense(&dp, t, t);
            product(ds, key_rows, MatMut::dense(&mut dq, t, d), false, false);
            product_tn(ds, queries, MatMut::dense(&mut dk, t, d), false, false);
            (rows, head, dq, dk, dv)
        })
        .collect();
    // Heads that share a key head add up in ascending order.
    for (rows, head, dq, dk, dv) in done {
        let key_column = head / group * d;
        copy_out(&dq, d, d_qkv, stride, &rows, head * d);
        add_out(&dk, d, d_qkv, stride, &rows, q + key_column);
        add_out(&dv, d, d_qkv, stride, &rows, q + kv + key_column);
    }
}
