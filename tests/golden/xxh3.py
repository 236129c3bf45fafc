"""XXH3 (64 and 128 bits, seed 0) in plain Python, for the page checks and the image digest of our optional records.

Only the lengths that those need are here: 17 to 128 octets (128 bits only) and more than 240.
"""

SECRET = bytes.fromhex(
    'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221'
    'b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8'
    'fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb17'
    '0ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e')

P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64_1, P64_2, P64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P64_4, P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
ALL = (1 << 64) - 1
STRIPE, STRIPES = 64, 16  # octets of a stripe; stripes of a block


def word(data, at):
    return int.from_bytes(data[at:at + 8], 'little')


def fold(a, b):
    product = a * b
    return (product & ALL) ^ (product >> 64)


def avalanche(h):
    h ^= h >> 37
    h = h * 0x165667919E3779F9 & ALL
    return h ^ (h >> 32)


def accumulate(acc, data, at, key_at):
    for lane in range(8):
        value = word(data, at + 8 * lane)
        key = value ^ word(SECRET, key_at + 8 * lane)
        acc[lane ^ 1] = (acc[lane ^ 1] + value) & ALL
        acc[lane] = (acc[lane] + (key & 0xFFFFFFFF) * (key >> 32)) & ALL


def long_state(data):
    """The eight lanes after all of data, which is longer than 240 octets."""
    acc = [P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]
    block = STRIPE * STRIPES
    blocks = (len(data) - 1) // block
    for number in range(blocks):
        for stripe in range(STRIPES):
            accumulate(acc, data, number * block + stripe * STRIPE, 8 * stripe)
        for lane in range(8):
            mixed = acc[lane] ^ (acc[lane] >> 47) ^ word(SECRET, len(SECRET) - 64 + 8 * lane)
            acc[lane] = mixed * P32_1 & ALL
    for stripe in range((len(data) - 1 - blocks * block) // STRIPE):
        accumulate(acc, data, blocks * block + stripe * STRIPE, 8 * stripe)
    accumulate(acc, data, len(data) - STRIPE, len(SECRET) - 64 - 7)
    return acc


def merge(acc, key_at, start):
    for pair in range(4):
        start += fold(acc[2 * pair] ^ word(SECRET, key_at + 16 * pair),
                      acc[2 * pair + 1] ^ word(SECRET, key_at + 16 * pair + 8))
    return avalanche(start & ALL)


def mix(data, at, key_at):
    return fold(word(data, at) ^ word(SECRET, key_at), word(data, at + 8) ^ word(SECRET, key_at + 8))


def short_128(data):
    """17 to 128 octets."""
    length = len(data)
    low, high = length * P64_1 & ALL, 0
    for step in reversed(range((length - 1) // 32 + 1)):
        one, two = 16 * step, length - 16 * (step + 1)
        low = (low + mix(data, one, 32 * step)) & ALL
        low ^= (word(data, two) + word(data, two + 8)) & ALL
        high = (high + mix(data, two, 32 * step + 16)) & ALL
        high ^= (word(data, one) + word(data, one + 8)) & ALL
    first = avalanche((low + high) & ALL)
    second = -avalanche((low * P64_1 + high * P64_4 + length * P64_2) & ALL) & ALL
    return first, second


def xxh3_64(data):
    """The 64-bit hash as a number; data is longer than 240 octets."""
    if len(data) <= 240:
        raise ValueError('only more than 240 octets')
    return merge(long_state(data), 11, len(data) * P64_1 & ALL)


def xxh3_128(data):
    """The 128-bit hash as a number."""
    if 17 <= len(data) <= 128:
        low, high = short_128(data)
    elif len(data) > 240:
        acc = long_state(data)
        low = merge(acc, 11, len(data) * P64_1 & ALL)
        high = merge(acc, len(SECRET) - 64 - 11, ~(len(data) * P64_2) & ALL)
    else:
        raise ValueError('only 17 to 128 octets, or more than 240')
    return high << 64 | low
