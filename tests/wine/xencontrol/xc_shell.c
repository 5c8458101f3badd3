/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A remote control for xencontrol.dll: reads one command a line, makes the call, prints its error
 * code and results on one line. The tests are Linux programs on the other side of the pipes and of
 * Xen (tests/simxen/xencontrol). Sessions and events are numbers in the order they were made;
 * addresses and watches are hexadecimal.
 */
#include <windows.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xencontrol.h"

enum { SESSIONS = 64, EVENTS = 256, PAGES = 8192, SAID_REFERENCES = 16, WORDS = 600 };

static PXENCONTROL_CONTEXT Sessions[SESSIONS];
static HANDLE Events[EVENTS];
static ULONG SessionCount, EventCount;
static CHAR *Words[WORDS];
static ULONG WordCount;

static ULONG Number(ULONG Word)
{
    return Word < WordCount ? strtoul(Words[Word], NULL, 0) : 0;
}

static PVOID Address(ULONG Word)
{
    return Word < WordCount ? (PVOID)(ULONG_PTR)_strtoui64(Words[Word], NULL, 16) : NULL;
}

static PXENCONTROL_CONTEXT Session(void)
{
    return Number(1) < SessionCount ? Sessions[Number(1)] : NULL;
}

static HANDLE Event(ULONG Word)
{
    return Number(Word) < EventCount ? Events[Number(Word)] : NULL;
}

static CHAR *Text(ULONG Word)
{
    return Word < WordCount ? Words[Word] : "";
}

static void Say(DWORD Error, const CHAR *Format, ...)
{
    va_list Arguments;

    printf("%lu", Error);
    va_start(Arguments, Format);
    if (Error == ERROR_SUCCESS)
        vprintf(Format, Arguments);
    va_end(Arguments);
    printf("\n");
    fflush(stdout);
}

static void __cdecl Logger(XENCONTROL_LOG_LEVEL Level, const CHAR *Function, const WCHAR *Message,
                           va_list Arguments)
{
    fprintf(stderr, "xc_shell: %s: ", Function);
    vfwprintf(stderr, Message, Arguments);
    fprintf(stderr, "\n");
}

/* --- Sessions and events */

static void Open(void) /* open [log] */
{
    DWORD Error = XcOpen(WordCount > 1 ? Logger : NULL, &Sessions[SessionCount % SESSIONS]);

    Say(Error, " %lu", SessionCount % SESSIONS);
    if (Error == ERROR_SUCCESS)
        SessionCount++;
}

static void Close(void) /* close SESSION */
{
    XcClose(Session());
    Say(0, "");
}

static void Cycle(void) /* cycle TIMES: open and close, with something of everything */
{
    ULONG Round;
    DWORD Error = ERROR_SUCCESS;

    for (Round = 0; Round < Number(1) && Error == ERROR_SUCCESS; Round++) {
        PXENCONTROL_CONTEXT Xc = NULL;
        HANDLE Ready = CreateEventW(NULL, FALSE, FALSE, NULL);
        ULONG Port, Reference;
        PVOID Page, Watch;
        CHAR Value[16];

        Error = XcOpen(NULL, &Xc);
        if (Error == ERROR_SUCCESS)
            Error = XcEvtchnOpenUnbound(Xc, 0, Ready, FALSE, &Port);
        if (Error == ERROR_SUCCESS)
            Error = XcGnttabPermitForeignAccess(Xc, 0, 1, 0, 0, 0, &Page, &Reference);
        if (Error == ERROR_SUCCESS)
            Error = XcStoreAddWatch(Xc, "data", Ready, &Watch);
        if (Error == ERROR_SUCCESS)
            Error = XcStoreRead(Xc, "domid", sizeof(Value), Value);
        CloseHandle(Ready);
        XcClose(Xc);
    }
    Say(Error, "");
}

static void NewEvent(void) /* event */
{
    Events[EventCount % EVENTS] = CreateEventW(NULL, FALSE, FALSE, NULL);
    Say(0, " %lu", EventCount++ % EVENTS);
}

static void CloseEvent(void) /* closeevent EVENT */
{
    CloseHandle(Event(1));
    Say(0, "");
}

static void Wait(void) /* wait EVENT MILLISECONDS */
{
    Say(WaitForSingleObject(Event(1), Number(2)), "");
}

/* --- Event channels */

static void Unbound(void) /* unbound SESSION DOMAIN EVENT MASK */
{
    ULONG Port = 0;
    DWORD Error =
        XcEvtchnOpenUnbound(Session(), (USHORT)Number(2), Event(3), (BOOL)Number(4), &Port);

    Say(Error, " %lu", Port);
}

