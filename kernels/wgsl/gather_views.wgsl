// Views of windows of a long time series (kernels.ts, GatherViews): resampled in time and across bands by linear interpolation, with
// gain and noise, masked, standardised. Lane i computes value i of the output, so writes are contiguous; a window (8 KB at 32 frames)
// stays in the cache for its strided reads.

struct Params {
  height: u32,
  width: u32,
  length: u32, // batch x height x width
  first: u32, // index of the first value, if a batch is processed in pieces
  key0: u32,
  key1: u32,
  mean: f32,
  scale: f32,
  offset: f32, // added before the logarithm by the front end
}

@group(0) @binding(0) var<storage, read> series: array<f32>; // [time, height]
@group(0) @binding(1) var<storage, read> starts: array<i32>; // [batch]
@group(0) @binding(2) var<storage, read> views: array<f32>; // [batch, 10]: rate, shift, last, warp, bandFrom, bandTo, frameFrom, frameTo, gain, noise
@group(0) @binding(3) var<storage, read_write> out: array<f32>; // [batch, height, width, 1]
@group(1) @binding(0) var<uniform> params: Params;

// The first word of threefry2x32(key, [place, 0]), as in random.ts, as a number in [0, 1).
fn uniform_number(place: u32) -> f32 {
  let key2 = 0x1bd11bdau ^ params.key0 ^ params.key1;
  var a = place + params.key0;
  var b = params.key1;
  mix4(&a, &b, vec4u(13, 15, 26, 6));
  a += params.key1;
  b += key2 + 1;
  mix4(&a, &b, vec4u(17, 29, 16, 24));
  a += key2;
  b += params.key0 + 2;
  mix4(&a, &b, vec4u(13, 15, 26, 6));
  a += params.key0;
  b += params.key1 + 3;
  mix4(&a, &b, vec4u(17, 29, 16, 24));
  a += params.key1;
  b += key2 + 4;
  mix4(&a, &b, vec4u(13, 15, 26, 6));
  a += key2;
  return f32(a >> 8) * 0x1p-24;
}

// Four rounds: a += b; b = a ^ rotate(b)
fn mix4(a: ptr<function, u32>, b: ptr<function, u32>, rotations: vec4u) {
#for i in 4
  *a += *b;
  *b = ((*b << rotations[${i}]) | (*b >> (32 - rotations[${i}]))) ^ *a;
#end
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 64 + lane;
  if (i >= params.length) {
    return;
  }
  let row = i / params.width; // counted over all images
  let w = f32(i - row * params.width);
  let image = row / params.height;
  let h = f32(row - image * params.height);
  let view = image * 10;
  if ((h >= views[view + 4] && h < views[view + 5]) || (w >= views[view + 6] && w < views[view + 7])) {
    out[i] = 0;
    return;
  }
  let last = views[view + 2];
  let time = clamp(w * views[view] + views[view + 1], 0.0, last);
  let band = min(h * views[view + 3], f32(params.height - 1));
  let low = u32(band);
  let high = min(low + 1, params.height - 1);
  let across = band - floor(band);
  let now = (u32(starts[image]) + u32(time)) * params.height;
  let next = select(now, now + params.height, time < last);
  let value0 = mix(series[now + low], series[now + high], across);
  let value1 = mix(series[next + low], series[next + high], across);
  var value = mix(value0, value1, time - floor(time));
  let gain = views[view + 8];
  let noise = views[view + 9];
  if (gain != 1 || noise != 0) {
    let sound = gain * max(0.0, exp(value) - params.offset);
    value = log(sound + 2 * noise * uniform_number(params.first + i) + params.offset);
  }
  out[i] = (value - params.mean) * params.scale;
}
