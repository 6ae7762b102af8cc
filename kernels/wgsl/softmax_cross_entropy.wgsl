// Softmax with cross-entropy against soft targets, and its gradient:
//
//   loss = -1/count sum over rows, classes of target log p,   p = softmax(logits),   dLogits = (p - target) / count
//
// log p is (logit - max) - log(sum exp(logit - max)), so nothing overflows, and there is no logarithm of zero. Rows from
// `count` on are padding: they get probabilities, but no loss and no gradient.
//
// One workgroup does everything, so the order of additions to the metrics is fixed: lane l takes rows l, l + 256, ..., the
// lanes' sums are halved repeatedly, and lane 0 adds them to the running totals. The bits of the loss and of the logits decide
// whether they are finite, since a compiler may assume that x == x. With subgroups, the last halvings need no barrier
// (sum.wgsl).

#if SUBGROUPS
${ENABLE}
#end

struct Params {
  rows: u32,
  classes: u32,
  count: u32, // rows without padding
  step: f32,
}

@group(0) @binding(0) var<storage, read> logits: array<f32>; // [rows, classes]
@group(0) @binding(1) var<storage, read> targets: array<f32>; // [rows, classes]
@group(0) @binding(2) var<storage, read_write> probabilities: array<f32>; // [rows, classes]
@group(0) @binding(3) var<storage, read_write> d_logits: array<f32>; // [rows, classes]
@group(0) @binding(4) var<storage, read_write> metrics: array<f32>; // [4]: loss, hits, rows, first bad step
@group(1) @binding(0) var<uniform> params: Params;

var<workgroup> sums: array<vec4f, 256>; // loss, hits, rows, number of values that are not finite

fn not_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) >= 0x7f800000u;
}

@compute @workgroup_size(256)
fn main(
  @builtin(local_invocation_index) lane: u32,
#if SUBGROUPS
  @builtin(subgroup_invocation_id) id: u32,
#end
) {
  var mine = vec4f();
  for (var row = lane; row < params.rows; row += 256) {
    let first = row * params.classes;
    let end = first + params.classes;
    let counts = row < params.count;
    var largest = logits[first];
    var largest_target = targets[first];
    var hit = 1.0; // whether the first largest values of logits and targets have the same index
    var bad = not_finite(largest);
    for (var i = first + 1; i < end; i++) {
      let logit = logits[i];
      let likelier = logit > largest;
      let wanted = targets[i] > largest_target;
      if (likelier != wanted) {
        hit = 0.0;
      } else if (likelier) {
        hit = 1.0;
      }
      largest = max(largest, logit);
      largest_target = max(largest_target, targets[i]);
      bad = bad || not_finite(logit);
    }
    var sum = 0.0;
    for (var i = first; i < end; i++) {
      sum += exp(logits[i] - largest);
    }
    let log_sum = log(sum);
    var loss = 0.0;
    for (var i = first; i < end; i++) {
      let probability = exp(logits[i] - largest) / sum;
      let target_share = targets[i];
      probabilities[i] = probability;
      d_logits[i] = select(0.0, (probability - target_share) / f32(params.count), counts);
      loss -= target_share * ((logits[i] - largest) - log_sum);
    }
    if (counts) {
      mine += vec4f(loss, hit, 1.0, select(0.0, 1.0, bad || not_finite(loss)));
    }
  }
  sums[lane] = mine;
  workgroupBarrier();
#if SUBGROUPS
  for (var half = 128u; half >= ${SHARE}; half >>= 1) {
    if (lane < half) {
      sums[lane] += sums[lane + half];
    }
    workgroupBarrier();
  }
  mine = sums[id % ${SHARE}];
  for (var half = ${SHARE}u >> 1; half > 0; half >>= 1) {
    mine += subgroupShuffleXor(mine, half);
  }
#else
  for (var half = 128u; half > 0; half >>= 1) {
    if (lane < half) {
      sums[lane] += sums[lane + half];
    }
    workgroupBarrier();
  }
  mine = sums[0];
#end
  if (lane == 0) {
    metrics[0] += mine.x;
    metrics[1] += mine.y;
    metrics[2] += mine.z;
    if (metrics[3] == 0 && (mine.w > 0 || not_finite(mine.x))) {
      metrics[3] = params.step;
    }
  }
}
