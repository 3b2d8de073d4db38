"""tritonclient over HTTP: plain, packed, binary and JSON, classes, many at once, control, statistics."""

import asyncio
import json
import urllib.request

import numpy as np
import tritonclient.http as client
import tritonclient.http.aio as aio
from checks import Checks, arguments, digits, raises

args = arguments()
triton = client.InferenceServerClient(args.http, concurrency=4)
metadata = triton.get_model_metadata(args.model)
INPUT, OUTPUT = metadata["inputs"][0]["name"], metadata["outputs"][0]["name"]
PICTURES, LABELS = digits(20)


def asked(pictures, binary=True):
    tensor = client.InferInput(INPUT, list(pictures.shape), "FP32")
    tensor.set_data_from_numpy(pictures, binary_data=binary)
    return [tensor]


def wanted(binary=True, classes=0):
    return [client.InferRequestedOutput(OUTPUT, binary_data=binary, class_count=classes)]


def right(result, at):
    assert int(result.as_numpy(OUTPUT).argmax()) == LABELS[at], f"digit {at}"


def health():
    assert triton.is_server_live() and triton.is_server_ready() and triton.is_model_ready(args.model)
    assert triton.is_model_ready(args.model, "1") and not triton.is_model_ready("nobody")
    assert triton.get_server_metadata()["name"] == "fastserve"
    assert triton.get_model_config(args.model)["name"] == args.model


def all_forms():
    first = triton.infer(args.model, asked(PICTURES[:1])).as_numpy(OUTPUT)
    for binary_in in (True, False):
        for binary_out in (True, False):
            result = triton.infer(args.model, asked(PICTURES[:1], binary_in), outputs=wanted(binary_out), request_id="one")
            assert result.get_response()["id"] == "one"
            assert (result.as_numpy(OUTPUT) == first).all(), (binary_in, binary_out)
    assert abs(first.sum() - 1) < 1e-5


def labels():
    for at in range(len(PICTURES)):
        right(triton.infer(args.model, asked(PICTURES[at : at + 1]), model_version="1"), at)


def packed():
    first = triton.infer(args.model, asked(PICTURES[:4])).as_numpy(OUTPUT)
    for packing in ("gzip", "deflate"):
        for binary in (True, False):
            result = triton.infer(
                args.model,
                asked(PICTURES[:4], binary),
                outputs=wanted(binary),
                request_compression_algorithm=packing,
                response_compression_algorithm=packing,
            )
            assert (result.as_numpy(OUTPUT) == first).all(), (packing, binary)


def classes():
    for binary in (True, False):
        result = triton.infer(args.model, asked(PICTURES[:1]), outputs=wanted(binary, 3)).as_numpy(OUTPUT)
        texts = [t.decode() if isinstance(t, bytes) else t for t in result.reshape(-1)]
        assert len(texts) == 3 and int(texts[0].split(":")[1]) == LABELS[0], texts


def at_once():
    calls = [triton.async_infer(args.model, asked(PICTURES[at : at + 1])) for at in range(len(PICTURES))]
    for at, call in enumerate(calls):
        right(call.get_result(), at)


def asyncio_client():
    async def run():
        async with aio.InferenceServerClient(args.http) as other:
            calls = [other.infer(args.model, asked(PICTURES[at : at + 1])) for at in range(len(PICTURES))]
            for at, result in enumerate(await asyncio.gather(*calls)):
                right(result, at)

    asyncio.run(run())


def parameters():
    triton.infer(args.model, asked(PICTURES[:1]), priority=1, timeout=5_000_000, parameters={"mine": "x"}, headers={"x-request-id": "7"})


def refused():
    wrong = client.InferInput(INPUT, [1, 1, 28, 27], "FP32")
    wrong.set_data_from_numpy(np.zeros((1, 1, 28, 27), np.float32))
    raises(lambda: triton.infer(args.model, [wrong]), "400", INPUT)
    integers = client.InferInput(INPUT, [1, 1, 28, 28], "INT64")
    integers.set_data_from_numpy(np.zeros((1, 1, 28, 28), np.int64))
    raises(lambda: triton.infer(args.model, [integers]), "400", INPUT)
    nobody = client.InferInput("nobody", [1], "FP32")
    nobody.set_data_from_numpy(np.zeros(1, np.float32))
    raises(lambda: triton.infer(args.model, [nobody]), "400", "nobody")
    raises(lambda: triton.infer("nobody", asked(PICTURES[:1])), "404", "nobody")
    raises(lambda: triton.infer(args.model, asked(PICTURES[:1]), model_version="77"), "404", "77")


def statistics():
    before = triton.get_inference_statistics(args.model)["model_stats"][0]
    for _ in range(3):
        triton.infer(args.model, asked(PICTURES[:2]))
    after = triton.get_inference_statistics(args.model, "1")["model_stats"][0]
    assert after["inference_stats"]["success"]["count"] - before["inference_stats"]["success"]["count"] == 3
    assert after["inference_count"] - before["inference_count"] == 6
    assert any(m["name"] == args.model for m in triton.get_inference_statistics()["model_stats"])


def control():
    names = {m["name"]: m["state"] for m in triton.get_model_repository_index()}
    assert names[args.model] == "READY", names
    triton.load_model(args.spare)
    assert triton.is_model_ready(args.spare)
    triton.unload_model(args.spare)
    assert not triton.is_model_ready(args.spare)
    raises(lambda: triton.infer(args.spare, asked(PICTURES[:1])))
    triton.load_model(args.spare)
    triton.infer(args.spare, asked(PICTURES[:1]))
    raises(lambda: triton.load_model("nobody"))
    raises(lambda: triton.load_model("../x"))


def what_is_not_there():
    assert triton.get_system_shared_memory_status() == [] and triton.get_cuda_shared_memory_status() == []
    raises(lambda: triton.register_system_shared_memory("r", "/r", 8))
    assert "log_info" in triton.get_log_settings() and "trace_level" in triton.get_trace_settings()


def plain_addresses():
    for path in ("/metrics", "/openapi.json", "/healthz", "/readyz", "/v2", "/v2/models"):
        with urllib.request.urlopen(f"http://{args.http}{path}") as response:
            body = response.read().decode()
            assert response.status == 200 and response.headers["x-request-id"] and body, path
            assert path == "/metrics" or json.loads(body) is not None


checks = Checks("tritonclient over HTTP")
for function in (
    health,
    all_forms,
    labels,
    packed,
    classes,
    at_once,
    asyncio_client,
    parameters,
    refused,
    statistics,
    control,
    what_is_not_there,
    plain_addresses,
):
    checks.check(function.__name__, function)
checks.end()
