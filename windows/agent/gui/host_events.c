/* SPDX-License-Identifier: BSD-2-Clause */
/* See host_events.h. */
#include <stdlib.h>
#include "windows/agent/gui/cursor.h"
#include "windows/agent/gui/host_events.h"
#include "windows/agent/gui/input.h"
#include "windows/agent/gui/placing.h"
#include "windows/agent/gui/tracking.h"
#include "windows/agent/common/log.h"

enum {
    ACTIVE_US = 1000000, /* after an event, windows are looked at often for so long */
    UNFOCUS_MS = 100,    /* the focus may only be on its way to another window of ours */
};

/* Programs answer to input: what has the mouse or the keyboard may change now. */
static void Expect(_Inout_ GUI_AGENT *Agent, _In_opt_ SHOWN_WINDOW *Shown)
{
    const ULONGLONG Now = NowUs();
    SHOWN_WINDOW *const Foreground = TrackingFind(Agent, GetForegroundWindow());

    Agent->ActiveUntilUs = max(Agent->ActiveUntilUs, Now + ACTIVE_US);
    if (Shown)
        gui_pace_hint(&Shown->Pace, Now);
    if (Foreground)
        gui_pace_hint(&Foreground->Pace, Now);
    TrackingSoon(Agent);
}

static void Ready(_Inout_ GUI_AGENT *Agent, _In_ const struct gui_xconf *Screen)
{
    const struct gui_layout Layout = {
        .monitors = {{.width = Screen->width, .height = Screen->height}}, .count = 1};

    LogLine("a GUI daemon with a screen of %ux%u", Screen->width, Screen->height);
    Agent->Ready = TRUE;
    Agent->Tracking.NextScanUs = 0;
    if (Agent->LayoutSet)
        return;
    if (DisplaySetLayout(&Layout))
        LogLine("this display is not as large as the host's");
}

static void Configure(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown,
                      _In_ const struct gui_place *Place)
{
    if (Shown->Handle) {
        PlacingMove(Agent, Shown, Place);
    } else {
        const struct gui_layout Layout = {
            .monitors = {{.width = Place->width, .height = Place->height}}, .count = 1};
        DisplaySetLayout(&Layout);
    }
    if (!Shown->Ended)
        gui_window_answer(&Agent->Model, &Shown->Model);
}

static void Focus(_Inout_ GUI_AGENT *Agent, _In_ const SHOWN_WINDOW *Shown, _In_ BOOL In)
{
    Agent->UnfocusAtMs = In ? 0 : GetTickCount64() + UNFOCUS_MS;
    if (In)
        PlacingActivate(Agent, Shown);
    else
        InputRelease(Agent, NULL); /* the keys are another's from now on */
}

void HostEvent(_Inout_ GUI_AGENT *Agent, _In_ const struct gui_event *Event)
{
    SHOWN_WINDOW *const Shown = Event->window ? Event->window->user : NULL;

    switch (Event->type) {
    case GUI_EVENT_READY:
        Ready(Agent, &Event->xconf);
        break;
    case GUI_EVENT_KEY:
        InputKey(Agent, &Event->key);
        break;
    case GUI_EVENT_BUTTON:
        InputButton(Agent, Shown, &Event->button);
        break;
    case GUI_EVENT_MOTION:
        InputMotion(Agent, Shown, Event->motion.x, Event->motion.y);
        break;
    case GUI_EVENT_CROSSING:
        if (Event->crossing.action == GUI_ENTER)
            InputMotion(Agent, Shown, Event->crossing.x, Event->crossing.y);
        break;
    case GUI_EVENT_FOCUS:
        Focus(Agent, Shown, Event->focus.action == GUI_FOCUS_IN);
        break;
    case GUI_EVENT_CLOSE:
        PlacingClose(Shown);
        break;
    case GUI_EVENT_CONFIGURE:
        Configure(Agent, Shown, &Event->place);
        break;
    case GUI_EVENT_MAP:
        PlacingRestore(Agent, Shown);
        break;
    case GUI_EVENT_FLAGS:
        PlacingFlags(Agent, Shown, &Event->flags);
        break;
    case GUI_EVENT_KEYMAP:
        InputRelease(Agent, &Event->keymap);
        return;
    case GUI_EVENT_CLIPBOARD_REQUEST:
        ClipboardWorkerRead(&Agent->Clipboard);
        return;
    case GUI_EVENT_CLIPBOARD:
        ClipboardWorkerWrite(&Agent->Clipboard, Event->text.bytes, Event->text.size_bytes);
        return;
    }
    Expect(Agent, Shown && !Shown->Ended ? Shown : NULL);
}

void HostClipboard(_Inout_ GUI_AGENT *Agent)
{
    SIZE_T Bytes;
    const PSTR Text = ClipboardWorkerTake(&Agent->Clipboard, &Bytes);

    if (!Text)
        return;
    free(Agent->ClipboardText); /* the model lets go of it when it gets another */
    Agent->ClipboardText = Text;
    if (!gui_model_clipboard(&Agent->Model, (const uint8_t *)Text, (uint32_t)min(Bytes, MAXUINT32)))
        LogLine("the clipboard's text is too long for the host, or was not asked for any more");
}

void HostFollowUp(_Inout_ GUI_AGENT *Agent)
{
    if (Agent->UnfocusAtMs && GetTickCount64() >= Agent->UnfocusAtMs) {
        Agent->UnfocusAtMs = 0;
        PlacingActivate(Agent, NULL);
    }
    SHOWN_WINDOW *const Shown =
        Agent->Screen ? Agent->Screen : TrackingFind(Agent, Agent->PointerWindow);
    if (Shown && NowUs() < Agent->ActiveUntilUs)
        gui_window_cursor(&Agent->Model, &Shown->Model, CursorNow());
}
