${ENABLE_SUBGROUPS}
// Uses subgroups as the kernels do, so that opening a device can check the results:
//
// - every lane of a subgroup receives value i from lane i (gemm_subgroup.wgsl), for the SHARE lanes of each subgroup;
// - a sum over lanes is halved through workgroup memory until SHARE lanes can finish alone (sum.wgsl);
// - the lanes of a subgroup are counted, since the reported size may be wrong.

@group(0) @binding(0) var<storage, read> x: array<vec4f>; // [LANES]
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>; // [LANES + 1, LANES]: sizes and sums, then the exchanged values

var<workgroup> sums: array<f32, ${LANES}>;

@compute @workgroup_size(${LANES})
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) id: u32,
  @builtin(subgroup_size) size: u32,
) {
  let mine = x[id % ${SHARE}];
#for i in SHARE
  y[(${i} + 1) * ${LANES} + lane] = subgroupBroadcast(mine, ${i}u);
#end
  sums[lane] = x[lane].x;
  workgroupBarrier();
  for (var half = ${LANES}u / 2; half >= ${SHARE}; half >>= 1) {
    if (lane < half) {
      sums[lane] += sums[lane + half];
    }
    workgroupBarrier();
  }
  var sum = sums[id % ${SHARE}];
  for (var half = ${SHARE}u >> 1; half > 0; half >>= 1) {
    sum += subgroupShuffleXor(sum, half);
  }
  y[lane] = vec4f(f32(min(size, subgroupAdd(1u))), f32(id), sum, f32(subgroupMax(lane)));
}
