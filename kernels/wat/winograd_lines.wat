;; The lines of Winograd's transforms. cpu/winograd.ts explains the mathematics. Each of these ten functions, called lines,
;; multiplies vectors by a small constant matrix, 4 channels (or weights) at a time; `transform` (winograd.wat) applies one of
;; them along columns, then one along rows. Lines of 6 values use the points 0, a, -a, b, -b, infinity with a = sqrt(1/2), b =
;; sqrt(2) (as a b = 1, most constants are plain numbers), lines of 4 use 0, 1, -1, infinity:
;;
;;   input     d -> B^T d     6 -> 6, 4 -> 4     a line of the input
;;   filter    g -> G g       3 -> 6, 3 -> 4     a line of the 3x3 kernel
;;   output    m -> A^T m     6 -> 4, 4 -> 2     products, back to a line of the output
;;   spread    g -> G' g      4 -> 6, 2 -> 4     a line of dy, which acts as the kernel for the gradient of the weights
;;   weights   m -> A'^T m    6 -> 3, 4 -> 3     products, back to a line of dW
;;
;; This file and winograd.wat are one module, in this order: cpu/modules.ts joins them.

(import "env" "memory" (memory 1 65536 shared))

;; in: addresses of a line's values, 6 words for each of `lines` lines; at: bytes to add to each; to, stride: addresses of a
;; line's results; step: bytes from these to the next line's results; bytes: number of bytes of each value, a multiple of 16.
(type $line (func (param $in i32) (param $at i32) (param $to i32) (param $stride i32) (param $bytes i32) (param $lines i32)
  (param $step i32)))
(table funcref (elem $input6 $input4 $filter6 $filter4 $output6 $output4 $spread6 $spread4 $weights6 $weights4))

;; The constants, each in four lanes, named by their values. They are mutable although nothing changes them: V8 rebuilds a constant
;; for each use, in three instructions, but reads a global in one.
(global $-2 (mut v128) (v128.const f32x4 -2 -2 -2 -2))
(global $-0.5 (mut v128) (v128.const f32x4 -0.5 -0.5 -0.5 -0.5))
(global $-2.5 (mut v128) (v128.const f32x4 -2.5 -2.5 -2.5 -2.5))
(global $0.70710678 (mut v128) (v128.const f32x4 0.70710678 0.70710678 0.70710678 0.70710678))
(global $-0.70710678 (mut v128) (v128.const f32x4 -0.70710678 -0.70710678 -0.70710678 -0.70710678))
(global $1.4142135 (mut v128) (v128.const f32x4 1.4142135 1.4142135 1.4142135 1.4142135))
(global $-1.4142135 (mut v128) (v128.const f32x4 -1.4142135 -1.4142135 -1.4142135 -1.4142135))
(global $0.5 (mut v128) (v128.const f32x4 0.5 0.5 0.5 0.5))
(global $-0.6666667 (mut v128) (v128.const f32x4 -0.6666667 -0.6666667 -0.6666667 -0.6666667))
(global $2 (mut v128) (v128.const f32x4 2 2 2 2))
(global $0.16666667 (mut v128) (v128.const f32x4 0.16666667 0.16666667 0.16666667 0.16666667))
(global $-0.47140452 (mut v128) (v128.const f32x4 -0.47140452 -0.47140452 -0.47140452 -0.47140452))
(global $0.47140452 (mut v128) (v128.const f32x4 0.47140452 0.47140452 0.47140452 0.47140452))
(global $0.23570226 (mut v128) (v128.const f32x4 0.23570226 0.23570226 0.23570226 0.23570226))
(global $-0.23570226 (mut v128) (v128.const f32x4 -0.23570226 -0.23570226 -0.23570226 -0.23570226))
(global $0.35355339 (mut v128) (v128.const f32x4 0.35355339 0.35355339 0.35355339 0.35355339))
(global $2.8284271 (mut v128) (v128.const f32x4 2.8284271 2.8284271 2.8284271 2.8284271))

