// Matrix product through workgroup memory: the second half of matmul, conv2d and conv2d_weight_gradient.
//
//   C[row, column] = sum over k of A[row, k] B[k, column]
//
// A workgroup of TX x TY lanes computes a tile of 4 BM4 rows by 4 BN4 columns of C. It walks along k, 4 BK4 at a time: each lane copies
// 4x4 blocks of A and B (with the problem's load_a() and load_b()) to workgroup memory, then multiplies TM4 x TN4 blocks of 4x4 from
// there. With BM4 = BN4 = 32 every value read from memory is used 128 times, and with TM4 = TN4 = 2 every vec4 read from workgroup
// memory is used 8 times. If the depth of the tile divides k (FIT), the inner code tests no bounds. Beyond the last row or column, the
// last one is loaded again but not stored.
//
// Layout: tile[kk][j][slot] has four rows of A (slots below BM4) or four columns of B (from BM4 on) at k = 4 kk + j. When a lane reads,
// kk and j are constants, and the slot is its lane number plus a constant. So naga needs no clamps for the first two, and compilers see
// that those for the slot do nothing, whereas in a flat array each clamp costs an instruction.
//
// Loads: eight neighbouring lanes have neighbouring slots, and each further eight lanes the next four of k. A matrix stored along k is
// then read in runs of 64 bytes, and one stored along rows in runs of 128. Eight lanes write 128 contiguous bytes of workgroup memory,
// no two of them to the same bank. If there are as many blocks as lanes (SPLIT), the first LANES_A lanes load A and the others B, one
// block each.
//
// Timing: the blocks of the next step are read into registers before those of this step are multiplied, so the multiplication hides the
// wait for memory. With two tiles in workgroup memory (STAGES), a lane may write one while others still read the other, and one barrier
// per step is enough; with one tile, two barriers are required.
//
// Computation: 32 lanes form a patch of 8 x 4 blocks, which reads eight vec4s of B and four of A, each for all lanes at once; a lane's
// blocks are TY rows (TX columns) apart.
//
// 16-bit floats (HALF): a run of 4 RUN4 terms is summed in 16 bits, and the sums of runs in float32, so that most multiply-adds are of
// 16 bits, of which GPUs do two at once. pack_half.wgsl keeps such a run below 16,384: it cannot overflow.
//
// Only the loop along k remains. The template unrolls the rest, since neither naga nor Tint does: each loop would cost a counter, and
// each index into a private array a clamp.

#for stage in STAGES
var<workgroup> tile_${stage}: array<array<array<vec4${S}, ${BM4} + ${BN4}>, 4>, ${BK4}>;
#end

// A block for the tile, zeros beyond the end of the sum.
fn fetch_a(rows: Rows, at: Place, k4: u32, last: u32) -> mat4x4${S} {
#if !FIT
  if (k4 >= last) {
    return mat4x4${S}();
  }
#end
  return load_a(rows, at);
}

fn fetch_b(at: Place, col4: u32, k4: u32, last: u32) -> mat4x4${S} {
#if !FIT
  if (k4 >= last) {
    return mat4x4${S}();
  }
#end
  return load_b(at, col4);
}

@compute @workgroup_size(${TX} * ${TY})
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let job = group.y * groups.x + group.x; // large grids are folded into two dimensions
  let tiles_m = (params.rows4 + ${BM4} - 1) / ${BM4};
  let tiles_n = (params.cols4 + ${BN4} - 1) / ${BN4};
  let split = job / (tiles_m * tiles_n);
  let tile = job % (tiles_m * tiles_n);
  let row4 = (tile / tiles_n) * ${BM4};
  let col4 = (tile % tiles_n) * ${BN4};
  let first = split * params.split_k4;
  let last = min(first + params.split_k4, params.k4);

  // The slots that this lane loads: always the same, and always a fixed number of groups of k ahead.
  let kk = (lane / 8) % ${BK4};
  let slot = lane % 8 + 8 * (lane / (8 * ${BK4}));
  let stride = stride_of(${BK4});
  var at = place(first + kk);
