/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host's user does to a window, done to it: moved, sized, raised, activated, minimized,
 * closed. Its program may hang: what may wait for it is bounded, everything else is only posted.
 * Loop thread only.
 */
#pragma once

#include "windows/agent/gui/agent.h"

/* Its visible part becomes Place; what became of it stands in the model afterwards. */
void PlacingMove(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown,
                 _In_ const struct gui_place *Place);
/* On top of the others, so that what is at a point of it is it; not activated. */
void PlacingRaise(_Inout_ GUI_AGENT *Agent, _In_ const SHOWN_WINDOW *Shown);
/* Raised, and the keyboard's. NULL: nobody has the keyboard. */
void PlacingActivate(_Inout_ GUI_AGENT *Agent, _In_opt_ const SHOWN_WINDOW *Shown);
void PlacingClose(_In_ const SHOWN_WINDOW *Shown);
/* The user changed GUI_FLAG_*. */
void PlacingFlags(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown,
                  _In_ const struct gui_flags *Flags);
void PlacingRestore(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown);
