/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A xeniface driver inside the test program; see fake_driver.h. The linker takes the __imp_
 * pointers at the end of this file instead of those of the import libraries.
 */
#define WIN32_NO_STATUS
#include <windows.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>
#include <setupapi.h>
#include <string.h>

#include "xeniface_ioctls.h"
#include "fake_driver.h"

#define PENDING_MAX 64

typedef struct _FAKE_PENDING {
    OVERLAPPED *Overlapped;
    PVOID Out;
    ULONG OutSize;
    PVOID Address;
    ULONG RequestId;
} FAKE_PENDING;

FAKE_DRIVER Fake;
static FAKE_PENDING Pending[PENDING_MAX];
static CRITICAL_SECTION Lock;
static volatile LONG Allocations, Countdown = -1;
static volatile LONG Failed;

static void EndAllPending(DWORD Status);

void FakeReset(void)
{
    static BOOL Initialised;

    if (!Initialised)
        InitializeCriticalSection(&Lock);
    Initialised = TRUE;
    if (Fake.IssuedBy != NULL)
        CloseHandle(Fake.IssuedBy);
    memset(&Fake, 0, sizeof(Fake));
    memset(Pending, 0, sizeof(Pending));
    Fake.DeviceIsPresent = TRUE;
    Fake.KnowsVersion2 = TRUE;
    Fake.StoreReply = "\0";
    Fake.StoreReplySize = 2;
    FakeFailAllocation(-1);
}

void FakeRemoveDevice(void)
{
    EnterCriticalSection(&Lock);
    EndAllPending(STATUS_DELETE_PENDING);
    LeaveCriticalSection(&Lock);
}

/* --- Completion. What the kernel writes at the end must still be the request's own memory. */

static BOOL InBlock(const BYTE *Block, SIZE_T BlockSize, const void *Memory, SIZE_T Size)
{
    return (const BYTE *)Memory >= Block && (const BYTE *)Memory + Size <= Block + BlockSize;
}

static BOOL MemoryIsTheRequests(const FAKE_PENDING *Request)
{
    SIZE_T BlockSize;

    /* The OVERLAPPED stands first in a heap block that holds the output as well. */
    if (!HeapValidate(GetProcessHeap(), 0, Request->Overlapped))
        return FALSE;
    BlockSize = HeapSize(GetProcessHeap(), 0, Request->Overlapped);
    return BlockSize != (SIZE_T)-1 &&
           InBlock((BYTE *)Request->Overlapped, BlockSize, Request->Out, Request->OutSize);
}

static void Complete(OVERLAPPED *Overlapped, DWORD Status, ULONG Information)
{
    Overlapped->InternalHigh = Information;
    Overlapped->Internal = Status;
    SetEvent(Overlapped->hEvent);
}

static void CompletePending(FAKE_PENDING *Request, DWORD Status)
{
    if (!MemoryIsTheRequests(Request))
        Fake.BadMemory++;
    else
        Complete(Request->Overlapped, Status, 0);
    memset(Request, 0, sizeof(*Request));
    Fake.Pending--;
}

static void EndAllPending(DWORD Status)
{
    for (ULONG Index = 0; Index < PENDING_MAX; Index++)
        if (Pending[Index].Overlapped != NULL)
            CompletePending(&Pending[Index], Status);
}

typedef struct _FAKE_LATER {
    OVERLAPPED *Overlapped;
    DWORD Status;
    ULONG Information;
} FAKE_LATER;

static DWORD WINAPI CompleteLater(PVOID Parameter)
{
    FAKE_LATER *Later = Parameter;

    SwitchToThread();
    Complete(Later->Overlapped, Later->Status, Later->Information);
    LocalFree(Later);
    return 0;
}

static BOOL Finish(OVERLAPPED *Overlapped, ULONG Information)
{
    FAKE_LATER *Later;

    if (!Fake.CompletesLater) {
        Complete(Overlapped, STATUS_SUCCESS, Information);
        return TRUE;
    }
    Later = LocalAlloc(LPTR, sizeof(*Later));
    Later->Overlapped = Overlapped;
    Later->Information = Information;
    Overlapped->Internal = STATUS_PENDING;
    CloseHandle(CreateThread(NULL, 0, CompleteLater, Later, 0, NULL));
    SetLastError(ERROR_IO_PENDING);
    return FALSE;
}

/* --- The IOCTLs */

static BOOL Fail(DWORD Error)
{
    SetLastError(Error);
    return FALSE;
}

