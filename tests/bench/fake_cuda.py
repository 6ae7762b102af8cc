"""Runs a program with a `torch` that has no arithmetic but a GPU: `python3 fake_cuda.py PROGRAM ARGUMENT...`

Its GPU runs a forward pass in 5 ms and a step in 20 ms, after the call has returned, as CUDA does: only `synchronize()` waits. Time is
this GPU's own, so a sample is exact. Each call is a line on stderr: what was called, TF32 of products and of convolutions.
"""
import runpy
import sys
import time
from unittest.mock import MagicMock

now, done = 0.0, 0.0  # the host's time; when the GPU has done what is enqueued


def enqueue(seconds):
    global now, done
    done = max(done, now) + seconds
    now += 0.0001


def synchronize():
    global now
    now = max(now, done)
    say("wait")


def say(what):
    print(what, torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32, file=sys.stderr, flush=True)


def forward(x):
    say(f"forward of {network.placed}")
    enqueue(0.005)
    return MagicMock()


def place(device, memory_format):
    network.placed = f"{device} {memory_format}"
    return network


def step():
    enqueue(0.015)


torch = MagicMock(__version__="9.9", channels_last="channels_last", contiguous_format="nchw")
torch.version.hip, torch.version.cuda = None, "99"
torch.cuda.is_available.return_value = True
torch.cuda.get_device_capability.return_value = (7, 0) if "old" in sys.argv else (9, 0)
torch.cuda.get_device_name.return_value = "an imagined GPU"
torch.cuda.synchronize = synchronize
torch.backends.cudnn.version.return_value = 99000
network = torch.nn.Sequential.return_value
network.side_effect = forward
network.to.side_effect = place
torch.optim.Adam.return_value.step.side_effect = step
time.perf_counter = lambda: now

sys.modules["torch"] = torch
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
