;; One step of Adam (Kingma & Ba 2015, end of section 2, with epsilon-hat), four weights at a time:
;;
;;   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2,  w = w - rate m / (sqrt(v) + epsilon)
;;
;; 28 bytes move for each weight, so the kernel is bound by memory. Moments under 1e-30 become zero: WebAssembly can't
;; flush denormals, and arithmetic on them is a hundred times slower.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; $x if |x| >= 1e-30 (or NaN), else 0.
  (func $flush (param $x v128) (result v128)
    (v128.andnot (local.get $x) (f32x4.lt (f32x4.abs (local.get $x)) (f32x4.splat (f32.const 1e-30)))))

  (func $four (param $w i32) (param $g i32) (param $m i32) (param $v i32) (param $rate f32) (param $beta1 f32)
    (param $rest1 f32) (param $beta2 f32) (param $rest2 f32) (param $epsilon f32)
    (local $a v128) (local $b v128) (local $c v128)
    (local.set $a (v128.load (local.get $g)))
    (local.set $b (call $flush (f32x4.add
      (f32x4.mul (f32x4.splat (local.get $beta1)) (v128.load (local.get $m)))
      (f32x4.mul (f32x4.splat (local.get $rest1)) (local.get $a)))))
    (local.set $c (call $flush (f32x4.add
      (f32x4.mul (f32x4.splat (local.get $beta2)) (v128.load (local.get $v)))
      (f32x4.mul (f32x4.mul (f32x4.splat (local.get $rest2)) (local.get $a)) (local.get $a)))))
    (v128.store (local.get $m) (local.get $b))
    (v128.store (local.get $v) (local.get $c))
    (v128.store (local.get $w) (f32x4.sub (v128.load (local.get $w))
      (f32x4.div (f32x4.mul (f32x4.splat (local.get $rate)) (local.get $b))
        (f32x4.add (f32x4.sqrt (local.get $c)) (f32x4.splat (local.get $epsilon)))))))

  ;; rest1, rest2: 1 - beta1 and 1 - beta2, rounded once. temp: 64 bytes of this thread's memory, for the last few
  ;; weights.
  (func (export "adam") (param $w i32) (param $g i32) (param $m i32) (param $v i32) (param $length i32) (param $rate f32)
    (param $beta1 f32) (param $rest1 f32) (param $beta2 f32) (param $rest2 f32) (param $epsilon f32) (param $temp i32)
    (local $left i32)
    (block $tail
      (loop $next
        (br_if $tail (i32.lt_u (local.get $length) (i32.const 4)))
        (call $four (local.get $w) (local.get $g) (local.get $m) (local.get $v) (local.get $rate) (local.get $beta1)
          (local.get $rest1) (local.get $beta2) (local.get $rest2) (local.get $epsilon))
        (local.set $w (i32.add (local.get $w) (i32.const 16)))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (local.set $m (i32.add (local.get $m) (i32.const 16)))
        (local.set $v (i32.add (local.get $v) (i32.const 16)))
        (local.set $length (i32.sub (local.get $length) (i32.const 4)))
        (br $next)))
    (if (i32.eqz (local.get $length)) (then (return)))
    (local.set $left (i32.shl (local.get $length) (i32.const 2)))
    (memory.fill (local.get $temp) (i32.const 0) (i32.const 64))
    (memory.copy (local.get $temp) (local.get $w) (local.get $left))
    (memory.copy (i32.add (local.get $temp) (i32.const 16)) (local.get $g) (local.get $left))
    (memory.copy (i32.add (local.get $temp) (i32.const 32)) (local.get $m) (local.get $left))
    (memory.copy (i32.add (local.get $temp) (i32.const 48)) (local.get $v) (local.get $left))
    (call $four (local.get $temp) (i32.add (local.get $temp) (i32.const 16)) (i32.add (local.get $temp) (i32.const 32))
      (i32.add (local.get $temp) (i32.const 48)) (local.get $rate) (local.get $beta1) (local.get $rest1)
      (local.get $beta2) (local.get $rest2) (local.get $epsilon))
    (memory.copy (local.get $w) (local.get $temp) (local.get $left))
    (memory.copy (local.get $m) (i32.add (local.get $temp) (i32.const 32)) (local.get $left))
    (memory.copy (local.get $v) (i32.add (local.get $temp) (i32.const 48)) (local.get $left)))
)
