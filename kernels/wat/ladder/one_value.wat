;; Rung 1: the plain definition, c[i, j] = sum over k of a[i, k] b[k, j], one value at a time. Every multiply-add waits for the
;; previous one, needs two loads, and processes one number of the four that an instruction could.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; a: [m, k], b: [k, n], c: [m, n]
  (func (export "oneValue") (param $a i32) (param $b i32) (param $c i32) (param $m i32) (param $n i32) (param $k i32)
    (local $j i32) (local $left i32) (local $at i32) (local $from i32) (local $sum f32) (local $row i32)
    (local.set $row (i32.shl (local.get $n) (i32.const 2)))
    (loop $rows
      (local.set $j (i32.const 0))
      (loop $columns
        (local.set $sum (f32.const 0))
        (local.set $at (local.get $a))
        (local.set $from (i32.add (local.get $b) (local.get $j)))
        (local.set $left (local.get $k))
        (loop $steps
          (local.set $sum (f32.add (local.get $sum) (f32.mul (f32.load (local.get $at)) (f32.load (local.get $from)))))
          (local.set $at (i32.add (local.get $at) (i32.const 4)))
          (local.set $from (i32.add (local.get $from) (local.get $row)))
          (br_if $steps (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (f32.store (i32.add (local.get $c) (local.get $j)) (local.get $sum))
        (br_if $columns (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 4))) (local.get $row))))
      (local.set $a (local.get $at))
      (local.set $c (i32.add (local.get $c) (local.get $row)))
      (br_if $rows (local.tee $m (i32.sub (local.get $m) (i32.const 1))))))
)
