"""Cold starts: a fresh process each time, which says how long it took and what memory it holds."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable

import attrs

from .job import KEY, Where
from .results import Costs, Result, summed_up

BEFORE = """
import time
wall, cpu = time.perf_counter(), time.process_time()
"""
AFTER = """
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
def resident(name="VmRSS:"):
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith(name))
    except OSError:  # no Linux: the most that it ever was
        import resource, sys
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
"""
TELL = """
import json
print(json.dumps({"cpu": cpu, "wall": wall, "memory": resident()}))
"""
OUR_CALL = """
from xai_dual import Client
client = Client(api_key=KEY, transport=WIRE, base_url=URL)
assert client.chat.create(model="bench-unary-1", messages="Why?").text
"""
FOLD = """
from xai_dual import Client
client = Client(api_key=KEY, transport=WIRE, base_url=URL)
with client.chat.stream(model="bench-stream-100", messages="Why?") as stream:
    for chunk in stream: pass
del stream, chunk
"""
FOLDED = """
before = resident()
wall, cpu = time.perf_counter(), time.process_time()
with client.chat.stream(model="bench-stream-200000", messages="Why?") as stream:
    for chunk in stream: pass
    assert len(stream.response.text) > 200000
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
import json
print(json.dumps({"cpu": cpu / 200000, "wall": wall / 200000, "memory": resident("VmHWM:") - before}))
"""
SCRIPTS = {
    "import ours": BEFORE + "import xai_dual" + AFTER + TELL,
    "import openai": BEFORE + "import openai" + AFTER + TELL,
    "import xai-sdk": BEFORE + "import xai_sdk" + AFTER + TELL,
    "build ours": BEFORE
    + "from xai_dual import Client, user\nClient(api_key=KEY, transport='rest')\nuser('x')"
    + AFTER
    + TELL,
    "REST ours": BEFORE + OUR_CALL.replace("WIRE", "'rest'") + AFTER + TELL,
    "REST openai": BEFORE
    + """
from openai import OpenAI
client = OpenAI(api_key=KEY, base_url=URL + "/v1")
messages = [{"role": "user", "content": "Why?"}]
assert client.chat.completions.create(model="bench-unary-1", messages=messages).choices[0].message.content
"""
    + AFTER
    + TELL,
    "gRPC ours": BEFORE + OUR_CALL.replace("WIRE", "'grpc'").replace("URL", "'http://' + TARGET") + AFTER + TELL,
    "gRPC xai-sdk": BEFORE
    + """
from xai_sdk import Client
from xai_sdk.chat import user
client = Client(api_key=KEY, api_host=TARGET, use_insecure_channel=True)
assert client.chat.create(model="bench-unary-1", messages=[user("Why?")]).sample().content
"""
    + AFTER
    + TELL,
    "fold REST": BEFORE + FOLD.replace("WIRE", "'rest'") + AFTER + FOLDED,
    "fold gRPC": BEFORE + FOLD.replace("WIRE", "'grpc'").replace("URL", "'http://' + TARGET") + AFTER + FOLDED,
}


@attrs.frozen
class ColdCase:
    """One figure of two kinds of starts: what ours is held against, and how much of that it may be."""

    name: str
    measure: str
    ours: str
    peers: tuple[tuple[str, str, float | None], ...] = ()
    """(label, script, target)."""
    unit: str = "start"


COLD = (
    ColdCase("import", "cpu", "import ours", (("openai", "import openai", 0.02), ("xai-sdk", "import xai-sdk", None))),
    ColdCase("import, client and message built", "cpu", "build ours", (("openai's import", "import openai", 0.1),)),
    ColdCase("import to first answer, REST", "wall", "REST ours", (("openai", "REST openai", 0.25),)),
    ColdCase("import to first answer, gRPC", "wall", "gRPC ours", (("xai-sdk", "gRPC xai-sdk", 0.35),)),
    ColdCase("memory after one call, REST", "memory", "REST ours", (("openai", "REST openai", 0.5),)),
    ColdCase("memory after one call, gRPC", "memory", "gRPC ours", (("xai-sdk", "gRPC xai-sdk", 0.65),)),
    ColdCase("200,000 chunks folded, REST", "cpu", "fold REST", unit="chunk"),
    ColdCase("200,000 chunks folded, gRPC", "cpu", "fold gRPC", unit="chunk"),
    ColdCase("memory of 200,000 chunks folded, REST", "memory", "fold REST", unit="answer"),
    ColdCase("memory of 200,000 chunks folded, gRPC", "memory", "fold gRPC", unit="answer"),
)


def start(script: str, where: Where, environment: dict[str, str]) -> dict[str, float]:
    """Run it in a new process."""
    head = f"KEY, URL, TARGET = {KEY!r}, {where.url!r}, {where.grpc!r}\n"
    done = subprocess.run(
        [sys.executable, "-c", head + SCRIPTS[script]], env=environment, check=True, stdout=subprocess.PIPE, timeout=300
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def measured(cases: Iterable[ColdCase], where: Where, environment: dict[str, str], rounds: int) -> list[Result]:
    """The results of cold starts, which take turns."""
    cases = list(cases)
    scripts = list(dict.fromkeys(s for case in cases for s in (case.ours, *(peer[1] for peer in case.peers))))
    found: dict[str, list[dict[str, float]]] = {script: [] for script in scripts}
    for number in range(rounds):
        for script in scripts if number % 2 else reversed(scripts):
            if not script.startswith("fold") or number < rounds // 3:
                found[script].append(start(script, where, environment))
    results = []
    for case in cases:
        costs: Costs = {"ours": [one[case.measure] for one in found[case.ours]]}
        costs.update({label: [one[case.measure] for one in found[script]] for label, script, _ in case.peers})
        targets = {label: target for label, _, target in case.peers if target is not None}
        results.append(summed_up(case.name, case.measure, case.unit, costs, targets))
    return results
