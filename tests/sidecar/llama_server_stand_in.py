"""A stand-in for the native `llama-server`, which no reachable registry offers as a binary.

It is a real executable (the test writes it out with the right first line), takes llama-server's own flags and
environment variables and refuses others, and serves through xllamacpp, which is llama.cpp's own HTTP server.
"""

import argparse
import os
import time

import xllamacpp

parser = argparse.ArgumentParser(allow_abbrev=False)
for flag in ("--model", "--alias", "--host"):
    parser.add_argument(flag, required=True)
for flag in ("--port", "--ctx-size", "--parallel", "--threads", "--threads-batch"):
    parser.add_argument(flag, type=int, required=True)
parser.add_argument("--jinja", action="store_true")
given = parser.parse_args()

params = xllamacpp.CommonParams()
params.model.path = given.model
params.model_alias = {given.alias}
params.hostnames, params.port = [os.environ.get("LLAMA_ARG_HOST", given.host)], given.port
params.n_ctx, params.n_parallel, params.use_jinja = given.ctx_size, given.parallel, given.jinja
params.cpuparams.n_threads, params.cpuparams_batch.n_threads = given.threads, given.threads_batch
params.api_keys = [os.environ["LLAMA_API_KEY"]]
params.verbosity = int(os.environ["LLAMA_ARG_LOG_VERBOSITY"])
server = xllamacpp.Server(params)
while server is not None:
    time.sleep(1)
