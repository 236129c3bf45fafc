"""browser.py - a headless browser, through WebDriver's protocol: Debian's chromium and chromium-driver.

Only what the tests of the page need: open a file, ask the page, press keys, move the pointer, take a picture; and what
the browser logged: messages of the console, requests for anything.
"""
import base64
import json
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-default-apps", "--disable-dev-shm-usage", "--hide-scrollbars"]
KEYS = {"ArrowRight": "\ue014", "ArrowDown": "\ue015", "Home": "\ue011", "End": "\ue010", "Tab": "\ue004"}


def missing():
    """Why there is no browser; None if there is one."""
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return "%s is not installed (Debian: chromium, chromium-driver)" % program
    return None


class Unusable(Exception):
    """It is installed, but does not start on this system: containers may forbid what it needs."""


class Browser:
    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="godwit-browser-", ignore_cleanup_errors=True)
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       text=True)
        self.address = None
        for line in self.driver.stdout:
            found = re.search(r"success\w* on port (\d+)", line)
            if found:
                self.address = "http://127.0.0.1:%s" % found[1]
                break
        capabilities = {"browserName": "chrome",
                        "goog:chromeOptions": {"args": [*ARGUMENTS, "--user-data-dir=" + self.profile.name]},
                        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        try:
            session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        except RuntimeError as error:
            self.stop()
            why = re.search(r'"message":"(.*?)["\\]', str(error))
            raise Unusable(why[1] if why else str(error)[:100]) from error
        self.session = "/session/" + session["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.ask("DELETE", self.session)
        finally:
            self.stop()

    def stop(self):
        self.driver.terminate()
        self.driver.wait()
        self.driver.stdout.close()
        self.profile.cleanup()

    def ask(self, method, path, body=None):
        data = json.dumps(body if body is not None else {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError("%s: %s" % (path, error.read().decode()[:500])) from error

    def post(self, path, **body):
        return self.ask("POST", self.session + path, body)

    def tool(self, command, **parameters):
        """A command of the browser's own protocol."""
        return self.post("/goog/cdp/execute", cmd=command, params=parameters)

    def window(self, width, height, ratio=1):
        self.tool("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=ratio,
                  mobile=False)

    def media(self, scheme, kind=""):
        self.tool("Emulation.setEmulatedMedia", media=kind,
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def scripts(self, on):
        self.tool("Emulation.setScriptExecutionDisabled", value=not on)

    def open(self, url):
        self.post("/url", url=url)

    def run(self, script, *arguments):
        """What a script returns in the page."""
        return self.post("/execute/sync", script=script, args=list(arguments))

    def settle(self):
        """Behind the next picture that the browser draws, and the one after."""
        self.post("/execute/async", args=[], script="const done = arguments[0];"
                  "requestAnimationFrame(() => requestAnimationFrame(() => done(0)));")

    def hover(self, x, y, press=False):
        """The pointer goes to a place in the window, and presses there."""
        actions = [{"type": "pointerMove", "duration": 0, "x": int(x), "y": int(y)}]
        if press:
            actions += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.post("/actions", actions=[{"type": "pointer", "id": "mouse", "actions": actions}])

    def wheel(self, x, y, delta):
        self.post("/actions", actions=[{"type": "wheel", "id": "wheel", "actions": [
            {"type": "scroll", "duration": 0, "x": int(x), "y": int(y), "deltaX": 0, "deltaY": delta}]}])

    def keys(self, *names):
        actions = [{"type": kind, "value": KEYS.get(name, name)} for name in names for kind in ("keyDown", "keyUp")]
        self.post("/actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def picture(self, path, whole=False):
        options = {"format": "png"}
        if whole:
            size = self.tool("Page.getLayoutMetrics")["cssContentSize"]
            options.update(captureBeyondViewport=True, clip={"x": 0, "y": 0, "width": size["width"],
                                                             "height": size["height"], "scale": 1})
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.tool("Page.captureScreenshot", **options)["data"]))

    def console(self):
        return [entry["message"] for entry in self.post("/se/log", type="browser")]

    def requests(self):
        """The addresses that the browser asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self.post("/se/log", type="performance")]
        return [event["params"]["request"]["url"] for event in events
                if event["method"] == "Network.requestWillBeSent"]
