/* SPDX-License-Identifier: BSD-2-Clause */
/* A session's connection to XenStore; see store.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "errors.h"
#include "linux_calls.h"

enum { NOBODY_ASKS, AWAITED, ANSWERED, BROKEN };

/* A Unix socket's name is short and an instance's folder may not be: the folder is opened and the
 * socket reached through the descriptor. */
int StoreOpen(XC_STORE *Store, const CHAR *Directory, ULONG Domain)
{
    struct lx_sockaddr_un Address = {.family = LX_AF_UNIX};
    int Error, Folder = lx_open(Directory, LX_O_PATH | LX_O_CLOEXEC);

    ZeroMemory(Store, sizeof(*Store));
    InitializeSRWLock(&Store->Turn);
    InitializeSRWLock(&Store->WatchLock);
    Store->Socket = -1;
    if (Folder < 0)
        return Folder;
    snprintf(Address.path, sizeof(Address.path), "/proc/self/fd/%d/dom%lu/xenbus", Folder, Domain);
    Store->Socket = lx_socket(LX_AF_UNIX, LX_SOCK_STREAM | LX_SOCK_CLOEXEC, 0);
    Error = Store->Socket;
    if (Error >= 0) {
        do {
            Error = lx_connect(Store->Socket, &Address, sizeof(Address));
        } while (Error == -LX_EINTR);
    }
    lx_close(Folder);
    return Error;
}

static void WatchFree(_In_ XC_WATCH *Watch)
{
    CloseHandle(Watch->Event);
    HeapFree(GetProcessHeap(), 0, Watch);
}

void StoreClose(XC_STORE *Store)
{
    XC_WATCH *Watch;

    if (Store->Socket >= 0)
        lx_close(Store->Socket);
    while ((Watch = Store->Watches) != NULL) {
        Store->Watches = Watch->Next;
        WatchFree(Watch);
    }
}

/* --- Asking */

static BOOL Send(_In_ XC_STORE *Store, _In_reads_(Size) const uint8_t *Bytes, _In_ SIZE_T Size)
{
    while (Size != 0) {
        struct lx_iovec Piece = {(void *)(uintptr_t)Bytes, Size};
        struct lx_msghdr Message = {.iov = &Piece, .iov_count = 1};
        int64_t Sent = lx_sendmsg(Store->Socket, &Message, LX_MSG_NOSIGNAL);

        if (Sent == -LX_EINTR)
            continue;
        if (Sent <= 0)
            return FALSE;
        Bytes += Sent;
        Size -= (SIZE_T)Sent;
    }
    return TRUE;
}

/* The header and the parts as one message in Out; its size, or 0: more than a message may have. */
static SIZE_T Compose(_In_ XC_STORE *Store, _In_ enum xs_type Type,
                      _In_reads_(Count) const XC_PART *Parts, _In_ ULONG Count,
                      _Out_ uint8_t Out[XS_MESSAGE_MAX_BYTES])
{
    struct xs_header Header = {.type = Type, .request = ++Store->LastRequest};
    ULONG Index;

    for (Index = 0; Index < Count; Index++) {
        if (Parts[Index].Size > XS_PAYLOAD_MAX_BYTES - Header.length_bytes)
            return 0;
        memcpy(Out + XS_HEADER_BYTES + Header.length_bytes, Parts[Index].Bytes, Parts[Index].Size);
        Header.length_bytes += (uint32_t)Parts[Index].Size;
    }
    xs_header_write(Out, &Header);
    return XS_HEADER_BYTES + Header.length_bytes;
}

static UINT32 AwaitAnswer(_In_ XC_STORE *Store)
{
    UINT32 Seen;

    while ((Seen = __atomic_load_n(&Store->Answered, __ATOMIC_ACQUIRE)) == AWAITED)
        lx_futex(&Store->Answered, LX_FUTEX_WAIT_PRIVATE, AWAITED);
    return Seen;
}

