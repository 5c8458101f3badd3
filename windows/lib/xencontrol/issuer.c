/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread that issues the requests that pend; see issuer.h. */
#include "issuer.h"

static DWORD WINAPI IssuerThread(_In_ PVOID Parameter)
{
    XC_ISSUER *Issuer = Parameter;

    for (;;) {
        WaitForSingleObject(Issuer->Work, INFINITE);
        if (Issuer->Request == NULL)
            return 0;
        Issuer->Result = RequestSend(Issuer->Device, Issuer->Code, Issuer->Request);
        SetEvent(Issuer->Done);
    }
}

void IssuerInit(XC_ISSUER *Issuer, HANDLE Device)
{
    ZeroMemory(Issuer, sizeof(*Issuer));
    Issuer->Device = Device;
    InitializeSRWLock(&Issuer->Turn);
}

static void IssuerCloseHandles(_Inout_ XC_ISSUER *Issuer)
{
    if (Issuer->Done != NULL)
        CloseHandle(Issuer->Done);
    if (Issuer->Work != NULL)
        CloseHandle(Issuer->Work);
    Issuer->Work = Issuer->Done = NULL;
}

static BOOL IssuerCreate(_Inout_ XC_ISSUER *Issuer)
{
    Issuer->Work = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (Issuer->Work == NULL)
        return FALSE;
    Issuer->Done = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (Issuer->Done == NULL)
        return FALSE;
    Issuer->Thread = CreateThread(NULL, 64 * 1024, IssuerThread, Issuer,
                                  STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    return Issuer->Thread != NULL;
}

static DWORD IssuerStart(_Inout_ XC_ISSUER *Issuer)
{
    DWORD Error;

    if (IssuerCreate(Issuer))
        return ERROR_SUCCESS;
    Error = GetLastError();
    IssuerCloseHandles(Issuer);
    return Error;
}

DWORD IssuerSend(XC_ISSUER *Issuer, ULONG Code, XC_REQUEST *Request)
{
    DWORD Result = ERROR_SUCCESS;

    AcquireSRWLockExclusive(&Issuer->Turn);
    if (Issuer->Thread == NULL)
        Result = IssuerStart(Issuer);
    if (Result == ERROR_SUCCESS) {
        Issuer->Code = Code;
        Issuer->Request = Request;
        SetEvent(Issuer->Work);
        WaitForSingleObject(Issuer->Done, INFINITE);
        Result = Issuer->Result;
    }
    ReleaseSRWLockExclusive(&Issuer->Turn);
    return Result;
}

void IssuerStop(XC_ISSUER *Issuer)
{
    if (Issuer->Thread == NULL)
        return;
    Issuer->Request = NULL;
    SetEvent(Issuer->Work);
    WaitForSingleObject(Issuer->Thread, INFINITE);
    CloseHandle(Issuer->Thread);
    Issuer->Thread = NULL;
    IssuerCloseHandles(Issuer);
}
