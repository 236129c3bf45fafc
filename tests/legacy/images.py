"""The real legacy images: where they are, and the digests that somebody else computed.

A short set lives in tests/images. A folder named 'shared' beside the project's root may hold the whole set, packed;
GODWIT_SHARED names another place. What is unpacked lives in a temporary folder.
"""

import os
import pathlib
import shutil
import subprocess
import tarfile

SOURCE = pathlib.Path(os.environ.get('GODWIT_SOURCE') or pathlib.Path(__file__).resolve().parents[2])
SHARED = pathlib.Path(os.environ.get('GODWIT_SHARED') or SOURCE.resolve().parent / 'shared') / 'images'
SHORT = SOURCE / 'tests' / 'images' / 'legacy' / 'images.tar.xz'
ALL = SHARED / 'legacy-small.tar.zst'


class Image:
    """path of the image; digest: the text beside it."""

    def __init__(self, path):
        self.path, self.name = path, path.stem
        self.digest = path.with_suffix('.digest').read_text()

    def __repr__(self):
        return self.name


def unpack_short(folder):
    folder.mkdir()
    with tarfile.open(SHORT) as packed:
        for member in packed:
            if member.isfile():
                with open(folder / pathlib.Path(member.name).name, 'wb') as file:
                    shutil.copyfileobj(packed.extractfile(member), file)


def unpack(scratch):
    """(the images, unpacked into a folder, by name; '' or why these are not all)"""
    why = ''
    if not ALL.exists():
        why = 'there is no shared folder with %s; GODWIT_SHARED names one' % ALL.name
    elif not shutil.which('zstd'):
        why = 'zstd is missing, which unpacks %s' % ALL.name
    if why:
        unpack_short(pathlib.Path(scratch, 'legacy'))
    else:
        subprocess.run(['tar', '--zstd', '-xf', ALL, '-C', scratch], check=True)
    return [Image(path) for path in sorted(pathlib.Path(scratch).glob('legacy/*.img'))], why
