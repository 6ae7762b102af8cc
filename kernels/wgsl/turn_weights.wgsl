// turned[8 - tap, co, ci] = weights[tap, ci, co]: the weights turned over in space and transposed in channels, by which a
// convolution's gradient to its input is a convolution of dy. Once a step and layer: 8 bytes a weight, where the gradient would
// else gather its weights from as many lines of memory as lanes, for every tile anew.
//
// A workgroup turns a square of 16 x 16 channels of one tap through workgroup memory, so that neighbouring lanes read neighbours and
// write neighbours. Rows of the result are padded with zeros to a multiple of 4 values.

struct Params {
  cin: u32,
  cout: u32,
  columns: u32, // cin, padded
}

@group(0) @binding(0) var<storage, read> weights: array<f32>; // [9, cin, cout]
@group(0) @binding(1) var<storage, read_write> turned: array<f32>; // [9, cout, columns]
@group(1) @binding(0) var<uniform> params: Params;

var<workgroup> square: array<array<f32, 17>, 16>; // one column more than is used, so that a column is no bank

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let job = group.y * groups.x + group.x;
  let across = (params.cout + 15) / 16;
  let down = (params.columns + 15) / 16;
  let tap = job / (across * down);
  let ci = 16 * ((job / across) % down);
  let co = 16 * (job % across);
  let x = lane % 16;
  let y = lane / 16;
  var value = 0.0;
  if (ci + y < params.cin && co + x < params.cout && tap < 9) {
    value = weights[(tap * params.cin + ci + y) * params.cout + co + x];
  }
  square[y][x] = value;
  workgroupBarrier();
  if (ci + x < params.columns && co + y < params.cout && tap < 9) {
    turned[((8 - tap) * params.cout + co + y) * params.columns + ci + x] = square[x][y];
  }
}
