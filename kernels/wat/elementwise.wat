;; One pass over memory, four numbers at a time: fill, copy, add, blend, relu and its gradient. There is nothing to block and
;; nothing to reuse: 4 to 12 bytes move for each number, so the kernels are bound by memory. Each takes byte addresses and a
;; length in words; the last one to three words are processed one by one, in the same body.
(module
  (import "env" "memory" (memory 1 65536 shared))

  (func (export "fill") (param $x i32) (param $length i32) (param $value f32)
    (local $end i32)
    (local.set $end (i32.add (local.get $x) (i32.shl (i32.and (local.get $length) (i32.const -4)) (i32.const 2))))
    (block $tail
      (loop $four
        (br_if $tail (i32.ge_u (local.get $x) (local.get $end)))
        (v128.store (local.get $x) (f32x4.splat (local.get $value)))
        (local.set $x (i32.add (local.get $x) (i32.const 16)))
        (br $four)))
    (local.set $end (i32.add (local.get $end) (i32.shl (i32.and (local.get $length) (i32.const 3)) (i32.const 2))))
    (block $done
      (loop $one
        (br_if $done (i32.ge_u (local.get $x) (local.get $end)))
        (f32.store (local.get $x) (local.get $value))
        (local.set $x (i32.add (local.get $x) (i32.const 4)))
        (br $one))))

  (func (export "copy") (param $x i32) (param $y i32) (param $length i32)
    (memory.copy (local.get $y) (local.get $x) (i32.shl (local.get $length) (i32.const 2))))

  (func (export "add") (param $a i32) (param $b i32) (param $y i32) (param $length i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $y) (i32.shl (i32.and (local.get $length) (i32.const -4)) (i32.const 2))))
    (block $tail
      (loop $four
        (br_if $tail (i32.ge_u (local.get $y) (local.get $end)))
        (v128.store (local.get $y) (f32x4.add (v128.load (local.get $a)) (v128.load (local.get $b))))
        (local.set $a (i32.add (local.get $a) (i32.const 16)))
        (local.set $b (i32.add (local.get $b) (i32.const 16)))
        (local.set $y (i32.add (local.get $y) (i32.const 16)))
        (br $four)))
    (local.set $end (i32.add (local.get $end) (i32.shl (i32.and (local.get $length) (i32.const 3)) (i32.const 2))))
    (block $done
      (loop $one
        (br_if $done (i32.ge_u (local.get $y) (local.get $end)))
        (f32.store (local.get $y) (f32.add (f32.load (local.get $a)) (f32.load (local.get $b))))
        (local.set $a (i32.add (local.get $a) (i32.const 4)))
        (local.set $b (i32.add (local.get $b) (i32.const 4)))
        (local.set $y (i32.add (local.get $y) (i32.const 4)))
        (br $one))))

  ;; y += share (x - y), one by one, since the arrays are short.
  (func (export "blend") (param $x i32) (param $y i32) (param $length i32) (param $share f32)
    (loop $one
      (f32.store (local.get $y) (f32.add (f32.load (local.get $y)) (f32.mul (local.get $share)
        (f32.sub (f32.load (local.get $x)) (f32.load (local.get $y))))))
      (local.set $x (i32.add (local.get $x) (i32.const 4)))
      (local.set $y (i32.add (local.get $y) (i32.const 4)))
      (br_if $one (local.tee $length (i32.sub (local.get $length) (i32.const 1))))))

  ;; pmax(x, 0) is x < 0 ? 0 : x, so that NaN stays NaN.
  (func (export "relu") (param $x i32) (param $y i32) (param $length i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $y) (i32.shl (i32.and (local.get $length) (i32.const -4)) (i32.const 2))))
    (block $tail
      (loop $four
        (br_if $tail (i32.ge_u (local.get $y) (local.get $end)))
        (v128.store (local.get $y) (f32x4.pmax (v128.load (local.get $x)) (v128.const f32x4 0 0 0 0)))
        (local.set $x (i32.add (local.get $x) (i32.const 16)))
        (local.set $y (i32.add (local.get $y) (i32.const 16)))
        (br $four)))
    (local.set $end (i32.add (local.get $end) (i32.shl (i32.and (local.get $length) (i32.const 3)) (i32.const 2))))
    (block $done
      (loop $one
        (br_if $done (i32.ge_u (local.get $y) (local.get $end)))
        (f32.store (local.get $y) (f32x4.extract_lane 0
          (f32x4.pmax (v128.load32_zero (local.get $x)) (v128.const f32x4 0 0 0 0))))
        (local.set $x (i32.add (local.get $x) (i32.const 4)))
        (local.set $y (i32.add (local.get $y) (i32.const 4)))
        (br $one))))

  ;; A comparison gives a lane of ones or zeros; "and" keeps dy or clears it, whatever its value.
  (func (export "reluGradient") (param $dy i32) (param $mask i32) (param $dx i32) (param $length i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $dx) (i32.shl (i32.and (local.get $length) (i32.const -4)) (i32.const 2))))
    (block $tail
      (loop $four
        (br_if $tail (i32.ge_u (local.get $dx) (local.get $end)))
        (v128.store (local.get $dx) (v128.and (v128.load (local.get $dy))
          (f32x4.gt (v128.load (local.get $mask)) (v128.const f32x4 0 0 0 0))))
        (local.set $dy (i32.add (local.get $dy) (i32.const 16)))
        (local.set $mask (i32.add (local.get $mask) (i32.const 16)))
        (local.set $dx (i32.add (local.get $dx) (i32.const 16)))
        (br $four)))
    (local.set $end (i32.add (local.get $end) (i32.shl (i32.and (local.get $length) (i32.const 3)) (i32.const 2))))
    (block $done
      (loop $one
        (br_if $done (i32.ge_u (local.get $dx) (local.get $end)))
        (f32.store (local.get $dx) (f32x4.extract_lane 0 (v128.and (v128.load32_zero (local.get $dy))
          (f32x4.gt (v128.load32_zero (local.get $mask)) (v128.const f32x4 0 0 0 0)))))
        (local.set $dy (i32.add (local.get $dy) (i32.const 4)))
        (local.set $mask (i32.add (local.get $mask) (i32.const 4)))
        (local.set $dx (i32.add (local.get $dx) (i32.const 4)))
        (br $one))))
)
