;; Gradient of a 3x3 convolution to its weights:
;;
;;   dW[r, k, n] = sum over pixels p of x[row(p) + r * rowStride + k] * dy[p, n]
;;
;; with x padded by zeros as in conv2d.wat, so that the 3C values k under one kernel row r are contiguous. A tile is 6
;; values k by 8 output channels n: 12 accumulators live in registers while the loop runs over the pixels of a block, and
;; are then added to a partial sum in memory. A pixel costs 1 load of row(p), 6 splats, 2 vectors of dy and 12 multiply-adds.
;; Blocks hold some 200 pixels, so that their x and dy stay in L1 or L2 for all tiles, and adding to memory is rare.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; All tiles of one kernel row. table: count pointers row(p); offset: bytes added to each (which kernel row).
  ;; tiles: groups of 6 values, tileStep bytes apart in x. dy: pixel 0, first column; panels: groups of 8 columns.
  ;; partial: [6 * tiles, partialStride bytes], written if first, else added to. A last group may reach over its row's end:
  ;; what lies there is some number, and its sum is never read.
  (func (export "weightTiles") (param $table i32) (param $count i32) (param $offset i32) (param $tiles i32)
    (param $tileStep i32) (param $dy i32) (param $dyStride i32) (param $panels i32) (param $partial i32)
    (param $partialStride i32) (param $first i32)
    (local $panel i32) (local $d i32) (local $x i32) (local $t i32) (local $n i32) (local $out i32) (local $column i32)
    (local $a v128) (local $b0 v128) (local $b1 v128)
    {{#i 0 6}}(local $c{{i}}0 v128) (local $c{{i}}1 v128) {{/i}}
    (loop $tile
      (local.set $panel (i32.const 0))
      (loop $columns
        {{#i 0 6}}
        (local.set $c{{i}}0 (v128.const f32x4 0 0 0 0))
        (local.set $c{{i}}1 (v128.const f32x4 0 0 0 0))
        {{/i}}
        (local.set $column (i32.shl (local.get $panel) (i32.const 5)))
        (local.set $d (i32.add (local.get $dy) (local.get $column)))
        (local.set $t (local.get $table))
        (if (local.tee $n (i32.and (local.get $count) (i32.const -4)))
          (then
            (loop $four
              {{#k 0 4}}
              (local.set $x (i32.add (i32.load offset={{4*k}} (local.get $t)) (local.get $offset)))
              (local.set $b0 (v128.load (local.get $d)))
              (local.set $b1 (v128.load offset=16 (local.get $d)))
              (local.set $d (i32.add (local.get $d) (local.get $dyStride)))
              {{#i 0 6}}
              (local.set $a (v128.load32_splat offset={{4*i}} (local.get $x)))
              (local.set $c{{i}}0 (f32x4.madd (local.get $a) (local.get $b0) (local.get $c{{i}}0)))
              (local.set $c{{i}}1 (f32x4.madd (local.get $a) (local.get $b1) (local.get $c{{i}}1)))
              {{/i}}
              {{/k}}
              (local.set $t (i32.add (local.get $t) (i32.const 16)))
              (br_if $four (local.tee $n (i32.sub (local.get $n) (i32.const 4)))))))
        (if (local.tee $n (i32.and (local.get $count) (i32.const 3)))
          (then
            (loop $one
              (local.set $x (i32.add (i32.load (local.get $t)) (local.get $offset)))
              (local.set $b0 (v128.load (local.get $d)))
              (local.set $b1 (v128.load offset=16 (local.get $d)))
              (local.set $d (i32.add (local.get $d) (local.get $dyStride)))
              {{#i 0 6}}
              (local.set $a (v128.load32_splat offset={{4*i}} (local.get $x)))
              (local.set $c{{i}}0 (f32x4.madd (local.get $a) (local.get $b0) (local.get $c{{i}}0)))
              (local.set $c{{i}}1 (f32x4.madd (local.get $a) (local.get $b1) (local.get $c{{i}}1)))
              {{/i}}
              (local.set $t (i32.add (local.get $t) (i32.const 4)))
              (br_if $one (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
        (local.set $out (i32.add (local.get $partial) (local.get $column)))
        {{#i 0 6}}
        (if (i32.eqz (local.get $first))
          (then
            (local.set $c{{i}}0 (f32x4.add (v128.load (local.get $out)) (local.get $c{{i}}0)))
            (local.set $c{{i}}1 (f32x4.add (v128.load offset=16 (local.get $out)) (local.get $c{{i}}1)))))
        (v128.store (local.get $out) (local.get $c{{i}}0))
        (v128.store offset=16 (local.get $out) (local.get $c{{i}}1))
        (local.set $out (i32.add (local.get $out) (local.get $partialStride)))
        {{/i}}
        (br_if $columns (i32.lt_u (local.tee $panel (i32.add (local.get $panel) (i32.const 1))) (local.get $panels))))
      (local.set $offset (i32.add (local.get $offset) (local.get $tileStep)))
      (local.set $partial (i32.add (local.get $partial) (i32.mul (local.get $partialStride) (i32.const 6))))
      (br_if $tile (local.tee $tiles (i32.sub (local.get $tiles) (i32.const 1))))))

  ;; sums[8 * panels] of the columns of dy [count, dyStride bytes], written if first, else added to.
  (func (export "biasSums") (param $dy i32) (param $count i32) (param $dyStride i32) (param $panels i32) (param $sums i32)
    (param $first i32)
    (local $d i32) (local $n i32) (local $s0 v128) (local $s1 v128)
    (loop $panel
      (local.set $s0 (v128.const f32x4 0 0 0 0))
      (local.set $s1 (v128.const f32x4 0 0 0 0))
      (local.set $d (local.get $dy))
      (local.set $n (local.get $count))
      (loop $next
        (local.set $s0 (f32x4.add (local.get $s0) (v128.load (local.get $d))))
        (local.set $s1 (f32x4.add (local.get $s1) (v128.load offset=16 (local.get $d))))
        (local.set $d (i32.add (local.get $d) (local.get $dyStride)))
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (if (i32.eqz (local.get $first))
        (then
          (local.set $s0 (f32x4.add (local.get $s0) (v128.load (local.get $sums))))
          (local.set $s1 (f32x4.add (local.get $s1) (v128.load offset=16 (local.get $sums))))))
      (v128.store (local.get $sums) (local.get $s0))
      (v128.store offset=16 (local.get $sums) (local.get $s1))
      (local.set $sums (i32.add (local.get $sums) (i32.const 32)))
      (local.set $dy (i32.add (local.get $dy) (i32.const 32)))
      (br_if $panel (local.tee $panels (i32.sub (local.get $panels) (i32.const 1))))))

  ;; to[i] = the sum over `splits` partials, splitStride bytes apart, in their order; i < length. Reads, never writes, up to 12
  ;; bytes past the end.
  (func (export "reducePartials") (param $from i32) (param $splitStride i32) (param $splits i32) (param $to i32)
    (param $length i32)
    (local $at i32) (local $s i32) (local $sum v128)
    (block $done
      (loop $next
        (br_if $done (i32.le_s (local.get $length) (i32.const 0)))
        (local.set $sum (v128.load (local.get $from)))
        (local.set $at (local.get $from))
        (local.set $s (local.get $splits))
        (block $summed
          (loop $split
            (br_if $summed (i32.eqz (local.tee $s (i32.sub (local.get $s) (i32.const 1)))))
            (local.set $at (i32.add (local.get $at) (local.get $splitStride)))
            (local.set $sum (f32x4.add (local.get $sum) (v128.load (local.get $at))))
            (br $split)))
        (if (i32.ge_s (local.get $length) (i32.const 4))
          (then (v128.store (local.get $to) (local.get $sum)))
          (else
            (f32.store (local.get $to) (f32x4.extract_lane 0 (local.get $sum)))
            (if (i32.ge_s (local.get $length) (i32.const 2))
              (then (f32.store offset=4 (local.get $to) (f32x4.extract_lane 1 (local.get $sum)))))
            (if (i32.ge_s (local.get $length) (i32.const 3))
              (then (f32.store offset=8 (local.get $to) (f32x4.extract_lane 2 (local.get $sum)))))))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (local.set $length (i32.sub (local.get $length) (i32.const 4)))
        (br $next))))
)
