/*
 * notes.c - registers as an ELF core has them: NT_PRSTATUS for each vCPU in the form of x86-64 Linux, and, of HVM
 * guests, QEMU's own note, which tells the control registers and descriptor tables too.
 */
#include <string.h>

#include "exporter.h"

#define NT_PRSTATUS 1
#define PRSTATUS_LEN 336
#define PRSTATUS_PID 32   /* u32: programs tell threads apart by it */
#define PRSTATUS_REGS 112 /* 27 u64 */
#define QEMU_VERSION 1
#define QEMU_LEN 440

/* In the order of the note. */
enum reg {
    R15,
    R14,
    R13,
    R12,
    RBP,
    RBX,
    R11,
    R10,
    R9,
    R8,
    RAX,
    RCX,
    RDX,
    RSI,
    RDI,
    ORIG_RAX,
    RIP,
    CS,
    RFLAGS,
    RSP,
    SS,
    FS_BASE,
    GS_BASE,
    DS,
    ES,
    FS,
    GS,
    NUM_REGS
};

struct teller {
    struct gw_buf *prstatus, qemu;
    uint32_t num;
};

void note_put(struct gw_buf *notes, const char *name, uint32_t type, const void *desc, size_t len)
{
    size_t name_len = strlen(name) + 1;
    gw_put_u32(notes, (uint32_t)name_len);
    gw_put_u32(notes, (uint32_t)len);
    gw_put_u32(notes, type);
    gw_put(notes, name, name_len);
    gw_put_zeros(notes, -name_len & 3);
    gw_put(notes, desc, len);
    gw_put_zeros(notes, -len & 3);
}

#define REG(P, row, name) r[row] = gw_get(octets, P, name)

static void of_hvm(struct gw_cur octets, uint64_t r[NUM_REGS])
{
    REG(hvm_hw_cpu, R15, r15), REG(hvm_hw_cpu, R14, r14), REG(hvm_hw_cpu, R13, r13), REG(hvm_hw_cpu, R12, r12);
    REG(hvm_hw_cpu, R11, r11), REG(hvm_hw_cpu, R10, r10), REG(hvm_hw_cpu, R9, r9), REG(hvm_hw_cpu, R8, r8);
    REG(hvm_hw_cpu, RAX, rax), REG(hvm_hw_cpu, RBX, rbx), REG(hvm_hw_cpu, RCX, rcx), REG(hvm_hw_cpu, RDX, rdx);
    REG(hvm_hw_cpu, RSI, rsi), REG(hvm_hw_cpu, RDI, rdi), REG(hvm_hw_cpu, RBP, rbp), REG(hvm_hw_cpu, RSP, rsp);
    REG(hvm_hw_cpu, RIP, rip), REG(hvm_hw_cpu, RFLAGS, rflags);
    REG(hvm_hw_cpu, CS, cs_sel), REG(hvm_hw_cpu, SS, ss_sel), REG(hvm_hw_cpu, DS, ds_sel);
    REG(hvm_hw_cpu, ES, es_sel), REG(hvm_hw_cpu, FS, fs_sel), REG(hvm_hw_cpu, GS, gs_sel);
    REG(hvm_hw_cpu, FS_BASE, fs_base), REG(hvm_hw_cpu, GS_BASE, gs_base);
}

/* Xen keeps both bases of GS, and in_kernel says which one is in use. */
static void of_pv(struct gw_cur context, uint64_t r[NUM_REGS])
{
    struct gw_cur octets = gw_part(context, vcpu_guest_context, user_regs, 0);
    bool in_kernel = gw_bits_set(gw_bits_vgcf, "in_kernel", gw_get(context, vcpu_guest_context, flags));
    REG(cpu_user_regs, R15, r15), REG(cpu_user_regs, R14, r14), REG(cpu_user_regs, R13, r13);
    REG(cpu_user_regs, R12, r12), REG(cpu_user_regs, R11, r11), REG(cpu_user_regs, R10, r10);
    REG(cpu_user_regs, R9, r9), REG(cpu_user_regs, R8, r8), REG(cpu_user_regs, RAX, rax);
    REG(cpu_user_regs, RBX, rbx), REG(cpu_user_regs, RCX, rcx), REG(cpu_user_regs, RDX, rdx);
    REG(cpu_user_regs, RSI, rsi), REG(cpu_user_regs, RDI, rdi), REG(cpu_user_regs, RBP, rbp);
    REG(cpu_user_regs, RSP, rsp), REG(cpu_user_regs, RIP, rip), REG(cpu_user_regs, RFLAGS, rflags);
    REG(cpu_user_regs, CS, cs), REG(cpu_user_regs, SS, ss), REG(cpu_user_regs, DS, ds);
    REG(cpu_user_regs, ES, es), REG(cpu_user_regs, FS, fs), REG(cpu_user_regs, GS, gs);
    r[FS_BASE] = gw_get(context, vcpu_guest_context, fs_base);
    r[GS_BASE] = in_kernel ? gw_get(context, vcpu_guest_context, gs_base_kernel)
                           : gw_get(context, vcpu_guest_context, gs_base_user);
}

