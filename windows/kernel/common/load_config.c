/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image's load configuration, by which NT finds the table of functions that may be called
 * through pointers (Control Flow Guard). Microsoft's compiler links this from its own library.
 * Layout: the PE format's page, "The Load Configuration Structure", 64 bits. In assembler, because
 * the linker's __guard_* values are numbers that stand where C wants addresses.
 *
 * Calls through pointers go by __guard_dispatch_icall_fptr, which NT points at its own check when
 * it loads the driver; a kernel without the guard leaves it at ours, which just jumps.
 */
__asm__(".section .rdata,\"dr\"\n"
        ".balign 16\n"
        ".globl __guard_check_icall_fptr, __guard_dispatch_icall_fptr, _load_config_used\n"
        "__guard_check_icall_fptr: .quad casement_guard_check\n"
        "__guard_dispatch_icall_fptr: .quad casement_guard_dispatch\n"
        "_load_config_used:\n"
        ".long 0x140\n"    /* its size in bytes */
        ".zero 0x70 - 4\n" /* nothing of interest to drivers */
        ".quad __guard_check_icall_fptr\n"
        ".quad __guard_dispatch_icall_fptr\n"
        ".quad __guard_fids_table\n" /* these three: the linker's */
        ".quad __guard_fids_count\n"
        ".long __guard_flags\n"
        ".zero 0x140 - 0x94\n"
        ".text\n"
        ".balign 16\n"
        ".def casement_guard_check; .scl 3; .type 32; .endef\n"
        "casement_guard_check: ret\n"
        ".balign 16\n"
        ".def casement_guard_dispatch; .scl 3; .type 32; .endef\n"
        "casement_guard_dispatch: jmpq *%rax\n");
