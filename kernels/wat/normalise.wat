;; Batch normalisation, its moments and its gradient, over blocks of some rows of [rows, columns]. Four columns are processed
;; at a time, with their constants in registers during the loop over rows. Columns beyond a multiple of four are processed one
;; by one with the same instructions on one lane. A block fits in the first-level cache, so the second pass over it, for the
;; squares, needs no memory traffic. Rows are rowBytes apart; the second of two rows of statistics is `stride` bytes after the
;; first.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; For each column of a block: its mean at `part`, and the sum of squared distances from the mean one stride further.
  (func (export "momentsOfBlock") (param $x i32) (param $rows i32) (param $rowBytes i32) (param $columns i32) (param $part i32)
    (param $stride i32)
    (local $at i32) (local $row i32) (local $mean v128) (local $squares v128) (local $step i32)
    {{#u 0 4}}(local $s{{u}} v128) (local $d{{u}} v128) {{/u}}
    (loop $group
      {{#u 0 4}}(local.set $s{{u}} (v128.const f32x4 0 0 0 0)) {{/u}}
      (local.set $at (local.get $x))
      (local.set $row (local.get $rows))
      (block $ones
        (loop $fours
          (br_if $ones (i32.lt_u (local.get $row) (i32.const 4)))
          {{#u 0 4}}
          (local.set $s{{u}} (f32x4.add (local.get $s{{u}}) (v128.load (local.get $at))))
          (local.set $at (i32.add (local.get $at) (local.get $rowBytes)))
          {{/u}}
          (local.set $row (i32.sub (local.get $row) (i32.const 4)))
          (br $fours)))
      (block $summed
        (loop $next
          (br_if $summed (i32.eqz (local.get $row)))
          (local.set $s0 (f32x4.add (local.get $s0) (v128.load (local.get $at))))
          (local.set $at (i32.add (local.get $at) (local.get $rowBytes)))
          (local.set $row (i32.sub (local.get $row) (i32.const 1)))
          (br $next)))
      (local.set $mean (f32x4.div
        (f32x4.add (f32x4.add (local.get $s0) (local.get $s1)) (f32x4.add (local.get $s2) (local.get $s3)))
        (f32x4.splat (f32.convert_i32_u (local.get $rows)))))
      {{#u 0 4}}(local.set $s{{u}} (v128.const f32x4 0 0 0 0)) {{/u}}
      (local.set $at (local.get $x))
      (local.set $row (local.get $rows))
      (block $ones
        (loop $fours
          (br_if $ones (i32.lt_u (local.get $row) (i32.const 4)))
          {{#u 0 4}}
          (local.set $d{{u}} (f32x4.sub (v128.load (local.get $at)) (local.get $mean)))
          (local.set $s{{u}} (f32x4.madd (local.get $d{{u}}) (local.get $d{{u}}) (local.get $s{{u}})))
          (local.set $at (i32.add (local.get $at) (local.get $rowBytes)))
          {{/u}}
          (local.set $row (i32.sub (local.get $row) (i32.const 4)))
          (br $fours)))
      (block $summed
        (loop $next
          (br_if $summed (i32.eqz (local.get $row)))
          (local.set $d0 (f32x4.sub (v128.load (local.get $at)) (local.get $mean)))
          (local.set $s0 (f32x4.madd (local.get $d0) (local.get $d0) (local.get $s0)))
          (local.set $at (i32.add (local.get $at) (local.get $rowBytes)))
          (local.set $row (i32.sub (local.get $row) (i32.const 1)))
          (br $next)))
      (local.set $squares
        (f32x4.add (f32x4.add (local.get $s0) (local.get $s1)) (f32x4.add (local.get $s2) (local.get $s3))))
      (local.set $at (i32.add (local.get $part) (local.get $stride)))
      (if (i32.ge_u (local.get $columns) (i32.const 4))
        (then
          (v128.store (local.get $part) (local.get $mean))
          (v128.store (local.get $at) (local.get $squares))
          (local.set $step (i32.const 4)))
        (else
          (v128.store32_lane 0 (local.get $part) (local.get $mean))
          (v128.store32_lane 0 (local.get $at) (local.get $squares))
          (local.set $step (i32.const 1))))
      (local.set $columns (i32.sub (local.get $columns) (local.get $step)))
      (local.set $step (i32.shl (local.get $step) (i32.const 2)))
      (local.set $x (i32.add (local.get $x) (local.get $step)))
      (local.set $part (i32.add (local.get $part) (local.get $step)))
      (br_if $group (local.get $columns))))

  ;; Mean and variance of all rows from those of the blocks, each of `each` rows, the last of `last`: two sets of n and c values
  ;; are joined by mean += d c / (n + c), squares += squares' + d^2 n c / (n + c), with d the distance of their means (Chan et al.
  ;; 1983).
  (func (export "joinMoments") (param $parts i32) (param $count i32) (param $each f64) (param $last f64) (param $columns i32)
    (param $moments i32) (param $stride i32)
    (local $at i32) (local $left i32) (local $n f64) (local $c f64) (local $d f64) (local $mean f64) (local $squares f64)
    (loop $column
      (local.set $at (local.get $parts))
      (local.set $left (local.get $count))
      (local.set $n (f64.const 0))
      (local.set $mean (f64.const 0))
      (local.set $squares (f64.const 0))
      (loop $next
        (local.set $c (select (local.get $last) (local.get $each) (i32.eq (local.get $left) (i32.const 1))))
        (local.set $d (f64.sub (f64.promote_f32 (f32.load (local.get $at))) (local.get $mean)))
        (local.set $squares (f64.add
          (f64.add (local.get $squares)
            (f64.promote_f32 (f32.load (i32.add (local.get $at) (local.get $stride)))))
          (f64.div
            (f64.mul (f64.mul (local.get $d) (local.get $d)) (f64.mul (local.get $n) (local.get $c)))
            (f64.add (local.get $n) (local.get $c)))))
        (local.set $n (f64.add (local.get $n) (local.get $c)))
        (local.set $mean (f64.add (local.get $mean) (f64.div (f64.mul (local.get $d) (local.get $c)) (local.get $n))))
        (local.set $at (i32.add (local.get $at) (i32.shl (local.get $stride) (i32.const 1))))
        (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (f32.store (local.get $moments) (f32.demote_f64 (local.get $mean)))
      (f32.store (i32.add (local.get $moments) (local.get $stride))
        (f32.demote_f64 (f64.div (local.get $squares) (local.get $n))))
      (local.set $parts (i32.add (local.get $parts) (i32.const 4)))
      (local.set $moments (i32.add (local.get $moments) (i32.const 4)))
      (br_if $column (local.tee $columns (i32.sub (local.get $columns) (i32.const 1))))))

  ;; y = gamma (x - mean) / sqrt(variance + epsilon) + beta, but at least `floor`. NaN stays NaN: pmax(y, f) is y < f ?
  ;; f : y.
  (func (export "normaliseBlock") (param $x i32) (param $y i32) (param $rows i32) (param $rowBytes i32) (param $columns i32)
    (param $moments i32) (param $stride i32) (param $gamma i32) (param $beta i32) (param $epsilon f32) (param $floor f32)
    (local $wide i32) (local $from i32) (local $to i32) (local $row i32)
    (local $mean v128) (local $scale v128) (local $shift v128) (local $v v128) (local $step i32)
    (loop $group
      (local.set $wide (i32.ge_u (local.get $columns) (i32.const 4)))
      (local.set $from (i32.add (local.get $moments) (local.get $stride)))
      (local.set $mean (v128.load (local.get $moments)))
      (local.set $v (v128.load (local.get $from)))
      (local.set $scale (v128.load (local.get $gamma)))
      (local.set $shift (v128.load (local.get $beta)))
      (local.set $scale (f32x4.div (local.get $scale)
        (f32x4.sqrt (f32x4.add (local.get $v) (f32x4.splat (local.get $epsilon))))))
      (local.set $from (local.get $x))
      (local.set $to (local.get $y))
      (local.set $row (local.get $rows))
      (loop $next
        (local.set $v (v128.load (local.get $from)))
        (local.set $v (f32x4.pmax
          (f32x4.madd (f32x4.sub (local.get $v) (local.get $mean)) (local.get $scale) (local.get $shift))
          (f32x4.splat (local.get $floor))))
        (if (local.get $wide)
          (then (v128.store (local.get $to) (local.get $v)))
          (else (v128.store32_lane 0 (local.get $to) (local.get $v))))
        (local.set $from (i32.add (local.get $from) (local.get $rowBytes)))
        (local.set $to (i32.add (local.get $to) (local.get $rowBytes)))
        (br_if $next (local.tee $row (i32.sub (local.get $row) (i32.const 1)))))
      (local.set $step (select (i32.const 4) (i32.const 1) (local.get $wide)))
      (local.set $columns (i32.sub (local.get $columns) (local.get $step)))
      (local.set $step (i32.shl (local.get $step) (i32.const 2)))
      (local.set $x (i32.add (local.get $x) (local.get $step)))
      (local.set $y (i32.add (local.get $y) (local.get $step)))
      (local.set $moments (i32.add (local.get $moments) (local.get $step)))
      (local.set $gamma (i32.add (local.get $gamma) (local.get $step)))
      (local.set $beta (i32.add (local.get $beta) (local.get $step)))
      (br_if $group (local.get $columns))))

  ;; For each column of a block: the sum of dy at `part`, and that of dy (x - mean) one stride further.
  (func (export "gradientSumsOfBlock") (param $x i32) (param $dy i32) (param $rows i32) (param $rowBytes i32) (param $columns i32)
    (param $moments i32) (param $part i32) (param $stride i32)
    (local $at i32) (local $from i32) (local $row i32) (local $step i32) (local $mean v128) (local $g v128)
    {{#u 0 4}}(local $s{{u}} v128) (local $q{{u}} v128) {{/u}}
    (loop $group
      (local.set $mean (v128.load (local.get $moments)))
      {{#u 0 4}}
      (local.set $s{{u}} (v128.const f32x4 0 0 0 0))
      (local.set $q{{u}} (v128.const f32x4 0 0 0 0))
      {{/u}}
      (local.set $at (local.get $x))
      (local.set $from (local.get $dy))
      (local.set $row (local.get $rows))
      (block $ones
        (loop $fours
          (br_if $ones (i32.lt_u (local.get $row) (i32.const 4)))
          {{#u 0 4}}
          (local.set $g (v128.load (local.get $from)))
          (local.set $s{{u}} (f32x4.add (local.get $s{{u}}) (local.get $g)))
          (local.set $q{{u}} (f32x4.madd
            (local.get $g)
            (f32x4.sub (v128.load (local.get $at)) (local.get $mean))
            (local.get $q{{u}})))
          (local.set $at (i32.add (local.get $at) (local.get $rowBytes)))
          (local.set $from (i32.add (local.get $from) (local.get $rowBytes)))
          {{/u}}
          (local.set $row (i32.sub (local.get $row) (i32.const 4)))
          (br $fours)))
      (block $summed
        (loop $next
          (br_if $summed (i32.eqz (local.get $row)))
          (local.set $g (v128.load (local.get $from)))
          (local.set $s0 (f32x4.add (local.get $s0) (local.get $g)))
          (local.set $q0 (f32x4.madd
            (local.get $g)
            (f32x4.sub (v128.load (local.get $at)) (local.get $mean))
            (local.get $q0)))
          (local.set $at (i32.add (local.get $at) (local.get $rowBytes)))
          (local.set $from (i32.add (local.get $from) (local.get $rowBytes)))
          (local.set $row (i32.sub (local.get $row) (i32.const 1)))
          (br $next)))
      (local.set $s0
        (f32x4.add (f32x4.add (local.get $s0) (local.get $s1)) (f32x4.add (local.get $s2) (local.get $s3))))
      (local.set $q0
        (f32x4.add (f32x4.add (local.get $q0) (local.get $q1)) (f32x4.add (local.get $q2) (local.get $q3))))
      (local.set $at (i32.add (local.get $part) (local.get $stride)))
      (if (i32.ge_u (local.get $columns) (i32.const 4))
        (then
          (v128.store (local.get $part) (local.get $s0))
          (v128.store (local.get $at) (local.get $q0))
          (local.set $step (i32.const 4)))
        (else
          (v128.store32_lane 0 (local.get $part) (local.get $s0))
          (v128.store32_lane 0 (local.get $at) (local.get $q0))
          (local.set $step (i32.const 1))))
      (local.set $columns (i32.sub (local.get $columns) (local.get $step)))
      (local.set $step (i32.shl (local.get $step) (i32.const 2)))
      (local.set $x (i32.add (local.get $x) (local.get $step)))
      (local.set $dy (i32.add (local.get $dy) (local.get $step)))
      (local.set $moments (i32.add (local.get $moments) (local.get $step)))
      (local.set $part (i32.add (local.get $part) (local.get $step)))
      (br_if $group (local.get $columns))))

  ;; dBeta = the sum of dy, dGamma = that of dy (x - mean) / sqrt(variance + epsilon), from the sums of the blocks, in
  ;; order.
  (func (export "joinGradientSums") (param $parts i32) (param $count i32) (param $columns i32) (param $moments i32)
    (param $stride i32) (param $epsilon f64) (param $dGamma i32) (param $dBeta i32)
    (local $at i32) (local $left i32) (local $sum f64) (local $products f64)
    (loop $column
      (local.set $at (local.get $parts))
      (local.set $left (local.get $count))
      (local.set $sum (f64.const 0))
      (local.set $products (f64.const 0))
      (loop $next
        (local.set $sum (f64.add (local.get $sum) (f64.promote_f32 (f32.load (local.get $at)))))
        (local.set $products (f64.add (local.get $products)
          (f64.promote_f32 (f32.load (i32.add (local.get $at) (local.get $stride))))))
        (local.set $at (i32.add (local.get $at) (i32.shl (local.get $stride) (i32.const 1))))
        (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (f32.store (local.get $dBeta) (f32.demote_f64 (local.get $sum)))
      (f32.store (local.get $dGamma) (f32.demote_f64 (f64.div (local.get $products) (f64.sqrt (f64.add
        (f64.promote_f32 (f32.load (i32.add (local.get $moments) (local.get $stride)))) (local.get $epsilon))))))
      (local.set $parts (i32.add (local.get $parts) (i32.const 4)))
      (local.set $moments (i32.add (local.get $moments) (i32.const 4)))
      (local.set $dGamma (i32.add (local.get $dGamma) (i32.const 4)))
      (local.set $dBeta (i32.add (local.get $dBeta) (i32.const 4)))
      (br_if $column (local.tee $columns (i32.sub (local.get $columns) (i32.const 1))))))

  ;; dx = gamma i (dy - dBeta / n - (x - mean) i dGamma / n) with i = 1 / sqrt(variance + epsilon) and n the number of
  ;; counted rows.
  (func (export "normaliseGradientBlock") (param $x i32) (param $dy i32) (param $dx i32) (param $rows i32) (param $rowBytes i32)
    (param $columns i32) (param $moments i32) (param $stride i32) (param $gamma i32) (param $dGamma i32) (param $dBeta i32)
    (param $epsilon f32) (param $n f32)
    (local $wide i32) (local $at i32) (local $from i32) (local $to i32) (local $row i32) (local $step i32)
    (local $mean v128) (local $scale v128) (local $a v128) (local $b v128) (local $v v128) (local $g v128)
    (loop $group
      (local.set $wide (i32.ge_u (local.get $columns) (i32.const 4)))
      (local.set $from (i32.add (local.get $moments) (local.get $stride)))
      (local.set $mean (v128.load (local.get $moments)))
      (local.set $v (v128.load (local.get $from)))
      (local.set $scale (v128.load (local.get $gamma)))
      (local.set $a (v128.load (local.get $dBeta)))
      (local.set $b (v128.load (local.get $dGamma)))
      (local.set $v (f32x4.div (f32x4.splat (f32.const 1))
        (f32x4.sqrt (f32x4.add (local.get $v) (f32x4.splat (local.get $epsilon))))))
      (local.set $scale (f32x4.mul (local.get $scale) (local.get $v)))
      (local.set $a (f32x4.div (local.get $a) (f32x4.splat (local.get $n))))
      (local.set $b (f32x4.div (f32x4.mul (local.get $b) (local.get $v)) (f32x4.splat (local.get $n))))
      (local.set $at (local.get $x))
      (local.set $from (local.get $dy))
      (local.set $to (local.get $dx))
      (local.set $row (local.get $rows))
      (loop $next
        (local.set $v (v128.load (local.get $at)))
      (local.set $g (v128.load (local.get $from)))
        (local.set $g (f32x4.mul (local.get $scale) (f32x4.sub
          (f32x4.sub (local.get $g) (local.get $a))
          (f32x4.mul (f32x4.sub (local.get $v) (local.get $mean)) (local.get $b)))))
        (if (local.get $wide)
          (then (v128.store (local.get $to) (local.get $g)))
          (else (v128.store32_lane 0 (local.get $to) (local.get $g))))
        (local.set $at (i32.add (local.get $at) (local.get $rowBytes)))
        (local.set $from (i32.add (local.get $from) (local.get $rowBytes)))
        (local.set $to (i32.add (local.get $to) (local.get $rowBytes)))
        (br_if $next (local.tee $row (i32.sub (local.get $row) (i32.const 1)))))
      (local.set $step (select (i32.const 4) (i32.const 1) (local.get $wide)))
      (local.set $columns (i32.sub (local.get $columns) (local.get $step)))
      (local.set $step (i32.shl (local.get $step) (i32.const 2)))
      (local.set $x (i32.add (local.get $x) (local.get $step)))
      (local.set $dy (i32.add (local.get $dy) (local.get $step)))
      (local.set $dx (i32.add (local.get $dx) (local.get $step)))
      (local.set $moments (i32.add (local.get $moments) (local.get $step)))
      (local.set $gamma (i32.add (local.get $gamma) (local.get $step)))
      (local.set $dGamma (i32.add (local.get $dGamma) (local.get $step)))
      (local.set $dBeta (i32.add (local.get $dBeta) (local.get $step)))
      (br_if $group (local.get $columns))))
)
