/*
 * rules_carrier.h - the rules about what stands around an image and beside it: the files of xl, libxl, libvirt and
 * xenopsd, and the device model's state. What a row says stands at the head of rules.h.
 */
#ifndef GW_RULES_CARRIER_H
#define GW_RULES_CARRIER_H

#define GW_RULES_CARRIER(R)                                                                                            \
    R(UNPACK_DAMAGED, "unpack-damaged", ERROR, "ours", '-', '-', '-', "a compressed file unpacks to its end")          \
    R(UNPACK_TRAILING, "unpack-trailing", WARNING, "ours", '-', '-', '-',                                              \
      "a packed file ends well behind the image that is in it")                                                        \
    R(XL_TRUNCATED, "xl-truncated", ERROR, "XL-01", 'Y', 'R', 'Y', "the xl header and its optional data are whole")    \
    R(XL_MAGIC, "xl-magic", ERROR, "XL-01", 'Y', 'R', 'Y', "the xl header begins with its 32 octets of magic")         \
    R(XL_BYTEORDER, "xl-byteorder", ERROR, "XL-02", 'Y', 'R', '-', "the xl header is little-endian")                   \
    R(XL_FLAGS, "xl-flags", ERROR, "XL-03", 'Y', 'R', '-', "the xl header has no mandatory flag but bits 0 and 1")     \
    R(XL_OPTIONAL_FLAGS, "xl-optional-flags", WARNING, "XL-04", 'Y', '-', '-', "the xl header's optional flags are 0") \
    R(XL_OPTIONAL_LENGTH, "xl-optional-length", ERROR, "XL-05", 'Y', 'R', '-',                                         \
      "the xl header's optional data hold the whole configuration")                                                    \
    R(XL_OPTIONAL_MORE, "xl-optional-more", NOTE, "XL-06", '-', '-', '-',                                              \
      "the xl header's optional data hold nothing but the configuration")                                              \
    R(XL_OPTIONAL_LIMIT, "xl-optional-limit", ERROR, "XL-07", '-', '-', '-',                                           \
      "the xl header's optional data are at most 32 MiB long")                                                         \
    R(XL_CONFIG_MISSING, "xl-config-missing", WARNING, "XL-08", '-', 'R', '-',                                         \
      "the xl header carries the guest's configuration; without it the image can not be restored alone")               \
    R(XL_CONFIG_NUL, "xl-config-nul", ERROR, "XL-09", '-', '-', '-',                                                   \
      "a JSON configuration ends with a zero octet; xl reads past the end of one that does not")                       \
    R(XL_CONFIG_JSON, "xl-config-json", ERROR, "XL-09", '-', '-', '-',                                                 \
      "a JSON configuration is a JSON object with c_info and b_info")                                                  \
    R(XL_STREAM, "xl-stream", ERROR, "XL-12", 'Y', 'R', '-',                                                           \
      "behind the xl header stands what its flags promise: a libxl stream")                                            \
    R(XL_HANDSHAKE, "xl-handshake", NOTE, "XL-13", '-', '-', '-',                                                      \
      "the file holds the image alone, not xl's hand-over messages of a migration behind it")                          \
    R(LIBXL_TRUNCATED, "libxl-truncated", ERROR, "LS-19", 'Y', '-', 'Y',                                               \
      "every libxl header and body is whole; libxl itself takes a cut for a success")                                  \
    R(LIBXL_IDENT, "libxl-ident", ERROR, "LS-01", 'Y', 'R', 'Y', "a libxl stream begins with 'LibxlFmt'")              \
    R(LIBXL_VERSION, "libxl-version", ERROR, "LS-01", 'Y', 'R', 'Y', "the libxl stream's version is 2")                \
    R(LIBXL_BIG_ENDIAN, "libxl-big-endian", ERROR, "LS-02", 'Y', 'R', '-', "the libxl stream is little-endian")        \
    R(LIBXL_OPTIONS, "libxl-options", WARNING, "LS-03", 'Y', '-', 'p',                                                 \
      "option bits 2 to 31 of the libxl header are zero")                                                              \
    R(LIBXL_CONVERTED, "libxl-converted", NOTE, "LS-04", 'Y', 'L', 'L',                                                \
      "the libxl stream was not made by the legacy converter")                                                         \
    R(LIBXL_TYPE, "libxl-type", ERROR, "LS-05", 'Y', 'R', 'Y', "every mandatory libxl record type is known")           \
    R(LIBXL_TYPE_OPTIONAL, "libxl-type-optional", WARNING, "LS-05", 'Y', 'R', 'Y',                                     \
      "no optional libxl record: libxl refuses those as well")                                                         \
    R(LIBXL_PADDING, "libxl-padding", WARNING, "LS-06", 'Y', '-', 'Y', "padding of libxl records is zero")             \
    R(LIBXL_BODY, "libxl-body", ERROR, "LS-07", 'Y', '-', 'Y',                                                         \
      "libxl's END, LIBXC_CONTEXT and CHECKPOINT_END have no body")                                                    \
    R(LIBXL_CONTEXT, "libxl-context", ERROR, "LS-08", 'Y', '-', '-',                                                   \
      "LIBXC_CONTEXT is the first libxl record, and the only one of its kind")                                         \
    R(LIBXL_END_MISSING, "libxl-end-missing", ERROR, "LS-09", 'Y', '-', 'Y',                                           \
      "the libxl stream ends with END; libxl takes an end of file for one")                                            \
    R(LIBXL_EMULATOR_GUEST, "libxl-emulator-guest", ERROR, "LS-10", 'Y', 'R', '-',                                     \
      "only HVM guests with a device model have emulator records")                                                     \
    R(LIBXL_EMULATOR_MISSING, "libxl-emulator-missing", ERROR, "LS-10", 'Y', '-', '-',                                 \
      "an HVM guest has its device model's state, in each checkpoint")                                                 \
    R(LIBXL_EMULATOR_DUPLICATE, "libxl-emulator-duplicate", ERROR, "LS-10", 'Y', '-', '-',                             \
      "the device model's state comes once in each checkpoint; the last one wins")                                     \
    R(LIBXL_EMULATOR_SHORT, "libxl-emulator-short", ERROR, "LS-11", 'Y', 'R', 'Y',                                     \
      "an emulator record has its 8 octets of header")                                                                 \
    R(LIBXL_EMULATOR_ID, "libxl-emulator-id", WARNING, "LS-11", 'Y', '-', 'Y',                                         \
      "the emulator's id is 0, 1 or 2, and its index 0")                                                               \
    R(LIBXL_EMULATOR_UNKNOWN, "libxl-emulator-unknown", WARNING, "LS-12", '-', '-', '-',                               \
      "emulator id 0 (unknown) comes from the legacy converter only")                                                  \
    R(LIBXL_EMULATOR_TARGET, "libxl-emulator-target", ERROR, "LS-13", '-', '-', '-',                                   \
      "the receiver has the emulator: QEMU traditional is gone from Xen 4.21 on")                                      \
    R(LIBXL_CKPT, "libxl-ckpt", ERROR, "LS-16", 'Y', 'p', '-',                                                         \
      "CHECKPOINT_END and CHECKPOINT_STATE stand in checkpointed streams only, at their place")                        \
    R(LIBXL_CKPT_STATE, "libxl-ckpt-state", ERROR, "LS-16", 'Y', 'p', 'p',                                             \
      "CHECKPOINT_STATE is 4 octets long, and its id 0 to 3; libxl crashes on an empty one")                           \
    R(LIBXL_LENGTH, "libxl-length", ERROR, "LS-17", '-', '-', '-', "a libxl record's body is at most 32 MiB long")     \
    R(LIBXL_ORDER, "libxl-order", WARNING, "LS-18", 'Y', '-', '-',                                                     \
      "libxl records come in the order in which libxl writes them")

