/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The qube's network device as the toolstack has it in XenStore (device/vif/<n>/mac). When a qube
 * loses its network ("netvm none"), QubesDB's keys stay and an emulated adapter stays: that the vif
 * goes is all that tells.
 */
#pragma once

#include <windows.h>
#include "core/netconfig/address.h"
#include "include/xencontrol.h"

typedef struct VIF {
    PXENCONTROL_CONTEXT Xc; /* NULL: no session (yet) */
    PVOID Watch;
    HANDLE Event; /* the owner's: set when a vif comes, goes or changes */
} VIF;

typedef enum VIF_STATE {
    VifUnknown, /* XenStore cannot be asked */
    VifNone,
    VifThere, /* *Mac is its address */
} VIF_STATE;

void VifOpen(_Out_ VIF *Vif, _In_ HANDLE Event);
void VifClose(_Inout_ VIF *Vif);
/* Tries again to open a session when there is none. Of several the first. *Mac stays when none is
 * there. */
VIF_STATE VifLook(_Inout_ VIF *Vif, _Inout_updates_(MAC_BYTES) uint8_t *Mac);