static void Bind(void) /* bind SESSION DOMAIN PORT EVENT MASK */
{
    ULONG Port = 0;
    DWORD Error = XcEvtchnBindInterdomain(Session(), (USHORT)Number(2), Number(3), Event(4),
                                          (BOOL)Number(5), &Port);

    Say(Error, " %lu", Port);
}

static void Notify(void) /* notify SESSION PORT */
{
    Say(XcEvtchnNotify(Session(), Number(2)), "");
}

static void Unmask(void)
{
    Say(XcEvtchnUnmask(Session(), Number(2)), "");
}

static void Peer(void)
{
    Say(XcEvtchnQueryPeer(Session(), Number(2)), "");
}

static void ClosePort(void)
{
    Say(XcEvtchnClose(Session(), Number(2)), "");
}

/* --- Grants and mappings */

static DWORD WINAPI PermitOne(PVOID Out)
{
    ULONG Reference;

    return XcGnttabPermitForeignAccess(Session(), (USHORT)Number(2), 1, 0, 0, 0, (PVOID *)Out,
                                       &Reference) == ERROR_SUCCESS
               ? Reference
               : 0;
}

static void PermitInThread(void) /* threadpermit SESSION DOMAIN: by a thread that ends */
{
    PVOID Page = NULL;
    DWORD Reference = 0;
    HANDLE Thread = CreateThread(NULL, 0, PermitOne, &Page, 0, NULL);

    WaitForSingleObject(Thread, INFINITE);
    GetExitCodeThread(Thread, &Reference);
    CloseHandle(Thread);
    Say(Reference != 0 ? 0 : 1, " %p %lu", Page, Reference);
}

static void SayPages(DWORD Error, PVOID Page, const ULONG *References, ULONG Count)
{
    ULONG Index;

    printf("%lu", Error);
    if (Error == ERROR_SUCCESS)
        printf(" %p", Page);
    for (Index = 0; Error == ERROR_SUCCESS && Index < Count && Index < SAID_REFERENCES; Index++)
        printf(" %lu", References[Index]);
    printf("\n");
    fflush(stdout);
}

static void Permit(void) /* permit SESSION DOMAIN PAGES OFFSET PORT FLAGS [ADDRESS] */
{
    static ULONG References[PAGES];
    PVOID Page = NULL;
    ULONG Count = Number(3) < PAGES ? Number(3) : PAGES;
    DWORD Error =
        WordCount > 7
            ? XcGnttabPermitForeignAccess2(Session(), (USHORT)Number(2), Address(7), Count,
                                           Number(4), Number(5),
                                           (XENIFACE_GNTTAB_PAGE_FLAGS)Number(6), &Page, References)
            : XcGnttabPermitForeignAccess(Session(), (USHORT)Number(2), Count, Number(4), Number(5),
                                          (XENIFACE_GNTTAB_PAGE_FLAGS)Number(6), &Page, References);

    SayPages(Error, Page, References, Count);
}

static void Revoke(void) /* revoke SESSION ADDRESS */
{
    Say(XcGnttabRevokeForeignAccess(Session(), Address(2)), "");
}

static void Map(void) /* map SESSION DOMAIN OFFSET PORT FLAGS REFERENCE... */
{
    static ULONG References[PAGES];
    PVOID Page = NULL;
    ULONG Count;
    DWORD Error;

    for (Count = 0; Count < PAGES && 6 + Count < WordCount; Count++)
        References[Count] = Number(6 + Count);
    Error = XcGnttabMapForeignPages(Session(), (USHORT)Number(2), Count, References, Number(3),
                                    Number(4), (XENIFACE_GNTTAB_PAGE_FLAGS)Number(5), &Page);
    SayPages(Error, Page, NULL, 0);
}

static void Unmap(void) /* unmap SESSION ADDRESS */
{
    Say(XcGnttabUnmapForeignPages(Session(), Address(2)), "");
}

static void Alloc(void) /* alloc PAGES */
{
    Say(0, " %p", VirtualAlloc(NULL, Number(1) * 4096, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE));
}

static void Free(void) /* free ADDRESS */
{
    Say(VirtualFree(Address(1), 0, MEM_RELEASE) ? 0 : GetLastError(), "");
}

static void Peek(void) /* peek ADDRESS */
{
    Say(0, " %u", *(volatile BYTE *)Address(1));
}

static void Poke(void) /* poke ADDRESS BYTE */
{
    *(volatile BYTE *)Address(1) = (BYTE)Number(2);
    Say(0, "");
}

