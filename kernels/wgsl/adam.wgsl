// One step of Adam as Keras defines it (Kingma & Ba 2015, end of section 2: epsilon-hat), on all weights at once:
//
//   m = beta1 m + (1 - beta1) g;   v = beta2 v + (1 - beta2) g^2;   weights -= rate m / (sqrt(v) + epsilon)
//
// The rate is already corrected for the step. Lane i updates weight i: four reads and three writes of 4 bytes, so the kernel
// is bound by memory. Moments under 1e-30 become zero, as on the CPU device, which can't flush denormals.

struct Params {
  length: u32,
  rate: f32,
  beta1: f32,
  one_minus_beta1: f32, // computed in float64 by the host: in float32, 1 - 0.999 has a relative error of 1e-5
  beta2: f32,
  one_minus_beta2: f32,
  epsilon: f32,
}

@group(0) @binding(0) var<storage, read> gradients: array<f32>; // [length]
@group(0) @binding(1) var<storage, read_write> weights: array<f32>; // [length]
@group(0) @binding(2) var<storage, read_write> m: array<f32>; // [length]
@group(0) @binding(3) var<storage, read_write> v: array<f32>; // [length]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  if (i >= params.length) {
    return;
  }
  let g = gradients[i];
  var mean = params.beta1 * m[i] + params.one_minus_beta1 * g;
  var variance = params.beta2 * v[i] + params.one_minus_beta2 * g * g;
  if (abs(mean) < 1e-30) {
    mean = 0;
  }
  if (variance < 1e-30) {
    variance = 0;
  }
  m[i] = mean;
  v[i] = variance;
  weights[i] -= params.rate * mean / (sqrt(variance) + params.epsilon);
}
