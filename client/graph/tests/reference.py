#!/usr/bin/env python3
"""Runs dumped graphs on the reference evaluator of the `onnx` package, which is independent of ONNX
Runtime, and compares: `reference.py FOLDER`."""
import json
import pathlib
import sys

import numpy
import onnx
from onnx.reference import ReferenceEvaluator

folder = pathlib.Path(sys.argv[1])
models = sorted(folder.rglob("*.onnx"))
if not models:
    sys.exit(f"no graphs in {folder}")
for path in models:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    dump = json.loads(path.with_suffix(".json").read_text())
    types = {i.name: i.type.tensor_type.elem_type for i in model.graph.input}
    given = {
        name: numpy.array(tensor["values"], onnx.helper.tensor_dtype_to_np_dtype(types[name])).reshape(tensor["shape"])
        for name, tensor in dump["inputs"].items() if name in types
    }
    names = [o.name for o in model.graph.output]
    worst = 0
    for name, mine in zip(names, ReferenceEvaluator(model).run(names, given)):
        theirs = numpy.array(dump["outputs"][name], numpy.float32)
        scale = max(1e-3, float(numpy.abs(mine).max()))
        worst = max(worst, float(numpy.abs(mine.reshape(-1) - theirs).max()) / scale)
    name = path.relative_to(folder).with_suffix("")
    print(f"{name}: {len(model.graph.node)} nodes, worst relative difference {worst:.1e}")
    if not worst < 1e-4:
        sys.exit(f"{name} differs between the runtimes")
