/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brings the images that the host maps up to date: captures what may have changed (core/gui/pace.h
 * says what), copies what differs into the granted pages, and tells the model. A window gets its
 * first picture before it is shown, and another image when its size changed.
 *
 * Loop thread only.
 */
#pragma once

#include "windows/agent/gui/agent.h"

/* An image is cut to what a window may be, and to so many pixels. */
enum { PAINTER_PIXELS_MAX = 16 << 20 };

/* Opens what there is to capture with. */
void PainterOpen(_Inout_ GUI_AGENT *Agent);
/* Lets go of the screen, before this thread leaves its desktop, too: what comes later opens again.
 */
void PainterClose(_Inout_ GUI_AGENT *Agent);
/* Looks at what is due. *NextUs: when something is due next (NowUs()). */
void PainterStep(_Inout_ GUI_AGENT *Agent, _Inout_ ULONGLONG *NextUs);
