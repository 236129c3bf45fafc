/*
 * cpu_features.c - features of processors by name: the bits of CPUID's feature words and of ARCH_CAPABILITIES, under
 * the names of Xen's public/arch-x86/cpufeatureset.h.
 */
#include "bits_tables.h"
#include "cpuid.h"

static const struct gw_bits leaf_1_edx[] = { FLAG(0, "FPU"),
                                             FLAG(1, "VME"),
                                             FLAG(2, "DE"),
                                             FLAG(3, "PSE"),
                                             FLAG(4, "TSC"),
                                             FLAG(5, "MSR"),
                                             FLAG(6, "PAE"),
                                             FLAG(7, "MCE"),
                                             FLAG(8, "CX8"),
                                             FLAG(9, "APIC"),
                                             FLAG(11, "SEP"),
                                             FLAG(12, "MTRR"),
                                             FLAG(13, "PGE"),
                                             FLAG(14, "MCA"),
                                             FLAG(15, "CMOV"),
                                             FLAG(16, "PAT"),
                                             FLAG(17, "PSE36"),
                                             FLAG(19, "CLFLUSH"),
                                             FLAG(21, "DS"),
                                             FLAG(22, "ACPI"),
                                             FLAG(23, "MMX"),
                                             FLAG(24, "FXSR"),
                                             FLAG(25, "SSE"),
                                             FLAG(26, "SSE2"),
                                             FLAG(27, "SS"),
                                             FLAG(28, "HTT"),
                                             FLAG(29, "TM1"),
                                             FLAG(31, "PBE"),
                                             LAST };

static const struct gw_bits leaf_1_ecx[] = {
    FLAG(0, "SSE3"),    FLAG(1, "PCLMULQDQ"),     FLAG(2, "DTES64"),  FLAG(3, "MONITOR"),     FLAG(4, "DSCPL"),
    FLAG(5, "VMX"),     FLAG(6, "SMX"),           FLAG(7, "EIST"),    FLAG(8, "TM2"),         FLAG(9, "SSSE3"),
    FLAG(12, "FMA"),    FLAG(13, "CX16"),         FLAG(14, "XTPR"),   FLAG(15, "PDCM"),       FLAG(17, "PCID"),
    FLAG(18, "DCA"),    FLAG(19, "SSE4_1"),       FLAG(20, "SSE4_2"), FLAG(21, "X2APIC"),     FLAG(22, "MOVBE"),
    FLAG(23, "POPCNT"), FLAG(24, "TSC_DEADLINE"), FLAG(25, "AESNI"),  FLAG(26, "XSAVE"),      FLAG(27, "OSXSAVE"),
    FLAG(28, "AVX"),    FLAG(29, "F16C"),         FLAG(30, "RDRAND"), FLAG(31, "HYPERVISOR"), LAST
};

static const struct gw_bits leaf_8_001_edx[] = {
    FLAG(11, "SYSCALL"), FLAG(20, "NX"), FLAG(22, "MMXEXT"),   FLAG(25, "FFXSR"), FLAG(26, "PAGE1GB"),
    FLAG(27, "RDTSCP"),  FLAG(29, "LM"), FLAG(30, "3DNOWEXT"), FLAG(31, "3DNOW"), LAST
};

static const struct gw_bits leaf_8_001_ecx[] = { FLAG(0, "LAHF_LM"),       FLAG(1, "CMP_LEGACY"),
                                                 FLAG(2, "SVM"),           FLAG(3, "EXTAPIC"),
                                                 FLAG(4, "CR8_LEGACY"),    FLAG(5, "ABM"),
                                                 FLAG(6, "SSE4A"),         FLAG(7, "MISALIGNSSE"),
                                                 FLAG(8, "3DNOWPREFETCH"), FLAG(9, "OSVW"),
                                                 FLAG(10, "IBS"),          FLAG(11, "XOP"),
                                                 FLAG(12, "SKINIT"),       FLAG(13, "WDT"),
                                                 FLAG(15, "LWP"),          FLAG(16, "FMA4"),
                                                 FLAG(19, "NODEID_MSR"),   FLAG(21, "TBM"),
                                                 FLAG(22, "TOPOEXT"),      FLAG(26, "DBEXT"),
                                                 FLAG(29, "MONITORX"),     LAST };

static const struct gw_bits leaf_d_1_eax[] = { FLAG(0, "XSAVEOPT"), FLAG(1, "XSAVEC"), FLAG(2, "XGETBV1"),
                                               FLAG(3, "XSAVES"), LAST };

