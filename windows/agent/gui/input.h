/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's keyboard and mouse, given to Windows as if they were this machine's. Keys go by their
 * place on the keyboard, so the guest's layout decides what they mean. The mouse goes to the window
 * that the host says: one that is covered here, where the order may be another, is raised first.
 * Loop thread only.
 */
#pragma once

#include "windows/agent/gui/agent.h"

void InputKey(_Inout_ GUI_AGENT *Agent, _In_ const struct gui_key *Key);
void InputButton(_Inout_ GUI_AGENT *Agent, _In_ const SHOWN_WINDOW *Shown,
                 _In_ const struct gui_button *Button);
void InputMotion(_Inout_ GUI_AGENT *Agent, _In_ const SHOWN_WINDOW *Shown, _In_ LONG X,
                 _In_ LONG Y);
/* Releases what is held and not in Keymap; NULL: all that is held. */
void InputRelease(_Inout_ GUI_AGENT *Agent, _In_opt_ const struct gui_keymap *Keymap);
