/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xencontrol.dll: what a Windows program can ask of Xen. Event channels, grants, foreign mappings
 * and XenStore, through a session that is opened once and may be used by any number of threads.
 * Names, arguments and results are those of the Xen Project's xencontrol, so that programs written
 * for it build and run here.
 *
 * Errors: every function that returns DWORD gives a Win32 error code, ERROR_SUCCESS (0) when it
 * did its work; out parameters are written only then. What the driver answers is passed on:
 *   ERROR_INVALID_PARAMETER   an argument is wrong: NULL where an object is needed, no pages, more
 *                             than 1,048,576 pages, unknown flags, a path of more than 3,071 bytes
 *   ERROR_INVALID_HANDLE      Event is not an event of this process
 *   ERROR_NOT_FOUND           no such port, grant, mapping or watch in this session
 *   ERROR_FILE_NOT_FOUND      no such XenStore key
 *   ERROR_ACCESS_DENIED       XenStore's permissions
 *   ERROR_GEN_FAILURE         Xen refused (no such domain, no such port, a reference not granted)
 *   ERROR_NOT_ENOUGH_MEMORY, ERROR_NO_SYSTEM_RESOURCES
 *
 * Threads: any thread may call any function at any time, except that XcClose() must be the last.
 * Grants and mappings do not depend on the thread that made them.
 *
 * Ownership: what a session opened ends with it: XcClose(), or the end of the process however it
 * comes, closes its ports, revokes its grants, unmaps its mappings and removes its watches. An
 * event handed over is not owned: the session keeps a reference of its own, the caller may close
 * its handle at any time.
 */
#ifndef XENCONTROL_H
#define XENCONTROL_H

#include <windows.h>
#include <stdarg.h>

#include "xeniface_ioctls.h"

#ifdef XENCONTROL_EXPORTS
#define XENCONTROL_API __declspec(dllexport)
#else
#define XENCONTROL_API __declspec(dllimport)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A session. */
typedef struct _XENCONTROL_CONTEXT *PXENCONTROL_CONTEXT;

typedef enum _XENCONTROL_LOG_LEVEL {
    XLL_ERROR = 1,
    XLL_WARNING,
    XLL_INFO,
    XLL_DEBUG,
    XLL_TRACE,
} XENCONTROL_LOG_LEVEL;

/* Message is a printf format without a line end; Function says who speaks. Called on the thread
 * that called the library or on one of the library's; it may not call the library. */
typedef void XENCONTROL_LOGGER(_In_ XENCONTROL_LOG_LEVEL LogLevel, _In_z_ const CHAR *Function,
                               _In_z_ const WCHAR *Message, _In_ va_list Args);

/* --- The session */

/* Logger may be NULL: silence. A session starts at XLL_INFO.
 * ERROR_NOT_SUPPORTED: the xeniface device is not there (yet); wait and try again.
 * ERROR_ACCESS_DENIED: only administrators and the system may open it. */
XENCONTROL_API DWORD XcOpen(_In_opt_ XENCONTROL_LOGGER *Logger, _Outptr_ PXENCONTROL_CONTEXT *Xc);
/* NULL is allowed. Memory granted or mapped through this session is gone on return; peers get the
 * notifications that were asked for. */
XENCONTROL_API void XcClose(_In_opt_ PXENCONTROL_CONTEXT Xc);
XENCONTROL_API void XcRegisterLogger(_In_ PXENCONTROL_CONTEXT Xc,
                                     _In_opt_ XENCONTROL_LOGGER *Logger);
/* Messages of this level and the more serious ones reach the logger. */
XENCONTROL_API void XcSetLogLevel(_In_ PXENCONTROL_CONTEXT Xc, _In_ XENCONTROL_LOG_LEVEL LogLevel);

/* --- Event channels. Event is set for each notification that arrives (several may fall together).
 * Mask: the port starts masked, so that nothing is set before XcEvtchnUnmask(); what arrived
 * meanwhile is then delivered. */

/* A port that RemoteDomain can bind to. */
XENCONTROL_API DWORD XcEvtchnOpenUnbound(_In_ PXENCONTROL_CONTEXT Xc, _In_ USHORT RemoteDomain,
                                         _In_ HANDLE Event, _In_ BOOL Mask, _Out_ ULONG *LocalPort);
/* Binds to a port that RemoteDomain opened for this domain. */
XENCONTROL_API DWORD XcEvtchnBindInterdomain(_In_ PXENCONTROL_CONTEXT Xc, _In_ USHORT RemoteDomain,
                                             _In_ ULONG RemotePort, _In_ HANDLE Event,
                                             _In_ BOOL Mask, _Out_ ULONG *LocalPort);
/* Event is not set any more once it returned. */
XENCONTROL_API DWORD XcEvtchnClose(_In_ PXENCONTROL_CONTEXT Xc, _In_ ULONG LocalPort);
XENCONTROL_API DWORD XcEvtchnNotify(_In_ PXENCONTROL_CONTEXT Xc, _In_ ULONG LocalPort);
/* ERROR_INVALID_PARAMETER, not ERROR_NOT_FOUND: no such port. */
XENCONTROL_API DWORD XcEvtchnUnmask(_In_ PXENCONTROL_CONTEXT Xc, _In_ ULONG LocalPort);
/* An addition of Casement's. ERROR_SUCCESS: a peer has the other end of the port.
 * ERROR_DEVICE_NOT_CONNECTED: none has: it closed its end, its domain is gone, or it never came.
 * Nobody is told when a domain goes; who wants to know asks now and then.
 * ERROR_NOT_SUPPORTED: the Xen Project's driver, which cannot tell. */
