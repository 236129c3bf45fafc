"""What stands inside an image's records: layouts, decoders and builders, from the format's reference alone.

Nothing here looks at the C code. layout.py has the small language in which structures are written down, layouts_hvm.py
and layouts_pv.py the structures; build_hvm.py and build_pv.py make sane contents for streams.
"""
