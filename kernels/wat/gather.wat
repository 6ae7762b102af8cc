;; Gathers batches from data stored once: windows of a long time series, and rows of a table.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; out[h, w] = (series[start + w, h] - mean) * scale for one window: a transposition, bound by its loads.
  (func (export "gatherWindow") (param $series i32) (param $start i32) (param $out i32) (param $height i32) (param $width i32)
    (param $mean f32) (param $scale f32)
    (local $h i32) (local $w i32) (local $from i32) (local $rowBytes i32)
    (local.set $start (i32.load (local.get $start)))
    (local.set $rowBytes (i32.shl (local.get $height) (i32.const 2)))
    (local.set $series (i32.add (local.get $series) (i32.mul (local.get $start) (local.get $rowBytes))))
    (local.set $h (local.get $height))
    (loop $row
      (local.set $from (local.get $series))
      (local.set $w (local.get $width))
      (loop $column
        (f32.store (local.get $out) (f32.mul
          (f32.sub (f32.load (local.get $from)) (local.get $mean)) (local.get $scale)))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (local.set $from (i32.add (local.get $from) (local.get $rowBytes)))
        (br_if $column (local.tee $w (i32.sub (local.get $w) (i32.const 1)))))
      (local.set $series (i32.add (local.get $series) (i32.const 4)))
      (br_if $row (local.tee $h (i32.sub (local.get $h) (i32.const 1))))))

  ;; to = row `index` of the table, the index read from memory.
  (func (export "gatherRow") (param $table i32) (param $index i32) (param $to i32) (param $rowBytes i32)
    (memory.copy
      (local.get $to)
      (i32.add (local.get $table) (i32.mul (i32.load (local.get $index)) (local.get $rowBytes)))
      (local.get $rowBytes)))
)
