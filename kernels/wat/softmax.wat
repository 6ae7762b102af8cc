;; One row of softmax, p = exp(z - max z) / sum exp(z - max z), and of its cross-entropy with soft targets t,
;;
;;   loss = sum over k of t (log sum exp(z - max) - (z - max)),   dz = (p - t) / count
;;
;; in float64, one class at a time, with the host's exp and log: a batch has only about a thousand of these numbers, so the
;; accuracy of the loss, to the last bit of float32, matters more than speed.
(module
  (import "env" "memory" (memory 1 65536 shared))
  (import "env" "exp" (func $exp (param f64) (result f64)))
  (import "env" "log" (func $log (param f64) (result f64)))

  (func $largest (param $z i32) (param $classes i32) (result f64)
    (local $m f64)
    (local.set $m (f64.const -inf))
    (loop $next
      (local.set $m (f64.max (local.get $m) (f64.promote_f32 (f32.load (local.get $z)))))
      (local.set $z (i32.add (local.get $z) (i32.const 4)))
      (br_if $next (local.tee $classes (i32.sub (local.get $classes) (i32.const 1)))))
    (local.get $m))

  ;; The sum of exp(z - m).
  (func $total (param $z i32) (param $classes i32) (param $m f64) (result f64)
    (local $s f64)
    (loop $next
      (local.set $s (f64.add (local.get $s)
        (call $exp (f64.sub (f64.promote_f32 (f32.load (local.get $z))) (local.get $m)))))
      (local.set $z (i32.add (local.get $z) (i32.const 4)))
      (br_if $next (local.tee $classes (i32.sub (local.get $classes) (i32.const 1)))))
    (local.get $s))

  (func $softmax (export "softmaxRow") (param $z i32) (param $p i32) (param $classes i32)
    (local $m f64) (local $s f64)
    (local.set $m (call $largest (local.get $z) (local.get $classes)))
    (local.set $s (call $total (local.get $z) (local.get $classes) (local.get $m)))
    (loop $next
      (f32.store (local.get $p) (f32.demote_f64 (f64.div
        (call $exp (f64.sub (f64.promote_f32 (f32.load (local.get $z))) (local.get $m)))
        (local.get $s))))
      (local.set $z (i32.add (local.get $z) (i32.const 4)))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $next (local.tee $classes (i32.sub (local.get $classes) (i32.const 1))))))

  ;; Index of the first largest value.
  (func $argmax (param $z i32) (param $classes i32) (result i32)
    (local $i i32) (local $best i32) (local $m f32) (local $v f32)
    (local.set $m (f32.load (local.get $z)))
    (loop $next
      (if (f32.gt (local.tee $v (f32.load (i32.add (local.get $z) (i32.shl (local.get $i) (i32.const 2))))) (local.get $m))
        (then (local.set $m (local.get $v)) (local.set $best (local.get $i))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $classes))))
    (local.get $best))

  ;; Also writes the row's loss and its hit (1 or 0) as two float64s. share: 1 / count, or 0 for a row of padding, whose
  ;; gradient is written as zero whatever its logits.
  (func (export "crossEntropyRow") (param $z i32) (param $t i32) (param $p i32) (param $dz i32) (param $classes i32)
    (param $share f64) (param $result i32)
    (local $m f64) (local $logTotal f64) (local $loss f64) (local $target f64) (local $hit i32) (local $d f64)
    (call $softmax (local.get $z) (local.get $p) (local.get $classes))
    (local.set $m (call $largest (local.get $z) (local.get $classes)))
    (local.set $logTotal (call $log (call $total (local.get $z) (local.get $classes) (local.get $m))))
    (local.set $hit (i32.eq (call $argmax (local.get $z) (local.get $classes)) (call $argmax (local.get $t) (local.get $classes))))
    (loop $next
      (local.set $target (f64.promote_f32 (f32.load (local.get $t))))
      (local.set $d (f64.sub (local.get $logTotal)
        (f64.sub (f64.promote_f32 (f32.load (local.get $z))) (local.get $m))))
      ;; 0 times infinity would be NaN: a class with target 0 contributes nothing
      (if (f64.ne (local.get $target) (f64.const 0))
        (then (local.set $loss (f64.add (local.get $loss) (f64.mul (local.get $target) (local.get $d))))))
      (f32.store (local.get $dz) (f32.demote_f64 (select
        (f64.mul (local.get $share) (f64.sub
          (call $exp (f64.neg (local.get $d)))
          (local.get $target)))
        (f64.const 0)
        (f64.gt (local.get $share) (f64.const 0)))))
      (local.set $z (i32.add (local.get $z) (i32.const 4)))
      (local.set $t (i32.add (local.get $t) (i32.const 4)))
      (local.set $dz (i32.add (local.get $dz) (i32.const 4)))
      (br_if $next (local.tee $classes (i32.sub (local.get $classes) (i32.const 1)))))
    (f64.store (local.get $result) (local.get $loss))
    (f64.store offset=8 (local.get $result) (f64.convert_i32_u (local.get $hit))))

  ;; metrics += [loss, hits, rows, -]; metrics[3] = step if it is zero and the loss is not finite. results: the output
  ;; of crossEntropyRow for `count` rows.
  (func (export "countMetrics") (param $results i32) (param $count i32) (param $metrics i32) (param $step f32)
    (local $loss f64) (local $hits f64) (local $left i32)
    (local.set $left (local.get $count))
    (loop $next
      (local.set $loss (f64.add (local.get $loss) (f64.load (local.get $results))))
      (local.set $hits (f64.add (local.get $hits) (f64.load offset=8 (local.get $results))))
      (local.set $results (i32.add (local.get $results) (i32.const 16)))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (f32.store (local.get $metrics) (f32.add (f32.load (local.get $metrics)) (f32.demote_f64 (local.get $loss))))
    (f32.store offset=4 (local.get $metrics) (f32.add (f32.load offset=4 (local.get $metrics)) (f32.demote_f64 (local.get $hits))))
    (f32.store offset=8 (local.get $metrics)
      (f32.add (f32.load offset=8 (local.get $metrics)) (f32.convert_i32_u (local.get $count))))
    ;; x - x is 0 for a finite x and NaN for any other
    (if (i32.and
        (f32.eq (f32.load offset=12 (local.get $metrics)) (f32.const 0))
        (f64.ne (f64.sub (local.get $loss) (local.get $loss)) (f64.const 0)))
      (then (f32.store offset=12 (local.get $metrics) (local.get $step)))))
)
