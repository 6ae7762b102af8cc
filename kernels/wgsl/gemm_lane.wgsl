// Matrix product without workgroup memory: the second half of matmul, conv2d and conv2d_weight_gradient.
//
//   C[row, column] = sum over k of A[row, k] B[k, column]
//
// Each lane computes 4 x ROWS rows by 4 x COLS columns of C. It walks along k four at a time, and reads A and B as 4x4 blocks
// directly from memory through the problem's load_a() and load_b(). (ROWS + COLS) blocks read give 16 ROWS COLS vec4 FMAs.
// Lanes share nothing, so there is no barrier: this suits software adapters, whose barriers cost more than their loads. The
// accumulators are named, not indexed: an index into a private array would be clamped.
//
// 16-bit floats (HALF) are summed in runs of 4 RUN4 terms, as in gemm_tile.wgsl.
//
// With LANES_M = 1 all lanes of a workgroup have the same rows. Then the addresses in A are uniform: they depend on the workgroup and
// on k, not on the lane. A GPU's compiler may read such values once for all lanes, and multiply with them as they are; AMD's keeps
// them in scalar registers. Neighbouring lanes read neighbouring blocks of B.

@compute @workgroup_size(${LANES_M} * ${LANES_N})
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let job = group.y * groups.x + group.x; // large grids are folded into two dimensions
  let tiles_m = (params.rows4 + ${LANES_M} * ${ROWS} - 1) / (${LANES_M} * ${ROWS});
  let tiles_n = (params.cols4 + ${LANES_N} * ${COLS} - 1) / (${LANES_N} * ${COLS});
  let split = job / (tiles_m * tiles_n);
  let tile = job % (tiles_m * tiles_n);
  let row4 = ((tile / tiles_n) * ${LANES_M} + lane % ${LANES_M}) * ${ROWS};
  let col4 = ((tile % tiles_n) * ${LANES_N} + lane / ${LANES_M}) * ${COLS};
  let first = split * params.split_k4;
  if (row4 >= params.rows4 || col4 >= params.cols4 || first >= params.k4) {
    return;
  }
  let last = min(first + params.split_k4, params.k4);

#for r in ROWS
  let rows_${r} = rows_of(min(row4 + ${r}, params.rows4 - 1));
#for c in COLS
#for i in 4
  var acc_${r}_${c}_${i} = vec4f();
#end
#end
#end
#for c in COLS
  let col4_${c} = min(col4 + ${c}, params.cols4 - 1);
#end
  var at = place(first);
#if HALF
  for (var run = first; run < last; run += ${RUN4}) {
#for r in ROWS
#for c in COLS
#for i in 4
    var run_${r}_${c}_${i} = vec4h();
#end
#end
#end
    for (var k4 = run; k4 < min(run + ${RUN4}, last); k4++) {
#else
  {
    for (var k4 = first; k4 < last; k4++) {
#end
#for r in ROWS
      let a_${r} = load_a(rows_${r}, at);
#end
#for c in COLS
      let b_${c} = load_b(at, col4_${c});
#for j in 4
#for r in ROWS
#for i in 4
      ${SUM}_${r}_${c}_${i} = fma(vec4${S}(a_${r}[${j}][${i}]), b_${c}[${j}], ${SUM}_${r}_${c}_${i});
#end
#end
#end
#end
      at = next(at);
    }
#if HALF
#for r in ROWS
#for c in COLS
#for i in 4
    acc_${r}_${c}_${i} += vec4f(run_${r}_${c}_${i});
#end
#end
#end
#end
  }
#for r in ROWS
#for c in COLS
  if (row4 + ${r} < params.rows4 && col4 + ${c} < params.cols4) {
    store(split, row4 + ${r}, col4 + ${c}, mat4x4f(acc_${r}_${c}_0, acc_${r}_${c}_1, acc_${r}_${c}_2, acc_${r}_${c}_3));
  }
#end
#end
}
