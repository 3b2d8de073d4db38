"""tritonclient over gRPC: plain, packed, classes, many at once, streams, control, statistics."""

import asyncio
import queue

import numpy as np
import tritonclient.grpc as client
import tritonclient.grpc.aio as aio
from checks import Checks, arguments, digits, raises

args = arguments()
triton = client.InferenceServerClient(args.grpc)
metadata = triton.get_model_metadata(args.model)
INPUT, OUTPUT = metadata.inputs[0].name, metadata.outputs[0].name
PICTURES, LABELS = digits(20)


def asked(pictures):
    tensor = client.InferInput(INPUT, list(pictures.shape), "FP32")
    tensor.set_data_from_numpy(pictures)
    return [tensor]


def right(result, at):
    assert int(result.as_numpy(OUTPUT).argmax()) == LABELS[at], f"digit {at}"


def health():
    assert triton.is_server_live() and triton.is_server_ready() and triton.is_model_ready(args.model)
    raises(lambda: triton.is_model_ready("nobody"), "nobody")
    assert triton.get_server_metadata().name == "fastserve"
    assert triton.get_model_config(args.model, as_json=True)["config"]["input"][0]["data_type"] == "TYPE_FP32"


def labels():
    for at in range(len(PICTURES)):
        result = triton.infer(args.model, asked(PICTURES[at : at + 1]), model_version="1", request_id=str(at), client_timeout=20)
        assert result.get_response().id == str(at)
        right(result, at)


def packed():
    first = triton.infer(args.model, asked(PICTURES[:4])).as_numpy(OUTPUT)
    result = triton.infer(args.model, asked(PICTURES[:4]), compression_algorithm="gzip")
    assert (result.as_numpy(OUTPUT) == first).all()


def classes():
    outputs = [client.InferRequestedOutput(OUTPUT, class_count=3)]
    texts = [t.decode() for t in triton.infer(args.model, asked(PICTURES[:1]), outputs=outputs).as_numpy(OUTPUT).reshape(-1)]
    assert len(texts) == 3 and int(texts[0].split(":")[1]) == LABELS[0], texts


def at_once():
    done = queue.Queue()
    for at in range(len(PICTURES)):
        triton.async_infer(args.model, asked(PICTURES[at : at + 1]), lambda result, error, at=at: done.put((at, result, error)))
    for _ in PICTURES:
        at, result, error = done.get(timeout=20)
        assert error is None, error
        right(result, at)


def asyncio_client():
    async def run():
        async with aio.InferenceServerClient(args.grpc) as other:
            calls = [other.infer(args.model, asked(PICTURES[at : at + 1])) for at in range(len(PICTURES))]
            for at, result in enumerate(await asyncio.gather(*calls)):
                right(result, at)

    asyncio.run(run())


def stream():
    done = queue.Queue()
    triton.start_stream(lambda result, error: done.put((result, error)))
    try:
        for at in range(len(PICTURES)):
            triton.async_stream_infer(args.model, asked(PICTURES[at : at + 1]), request_id=str(at), enable_empty_final_response=True)
        for at in range(len(PICTURES)):
            result, error = done.get(timeout=20)
            assert error is None, error
            response = result.get_response()
            assert response.id == str(at) and response.parameters["triton_final_response"].bool_param
            right(result, at)
        triton.async_stream_infer("nobody", asked(PICTURES[:1]))
        _, error = done.get(timeout=20)
        assert error is not None and "nobody" in str(error)
        triton.async_stream_infer(args.model, asked(PICTURES[:1]))
        right(done.get(timeout=20)[0], 0)
    finally:
        triton.stop_stream()


def refused():
    raises(lambda: triton.infer(args.model, asked(np.zeros((1, 1, 28, 27), np.float32))), "INVALID_ARGUMENT", INPUT)
    raises(lambda: triton.infer("nobody", asked(PICTURES[:1])), "NOT_FOUND", "nobody")
    raises(lambda: triton.infer(args.model, asked(PICTURES[:1]), model_version="77"), "NOT_FOUND")


def statistics():
    def count():
        return triton.get_inference_statistics(args.model).model_stats[0].inference_stats.success.count

    before = count()
    triton.infer(args.model, asked(PICTURES[:2]), priority=1, timeout=5_000_000, parameters={"mine": 1.5})
    assert count() == before + 1
    assert any(m.name == args.model for m in triton.get_inference_statistics().model_stats)


def control():
    states = {m.name: m.state for m in triton.get_model_repository_index().models}
    assert states[args.model] == "READY", states
    triton.load_model(args.spare)
    assert triton.is_model_ready(args.spare)
    triton.unload_model(args.spare)
    assert not triton.is_model_ready(args.spare)
    triton.load_model(args.spare)
    triton.infer(args.spare, asked(PICTURES[:1]))
    raises(lambda: triton.load_model("nobody"), "NOT_FOUND")


def what_is_not_there():
    assert not triton.get_system_shared_memory_status().regions and not triton.get_cuda_shared_memory_status().regions
    raises(lambda: triton.register_system_shared_memory("r", "/r", 8), "UNIMPLEMENTED")
    assert "log_info" in triton.get_log_settings().settings and "trace_level" in triton.get_trace_settings().settings


checks = Checks("tritonclient over gRPC")
for function in (health, labels, packed, classes, at_once, asyncio_client, stream, refused, statistics, control, what_is_not_there):
    checks.check(function.__name__, function)
checks.end()