static BOOL Share(PVOID Out, ULONG OutSize, PVOID Address, ULONG RequestId, OVERLAPPED *Overlapped)
{
    for (ULONG Index = 0; Index < PENDING_MAX; Index++) {
        if (Pending[Index].Overlapped != NULL)
            continue;
        Pending[Index] = (FAKE_PENDING){Overlapped, Out, OutSize, Address, RequestId};
        Fake.Pending++;
        if (Fake.IssuedBy != NULL)
            CloseHandle(Fake.IssuedBy);
        Fake.IssuedBy = OpenThread(SYNCHRONIZE, FALSE, GetCurrentThreadId());
        InterlockedIncrement(&Allocations);
        *(PVOID *)Out = Address;
        Overlapped->Internal = STATUS_PENDING;
        return Fail(ERROR_IO_PENDING);
    }
    return Fail(ERROR_NO_SYSTEM_RESOURCES);
}

static BOOL EndShare(PVOID Address, ULONG RequestId, OVERLAPPED *Overlapped)
{
    for (ULONG Index = 0; Index < PENDING_MAX; Index++) {
        if (Pending[Index].Overlapped == NULL || Pending[Index].RequestId != RequestId ||
            (RequestId == 0 && Pending[Index].Address != Address))
            continue;
        CompletePending(&Pending[Index], STATUS_SUCCESS);
        return Finish(Overlapped, 0);
    }
    return Fail(ERROR_NOT_FOUND);
}

static PVOID NextAddress(void)
{
    static ULONG_PTR Address = 0x100000;

    return (PVOID)(Address += XENIFACE_PAGE_SIZE);
}

static BOOL Permit(ULONG NumberPages, PVOID Address, ULONG RequestId, PVOID Out, ULONG OutSize,
                   OVERLAPPED *Overlapped)
{
    XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_OUT *Output = Out;

    if (OutSize != 8 + 4 * NumberPages)
        return Fail(ERROR_BAD_LENGTH);
    for (ULONG Index = 0; Index < NumberPages; Index++)
        Output->References[Index] = 500 + Index;
    return Share(Out, OutSize, Address != NULL ? Address : NextAddress(), RequestId, Overlapped);
}

static BOOL Query(PVOID Out, ULONG OutSize, OVERLAPPED *Overlapped)
{
    if (OutSize < Fake.StoreReplySize)
        return Fail(ERROR_INVALID_PARAMETER);
    memcpy(Out, Fake.StoreReply, Fake.StoreReplySize);
    return Finish(Overlapped, Fake.StoreReplySize);
}

static BOOL Answer(ULONG InSize, ULONG WantedIn, PVOID Out, ULONG OutSize, ULONG WantedOut,
                   OVERLAPPED *Overlapped)
{
    if (InSize != WantedIn || OutSize != WantedOut)
        return Fail(ERROR_BAD_LENGTH);
    memset(Out, 0x42, WantedOut);
    return Finish(Overlapped, WantedOut != 0 ? WantedOut - Fake.ShortOutput : 0);
}

static BOOL IsVersion2(ULONG Code)
{
    return Code >= IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2 &&
           Code <= IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES_V2;
}

static BOOL Dispatch(ULONG Code, PVOID In, ULONG InSize, PVOID Out, ULONG OutSize,
                     OVERLAPPED *Overlapped)
{
    switch (Code) {
    case IOCTL_XENIFACE_STORE_READ:
    case IOCTL_XENIFACE_STORE_DIRECTORY:
        return Query(Out, OutSize, Overlapped);
    case IOCTL_XENIFACE_STORE_WRITE:
    case IOCTL_XENIFACE_STORE_REMOVE:
    case IOCTL_XENIFACE_STORE_SET_PERMISSIONS:
        return Answer(InSize, InSize, Out, OutSize, 0, Overlapped);
    case IOCTL_XENIFACE_STORE_ADD_WATCH:
        return Answer(InSize, 24, Out, OutSize, 8, Overlapped);
    case IOCTL_XENIFACE_STORE_REMOVE_WATCH:
        return Answer(InSize, 8, Out, OutSize, 0, Overlapped);
    case IOCTL_XENIFACE_EVTCHN_BIND_INTERDOMAIN:
        return Answer(InSize, 24, Out, OutSize, 4, Overlapped);
    case IOCTL_XENIFACE_EVTCHN_BIND_UNBOUND:
        return Answer(InSize, 16, Out, OutSize, 4, Overlapped);
    case IOCTL_XENIFACE_EVTCHN_CLOSE:
    case IOCTL_XENIFACE_EVTCHN_NOTIFY:
    case IOCTL_XENIFACE_EVTCHN_UNMASK:
    case IOCTL_XENIFACE_EVTCHN_QUERY_PEER:
        return Answer(InSize, 4, Out, OutSize, 0, Overlapped);
    case IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS: {
        XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_IN *Input = In;
        return Permit(Input->NumberPages, NULL, Input->RequestId, Out, OutSize, Overlapped);
    }
    case IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2: {
        XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_IN_V2 *Input = In;
        return Permit(Input->NumberPages, Input->Address, 0, Out, OutSize, Overlapped);
    }
    case IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES:
        return Share(Out, OutSize, NextAddress(), *(ULONG *)In, Overlapped);
    case IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_V2:
        return Share(Out, OutSize, NextAddress(), 0, Overlapped);
    case IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS:
    case IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES:
        return EndShare(NULL, *(ULONG *)In, Overlapped);
    case IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_V2:
    case IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES_V2:
        return EndShare(*(PVOID *)In, 0, Overlapped);
    default:
        return Fail(ERROR_INVALID_FUNCTION);
    }
}

