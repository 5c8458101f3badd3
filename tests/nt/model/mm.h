/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory by frames: where a physical frame's bytes are, who uses it, and the views of frames that
 * drivers map. A frame's number is Xen's guest frame number when the RAM is a simxen guest's.
 *
 * Memory that is not of the RAM (the model's own records, stacks, device extensions) has frame
 * numbers too, far above all RAM: a driver can make MDLs of it, Xen refuses to share it.
 */
#ifndef NT_MODEL_MM_H
#define NT_MODEL_MM_H

#include <ntifs.h>

/* All of guest-physical space at `base`, and whether a frame has memory now (NULL: all RAM has). */
void mm_set_physical(void *base, ULONG64 frames, BOOLEAN (*present)(ULONG64 frame));
/* The frame's bytes, NULL when such a frame cannot be. */
void *mm_frame(ULONG64 frame);
BOOLEAN mm_frame_present(ULONG64 frame);
/* The frame that a system address is in: the RAM, a view, or memory of the model. */
ULONG64 mm_frame_of(const void *address);

/* A frame of RAM that user space, locks or mappings share; freed with the last use. */
void mm_frame_use(ULONG64 frame);
void mm_frame_unuse(ULONG64 frame);
BOOLEAN mm_frame_is_shared(ULONG64 frame);

/* A view of frames in system space, NULL when a frame has no memory. The frames may have their
 * memory exchanged under the view (mm_frames_changed). access: HOST_VIEW_*. */
void *mm_view_create(const PFN_NUMBER *frames, ULONG count, int access);
/* pages: what it was created with. Afterwards a touch breaks the rule view_gone. */
void mm_view_destroy(void *view, ULONG pages);
BOOLEAN mm_view_is(const void *address);
/* A hypercall put other memory behind frames: views show it, as all translations go through Xen's.
 */
void mm_frames_changed(void);
/* For the fault handler: was a view here? Breaks a rule then. */
void mm_explain_fault(const void *address);

/* Leaks of MDLs, views and contiguous memory. */
void mdl_check_end(void);
void contiguous_check_end(void);
void io_space_check_end(void);
/* A process ends: its pages must not be locked nor mapped by a driver. */
void mdl_check_process(PEPROCESS process);

#endif
