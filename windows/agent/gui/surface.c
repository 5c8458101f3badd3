/* SPDX-License-Identifier: BSD-2-Clause */
/* See surface.h. */
#include <stdlib.h>
#include <string.h>
#include "windows/agent/gui/surface.h"

DWORD SurfacesOpen(_Out_ SURFACES *Surfaces, _In_ USHORT Domain)
{
    memset(Surfaces, 0, sizeof(*Surfaces));
    Surfaces->Domain = Domain;
    return XcOpen(NULL, &Surfaces->Xc);
}

static void Free(_Inout_ SURFACES *Surfaces, _In_opt_ SURFACE *Surface)
{
    if (!Surface)
        return;
    if (Surface->Granted && XcGnttabRevokeForeignAccess(Surfaces->Xc, Surface->Granted))
        return; /* the driver still has the pages: leaving them is safe, freeing them is not */
    Surfaces->TotalBytes -= Surface->Bytes;
    if (Surface->Pixels)
        VirtualFree(Surface->Pixels, 0, MEM_RELEASE);
    free(Surface->References);
    free(Surface);
}

/* The longest unused goes first: it stands last. */
static void LimitIdle(_Inout_ SURFACES *Surfaces, _In_ SIZE_T Bytes)
{
    while (Surfaces->IdleBytes > Bytes) {
        SURFACE **Link = &Surfaces->Idle;
        while ((*Link)->Next)
            Link = &(*Link)->Next;
        SURFACE *const Last = *Link;
        *Link = NULL;
        Surfaces->IdleBytes -= Last->Bytes;
        Free(Surfaces, Last);
    }
}

void SurfacesClose(_Inout_ SURFACES *Surfaces)
{
    LimitIdle(Surfaces, 0);
    if (Surfaces->Xc)
        XcClose(Surfaces->Xc);
    memset(Surfaces, 0, sizeof(*Surfaces));
}

/* --- Pages */

/* A little more than is needed, so that a window that grows under the user's hand does not need
 * fresh grants at each step. */
static SIZE_T RoomFor(_In_ SIZE_T Bytes)
{
    const SIZE_T Room = Bytes + Bytes / 8;

    return (Room + GUI_PAGE_BYTES - 1) / GUI_PAGE_BYTES * GUI_PAGE_BYTES;
}

static SURFACE *New(_Inout_ SURFACES *Surfaces, _In_ SIZE_T Bytes)
{
    const SIZE_T Room = RoomFor(Bytes);
    const ULONG Pages = (ULONG)(Room / GUI_PAGE_BYTES);
    SURFACE *const Surface = calloc(1, sizeof(*Surface));

    if (!Surface)
        return NULL;
    if (Surfaces->TotalBytes + Room > SURFACE_TOTAL_BYTES_MAX) {
        free(Surface);
        return NULL;
    }
    Surface->Bytes = Room;
    Surfaces->TotalBytes += Room;
    Surface->References = malloc(Pages * sizeof(ULONG));
    Surface->Pixels = VirtualAlloc(NULL, Room, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!Surface->References || !Surface->Pixels ||
        XcGnttabPermitForeignAccess2(Surfaces->Xc, Surfaces->Domain, Surface->Pixels, Pages, 0, 0,
                                     XENIFACE_GNTTAB_READONLY, &Surface->Granted,
                                     Surface->References)) {
        Surface->Granted = NULL;
        Free(Surfaces, Surface);
        return NULL;
    }
    Surface->Image.refs = (const uint32_t *)Surface->References;
    Surface->Image.user = Surface;
    return Surface;
}

/* One that fits and wastes no more than three quarters. */
static SURFACE *FromIdle(_Inout_ SURFACES *Surfaces, _In_ SIZE_T Bytes)
{
    for (SURFACE **Link = &Surfaces->Idle; *Link; Link = &(*Link)->Next) {
        SURFACE *const Surface = *Link;
        if (Surface->Bytes < Bytes || Surface->Bytes / 4 > RoomFor(Bytes))
            continue;
        *Link = Surface->Next;
        Surfaces->IdleBytes -= Surface->Bytes;
        return Surface;
    }
    return NULL;
}

SURFACE *SurfaceTake(_Inout_ SURFACES *Surfaces, _In_ DWORD Width, _In_ DWORD Height)
{
    const SIZE_T Bytes = (SIZE_T)Width * Height * GUI_PIXEL_BYTES;
    SURFACE *Surface = FromIdle(Surfaces, Bytes);

    if (!Surface)
        Surface = New(Surfaces, Bytes);
    if (!Surface && Surfaces->Idle) { /* what nobody uses makes room */
        LimitIdle(Surfaces, 0);
        Surface = New(Surfaces, Bytes);
    }
    if (!Surface)
        return NULL;
    Surface->Image.width = Width;
    Surface->Image.height = Height;
    Surface->Image.ref_count = gui_image_pages(Width, Height);
    return Surface;
}

void SurfaceGive(_Inout_ SURFACES *Surfaces, _In_opt_ SURFACE *Surface)
{
    if (!Surface)
        return;
    Surface->Next = Surfaces->Idle;
    Surfaces->Idle = Surface;
    Surfaces->IdleBytes += Surface->Bytes;
    LimitIdle(Surfaces, SURFACE_IDLE_BYTES_MAX);
}
