// Matrix product through workgroup memory: the second half of matmul, conv2d and conv2d_weight_gradient.
//
//   C[row, column] = sum over k of A[row, k] B[k, column]
//
// A workgroup of TX x TY lanes owns a tile of 4 BM4 rows by 4 BN4 columns of C. It walks along k, 4 BK4 at a time: each lane
// brings 4x4 blocks of A and B (the problem's own load_a() and load_b()) into workgroup memory, then multiplies TM4 x TN4
// blocks of 4x4 from there. With BM4 = BN4 = 32 every value read from memory is used 128 times, and with TM4 = TN4 = 2
// every vec4 read from workgroup memory is used 8 times. Where the depth of the tile divides k (FIT), no bounds are tested
// inside; past the last row or column the last one is loaded again, and not stored.
//
// Layout: tile_a[kk][i][row4] holds the four k of row 4 row4 + i, tile_b[kk][j][col4] four columns at k = 4 kk + j. Neighbouring
// lanes touch neighbouring vec4s when they write and when they read, so no two of them want the same bank, and the blocks
// of a lane lie TY rows (TX columns) apart for the same reason.
//
// The only loop left is the one along k: the rest is unrolled where this text is made, since neither naga nor Tint
// unrolls, and each loop would cost a counter and each index into a private array a clamp.

var<workgroup> tile_a: array<vec4${S}, ${BK4} * 4 * ${BM4}>;
var<workgroup> tile_b: array<vec4${S}, ${BK4} * 4 * ${BN4}>;

@compute @workgroup_size(${TX} * ${TY})
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let job = group.y * groups.x + group.x; // large grids come folded into two dimensions
  let tiles_m = (params.rows4 + ${BM4} - 1) / ${BM4};
  let tiles_n = (params.cols4 + ${BN4} - 1) / ${BN4};
  let split = job / (tiles_m * tiles_n);
  let tile = job % (tiles_m * tiles_n);
  let row4 = (tile / tiles_n) * ${BM4};
  let col4 = (tile % tiles_n) * ${BN4};
  let first = split * params.split_k4;
  let last = min(first + params.split_k4, params.k4);

  // What this lane loads: always the same rows of A and columns of B. Past the edge it loads the last ones again.
  let row_a = lane % ${BM4};
  let col_b = lane % ${BN4};
  let rows = rows_of(min(row4 + row_a, params.rows4 - 1));
  let load_col4 = min(col4 + col_b, params.cols4 - 1);
  // What it computes.
  let tx = lane % ${TX};
  let ty = lane / ${TX};

#for r in TM4
#for c in TN4
#for i in 4
  var acc_${r}_${c}_${i} = vec4f();
#end
#end
#end
  for (var k4 = first; k4 < last; k4 += ${BK4}) {
#for s in LOADS_A
#if SOME_A
    if (lane / ${BM4} + ${s} * ((${TX} * ${TY}) / ${BM4}) < ${BK4}) {
#else
    {
#end
      let kk = lane / ${BM4} + ${s} * ((${TX} * ${TY}) / ${BM4});
#if FIT
      let block = load_a(rows, place(k4 + kk));
#else
      var block = mat4x4${S}();
      if (k4 + kk < last) {
        block = load_a(rows, place(k4 + kk));
      }
#end
#for i in 4
      tile_a[(kk * 4 + ${i}) * ${BM4} + row_a] = block[${i}];
#end
    }
#end
#for s in LOADS_B
#if SOME_B
    if (lane / ${BN4} + ${s} * ((${TX} * ${TY}) / ${BN4}) < ${BK4}) {
#else
    {
#end
      let kk = lane / ${BN4} + ${s} * ((${TX} * ${TY}) / ${BN4});
#if FIT
      let block = load_b(place(k4 + kk), load_col4);
#else
      var block = mat4x4${S}();
      if (k4 + kk < last) {
        block = load_b(place(k4 + kk), load_col4);
      }
#end
#for j in 4
      tile_b[(kk * 4 + ${j}) * ${BN4} + col_b] = block[${j}];
#end
    }
#end
    workgroupBarrier();
#for kk in BK4
    {
#for r in TM4
#for i in 4
      let a_${r}_${i} = vec4f(tile_a[(${kk} * 4 + ${i}) * ${BM4} + ${r} * ${TY} + ty]);
#end
#end
#for j in 4
#for c in TN4
      let b_${j}_${c} = vec4f(tile_b[(${kk} * 4 + ${j}) * ${BN4} + ${c} * ${TX} + tx]);
#for r in TM4
#for i in 4
      acc_${r}_${c}_${i} = fma(vec4f(a_${r}_${i}[${j}]), b_${j}_${c}, acc_${r}_${c}_${i});
#end
#end
#end
#end
    }
#end
    workgroupBarrier();
  }
#for r in TM4
#for c in TN4
  {
    let at_row4 = row4 + ${r} * ${TY} + ty;
    let at_col4 = col4 + ${c} * ${TX} + tx;
    if (at_row4 < params.rows4 && at_col4 < params.cols4) {
      store(split, at_row4, at_col4, mat4x4f(acc_${r}_${c}_0, acc_${r}_${c}_1, acc_${r}_${c}_2, acc_${r}_${c}_3));
    }
  }
#end
#end
}
