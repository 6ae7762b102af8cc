;; Rung 2: four columns at once. A vector of four neighbours in b is multiplied by one value of a, copied to four lanes: each
;; instruction does four times the work, and b is read in order. Each multiply-add still waits for the previous one.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; a: [m, k], b: [k, n], c: [m, n], n a multiple of 4
  (func (export "fourColumns") (param $a i32) (param $b i32) (param $c i32) (param $m i32) (param $n i32) (param $k i32)
    (local $j i32) (local $left i32) (local $at i32) (local $from i32) (local $sum v128) (local $row i32)
    (local.set $row (i32.shl (local.get $n) (i32.const 2)))
    (loop $rows
      (local.set $j (i32.const 0))
      (loop $columns
        (local.set $sum (v128.const f32x4 0 0 0 0))
        (local.set $at (local.get $a))
        (local.set $from (i32.add (local.get $b) (local.get $j)))
        (local.set $left (local.get $k))
        (loop $steps
          (local.set $sum (f32x4.madd
            (v128.load32_splat (local.get $at)) (v128.load (local.get $from)) (local.get $sum)))
          (local.set $at (i32.add (local.get $at) (i32.const 4)))
          (local.set $from (i32.add (local.get $from) (local.get $row)))
          (br_if $steps (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (v128.store (i32.add (local.get $c) (local.get $j)) (local.get $sum))
        (br_if $columns (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 16))) (local.get $row))))
      (local.set $a (local.get $at))
      (local.set $c (i32.add (local.get $c) (local.get $row)))
      (br_if $rows (local.tee $m (i32.sub (local.get $m) (i32.const 1))))))
)
