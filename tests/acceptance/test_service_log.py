"""The log of a service holds one JSON object a line, however it ends, and its words say what ended."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

from services import Service, WatchedSite, service


def _is_over(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _helpers(running: Service, pid: int) -> list[int]:
    """The processes beside the service: one that reads articles, one that watches over what they share."""
    running.wait_until(lambda: len(_children(pid)) >= 2)
    return _children(pid)


def test_a_service_that_is_ended_at_once_says_so_in_its_log(tmp_path: Path) -> None:
    with service(tmp_path / "home") as running, socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/feed.xml"
        running.source("hanging", domains=["127.0.0.1"], feeds=[url])
        process = running.start("--log-format", "json", "--no-web")
        deaf.settimeout(60)
        connection, _ = deaf.accept()
        with connection:
            process.send_signal(signal.SIGTERM)
            running.wait_until(lambda: any("stopping" in line["event"] for line in running.log()))
            running.stop(process, code=130)
        last = running.log()[-1]
        assert (last["level"], last["event"]) == ("warning", "stopped at once")


def test_after_a_kill_nobody_else_writes_into_the_log(tmp_path: Path) -> None:
    with WatchedSite(hosts=1, articles=3) as site, service(tmp_path / "home") as running:
        running.follow(site)
        process = running.start("--log-format", "json", "--no-web")
        running.wait_until(lambda: any("looked at" in line["event"] for line in running.log()))
        helpers = _helpers(running, process.pid)
        process.kill()
        process.wait()
        running.wait_until(lambda: all(map(_is_over, helpers)))
        assert all(line["logger"].startswith("archiver") for line in running.log())


def test_a_taken_port_is_told_as_the_trouble_of_the_web_alone(tmp_path: Path) -> None:
    with service(tmp_path / "home") as running, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = running.start("--web", ARCHIVER_WEB__PORT=str(port))
        running.wait_until(lambda: any("started again" in line["event"] for line in running.log()))
        said = [line for line in running.log() if "cannot listen" in line["event"]]
        assert {line["level"] for line in said} == {"error"}
        assert all(
            line["event"].startswith(
                f"the web is not served: cannot listen on 127.0.0.1 port {port}: it is taken; "
            )
            for line in said
        )
        running.stop(process)
        assert not any(line["level"] == "critical" for line in running.log())
