/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casement-doctor.exe: is this guest in order? For each part one line, "fine" or "WRONG" with what
 * to do about it, within five seconds.
 *
 *   casement-doctor.exe [--report FILE]
 *
 * --report: writes all of that and the ends of the logs into one file, to attach to a bug.
 * Exit code: 0 all is fine, 1 something is wrong, 2 wrong usage, 3 the report cannot be written.
 */
#include <windows.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/doctor/check.h"
#include "windows/agent/doctor/report.h"

enum { TIME_LIMIT_MS = 4500 };

static const CHECK Checks[] = {
    {"drivers", CheckDrivers},  {"XenStore", CheckXenStore}, {"services", CheckServices},
    {"QubesDB", CheckQubesDb},  {"calls", CheckCalls},       {"network", CheckNetwork},
    {"disk", CheckPrivateDisk}, {"versions", CheckVersions},
};
enum { CHECKS = sizeof(Checks) / sizeof(*Checks) };

/* Of a check that was given up its thread may still write, so that it is not looked at. */
typedef struct RUN {
    const CHECK *Check;
    HANDLE Thread; /* NULL: it could not be started */
    BOOL Ended;
    FINDING Finding;
} RUN;

static void Append(_Inout_ PSTR Text, _In_ PCSTR Format, va_list Arguments)
{
    const size_t Used = strlen(Text);

    if (Used + 2 >= FINDING_BYTES)
        return;
    if (Used)
        strcpy(Text + Used, "\n");
    vsnprintf(Text + Used + (Used > 0), FINDING_BYTES - Used - (Used > 0), Format, Arguments);
    Text[FINDING_BYTES - 1] = 0;
}

void FindingSay(_Inout_ FINDING *Finding, _In_ PCSTR Format, ...)
{
    va_list Arguments;

    va_start(Arguments, Format);
    Append(Finding->What, Format, Arguments);
    va_end(Arguments);
}

void FindingWrong(_Inout_ FINDING *Finding, _In_ PCSTR Do, _In_ PCSTR Format, ...)
{
    va_list Arguments;

    if (!Finding->Wrong)
        snprintf(Finding->Do, FINDING_BYTES, "%s", Do);
    Finding->Wrong = TRUE;
    va_start(Arguments, Format);
    Append(Finding->What, Format, Arguments);
    va_end(Arguments);
}

BOOL ProgramFolder(_Out_writes_(MAX_PATH) PWSTR Folder)
{
    const DWORD Length = GetModuleFileNameW(NULL, Folder, MAX_PATH);
    PWSTR Slash = Length && Length < MAX_PATH ? wcsrchr(Folder, L'\\') : NULL;

    if (Slash)
        *Slash = 0;
    return Slash != NULL;
}

static DWORD WINAPI RunCheck(PVOID Context)
{
    RUN *const Run = Context;

    Run->Check->Run(&Run->Finding);
    return 0;
}

/* All of them side by side, until the last has ended or time is up. */
static void RunChecks(_Inout_updates_(CHECKS) RUN *Runs)
{
    const ULONGLONG End = GetTickCount64() + TIME_LIMIT_MS;

    for (int i = 0; i < CHECKS; i++) {
        Runs[i].Check = &Checks[i];
        Runs[i].Thread = CreateThread(NULL, 0, RunCheck, &Runs[i], 0, NULL);
    }
    for (int i = 0; i < CHECKS; i++) {
        const ULONGLONG Now = GetTickCount64();

        Runs[i].Ended = Runs[i].Thread &&
                        WaitForSingleObject(Runs[i].Thread, Now < End ? (DWORD)(End - Now) : 0) ==
                            WAIT_OBJECT_0;
    }
}

/* The second line and those after it stand under the first. */
static void PrintText(_In_ FILE *File, _In_ PCSTR Text)
{
    for (; *Text; Text++) {
        fputc(*Text, File);
        if (*Text == '\n')
            fprintf(File, "%18s", "");
    }
    fputc('\n', File);
}

static BOOL Print(_In_ FILE *File, _In_ const RUN *Run)
{
    const BOOL Fine = Run->Ended && !Run->Finding.Wrong;

    fprintf(File, "%-6s %-10s ", Fine ? "fine" : "WRONG", Run->Check->Name);
    if (!Run->Ended) {
        fprintf(File, "no result within %d ms\n", TIME_LIMIT_MS);
    } else {
        PrintText(File, Run->Finding.What);
        if (!Fine) {
            fprintf(File, "%18s", "to do: ");
            PrintText(File, Run->Finding.Do);
        }
    }
    return Fine;
}

static BOOL Report(_In_ PCWSTR Path, _In_reads_(CHECKS) const RUN *Runs)
{
    FILE *const File = _wfopen(Path, L"wb");
    SYSTEMTIME Now;

    if (!File)
        return FALSE;
    GetSystemTime(&Now);
    fprintf(File, "casement-doctor, %04u-%02u-%02u %02u:%02u UTC\n\n", Now.wYear, Now.wMonth,
            Now.wDay, Now.wHour, Now.wMinute);
    for (int i = 0; i < CHECKS; i++)
        Print(File, &Runs[i]);
    const BOOL Written = ReportQubesDb(File) && ReportLogs(File);
    return fclose(File) == 0 && Written;
}

int wmain(int Count, WCHAR **Arguments)
{
    static RUN Runs[CHECKS];
    const PCWSTR ReportPath =
        Count == 3 && !wcscmp(Arguments[1], L"--report") ? Arguments[2] : NULL;
    BOOL Fine = TRUE;

    if (Count != 1 && !ReportPath) {
        fputs("usage: casement-doctor.exe [--report FILE]\n", stderr);
        return 2;
    }
    const ULONGLONG Begin = GetTickCount64();
    RunChecks(Runs);
    for (int i = 0; i < CHECKS; i++)
        Fine &= Print(stdout, &Runs[i]);
    printf("\n%s (looked for %lu ms)\n", Fine ? "All is fine." : "Something is wrong.",
           (DWORD)(GetTickCount64() - Begin));
    if (ReportPath && !Report(ReportPath, Runs)) {
        fprintf(stderr, "casement-doctor: %ls cannot be written\n", ReportPath);
        return 3;
    }
    fflush(stdout);
    /* Also while a check that was given up still waits. */
    TerminateProcess(GetCurrentProcess(), Fine ? 0 : 1);
    return 0;
}
