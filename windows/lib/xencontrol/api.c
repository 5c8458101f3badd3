/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exported functions of xencontrol.dll. No transport is behind them yet: each call says that
 * the device is not there.
 */
#include "xencontrol.h"

DWORD XcOpen(_In_opt_ XENCONTROL_LOGGER *Logger, _Outptr_ PXENCONTROL_CONTEXT *Xc)
{
    return ERROR_NOT_SUPPORTED;
}

void XcClose(_In_opt_ PXENCONTROL_CONTEXT Xc)
{
}

void XcRegisterLogger(_In_ PXENCONTROL_CONTEXT Xc, _In_opt_ XENCONTROL_LOGGER *Logger)
{
}

void XcSetLogLevel(_In_ PXENCONTROL_CONTEXT Xc, _In_ XENCONTROL_LOG_LEVEL LogLevel)
{
}

DWORD XcEvtchnOpenUnbound(_In_ PXENCONTROL_CONTEXT Xc, _In_ USHORT RemoteDomain, _In_ HANDLE Event,
                          _In_ BOOL Mask, _Out_ ULONG *LocalPort)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcEvtchnBindInterdomain(_In_ PXENCONTROL_CONTEXT Xc, _In_ USHORT RemoteDomain,
                              _In_ ULONG RemotePort, _In_ HANDLE Event, _In_ BOOL Mask,
                              _Out_ ULONG *LocalPort)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcEvtchnClose(_In_ PXENCONTROL_CONTEXT Xc, _In_ ULONG LocalPort)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcEvtchnNotify(_In_ PXENCONTROL_CONTEXT Xc, _In_ ULONG LocalPort)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcEvtchnUnmask(_In_ PXENCONTROL_CONTEXT Xc, _In_ ULONG LocalPort)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcGnttabPermitForeignAccess(_In_ PXENCONTROL_CONTEXT Xc, _In_ USHORT RemoteDomain,
                                  _In_ ULONG NumberPages, _In_ ULONG NotifyOffset,
                                  _In_ ULONG NotifyPort, _In_ XENIFACE_GNTTAB_PAGE_FLAGS Flags,
                                  _Outptr_ PVOID *Address,
                                  _Out_writes_(NumberPages) ULONG *References)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcGnttabPermitForeignAccess2(_In_ PXENCONTROL_CONTEXT Xc, _In_ USHORT RemoteDomain,
                                   _In_opt_ PVOID Address, _In_ ULONG NumberPages,
                                   _In_ ULONG NotifyOffset, _In_ ULONG NotifyPort,
                                   _In_ XENIFACE_GNTTAB_PAGE_FLAGS Flags,
                                   _Outptr_ PVOID *SharedAddress,
                                   _Out_writes_(NumberPages) ULONG *References)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcGnttabRevokeForeignAccess(_In_ PXENCONTROL_CONTEXT Xc, _In_ PVOID Address)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcGnttabMapForeignPages(_In_ PXENCONTROL_CONTEXT Xc, _In_ USHORT RemoteDomain,
                              _In_ ULONG NumberPages, _In_reads_(NumberPages) PULONG References,
                              _In_ ULONG NotifyOffset, _In_ ULONG NotifyPort,
                              _In_ XENIFACE_GNTTAB_PAGE_FLAGS Flags, _Outptr_ PVOID *Address)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcGnttabUnmapForeignPages(_In_ PXENCONTROL_CONTEXT Xc, _In_ PVOID Address)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcStoreRead(_In_ PXENCONTROL_CONTEXT Xc, _In_z_ PSTR Path, _In_ DWORD cbValue,
                  _Out_writes_z_(cbValue) CHAR *Value)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcStoreWrite(_In_ PXENCONTROL_CONTEXT Xc, _In_z_ PCHAR Path, _In_z_ PCHAR Value)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcStoreDirectory(_In_ PXENCONTROL_CONTEXT Xc, _In_z_ PCHAR Path, _In_ DWORD cbOutput,
                       _Out_writes_(cbOutput) CHAR *Output)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcStoreRemove(_In_ PXENCONTROL_CONTEXT Xc, _In_z_ PCHAR Path)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcStoreSetPermissions(_In_ PXENCONTROL_CONTEXT Xc, _In_z_ PCHAR Path, _In_ ULONG Count,
                            _In_reads_(Count) PXENIFACE_STORE_PERMISSION Permissions)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcStoreAddWatch(_In_ PXENCONTROL_CONTEXT Xc, _In_z_ PCHAR Path, _In_ HANDLE Event,
                      _Outptr_ PVOID *Handle)
{
    return ERROR_NOT_SUPPORTED;
}

DWORD XcStoreRemoveWatch(_In_ PXENCONTROL_CONTEXT Xc, _In_ PVOID Handle)
{
    return ERROR_NOT_SUPPORTED;
}
