"""Images cut short: behind a complete checkpoint that costs what came after, everywhere else the image."""

import json
import os
import random
import shutil

import legacy_forms
from runner import godwit, refusal

BATCH = 400  # files that one run of verify is given


def checkpoint_cuts(run, path, reading, count, seed):
    """'' or where a cut behind the first complete round does not leave the last complete one.

    Each cut has to convert to the octets of the image that ends with that round; those are what reading says.
    """
    random_numbers = random.Random(seed)
    size = path.stat().st_size
    places = sorted((random_numbers.randrange(reading.ends[0], size) for _ in range(count)), reverse=True)
    copy = run.folder / 'image'
    shutil.copyfile(path, copy)
    wanted, said = {}, []
    for place in places:
        os.truncate(copy, place)
        complete = sum(end <= place for end in reading.ends)
        if complete not in wanted:
            wanted[complete], why = whole_rounds(run, path, reading, complete)
            said += [why] if why else []
        conversion = run.convert(copy)
        if conversion.status or conversion.octets != wanted[complete]:
            said.append('cut at %d, behind round %d: exit status %d, %s %s' % (
                place, complete, conversion.status, 'octets differ' if conversion.octets else 'no output',
                conversion.text[:200]))
    return '\n'.join(said[:10])


def whole_rounds(run, path, reading, complete):
    """What an image of that many rounds converts to, judged by what the second reader found in it."""
    prefix = run.folder / 'prefix'
    with open(path, 'rb') as source, open(prefix, 'wb') as target:
        target.write(source.read(reading.ends[complete - 1]))
    conversion = run.convert(prefix)
    prefix.unlink()
    return conversion.octets, run.against(conversion, reading.states[complete - 1])


def tiny():
    """Images of a few KiB, of both guests and both toolstacks, which can be cut everywhere."""
    for width in (4, 8):
        yield from ((name, parts) for name, parts in legacy_forms.tiny(width))


def places(parts, every):
    """Where an image is cut: everywhere, or (every > 1) within blobs and pages only at some places."""
    at, found = 0, set()
    for name, octets in parts.parts:
        dense = name not in ('batch', 'vcpu-basic', 'extended-info', 'shared-info', 'hvm-context', 'vcpu-extended')
        edge = range(len(octets)) if dense or every == 1 else [
            *range(min(48, len(octets))), *range(0, len(octets), every), *range(max(0, len(octets) - 16), len(octets))]
        found.update(at + place for place in edge)
        at += len(octets)
    return sorted(found)


def truncations(run, parts, every):
    """'' or the cuts that verify does not call cut, with one finding and exit status 1."""
    octets, said = parts.octets(), []
    may_end = parts.offset('device-model') if 'device-model' in parts.names() else None
    cuts = [place for place in places(parts, every) if place != may_end]
    for at in range(0, len(cuts), BATCH):
        said += truncated(run, octets, cuts[at:at + BATCH])
    return '\n'.join(said[:20])


def truncated(run, octets, cuts):
    paths = {}
    for place in cuts:
        path = run.write('cut-%d' % place, octets[:place])
        paths[str(path)] = place
    done = godwit('verify', '--json', *paths)
    said, found = [], dict.fromkeys(paths.values(), None)
    name = None
    for line in done.stdout.splitlines():
        told = json.loads(line)
        name = told.get('file', name)
        if told.get('type') == 'finding' and told.get('severity') == 'error' and name in paths:
            found[paths[name]] = found[paths[name]] or told.get('rule')
    if done.returncode != 1:
        said.append('exit status %d: %s' % (done.returncode, done.stderr.decode(errors='replace')[-500:]))
    errors = done.stderr.decode(errors='replace')
    for path, place in paths.items():
        if found[place] is None and path not in errors:
            said.append('cut at %d: nothing is said' % place)
        os.unlink(path)
    return said


def conversions(run, parts, count, seed):
    """'' or the cuts that convert does not refuse with one sentence and without leaving anything."""
    octets, said = parts.octets(), []
    random_numbers = random.Random(seed)
    may_end = parts.offset('device-model') if 'device-model' in parts.names() else None
    for _ in range(count):
        place = random_numbers.randrange(len(octets))
        if place == may_end:
            continue
        conversion = run.convert(run.write('image', octets[:place]))
        why = refusal(conversion.status, conversion.text, conversion.octets)
        said += ['cut at %d: %s' % (place, why)] if why else []
        said += ['cut at %d: left behind: %s' % (place, run.left_behind())] if run.left_behind() else []
    return '\n'.join(said[:10])