XENCONTROL_API DWORD XcEvtchnQueryPeer(_In_ PXENCONTROL_CONTEXT Xc, _In_ ULONG LocalPort);

/* --- Grants and mappings. NumberPages counts pages of 4 KiB. NotifyOffset (bytes from the first
 * page) and NotifyPort (a local port) are used when Flags say so: as the sharing ends, however it
 * ends, that byte is set to 0 and that port is fired. References has room for NumberPages. */

/* Fresh zeroed pages that RemoteDomain may map (only to read with XENIFACE_GNTTAB_READONLY). */
XENCONTROL_API DWORD XcGnttabPermitForeignAccess(_In_ PXENCONTROL_CONTEXT Xc,
                                                 _In_ USHORT RemoteDomain, _In_ ULONG NumberPages,
                                                 _In_ ULONG NotifyOffset, _In_ ULONG NotifyPort,
                                                 _In_ XENIFACE_GNTTAB_PAGE_FLAGS Flags,
                                                 _Outptr_ PVOID *Address,
                                                 _Out_writes_(NumberPages) ULONG *References);
/* The caller's own pages (page-aligned, committed, writable; they must stay so until the grant is
 * revoked); Address NULL: as above. SharedAddress names the grant. */
XENCONTROL_API DWORD XcGnttabPermitForeignAccess2(_In_ PXENCONTROL_CONTEXT Xc,
                                                  _In_ USHORT RemoteDomain, _In_opt_ PVOID Address,
                                                  _In_ ULONG NumberPages, _In_ ULONG NotifyOffset,
                                                  _In_ ULONG NotifyPort,
                                                  _In_ XENIFACE_GNTTAB_PAGE_FLAGS Flags,
                                                  _Outptr_ PVOID *SharedAddress,
                                                  _Out_writes_(NumberPages) ULONG *References);
/* Address: as the two calls above gave it. Fresh pages are gone on return; the caller's stay. */
XENCONTROL_API DWORD XcGnttabRevokeForeignAccess(_In_ PXENCONTROL_CONTEXT Xc, _In_ PVOID Address);
/* Pages that RemoteDomain granted to this domain, one after the other. */
XENCONTROL_API DWORD XcGnttabMapForeignPages(_In_ PXENCONTROL_CONTEXT Xc, _In_ USHORT RemoteDomain,
                                             _In_ ULONG NumberPages,
                                             _In_reads_(NumberPages) PULONG References,
                                             _In_ ULONG NotifyOffset, _In_ ULONG NotifyPort,
                                             _In_ XENIFACE_GNTTAB_PAGE_FLAGS Flags,
                                             _Outptr_ PVOID *Address);
XENCONTROL_API DWORD XcGnttabUnmapForeignPages(_In_ PXENCONTROL_CONTEXT Xc, _In_ PVOID Address);

/* --- XenStore. Paths and values are bytes with a final NUL; a path without a leading slash is
 * under /local/domain/<this domain>. Sizes count bytes, with the NUL. */

/* ERROR_INVALID_PARAMETER: Value is too small for what the key holds. */
XENCONTROL_API DWORD XcStoreRead(_In_ PXENCONTROL_CONTEXT Xc, _In_z_ PSTR Path, _In_ DWORD cbValue,
                                 _Out_writes_z_(cbValue) CHAR *Value);
/* Makes the key and the keys above it when they are missing. */
XENCONTROL_API DWORD XcStoreWrite(_In_ PXENCONTROL_CONTEXT Xc, _In_z_ PCHAR Path,
                                  _In_z_ PCHAR Value);
/* The names of the keys directly under Path, each with its NUL, then another NUL.
 * ERROR_INVALID_PARAMETER: Output is too small. */
XENCONTROL_API DWORD XcStoreDirectory(_In_ PXENCONTROL_CONTEXT Xc, _In_z_ PCHAR Path,
                                      _In_ DWORD cbOutput, _Out_writes_(cbOutput) CHAR *Output);
/* With all keys below. */
XENCONTROL_API DWORD XcStoreRemove(_In_ PXENCONTROL_CONTEXT Xc, _In_z_ PCHAR Path);
/* Replaces the whole list; 1 to 255 entries. The first names the owner, and its mask is for every
 * domain that is not listed. */
XENCONTROL_API DWORD XcStoreSetPermissions(_In_ PXENCONTROL_CONTEXT Xc, _In_z_ PCHAR Path,
                                           _In_ ULONG Count,
                                           _In_reads_(Count)
                                               PXENIFACE_STORE_PERMISSION Permissions);
/* Event is set once at the start, and then each time Path or a key below it changes (several
 * changes may fall together). Handle names the watch. */
XENCONTROL_API DWORD XcStoreAddWatch(_In_ PXENCONTROL_CONTEXT Xc, _In_z_ PCHAR Path,
                                     _In_ HANDLE Event, _Outptr_ PVOID *Handle);
/* Event is not set any more once it returned. */
XENCONTROL_API DWORD XcStoreRemoveWatch(_In_ PXENCONTROL_CONTEXT Xc, _In_ PVOID Handle);

#ifdef __cplusplus
}
#endif

#endif