static const struct gw_bits leaf_7_0_ebx[] = {
    FLAG(0, "FSGSBASE"),    FLAG(1, "TSC_ADJUST"),   FLAG(2, "SGX"),           FLAG(3, "BMI1"),
    FLAG(4, "HLE"),         FLAG(5, "AVX2"),         FLAG(6, "FDP_EXCP_ONLY"), FLAG(7, "SMEP"),
    FLAG(8, "BMI2"),        FLAG(9, "ERMS"),         FLAG(10, "INVPCID"),      FLAG(11, "RTM"),
    FLAG(12, "PQM"),        FLAG(13, "NO_FPU_SEL"),  FLAG(14, "MPX"),          FLAG(15, "PQE"),
    FLAG(16, "AVX512F"),    FLAG(17, "AVX512DQ"),    FLAG(18, "RDSEED"),       FLAG(19, "ADX"),
    FLAG(20, "SMAP"),       FLAG(21, "AVX512_IFMA"), FLAG(23, "CLFLUSHOPT"),   FLAG(24, "CLWB"),
    FLAG(25, "PROC_TRACE"), FLAG(26, "AVX512PF"),    FLAG(27, "AVX512ER"),     FLAG(28, "AVX512CD"),
    FLAG(29, "SHA"),        FLAG(30, "AVX512BW"),    FLAG(31, "AVX512VL"),     LAST
};

static const struct gw_bits leaf_7_0_ecx[] = { FLAG(0, "PREFETCHWT1"),
                                               FLAG(1, "AVX512_VBMI"),
                                               FLAG(2, "UMIP"),
                                               FLAG(3, "PKU"),
                                               FLAG(4, "OSPKE"),
                                               FLAG(6, "AVX512_VBMI2"),
                                               FLAG(7, "CET_SS"),
                                               FLAG(8, "GFNI"),
                                               FLAG(9, "VAES"),
                                               FLAG(10, "VPCLMULQDQ"),
                                               FLAG(11, "AVX512_VNNI"),
                                               FLAG(12, "AVX512_BITALG"),
                                               FLAG(14, "AVX512_VPOPCNTDQ"),
                                               FLAG(22, "RDPID"),
                                               FLAG(25, "CLDEMOTE"),
                                               FLAG(27, "MOVDIRI"),
                                               FLAG(28, "MOVDIR64B"),
                                               FLAG(29, "ENQCMD"),
                                               LAST };

static const struct gw_bits leaf_8_007_edx[] = { FLAG(7, "HW_PSTATE"), FLAG(8, "ITSC"), FLAG(9, "CPB"),
                                                 FLAG(10, "EFRO"), LAST };

static const struct gw_bits leaf_8_008_ebx[] = { FLAG(0, "CLZERO"),
                                                 FLAG(2, "RSTR_FP_ERR_PTRS"),
                                                 FLAG(9, "WBNOINVD"),
                                                 FLAG(12, "IBPB"),
                                                 FLAG(14, "IBRS"),
                                                 FLAG(15, "AMD_STIBP"),
                                                 FLAG(16, "IBRS_ALWAYS"),
                                                 FLAG(17, "STIBP_ALWAYS"),
                                                 FLAG(18, "IBRS_FAST"),
                                                 FLAG(19, "IBRS_SAME_MODE"),
                                                 FLAG(20, "NO_LMSL"),
                                                 FLAG(23, "AMD_PPIN"),
                                                 FLAG(24, "AMD_SSBD"),
                                                 FLAG(25, "VIRT_SSBD"),
                                                 FLAG(26, "SSB_NO"),
                                                 FLAG(28, "PSFD"),
                                                 FLAG(29, "BTC_NO"),
                                                 FLAG(30, "IBPB_RET"),
                                                 LAST };

static const struct gw_bits leaf_7_0_edx[] = { FLAG(2, "AVX512_4VNNIW"),
                                               FLAG(3, "AVX512_4FMAPS"),
                                               FLAG(4, "FSRM"),
                                               FLAG(8, "AVX512_VP2INTERSECT"),
                                               FLAG(9, "SRBDS_CTRL"),
                                               FLAG(10, "MD_CLEAR"),
                                               FLAG(11, "RTM_ALWAYS_ABORT"),
                                               FLAG(13, "TSX_FORCE_ABORT"),
                                               FLAG(14, "SERIALIZE"),
                                               FLAG(15, "HYBRID"),
                                               FLAG(16, "TSXLDTRK"),
                                               FLAG(20, "CET_IBT"),
                                               FLAG(23, "AVX512_FP16"),
                                               FLAG(26, "IBRSB"),
                                               FLAG(27, "STIBP"),
                                               FLAG(28, "L1D_FLUSH"),
                                               FLAG(29, "ARCH_CAPS"),
                                               FLAG(30, "CORE_CAPS"),
                                               FLAG(31, "SSBD"),
                                               LAST };

static const struct gw_bits leaf_7_1_eax[] = { FLAG(4, "AVX_VNNI"), FLAG(5, "AVX512_BF16"), FLAG(10, "FZRM"),
                                               FLAG(11, "FSRS"),    FLAG(12, "FSRCS"),      LAST };