(func $input6 (type $line) (param $in i32) (param $at i32) (param $to i32) (param $stride i32)
  (param $bytes i32) (param $lines i32) (param $step i32)
  (local $n i32) (local $out i32)
  {{#i 0 6}}(local $p{{i}} i32) (local $d{{i}} v128) {{/i}}{{#i 0 6}}(local $t{{i}} v128) {{/i}}
  (local $e v128) (local $o v128) (local $f v128) (local $q v128)
  (loop $line
    {{#i 0 6}}(local.set $p{{i}} (i32.add (i32.load offset={{4*i}} (local.get $in)) (local.get $at))) {{/i}}
    (loop $next
      {{#i 0 6}}(local.set $d{{i}} (v128.load (i32.add (local.get $p{{i}}) (local.get $n)))) {{/i}}
      (local.set $e (f32x4.madd (local.get $d2) (global.get $-2) (local.get $d4)))
      (local.set $o (f32x4.madd (local.get $d1) (global.get $-2) (local.get $d3)))
      (local.set $f (f32x4.madd (local.get $d2) (global.get $-0.5) (local.get $d4)))
      (local.set $q (f32x4.madd (local.get $d1) (global.get $-0.5) (local.get $d3)))
      (local.set $t0
        (f32x4.madd (local.get $d2) (global.get $-2.5) (f32x4.add (local.get $d0) (local.get $d4))))
      (local.set $t1
        (f32x4.madd (local.get $o) (global.get $0.70710678) (local.get $e)))
      (local.set $t2
        (f32x4.madd (local.get $o) (global.get $-0.70710678) (local.get $e)))
      (local.set $t3 (f32x4.madd (local.get $q) (global.get $1.4142135) (local.get $f)))
      (local.set $t4
        (f32x4.madd (local.get $q) (global.get $-1.4142135) (local.get $f)))
      (local.set $t5
        (f32x4.madd (local.get $d3) (global.get $-2.5) (f32x4.add (local.get $d1) (local.get $d5))))
      (local.set $out (i32.add (local.get $to) (local.get $n)))
      {{#i 0 6}}
      (v128.store (local.get $out) (local.get $t{{i}}))
      (local.set $out (i32.add (local.get $out) (local.get $stride)))
      {{/i}}
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 16))) (local.get $bytes))))
    (local.set $n (i32.const 0))
    (local.set $in (i32.add (local.get $in) (i32.const 24)))
    (local.set $to (i32.add (local.get $to) (local.get $step)))
    (br_if $line (local.tee $lines (i32.sub (local.get $lines) (i32.const 1))))))

(func $input4 (type $line) (param $in i32) (param $at i32) (param $to i32) (param $stride i32)
  (param $bytes i32) (param $lines i32) (param $step i32)
  (local $n i32) (local $out i32)
  {{#i 0 4}}(local $p{{i}} i32) (local $d{{i}} v128) {{/i}}{{#i 0 4}}(local $t{{i}} v128) {{/i}}
  (loop $line
    {{#i 0 4}}(local.set $p{{i}} (i32.add (i32.load offset={{4*i}} (local.get $in)) (local.get $at))) {{/i}}
    (loop $next
      {{#i 0 4}}(local.set $d{{i}} (v128.load (i32.add (local.get $p{{i}}) (local.get $n)))) {{/i}}
      (local.set $t0 (f32x4.sub (local.get $d0) (local.get $d2)))
      (local.set $t1 (f32x4.add (local.get $d2) (local.get $d1)))
      (local.set $t2 (f32x4.sub (local.get $d2) (local.get $d1)))
      (local.set $t3 (f32x4.sub (local.get $d3) (local.get $d1)))
      (local.set $out (i32.add (local.get $to) (local.get $n)))
      {{#i 0 4}}
      (v128.store (local.get $out) (local.get $t{{i}}))
      (local.set $out (i32.add (local.get $out) (local.get $stride)))
      {{/i}}
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 16))) (local.get $bytes))))
    (local.set $n (i32.const 0))
    (local.set $in (i32.add (local.get $in) (i32.const 24)))
    (local.set $to (i32.add (local.get $to) (local.get $step)))
    (br_if $line (local.tee $lines (i32.sub (local.get $lines) (i32.const 1))))))

(func $filter6 (type $line) (param $in i32) (param $at i32) (param $to i32) (param $stride i32)
  (param $bytes i32) (param $lines i32) (param $step i32)
  (local $n i32) (local $out i32)
  {{#i 0 3}}(local $p{{i}} i32) (local $d{{i}} v128) {{/i}}{{#i 0 6}}(local $t{{i}} v128) {{/i}}
  (local $e v128) (local $f v128)
  (loop $line
    {{#i 0 3}}(local.set $p{{i}} (i32.add (i32.load offset={{4*i}} (local.get $in)) (local.get $at))) {{/i}}
    (loop $next
      {{#i 0 3}}(local.set $d{{i}} (v128.load (i32.add (local.get $p{{i}}) (local.get $n)))) {{/i}}
      (local.set $e
        (f32x4.mul (f32x4.madd (local.get $d2) (global.get $0.5) (local.get $d0)) (global.get $-0.6666667)))
      (local.set $f
        (f32x4.mul (f32x4.madd (local.get $d2) (global.get $2) (local.get $d0)) (global.get $0.16666667)))
      (local.set $t0 (local.get $d0))
      (local.set $t1
        (f32x4.madd (local.get $d1) (global.get $-0.47140452) (local.get $e)))
      (local.set $t2
        (f32x4.madd (local.get $d1) (global.get $0.47140452) (local.get $e)))
      (local.set $t3
        (f32x4.madd (local.get $d1) (global.get $0.23570226) (local.get $f)))
      (local.set $t4
        (f32x4.madd (local.get $d1) (global.get $-0.23570226) (local.get $f)))
      (local.set $t5 (local.get $d2))
      (local.set $out (i32.add (local.get $to) (local.get $n)))
      {{#i 0 6}}
      (v128.store (local.get $out) (local.get $t{{i}}))
      (local.set $out (i32.add (local.get $out) (local.get $stride)))
      {{/i}}
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 16))) (local.get $bytes))))
    (local.set $n (i32.const 0))
    (local.set $in (i32.add (local.get $in) (i32.const 24)))
    (local.set $to (i32.add (local.get $to) (local.get $step)))
    (br_if $line (local.tee $lines (i32.sub (local.get $lines) (i32.const 1))))))

(func $filter4 (type $line) (param $in i32) (param $at i32) (param $to i32) (param $stride i32)
  (param $bytes i32) (param $lines i32) (param $step i32)
  (local $n i32) (local $out i32)
  {{#i 0 3}}(local $p{{i}} i32) (local $d{{i}} v128) {{/i}}{{#i 0 4}}(local $t{{i}} v128) {{/i}}
  (local $e v128)
  (loop $line
    {{#i 0 3}}(local.set $p{{i}} (i32.add (i32.load offset={{4*i}} (local.get $in)) (local.get $at))) {{/i}}
    (loop $next
      {{#i 0 3}}(local.set $d{{i}} (v128.load (i32.add (local.get $p{{i}}) (local.get $n)))) {{/i}}
      (local.set $e (f32x4.mul (f32x4.add (local.get $d0) (local.get $d2)) (global.get $0.5)))
      (local.set $t0 (local.get $d0))
      (local.set $t1 (f32x4.madd (local.get $d1) (global.get $0.5) (local.get $e)))
      (local.set $t2 (f32x4.madd (local.get $d1) (global.get $-0.5) (local.get $e)))
      (local.set $t3 (local.get $d2))
      (local.set $out (i32.add (local.get $to) (local.get $n)))
      {{#i 0 4}}
      (v128.store (local.get $out) (local.get $t{{i}}))
      (local.set $out (i32.add (local.get $out) (local.get $stride)))
      {{/i}}
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 16))) (local.get $bytes))))
    (local.set $n (i32.const 0))
    (local.set $in (i32.add (local.get $in) (i32.const 24)))
    (local.set $to (i32.add (local.get $to) (local.get $step)))
    (br_if $line (local.tee $lines (i32.sub (local.get $lines) (i32.const 1))))))

(func $output6 (type $line) (param $in i32) (param $at i32) (param $to i32) (param $stride i32)
  (param $bytes i32) (param $lines i32) (param $step i32)
  (local $n i32) (local $out i32)
  {{#i 0 6}}(local $p{{i}} i32) (local $d{{i}} v128) {{/i}}{{#i 0 4}}(local $t{{i}} v128) {{/i}}
  (local $e v128) (local $o v128) (local $f v128) (local $q v128)
  (loop $line
    {{#i 0 6}}(local.set $p{{i}} (i32.add (i32.load offset={{4*i}} (local.get $in)) (local.get $at))) {{/i}}
    (loop $next
      {{#i 0 6}}(local.set $d{{i}} (v128.load (i32.add (local.get $p{{i}}) (local.get $n)))) {{/i}}
      (local.set $e (f32x4.add (local.get $d1) (local.get $d2)))
      (local.set $o (f32x4.sub (local.get $d1) (local.get $d2)))
      (local.set $f (f32x4.add (local.get $d3) (local.get $d4)))
      (local.set $q (f32x4.sub (local.get $d3) (local.get $d4)))
      (local.set $t0 (f32x4.add (local.get $d0) (f32x4.add (local.get $e) (local.get $f))))
      (local.set $t1
        (f32x4.madd (local.get $o) (global.get $0.70710678) (f32x4.mul (local.get $q) (global.get $1.4142135))))
      (local.set $t2
        (f32x4.madd (local.get $e) (global.get $0.5) (f32x4.add (local.get $f) (local.get $f))))
      (local.set $t3
        (f32x4.madd (local.get $o) (global.get $0.35355339) (f32x4.madd (local.get $q) (global.get $2.8284271) (local.get $d5))))
      (local.set $out (i32.add (local.get $to) (local.get $n)))
      {{#i 0 4}}
      (v128.store (local.get $out) (local.get $t{{i}}))
      (local.set $out (i32.add (local.get $out) (local.get $stride)))
      {{/i}}
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 16))) (local.get $bytes))))
    (local.set $n (i32.const 0))
    (local.set $in (i32.add (local.get $in) (i32.const 24)))
    (local.set $to (i32.add (local.get $to) (local.get $step)))
    (br_if $line (local.tee $lines (i32.sub (local.get $lines) (i32.const 1))))))

(func $output4 (type $line) (param $in i32) (param $at i32) (param $to i32) (param $stride i32)
  (param $bytes i32) (param $lines i32) (param $step i32)
  (local $n i32) (local $out i32)
  {{#i 0 4}}(local $p{{i}} i32) (local $d{{i}} v128) {{/i}}{{#i 0 2}}(local $t{{i}} v128) {{/i}}
  (loop $line
    {{#i 0 4}}(local.set $p{{i}} (i32.add (i32.load offset={{4*i}} (local.get $in)) (local.get $at))) {{/i}}
    (loop $next
      {{#i 0 4}}(local.set $d{{i}} (v128.load (i32.add (local.get $p{{i}}) (local.get $n)))) {{/i}}
      (local.set $t0 (f32x4.add (local.get $d0) (f32x4.add (local.get $d1) (local.get $d2))))
      (local.set $t1 (f32x4.add (local.get $d3) (f32x4.sub (local.get $d1) (local.get $d2))))
      (local.set $out (i32.add (local.get $to) (local.get $n)))
      {{#i 0 2}}
      (v128.store (local.get $out) (local.get $t{{i}}))
      (local.set $out (i32.add (local.get $out) (local.get $stride)))
      {{/i}}
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 16))) (local.get $bytes))))
    (local.set $n (i32.const 0))
    (local.set $in (i32.add (local.get $in) (i32.const 24)))
    (local.set $to (i32.add (local.get $to) (local.get $step)))
    (br_if $line (local.tee $lines (i32.sub (local.get $lines) (i32.const 1))))))

(func $spread6 (type $line) (param $in i32) (param $at i32) (param $to i32) (param $stride i32)
  (param $bytes i32) (param $lines i32) (param $step i32)
  (local $n i32) (local $out i32)
  {{#i 0 4}}(local $p{{i}} i32) (local $d{{i}} v128) {{/i}}{{#i 0 6}}(local $t{{i}} v128) {{/i}}
  (local $e v128) (local $o v128) (local $f v128) (local $q v128)
  (loop $line
    {{#i 0 4}}(local.set $p{{i}} (i32.add (i32.load offset={{4*i}} (local.get $in)) (local.get $at))) {{/i}}
    (loop $next
      {{#i 0 4}}(local.set $d{{i}} (v128.load (i32.add (local.get $p{{i}}) (local.get $n)))) {{/i}}
      (local.set $e
        (f32x4.mul (f32x4.madd (local.get $d2) (global.get $0.5) (local.get $d0)) (global.get $-0.6666667)))
      (local.set $o (f32x4.madd (local.get $d3) (global.get $0.5) (local.get $d1)))
      (local.set $f
        (f32x4.mul (f32x4.madd (local.get $d2) (global.get $2) (local.get $d0)) (global.get $0.16666667)))
      (local.set $q (f32x4.madd (local.get $d3) (global.get $2) (local.get $d1)))
      (local.set $t0 (local.get $d0))
      (local.set $t1
        (f32x4.madd (local.get $o) (global.get $-0.47140452) (local.get $e)))
      (local.set $t2
        (f32x4.madd (local.get $o) (global.get $0.47140452) (local.get $e)))
      (local.set $t3
        (f32x4.madd (local.get $q) (global.get $0.23570226) (local.get $f)))
      (local.set $t4
        (f32x4.madd (local.get $q) (global.get $-0.23570226) (local.get $f)))
      (local.set $t5 (local.get $d3))
      (local.set $out (i32.add (local.get $to) (local.get $n)))
      {{#i 0 6}}
      (v128.store (local.get $out) (local.get $t{{i}}))
      (local.set $out (i32.add (local.get $out) (local.get $stride)))
      {{/i}}
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 16))) (local.get $bytes))))
    (local.set $n (i32.const 0))
    (local.set $in (i32.add (local.get $in) (i32.const 24)))
    (local.set $to (i32.add (local.get $to) (local.get $step)))
    (br_if $line (local.tee $lines (i32.sub (local.get $lines) (i32.const 1))))))

(func $spread4 (type $line) (param $in i32) (param $at i32) (param $to i32) (param $stride i32)
  (param $bytes i32) (param $lines i32) (param $step i32)
  (local $n i32) (local $out i32)
  {{#i 0 2}}(local $p{{i}} i32) (local $d{{i}} v128) {{/i}}{{#i 0 4}}(local $t{{i}} v128) {{/i}}
  (loop $line
    {{#i 0 2}}(local.set $p{{i}} (i32.add (i32.load offset={{4*i}} (local.get $in)) (local.get $at))) {{/i}}
    (loop $next
      {{#i 0 2}}(local.set $d{{i}} (v128.load (i32.add (local.get $p{{i}}) (local.get $n)))) {{/i}}
      (local.set $t0 (local.get $d0))
      (local.set $t1 (f32x4.mul (f32x4.add (local.get $d0) (local.get $d1)) (global.get $0.5)))
      (local.set $t2 (f32x4.mul (f32x4.sub (local.get $d0) (local.get $d1)) (global.get $0.5)))
      (local.set $t3 (local.get $d1))
      (local.set $out (i32.add (local.get $to) (local.get $n)))
      {{#i 0 4}}
      (v128.store (local.get $out) (local.get $t{{i}}))
      (local.set $out (i32.add (local.get $out) (local.get $stride)))
      {{/i}}
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 16))) (local.get $bytes))))
    (local.set $n (i32.const 0))
    (local.set $in (i32.add (local.get $in) (i32.const 24)))
    (local.set $to (i32.add (local.get $to) (local.get $step)))
    (br_if $line (local.tee $lines (i32.sub (local.get $lines) (i32.const 1))))))

(func $weights6 (type $line) (param $in i32) (param $at i32) (param $to i32) (param $stride i32)
  (param $bytes i32) (param $lines i32) (param $step i32)
  (local $n i32) (local $out i32)
  {{#i 0 6}}(local $p{{i}} i32) (local $d{{i}} v128) {{/i}}{{#i 0 3}}(local $t{{i}} v128) {{/i}}
  (local $e v128) (local $o v128) (local $f v128) (local $q v128)
  (loop $line
    {{#i 0 6}}(local.set $p{{i}} (i32.add (i32.load offset={{4*i}} (local.get $in)) (local.get $at))) {{/i}}
    (loop $next
      {{#i 0 6}}(local.set $d{{i}} (v128.load (i32.add (local.get $p{{i}}) (local.get $n)))) {{/i}}
      (local.set $e (f32x4.add (local.get $d1) (local.get $d2)))
      (local.set $o (f32x4.sub (local.get $d1) (local.get $d2)))
      (local.set $f (f32x4.add (local.get $d3) (local.get $d4)))
      (local.set $q (f32x4.sub (local.get $d3) (local.get $d4)))
      (local.set $t0 (f32x4.add (local.get $d0) (f32x4.add (local.get $e) (local.get $f))))
      (local.set $t1
        (f32x4.madd (local.get $o) (global.get $0.70710678) (f32x4.mul (local.get $q) (global.get $1.4142135))))
      (local.set $t2
        (f32x4.madd (local.get $e) (global.get $0.5) (f32x4.add (f32x4.add (local.get $f) (local.get $f)) (local.get $d5))))
      (local.set $out (i32.add (local.get $to) (local.get $n)))
      {{#i 0 3}}
      (v128.store (local.get $out) (local.get $t{{i}}))
      (local.set $out (i32.add (local.get $out) (local.get $stride)))
      {{/i}}
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 16))) (local.get $bytes))))
    (local.set $n (i32.const 0))
    (local.set $in (i32.add (local.get $in) (i32.const 24)))
    (local.set $to (i32.add (local.get $to) (local.get $step)))
    (br_if $line (local.tee $lines (i32.sub (local.get $lines) (i32.const 1))))))

(func $weights4 (type $line) (param $in i32) (param $at i32) (param $to i32) (param $stride i32)
  (param $bytes i32) (param $lines i32) (param $step i32)
  (local $n i32) (local $out i32)
  {{#i 0 4}}(local $p{{i}} i32) (local $d{{i}} v128) {{/i}}{{#i 0 3}}(local $t{{i}} v128) {{/i}}
  (local $e v128)
  (loop $line
    {{#i 0 4}}(local.set $p{{i}} (i32.add (i32.load offset={{4*i}} (local.get $in)) (local.get $at))) {{/i}}
    (loop $next
      {{#i 0 4}}(local.set $d{{i}} (v128.load (i32.add (local.get $p{{i}}) (local.get $n)))) {{/i}}
      (local.set $e (f32x4.add (local.get $d1) (local.get $d2)))
      (local.set $t0 (f32x4.add (local.get $d0) (local.get $e)))
      (local.set $t1 (f32x4.sub (local.get $d1) (local.get $d2)))
      (local.set $t2 (f32x4.add (local.get $d3) (local.get $e)))
      (local.set $out (i32.add (local.get $to) (local.get $n)))
      {{#i 0 3}}
      (v128.store (local.get $out) (local.get $t{{i}}))
      (local.set $out (i32.add (local.get $out) (local.get $stride)))
      {{/i}}
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 16))) (local.get $bytes))))
    (local.set $n (i32.const 0))
    (local.set $in (i32.add (local.get $in) (i32.const 24)))
    (local.set $to (i32.add (local.get $to) (local.get $step)))
    (br_if $line (local.tee $lines (i32.sub (local.get $lines) (i32.const 1))))))
