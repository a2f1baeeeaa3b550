"""A real browser over the demo's archive: pictures are painted, and hostile pages run nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from web_archive import fill, page
from web_server import Running, make_demo, serving

from archiver.model.secret import new_secret, secret_digest
from archiver.storage.index import Index

ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
SECRET = new_secret()
PLAIN_URL = "http://plain.example/"
HOSTILE_URL = "http://hostile.example/"
HOSTILE = b"""<!doctype html><title><script>document.title='run'</script></title>
<meta http-equiv="refresh" content="0;url=http://live.example/"><script>document.title = 'run'</script>
<svg onload="document.title='run'"><script>document.title='run'</script></svg>
<img src="http://live.example/x.png" onerror="document.title='run'">
<a id="bad" href="javascript:document.title='run'">x</a>
<iframe srcdoc="<script>parent.document.title='run'</script>">
</iframe><p id="end">End</p>"""


WORKER = """
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", event => event.waitUntil(self.clients.claim()));
self.addEventListener("message", event => {
  self.archive = event.data.extraConfig;
  event.source.postMessage({ msg_type: "collAdded", name: event.data.name });
});
self.addEventListener("fetch", event => {
  const memento = new URL(event.request.url).pathname.match(/^.interactive.w.archive.(\\d+)mp_.(.*)$/);
  if (!memento) return;
  const asked = fetch(self.archive.prefix + memento[1] + self.archive.archiveMod + "/" + memento[2]);
  event.respondWith(asked.then(async one => new Response(
    await one.text() + "<p id=made>",
    { headers: { "Content-Type": "text/html", "Content-Security-Policy": "script-src 'none'" } })));
});
"""
"""A service worker that does the little of wabac that our loader relies on."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("browser") / "home"
    make_demo(home)
    headers = (
        ("Content-Type", "text/html"),
        ("Set-Cookie", "spy=1"),
        ("Refresh", "0; url=http://live.example/"),
    )
    with Index.open(f"sqlite:///{home}/index.sqlite") as index:
        fill(index, home / "warc", [page(HOSTILE, url=HOSTILE_URL, headers=headers)])
        fill(index, home / "warc", [page(b"<p id=end>End", url=PLAIN_URL)])
        digest = secret_digest(SECRET)
        assert digest
        index.operations.tokens.add("desk", ("capture",), digest, datetime.now(UTC))
    worker = home / "wabac"
    worker.mkdir()
    (worker / "sw.js").write_text(WORKER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARCHIVER_WEB__WABAC", str(worker))
        with serving(home) as server:
            yield server


@pytest.fixture(scope="module")
def browser(running: Running) -> Iterator[Browser]:
    del running  # made before: Playwright leaves a loop running in this thread
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.fail("no Chromium was found; install it with .ci/prepare (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def tab(browser: Browser, running: Running) -> Iterator[Page]:
    context = browser.new_context()
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("requestfailed", lambda request: request.failure == "csp" and asked.remove(request.url))
    yield tab
    origins = {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, asked) if parts.netloc}
    assert origins <= {running.application, running.replay}, "a request left the two origins"
    assert context.cookies() == []
    context.close()


PAINTED = "images => images.every(image => image.naturalWidth > 0) && images.length"


def test_from_the_search_to_the_record_the_page_and_the_comparison(tab: Page, running: Running) -> None:
    tab.goto(running.application)
    tab.fill("#home-q", '"arms convoy" Ellingvale')
    tab.press("#home-q", "Enter")
    tab.locator(".results h3 a").last.click()
    tab.wait_for_load_state("networkidle")
    tab.locator("img").first.wait_for()
    assert tab.eval_on_selector_all("section > .gallery img", PAINTED) >= 4
    record = tab.url
    tab.click("text=See the page as it was")
    tab.wait_for_load_state("networkidle")
    frame = tab.frames[1]
    assert frame.url.startswith(running.replay)
    assert "arms convoy" in frame.locator("h1").inner_text()
    frame.locator("article img, main img").first.wait_for()
    shown = frame.locator("img").evaluate_all("all => all.filter(one => one.naturalWidth > 0).length")
    assert shown >= 6
    tab.goto(record)
    tab.locator("text=compare with the one before").last.click()
    tab.wait_for_load_state("networkidle")
    assert tab.eval_on_selector_all("figure img", PAINTED) >= 4
    assert tab.locator("del").count() > 0


@pytest.mark.parametrize("where", ["framed", "application", "replay", "exact"])
def test_a_hostile_page_runs_nothing_and_loads_nothing(tab: Page, running: Running, where: str) -> None:
    prefix = {
        "framed": f"{running.application}/view/20171114100000/",
        "application": f"{running.application}/web/20171114100000/",
        "replay": f"{running.replay}/web/20171114100000/",
        "exact": f"{running.application}/web/20171114100000id_/",
    }[where]
    tab.goto(prefix + HOSTILE_URL)
    tab.wait_for_load_state("networkidle")
    for frame in tab.frames:
        assert frame.title() != "run"
    origin = running.application if where == "framed" else running.replay
    assert tab.url.startswith(origin)
    shown = tab.frames[1] if where == "framed" else tab.main_frame
    assert shown.locator("#end").inner_text() == "End"


def test_a_page_is_submitted_with_the_form_and_its_progress_watched(tab: Page, running: Running) -> None:
    tab.goto(running.application)
    tab.click("text=Archive a page")
    tab.fill("input[name=url]", "http://127.0.0.1/")
    tab.fill("input[name=token]", SECRET)
    tab.press("input[name=token]", "Enter")
    assert "not on the public internet" in tab.locator(".note.bad").inner_text()
    assert tab.input_value("input[name=token]") == ""
    tab.fill("input[name=url]", "https://news.example/story")
    tab.fill("input[name=token]", SECRET)
    tab.click(".sheet button")
    tab.wait_for_url("**/submissions/*")
    assert tab.locator("h1").inner_text() == "Waiting"
    assert "when the service runs" in tab.locator(".note").inner_text()


def test_the_interactive_view_shows_the_memento_through_the_worker(tab: Page, running: Running) -> None:
    tab.goto(f"{running.replay}/interactive/20171114100000/{PLAIN_URL}")
    frame = tab.frame_locator("iframe")
    frame.locator("#made").wait_for(state="attached")
    assert frame.locator("#end").inner_text() == "End"
    assert tab.frames[1].url.endswith(f"mp_/{PLAIN_URL}")


def test_no_page_is_wider_than_a_phone(browser: Browser, running: Running) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800})
    tab = context.new_page()
    for path in (
        "/",
        "/search?q=convoy",
        "/sources",
        "/submit",
        f"/web/*/{HOSTILE_URL}",
        f"/view/2017/{HOSTILE_URL}",
    ):
        tab.goto(running.application + path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390, path
    context.close()
