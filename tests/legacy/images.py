"""The real legacy images: where they are, and the digests that somebody else computed.

A folder named 'shared' beside the project's root may hold the whole set, packed; GODWIT_SHARED names another place.
What is unpacked lives in a temporary folder.
"""

import os
import pathlib
import shutil
import subprocess

SOURCE = pathlib.Path(os.environ.get('GODWIT_SOURCE') or pathlib.Path(__file__).resolve().parents[2])
SHARED = pathlib.Path(os.environ.get('GODWIT_SHARED') or SOURCE.resolve().parent / 'shared') / 'images'
PACKED = SHARED / 'legacy-small.tar.zst'
WHY_NOT = 'there is no shared folder with legacy-small.tar.zst; GODWIT_SHARED names one'


class Image:
    """path of the image; digest: the text beside it."""

    def __init__(self, path):
        self.path, self.name = path, path.stem
        self.digest = path.with_suffix('.digest').read_text()

    def __repr__(self):
        return self.name


def unpack(scratch):
    """All of them, by name, unpacked into a folder; [] where there are none or nothing unpacks them: then why says."""
    if not PACKED.exists():
        return [], WHY_NOT
    if not shutil.which('zstd'):
        return [], 'zstd is missing: nothing unpacks the images'
    done = subprocess.run(['tar', '--zstd', '-xf', PACKED, '-C', scratch], stderr=subprocess.PIPE, check=False)
    if done.returncode:
        return [], done.stderr.decode().strip()
    return [Image(path) for path in sorted(pathlib.Path(scratch).glob('legacy/*.img'))], ''
