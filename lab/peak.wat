;; Measures how many multiply-adds a core can do without waiting for memory: twelve independent sums of four lanes each, in
;; registers. A multiply-add takes about four cycles and two start per cycle, so eight sums would suffice; WebAssembly has
;; sixteen registers.
(module
  ;; Runs $rounds rounds of 8 x 12 multiply-adds on four lanes: 768 operations a round. Returning the result prevents
  ;; its elimination.
  (func (export "run") (param $rounds i32) (param $factor f32) (result f32)
    (local $f v128) (local $t v128)
    {{#i 0 12}}(local $a{{i}} v128) {{/i}}
    (local.set $f (f32x4.splat (local.get $factor)))
    (local.set $t (f32x4.splat (f32.const 1e-7)))
    {{#i 0 12}}(local.set $a{{i}} (f32x4.splat (f32.const {{i+1}})))
    {{/i}}
    (loop $again
      {{#k 0 8}}{{#i 0 12}}(local.set $a{{i}} (f32x4.madd (local.get $a{{i}}) (local.get $f) (local.get $t)))
      {{/i}}{{/k}}
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $again (local.get $rounds)))
    {{#i 0 12}}(local.set $t (f32x4.add (local.get $t) (local.get $a{{i}})))
    {{/i}}
    (f32x4.extract_lane 0 (local.get $t)))
)
