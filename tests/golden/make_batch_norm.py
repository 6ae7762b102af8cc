"""Reference values of batch normalisation, from PyTorch in float64: python3 make_batch_norm.py writes batch_norm.safetensors.

Debian's python3-torch is enough. Layouts are EPR's: channels last, so that channels are columns and pixels rows.
"""
import json
import struct

import numpy as np
import torch

EPSILON, MOMENTUM = 1e-3, 0.1
random = np.random.default_rng(20)
out = {}


def case(name, batch, height, width, channels, shift):
    draw = lambda *shape: torch.tensor(random.normal(size=shape).astype(np.float32)).double()
    x = draw(batch, height, width, channels) + shift
    x = x.float().double().requires_grad_()
    gamma, beta, dy = draw(channels).requires_grad_(), draw(channels).requires_grad_(), draw(*x.shape)
    running_mean, running_var = draw(channels), draw(channels).abs()
    before = torch.stack([running_mean, running_var])
    nchw = x.permute(0, 3, 1, 2)
    inference = torch.nn.functional.batch_norm(nchw, running_mean, running_var, gamma, beta, False, MOMENTUM, EPSILON)
    y = torch.nn.functional.batch_norm(nchw, None, None, gamma, beta, True, MOMENTUM, EPSILON)
    y = y.permute(0, 2, 3, 1)
    y.backward(dy)
    rows = x.reshape(-1, channels)
    moments = torch.stack([rows.mean(0), rows.var(0, unbiased=False)])
    tensors = {
        "x": x, "gamma": gamma, "beta": beta, "dy": dy, "y": y, "dx": x.grad, "dgamma": gamma.grad, "dbeta": beta.grad,
        "moments": moments, "running": before, "inference": inference.permute(0, 2, 3, 1),
        "blended": before + MOMENTUM * (moments - before),
    }
    out.update({f"batch_norm.{name}.{key}": value.detach().numpy().astype("<f4") for key, value in tensors.items()})


case("a", 3, 4, 2, 8, 0.0)
case("b", 2, 5, 3, 7, 3.0)
case("c", 16, 2, 1, 64, -1.0)

header, blob = {}, b""
for name in sorted(out):
    header[name] = {"dtype": "F32", "shape": list(out[name].shape), "data_offsets": [len(blob), len(blob) + out[name].nbytes]}
    blob += out[name].tobytes()
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open("batch_norm.safetensors", "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + blob)
