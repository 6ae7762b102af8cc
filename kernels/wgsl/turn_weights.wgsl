// turned[8 - tap, co, ci] = weights[tap, ci, co]: the weights flipped in space and transposed in channels. With them, the
// gradient of a convolution's input is a convolution of dy. It runs once per step and layer, and moves 8 bytes per weight.
// Without it, the gradient would gather its weights from as many lines of memory as there are lanes, again for every tile.
//
// A lane transposes a block of 4 x 4 channels of one tap in registers. Neighbouring lanes read neighbouring output channels. Rows
// of the result are padded with zeros to a multiple of 4 values; if the number of output channels is also a multiple of 4 (VEC),
// they are read four at a time.

struct Params {
  cin: u32,
  cout: u32,
  cin4: u32, // cin / 4, rounded up
  cout4: u32, // cout / 4, rounded up
}

#if VEC
@group(0) @binding(0) var<storage, read> weights: array<vec4f>; // [9, cin, cout]
#else
@group(0) @binding(0) var<storage, read> weights: array<f32>; // [9, cin, cout]
#end
@group(0) @binding(1) var<storage, read_write> turned: array<vec4f>; // [9, cout, cin]
@group(1) @binding(0) var<uniform> params: Params;

// Four output channels of input channel ci, in their layout.
fn four(tap: u32, ci: u32, co4: u32) -> vec4f {
  if (ci >= params.cin) {
    return vec4f();
  }
#if VEC
  return weights[(tap * params.cin + ci) * params.cout4 + co4];
#else
  let first = (tap * params.cin + ci) * params.cout;
  let co = min(4 * co4 + vec4u(0, 1, 2, 3), vec4u(params.cout - 1));
  return vec4f(weights[first + co.x], weights[first + co.y], weights[first + co.z], weights[first + co.w]);
#end
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  let co4 = i % params.cout4;
  let ci4 = (i / params.cout4) % params.cin4;
  let tap = i / (params.cout4 * params.cin4);
  if (tap >= 9) {
    return;
  }
  let block = transpose(mat4x4f(
#for j in 4
    four(tap, 4 * ci4 + ${j}, co4),
#end
  ));
#for j in 4
  if (4 * co4 + ${j} < params.cout) {
    turned[((8 - tap) * params.cout + 4 * co4 + ${j}) * params.cin4 + ci4] = block[${j}];
  }
#end
}
