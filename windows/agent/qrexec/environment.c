/* SPDX-License-Identifier: BSD-2-Clause */
/* See environment.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <userenv.h>
#include "windows/agent/qrexec/environment.h"
#include "windows/agent/common/text.h"

static const WCHAR Prefix[] = L"QREXEC_";

static BOOL IsOurs(_In_ PCWSTR Entry)
{
    return _wcsnicmp(Entry, Prefix, wcslen(Prefix)) == 0;
}

static SIZE_T BlockCharacters(_In_ PCWSTR Block)
{
    SIZE_T Count = 1;
    for (; *Block; Block += wcslen(Block) + 1)
        Count += wcslen(Block) + 1;
    return Count;
}

/* Windows keeps a block sorted, and some programs search it that way. */
static BOOL Before(_In_ PCWSTR Entry, _In_ PCWSTR Other)
{
    return _wcsicmp(Entry, Other) < 0;
}

typedef struct ADDITIONS {
    PWSTR Entries[8];
    DWORD Count;
    BOOL Failed;
} ADDITIONS;

static void Add(_Inout_ ADDITIONS *Additions, _In_ PCSTR Name, _In_ struct qrexec_piece Value)
{
    const SIZE_T NameLength = strlen(Name);
    const PSTR Entry = malloc(NameLength + 1 + Value.length);
    PWSTR Wide = NULL;

    if (Entry) {
        memcpy(Entry, Name, NameLength);
        Entry[NameLength] = '=';
        if (Value.length)
            memcpy(Entry + NameLength + 1, Value.text, Value.length);
        Wide = TextToWide(Entry, NameLength + 1 + Value.length);
        free(Entry);
    }
    if (!Wide)
        Additions->Failed = TRUE;
    else
        Additions->Entries[Additions->Count++] = Wide;
}

/* In the order of the alphabet, as the block is. */
static void AddAll(_Inout_ ADDITIONS *Additions, _In_ const struct qrexec_command *Command)
{
    char Pid[16];

    snprintf(Pid, sizeof(Pid), "%lu", GetCurrentProcessId());
    Add(Additions, "QREXEC_AGENT_PID", (struct qrexec_piece){Pid, strlen(Pid)});
    if (!Command->is_service)
        return;
    const BOOL Keyword = Command->target_type.length == strlen("keyword");
    if (Command->target_type.length && !Keyword)
        Add(Additions, "QREXEC_REQUESTED_TARGET", Command->target);
    if (Keyword)
        Add(Additions, "QREXEC_REQUESTED_TARGET_KEYWORD", Command->target);
    Add(Additions, "QREXEC_REQUESTED_TARGET_TYPE", Command->target_type);
    Add(Additions, "QREXEC_REMOTE_DOMAIN", Command->source);
    if (Command->has_argument)
        Add(Additions, "QREXEC_SERVICE_ARGUMENT", Command->argument);
    Add(Additions, "QREXEC_SERVICE_FULL_NAME", Command->full_name);
}

static PWSTR Append(_Out_ PWSTR At, _In_ PCWSTR Entry)
{
    const SIZE_T Size = wcslen(Entry) + 1;
    memcpy(At, Entry, Size * sizeof(WCHAR));
    return At + Size;
}

static int ByName(const void *A, const void *B)
{
    return _wcsicmp(*(PCWSTR const *)A, *(PCWSTR const *)B);
}

static PWSTR Merge(_In_ PCWSTR Base, _Inout_ ADDITIONS *Additions)
{
    SIZE_T Characters = BlockCharacters(Base);
    DWORD Next = 0;

    qsort(Additions->Entries, Additions->Count, sizeof(*Additions->Entries), ByName);
    for (DWORD i = 0; i < Additions->Count; i++)
        Characters += wcslen(Additions->Entries[i]) + 1;
    const PWSTR Block = malloc((Characters + 1) * sizeof(WCHAR));
    if (!Block)
        return NULL;
    PWSTR At = Block;
    for (; *Base; Base += wcslen(Base) + 1) {
        while (Next < Additions->Count && Before(Additions->Entries[Next], Base))
            At = Append(At, Additions->Entries[Next++]);
        if (!IsOurs(Base))
            At = Append(At, Base);
    }
    while (Next < Additions->Count)
        At = Append(At, Additions->Entries[Next++]);
    At[0] = At[1] = 0;
    return Block;
}

PWSTR EnvironmentForCall(_In_opt_ HANDLE Token, _In_ const struct qrexec_command *Command)
{
    ADDITIONS Additions = {.Count = 0};
    PWSTR OfUser = NULL, Own = NULL, Block = NULL;

    if (Token && !CreateEnvironmentBlock((void **)&OfUser, Token, FALSE))
        return NULL;
    if (!Token)
        Own = GetEnvironmentStringsW();
    AddAll(&Additions, Command);
    if (!Additions.Failed && (OfUser || Own))
        Block = Merge(OfUser ? OfUser : Own, &Additions);
    while (Additions.Count)
        free(Additions.Entries[--Additions.Count]);
    if (OfUser)
        DestroyEnvironmentBlock(OfUser);
    if (Own)
        FreeEnvironmentStringsW(Own);
    return Block;
}

PCWSTR EnvironmentGet(_In_ PCWSTR Block, _In_ PCWSTR Name)
{
    const SIZE_T Length = wcslen(Name);
    for (; *Block; Block += wcslen(Block) + 1)
        if (_wcsnicmp(Block, Name, Length) == 0 && Block[Length] == L'=')
            return Block + Length + 1;
    return NULL;
}
