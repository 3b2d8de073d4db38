"""The client of KServe's SDK, over REST and gRPC."""

import asyncio
import sys

from checks import Checks, arguments, digits, raises

args = arguments()
# The SDK reads the command line of whoever imports it.
del sys.argv[1:]

from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig  # noqa: E402

PICTURES, LABELS = digits(5)


def request(at, binary, name):
    tensor = InferInput(name=name, shape=[1, 1, 28, 28], datatype="FP32")
    tensor.set_data_from_numpy(PICTURES[at : at + 1], binary_data=binary)
    return InferRequest(model_name=args.model, infer_inputs=[tensor], request_id=str(at))


async def rest():
    client, base = InferenceRESTClient(RESTConfig(protocol="v2", retries=0)), f"http://{args.http}"
    assert await client.is_server_live(base) and await client.is_server_ready(base)
    assert await client.is_model_ready(base, args.model)
    name = (await client._client.get(f"{base}/v2/models/{args.model}")).json()["inputs"][0]["name"]
    for at in range(len(PICTURES)):
        for binary in (True, False):
            response = await client.infer(base, request(at, binary, name), model_name=args.model)
            assert response.id == str(at) and int(response.outputs[0].as_numpy().argmax()) == LABELS[at]
    await client.close()
    return name


async def grpc(name):
    client = InferenceGRPCClient(url=args.grpc, retries=0)
    assert await client.is_server_live() and await client.is_server_ready() and await client.is_model_ready(args.model)
    for at in range(len(PICTURES)):
        for binary in (True, False):
            response = await client.infer(request(at, binary, name))
            assert response.id == str(at) and int(response.outputs[0].as_numpy().argmax()) == LABELS[at]
    await client.close()


def both():
    async def run():
        await grpc(await rest())

    asyncio.run(run())


def nobody():
    async def run():
        client = InferenceRESTClient(RESTConfig(protocol="v2", retries=0))
        await client.infer(f"http://{args.http}", request(0, True, "x"), model_name="nobody")

    raises(lambda: asyncio.run(run()), "404")


checks = Checks("KServe's SDK")
checks.check("both", both)
checks.check("nobody", nobody)
checks.end()
