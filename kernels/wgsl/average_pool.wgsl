// y = the mean of each channel over all pixels of an image. Lane i computes value i of y: it reads its channel pixel by pixel.
// Neighbouring lanes read neighbouring channels, so their reads are contiguous. Every number is read once, so the kernel is bound
// by memory.

struct Params {
  pixels: u32, // of an image
  channels: u32,
  length: u32, // of y
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [batch, pixels, channels]
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // [batch, channels]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  if (i >= params.length) {
    return;
  }
  let image = i / params.channels;
  let first = image * params.pixels * params.channels + (i - image * params.channels);
  var sum = 0.0;
  for (var pixel = 0u; pixel < params.pixels; pixel++) {
    sum += x[first + pixel * params.channels];
  }
  y[i] = sum / f32(params.pixels);
}