/* A connection that broke stays broken: the reading thread has gone. */
static BOOL BeginAnswer(_In_ XC_STORE *Store)
{
    UINT32 Nobody = NOBODY_ASKS;

    return __atomic_compare_exchange_n(&Store->Answered, &Nobody, AWAITED, 0, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

DWORD StoreAsk(XC_STORE *Store, enum xs_type Type, const XC_PART *Parts, ULONG Count)
{
    uint8_t Message[XS_MESSAGE_MAX_BYTES];
    SIZE_T Size;

    AcquireSRWLockExclusive(&Store->Turn);
    Size = Compose(Store, Type, Parts, Count, Message);
    if (Size == 0)
        return ERROR_INVALID_PARAMETER;
    if (!BeginAnswer(Store))
        return ERROR_GEN_FAILURE;
    if (!Send(Store, Message, Size)) {
        __atomic_store_n(&Store->Answered, BROKEN, __ATOMIC_RELEASE);
        return ERROR_GEN_FAILURE;
    }
    if (AwaitAnswer(Store) != ANSWERED)
        return ERROR_GEN_FAILURE;
    if (Store->Answer.type == XS_TYPE_ERROR)
        return ErrorFromStore(Store->AnswerText);
    return Store->Answer.type == (uint32_t)Type ? ERROR_SUCCESS : ERROR_INVALID_DATA;
}

void StoreDone(XC_STORE *Store)
{
    UINT32 There = ANSWERED;

    __atomic_compare_exchange_n(&Store->Answered, &There, NOBODY_ASKS, 0, __ATOMIC_ACQ_REL,
                                __ATOMIC_ACQUIRE);
    ReleaseSRWLockExclusive(&Store->Turn);
}

/* --- Watches */

static DWORD AskWatch(_In_ XC_STORE *Store, _In_ enum xs_type Type, _In_ const XC_WATCH *Watch)
{
    CHAR Token[24];
    XC_PART Parts[2] = {{Watch->Path, strlen(Watch->Path) + 1}, {Token, 0}};
    DWORD Error;

    Parts[1].Size = (SIZE_T)snprintf(Token, sizeof(Token), "%I64u", Watch->Token) + 1;
    Error = StoreAsk(Store, Type, Parts, 2);
    StoreDone(Store);
    return Error;
}

/* Takes it off the list; NULL when it is not on it. No event is set for it from here on. */
static XC_WATCH *WatchTake(_In_ XC_STORE *Store, _In_ PVOID Wanted)
{
    XC_WATCH **Link, *Watch;

    AcquireSRWLockExclusive(&Store->WatchLock);
    for (Link = &Store->Watches; (Watch = *Link) != NULL; Link = &Watch->Next) {
        if (Watch == Wanted) {
            *Link = Watch->Next;
            break;
        }
    }
    ReleaseSRWLockExclusive(&Store->WatchLock);
    return Watch;
}

DWORD StoreAddWatch(XC_STORE *Store, const CHAR *Path, HANDLE Event, PVOID *Watch)
{
    SIZE_T PathSize = strlen(Path) + 1;
    XC_WATCH *New = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*New) + PathSize);
    DWORD Error;

    if (New == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    memcpy(New->Path, Path, PathSize);
    if (Event == NULL || !DuplicateHandle(GetCurrentProcess(), Event, GetCurrentProcess(),
                                          &New->Event, EVENT_MODIFY_STATE, FALSE, 0)) {
        HeapFree(GetProcessHeap(), 0, New);
        return ERROR_INVALID_HANDLE;
    }
    /* On the list before the question: the first event comes with the answer. */
    AcquireSRWLockExclusive(&Store->WatchLock);
    New->Token = ++Store->LastToken;
    New->Next = Store->Watches;
    Store->Watches = New;
    ReleaseSRWLockExclusive(&Store->WatchLock);
    Error = AskWatch(Store, XS_TYPE_WATCH, New);
    if (Error == ERROR_SUCCESS)
        *Watch = New;
    else
        WatchFree(WatchTake(Store, New));
    return Error;
}

DWORD StoreRemoveWatch(XC_STORE *Store, PVOID Watch)
{
    XC_WATCH *Taken = WatchTake(Store, Watch);
    DWORD Error;

    if (Taken == NULL)
        return ERROR_NOT_FOUND;
    Error = AskWatch(Store, XS_TYPE_UNWATCH, Taken);
    WatchFree(Taken);
    return Error;
}

/* --- Reading */

static void Fire(_In_ XC_STORE *Store, _In_z_ const CHAR *Token)
{
    ULONG64 Number = _strtoui64(Token, NULL, 10);
    XC_WATCH *Watch;

    AcquireSRWLockShared(&Store->WatchLock);
    for (Watch = Store->Watches; Watch != NULL; Watch = Watch->Next)
        if (Watch->Token == Number)
            SetEvent(Watch->Event);
    ReleaseSRWLockShared(&Store->WatchLock);
}

static void Answer(_In_ XC_STORE *Store, _In_ const struct xs_header *Header,
                   _In_ const uint8_t *Payload)
{
    /* What nobody asked for is dropped. LastRequest stands still while an answer is awaited. */
    if (__atomic_load_n(&Store->Answered, __ATOMIC_ACQUIRE) != AWAITED ||
        Header->request != Store->LastRequest)
        return;
    Store->Answer = *Header;
    memcpy(Store->AnswerText, Payload, Header->length_bytes);
    Store->AnswerText[Header->length_bytes] = '\0';
    __atomic_store_n(&Store->Answered, ANSWERED, __ATOMIC_RELEASE);
    lx_futex(&Store->Answered, LX_FUTEX_WAKE_PRIVATE, 1);
}

static BOOL Break(_In_ XC_STORE *Store)
{
    __atomic_store_n(&Store->Answered, BROKEN, __ATOMIC_RELEASE);
    lx_futex(&Store->Answered, LX_FUTEX_WAKE_PRIVATE, 1);
    return FALSE;
}

BOOL StoreReceive(XC_STORE *Store)
{
    uint8_t Piece[XS_MESSAGE_MAX_BYTES];
    const uint8_t *Payload = Store->Input.bytes + XS_HEADER_BYTES;
    struct xs_header Header;
    uint32_t First, Second;
    int64_t Got = lx_read(Store->Socket, Piece, xs_assembler_room(&Store->Input));

    if (Got == -LX_EINTR)
        return TRUE;
    if (Got <= 0 || !xs_assembler_feed(&Store->Input, Piece, (uint32_t)Got))
        return Break(Store);
    if (!xs_assembler_complete(&Store->Input, &Header))
        return TRUE;
    if (Header.type != XS_TYPE_WATCH_EVENT)
        Answer(Store, &Header, Payload);
    else if (xs_two_strings(Payload, Header.length_bytes, &First, &Second))
        Fire(Store, (const CHAR *)Payload + First + 1);
    xs_assembler_reset(&Store->Input);
    return TRUE;
}
