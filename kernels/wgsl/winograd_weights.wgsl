// u[point, ci, co] = G g G^T: the 3x3 weights g of a convolution by Winograd's algorithm (webgpu/winograd.ts has the mathematics).
// Along a line of three, G g is
//
//   g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2
//
// Lane i transforms one input channel and four output channels: 9 vec4s in, 16 out.

struct Params {
  cin: u32,
  cols4: u32, // channels out / 4
}

@group(0) @binding(0) var<storage, read> weights: array<vec4f>; // [9, cin, cout]
@group(0) @binding(1) var<storage, read_write> u: array<vec4f>; // [16, cin, cout]
@group(1) @binding(0) var<uniform> params: Params;

fn line(a: vec4f, b: vec4f, c: vec4f) -> mat4x4f {
  let even = 0.5 * (a + c);
  let odd = 0.5 * b;
  return mat4x4f(a, even + odd, even - odd, c);
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  let length = params.cin * params.cols4; // of a tap, and of a point
  if (i >= length) {
    return;
  }
#for c in 3
  let t_${c} = line(weights[i + ${c} * length], weights[i + (3 + ${c}) * length], weights[i + (6 + ${c}) * length]);
#end
#for r in 4
  let u_${r} = line(t_0[${r}], t_1[${r}], t_2[${r}]);
#for c in 4
  u[i + (4 * ${r} + ${c}) * length] = u_${r}[${c}];
#end
#end
}
