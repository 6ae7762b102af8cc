// Matrix product through the registers of a subgroup: the second half of matmul, conv2d and conv2d_weight_gradient.
//
//   C[row, column] = sum over k of A[row, k] B[k, column]
//
// A workgroup of LANES lanes computes 4 ROWS rows by 4 LANES COLS columns of C: each lane has all of the rows, and its own COLS
// groups of four columns. So every lane needs the same values of A, and no two lanes the same values of B. Each lane reads its values
// of B. The lanes of a subgroup divide the blocks of A among them, and pass them to the others (subgroupBroadcast): no workgroup
// memory, no barrier. Each lane reads LOADS blocks of A for DEPTH groups along k:
//
//   SHARE lanes of each subgroup load;  ROWS = LOADS PER,  SHARE >= DEPTH PER;  lane kk PER + q has block q, kk groups ahead
//
// 16-bit floats (HALF) are summed in runs of 4 RUN4 terms, as in gemm_tile.wgsl. Lanes pass them on as float32.
//
// All lanes of the workgroup need the same rows, so it does not matter which lanes form a subgroup, or how many, as long as each
// subgroup has at least SHARE lanes. The terms of the sums, and their order, do not depend on it either.
//
// A subgroup of fewer than SHARE lanes would receive values that no lane loaded. Some drivers run a kernel in smaller subgroups than
// they report, so each subgroup counts its lanes: if it is too small, all of its results are NaN, which is always noticed.
//
// All lanes stay active to the end, even those beyond the last column: a lane that has returned can't pass anything on.

fn poisoned(values: vec4f, poison: u32) -> vec4f {
  return bitcast<vec4f>(bitcast<vec4u>(values) | vec4u(poison));
}

@compute @workgroup_size(${LANES})
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) id: u32,
) {
  let job = group.y * groups.x + group.x; // large grids are folded into two dimensions
  let tiles_m = (params.rows4 + ${ROWS} - 1) / ${ROWS};
  let tiles_n = (params.cols4 + ${LANES} * ${COLS} - 1) / (${LANES} * ${COLS});
  let split = job / (tiles_m * tiles_n);
  let tile = job % (tiles_m * tiles_n);
  let row4 = (tile / tiles_n) * ${ROWS};
  let col4 = (tile % tiles_n) * (${LANES} * ${COLS}) + lane;
  let first = split * params.split_k4;
  let last = min(first + params.split_k4, params.k4);

  var poison = 0u;
  if (subgroupAdd(1u) < ${SHARE}) {
    poison = 0x7fc00000u;
  }

  // The blocks of A that this lane loads for all: always the same rows, a fixed number of groups of k ahead.
  let ahead = (id / ${PER}) % ${DEPTH};
#for l in LOADS
  let rows_${l} = rows_of(min(row4 + ${l} * ${PER} + id % ${PER}, params.rows4 - 1));
#end
#for c in COLS
  let col4_${c} = min(col4 + ${c} * ${LANES}, params.cols4 - 1);
#for l in LOADS
#for q in PER
#for i in 4
  var acc_${l}_${q}_${c}_${i} = vec4f();
#end
#end
#end
#end
#if HALF
  for (var run = first; run < last; run += ${RUN4}) {
#for l in LOADS
#for q in PER
#for c in COLS
#for i in 4
    var run_${l}_${q}_${c}_${i} = vec4h();
#end
#end
#end
#end
    for (var k4 = run; k4 < min(run + ${RUN4}, last); k4 += ${DEPTH}) {
#else
  {
    for (var k4 = first; k4 < last; k4 += ${DEPTH}) {
#end
#for l in LOADS
#if FIT
      let mine_${l} = load_a(rows_${l}, place(k4 + ahead));
#else
      var mine_${l} = mat4x4${S}();
      if (k4 + ahead < last) {
        mine_${l} = load_a(rows_${l}, place(k4 + ahead));
      }
#end
#end
#for kk in DEPTH
#if FIT
      {
#else
      if (k4 + ${kk} < last) {
#end
        let at = place(k4 + ${kk});
#for c in COLS
        let b_${c} = load_b(at, col4_${c});
#end
#for l in LOADS
#for q in PER
#for j in 4
        let a_${l}_${q}_${j} = vec4${S}(subgroupBroadcast(vec4f(mine_${l}[${j}]), ${kk}u * ${PER} + ${q}));
#for c in COLS
#for i in 4
        ${SUM}_${l}_${q}_${c}_${i} = fma(vec4${S}(a_${l}_${q}_${j}[${i}]), b_${c}[${j}], ${SUM}_${l}_${q}_${c}_${i});
#end
#end
#end
#end
#end
      }
#end
    }
#if HALF
#for l in LOADS
#for q in PER
#for c in COLS
#for i in 4
    acc_${l}_${q}_${c}_${i} += vec4f(run_${l}_${q}_${c}_${i});
#end
#end
#end
#end
#end
  }
#for l in LOADS
#for q in PER
#for c in COLS
  {
    let at_row4 = row4 + ${l} * ${PER} + ${q};
    let at_col4 = col4 + ${c} * ${LANES};
    if (at_row4 < params.rows4 && at_col4 < params.cols4) {
      store(
        split,
        at_row4,
        at_col4,
        mat4x4f(
#for i in 4
          poisoned(acc_${l}_${q}_${c}_${i}, poison),
#end
        ),
      );
    }
  }
#end
#end
#end
}
