/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names as dom0 takes them (qubes.GetAppmenus: [/a-zA-Z0-9.,:&()_ +-]*, ASCII): accents are
 * dropped, letters of other scripts that have a usual Latin spelling get it, the rest becomes "_".
 */
#pragma once

#include <windows.h>

/* Out: Room bytes with its NUL; what does not fit is cut. Empty when nothing readable is left. */
void AppNamePlain(_In_ PCWSTR Name, _Out_writes_z_(Room) PSTR Out, _In_ SIZE_T Room);
