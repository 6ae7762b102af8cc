"""VGG-E in TensorFlow (Keras layers in a tf.function), for `deno task bench --tensorflow`: jobs and answers as in run_pytorch.py.

Activations are NHWC, TensorFlow's own layout on a CPU. Threads are fixed when TensorFlow starts: the first argument has them.
"""
import json
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
try:
    import tensorflow as tf
except ImportError as error:
    print(json.dumps({"missing": str(error)}), flush=True)
    sys.exit(0)

THREADS = int(sys.argv[1])
tf.config.threading.set_intra_op_parallelism_threads(THREADS)
tf.config.threading.set_inter_op_parallelism_threads(1)
BLOCKS = [[64] * 2, [128] * 2, [256] * 4, [512] * 4, [512] * 4]
CLASSES = 7


def vgg_e(width, norm):
    """[n, 64, 32, 1] to logits [n, CLASSES], layer for layer as nn/vgg_e.ts has it."""
    scaled = lambda n: max(1, round(n * width))
    layers = [tf.keras.Input((64, 32, 1))]
    after = lambda: ([tf.keras.layers.BatchNormalization()] if norm else []) + [tf.keras.layers.ReLU()]
    for block in BLOCKS:
        for full in block:
            layers += [tf.keras.layers.Conv2D(scaled(full), 3, padding="same")] + after()
        layers.append(tf.keras.layers.MaxPool2D(2))
    layers.append(tf.keras.layers.Flatten())
    for _ in range(2):
        layers += [tf.keras.layers.Dense(scaled(4096))] + after()
    layers.append(tf.keras.layers.Dense(CLASSES))
    return tf.keras.Sequential(layers)


class Training:
    def __init__(self, width, batch, norm):
        network = vgg_e(width, norm)
        adam = tf.keras.optimizers.Adam(1e-6, epsilon=1e-7)
        adam.build(network.trainable_variables)
        self.x = tf.random.normal((batch, 64, 32, 1))
        self.y = tf.range(batch) % CLASSES

        @tf.function
        def step(x, y):
            with tf.GradientTape() as tape:
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, network(x, training=True))
                loss = tf.reduce_mean(losses)
            gradients = tape.gradient(loss, network.trainable_variables)
            adam.apply_gradients(zip(gradients, network.trainable_variables))
            return loss

        @tf.function
        def forward(x):
            return network(x, training=False)

        self.step = lambda: step(self.x, self.y).numpy()
        self.forward = lambda: forward(self.x).numpy()


training, key = None, None
print(json.dumps({"version": tf.__version__}), flush=True)
for line in sys.stdin:
    job = json.loads(line)
    assert job["threads"] == THREADS
    if key != (job["width"], job["batch"], job["batchNorm"]):
        training = None  # its memory goes first
        tf.keras.backend.clear_session()
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
