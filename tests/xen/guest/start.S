/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's first instructions: 32-bit flat, no paging, interrupts off, ebx = struct
 * hvm_start_info. Xen's PVH loader enters here by the ELF note; bzimage.S enters here behind
 * hvmloader and SeaBIOS with a start_info of its own. Maps the first 4 GiB one to one, rights
 * open, goes to 64-bit mode and calls guest_main(start_info address); memory.c then builds the
 * page tables that stay.
 */
    .section .note.Xen, "a", @note
    .long 4, 4, 18              /* lengths of name and value; XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .long _start

    .section .text.start, "ax"
    .code32
    .globl _start
_start:
    cli
    cld
    mov $bss_start, %edi        /* neither loader clears it for a flat image */
    mov $bss_end, %ecx
    sub %edi, %ecx
    shr $2, %ecx
    xor %eax, %eax
    rep stosl
    mov $boot_stack_end, %esp
    mov %ebx, %esi

    mov $boot_pdpt + 3, %eax
    mov %eax, boot_pml4
    mov $boot_pd + 3, %eax
    mov $boot_pdpt, %edi
    mov $4, %ecx
1:  mov %eax, (%edi)
    add $0x1000, %eax
    add $8, %edi
    loop 1b
    mov $0x83, %eax             /* present, writable, 2 MiB */
    mov $boot_pd, %edi
    mov $4 * 512, %ecx
2:  mov %eax, (%edi)
    add $0x200000, %eax
    add $8, %edi
    loop 2b

    mov %cr4, %eax
    or $0x620, %eax             /* PAE, OSFXSR, OSXMMEXCPT */
    mov %eax, %cr4
    mov $boot_pml4, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx       /* EFER: LME, NXE */
    rdmsr
    or $0x900, %eax
    wrmsr
    mov %cr0, %eax
    and $~0x4, %eax             /* EM off */
    or $0x80010003, %eax        /* PG, WP, MP, PE */
    mov %eax, %cr0
    lgdt boot_gdt_pointer
    ljmp $8, $3f

    .code64
3:  mov $16, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
    mov %esi, %edi
    xor %ebp, %ebp
    call guest_main
4:  cli
    hlt
    jmp 4b

    .section .rodata
    .align 8
boot_gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
boot_gdt_pointer:
    .word 23
    .long boot_gdt
    .long 0

    .section .bss
    .align 4096
boot_pml4: .skip 4096
boot_pdpt: .skip 4096
boot_pd:   .skip 4 * 4096
boot_stack: .skip 16384
boot_stack_end:

    .section .note.GNU-stack, "", @progbits
