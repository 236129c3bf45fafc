"""The real legacy images: each verified, converted, digested, and held against the digest that came with it."""

import re

import digests
import facts
from converted import compare, wanted
from runner import godwit, verify

# Refused, and a word that the reason must have.
REFUSED = {'2level': ('two level', 'two-level', '2 levels'), 'tmem': ('tmem', 'ranscendent')}
ARGUMENT = 34  # HVM images of 4.2 to 4.4: the saver got it as an argument, so the digests do not know it
RULE = re.compile(r'^legacy-')
# The guests' registers, and what stands in HVM contexts, are patterns: no hypervisor would load them.
INVENTED = re.compile(r'^(ctx|vcpu-basic|vcpu-ext|vcpu-xsave)-')
# A 64-bit toolstack does not know Xen's own slots of a 32-bit guest's top L2: flags with pfn 0 remain there.
XEN_SLOTS = 'pv-pte-level'


def refused(image):
    """Words of the reason for which this image has to be refused, or None."""
    for name, words in REFUSED.items():
        if name in image.name and (name != 'tmem' or 'pages=0' not in image.digest.split('pools')[1].split(';')[0]):
            return words
    return None


def wants(image):
    """(Facts, stale pages) that a conversion has to have."""
    found = facts.of_digest(image.digest)
    stale = found.stale
    return wanted(found), stale


def check_converted(image, conversion):
    """('' or what is wrong, the decoded conversion)"""
    decoded = conversion.decoded()
    if decoded is None:
        return conversion.why, None
    want, stale = wants(image)
    if ARGUMENT not in want.params and ARGUMENT in decoded.facts.params:
        want.params[ARGUMENT] = 0xFC001234
    return '\n'.join(filter(None, [compare(want, decoded, stale), *decoded.faults[:10]])), decoded


def check_digest(image, decoded):
    """What godwit digest prints of the legacy file is the digest that came with it, in another form."""
    done = godwit('digest', image.path)
    if done.returncode:
        return 'exit status %d: %s' % (done.returncode, done.stderr.decode()[:400])
    want, stale = wants(image)
    want.params = decoded.facts.params
    return digests.differ(done.stdout.decode(), want, decoded, stale)


def check_same_digest(run, image, conversion):
    """The digest of the conversion says the same as that of the legacy file, but for the pages that are stale."""
    texts = []
    for path in (image.path, run.write('again', conversion.octets)):
        text = godwit('digest', path).stdout.decode()
        texts.append(digests.Printed(text).lines() - {None})
    ours = [{line for line in lines if not line.startswith(('blob xl_', 'blob xend_', 'blob libvirt', 'blob xenopsd',
                                                            'blob libxl_'))} for lines in texts]
    (run.folder / 'again').unlink()
    return facts.differ(*ours)


def pairs(images):
    """Images of one guest, saved by a 32-bit toolstack and by a 64-bit one, whose digests say the same.

    Not all do: a 64-bit toolstack leaves other octets in the top page tables of a 32-bit guest. The toolstack's blob
    differs by its padding, which no conversion keeps.
    """
    named = {image.name: image for image in images}
    for name, one in named.items():
        other = named.get(name.replace('-w32-', '-w64-'))
        if '-w32-' in name and other is not None and not refused(one):
            lines = [wants(image)[0].lines() for image in (one, other)]
            if lines[0] == lines[1]:
                yield one, other


def judge(run, image):
    """[(what, '' or why not)] for one image, and its conversion (octets) or None."""
    words = refused(image)
    verdict = verify(image.path)
    if words:
        why = run.refused(image.path, *words)
        said = '' if verdict.status == 1 and any(
            RULE.match(rule) for rule in verdict.rules['error']) else verdict.text()[:800]
        return [('refused by name', why), ('verify names the reason', said)], None
    conversion = run.convert(image.path)
    why, decoded = check_converted(image, conversion)
    points = [('verify finds it valid', '' if verdict.status == 0 else verdict.text()[:1500]),
              ('converts to what its digest says', why)]
    if decoded is None:
        return points, None
    points.append(('godwit digest prints what its digest says', check_digest(image, decoded)))
    points.append(('both digests are equal', check_same_digest(run, image, conversion)))
    again = verify(run.write('again', conversion.octets))
    errors = [rule for rule in again.rules['error'] if not INVENTED.match(rule) and not (
        rule == XEN_SLOTS and 'w64-pv32' in image.name)]
    points.append(('the conversion is valid but for registers', '' if again.verdict and not errors else
                   '%s %s' % (errors, again.errors[:1000])))
    return points, conversion.octets
