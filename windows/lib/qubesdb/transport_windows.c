/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection to the QubesDB daemon's pipe on Windows (core/qubesdb/transport.h). One overlapped
 * read is always under way between calls, so that its event tells a program of watches; the pipe's
 * name can be another for a test (QUBESDB_PIPE).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/qubesdb/transport.h"

enum { CONNECT_WAIT_MS = 5000, READ_BYTES = 16384 };

struct qdb_transport {
    HANDLE Pipe;
    HANDLE Readable; /* manual reset: the read has ended, or events lie in the handle */
    HANDLE Written;
    OVERLAPPED Read;
    BOOL Busy; /* the read is under way or its bytes were not taken */
    BOOL Gone; /* the daemon is */
    DWORD At, Length;
    BYTE Bytes[READ_BYTES];
};

void qdb_transport_fail(enum qdb_failure Failure)
{
    static const DWORD Codes[] = {
        [QDB_FAILURE_NO_KEY] = ERROR_FILE_NOT_FOUND,     [QDB_FAILURE_DENIED] = ERROR_ACCESS_DENIED,
        [QDB_FAILURE_INVALID] = ERROR_INVALID_PARAMETER, [QDB_FAILURE_GONE] = ERROR_BROKEN_PIPE,
        [QDB_FAILURE_MEMORY] = ERROR_NOT_ENOUGH_MEMORY,
    };

    SetLastError(Codes[Failure]);
}

/* All instances may be taken for a moment. */
static HANDLE OpenPipe(void)
{
    WCHAR Name[128];
    const DWORD Length = GetEnvironmentVariableW(L"QUBESDB_PIPE", Name, 128);

    if (Length == 0 || Length >= 128)
        wcscpy(Name, L"\\\\.\\pipe\\qubesdb.sock");
    for (;;) {
        /* The daemon may find out who we are, not act as us. */
        const HANDLE Pipe = CreateFileW(
            Name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
            FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
        if (Pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY ||
            !WaitNamedPipeW(Name, CONNECT_WAIT_MS))
            return Pipe;
    }
}

static void StartRead(_Inout_ struct qdb_transport *Transport)
{
    if (Transport->Busy || Transport->Gone)
        return;
    memset(&Transport->Read, 0, sizeof(Transport->Read));
    Transport->Read.hEvent = Transport->Readable;
    Transport->Busy =
        ReadFile(Transport->Pipe, Transport->Bytes, READ_BYTES, NULL, &Transport->Read) ||
        GetLastError() == ERROR_IO_PENDING;
    Transport->Gone = !Transport->Busy;
    if (Transport->Gone)
        SetEvent(Transport->Readable);
}

struct qdb_transport *qdb_transport_open(const char *vmname)
{
    struct qdb_transport *Transport = calloc(1, sizeof(*Transport));

    if (Transport == NULL || vmname != NULL) { /* only dom0 has several */
        qdb_transport_fail(vmname != NULL ? QDB_FAILURE_INVALID : QDB_FAILURE_MEMORY);
        free(Transport);
        return NULL;
    }
    Transport->Pipe = OpenPipe();
    if (Transport->Pipe == INVALID_HANDLE_VALUE) {
        const DWORD Error = GetLastError();

        free(Transport);
        SetLastError(Error);
        return NULL;
    }
    Transport->Readable = CreateEventW(NULL, TRUE, FALSE, NULL);
    Transport->Written = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (Transport->Readable == NULL || Transport->Written == NULL) {
        qdb_transport_close(Transport);
        qdb_transport_fail(QDB_FAILURE_MEMORY);
        return NULL;
    }
    StartRead(Transport);
    return Transport;
}

void qdb_transport_close(struct qdb_transport *Transport)
{
    DWORD Count;

    if (Transport->Busy) {
        CancelIo(Transport->Pipe);
        GetOverlappedResult(Transport->Pipe, &Transport->Read, &Count, TRUE);
    }
    CloseHandle(Transport->Pipe);
    if (Transport->Readable != NULL)
        CloseHandle(Transport->Readable);
    if (Transport->Written != NULL)
        CloseHandle(Transport->Written);
    free(Transport);
}

bool qdb_transport_write(struct qdb_transport *Transport, const void *Bytes, size_t Length)
{
    const BYTE *At = Bytes;

    while (Length > 0) {
        OVERLAPPED Write = {.hEvent = Transport->Written};
        DWORD Count = 0;

        if (!WriteFile(Transport->Pipe, At, (DWORD)Length, NULL, &Write) &&
            GetLastError() != ERROR_IO_PENDING)
            return false;
        if (!GetOverlappedResult(Transport->Pipe, &Write, &Count, TRUE) || Count == 0)
            return false;
        At += Count;
        Length -= Count;
    }
    return true;
}

size_t qdb_transport_read(struct qdb_transport *Transport, void *Bytes, size_t Room)
{
    DWORD Count;

    if (Transport->At == Transport->Length) {
        StartRead(Transport);
        if (Transport->Gone)
            return 0;
        Transport->Busy = FALSE;
        Transport->At = Transport->Length = 0;
        if (!GetOverlappedResult(Transport->Pipe, &Transport->Read, &Transport->Length, TRUE) ||
            Transport->Length == 0) {
            Transport->Gone = TRUE;
            Transport->Length = 0;
            return 0;
        }
    }
    Count = Transport->Length - Transport->At;
    if (Count > Room)
        Count = (DWORD)Room;
    memcpy(Bytes, Transport->Bytes + Transport->At, Count);
    Transport->At += Count;
    return Count;
}

qdb_event_t qdb_transport_event(struct qdb_transport *Transport)
{
    return Transport->Readable;
}

void qdb_transport_rest(struct qdb_transport *Transport, bool Events)
{
    const DWORD Error = GetLastError(); /* what the call failed with, if it did */

    if (Events || Transport->At < Transport->Length)
        SetEvent(Transport->Readable);
    else
        StartRead(Transport); /* resets the event */
    SetLastError(Error);
}
