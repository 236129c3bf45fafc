/*
 * legacy_state.c - what a round says of the guest beside its memory, held until it is known that the round is the last
 * complete one; then told as records and, behind the image, as what libxl would have beside it.
 */
#include <string.h>

#include "legacy.h"

void legacy_state_clear(struct legacy_state *state)
{
    memset(state->params, 0, sizeof state->params);
    state->context.len = state->toolstack.len = state->model.len = 0;
    state->has_toolstack = false;
    state->model_form = LEGACY_MODEL_NONE;
}

void legacy_state_free(struct legacy_state *state)
{
    gw_buf_free(&state->context);
    gw_buf_free(&state->toolstack);
    gw_buf_free(&state->model);
}

static void set_param(struct legacy_state *state, uint64_t param, uint64_t value, uint64_t offset)
{
    state->params[param].is_set = true;
    state->params[param].value = value;
    state->params_at = offset;
}

static int keep(struct gw_buf *buf, const uint8_t *mem, size_t len, struct gw_err *err)
{
    buf->len = 0;
    gw_put(buf, mem, len);
    return gw_buf_ok(buf, err);
}

int legacy_state_chunk(struct legacy_state *state, const struct legacy_chunk *chunk, struct gw_err *err)
{
    switch (chunk->id) {
    case LEGACY_TSC_INFO:
        state->has_tsc = true;
        state->tsc = chunk->tsc;
        state->tsc_at = chunk->offset;
        return 0;
    case LEGACY_TOOLSTACK:
        state->has_toolstack = true;
        state->toolstack_at = chunk->offset;
        return keep(&state->toolstack, chunk->body, (size_t)chunk->length, err);
    default:
        if (chunk->param != 0)
            set_param(state, chunk->param, chunk->value, chunk->offset);
        return 0;
    }
}

/* The pages of the device model and of xenstore. */
void legacy_state_magic(struct legacy_state *state, uint64_t offset, const uint64_t pfns[3])
{
    set_param(state, GW_HVM_PARAM_IOREQ_PFN, pfns[0], offset);
    set_param(state, GW_HVM_PARAM_BUFIOREQ_PFN, pfns[1], offset);
    set_param(state, GW_HVM_PARAM_STORE_PFN, pfns[2], offset);
}

int legacy_state_context(struct legacy_state *state, uint64_t offset, const uint8_t *body, size_t len,
                         struct gw_err *err)
{
    state->context_at = offset;
    return keep(&state->context, body, len, err);
}

/* With the header that libxl's record has: which emulator nobody knows. */
int legacy_state_model(struct legacy_state *state, const struct legacy_model *model, struct gw_err *err)
{
    state->model_form = model->form;
    state->model_at = model->offset;
    state->model.len = 0;
    gw_put_zeros(&state->model, GW_LIBXL_EMULATOR_HEAD);
    gw_put(&state->model, model->body, model->body_len);
    return gw_buf_ok(&state->model, err);
}

int legacy_tell_tsc(const struct legacy_state *state, struct legacy_emit *emit, struct gw_err *err)
{
    if (!state->has_tsc)
        return 0;
    gw_tsc_info_encode(&emit->body, &state->tsc);
    return legacy_emit_record(emit, GW_REC_X86_TSC_INFO, state->tsc_at, err);
}

static int tell_params(const struct legacy_state *state, struct legacy_emit *emit, struct gw_err *err)
{
    struct gw_hvm_param params[GW_HVM_NUM_PARAMS];
    uint32_t num = 0;
    for (unsigned i = 0; i < GW_HVM_NUM_PARAMS; i++)
        if (state->params[i].is_set)
            params[num++] = (struct gw_hvm_param){ .index = i, .value = state->params[i].value };
    gw_hvm_params_encode(&emit->body, params, num);
    return legacy_emit_record(emit, GW_REC_HVM_PARAMS, state->params_at, err);
}

int legacy_tell_hvm(const struct legacy_state *state, struct legacy_emit *emit, struct gw_err *err)
{
    if (legacy_tell_tsc(state, emit, err) < 0 || tell_params(state, emit, err) < 0)
        return -1;
    gw_put(&emit->body, state->context.mem, state->context.len);
    return legacy_emit_record(emit, GW_REC_HVM_CONTEXT, state->context_at, err);
}

static int tell_store(const struct legacy_state *state, unsigned width, struct legacy_emit *emit,
                      struct legacy_toolstack *what, struct gw_err *err)
{
    struct gw_device_store store;
    struct gw_aside aside = { .kind = GW_ASIDE_LIBXL_RECORD, .type = GW_LIBXL_XENSTORE, .offset = state->toolstack_at };
    emit->body.len = 0;
    gw_put_zeros(&emit->body, GW_LIBXL_EMULATOR_HEAD);
    if (legacy_toolstack_read(gw_buf_cur(&state->toolstack), width, &emit->body, what, err) < 0 ||
        gw_buf_ok(&emit->body, err) < 0)
        return -1;
    if (what->is_opaque || what->num_entries == 0)
        return 0;
    struct gw_cur pairs = gw_buf_cur(&emit->body);
    gw_take(&pairs, GW_LIBXL_EMULATOR_HEAD);
    if (gw_store_read(pairs, &store, NULL, NULL, err) < 0)
        return -1;
    aside.store = &store;
    aside.body = emit->body.mem;
    aside.body_len = aside.length = emit->body.len;
    return gw_sink_aside(emit->sink, &aside, err);
}

static int tell_model(const struct legacy_state *state, struct legacy_emit *emit, struct gw_err *err)
{
    struct gw_device_state seen;
    struct gw_aside aside = { .kind = GW_ASIDE_LIBXL_RECORD,
                              .type = GW_LIBXL_EMULATOR,
                              .offset = state->model_at,
                              .state = &seen,
                              .body = state->model.mem,
                              .body_len = state->model.len,
                              .length = state->model.len };
    struct gw_cur octets = gw_buf_cur(&state->model);
    gw_take(&octets, GW_LIBXL_EMULATOR_HEAD);
    return read_device_state(octets, &seen, err) < 0 ? -1 : gw_sink_aside(emit->sink, &aside, err);
}

int legacy_tell_beside(const struct legacy_state *state, unsigned width, struct legacy_emit *emit,
                       struct legacy_toolstack *what, struct gw_err *err)
{
    *what = (struct legacy_toolstack){ 0 };
    if (state->has_toolstack && tell_store(state, width, emit, what, err) < 0)
        return -1;
    emit->body.len = 0;
    return state->model_form != LEGACY_MODEL_NONE ? tell_model(state, emit, err) : 0;
}
