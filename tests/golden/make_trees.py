"""
Reference trees of scikit-learn 1.2 for tests/forest, in tree_splits.json. Rerun with Debian's python3-sklearn:

    /usr/bin/python3 make_trees.py            # writes beside this file

"trees": single trees over all features, on random data without equal values. Near the leaves of a tree grown out two
features can divide the few samples left equally well, and scikit-learn then takes the one that its own random numbers
draw first. So each tree is grown from many seeds: "sure" says of each node, in preorder, whether it was the same node in
all of them; a node below one that differs is not compared.

"importances": the feature importances of those trees whose every node is sure.

"spread": the depth and the leaves of single trees on scikit-learn's bundled sets over many seeds: they vary by such
ties alone.

"folds": for seeds 0 to 9 the fold of each sample, a digit, in which forest.json tests it: so that the two forests are
compared on the same folds. (On iris the mean of ten seeds moves by 0.002 with the folds and the forest's own draws.)
"""
import json, os
import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier

HERE = os.path.dirname(os.path.abspath(__file__))
SEEDS = 50


def data(kind, n, features, classes, noise, seed):
    """x float32 [n, features] without equal values in a column, y [n] that depends on x, somewhat."""
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((n, features))
    score = latent @ rng.standard_normal((features, classes)) + noise * rng.standard_normal((n, classes))
    y = score.argmax(1)
    if kind == "scales":  # from 0.1 to 1e30, shifted and heavy-tailed; no two neighbours within 1e-7
        scale = 10.0 ** np.array([0, -1, 6, 12, 30, 3])[:features]
        latent = np.sign(latent) * np.abs(latent) ** 1.5 * scale + np.array([0, 1, -1e6, 0, 0, 500])[:features]
    if kind == "close":  # many neighbours within 1e-7 of each other, which count as one value
        latent = np.sign(latent) * 1e-6 * np.abs(latent)
    x = latent.astype(np.float32)
    for column in x.T:
        assert len(set(column.tolist())) == n, "equal values"
        assert kind == "close" or np.diff(np.sort(column)).min() > 1e-6, "close values"
    return x, y


def walk(tree, node, others):
    """Preorder: [sure, feature, threshold, children or None, value], comparing with the same place in other trees."""
    same = all(
        other is not None
        and tree.feature[node] == o.feature[other]
        and tree.threshold[node] == o.threshold[other]
        and np.array_equal(tree.value[node], o.value[other])
        for o, other in others
    )
    out.append([same, int(tree.feature[node]), float(tree.threshold[node]), tree.value[node][0].astype(int).tolist()])
    if tree.children_left[node] < 0:
        return
    for side in ("children_left", "children_right"):
        walk(tree, getattr(tree, side)[node], [
            (o, getattr(o, side)[other] if same and o.feature[other] >= 0 else None) for o, other in others
        ])


sets = {
    "2 classes": ("plain", 120, 5, 2, 0.5, 1, None),
    "4 classes, depth 5": ("plain", 400, 6, 4, 0.3, 3, 5),
    "4 classes, one feature": ("plain", 60, 1, 4, 1.0, 4, None),
    "2 classes, no signal, depth 4": ("plain", 200, 8, 2, 100.0, 5, 4),
    "3 classes, scales from 0.1 to 1e30, depth 5": ("scales", 300, 6, 3, 0.3, 6, 5),
    "2 classes, 600 samples, depth 5": ("plain", 600, 4, 2, 1.0, 7, 5),
    "2 classes, neighbours closer than 1e-7": ("close", 100, 2, 2, 0.2, 8, None),
}
report = {"trees": {}, "spread": {}, "folds": {}}  # "left" and "right" are -1 in a leaf, as is "feature"
for name, (kind, n, features, classes, noise, seed, depth) in sets.items():
    x, y = data(kind, n, features, classes, noise, seed)
    trees = [DecisionTreeClassifier(random_state=s, max_depth=depth).fit(x, y) for s in range(SEEDS)]
    assert len(trees[0].classes_) == classes
    out = []
    walk(trees[0].tree_, 0, [(t.tree_, 0) for t in trees[1:]])
    sure = [row[0] for row in out]
    report["trees"][name] = {
        "features": features, "classes": classes, "maxDepth": depth,
        "x": [float(str(v)) for v in x.ravel()], "y": y.tolist(),
        "sure": sure,
        "feature": [row[1] if row[1] >= 0 else -1 for row in out],
        "threshold": [row[2] if row[1] >= 0 else 0 for row in out],
        "left": trees[0].tree_.children_left.tolist(), "right": trees[0].tree_.children_right.tolist(),
        "value": [row[3] for row in out],
        "importances": trees[0].feature_importances_.tolist() if all(sure) else None,
    }
    print(name, len(sure), "nodes,", sum(sure), "sure, depth", trees[0].get_depth())
for name, load in {"iris": load_iris, "wine": load_wine, "breast_cancer": load_breast_cancer, "digits": load_digits}.items():
    bunch = load()
    trees = [DecisionTreeClassifier(random_state=s).fit(np.float32(bunch.data), bunch.target) for s in range(SEEDS)]
    depths, leaves = [int(t.get_depth()) for t in trees], [int(t.get_n_leaves()) for t in trees]
    report["spread"][name] = {"depth": [min(depths), max(depths)], "leaves": [min(leaves), max(leaves)]}
    report["folds"][name] = []
    for seed in range(10):
        fold_of = np.empty(len(bunch.target), int)
        for fold, (_, test) in enumerate(StratifiedKFold(10, shuffle=True, random_state=seed).split(bunch.data, bunch.target)):
            fold_of[test] = fold
        report["folds"][name].append("".join(map(str, fold_of)))
print(report["spread"])
json.dump(report, open(os.path.join(HERE, "tree_splits.json"), "w"))
