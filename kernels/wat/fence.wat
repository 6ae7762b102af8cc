;; A fence: when the workers come to it, everything enqueued before is done, and whoever waits for it is told.
(module
  (import "env" "memory" (memory 1 65536 shared))

  ;; Adds one to the counter at `word` and wakes all that wait on it.
  (func (export "fence") (param $word i32)
    (drop (i32.atomic.rmw.add (local.get $word) (i32.const 1)))
    (drop (memory.atomic.notify (local.get $word) (i32.const -1))))
)
