/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images that the GUI domain maps: our own pages, granted once and used again for window after
 * window. A row has no padding, as the protocol wants it; an image smaller than the pages lies at
 * their beginning. What is captured is copied into them where it differs (core/gui/change.h).
 *
 * One thread. A surface that a window gave back is kept for the next; what is kept, and what all
 * have together, is limited.
 */
#pragma once

#include <windows.h>
#include <xencontrol.h>
#include "core/gui/model.h"

#define SURFACE_TOTAL_BYTES_MAX ((SIZE_T)768 << 20) /* of all */
#define SURFACE_IDLE_BYTES_MAX  ((SIZE_T)64 << 20)  /* kept though nobody uses them */

typedef struct SURFACE {
    struct gui_image Image; /* its `user` is the surface */
    struct SURFACE *Next;   /* of the idle ones */
    BYTE *Pixels;           /* B, G, R, unused; Image.width * 4 bytes a row */
    SIZE_T Bytes;           /* of the pages */
    PVOID Granted;
    ULONG *References;
} SURFACE;

typedef struct SURFACES {
    PXENCONTROL_CONTEXT Xc;
    USHORT Domain; /* that may map them */
    SURFACE *Idle;
    SIZE_T IdleBytes, TotalBytes;
    BOOL Exhausted; /* the last one could not be made */
} SURFACES;

/* ERROR_SUCCESS, or why Xen cannot be reached. */
DWORD SurfacesOpen(_Out_ SURFACES *Surfaces, _In_ USHORT Domain);
/* All surfaces must have been given back. */
void SurfacesClose(_Inout_ SURFACES *Surfaces);

/* One of this size (1 to GUI_WIDTH_MAX, GUI_HEIGHT_MAX), with any pixels. NULL: no memory, or more
 * than SURFACE_TOTAL_BYTES_MAX. */
SURFACE *SurfaceTake(_Inout_ SURFACES *Surfaces, _In_ DWORD Width, _In_ DWORD Height);
/* Nobody maps it any more, as far as the protocol says. NULL is fine. */
void SurfaceGive(_Inout_ SURFACES *Surfaces, _In_opt_ SURFACE *Surface);