static BOOL WINAPI FakeDeviceIoControl(HANDLE Device, DWORD Code, PVOID In, DWORD InSize, PVOID Out,
                                       DWORD OutSize, DWORD *Returned, OVERLAPPED *Overlapped)
{
    BOOL Success;

    EnterCriticalSection(&Lock);
    ResetEvent(Overlapped->hEvent);
    Fake.Calls++;
    Fake.Last = (FAKE_CALL){
        .Code = Code, .InSize = InSize, .OutSize = OutSize, .ThreadId = GetCurrentThreadId()};
    memcpy(Fake.Last.In, In, InSize < sizeof(Fake.Last.In) ? InSize : sizeof(Fake.Last.In));
    if (Code == Fake.FailCode)
        Success = Fail(Fake.FailError);
    else if (IsVersion2(Code) && !Fake.KnowsVersion2)
        Success = Fail(ERROR_INVALID_FUNCTION);
    else if (Fake.CompletesSharing && (Code & 3) == 3)
        Success = Finish(Overlapped, OutSize);
    else
        Success = Dispatch(Code, In, InSize, Out, OutSize, Overlapped);
    LeaveCriticalSection(&Lock);
    return Success;
}

static BOOL WINAPI FakeCancelIoEx(HANDLE Device, OVERLAPPED *Overlapped)
{
    BOOL Found = FALSE;

    EnterCriticalSection(&Lock);
    for (ULONG Index = 0; Index < PENDING_MAX && !Found; Index++) {
        if (Pending[Index].Overlapped != Overlapped)
            continue;
        CompletePending(&Pending[Index], STATUS_CANCELLED);
        Fake.Cancelled++;
        Found = TRUE;
    }
    LeaveCriticalSection(&Lock);
    return Found || Fail(ERROR_NOT_FOUND);
}

/* --- The device's interface. Its handle is an event object, which the real CloseHandle closes. */

static HDEVINFO WINAPI FakeGetClassDevs(const GUID *Class, PCWSTR Enumerator, HWND Parent,
                                        DWORD Flags)
{
    Fake.DeviceLists++;
    return (HDEVINFO)&Fake;
}

static BOOL WINAPI FakeDestroyList(HDEVINFO List)
{
    Fake.DeviceLists--;
    return TRUE;
}

static BOOL WINAPI FakeEnumInterfaces(HDEVINFO List, PSP_DEVINFO_DATA Device, const GUID *Class,
                                      DWORD Index, PSP_DEVICE_INTERFACE_DATA Interface)
{
    return (Fake.DeviceIsPresent && Index == 0) || Fail(ERROR_NO_MORE_ITEMS);
}

static BOOL WINAPI FakeInterfaceDetail(HDEVINFO List, PSP_DEVICE_INTERFACE_DATA Interface,
                                       PSP_DEVICE_INTERFACE_DETAIL_DATA_W Detail, DWORD Size,
                                       PDWORD Required, PSP_DEVINFO_DATA Device)
{
    static const WCHAR Path[] = L"\\\\?\\xeniface#fake";
    DWORD Needed = FIELD_OFFSET(SP_DEVICE_INTERFACE_DETAIL_DATA_W, DevicePath) + sizeof(Path);

    if (Required != NULL)
        *Required = Needed;
    if (Size < Needed)
        return Fail(ERROR_INSUFFICIENT_BUFFER);
    memcpy(Detail->DevicePath, Path, sizeof(Path));
    return TRUE;
}

