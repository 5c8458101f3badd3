/* SPDX-License-Identifier: BSD-2-Clause */
/* See wgc_event.h. */
#include <stdlib.h>
#include "windows/agent/gui/wgc_event.h"

static ULONG STDMETHODCALLTYPE AddRef(ITypedEventHandler *This)
{
    return (ULONG)InterlockedIncrement(&((WGC_EVENT *)This)->References);
}

static ULONG STDMETHODCALLTYPE Release(ITypedEventHandler *This)
{
    WGC_EVENT *const Event = (WGC_EVENT *)This;
    const LONG Left = InterlockedDecrement(&Event->References);

    if (Left == 0) {
        if (Event->Wake)
            CloseHandle(Event->Wake);
        free(Event);
    }
    return (ULONG)Left;
}

/* Agile: Windows may call it in any apartment. */
static HRESULT STDMETHODCALLTYPE QueryInterface(ITypedEventHandler *This, REFIID Id, void **Object)
{
    const WGC_EVENT *const Event = (WGC_EVENT *)This;

    if (!IsEqualIID(Id, Event->Id) && !IsEqualIID(Id, &IID_IUnknown) &&
        !IsEqualIID(Id, &IID_IAgileObject)) {
        *Object = NULL;
        return E_NOINTERFACE;
    }
    AddRef(This);
    *Object = This;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE Invoke(ITypedEventHandler *This, void *Sender, void *Arguments)
{
    WGC_EVENT *const Event = (WGC_EVENT *)This;

    InterlockedExchange(&Event->Happened, 1);
    if (Event->Wake)
        SetEvent(Event->Wake);
    return S_OK;
}

WGC_EVENT *WgcEventNew(_In_ const IID *Id, _In_opt_ HANDLE Wake)
{
    static const struct ITypedEventHandlerVtbl Calls = {QueryInterface, AddRef, Release, Invoke};
    WGC_EVENT *const Event = calloc(1, sizeof(*Event));

    if (!Event)
        return NULL;
    Event->Handler.lpVtbl = &Calls;
    Event->Id = Id;
    Event->References = 1;
    if (Wake && !DuplicateHandle(GetCurrentProcess(), Wake, GetCurrentProcess(), &Event->Wake, 0,
                                 FALSE, DUPLICATE_SAME_ACCESS)) {
        free(Event);
        return NULL;
    }
    return Event;
}

void WgcEventRelease(_In_opt_ WGC_EVENT *Event)
{
    if (Event)
        Release(&Event->Handler);
}

BOOL WgcEventTake(_Inout_ WGC_EVENT *Event)
{
    return InterlockedExchange(&Event->Happened, 0) != 0;
}
