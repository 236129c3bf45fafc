/*
 * bits.c - tables of the parts of numbers.
 */
#include "bits.h"
#include "bits_tables.h"

const struct gw_bits gw_bits_rflags[] = {
    FLAG(0, "CF"),  FLAG(2, "PF"),  FLAG(4, "AF"),   FLAG(6, "ZF"),       FLAG(7, "SF"),  FLAG(8, "TF"),
    FLAG(9, "IF"),  FLAG(10, "DF"), FLAG(11, "OF"),  PART(12, 2, "IOPL"), FLAG(14, "NT"), FLAG(16, "RF"),
    FLAG(17, "VM"), FLAG(18, "AC"), FLAG(19, "VIF"), FLAG(20, "VIP"),     FLAG(21, "ID"), LAST
};

const struct gw_bits gw_bits_cr0[] = { FLAG(0, "PE"),  FLAG(1, "MP"),  FLAG(2, "EM"),  FLAG(3, "TS"),
                                       FLAG(4, "ET"),  FLAG(5, "NE"),  FLAG(16, "WP"), FLAG(18, "AM"),
                                       FLAG(29, "NW"), FLAG(30, "CD"), FLAG(31, "PG"), LAST };

const struct gw_bits gw_bits_cr4[] = { FLAG(0, "VME"),       FLAG(1, "PVI"),         FLAG(2, "TSD"),
                                       FLAG(3, "DE"),        FLAG(4, "PSE"),         FLAG(5, "PAE"),
                                       FLAG(6, "MCE"),       FLAG(7, "PGE"),         FLAG(8, "PCE"),
                                       FLAG(9, "OSFXSR"),    FLAG(10, "OSXMMEXCPT"), FLAG(11, "UMIP"),
                                       FLAG(12, "LA57"),     FLAG(13, "VMXE"),       FLAG(14, "SMXE"),
                                       FLAG(16, "FSGSBASE"), FLAG(17, "PCIDE"),      FLAG(18, "OSXSAVE"),
                                       FLAG(20, "SMEP"),     FLAG(21, "SMAP"),       FLAG(22, "PKE"),
                                       FLAG(23, "CET"),      FLAG(24, "PKS"),        LAST };

const struct gw_bits gw_bits_efer[] = { FLAG(0, "SCE"),    FLAG(8, "LME"),     FLAG(10, "LMA"),
                                        FLAG(11, "NXE"),   FLAG(12, "SVME"),   FLAG(13, "LMSLE"),
                                        FLAG(14, "FFXSE"), FLAG(21, "AIBRSE"), LAST };

const struct gw_bits gw_bits_arbytes[] = { PART(0, 4, "type"), FLAG(4, "S"),   PART(5, 2, "DPL"),
                                           FLAG(7, "P"),       FLAG(8, "AVL"), FLAG(9, "L"),
                                           FLAG(10, "DB"),     FLAG(11, "G"),  LAST };

const struct gw_bits gw_bits_pending[] = { PART(0, 8, "vector"), PART(8, 3, "type"), FLAG(11, "error_valid"),
                                           FLAG(31, "valid"), LAST };

const struct gw_bits gw_bits_cpu_flags[] = { FLAG(0, "FPU_INITIALISED"), LAST };

const struct gw_bits gw_bits_vgcf[] = { FLAG(0, "i387_valid"),
                                        FLAG(2, "in_kernel"),
                                        FLAG(3, "failsafe_disables_events"),
                                        FLAG(4, "syscall_disables_events"),
                                        FLAG(5, "online"),
                                        FLAG(8, "in_syscall"),
                                        LAST };

const struct gw_bits gw_bits_trap_flags[] = { PART(0, 2, "DPL"), FLAG(2, "masks_events"), LAST };

#define VM_ASSIST                                                                                                      \
    FLAG(0, "4gb_segments"), FLAG(1, "4gb_segments_notify"), FLAG(2, "writable_pagetables"),                           \
        FLAG(3, "pae_extended_cr3"), FLAG(4, "architectural_iopl"), FLAG(5, "runstate_update_flag")
const struct gw_bits gw_bits_vm_assist[] = { VM_ASSIST, FLAG(32, "m2p_strict"), LAST };
const struct gw_bits gw_bits_vm_assist_x32[] = { VM_ASSIST, LAST };

const struct gw_bits gw_bits_mcg_cap[] = { PART(0, 8, "count"),
                                           FLAG(8, "CTL_P"),
                                           FLAG(10, "CMCI_P"),
                                           FLAG(11, "TES_P"),
                                           FLAG(24, "SER_P"),
                                           FLAG(27, "LMCE_P"),
                                           LAST };

const struct gw_bits gw_bits_time_flags[] = { FLAG(0, "tsc_stable"), LAST };

const struct gw_bits gw_bits_sif[] = { FLAG(0, "privileged"),
                                       FLAG(1, "initdomain"),
                                       FLAG(2, "multiboot_mod"),
                                       FLAG(3, "mod_start_pfn"),
                                       FLAG(4, "virt_p2m_4tools"),
                                       PART(8, 8, "pm"),
                                       LAST };