#define GW_RULES_DEVICE_MODEL(R)                                                                                       \
    R(LIBXL_STORE, "libxl-store", ERROR, "LS-14", 'Y', 'p', '-',                                                       \
      "EMULATOR_XENSTORE_DATA is pairs of texts, each key relative to the device model's directory")                   \
    R(LIBXL_STORE_KEY, "libxl-store-key", WARNING, "LS-14", '-', '-', '-',                                             \
      "its keys are those that libxl writes: below physmap/, without '..', in xenstore's characters")                  \
    R(LIBXL_PHYSMAP, "libxl-physmap", WARNING, "LS-15", '-', '-', '-',                                                 \
      "each entry of physmap has its start address, its size and its name, the numbers in hex")                        \
    R(QEMU_FORM, "qemu-form", ERROR, "QE-01", '-', 'T', '-', "the device model's state is QEMU's: 'QEVM', version 3")  \
    R(QEMU_FIRST, "qemu-first", WARNING, "QE-02", '-', 'T', '-',                                                       \
      "QEMU's state begins with a device or with a configuration")                                                     \
    R(QEMU_END, "qemu-end", WARNING, "QE-03", '-', 'p', '-',                                                           \
      "QEMU's state ends with its EOF, and nothing stands behind that")                                                \
    R(QEMU_FOREIGN, "qemu-foreign", NOTE, "QE-04", '-', '-', '-',                                                      \
      "QEMU's state has no configuration, footers or description, which a QEMU under Xen does not write")              \
    R(QEMU_RAM, "qemu-ram", ERROR, "QE-05", '-', 'T', '-',                                                             \
      "QEMU's state has no section of memory: that is in the image")

