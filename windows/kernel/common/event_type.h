/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The type of event objects, for ObReferenceObjectByHandle. NT exports ExEventObjectType as data:
 * an import slot holds the address of NT's variable. The DDK's headers say so with one pointer, for
 * a library that names the slot itself; mingw's say dllimport as well, so that the compiler goes
 * through the slot and the star in the usual *ExEventObjectType is one too many.
 */
#ifndef COMMON_EVENT_TYPE_H
#define COMMON_EVENT_TYPE_H

#include <ntddk.h>

POBJECT_TYPE EventObjectType(VOID);

#endif
