${ENABLE_SUBGROUPS}
// Does what the kernels do with subgroups, so that whoever opens a device sees whether it comes out right:
//
// - every lane of a subgroup gets value i from lane i (gemm_subgroup.wgsl), for the SHARE lanes that each subgroup has;
// - a sum over lanes is halved through workgroup memory until SHARE lanes can go on alone (sum.wgsl);
// - a subgroup is counted, since the size that is told for it may be another.

@group(0) @binding(0) var<storage, read> x: array<vec4f>; // [LANES]
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>; // [LANES + 1, LANES]: sizes and sums, then what was handed on

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
