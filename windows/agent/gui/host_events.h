/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host's user does, done here. Loop thread only. */
#pragma once

#include "windows/agent/gui/agent.h"

/* One event of the model. */
void HostEvent(_Inout_ GUI_AGENT *Agent, _In_ const struct gui_event *Event);
/* The clipboard's text, which the host asked for, has been read. */
void HostClipboard(_Inout_ GUI_AGENT *Agent);
/* What follows an event after a while: the pointer's new shape, a focus that went nowhere. */
void HostFollowUp(_Inout_ GUI_AGENT *Agent);
