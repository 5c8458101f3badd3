/* SPDX-License-Identifier: BSD-2-Clause */
/* See agent.h. */
#include <string.h>
#include "windows/agent/qrexec/agent.h"
#include "windows/agent/qrexec/call.h"
#include "windows/agent/common/log.h"
#include "windows/agent/qrexec/relay.h"

enum {
    /* Some systems deliver the end of a request only to a thread that waits, so even a loop that
     * is never idle waits (for nothing) once in so many rounds. */
    ROUNDS_PER_GLANCE = 64,
};

DWORD AgentOpen(_Out_ AGENT *Agent, _In_ const AGENT_OPTIONS *Options)
{
    SYSTEM_INFO System;

    memset(Agent, 0, sizeof(*Agent));
    Agent->PipeName = Options->PipeName;
    Agent->Folders = Options->Folders;
    GetSystemInfo(&System);
    vchan_spin_init(&Agent->Spin, System.dwNumberOfProcessors > 1);
    Agent->Links.Event = CreateEventW(NULL, FALSE, FALSE, NULL);
    Agent->IoEvent = CreateEventW(NULL, FALSE, FALSE, NULL);
    Agent->WakeEvent = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!Agent->Links.Event || !Agent->IoEvent || !Agent->WakeEvent ||
        !ControlOpen(&Agent->Control))
        return ERROR_NOT_ENOUGH_MEMORY;
    DWORD Error = StarterOpen(&Agent->Starter, Agent->WakeEvent);
    if (!Error)
        Error = SessionsOpen(&Agent->Sessions, Options->Console, Options->LogonEventName);
    if (!Error)
        RelayListen(Agent); /* who keeps the pipe from us keeps dom0 from nothing */
    return Error;
}

void AgentClose(_Inout_ AGENT *Agent)
{
    const HANDLE Events[] = {Agent->Links.Event, Agent->IoEvent, Agent->WakeEvent};
    CALL *Call;
    RELAY *Relay;

    while ((Call = Agent->Calls)) {
        Agent->Calls = Call->Next;
        CallClose(Agent, Call);
    }
    while ((Relay = Agent->Relays)) {
        Agent->Relays = Relay->Next;
        RelayClose(Agent, Relay);
    }
    StarterClose(&Agent->Starter);
    ListenerClose(&Agent->Listener);
    ControlClose(&Agent->Control);
    SessionsClose(&Agent->Sessions);
    BlocksFree(&Agent->Blocks);
    for (int i = 0; i < 3; i++)
        if (Events[i])
            CloseHandle(Events[i]);
}

void AgentSessionChanged(_Inout_ AGENT *Agent)
{
    InterlockedExchange(&Agent->Sessions.Dirty, 1);
    SetEvent(Agent->WakeEvent);
}

static BOOL StepCalls(_Inout_ AGENT *Agent)
{
    BOOL Did = FALSE;

    /* A step may put new calls in front of the list, never take one out. */
    for (CALL *Call = Agent->Calls; Call; Call = Call->Next)
        Did |= CallStep(Agent, Call);
    for (CALL **Link = &Agent->Calls; *Link;) {
        CALL *const Call = *Link;
        if (!Call->Over) {
            Link = &Call->Next;
            continue;
        }
        *Link = Call->Next;
        CallClose(Agent, Call);
    }
    return Did;
}

static BOOL StepRelays(_Inout_ AGENT *Agent)
{
    BOOL Did = RelayAccept(Agent);

    for (RELAY *Relay = Agent->Relays; Relay; Relay = Relay->Next)
        Did |= RelayStep(Agent, Relay);
    for (RELAY **Link = &Agent->Relays; *Link;) {
        RELAY *const Relay = *Link;
        if (!Relay->Over) {
            Link = &Relay->Next;
            continue;
        }
        *Link = Relay->Next;
        RelayClose(Agent, Relay);
    }
    return Did;
}

static BOOL Round(_In_ PVOID Context)
{
    AGENT *const Agent = Context;

    LoopBeginRound(&Agent->Links);
    BOOL Did = ControlStep(Agent);

    Agent->SessionsChanged = InterlockedExchange(&Agent->Sessions.Dirty, 0) != 0;
    Did |= StepCalls(Agent);
    Did |= StepRelays(Agent);
    return Did;
}

/* Waits for anything to do. FALSE: the loop ends; *Error says why. */
static BOOL Wait(_Inout_ AGENT *Agent, _In_ DWORD TimeLimitMs, _Out_ DWORD *Error)
{
    const HANDLE Handles[] = {Agent->StopEvent, Agent->Links.Event, Agent->IoEvent,
                              Agent->WakeEvent, Agent->Sessions.LogonEvent};
    /* The event that says "logged on" stays set: it is waited for only until then. */
    const BOOL Logon = Agent->Sessions.LogonEvent && !Agent->Sessions.LogonSeen;
    DWORD Which;
    const BOOL Go = LoopWait(&Agent->Links, Handles, Logon ? 5 : 4, TimeLimitMs, &Which, Error);

    if (Which == 4) {
        Agent->Sessions.LogonSeen = TRUE;
        AgentSessionChanged(Agent);
    }
    return Go;
}

static ULONGLONG NowNs(void)
{
    LARGE_INTEGER Now, Frequency;
    QueryPerformanceCounter(&Now);
    QueryPerformanceFrequency(&Frequency);
    return (ULONGLONG)((double)Now.QuadPart * 1e9 / (double)Frequency.QuadPart);
}

/* Goes on looking for a while, as waking from a wait costs more than what is waited for when
 * bytes flow. TRUE: there was something. */
static BOOL Spin(_Inout_ AGENT *Agent)
{
    const DWORD BudgetNs = vchan_spin_budget_ns(&Agent->Spin);

    if (!BudgetNs)
        return FALSE;
    const ULONGLONG Begin = NowNs();
    BOOL Found = FALSE;
    do {
        YieldProcessor();
        Found = Round(Agent);
    } while (!Found && NowNs() - Begin < BudgetNs);
    vchan_spin_ended(&Agent->Spin, Found, Begin, NowNs());
    return Found;
}

static BOOL WaitLong(_Inout_ AGENT *Agent, _Out_ DWORD *Error)
{
    const BOOL HadCredit = vchan_spin_budget_ns(&Agent->Spin) != 0;
    const ULONGLONG Begin = NowNs();
    const BOOL Go = Wait(Agent, LoopTimeLimitMs(&Agent->Links), Error);
    if (!HadCredit)
        vchan_spin_slept(&Agent->Spin, Begin, NowNs());
    return Go;
}

DWORD AgentRun(_Inout_ AGENT *Agent, _In_ HANDLE Stop)
{
    DWORD Error = ERROR_SUCCESS;
    DWORD BusyRounds = 0;
    BOOL Go = TRUE;

    Agent->StopEvent = Stop;
    while (Go) {
        if (!Round(Agent) && !Spin(Agent) && !LoopLastRound(&Agent->Links, Round, Agent)) {
            Go = WaitLong(Agent, &Error);
            BusyRounds = 0;
        } else if (++BusyRounds == ROUNDS_PER_GLANCE) {
            Go = Wait(Agent, 0, &Error);
            BusyRounds = 0;
        }
    }
    return Error;
}
