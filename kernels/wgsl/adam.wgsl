// One step of Adam as Keras defines it (Kingma & Ba 2015, end of section 2: epsilon-hat), on all weights at once:
//
//   m = beta1 m + (1 - beta1) g;   v = beta2 v + (1 - beta2) g^2;   weights -= rate m / (sqrt(v) + epsilon)
//
// The rate is already corrected for the step. Lane i updates weights 4 i to 4 i + 3: four reads and three writes of 16 bytes, so the
// kernel is bound by memory. Moments under 1e-30 become zero, as on the CPU device, which can't flush denormals.

struct Params {
  length: u32,
  rate: f32,
  beta1: f32,
  one_minus_beta1: f32, // computed in float64 by the host: in float32, 1 - 0.999 has a relative error of 1e-5
  beta2: f32,
  one_minus_beta2: f32,
  epsilon: f32,
}

@group(0) @binding(0) var<storage, read> gradients: array<vec4f>; // [length]
@group(0) @binding(1) var<storage, read_write> weights: array<vec4f>; // [length]
@group(0) @binding(2) var<storage, read_write> m: array<vec4f>; // [length]
@group(0) @binding(3) var<storage, read_write> v: array<vec4f>; // [length]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 256 + lane;
  if (4 * i >= params.length) {
    return;
  }
  let own = 4 * i + vec4u(0, 1, 2, 3) < vec4u(params.length); // what is beyond the length stays
  let g = gradients[i];
  let old_m = m[i];
  let old_v = v[i];
  let old = weights[i];
  var mean = params.beta1 * old_m + params.one_minus_beta1 * g;
  var variance = params.beta2 * old_v + params.one_minus_beta2 * g * g;
  mean = select(mean, vec4f(), abs(mean) < vec4f(1e-30));
  variance = select(variance, vec4f(), variance < vec4f(1e-30));
  m[i] = select(old_m, mean, own);
  v[i] = select(old_v, variance, own);
  weights[i] = select(old, old - params.rate * mean / (sqrt(variance) + params.epsilon), own);
}
