/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Windows port of vchan (core/vchan/vchan_port.h) on xencontrol.dll. vchan_port_open() makes
 * a port for libvchan: all of a process share one xencontrol session, opened with the first and
 * closed with the last. This header has the other kind, for libxenvchan, with a session each.
 *
 * What Windows cannot tell, for want of a request in xeniface's interface: that the peer's domain
 * was destroyed without its kernel running (vchan_port_peer_died() is always false). A peer
 * process that ends, however it ends, is seen: its side of the page is cleared and the event set.
 */
#ifndef VCHAN_WINDOWS_H
#define VCHAN_WINDOWS_H

#include <windows.h>
#include <xencontrol.h>

#include "core/vchan/vchan_port.h"

struct vchan_port {
    PXENCONTROL_CONTEXT Xc;
    BOOL SharesSession;
    HANDLE Event;
    BOOL OwnsEvent;
    BOOL HasPort;
    ULONG Port;
    CHAR *Published; /* the path, while its keys are there */
    PVOID Watch;     /* NULL: none */
};

/* VCHAN_NO_XEN: the xeniface device is not there. */
int VchanPortStandalone(_In_opt_ XENCONTROL_LOGGER *Logger, _In_ XENCONTROL_LOG_LEVEL Level,
                        _Outptr_ struct vchan_port **Out);

#endif
