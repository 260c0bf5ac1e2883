# workerd serve config.capnp
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "digits", worker = .digits)],
  sockets = [(name = "http", address = "*:8080", http = (), service = "digits")],
);

const digits :Workerd.Worker = (
  compatibilityDate = "2026-01-01",
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "model.safetensors", data = embed "model.safetensors"),
    (name = "lanewise", esModule = embed "node_modules/lanewise/dist/browser/index.js"),
    (name = "lanewise/wasm/fused.wasm", wasm = embed "node_modules/lanewise/dist/wasm/fused.wasm"),
    (name = "lanewise/wasm/strict.wasm", wasm = embed "node_modules/lanewise/dist/wasm/strict.wasm"),
  ],
);