#if SPLIT
  let loads_a = lane < ${LANES_A};
  let rows = rows_of(min(row4 + slot, params.rows4 - 1));
  let load_col4 = min(col4 + slot - ${BM4}, params.cols4 - 1);
  var block: mat4x4${S};
  if (loads_a) {
    block = fetch_a(rows, at, first + kk, last);
  } else {
    block = fetch_b(at, load_col4, first + kk, last);
  }
#else
#for s in LOADS_A
  let rows_${s} = rows_of(min(row4 + slot + ${s} * ${SLOTS}, params.rows4 - 1));
  var block_a_${s} = fetch_a(rows_${s}, at, first + kk, last);
#end
#for s in LOADS_B
  let load_col4_${s} = min(col4 + slot + ${s} * ${SLOTS}, params.cols4 - 1);
  var block_b_${s}: mat4x4${S};
#if SOME_B
  if (slot + ${s} * ${SLOTS} < ${BN4}) {
#else
  {
#end
    block_b_${s} = fetch_b(at, load_col4_${s}, first + kk, last);
  }
#end
#end

  // The blocks that it computes.
  let tx = lane % 8 + 8 * ((lane / 32) % (${TX} / 8));
  let ty = (lane / 8) % 4 + 4 * (lane / (4 * ${TX}));
#for r in TM4
#for c in TN4
#for i in 4
  var acc_${r}_${c}_${i} = vec4f();
#end
#end
#end
  for (var k4 = first; k4 < last; k4 += ${STAGES} * ${BK4}) {
#for stage in STAGES
#if DOUBLE
    if (k4 + ${stage} * ${BK4} < last) {
#else
    {
#end
#if SPLIT
#for j in 4
      tile_${stage}[kk][${j}][slot] = block[${j}];
#end
#else
#for s in LOADS_A
#for j in 4
      tile_${stage}[kk][${j}][slot + ${s} * ${SLOTS}] = block_a_${s}[${j}];
#end
#end
#for s in LOADS_B
#if SOME_B
      if (slot + ${s} * ${SLOTS} < ${BN4}) {
#else
      {
#end
#for j in 4
        tile_${stage}[kk][${j}][slot + ${BM4} + ${s} * ${SLOTS}] = block_b_${s}[${j}];
#end
      }
#end
#end
      workgroupBarrier();
      let coming = k4 + (${stage} + 1) * ${BK4};
      if (coming < last) {
        at = ahead(at, stride);
#if SPLIT
        if (loads_a) {
          block = fetch_a(rows, at, coming + kk, last);
        } else {
          block = fetch_b(at, load_col4, coming + kk, last);
        }
#else
#for s in LOADS_A
        block_a_${s} = fetch_a(rows_${s}, at, coming + kk, last);
#end
#for s in LOADS_B
#if SOME_B
        if (slot + ${s} * ${SLOTS} < ${BN4}) {
#else
        {
#end
          block_b_${s} = fetch_b(at, load_col4_${s}, coming + kk, last);
        }
#end
#end
      }
#for run in RUNS
      {
#if HALF
#for r in TM4
#for c in TN4
#for i in 4
        var run_${r}_${c}_${i} = vec4h();
#end
#end
#end
#end
#for kk in RUN4
#for j in 4
        {
#for r in TM4
          let a_${r} = tile_${stage}[${run} * ${RUN4} + ${kk}][${j}][${r} * ${TY} + ty];
#end
#for c in TN4
          let b_${c} = tile_${stage}[${run} * ${RUN4} + ${kk}][${j}][${BM4} + ${c} * ${TX} + tx];
#for r in TM4
#for i in 4
          ${SUM}_${r}_${c}_${i} = fma(vec4${S}(a_${r}[${i}]), b_${c}, ${SUM}_${r}_${c}_${i});
#end
#end
#end
        }
#end
#end
#if HALF
#for r in TM4
#for c in TN4
#for i in 4
        acc_${r}_${c}_${i} += vec4f(run_${r}_${c}_${i});
#end
#end
#end
#end
      }
#end
#if !DOUBLE
      workgroupBarrier();
#end
    }
#end
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