static void Writable(void) /* writable ADDRESS */
{
    Say(0, " %d", !IsBadWritePtr(Address(1), 1));
}

/* --- XenStore. "-" is the empty text, %XX a byte. */

static CHAR *Decoded(ULONG Word)
{
    static CHAR Buffer[4200];
    CHAR *Out = Buffer;
    const CHAR *In = Text(Word);

    if (strcmp(In, "-") == 0)
        In = "";
    for (; *In != '\0' && Out < Buffer + sizeof(Buffer) - 1; In++) {
        unsigned Byte;

        if (*In == '%' && sscanf(In + 1, "%2x", &Byte) == 1) {
            *Out++ = (CHAR)Byte;
            In += 2;
        } else {
            *Out++ = *In;
        }
    }
    *Out = '\0';
    return Buffer;
}

static void Read(void) /* read SESSION PATH SIZE */
{
    CHAR Value[4200];
    DWORD Error = XcStoreRead(Session(), Text(2), Number(3), Value);

    Say(Error, " %s", Value);
}

static void Write(void) /* write SESSION PATH VALUE */
{
    Say(XcStoreWrite(Session(), Text(2), Decoded(3)), "");
}

static void Directory(void) /* dir SESSION PATH SIZE */
{
    static CHAR Names[4200];
    CHAR *Name;
    DWORD Error = XcStoreDirectory(Session(), Text(2), Number(3), Names);

    printf("%lu", Error);
    for (Name = Names; Error == ERROR_SUCCESS && *Name != '\0'; Name += strlen(Name) + 1)
        printf(" %s", Name);
    printf("\n");
    fflush(stdout);
}

static void Remove(void) /* rm SESSION PATH */
{
    Say(XcStoreRemove(Session(), Text(2)), "");
}

static void Permissions(void) /* perms SESSION PATH DOMAIN MASK... */
{
    XENIFACE_STORE_PERMISSION List[8];
    ULONG Count;

    for (Count = 0; Count < 8 && 4 + 2 * Count < WordCount; Count++) {
        List[Count].Domain = (USHORT)Number(3 + 2 * Count);
        List[Count].Mask = (XENIFACE_STORE_PERMISSION_MASK)Number(4 + 2 * Count);
    }
    Say(XcStoreSetPermissions(Session(), Text(2), Count, List), "");
}

static void Watch(void) /* watch SESSION PATH EVENT */
{
    PVOID Handle = NULL;
    DWORD Error = XcStoreAddWatch(Session(), Text(2), Event(3), &Handle);

    Say(Error, " %p", Handle);
}

static void Unwatch(void) /* unwatch SESSION WATCH */
{
    Say(XcStoreRemoveWatch(Session(), Address(2)), "");
}

/* --- Many threads in one session, each with things of its own. */

typedef struct _STRESS {
    PXENCONTROL_CONTEXT Xc;
    ULONG Thread, Rounds;
    CHAR *Step; /* where it failed */
} STRESS;

static DWORD StressPort(STRESS *Stress, HANDLE Ready)
{
    ULONG Port = 0;
    DWORD Error = XcEvtchnOpenUnbound(Stress->Xc, 0, Ready, Stress->Thread % 2, &Port);

    Stress->Step = "port";
    if (Error == ERROR_SUCCESS)
        Error = XcEvtchnNotify(Stress->Xc, Port);
    if (Error == ERROR_SUCCESS)
        Error = XcEvtchnUnmask(Stress->Xc, Port);
    return Error != ERROR_SUCCESS ? Error : XcEvtchnClose(Stress->Xc, Port);
}

static DWORD StressGrant(STRESS *Stress)
{
    ULONG References[3];
    BYTE *Page = NULL;
    DWORD Error =
        XcGnttabPermitForeignAccess(Stress->Xc, 0, 3, 0, 0, 0, (PVOID *)&Page, References);

    Stress->Step = "grant";
    if (Error != ERROR_SUCCESS)
        return Error;
    memset(Page, (int)Stress->Thread, 3 * 4096);
    if (Page[0] != (BYTE)Stress->Thread || Page[3 * 4096 - 1] != (BYTE)Stress->Thread)
        return ERROR_CRC;
    return XcGnttabRevokeForeignAccess(Stress->Xc, Page);
}

