"""VGG-E in PyTorch, for `deno task bench --pytorch`: reads a job a line, answers a line, both JSON (see ../rival.ts).

    {"width": 1, "batch": 128, "batchNorm": false, "train": true, "seconds": 5, "threads": 2}  ->  {"seconds": [0.41, ...]}

    {"forest": true, "x": [[...], ...], "y": [...], "threads": 2}                    ->  {"seconds": [0.27]} or {"missing": "..."}

Arguments: with `compile` the network goes through torch.compile, loss and backward pass included; with `cuda` it runs on the
first GPU. A job's "layout" is channels_last (the default, and the layout in which oneDNN is fastest on a CPU) or nchw. On a GPU,
"tf32" says whether products may round their operands to TF32's 11 bits.

A GPU runs what is enqueued later. So there a sample is as many calls as take a tenth of a second, between two waits for the GPU,
and cudnn.benchmark is on: the calls before, which warm up, choose the fastest algorithms.
"""
import json
import sys
import time

try:
    import torch
except ImportError as error:
    print(json.dumps({"missing": str(error)}), flush=True)
    sys.exit(0)

COMPILED, ON_GPU = "compile" in sys.argv[1:], "cuda" in sys.argv[1:]
BLOCKS = [[64] * 2, [128] * 2, [256] * 4, [512] * 4, [512] * 4]
CLASSES = 7
LAYOUTS = {"channels_last": torch.channels_last, "nchw": torch.contiguous_format}


def hello():
    """The first line: the version, and the GPU with `cuda`; or what is missing."""
    if not ON_GPU:
        return {"version": torch.__version__}
    if not torch.cuda.is_available():
        return {"missing": f"expected a GPU for CUDA, found none (torch {torch.__version__}: torch.cuda.is_available() is False)"}
    tf32 = not torch.version.hip and torch.cuda.get_device_capability() >= (8, 0)  # from Ampere on
    gpu = f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"
    return {"version": f"{torch.__version__} cuda", "gpu": gpu, "tf32": tf32}


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
    return torch.nn.Sequential(*layers)


class Training:
    def __init__(self, width, batch, norm, layout):
        place = {"device": "cuda" if ON_GPU else "cpu", "memory_format": LAYOUTS[layout]}
        self.network = vgg_e(width, norm).to(**place)
        self.adam = torch.optim.Adam(self.network.parameters(), lr=1e-6, eps=1e-7)
        self.x = torch.randn(batch, 1, 64, 32).to(**place)
        self.y = (torch.arange(batch) % CLASSES).to(place["device"])
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


def settle():
    """Waits until the GPU has done everything; a CPU has."""
    if ON_GPU:
        torch.cuda.synchronize()


def sample(run, calls):
    """Seconds of a call."""
    start = time.perf_counter()
    for _ in range(calls):
        run()
    settle()
    return (time.perf_counter() - start) / calls


def take_samples(run, seconds):
    """Seconds of a call, several times, after calls that warm up."""
    calls = 1
    for _ in range(3 if ON_GPU else 1):
        run()
    settle()
    if ON_GPU:
        calls = max(1, round(0.1 / sample(run, 3)))
    samples, end = [], time.perf_counter() + seconds
    while len(samples) < 2 or time.perf_counter() < end:
        samples.append(sample(run, calls))
    return samples


first = hello()
print(json.dumps(first), flush=True)
if "missing" in first:
    sys.exit(0)
torch.backends.cudnn.benchmark = ON_GPU
trainings, key = {}, None  # by layout, of one network
for line in sys.stdin:
    job = json.loads(line)
    if job.get("forest"):
        print(json.dumps(fit_forest(job)), flush=True)
        continue
    torch.set_num_threads(job["threads"])
    if key != (job["width"], job["batch"], job["batchNorm"]):
        trainings.clear()  # their memory goes first, on a GPU also to EPR
        if ON_GPU:
            torch.cuda.empty_cache()
        key = (job["width"], job["batch"], job["batchNorm"])
    layout = job.get("layout", "channels_last")
    if layout not in trainings:
        trainings[layout] = Training(*key, layout)
    if ON_GPU:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = job["tf32"]
    training = trainings[layout]
    run = training.step if job["train"] else training.forward
    print(json.dumps({"seconds": take_samples(run, job["seconds"])}), flush=True)
