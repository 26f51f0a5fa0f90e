"""Scores of training rows by dattri's attributors, on checkpoints that were trained elsewhere.

Reads the folder that it is run in, as peers.rs says, and writes scores and results.json there.
"""

import importlib.metadata
import json
import math
import os
import sys
import time
import warnings

os.environ["TQDM_DISABLE"] = "1"
warnings.simplefilter("ignore")

import numpy as np
import torch
import torch._dynamo
from dattri.algorithm.factgrass import FactGraSSAttributor
from dattri.algorithm.influence_function import (
    IFAttributorDataInf,
    IFAttributorEKFAC,
    IFAttributorExplicit,
)
from dattri.algorithm.logra import LoGraAttributor
from dattri.algorithm.tracin import TracInAttributor
from dattri.algorithm.trak import TRAKAttributor
from dattri.task import AttributionTask
from torch import nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(1)
# Compiling takes longer than what is compiled, and needs a compiler.
torch._dynamo.config.disable = True
torch.manual_seed(0)
task = json.load(open("task.json"))
layers, n = task["layers"], task["rows"]
x = torch.from_numpy(np.fromfile("x.f32", "<f4").reshape(-1, layers[0][0]))
y = torch.from_numpy(np.fromfile("y.i64", "<i8"))
parameters = sum((a + 1) * b for a, b in layers)
# More numbers than this are not held at once.
MOST = 300_000_000
# With so many parameters each method takes minutes: there are fewer of them, and fewer dampings.
LARGE = parameters > 100_000


def dampings(method):
    return task["dampings"][method][:: 2 if LARGE else 1]


class Net(nn.Module):
    """Fully connected layers with ReLU. A bias is the weight of a one among the inputs, so that
    every attributor takes it for a part of its layer, as it is in the formulas."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a + 1, b, bias=False) for a, b in layers)

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(torch.cat([torch.relu(x) if i else x, x.new_ones(*x.shape[:-1], 1)], -1))
        # Attributors with hooks are given rows as texts of one token: they try one without a batch.
        return x.squeeze(1) if x.dim() == 3 else x


def checkpoints(name, count):
    """State dicts of models whose layers are one after another, `[inputs + 1, outputs]` each."""
    out = []
    for flat in torch.from_numpy(np.fromfile(name, "<f4")).reshape(count, parameters):
        parts = flat.split([(a + 1) * b for a, b in layers])
        shaped = [part.reshape(a + 1, b).T.contiguous() for part, (a, b) in zip(parts, layers)]
        out.append({f"layers.{i}.weight": part for i, part in enumerate(shaped)})
    return out


net = Net()
run = checkpoints("checkpoints.f32", task["checkpoints"])
trak = checkpoints("trak.f32", task["trak"])


def logits(given, data):
    return functional_call(net, given, data)


def loss(given, data):
    x, y = data
    return cross_entropy(logits(given, x), y)


def margin(given, data):
    """log p/(1 - p), negative as a loss is."""
    x, y = data
    z = logits(given, x)
    label = torch.arange(z.shape[-1]) == y.unsqueeze(-1)
    own = torch.where(label, z, 0.0).sum(-1)
    others = torch.where(label, -torch.inf, z).logsumexp(-1)
    return (others - own).sum()


def probability(given, data):
    x, y = data
    return torch.exp(-cross_entropy(logits(given, x).reshape(1, -1), y.reshape(1)))


def of_batch(model, data, _device):
    """The loss as attributors with hooks take it: they multiply by the size of the batch."""
    x, y = data
    return cross_entropy(model(x), y)


def batches(rows, at_once, texts=False):
    """Batches in order; `rows` is a slice."""
    given = x[rows].unsqueeze(1) if texts else x[rows]
    return DataLoader(TensorDataset(given, y[rows]), batch_size=max(1, int(at_once)))


train, queries = slice(0, n), slice(n, len(y))
whole = min(n, MOST // parameters)
asked = min(len(y) - n, MOST // parameters)
results = {"methods": []}


def keep(method, scores, fitting, scoring):
    name = f"{len(results['methods'])}.f32"
    scores.detach().numpy().astype("<f4").tofile(name)
    entry = {"method": method, "fitting": fitting, "scoring": scoring, "scores": name}
    results["methods"].append(entry)
    print(f"dattri: {method}, {fitting:.1f} s and {scoring:.1f} s", file=sys.stderr, flush=True)


def timed(then):
    start = time.perf_counter()
    out = then()
    return out, time.perf_counter() - start


def one(checkpoint, fun=loss):
    return AttributionTask(loss_func=fun, model=net, checkpoints=checkpoint)


def gradients(name, points, normalized):
    attributor = TracInAttributor(one(points), [1.0] * len(points), normalized_grad=normalized)
    # Without a projection.
    attributor.projector_kwargs = None
    keep(name, *_scores(attributor, 0.0))


def _scores(attributor, fitting, at_once=None):
    score = lambda: attributor.attribute(batches(train, whole), batches(queries, at_once or asked))
    scores, scoring = timed(score)
    return scores, fitting, scoring


def mean_square():
    """The mean squared length of the rows' gradients at the end of the run."""
    grad = one(run[-1:]).get_grad_loss_func(in_dims=(None, 0))
    flat = one(run[-1:]).get_param(0)[0]
    total = sum(grad(flat, tuple(batch)).square().sum().item() for batch in batches(train, whole))
    return total / n


