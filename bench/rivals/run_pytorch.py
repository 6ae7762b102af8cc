"""VGG-E in PyTorch, for `deno task bench --pytorch`: reads a job a line, answers a line, both JSON (see ../rival.ts).

    {"width": 1, "batch": 128, "batchNorm": false, "train": true, "seconds": 5, "threads": 2}  ->  {"seconds": [0.41, ...]}

    {"forest": true, "x": [[...], ...], "y": [...], "threads": 2}                    ->  {"seconds": [0.27]} or {"missing": "..."}

With the argument `compile` the network goes through torch.compile, loss and backward pass included. One network is kept at a
time. Activations and weights are channels_last, the layout in which oneDNN is fastest on a CPU.
"""
import json
import sys
import time

try:
    import torch
except ImportError as error:
    print(json.dumps({"missing": str(error)}), flush=True)
    sys.exit(0)

COMPILED = "compile" in sys.argv[1:]
BLOCKS = [[64] * 2, [128] * 2, [256] * 4, [512] * 4, [512] * 4]
CLASSES = 7


def vgg_e(width, norm):
    """[n, 1, 64, 32] to logits [n, CLASSES], layer for layer as nn/vgg_e.ts has it."""
    scaled = lambda n: max(1, round(n * width))
    layers, channels = [], 1
    for block in BLOCKS:
        for full in block:
            layers.append(torch.nn.Conv2d(channels, scaled(full), 3, padding=1))
            channels = scaled(full)
            layers += [torch.nn.BatchNorm2d(channels)] * norm + [torch.nn.ReLU()]
        layers.append(torch.nn.MaxPool2d(2))
    hidden, inputs = scaled(4096), 2 * channels
    layers.append(torch.nn.Flatten())
    for _ in range(2):
        layers += [torch.nn.Linear(inputs, hidden)] + [torch.nn.BatchNorm1d(hidden)] * norm + [torch.nn.ReLU()]
        inputs = hidden
    layers.append(torch.nn.Linear(hidden, CLASSES))
    return torch.nn.Sequential(*layers).to(memory_format=torch.channels_last)


class Training:
    def __init__(self, width, batch, norm):
        self.network = vgg_e(width, norm)
        self.adam = torch.optim.Adam(self.network.parameters(), lr=1e-6, eps=1e-7)
        self.x = torch.randn(batch, 1, 64, 32).to(memory_format=torch.channels_last)
        self.y = torch.arange(batch) % CLASSES
        self.call = torch.compile(self.network) if COMPILED else self.network

    def step(self):
        self.network.train()
        self.adam.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(self.call(self.x), self.y).backward()
        self.adam.step()

    def forward(self):
        self.network.eval()
        with torch.inference_mode():
            self.call(self.x)


def fit_forest(job):
    """Seconds of a scikit-learn forest of 100 trees, its defaults, after one fit to warm up."""
    try:
        from sklearn.ensemble import RandomForestClassifier
    except ImportError as error:
        return {"missing": str(error)}
    seconds = []
    for seed in range(4):
        start = time.perf_counter()
        RandomForestClassifier(n_jobs=job["threads"], random_state=seed).fit(job["x"], job["y"])
        seconds.append(time.perf_counter() - start)
    return {"seconds": seconds[1:]}


training, key = None, None
print(json.dumps({"version": torch.__version__}), flush=True)
for line in sys.stdin:
    job = json.loads(line)
    if job.get("forest"):
        print(json.dumps(fit_forest(job)), flush=True)
        continue
    torch.set_num_threads(job["threads"])
    if key != (job["width"], job["batch"], job["batchNorm"]):
        training = None  # its memory goes first
        key = (job["width"], job["batch"], job["batchNorm"])
        training = Training(*key)
    run = training.step if job["train"] else training.forward
    run()  # warms up: the first call of each round is not counted
    seconds, end = [], time.perf_counter() + job["seconds"]
    while len(seconds) < 2 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds}), flush=True)
