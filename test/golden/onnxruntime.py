"""
Runs single nodes of ONNX in onnxruntime-node, in a process of its own: `run(nodes)` gives the outputs of each. It looks for the
package in $ONNXRUNTIME, a folder with node_modules, by default bench/peers, where npm install has put it.
"""
import json, os, subprocess, tempfile
import numpy as np
import onnx
from onnx import helper, TensorProto

PEERS = os.environ.get("ONNXRUNTIME", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench/peers"))
TYPES = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64, "int32": TensorProto.INT32}

SCRIPT = """
const ort = require('onnxruntime-node');
const fs = require('fs');
(async () => {
  const answers = [];
  for (const { file, feeds } of JSON.parse(fs.readFileSync(process.argv[1]))) {
    const session = await ort.InferenceSession.create(file, { graphOptimizationLevel: 'disabled' });
    const tensors = Object.fromEntries(Object.entries(feeds).map(([name, { type, dims, data }]) => {
      const values = type === 'int64' ? BigInt64Array.from(data.map(BigInt)) : Float32Array.from(data);
      return [name, new ort.Tensor(type, values, dims)];
    }));
    const found = await session.run(tensors);
    answers.push(session.outputNames.map((name) => ({ dims: found[name].dims, data: Array.from(found[name].data, Number) })));
  }
  fs.writeFileSync(process.argv[2], JSON.stringify(answers));
})();
"""


def run(nodes, opset=19):
    """nodes: (op, inputs, outputs, attributes), where inputs are (name, array) in order, or None for one left out."""
    with tempfile.TemporaryDirectory() as folder:
        jobs = []
        for i, (op, inputs, outputs, attributes) in enumerate(nodes):
            node = helper.make_node(op, [one[0] if one else "" for one in inputs], outputs, **attributes)
            given = [one for one in inputs if one]
            graph = helper.make_graph(
                [node], "one",
                [helper.make_tensor_value_info(name, TYPES[str(a.dtype)], a.shape) for name, a in given],
                [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs])
            model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
            file = os.path.join(folder, f"{i}.onnx")
            with open(file, "wb") as f:
                f.write(model.SerializeToString())
            feeds = {name: dict(type=str(a.dtype), dims=list(a.shape), data=[int(v) if a.dtype == np.int64 else float(v) for v in a.reshape(-1)]) for name, a in given}
            jobs.append(dict(file=file, feeds=feeds))
        asked, answers = os.path.join(folder, "jobs.json"), os.path.join(folder, "answers.json")
        with open(asked, "w") as f:
            json.dump(jobs, f)
        subprocess.run(["node", "-e", SCRIPT, asked, answers], check=True, cwd=PEERS)
        with open(answers) as f:
            return [[np.array(one["data"], np.float32).reshape(one["dims"]) for one in outs] for outs in json.load(f)]
