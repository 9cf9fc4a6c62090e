#!/usr/bin/env python3
"""How fast does live mode take in what a broker has for it, and how soon does an alert go out?

    bench/live.py [--only drain|latency] [--readings N] [--batch 1|100] [--store URL] [--program target/release/twinwright]

drain: a broker (mosquitto, started here) keeps so many readings for a session that is away; then the engine starts and drains it. The
time counts from the moment at which it says that it mirrors until the last reading is committed, and until it is in its table. The
publisher is gone by then: engine, broker and database share the machine alone. Prints readings a second and CPU seconds.

latency: 100 machines of 10 sensors speak --rate times a second in all, single readings at QoS 1; now and then one passes a limit for
a second. From just before the message is sent until mosquitto_sub has the alert, with a site of --tick and --reorder.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

MACHINES, SENSORS = 100, 10
START = 1_790_000_000_000

KIND = """schema = "machine/1"
kind = "unit"
title = "Unit"
[drivers]
load = 1.0
"""
SENSOR = """[sensors.s{n}]
value = "{n} * load"
noise = {{ sd = 0.1 }}
limits = {{ high = {high}, deadband = 1 }}
"""
SITE = """schema = "site/1"
{time}
[[machine]]
id = "M-{{1..{machines}}}"
kind = "unit"
[feed.mqtt.gateway]
url = "mqtt://127.0.0.1:{port}"
client_id = "bench"
topic = {topics}
"""
BACKLOG = 'tick = "1 s"\nclock = "source"\noldest = "36500 d"'
ALERTS = """[alerts]
flood = 1000000
[rule.hot]
when = "finding *.high"
severity = "high"
[outlet.mqtt.alerts]
url = "mqtt://127.0.0.1:{port}"
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def length(n):
    out = bytearray()
    while True:
        n, group = n >> 7, n & 0x7F
        out.append(group | (0x80 if n else 0))
        if not n:
            return bytes(out)


def text(s):
    s = s.encode()
    return len(s).to_bytes(2, "big") + s


def publish_all(port, messages):
    """At QoS 1, with so many unanswered that the line stays full; returns when the broker has all."""
    line = socket.create_connection(("127.0.0.1", port))
    body = b"\x00\x04MQTT\x04\x02\x00\x00" + text("publisher")
    line.sendall(b"\x10" + length(len(body)) + body)
    line.recv(4)
    sent = answered = 0
    heard = 0
    while answered < len(messages):
        if sent < len(messages) and sent - answered < 2_000:
            part = bytearray()
            for topic, payload in messages[sent : sent + 500]:
                number = sent % 65_535 + 1
                sent += 1
                body = text(topic) + number.to_bytes(2, "big") + payload
                part += b"\x32" + length(len(body)) + body
            line.sendall(part)
        heard += len(line.recv(1 << 16))
        answered = heard // 4
    line.close()


