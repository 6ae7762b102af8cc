// dx = dy / pixels, the same for every pixel of an image, zero where mask <= 0. Lane i computes value i of dx.

struct Params {
  pixels: u32, // of an image
  channels: u32,
  length: u32, // of dx
  has_mask: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>; // [batch, channels]
@group(0) @binding(1) var<storage, read> mask: array<f32>; // as dx
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // [batch, pixels, channels]
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  if (i >= params.length) {
    return;
  }
  let image = i / (params.pixels * params.channels);
  var g = dy[image * params.channels + i % params.channels] / f32(params.pixels);
  if (params.has_mask != 0 && mask[i] <= 0.0) {
    g = 0.0;
  }
  dx[i] = g;
}
