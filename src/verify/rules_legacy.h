/*
 * rules_legacy.h - the rules about legacy images (libxc of Xen 3.0 to 4.5), which are judged as they are read: of their
 * octets here, of the guest in them by the rules of today's format. What a row says stands at the head of rules.h; xen
 * is the restorer of Xen 4.5, python the converter that came with Xen 4.6 (Y: it refuses, or makes something else).
 */
#ifndef GW_RULES_LEGACY_H
#define GW_RULES_LEGACY_H

#define GW_RULES_LEGACY(R)                                                                                             \
    R(LEGACY_TRUNCATED, "legacy-truncated", ERROR, "LG-10", 'I', 'R', 'Y',                                             \
      "a legacy image is whole, or its first checkpoint is")                                                           \
    R(LEGACY_PROPOSAL, "legacy-proposal", ERROR, "LG-14", '-', '-', '-',                                               \
      "the stream info that was proposed in 2014 says how wide words are")                                             \
    R(LEGACY_2014, "legacy-2014", NOTE, "LG-14", '-', 'R', 'Y',                                                        \
      "a legacy image begins as Xen wrote it, not as was proposed in 2014")                                            \
    R(LEGACY_HINT, "legacy-hint", WARNING, "ours", '-', '-', '-',                                                      \
      "what --legacy-width and --legacy-guest say fits the legacy image")                                              \
    R(LEGACY_SPOOLED, "legacy-spooled", NOTE, "ours", '-', '-', '-',                                                   \
      "a legacy image can be read twice where that is needed, and nothing has to be put aside")                        \
    R(LEGACY_HEAD, "legacy-head", ERROR, "LG-3", 'I', 'p', 'p',                                                        \
      "the head of a legacy image has a number of pfns that exists, and blocks that fit into it")                      \
    R(LEGACY_BLOCK, "legacy-block", WARNING, "LG-3", '-', '-', 'Y',                                                    \
      "every block of a legacy image's extended info is of a known kind")                                              \
    R(LEGACY_FRAMES, "legacy-frames", ERROR, "LG-3", 'I', 'R', '-',                                                    \
      "the pfns of a legacy guest's p2m pages are pfns of the guest")                                                  \
    R(LEGACY_LEVELS, "legacy-levels", ERROR, "LG-6", '-', 'R', 'Y',                                                    \
      "a legacy PV guest has three or four levels of page tables")                                                     \
    R(LEGACY_CHUNK, "legacy-chunk", ERROR, "LG-5", 'I', 'R', 'Y',                                                      \
      "a legacy image has chunks that some Xen wrote, at most 1024 pages in a batch, and ends where it should")        \
    R(LEGACY_ENTRY, "legacy-entry", ERROR, "LG-4", 'I', 'R', 'Y',                                                      \
      "an entry of a legacy batch has a type that exists and a pfn of the guest")                                      \
    R(LEGACY_LENGTH, "legacy-length", ERROR, "LG-15", '-', 'p', '-',                                                   \
      "lengths in a legacy image are within what godwit reads")                                                        \
    R(LEGACY_VCPUS, "legacy-vcpus", ERROR, "LG-5", 'I', 'R', 'Y',                                                      \
      "a legacy image's highest vCPU is 0 to 4095, and one is online")                                                 \
    R(LEGACY_MAP, "legacy-map", WARNING, "LG-5", '-', '-', 'Y',                                                        \
      "the map of vCPUs of a legacy image has no bits above the highest vCPU")                                         \
    R(LEGACY_PARAM, "legacy-param", WARNING, "LG-12", '-', '-', 'Y',                                                   \
      "only the legacy image of an HVM guest has its parameters")                                                      \
    R(LEGACY_COMPRESSION, "legacy-compression", ERROR, "LG-9", 'I', 'p', 'Y',                                          \
      "the compressed pages of a legacy checkpoint are as many as were announced, and whole")                          \
    R(LEGACY_TMEM, "legacy-tmem", ERROR, "LG-5", 'I', 'p', 'Y',                                                        \
      "what a legacy image says of transcendent memory can be read")                                                   \
    R(LEGACY_TMEM_DROPPED, "legacy-tmem-dropped", WARNING, "LG-5", '-', '-', 'Y',                                      \
      "a legacy guest uses no transcendent memory")                                                                    \
    R(LEGACY_TMEM_PAGES, "legacy-tmem-pages", ERROR, "LG-5", '-', '-', 'Y',                                            \
      "no page of a legacy guest is in transcendent memory, which no Xen has any more")                                \
    R(LEGACY_TOOLSTACK, "legacy-toolstack", WARNING, "LG-11", '-', 'T', 'Y',                                           \
      "the toolstack's data in a legacy image are libxl's")                                                            \
    R(LEGACY_UNMAPPED, "legacy-unmapped", ERROR, "LG-6", 'I', 'R', '-',                                                \
      "a legacy guest has no more pfns without a page than pfns")                                                      \
    R(LEGACY_UNMAPPED_ORDER, "legacy-unmapped-order", WARNING, "LG-6", 'I', '-', '-',                                  \
      "the list of pfns without a page is ascending, and names pfns of the guest")                                     \
    R(LEGACY_XSAVE, "legacy-xsave", WARNING, "LG-6", '-', 'R', 'Y',                                                    \
      "every vCPU of a legacy image has extended state of the length that its head says")                              \
    R(LEGACY_GDT, "legacy-gdt", WARNING, "LG-6", '-', '-', '-',                                                        \
      "a guest that Xen 3.0 saved has at most 512 entries in its GDT: of more frames it wrote no pfns")                \
    R(LEGACY_CHECKPOINTS, "legacy-checkpoints", NOTE, "LG-10", '-', '-', 'Y',                                          \
      "a legacy image has one state, not several checkpoints")                                                         \
    R(LEGACY_CUT, "legacy-cut", WARNING, "LG-10", '-', '-', 'Y',                                                       \
      "nothing follows the last complete checkpoint of a legacy image")                                                \
    R(LEGACY_TRAILING, "legacy-trailing", WARNING, "LG-12", '-', '-', '-',                                             \
      "nothing stands behind a legacy image that says that it is the last of its checkpoints")                         \
    R(LEGACY_NO_MODEL, "legacy-no-model", WARNING, "LG-7", '-', 'R', 'Y',                                              \
      "the device model's record stands behind the legacy image of an HVM guest")                                      \
    R(XEND_TRUNCATED, "xend-truncated", ERROR, "LG-11", '-', 'T', 'Y',                                                 \
      "xend's header and its configuration are whole")                                                                 \
    R(XEND_LENGTH, "xend-length", ERROR, "LG-11", '-', 'p', 'Y', "xend's configuration is 1 octet to 1 MiB long")      \
    R(XEND_CONFIG, "xend-config", WARNING, "LG-11", '-', 'T', 'Y',                                                     \
      "xend's configuration is an S-expression that ends")                                                             \
    R(XEND_TYPE, "xend-type", WARNING, "LG-11", '-', '-', '-',                                                         \
      "the guest type that xend's configuration tells fits the image's")

#endif