static const struct gw_bits leaf_8_021_eax[] = { FLAG(2, "LFENCE_DISPATCH"),
                                                 FLAG(5, "VERW_CLEAR"),
                                                 FLAG(6, "NSCB"),
                                                 FLAG(8, "AUTO_IBRS"),
                                                 FLAG(27, "SBPB"),
                                                 FLAG(28, "IBPB_BRTYPE"),
                                                 FLAG(29, "SRSO_NO"),
                                                 FLAG(30, "SRSO_US_NO"),
                                                 FLAG(31, "SRSO_MSR_FIX"),
                                                 LAST };

static const struct gw_bits leaf_7_1_ebx[] = { FLAG(0, "INTEL_PPIN"), LAST };

static const struct gw_bits leaf_7_2_edx[] = { FLAG(0, "INTEL_PSFD"), FLAG(1, "IPRED_CTRL"), FLAG(2, "RRSBA_CTRL"),
                                               FLAG(4, "BHI_CTRL"),   FLAG(5, "MCDT_NO"),    LAST };

static const struct gw_bits leaf_7_1_edx[] = { FLAG(18, "CET_SSS"), LAST };

const struct gw_bits gw_bits_arch_capabilities[] = { FLAG(0, "RDCL_NO"),
                                                     FLAG(1, "EIBRS"),
                                                     FLAG(2, "RSBA"),
                                                     FLAG(3, "SKIP_L1DFL"),
                                                     FLAG(4, "INTEL_SSB_NO"),
                                                     FLAG(5, "MDS_NO"),
                                                     FLAG(6, "IF_PSCHANGE_MC_NO"),
                                                     FLAG(7, "TSX_CTRL"),
                                                     FLAG(8, "TAA_NO"),
                                                     FLAG(9, "MCU_CTRL"),
                                                     FLAG(10, "MISC_PKG_CTRL"),
                                                     FLAG(11, "ENERGY_FILTERING"),
                                                     FLAG(12, "DOITM"),
                                                     FLAG(13, "SBDR_SSDP_NO"),
                                                     FLAG(14, "FBSDP_NO"),
                                                     FLAG(15, "PSDP_NO"),
                                                     FLAG(17, "FB_CLEAR"),
                                                     FLAG(18, "FB_CLEAR_CTRL"),
                                                     FLAG(19, "RRSBA"),
                                                     FLAG(20, "BHI_NO"),
                                                     FLAG(21, "XAPIC_STATUS"),
                                                     FLAG(23, "OVRCLK_STATUS"),
                                                     FLAG(24, "PBRSB_NO"),
                                                     FLAG(25, "GDS_CTRL"),
                                                     FLAG(26, "GDS_NO"),
                                                     FLAG(27, "RFDS_NO"),
                                                     FLAG(28, "RFDS_CLEAR"),
                                                     FLAG(62, "ITS_NO"),
                                                     LAST };

static const struct gw_bits leaf_8_021_ecx[] = { FLAG(1, "TSA_SQ_NO"), FLAG(2, "TSA_L1_NO"), LAST };

/* Xen's featureset, in its order (section 9.5); 7[1].ecx, which has no name in it, is left out. */
const struct gw_cpuid_word gw_cpuid_words[GW_NUM_CPUID_WORDS] = {
    { 0x1, GW_CPUID_NO_SUBLEAF, GW_CPUID_EDX, leaf_1_edx },
    { 0x1, GW_CPUID_NO_SUBLEAF, GW_CPUID_ECX, leaf_1_ecx },
    { 0x80000001, GW_CPUID_NO_SUBLEAF, GW_CPUID_EDX, leaf_8_001_edx },
    { 0x80000001, GW_CPUID_NO_SUBLEAF, GW_CPUID_ECX, leaf_8_001_ecx },
    { 0xd, 1, GW_CPUID_EAX, leaf_d_1_eax },
    { 0x7, 0, GW_CPUID_EBX, leaf_7_0_ebx },
    { 0x7, 0, GW_CPUID_ECX, leaf_7_0_ecx },
    { 0x80000007, GW_CPUID_NO_SUBLEAF, GW_CPUID_EDX, leaf_8_007_edx },
    { 0x80000008, GW_CPUID_NO_SUBLEAF, GW_CPUID_EBX, leaf_8_008_ebx },
    { 0x7, 0, GW_CPUID_EDX, leaf_7_0_edx },
    { 0x7, 1, GW_CPUID_EAX, leaf_7_1_eax },
    { 0x80000021, GW_CPUID_NO_SUBLEAF, GW_CPUID_EAX, leaf_8_021_eax },
    { 0x7, 1, GW_CPUID_EBX, leaf_7_1_ebx },
    { 0x7, 2, GW_CPUID_EDX, leaf_7_2_edx },
    { 0x7, 1, GW_CPUID_EDX, leaf_7_1_edx },
    { 0x80000021, GW_CPUID_NO_SUBLEAF, GW_CPUID_ECX, leaf_8_021_ecx }
};
