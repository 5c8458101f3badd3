/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Windows port of vchan (core/vchan/vchan_port.h) on xencontrol.dll. vchan_port_open() makes
 * a port for libvchan: all of a process share one xencontrol session, opened with the first and
 * closed with the last. This header has the other kind, for libxenvchan, with a session each.
 *
 * A peer process that ends, however it ends, is seen at once: its side of the page is cleared and
 * the event set. Of a peer's domain that was destroyed Xen tells nobody: vchan_port_peer_died()
 * asks for it at most every LIBVCHAN_PEER_LOOK_MS, and vchan_port_sleep() comes back as often,
 * unless the peer is dom0, whom nobody destroys. The Xen Project's xeniface cannot be asked
 * (XcEvtchnQueryPeer); with it such a channel does not end.
 */
#ifndef VCHAN_WINDOWS_H
#define VCHAN_WINDOWS_H

#include <windows.h>
#include <xencontrol.h>

#include "core/vchan/vchan_port.h"
#include "libvchan.h" /* LIBVCHAN_PEER_LOOK_MS */

struct vchan_port {
    PXENCONTROL_CONTEXT Xc;
    BOOL SharesSession;
    HANDLE Event;
    BOOL OwnsEvent;
    BOOL HasPort;
    ULONG Port;
    BOOL PeerIsGuest, PeerGone;
    BOOL NobodyTells; /* the driver cannot be asked for the peer */
    ULONGLONG LookAt; /* GetTickCount64() units: when to ask next; 0: not asked yet */
    CHAR *Published;  /* the path, while its keys are there */
    PVOID Watch;      /* NULL: none */
};

/* VCHAN_NO_XEN: the xeniface device is not there. */
int VchanPortStandalone(_In_opt_ XENCONTROL_LOGGER *Logger, _In_ XENCONTROL_LOG_LEVEL Level,
                        _Outptr_ struct vchan_port **Out);

#endif
