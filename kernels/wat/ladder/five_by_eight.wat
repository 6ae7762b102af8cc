;; Rung 4: 5 x 8 sums, and rows of a as strips (../strips.wat). A vector loads four rows at once, and shuffles copy each to all
;; lanes: 13 loads for 40 multiply-adds, where rung 3, the tiles of ../conv2d.wat, has 32 for 48. Each saved load also saves the
;; check of its address.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; c[r, n] of one panel: a: strips of `depth` steps, a multiple of 4; panel: [depth, 8]; c: rows cRow bytes apart, a multiple of 5.
  (func (export "fiveByEight") (param $a i32) (param $rows i32) (param $depth i32) (param $panel i32) (param $c i32)
    (param $cRow i32)
    (local $w i32) (local $k i32) (local $s v128) (local $v v128) (local $e v128) (local $b0 v128) (local $b1 v128)
    {{#i 0 5}}(local $c{{i}}0 v128) (local $c{{i}}1 v128) {{/i}}
    (loop $strip
      {{#i 0 5}}
      (local.set $c{{i}}0 (v128.const f32x4 0 0 0 0))
      (local.set $c{{i}}1 (v128.const f32x4 0 0 0 0))
      {{/i}}
      (local.set $w (local.get $panel))
      (local.set $k (local.get $depth))
      (loop $four
        (local.set $e (v128.load (local.get $a)))
        {{#k 0 4}}
        (local.set $b0 (v128.load offset={{32*k}} (local.get $w)))
        (local.set $b1 (v128.load offset={{32*k+16}} (local.get $w)))
        (local.set $v (v128.load offset={{16*k+16}} (local.get $a)))
        {{#i 0 4}}
        (local.set $s
          (i8x16.shuffle {{#r 0 4}}{{#j 0 4}}{{4*i+j}} {{/j}}{{/r}}(local.get $v) (local.get $v)))
        (local.set $c{{i}}0 (f32x4.madd (local.get $s) (local.get $b0) (local.get $c{{i}}0)))
        (local.set $c{{i}}1 (f32x4.madd (local.get $s) (local.get $b1) (local.get $c{{i}}1)))
        {{/i}}
        (local.set $s
          (i8x16.shuffle {{#r 0 4}}{{#j 0 4}}{{4*k+j}} {{/j}}{{/r}}(local.get $e) (local.get $e)))
        (local.set $c40 (f32x4.madd (local.get $s) (local.get $b0) (local.get $c40)))
        (local.set $c41 (f32x4.madd (local.get $s) (local.get $b1) (local.get $c41)))
        {{/k}}
        (local.set $a (i32.add (local.get $a) (i32.const 80)))
        (local.set $w (i32.add (local.get $w) (i32.const 128)))
        (br_if $four (local.tee $k (i32.sub (local.get $k) (i32.const 4)))))
      {{#i 0 5}}
      (v128.store (local.get $c) (local.get $c{{i}}0))
      (v128.store offset=16 (local.get $c) (local.get $c{{i}}1))
      (local.set $c (i32.add (local.get $c) (local.get $cRow)))
      {{/i}}
      (br_if $strip (local.tee $rows (i32.sub (local.get $rows) (i32.const 5))))))
)