#define GW_RULES_LIBVIRT(R)                                                                                            \
    R(LIBVIRT_TRUNCATED, "libvirt-truncated", ERROR, "LV-01", '-', 'T', '-', "libvirt's header and XML are whole")     \
    R(LIBVIRT_MAGIC, "libvirt-magic", ERROR, "LV-01", '-', 'T', '-',                                                   \
      "the libvirt header begins with its 16 octets of magic")                                                         \
    R(LIBVIRT_VERSION, "libvirt-version", ERROR, "LV-01", '-', 'T', '-',                                               \
      "the libvirt header's version is 1 or 2, little-endian")                                                         \
    R(LIBVIRT_XML_LENGTH, "libvirt-xml-length", ERROR, "LV-01", '-', 'p', '-',                                         \
      "libvirt's XML is 1 octet to 16 MiB long")                                                                       \
    R(LIBVIRT_XML_NUL, "libvirt-xml-nul", ERROR, "LV-01", '-', '-', '-', "libvirt's XML ends with a zero octet")       \
    R(LIBVIRT_XML, "libvirt-xml", ERROR, "LV-01", '-', 'T', '-', "libvirt's XML is well-formed and defines a domain")  \
    R(LIBVIRT_UNUSED, "libvirt-unused", WARNING, "LV-02", '-', '-', '-', "the libvirt header's unused words are zero") \
    R(LIBVIRT_STREAM, "libvirt-stream", ERROR, "LV-03", '-', 'T', '-',                                                 \
      "behind libvirt's XML stands what the version promises: a libxl stream")

#define GW_RULES_XENOPSD(R)                                                                                            \
    R(XENOPSD_TRUNCATED, "xenopsd-truncated", ERROR, "XO-01", '-', 'T', '-',                                           \
      "the xenopsd signature and every record header and body are whole")                                              \
    R(XENOPSD_KIND, "xenopsd-kind", ERROR, "XO-01", '-', 'T', '-', "xenopsd knows and reads every record's kind")      \
    R(XENOPSD_LENGTH, "xenopsd-length", ERROR, "XO-01", '-', 'p', '-', "a record's body is at most 16 MiB long")       \
    R(XENOPSD_RECORDS, "xenopsd-records", ERROR, "XO-01", '-', '-', '-', "there are at most 64 records")               \
    R(XENOPSD_END_MISSING, "xenopsd-end-missing", ERROR, "XO-01", '-', 'T', '-',                                       \
      "the xenopsd image ends with End_of_image")                                                                      \
    R(XENOPSD_LIBXC, "xenopsd-libxc", ERROR, "XO-01", '-', 'T', '-', "there is exactly one Libxc record")              \
    R(XENOPSD_RECORD, "xenopsd-record", ERROR, "XO-01", '-', 'T', '-',                                                 \
      "the Xenops record is there: a list of fields, time and word_size among them")                                   \
    R(XENOPSD_LENGTH_FIELD, "xenopsd-length-field", WARNING, "XO-01", '-', '-', '-',                                   \
      "the length field of Libxc, Demu and End_of_image is 0")                                                         \
    R(XENOPSD_DUPLICATE, "xenopsd-duplicate", WARNING, "XO-01", '-', '-', '-',                                         \
      "each kind of record comes once; the last one wins")                                                             \
    R(XENOPSD_ORDER, "xenopsd-order", WARNING, "XO-01", '-', '-', '-',                                                 \
      "records come in the order in which xenopsd writes them")                                                        \
    R(XENOPSD_TYPE, "xenopsd-type", WARNING, "XO-01", '-', '-', '-',                                                   \
      "the guest type that the Xenops record tells fits the image's")                                                  \
    R(XENOPSD_CHECKPOINT, "xenopsd-checkpoint", WARNING, "ours", '-', '-', '-',                                        \
      "the image is not checkpointed: xenopsd restores no such image")                                                 \
    R(XENOPSD_DEMU, "xenopsd-demu", WARNING, "XO-01", '-', '-', '-',                                                   \
      "there is no vGPU's state among the records: its length is unknown, and what stands behind it is not looked at") \
    R(XENOPSD_TRAILING, "xenopsd-trailing", NOTE, "XO-01", '-', '-', '-',                                              \
      "nothing stands behind End_of_image; on a suspend disk whatever was there before does")                          \
    R(XENOPSD_QEMU_LIMIT, "xenopsd-qemu-limit", WARNING, "XO-02", '-', 'T', '-',                                       \
      "the device model's state is at most 1 MiB long: xenopsd refuses more")                                          \
    R(XENOPSD_QEMU_MISSING, "xenopsd-qemu-missing", WARNING, "XO-02", '-', '-', '-',                                   \
      "an HVM guest has its device model's state")                                                                     \
    R(XENOPSD_QEMU_GUEST, "xenopsd-qemu-guest", WARNING, "XO-02", '-', '-', '-',                                       \
      "only HVM guests with a device model have its state")

#endif
