"""A guest with one page at its begin and one at 512 GiB."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ['GODWIT_SOURCE'], 'tests', 'golden'))
from examples import examples       # noqa: E402
from xenf import NOTAB, PAGE, page_data     # noqa: E402

image = dict(examples())['example-hvm-v3']
image.records.insert(image.find(1) + 1, page_data([(1 << 27, NOTAB, b'x' * PAGE)]))
sys.stdout.buffer.write(image.octets())