static void of_pv_x32(struct gw_cur context, uint64_t r[NUM_REGS])
{
    struct gw_cur octets = gw_part(context, vcpu_guest_context_x32, user_regs, 0);
    REG(cpu_user_regs_x32, RAX, eax), REG(cpu_user_regs_x32, RBX, ebx), REG(cpu_user_regs_x32, RCX, ecx);
    REG(cpu_user_regs_x32, RDX, edx), REG(cpu_user_regs_x32, RSI, esi), REG(cpu_user_regs_x32, RDI, edi);
    REG(cpu_user_regs_x32, RBP, ebp), REG(cpu_user_regs_x32, RSP, esp), REG(cpu_user_regs_x32, RIP, eip);
    REG(cpu_user_regs_x32, RFLAGS, eflags), REG(cpu_user_regs_x32, CS, cs), REG(cpu_user_regs_x32, SS, ss);
    REG(cpu_user_regs_x32, DS, ds), REG(cpu_user_regs_x32, ES, es), REG(cpu_user_regs_x32, FS, fs);
    REG(cpu_user_regs_x32, GS, gs);
}

/* The processor's attributes of a segment stand 8 bits higher there, and with a gap of 4 bits in them. */
static void put_segment(struct gw_buf *buf, uint64_t selector, uint64_t limit, uint64_t attributes, uint64_t base)
{
    gw_put_u32(buf, (uint32_t)selector);
    gw_put_u32(buf, (uint32_t)limit);
    gw_put_u32(buf, (uint32_t)((attributes & 0xff) << 8 | (attributes & 0xf00) << 12));
    gw_put_u32(buf, 0);
    gw_put_u64(buf, base);
}

#define SEGMENT(name)                                                                                                  \
    put_segment(buf, gw_get(cpu, hvm_hw_cpu, name##_sel), gw_get(cpu, hvm_hw_cpu, name##_limit),                       \
                gw_get(cpu, hvm_hw_cpu, name##_arbytes), gw_get(cpu, hvm_hw_cpu, name##_base))

static void put_qemu(struct gw_buf *notes, struct gw_cur cpu, const uint64_t r[NUM_REGS])
{
    static const enum reg order[] = { RAX, RBX, RCX, RDX, RSI, RDI, RSP, RBP, R8,
                                      R9,  R10, R11, R12, R13, R14, R15, RIP, RFLAGS };
    struct gw_buf state = { 0 }, *buf = &state;
    gw_put_u32(buf, QEMU_VERSION);
    gw_put_u32(buf, QEMU_LEN);
    for (unsigned i = 0; i < sizeof order / sizeof order[0]; i++)
        gw_put_u64(buf, r[order[i]]);
    SEGMENT(cs), SEGMENT(ds), SEGMENT(es), SEGMENT(fs), SEGMENT(gs), SEGMENT(ss), SEGMENT(ldtr), SEGMENT(tr);
    put_segment(buf, 0, gw_get(cpu, hvm_hw_cpu, gdtr_limit), 0, gw_get(cpu, hvm_hw_cpu, gdtr_base));
    put_segment(buf, 0, gw_get(cpu, hvm_hw_cpu, idtr_limit), 0, gw_get(cpu, hvm_hw_cpu, idtr_base));
    gw_put_u64(buf, gw_get(cpu, hvm_hw_cpu, cr0));
    gw_put_u64(buf, 0); /* there is no CR1 */
    gw_put_u64(buf, gw_get(cpu, hvm_hw_cpu, cr2));
    gw_put_u64(buf, gw_get(cpu, hvm_hw_cpu, cr3));
    gw_put_u64(buf, gw_get(cpu, hvm_hw_cpu, cr4));
    gw_put_u64(buf, gw_get(cpu, hvm_hw_cpu, shadow_gs));
    note_put(notes, "QEMU", 0, state.mem, state.len);
    notes->bad = notes->bad || state.bad;
    gw_buf_free(&state);
}

static void put_prstatus(struct gw_buf *notes, uint32_t vcpu, const uint64_t r[NUM_REGS])
{
    struct gw_buf status = { 0 };
    gw_put_zeros(&status, PRSTATUS_PID);
    gw_put_u32(&status, vcpu + 1);
    gw_put_zeros(&status, PRSTATUS_REGS - PRSTATUS_PID - 4);
    for (unsigned i = 0; i < NUM_REGS; i++)
        gw_put_u64(&status, r[i]);
    gw_put_zeros(&status, PRSTATUS_LEN - PRSTATUS_REGS - NUM_REGS * 8);
    note_put(notes, "CORE", NT_PRSTATUS, status.mem, status.len);
    notes->bad = notes->bad || status.bad;
    gw_buf_free(&status);
}

static int tell(void *arg, const struct gw_structure *s, struct gw_err *err)
{
    struct teller *t = arg;
    uint64_t r[NUM_REGS] = { [ORIG_RAX] = UINT64_MAX }; /* in no system call, as far as a debugger is concerned */
    (void)err;
    bool is_hvm = s->layout == &gw_layout_hvm_hw_cpu || s->layout == &gw_layout_hvm_hw_cpu_compat;
    if (is_hvm)
        of_hvm(s->octets, r);
    else if (s->layout == &gw_layout_vcpu_guest_context)
        of_pv(s->octets, r);
    else
        of_pv_x32(s->octets, r);
    put_prstatus(t->prstatus, s->instance, r);
    if (is_hvm)
        put_qemu(&t->qemu, s->octets, r);
    t->num++;
    return 0;
}

int notes_of_vcpus(struct gw_buf *notes, struct gw_sink *inspector, uint32_t *num, struct gw_err *err)
{
    struct teller t = { .prstatus = notes };
    int rc = gw_inspector_registers(inspector, tell, &t, err);
    gw_put(notes, t.qemu.mem, t.qemu.len);
    notes->bad = notes->bad || t.qemu.bad;
    gw_buf_free(&t.qemu);
    *num = t.num;
    return rc < 0 ? -1 : gw_buf_ok(notes, err);
}
