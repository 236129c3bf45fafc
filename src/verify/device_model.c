/*
 * device_model.c - what stands beside the image for its device model, in whichever wrapping: QEMU's state
 * (qemu-savevm), and pairs of libxl's for xenstore (libxl-stream 3.1). What is inside a device is QEMU's to judge.
 */
#include "verifier.h"

enum { QEMU_FULL = 4, QEMU_CONFIGURATION = 7 };

static void judge_end(struct verifier *v, const struct gw_device_state *state)
{
    if (!state->ended)
        find(v, GW_RULE_QEMU_END, "QEMU's state has no EOF at its end");
    else if (state->tail > 0)
        find(v, GW_RULE_QEMU_END, "%llu octets stand behind the EOF of QEMU's state", (unsigned long long)state->tail);
}

void judge_device_state(struct verifier *v, const struct gw_device_state *state)
{
    if (state->version != 3) {
        if (state->version > 0)
            find(v, GW_RULE_QEMU_FORM, "the device model's state is QEMU's, version %u; version 3 is read",
                 state->version);
        else
            find(v, GW_RULE_QEMU_FORM, "the device model's state is not QEMU's, but %s",
                 state->form != NULL ? state->form : "nothing that is known");
        return;
    }
    if (state->first != QEMU_FULL && state->first != QEMU_CONFIGURATION)
        find(v, GW_RULE_QEMU_FIRST, "QEMU's state begins with an element of kind 0x%02x", state->first);
    judge_end(v, state);
    if (state->has_configuration || state->has_footers || state->has_description)
        find(v, GW_RULE_QEMU_FOREIGN, "QEMU's state has%s%s%s: it was not written under Xen",
             state->has_configuration ? " a configuration" : "", state->has_footers ? " footers" : "",
             state->has_description ? " a description" : "");
    if (state->has_ram)
        find(v, GW_RULE_QEMU_RAM, "QEMU's state has a section of memory");
}

void judge_device_store(struct verifier *v, const struct gw_device_store *store)
{
    if (store->fault != NULL)
        find(v, GW_RULE_LIBXL_STORE, "EMULATOR_XENSTORE_DATA: %s", store->fault);
    if (store->odd != NULL)
        find(v, GW_RULE_LIBXL_STORE_KEY, "EMULATOR_XENSTORE_DATA: %s", store->odd);
    if (store->incomplete != NULL)
        find(v, GW_RULE_LIBXL_PHYSMAP, "EMULATOR_XENSTORE_DATA: %s", store->incomplete);
}
