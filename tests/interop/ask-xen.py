#!/usr/bin/env python3
"""ask-xen.py - make xen-verdicts.json: what Xen's own verifier and restorer make of each damaged image.

  ask-xen.py REALRESTORE > xen-verdicts.json

REALRESTORE is a program of Xen's libxenguest over simulated hypercalls, which restores an image into an empty domain
and writes the domain's digest. The test suite does not need it: it reads the file.
"""
import concurrent.futures
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

from damage import damages
from records import Image, P2M_FRAMES, PV_INFO, VCPU_BASIC, read
from xenverifier import XenVerifier

IMAGES = pathlib.Path(__file__).resolve().parents[1] / "images"
DOMAINS = {
    "hvm-16": "guest=hvm mem=16 vcpus=2 empty=1",
    "pv64-8": "guest=pv64 mem=8 vcpus=4 empty=1",
    "pv32-8": "guest=pv32 mem=8 vcpus=4 empty=1",
}


def made_anew(image):
    """pfns that a PV restore writes itself: the p2m's and start_info's."""
    if image.find(PV_INFO) is None:
        return set()
    frames, basic = image.body(P2M_FRAMES), image.body(VCPU_BASIC)
    pfns = set(struct.unpack_from("<%dQ" % ((len(frames) - 8) // 8), frames, 8))
    wide = image.body(PV_INFO)[:1] == b"\x08"
    # rdx (edx) of vCPU 0: behind its header, the FPU state, the flags and some registers.
    start_info = struct.unpack_from("<Q", basic, 8 + 512 + 8 + 96) if wide else struct.unpack_from("<I", basic, 532)
    return pfns | set(start_info)


def comparable(digest, anew):
    """A digest's lines without comments and without pages that a restore makes anew."""
    lines = digest.read_text().splitlines() if digest.exists() else []
    return [x for x in lines if not x.startswith("#") and
            not (x.startswith("page ") and "-" not in x.split()[1] and int(x.split()[1], 16) in anew)]


def reason(text):
    for line in text.splitlines():
        if "error:" in line or "Error" in line or "ssertion" in line:
            line = line.replace("xc: error: ", "").replace(": Internal error", "").strip()
            return line[line.find("pfn_to_mfn: Assertion"):][:72] if "pfn_to_mfn: Assertion" in line else line[:72]
    return ""


def ask(restorer, verifier, name, image, data):
    with tempfile.TemporaryDirectory() as folder:
        path, digest = pathlib.Path(folder, "image"), pathlib.Path(folder, "digest")
        path.write_bytes(data)
        run = subprocess.run([restorer, "-i", path, "--digest", digest, DOMAINS[name]], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, timeout=240, check=False)
        text = run.stdout.decode(errors="replace")
        return verifier.judge(path), run.returncode, comparable(digest, made_anew(image)), reason(text)


def judge(restorer, verifier, name):
    image = Image.parse(read(IMAGES / (name + ".img.xz")))
    rows, whole = {}, None
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [(damage, pool.submit(ask, restorer, verifier, name, image, data)) for damage, data in damages(image)]
        for damage, job in jobs:
            python, status, domain, why = job.result()
            whole = domain if whole is None else whole
            outcome = ("crashes (signal %d)" % -status if status < 0 else "refuses" if status else
                       "accepts" if domain == whole else "other domain")
            rows[damage] = {"verifier": python, "restorer": outcome, "reason": why}
    return rows


def main():
    verifier = XenVerifier()
    if len(sys.argv) != 2 or not verifier.ready:
        sys.exit(verifier.why or __doc__)
    parts = []
    for name in DOMAINS:
        rows = judge(sys.argv[1], verifier, name)
        lines = ["  %s: %s" % (json.dumps(damage), json.dumps(row)) for damage, row in rows.items()]
        parts.append(" %s: {\n%s\n }" % (json.dumps(name), ",\n".join(lines)))
    print("{\n%s\n}" % ",\n".join(parts))


if __name__ == "__main__":
    main()
