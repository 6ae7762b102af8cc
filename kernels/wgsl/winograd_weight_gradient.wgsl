// dWeights = A'^T p A': the gradient of 3x3 weights by Winograd's algorithm (webgpu/winograd.ts has the mathematics), from the sums
// over all tiles at 16 points. Along a line of four, A'^T p is
//
//   p0 + p1 + p2, p1 - p2, p1 + p2 + p3
//
// Lane i computes one input channel and four output channels. The partial sums over tiles are added first, in order.

struct Params {
  cin: u32,
  cols4: u32, // channels out / 4
  pieces: u32,
  splits: u32, // parts per point in each piece
}

@group(0) @binding(0) var<storage, read> p: array<vec4f>; // [pieces, 16, splits, cin, cout]
@group(0) @binding(1) var<storage, read_write> dweights: array<vec4f>; // [9, cin, cout]
@group(1) @binding(0) var<uniform> params: Params;

fn line(a: vec4f, b: vec4f, c: vec4f, d: vec4f) -> mat3x4f {
  let sum = b + c;
  return mat3x4f(a + sum, b - c, sum + d);
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  let length = params.cin * params.cols4; // of a part, and of a tap
  if (i >= length) {
    return;
  }
  let point = params.splits * length;
#for n in 16
  var p_${n} = vec4f();
#end
  for (var piece = 0u; piece < params.pieces; piece++) {
    for (var split = 0u; split < params.splits; split++) {
      let begin = i + piece * 16 * point + split * length;
#for n in 16
      p_${n} += p[begin + ${n} * point];
#end
    }
  }
  let t_0 = line(p_0, p_4, p_8, p_12);
  let t_1 = line(p_1, p_5, p_9, p_13);
  let t_2 = line(p_2, p_6, p_10, p_14);
  let t_3 = line(p_3, p_7, p_11, p_15);
#for r in 3
  let w_${r} = line(t_0[${r}], t_1[${r}], t_2[${r}], t_3[${r}]);
#for c in 3
  dweights[i + (3 * ${r} + ${c}) * length] = w_${r}[${c}];
#end
#end
}