def datainf():
    # It holds all gradients, and products of all of a batch of rows with all of a batch of queries.
    if LARGE:
        print("dattri: DataInf holds all gradients, which are too many", file=sys.stderr)
        return
    size = mean_square()
    at_once = math.isqrt(MOST // parameters)
    for damping in dampings("DataInf"):
        attributor = IFAttributorDataInf(one(run[-1:]), regularization=damping * size)
        _, fitting = timed(lambda: attributor.cache(batches(train, n)))
        keep("DataInf", *_scores(attributor, fitting, at_once))


def ekfac():
    attributor = IFAttributorEKFAC(one(run[-1:]))
    attributor.task._load_checkpoints(0)
    _, fitting = timed(lambda: attributor.cache(batches(train, min(whole, 256))))
    lambdas = dict(attributor.cached_lambdas)
    for damping in dampings("EK-FAC"):
        # Relative to the largest of each layer.
        attributor.cached_lambdas = {k: v + damping * v.max() for k, v in lambdas.items()}
        keep("EK-FAC", *_scores(attributor, fitting))


def projected(name, make):
    attributor = make()
    _, first = timed(lambda: attributor.cache(batches(train, 256, True)))
    for damping in dampings(name):
        def again():
            attributor.compute_preconditioners(damping)
            attributor.compute_ifvp()
        _, refit = timed(again)
        score = lambda: attributor.attribute(
            batches(train, 256, True), batches(queries, asked, True)
        )
        scores, scoring = timed(score)
        # The first fit made a matrix and its products, too.
        keep(name, scores, max(first, refit), scoring)


def traks():
    name = f"TRAK-{len(trak)}"
    grad = one(trak, margin).get_grad_loss_func(in_dims=(None, 0))
    flat = one(trak).get_param(0)[0]
    first = next(iter(batches(train, min(whole, 512))))
    # The mean of the diagonal of the matrix that is inverted, from some of the rows.
    size = grad(flat, tuple(first)).square().sum().item() / len(first[1]) * n / parameters / 512
    for damping in dampings(name):
        attributor = TRAKAttributor(one(trak, margin), probability, regularization=damping * size)
        _, fitting = timed(lambda: attributor.cache(batches(train, whole)))
        scores, scoring = timed(lambda: attributor.attribute(batches(queries, asked)))
        keep(name, scores, fitting, scoring)


def explicit():
    if parameters > 5000:
        return
    for damping in [1e-3, 1e-2]:
        attributor = IFAttributorExplicit(one(run[-1:]), regularization=damping)
        _, fitting = timed(lambda: attributor.cache(batches(train, n)))
        keep("explicit Hessian", *_scores(attributor, fitting))


def speeds():
    """Rows per second: training, gradients of single rows, the same projected."""
    recipe = task["recipe"]
    net.load_state_dict(run[-1])
    sgd = recipe["sgd"]
    optimizer = torch.optim.SGD(
        net.parameters(), recipe["rate"], momentum=sgd["momentum"], weight_decay=sgd["decay"]
    )

    def step(rows):
        optimizer.zero_grad()
        cross_entropy(net(x[rows]), y[rows]).backward()
        optimizer.step()

    def epoch():
        for rows in torch.randperm(n).split(recipe["batch"]):
            step(rows)

    step(torch.arange(recipe["batch"]))
    results["trained"] = n / timed(epoch)[1]
    net.load_state_dict(run[-1])
    this = one(run[-1:])
    grad, flat = this.get_grad_loss_func(in_dims=(None, 0)), this.get_param(0)[0]
    grad(flat, (x[:8], y[:8]))

    def each():
        for batch in batches(train, 256):
            grad(flat, tuple(batch))

    results["gradients"] = n / timed(each)[1]
    hooked = AttributionTask(loss_func=of_batch, model=net, checkpoints=run[-1:])
    attributor = LoGraAttributor(hooked, hessian="Identity", proj_dim=256)
    results["projected"] = n / timed(lambda: attributor.cache(batches(train, 256, True)))[1]


speeds()
gradients("gradient dot", run[-1:], False)
if not LARGE:
    gradients("gradient cosine", run[-1:], True)
    gradients("TracIn", run, False)
hooked = AttributionTask(loss_func=of_batch, model=net, checkpoints=run[-1:])
projected("LoGRA-16, empirical Fisher", lambda: LoGraAttributor(hooked, proj_dim=256))
projected("GraSS-256", lambda: FactGraSSAttributor(hooked, proj_dim=256))
traks()
ekfac()
datainf()
explicit()
version = importlib.metadata.version
results["versions"] = f"dattri {version('dattri')} on PyTorch {version('torch')}"
json.dump(results, open("results.json", "w"))