static HANDLE WINAPI FakeCreateFile(PCWSTR Path, DWORD Access, DWORD ShareMode,
                                    SECURITY_ATTRIBUTES *Attributes, DWORD Disposition, DWORD Flags,
                                    HANDLE Template)
{
    if (Fake.CreateFileError != 0 || wcscmp(Path, L"\\\\?\\xeniface#fake") != 0 ||
        Flags != FILE_FLAG_OVERLAPPED) {
        Fail(Fake.CreateFileError != 0 ? Fake.CreateFileError : ERROR_BAD_ARGUMENTS);
        return INVALID_HANDLE_VALUE;
    }
    Fake.OpenHandles++;
    InterlockedIncrement(&Allocations);
    return CreateMutexW(NULL, FALSE, NULL);
}

/* --- Allocations */

LONG FakeAllocations(void)
{
    return Allocations;
}

void FakeFailAllocation(LONG Count)
{
    Failed = FALSE;
    Countdown = Count;
}

BOOL FakeFailed(void)
{
    return Failed;
}

static BOOL ShallFail(void)
{
    if (Countdown < 0 || InterlockedDecrement(&Countdown) != -1)
        return FALSE;
    Failed = TRUE;
    return TRUE;
}

static FARPROC Real(const CHAR *Name)
{
    return GetProcAddress(GetModuleHandleW(L"kernel32"), Name);
}

static PVOID WINAPI FakeHeapAlloc(HANDLE Heap, DWORD Flags, SIZE_T Size)
{
    PVOID(WINAPI * RealAlloc)(HANDLE, DWORD, SIZE_T) = (void *)Real("HeapAlloc");

    if (ShallFail())
        return NULL;
    InterlockedIncrement(&Allocations);
    return RealAlloc(Heap, Flags, Size);
}

static BOOL WINAPI FakeHeapFree(HANDLE Heap, DWORD Flags, PVOID Memory)
{
    BOOL(WINAPI * RealFree)(HANDLE, DWORD, PVOID) = (void *)Real("HeapFree");

    InterlockedDecrement(&Allocations);
    return RealFree(Heap, Flags, Memory);
}

static HANDLE WINAPI FakeCreateEvent(SECURITY_ATTRIBUTES *Attributes, BOOL Manual, BOOL Set,
                                     PCWSTR Name)
{
    HANDLE(WINAPI * RealCreate)
    (SECURITY_ATTRIBUTES *, BOOL, BOOL, PCWSTR) = (void *)Real("CreateEventW");

    if (ShallFail()) {
        Fail(ERROR_NO_SYSTEM_RESOURCES);
        return NULL;
    }
    InterlockedIncrement(&Allocations);
    return RealCreate(Attributes, Manual, Set, Name);
}

static HANDLE WINAPI FakeCreateThread(SECURITY_ATTRIBUTES *Attributes, SIZE_T Stack,
                                      PTHREAD_START_ROUTINE Start, PVOID Parameter, DWORD Flags,
                                      DWORD *Id)
{
    HANDLE(WINAPI * RealCreate)
    (SECURITY_ATTRIBUTES *, SIZE_T, PTHREAD_START_ROUTINE, PVOID, DWORD, DWORD *) =
        (void *)Real("CreateThread");

    if (ShallFail()) {
        Fail(ERROR_NO_SYSTEM_RESOURCES);
        return NULL;
    }
    InterlockedIncrement(&Allocations);
    return RealCreate(Attributes, Stack, Start, Parameter, Flags, Id);
}

static BOOL WINAPI FakeCloseHandle(HANDLE Handle)
{
    BOOL(WINAPI * RealClose)(HANDLE) = (void *)Real("CloseHandle");

    InterlockedDecrement(&Allocations);
    return RealClose(Handle);
}

#define INSTEAD_OF(Import, Function) void *__imp_##Import = (void *)Function

INSTEAD_OF(DeviceIoControl, FakeDeviceIoControl);
INSTEAD_OF(CancelIoEx, FakeCancelIoEx);
INSTEAD_OF(CreateFileW, FakeCreateFile);
INSTEAD_OF(SetupDiGetClassDevsW, FakeGetClassDevs);
INSTEAD_OF(SetupDiDestroyDeviceInfoList, FakeDestroyList);
INSTEAD_OF(SetupDiEnumDeviceInterfaces, FakeEnumInterfaces);
INSTEAD_OF(SetupDiGetDeviceInterfaceDetailW, FakeInterfaceDetail);
INSTEAD_OF(HeapAlloc, FakeHeapAlloc);
INSTEAD_OF(HeapFree, FakeHeapFree);
INSTEAD_OF(CreateEventW, FakeCreateEvent);
INSTEAD_OF(CreateThread, FakeCreateThread);
INSTEAD_OF(CloseHandle, FakeCloseHandle);
