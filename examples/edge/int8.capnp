# workerd serve int8.capnp
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "digits", worker = .digits)],
  sockets = [(name = "http", address = "*:8080", http = (), service = "digits")],
);

const digits :Workerd.Worker = (
  compatibilityDate = "2026-01-01",
  modules = [
    (name = "int8.js", esModule = embed "int8.js"),
    (name = "model.int8.safetensors", data = embed "model.int8.safetensors"),
    (name = "lanewise/inference", esModule = embed "node_modules/lanewise/dist/browser/inference.js"),
    (name = "lanewise/wasm/int8-relaxed.wasm", wasm = embed "node_modules/lanewise/dist/wasm/int8-relaxed.wasm"),
  ],
);