static DWORD StressStore(STRESS *Stress, HANDLE Ready, ULONG Round)
{
    CHAR Path[64], Value[32], Back[32];
    PVOID Handle = NULL;
    DWORD Error;

    Stress->Step = "store";
    snprintf(Path, sizeof(Path), "data/stress/%lu", Stress->Thread);
    snprintf(Value, sizeof(Value), "%lu-%lu", Stress->Thread, Round);
    Error = XcStoreWrite(Stress->Xc, Path, Value);
    if (Error == ERROR_SUCCESS)
        Error = XcStoreRead(Stress->Xc, Path, sizeof(Back), Back);
    if (Error == ERROR_SUCCESS && strcmp(Back, Value) != 0)
        Error = ERROR_CRC;
    if (Error == ERROR_SUCCESS)
        Error = XcStoreAddWatch(Stress->Xc, Path, Ready, &Handle);
    /* The watch's first event, then that of a change. */
    if (Error == ERROR_SUCCESS)
        Error = WaitForSingleObject(Ready, 20000);
    if (Error == ERROR_SUCCESS)
        Error = XcStoreWrite(Stress->Xc, Path, "x");
    if (Error == ERROR_SUCCESS)
        Error = WaitForSingleObject(Ready, 20000);
    return Error != ERROR_SUCCESS ? Error : XcStoreRemoveWatch(Stress->Xc, Handle);
}

static DWORD WINAPI StressThread(PVOID Parameter)
{
    STRESS *Stress = Parameter;
    HANDLE Ready = CreateEventW(NULL, FALSE, FALSE, NULL);
    DWORD Error = ERROR_SUCCESS;
    ULONG Round;

    for (Round = 0; Round < Stress->Rounds && Error == ERROR_SUCCESS; Round++) {
        Error = StressPort(Stress, Ready);
        ResetEvent(Ready);
        if (Error == ERROR_SUCCESS)
            Error = StressGrant(Stress);
        if (Error == ERROR_SUCCESS)
            Error = StressStore(Stress, Ready, Round);
    }
    CloseHandle(Ready);
    return Error;
}

static void RunStress(void) /* stress SESSION THREADS ROUNDS */
{
    STRESS Stress[16];
    HANDLE Threads[16];
    ULONG Index, Count = Number(2) < 16 ? Number(2) : 16;
    DWORD Error, First = ERROR_SUCCESS;

    for (Index = 0; Index < Count; Index++) {
        Stress[Index] = (STRESS){Session(), Index, Number(3), ""};
        Threads[Index] = CreateThread(NULL, 0, StressThread, &Stress[Index], 0, NULL);
    }
    for (Index = 0; Index < Count; Index++) {
        WaitForSingleObject(Threads[Index], INFINITE);
        GetExitCodeThread(Threads[Index], &Error);
        CloseHandle(Threads[Index]);
        if (Error != ERROR_SUCCESS)
            fprintf(stderr, "xc_shell: thread %lu: %s: error %lu\n", Index, Stress[Index].Step,
                    Error);
        First = First == ERROR_SUCCESS ? Error : First;
    }
    Say(First, "");
}

static void Leave(void) /* exit: without closing anything */
{
    Say(0, "");
    ExitProcess(0);
}

static const struct {
    const CHAR *Name;
    void (*Run)(void);
} Commands[] = {
    {"open", Open},         {"close", Close},
    {"cycle", Cycle},       {"event", NewEvent},
    {"wait", Wait},         {"closeevent", CloseEvent},
    {"unbound", Unbound},   {"bind", Bind},
    {"notify", Notify},     {"unmask", Unmask},
    {"peer", Peer},         {"closeport", ClosePort},
    {"permit", Permit},     {"threadpermit", PermitInThread},
    {"revoke", Revoke},     {"map", Map},
    {"unmap", Unmap},       {"alloc", Alloc},
    {"free", Free},         {"peek", Peek},
    {"poke", Poke},         {"writable", Writable},
    {"read", Read},         {"write", Write},
    {"dir", Directory},     {"rm", Remove},
    {"perms", Permissions}, {"watch", Watch},
    {"unwatch", Unwatch},   {"stress", RunStress},
    {"exit", Leave},
};

static void RunLine(CHAR *Line)
{
    CHAR *Word;
    ULONG Index;

    WordCount = 0;
    for (Word = strtok(Line, " \r\n"); Word != NULL && WordCount < WORDS;
         Word = strtok(NULL, " \r\n"))
        Words[WordCount++] = Word;
    for (Index = 0; WordCount != 0 && Index < ARRAYSIZE(Commands); Index++) {
        if (strcmp(Words[0], Commands[Index].Name) == 0) {
            Commands[Index].Run();
            return;
        }
    }
    Say(ERROR_BAD_COMMAND, "");
}

int main(void)
{
    static CHAR Line[16 * 1024];

    while (fgets(Line, sizeof(Line), stdin) != NULL)
        RunLine(Line);
    return 0;
}