def messages(readings, batch):
    def one(n):
        tick, place = divmod(n, MACHINES * SENSORS)
        machine, sensor = divmod(place, SENSORS)
        return machine + 1, sensor + 1, START + tick * 1000, sensor + 1 + (n % 97) * 0.001

    if batch == 1:
        for n in range(readings):
            machine, sensor, ms, value = one(n)
            yield f"plant/M-{machine}/s{sensor}", b'{"timestamp_ms":%d,"value":%.3f}' % (ms, value)
        return
    # A batch holds ten seconds of a machine.
    per = MACHINES * SENSORS * (batch // SENSORS)
    for begin in range(0, readings, per):
        for machine in range(MACHINES):
            rows = []
            for step in range(batch // SENSORS):
                for sensor in range(SENSORS):
                    n = begin + step * MACHINES * SENSORS + machine * SENSORS + sensor
                    _, s, ms, value = one(n)
                    rows.append({"sensor": f"s{s}", "timestamp_ms": ms, "value": round(value, 3)})
            yield f"batch/M-{machine + 1}", json.dumps(rows, separators=(",", ":")).encode()


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak(pid):
    found = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) / 1024


def engine(program, folder, store, more=()):
    command = [program, "live", "bench.toml", "--store", store, *more]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    said = []
    for line in process.stderr:
        said.append(line)
        if "mirroring" in line:
            return process, said, time.monotonic()
    sys.exit("the engine does not start:\n" + "".join(said))


def figures(address):
    page = urllib.request.urlopen(f"http://{address}/metrics", timeout=10).read().decode()
    return {line.split(" ")[0]: float(line.split(" ")[1]) for line in page.splitlines() if line and line[0] != "#"}


def start_broker(folder, port):
    (folder / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 1000\nmax_queued_messages 0\nuser root\n"
    )
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    broker = subprocess.Popen([program, "-c", "mosquitto.conf"], cwd=folder,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    return broker


def write_site(folder, port, timing, more=""):
    sensors = "".join(SENSOR.format(n=n, high=n + 50) for n in range(1, SENSORS + 1))
    (folder / "unit.toml").write_text(KIND + sensors)
    topics = '["plant/{machine}/{sensor}", "batch/{machine}"]'
    (folder / "bench.toml").write_text(SITE.format(machines=MACHINES, port=port, topics=topics, time=timing) + more)


def drain(asked, program, folder, broker, port):
    write_site(folder, port, BACKLOG)
    process, _, _ = engine(program, folder, asked.store)
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    publish_all(port, list(messages(asked.readings, asked.batch)))
    before = cpu(broker.pid)
    metrics = free_port()
    process, _, begun = engine(program, folder, asked.store, ["--metrics", f"127.0.0.1:{metrics}"])
    committed = None
    while True:
        time.sleep(0.1)
        seen = figures(f"127.0.0.1:{metrics}")
        if committed is None and seen["twinwright_heard_total"] >= asked.readings:
            committed = time.monotonic() - begun
        if committed is not None and seen["twinwright_shelf_readings"] == 0:
            stored = time.monotonic() - begun
            break
    used, memory = cpu(process.pid), peak(process.pid)
    print(json.dumps({
        "readings": asked.readings, "batch": asked.batch, "store": asked.store.split(":")[0],
        "heard_per_s": round(asked.readings / committed), "stored_per_s": round(asked.readings / stored),
        "engine_cpu_s": round(used, 2), "broker_cpu_s": round(cpu(broker.pid) - before, 2),
        "peak_mib": round(memory), "commits": int(seen["twinwright_commit_seconds_count"]),
        "commit_ms": round(1e3 * seen["twinwright_commit_seconds_sum"] / seen["twinwright_commit_seconds_count"], 2),
    }))
    process.send_signal(signal.SIGTERM)
    process.wait(20)


def publish_paced(port, rate, seconds):
    """The whole plant in turn, evenly; every quarter of a second another machine's first sensor is too high for a second. When each
    such value was sent."""
    line = socket.create_connection(("127.0.0.1", port))
    body = b"\x00\x04MQTT\x04\x02\x00\x00" + text("publisher")
    line.sendall(b"\x10" + length(len(body)) + body)
    line.recv(4)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    begun, sent, number, late = time.time(), 0, 0, 0.0
    issued, high = {}, {}
    topics = [text(f"plant/M-{place // SENSORS + 1}/s{place % SENSORS + 1}") for place in range(MACHINES * SENSORS)]
    line.setblocking(False)
    while (now := time.time()) < begun + seconds:
        due = int((now - begun) * rate)
        part = bytearray()
        fresh = []
        for n in range(sent, due):
            machine, sensor = divmod(n % len(topics), SENSORS)
            value = sensor + 1 + (n % 97) * 0.001
            if sensor == 0:
                quarter = int((now - begun) * 4)
                if quarter % MACHINES == machine and machine not in high and quarter not in issued:
                    value = 60 + quarter * 0.01
                    high[machine] = (value, now + 1)
                    fresh.append(quarter)
                elif machine in high and now < high[machine][1]:
                    value = high[machine][0]
                else:
                    high.pop(machine, None)
            number = number % 65_535 + 1
            payload = b'{"timestamp_ms":%d,"value":%.3f}' % (int(now * 1000), value)
            body = topics[n % len(topics)] + number.to_bytes(2, "big") + payload
            part += b"\x32" + length(len(body)) + body
        sent = max(sent, due)
        at = time.time()
        late = max(late, at - now)
        for quarter in fresh:
            issued[quarter] = at
        line.setblocking(True)
        line.sendall(part)
        line.setblocking(False)
        try:
            line.recv(1 << 20)
        except BlockingIOError:
            pass
        time.sleep(0.005)
    line.close()
    return issued, sent, late


def latency(asked, program, folder, broker, port):
    timing = f'tick = "{asked.tick}"\nreorder = "{asked.reorder}"'
    write_site(folder, port, timing, ALERTS.format(port=port))
    heard = folder / "heard.txt"
    with heard.open("w") as file:
        listener = subprocess.Popen(["stdbuf", "-oL", "mosquitto_sub", "-p", str(port), "-q", "1", "-t", "twin/+/alert/#", "-F", "%U %p"],
                                    stdout=file, cwd=folder)
        process, _, _ = engine(program, folder, asked.store)
        before = cpu(process.pid), cpu(broker.pid)
        issued, sent, late = publish_paced(port, asked.rate, asked.seconds)
        time.sleep(3)
        used = cpu(process.pid) - before[0], cpu(broker.pid) - before[1]
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        listener.terminate()
        listener.wait(20)
    took = []
    for line in heard.read_text().splitlines():
        at, payload = line.split(" ", 1)
        notice = json.loads(payload) if payload else {}
        sent_at = issued.pop(round((notice["value"] - 60) / 0.01), None) if "raised" in notice.get("step", "") else None
        if sent_at:
            took.append(float(at) - sent_at)
    took.sort()
    print(json.dumps({
        "rate": round(sent / asked.seconds), "tick": asked.tick, "reorder": asked.reorder, "store": asked.store.split(":")[0],
        "alerts": len(took), "not_told": len(issued),
        "ms": {name: round(1e3 * took[int(part * (len(took) - 1))]) for name, part in
               (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("longest", 1))},
        "engine_cpu": round(used[0] / asked.seconds, 2), "broker_cpu": round(used[1] / asked.seconds, 2),
        "publisher_late_ms": round(1e3 * late),
    }))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=["drain", "latency"], default="drain")
    parser.add_argument("--readings", type=int, default=400_000)
    parser.add_argument("--batch", type=int, choices=[1, 100], default=1)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--tick", default="100 ms")
    parser.add_argument("--reorder", default="250 ms")
    parser.add_argument("--store", default="sqlite:bench.db")
    parser.add_argument("--program", default="target/release/twinwright")
    asked = parser.parse_args()
    program = str(pathlib.Path(asked.program).resolve())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="twinwright-live-"))
    port = free_port()
    broker = start_broker(folder, port)
    try:
        {"drain": drain, "latency": latency}[asked.only](asked, program, folder, broker, port)
    finally:
        broker.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
