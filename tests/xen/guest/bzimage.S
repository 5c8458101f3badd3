/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What makes the flat guest look like a Linux bzImage (Linux's Documentation/arch/x86/boot.rst,
 * protocol 2.06), so that an HVM guest's "kernel =" starts it behind hvmloader and SeaBIOS, as
 * Windows is: firmware tables, assigned BARs, a device model. One boot sector and one set-up
 * sector; QEMU's option ROM loads them at 0x10000 and the rest at 1 MiB, fills in cmd_line_ptr and
 * enters offset 0x200 in real mode. From there to 32-bit flat mode and to _start with the
 * struct hvm_start_info that a PVH guest would get.
 */
#define LOADED_AT 0x10000

    .code16
    .text
    .org 0x1f1
    .byte 1                     /* setup_sects */
    .org 0x1fe
    .word 0xaa55
    .byte 0xeb, enter - . - 1   /* 0x200: a short jump */
    .ascii "HdrS"
    .word 0x0206
    .org 0x211
    .byte 1                     /* loadflags: LOADED_HIGH */
    .org 0x214
    .long 0x100000              /* code32_start */
    .org 0x218
ramdisk_image:
    .long 0
ramdisk_size:
    .long 0
    .org 0x228
cmd_line_ptr:
    .long 0
    .long 0x37ffffff            /* initrd_addr_max */
    .org 0x238
    .long 1023                  /* cmdline_size */

    .org 0x260
enter:
    cli
    mov $LOADED_AT >> 4, %ax
    mov %ax, %ds
    mov cmd_line_ptr, %eax
    mov %eax, start_info + 24   /* cmdline_paddr */
    mov ramdisk_image, %eax
    mov %eax, module            /* paddr */
    mov ramdisk_size, %eax
    mov %eax, module + 8        /* size */
    test %eax, %eax
    jz 1f
    movl $1, start_info + 12    /* nr_modules */
1:  lgdtl gdt_pointer
    mov %cr0, %eax
    or $1, %eax
    mov %eax, %cr0
    ljmpl $8, $LOADED_AT + protected
    .code32
protected:
    mov $16, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $LOADED_AT + start_info, %ebx
    mov $0x100000, %eax
    jmp *%eax

    .align 8
gdt:
    .quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
    .word 23
    .long LOADED_AT + gdt
    .align 8
start_info:                     /* arch-x86/hvm/start_info.h, version 0 */
    .long 0x336ec578, 0, 0, 0
    .long LOADED_AT + module, 0 /* modlist_paddr */
    .quad 0                     /* cmdline_paddr */
    .quad 0                     /* rsdp_paddr */
module:                         /* struct hvm_modlist_entry: the "ramdisk =" file */
    .quad 0, 0, 0, 0
    .org 0x400
