// y[i] = x[i] scale if the random word of index i is at least `threshold`, else 0. The word is the first of
// threefry2x32(key, [i, 0]), 20 rounds, as in random.ts, so the mask is never stored: the gradient draws it again.
// Lane i computes values 4 i to 4 i + 3.

struct Params {
  length: u32,
  first: u32, // index of the first value, if a long tensor is processed in pieces
  key0: u32,
  key1: u32,
  threshold: u32, // rate 2^32
  scale: f32, // 1 / (1 - rate)
}

#if IN_PLACE
// x is y
#else
@group(0) @binding(0) var<storage, read> x: array<vec4f>; // [length]
#end
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>; // [length]
@group(1) @binding(0) var<uniform> params: Params;

fn random_words(places: vec4u) -> vec4u {
  let key2 = 0x1bd11bdau ^ params.key0 ^ params.key1;
  var a = places + params.key0;
  var b = vec4u(params.key1);
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
  return a;
}

// Four rounds: a += b; b = a ^ rotate(b)
fn mix4(a: ptr<function, vec4u>, b: ptr<function, vec4u>, rotations: vec4u) {
#for i in 4
  *a += *b;
  *b = ((*b << vec4u(rotations[${i}])) | (*b >> vec4u(32 - rotations[${i}]))) ^ *a;
#end
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.y * groups.x + group.x) * 256 + lane;
  if (4 * i >= params.length) {
    return;
  }
#if IN_PLACE
  let all = y[i];
#else
  let all = x[i];
#end
  let places = 4 * i + vec4u(0, 1, 2, 3);
  let values = select(vec4f(), all * params.scale, random_words(params.first + places) >= vec4u(params.threshold));
  if (4 * i + 3 < params.length) {
    y[i] = values;
  } else { // what is beyond the length stays
    y[i] = select(y[i], values, places < vec4u(params.length));
  }
}
