/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See machine.h and windows/kernel/xeniface/access.h. Wine opens devices without a security
 * context: there is nobody to check. What a handle may do it does not know either: its
 * IoValidateDeviceIoControlAccess ends the process, and so do its cancel-safe queues; but nothing
 * pends, because it cannot map pages into a program.
 */
#include "windows/kernel/xeniface/access.h"

NTSTATUS OpenerRuleBuild(POPENER_RULE Rule)
{
    UNREFERENCED_PARAMETER(Rule);
    return STATUS_SUCCESS;
}

NTSTATUS OpenerCheck(POPENER_RULE Rule, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Rule);
    UNREFERENCED_PARAMETER(Irp);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI AllowAll(_In_ PIRP Irp, _In_ ULONG RequiredAccess)
{
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(RequiredAccess);
    return STATUS_SUCCESS;
}

static PVOID NTAPI GetSystemRoutineAddress(_In_ PUNICODE_STRING Name)
{
    UNICODE_STRING Validate = RTL_CONSTANT_STRING(L"IoValidateDeviceIoControlAccess");
    BOOLEAN Same = Name->Length == Validate.Length &&
                   RtlCompareMemory(Name->Buffer, Validate.Buffer, Name->Length) == Name->Length;

    return Same ? (PVOID)AllowAll : NULL;
}

const PVOID __imp_MmGetSystemRoutineAddress = (PVOID)GetSystemRoutineAddress;

static PIRP NTAPI CsqRemoveNextIrp(_Inout_ PIO_CSQ Csq, _In_opt_ PVOID Context)
{
    UNREFERENCED_PARAMETER(Csq);
    UNREFERENCED_PARAMETER(Context);
    return NULL;
}

const PVOID __imp_IoCsqRemoveNextIrp = (PVOID)CsqRemoveNextIrp;
