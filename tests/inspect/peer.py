"""Xen's own verifier as a second reader: what it prints of an image with -v, and the same lines from inspect's JSON."""
import re
import subprocess

NAMES = {"End": "END", "x86 PV info": "X86_PV_INFO", "x86 PV P2M frames": "X86_PV_P2M_FRAMES",
         "x86 PV vcpu basic": "X86_PV_VCPU_BASIC", "x86 PV vcpu extended": "X86_PV_VCPU_EXTENDED",
         "x86 PV vcpu xsave": "X86_PV_VCPU_XSAVE", "x86 PV vcpu msrs": "X86_PV_VCPU_MSRS", "Shared info": "SHARED_INFO",
         "TSC info": "X86_TSC_INFO", "HVM context": "HVM_CONTEXT", "HVM params": "HVM_PARAMS", "Verify": "VERIFY",
         "Static data end": "STATIC_DATA_END", "x86 CPUID policy": "X86_CPUID_POLICY",
         "x86 MSR policy": "X86_MSR_POLICY"}
MARKERS = ("END", "VERIFY", "STATIC_DATA_END")


def of_verifier(verifier, path, form):
    """Its lines as facts: the headers, records with their lengths in order, PAGE_DATA counted, what it reads inside."""
    run = subprocess.run(verifier.command(path, form) + ["-v"], stdin=subprocess.DEVNULL, capture_output=True,
                         text=True, env=verifier.environment(), timeout=240, check=False)
    text = run.stdout + run.stderr
    facts = re.findall(r"^Libxc Image Header: Version (\d+)", text, re.M)
    facts += re.findall(r"^Domain Header: x86 (\w+) from Xen (\d+)\.(\d+)", text, re.M)
    facts += [(NAMES[name], length) for name, length in re.findall(r"^Libxc Record: (.+), length (\d+)$", text, re.M)
              if NAMES[name] not in MARKERS]
    facts += re.findall(r"^  (\d+)bit guest, (\d) levels", text, re.M)
    facts += re.findall(r"^  Start pfn (0x\w+), End (0x\w+)", text, re.M)
    facts += re.findall(r"^  Mode (\d+), (\d+) kHz, (\d+) ns, incarnation (\d+)", text, re.M)
    facts += re.findall(r"^  vcpu(\d+) (\w+) context, (\d+) bytes", text, re.M)
    pages = sum(map(int, re.findall(r"^Squashed (\d+) Page Data", text, re.M)))
    return facts + [("PAGE_DATA", str(pages))]


def of_inspect(told):
    """The same facts from the lines of inspect --json."""
    [head] = told.all("image")
    facts = [str(head["version"]), ("HVM" if head["domain_type"] == 2 else "PV", str(head["xen_major"]),
                                    str(head["xen_minor"]))]
    facts += [(item["name"], str(item["length"])) for item in told.all("record")]
    parts = {}
    for item in told.all("structure"):
        parts.setdefault(item["name"], []).append(item)
    facts += [(str(8 * part["fields"]["guest_width"]), str(part["fields"]["pt_levels"]))
              for part in parts.get("X86_PV_INFO", [])]
    facts += [(hex(part["fields"]["start_pfn"]), hex(part["fields"]["end_pfn"]))
              for part in parts.get("X86_PV_P2M_FRAMES", [])]
    facts += [tuple(str(part["fields"][key]) for key in ("mode", "khz", "nsec", "incarnation"))
              for part in parts.get("X86_TSC_INFO", [])]
    vcpus = [item for item in told.all("record") if item["name"].startswith("X86_PV_VCPU_")]
    owner = {item["record"]: item["instance"] for item in parts.get("head", [])}
    facts += [(str(owner[item["record"]]), item["name"].rsplit("_", 1)[1].lower(), str(item["length"] - 8))
              for item in vcpus]
    pages = sum(item["num"] for item in told.all("records") if item["name"] == "PAGE_DATA")
    return facts + [("PAGE_DATA", str(pages))]


def differences(verifier, path, form, told):
    one, two = of_verifier(verifier, path, form), of_inspect(told)
    return ["Xen's verifier alone: %r" % (fact,) for fact in one if fact not in two] + \
        ["inspect alone: %r" % (fact,) for fact in two if fact not in one] + \
        (["another order"] if sorted(map(str, one)) == sorted(map(str, two)) and one != two else [])
